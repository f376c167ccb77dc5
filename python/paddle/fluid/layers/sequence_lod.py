"""Ops on sequences: rows with LoD, no padding."""

from paddle.fluid.framework import Variable, convert_np_dtype_to_dtype_
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable, to_sequence

__all__ = (
    "sequence_conv sequence_softmax sequence_pool sequence_concat sequence_first_step sequence_last_step "
    "sequence_slice sequence_expand sequence_expand_as sequence_pad sequence_unpad sequence_reshape sequence_scatter "
    "sequence_enumerate sequence_mask sequence_reverse"
).split()


def sequence_pool(input, pool_type, is_test=False, pad_value=0.0):
    """One row for each sequence (of the last level).

    Args:
        input (Variable): sequences of rows, lod_level at least 1, float32 or float64.
        pool_type (str): ``'average'``, ``'sum'``, ``'sqrt'`` (sum / sqrt(length)), ``'max'``, ``'last'``, ``'first'``.
        is_test (bool): do not keep what the gradient of the maximum needs.
        pad_value (float): the value for empty sequences.

    Returns:
        Variable: (sequences, ...), with one level less.

    Raises:
        ValueError: another type.
    """
    kinds = ("AVERAGE", "SUM", "SQRT", "MAX", "LAST", "FIRST")
    if not isinstance(pool_type, str) or pool_type.upper() not in kinds:
        raise ValueError("pool_type of sequence_pool must be one of %s, got %r" % (", ".join(kinds).lower(), pool_type))
    attrs = {"pooltype": pool_type.upper(), "is_test": is_test, "pad_value": pad_value}
    outputs = {"Out": "X", "MaxIndex": "int32"}
    out, index = append_op("sequence_pool", {"X": input}, outputs, attrs)
    if pool_type.upper() == "MAX":
        index.stop_gradient = True
    return out


def sequence_first_step(input):
    """The first row of each sequence.

    Args:
        input (Variable): sequences of rows, lod_level at least 1.

    Returns:
        Variable: (sequences, ...), with one level less.

    Raises:
        ValueError: ``input`` has no sequences.
    """
    return sequence_pool(input=input, pool_type="first")


def sequence_last_step(input):
    """The last row of each sequence.

    Args:
        input (Variable): sequences of rows, lod_level at least 1.

    Returns:
        Variable: (sequences, ...), with one level less.

    Raises:
        ValueError: ``input`` has no sequences.
    """
    return sequence_pool(input=input, pool_type="last")


def sequence_softmax(input, use_cudnn=False, name=None):
    """The softmax over each sequence of numbers.

    Args:
        input (Variable): (rows, 1) or (rows,), lod_level 1, float32 or float64.
        use_cudnn (bool): without meaning here.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and sequences of ``input``.

    Raises:
        ValueError: ``input`` has no sequences, or longer rows.
    """
    return append_op("sequence_softmax", {"X": input}, {"Out": "X"}, name=name)


def sequence_concat(input, name=None):
    """Sequence i of the result is sequence i of the first input, then of the second, and so on.

    Args:
        input (list): Variables with as many sequences each, lod_level 1.
        name (str): name of the layer.

    Returns:
        Variable: as many sequences, each as long as all of them.

    Raises:
        ValueError: their sequences or sizes do not fit.
    """
    return append_op("sequence_concat", {"X": to_sequence(input, "input of sequence_concat")}, {"Out": "X"}, name=name)


def sequence_expand(x, y, ref_level=-1, name=None):
    """Repeat row or sequence i of ``x`` as often as level ``ref_level`` (the last by default) of ``y`` says.

    Args:
        x (Variable): rows, or sequences with lod_level 1.
        y (Variable): its lengths count, not its values.
        ref_level (int): the level of ``y`` that counts; -1: the last.
        name (str): name of the layer.

    Returns:
        Variable: of the type of ``x``.

    Raises:
        ValueError: the sequences do not fit.
    """
    return append_op("sequence_expand", {"X": x, "Y": y}, {"Out": "X"}, {"ref_level": ref_level}, name=name)


def sequence_expand_as(x, y, name=None):
    """Repeat row i of ``x`` over the length of sequence i of ``y``.

    Args:
        x (Variable): as many rows as ``y`` has sequences.
        y (Variable): sequences; their lengths count, not their values.
        name (str): name of the layer.

    Returns:
        Variable: the sequences of ``y``.

    Raises:
        ValueError: the sequences do not fit.
    """
    return append_op("sequence_expand_as", {"X": x, "Y": y}, {"Out": "X"}, name=name)


def sequence_conv(
    input,
    num_filters,
    filter_size=3,
    filter_stride=1,
    padding=True,
    padding_start=None,
    bias_attr=None,
    param_attr=None,
    act=None,
    name=None,
):
    """A convolution over the rows of each sequence; rows outside count as 0.

    Args:
        input (Variable): sequences of rows (D,), lod_level at least 1.
        num_filters (int): features of the result.
        filter_size (int): rows that go into one.
        filter_stride (int): 1.
        padding (bool): without meaning here.
        padding_start (int): the first of these rows, relative to the one of the result; -filter_size // 2 by default.
        bias_attr (ParamAttr): of the bias; False: none.
        param_attr (ParamAttr): of the weight, (filter_size * D, num_filters).
        act (str): activation.
        name (str): name of the layer.

    Returns:
        Variable: (rows, num_filters), the same sequences.

    Raises:
        ValueError: ``input`` has no sequences, or ``filter_stride`` is not 1.
    """
    check_variable(input, "input of sequence_conv")
    helper = LayerHelper("sequence_conv", input=input, bias_attr=bias_attr, param_attr=param_attr, act=act, name=name)
    weight = helper.create_parameter(
        attr=helper.param_attr, shape=[filter_size * input.shape[1], num_filters], dtype=input.dtype
    )
    attrs = {
        "contextStride": filter_stride,
        "contextStart": -int(filter_size // 2) if padding_start is None else padding_start,
        "contextLength": filter_size,
    }
    out = append_op("sequence_conv", {"X": input, "Filter": weight}, {"Out": "X"}, attrs, helper=helper)
    return helper.append_activation(helper.append_bias_op(out))


def sequence_slice(input, offset, length, name=None):
    """Of sequence i the ``length[i]`` rows from ``offset[i]`` on.

    Args:
        input (Variable): sequences of rows, lod_level at least 1.
        offset (Variable): (sequences, 1), int32 or int64.
        length (Variable): (sequences, 1), int32 or int64.
        name (str): name of the layer.

    Returns:
        Variable: the shorter sequences.

    Raises:
        ValueError: a part is not inside, at run time.
    """
    check_variable(offset, "offset of sequence_slice")
    check_variable(length, "length of sequence_slice")
    offset.stop_gradient = True
    length.stop_gradient = True
    inputs = {"X": input, "Offset": offset, "Length": length}
    return append_op("sequence_slice", inputs, {"Out": "X"}, name=name)


def sequence_pad(x, pad_value, maxlen=None, name=None):
    """The sequences as one dense variable.

    Args:
        x (Variable): sequences of rows, lod_level at least 1; those of the last level are padded.
        pad_value (Variable): (1,), or of the shape of a row; behind the sequences.
        maxlen (int): the length to which they are filled up; the longest by default.
        name (str): name of the layer.

    Returns:
        A tuple: (sequences, maxlen, ...), and their lengths, int64, (sequences,).

    Raises:
        ValueError: a sequence is longer than ``maxlen``.
    """
    check_variable(pad_value, "pad_value of sequence_pad")
    pad_value.stop_gradient = True
    inputs, outputs = {"X": x, "PadValue": pad_value}, {"Out": "X", "Length": "int64"}
    attrs = {"padded_length": -1 if maxlen is None else maxlen}
    return tuple(append_op("sequence_pad", inputs, outputs, attrs, name=name, no_grad=("Length",)))


def sequence_unpad(x, length, name=None):
    """Sequences from a dense variable and their lengths.

    Args:
        x (Variable): (sequences, maxlen, ...).
        length (Variable): (sequences,), int32 or int64.
        name (str): name of the layer.

    Returns:
        Variable: sequences of rows, lod_level 1.

    Raises:
        ValueError: a length is greater than ``maxlen``, at run time.
    """
    check_variable(length, "length of sequence_unpad")
    length.stop_gradient = True
    return append_op("sequence_unpad", {"X": x, "Length": length}, {"Out": "X"}, name=name)


def sequence_reshape(input, new_dim):
    """Rows of another length from the elements of each sequence, whose length changes.

    Args:
        input (Variable): sequences of rows (D,), lod_level at least 1.
        new_dim (int): length of the new rows.

    Returns:
        Variable: sequences of rows (new_dim,).

    Raises:
        ValueError: the elements of a sequence cannot be divided.
    """
    return append_op("sequence_reshape", {"X": input}, {"Out": "X"}, {"new_dim": new_dim})


def sequence_scatter(input, index, updates, name=None):
    """``input`` (N, D) plus, in row i, the numbers of sequence i of ``updates`` at the places of that of ``index``.

    Args:
        input (Variable): (N, D).
        index (Variable): N sequences of (rows, 1), int32 or int64: columns.
        updates (Variable): of the shape and sequences of ``index``.
        name (str): name of the layer.

    Returns:
        Variable: (N, D).

    Raises:
        ValueError: the sequences do not fit; at run time, a column is outside.
    """
    inputs = {"X": input, "Ids": index, "Updates": updates}
    return append_op("sequence_scatter", inputs, {"Out": "X"}, name=name)


def sequence_enumerate(input, win_size, pad_value=0, name=None):
    """For each id it and the ones behind it in its sequence.

    Args:
        input (Variable): ids (rows, 1), int32 or int64, lod_level at least 1.
        win_size (int): how many ids in all.
        pad_value (int): for places behind the end.
        name (str): name of the layer.

    Returns:
        Variable: (rows, win_size), the same sequences.

    Raises:
        ValueError: ``win_size`` is not positive.
    """
    attrs = {"win_size": win_size, "pad_value": pad_value}
    return append_op("sequence_enumerate", {"X": input}, {"Out": "X"}, attrs, name=name, no_grad=("Out",))


def sequence_mask(x, maxlen=None, dtype="int64", name=None):
    """For each length in ``x`` a row of that many 1 and 0 behind.

    Args:
        x (Variable): lengths, any shape, int32, int64, float32 or float64.
        maxlen: length of the rows, an integer or a Variable of shape (1,); the longest by default.
        dtype: of the result.
        name (str): name of the layer.

    Returns:
        Variable: the shape of ``x`` with a dimension more.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: there is no such ``dtype``.
    """
    dtype = convert_np_dtype_to_dtype_(dtype)
    inputs, attrs = {"X": x}, {"out_dtype": int(dtype)}
    if isinstance(maxlen, Variable):
        inputs["MaxLenTensor"] = maxlen
    else:
        attrs["maxlen"] = -1 if maxlen is None else maxlen
    return append_op("sequence_mask", inputs, {"Y": dtype}, attrs, name=name, no_grad=("Y",))


def sequence_reverse(x, name=None):
    """The rows of each sequence in opposite order.

    Args:
        x (Variable): sequences of rows, lod_level at least 1.
        name (str): name of the layer.

    Returns:
        Variable: the same sequences, reversed.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its shape or element type does not fit.
    """
    return append_op("sequence_reverse", {"X": x}, {"Y": "X"}, name=name)

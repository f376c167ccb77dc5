"""Parts of variables, by place."""

from paddle.fluid.framework import Variable
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable, int_inputs


def _slice_op(op_type, input, axes, **lists):
    """Append slice or strided_slice; each list holds integers and variables, or is one variable."""
    helper = LayerHelper(op_type)
    for key, values in lists.items():
        if not isinstance(values, (list, tuple, Variable)):
            raise TypeError("%s of %s must be a list or a Variable, got %s" % (key, op_type, type(values).__name__))
    inputs, attrs = {"Input": input}, {"axes": list(axes)}
    flags = [1] * len(axes)
    for key, values in lists.items():
        slot = key.capitalize() + "Tensor"
        if isinstance(values, Variable):
            values.stop_gradient = True
            inputs[slot] = values
            flags = [-1] * len(axes)
            attrs[key] = []
            continue
        attrs[key], variables = int_inputs(values, helper)
        if variables:
            inputs[slot + "List"] = variables
            flags = [-1 if isinstance(v, Variable) else f for v, f in zip(values, flags)]
    attrs["infer_flags"] = flags
    return append_op(op_type, inputs, {"Out": "Input"}, attrs, helper=helper)


def slice(input, axes, starts, ends):
    """A part of a variable.

    Args:
        input (Variable): any shape.
        axes (list): the dimensions that are cut.
        starts, ends: for each the first element and the one behind the last; negative ones count from the end, those
            beyond are taken as the end. Lists of integers and int32 Variables of shape (1,), or int32 Variables.

    Returns:
        Variable: of as many dimensions.

    Raises:
        TypeError: ``starts`` or ``ends`` is neither a list nor a Variable.
        ValueError: there is no such dimension.
    """
    return _slice_op("slice", input, axes, starts=starts, ends=ends)


def strided_slice(input, axes, starts, ends, strides):
    """Like ``slice`` with steps.

    Args:
        input (Variable): any shape.
        axes (list): the dimensions that are cut.
        starts: for each the first element, as of ``slice``.
        ends: for each the element behind the last, as of ``slice``.
        strides: for each the step, which may be negative.

    Returns:
        Variable: of as many dimensions.

    Raises:
        TypeError: ``starts``, ``ends`` or ``strides`` is neither a list nor a Variable.
        ValueError: there is no such dimension, or a step is 0.
    """
    return _slice_op("strided_slice", input, axes, starts=starts, ends=ends, strides=strides)


def gather(input, index, overwrite=True):
    """The rows (slices along the first dimension) that ``index`` names.

    Args:
        input (Variable): any shape.
        index (Variable): (N,) or (N, 1), int32 or int64.
        overwrite (bool): what the gradient does where a row is named several times: keep the last one, or else add.

    Returns:
        Variable: N rows.

    Raises:
        ValueError: an index is outside, at run time.
    """
    return append_op("gather", {"X": input, "Index": index}, {"Out": "X"}, {"overwrite": overwrite})


def gather_nd(input, index, name=None):
    """The slices that the last dimension of ``index`` names.

    Args:
        input (Variable): any shape.
        index (Variable): (..., K), int32 or int64, K at most the number of dimensions: coordinates in the first K of
            them.
        name (str): name of the layer.

    Returns:
        Variable: ``index.shape[:-1] + input.shape[K:]``.

    Raises:
        ValueError: a coordinate is outside, at run time.
    """
    return append_op("gather_nd", {"X": input, "Index": index}, {"Out": "X"}, name=name)


def scatter(input, index, updates, name=None, overwrite=True):
    """``input`` with the rows that ``index`` names replaced by those of ``updates``.

    Args:
        input (Variable): any shape.
        index (Variable): (N,), int32 or int64.
        updates (Variable): N rows, of the type of ``input``.
        name (str): name of the layer.
        overwrite (bool): False: rows named are set to 0, then all their updates are added.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        ValueError: shapes do not fit; at run time, an index is outside.
    """
    inputs = {"X": input, "Ids": index, "Updates": updates}
    return append_op("scatter", inputs, {"Out": "X"}, {"overwrite": overwrite}, name=name)


def scatter_nd_add(ref, index, updates, name=None):
    """``ref`` plus ``updates`` at the slices that the last dimension of ``index`` names.

    Args:
        ref (Variable): any shape.
        index (Variable): (..., K), int32 or int64: coordinates in the first K dimensions of ``ref``.
        updates (Variable): ``index.shape[:-1] + ref.shape[K:]``, of the type of ``ref``.
        name (str): name of the layer.

    Returns:
        Variable: of the shape of ``ref``.

    Raises:
        ValueError: ``ref`` and ``updates`` have different types.
    """
    check_variable(ref, "ref of scatter_nd_add")
    check_variable(updates, "updates of scatter_nd_add")
    if ref.dtype != updates.dtype:
        raise ValueError("ref and updates of scatter_nd_add differ in type: %s and %s" % (ref.dtype, updates.dtype))
    inputs = {"X": ref, "Index": index, "Updates": updates}
    return append_op("scatter_nd_add", inputs, {"Out": "X"}, name=name)


def scatter_nd(index, updates, shape, name=None):
    """0 everywhere but ``updates`` at the slices that the last dimension of ``index`` names; updates add up.

    Args:
        index (Variable): (..., K), int32 or int64: coordinates in the first K dimensions.
        updates (Variable): ``index.shape[:-1] + shape[K:]``.
        shape (list): of the result.
        name (str): name of the layer.

    Returns:
        Variable: of this shape, of the type of ``updates``.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    check_variable(updates, "updates of scatter_nd")
    from paddle.fluid.layers.tensor import zeros

    return scatter_nd_add(zeros(shape, updates.dtype), index, updates, name)


def index_select(input, index, dim=0):
    """The slices along a dimension that ``index`` names.

    Args:
        input (Variable): any shape.
        index (Variable): (N,), int32 or int64.
        dim (int): the dimension.

    Returns:
        Variable: of size N along ``dim``.

    Raises:
        ValueError: there is no such dimension; at run time, an index is outside.
    """
    return append_op("index_select", {"X": input, "Index": index}, {"Out": "X"}, {"dim": dim})


def index_sample(x, index):
    """From each row of ``x`` the elements that the same row of ``index`` names.

    Args:
        x (Variable): (N, D).
        index (Variable): (N, K), int32 or int64.

    Returns:
        Variable: (N, K).

    Raises:
        ValueError: shapes do not fit; at run time, an index is outside.
    """
    return append_op("index_sample", {"X": x, "Index": index}, {"Out": "X"})


def topk(input, k, name=None):
    """The ``k`` greatest elements along the last dimension, in order.

    Args:
        input (Variable): (..., D), float32 or float64.
        k: from 1 to D, an integer or a Variable of shape (1,).
        name (str): name of the layer.

    Returns:
        A list: the elements, (..., k), and their places, int64.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: ``k`` is not from 1 to D.
    """
    inputs, attrs = {"X": input}, {}
    if isinstance(k, Variable):
        inputs["K"] = k
    else:
        attrs["k"] = k
    outputs = {"Out": "X", "Indices": "int64"}
    return append_op("top_k", inputs, outputs, attrs, name=name, no_grad=("Out", "Indices"))


def where(condition):
    """The coordinates of the true elements.

    Args:
        condition (Variable): bool, at least one dimension.

    Returns:
        Variable: int64, (number of them, number of dimensions).

    Raises:
        TypeError: ``condition`` is not a Variable.
        ValueError: its shape or element type does not fit.
    """
    return append_op("where_index", {"Condition": condition}, {"Out": "int64"})


def nonzero(input, as_tuple=False):
    """The coordinates of the elements that are true, see ``where``.

    Args:
        input (Variable): bool or numbers, at least one dimension.
        as_tuple (bool): return a Variable (n, 1) for each dimension.

    Returns:
        Variable: int64, (number of them, number of dimensions), or a tuple.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: its shape or element type does not fit.
    """
    points = where(input)
    if not as_tuple:
        return points
    return tuple(slice(points, axes=[1], starts=[i], ends=[i + 1]) for i in range(len(input.shape)))


def multiplex(inputs, index):
    """Row i of the result is row i of the input that ``index`` names for it.

    Args:
        inputs (list): at least two Variables (N, ...) of one shape and type.
        index (Variable): (N, 1), int32 or int64.

    Returns:
        Variable: of their shape.

    Raises:
        ValueError: fewer than two inputs.
    """
    if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
        raise ValueError("multiplex needs a list of at least 2 inputs")
    return append_op("multiplex", {"X": list(inputs), "Ids": index}, {"Out": "X"})


def unique(x, dtype="int32"):
    """The different elements of a vector.

    Args:
        x (Variable): (N,).
        dtype: int32 or int64, of the places.

    Returns:
        A pair: the different elements, and for each of ``x`` the place of its like among them, (N,).

    Raises:
        TypeError: another ``dtype``.
    """
    return tuple(append_op("unique", {"X": x}, {"Out": "X", "Index": dtype}, _dtype_attr(dtype)))


def unique_with_counts(x, dtype="int32"):
    """Like ``unique``, with counts.

    Args:
        x (Variable): (N,).
        dtype: int32 or int64, of places and counts.

    Returns:
        A tuple of three: those of ``unique``, and how often each element comes.

    Raises:
        TypeError: another ``dtype``.
    """
    outputs = {"Out": "X", "Index": dtype, "Count": dtype}
    return tuple(append_op("unique_with_counts", {"X": x}, outputs, _dtype_attr(dtype)))


def _dtype_attr(dtype):
    from paddle.fluid.framework import convert_np_dtype_to_dtype_

    if dtype not in ("int32", "int64"):
        raise TypeError("the places are int32 or int64, got %r" % (dtype,))
    return {"dtype": int(convert_np_dtype_to_dtype_(dtype))}


def crop(x, shape=None, offsets=None, name=None):
    """A part of a variable.

    Args:
        x (Variable): any shape.
        shape: sizes of the part: a list, or a Variable that has this shape.
        offsets: where it begins: a list or an int32 Variable; 0 by default.
        name (str): name of the layer.

    Returns:
        Variable: of the type of ``x``.

    Raises:
        ValueError: ``shape`` is no list or Variable, or the part is not inside.
    """
    if not isinstance(shape, (list, tuple, Variable)):
        raise ValueError("the shape for crop must be a list or a Variable, got %r" % (shape,))
    inputs, attrs = {"X": x}, {}
    if offsets is None:
        offsets = [0] * len(x.shape)
    for slot, key, value in (("Y", "shape", shape), ("Offsets", "offsets", offsets)):
        if isinstance(value, Variable):
            inputs[slot] = value
        else:
            attrs[key] = list(value)
    return append_op("crop", inputs, {"Out": "X"}, attrs, name=name)


def crop_tensor(x, shape=None, offsets=None, name=None):
    """A part of a variable; its sizes and place may be computed.

    Args:
        x (Variable): any shape.
        shape: sizes of the part; -1: up to the end. A list of integers and int32 Variables of shape (1,), or an int32
            Variable.
        offsets: where it begins, in the same form; 0 by default.
        name (str): name of the layer.

    Returns:
        Variable: of the type of ``x``.

    Raises:
        TypeError: ``shape`` or ``offsets`` is of another kind.
        ValueError: a size is 0 or below -1, an offset negative, or the part is not inside.
    """
    check_variable(x, "x of crop_tensor")
    helper = LayerHelper("crop_tensor", input=x, name=name)
    offsets = [0] * len(x.shape) if offsets is None else offsets
    inputs, attrs = {"X": x}, {}
    for key, values, least in (("shape", shape, -1), ("offsets", offsets, 0)):
        slot = key.capitalize()
        if isinstance(values, Variable):
            values.stop_gradient = True
            inputs[slot] = values
            attrs[key] = [] if key == "shape" else [-1] * len(x.shape)
            continue
        if not isinstance(values, (list, tuple)):
            raise TypeError("%s of crop_tensor must be a list or a Variable, got %r" % (key, values))
        for value in values:
            if not isinstance(value, Variable) and (value < least or (key == "shape" and value == 0)):
                raise ValueError("%s of crop_tensor cannot hold %r, got %s" % (key, value, list(values)))
        attrs[key], variables = int_inputs(values, helper)
        if variables:
            inputs[slot + "Tensor"] = variables
    return append_op("crop_tensor", inputs, {"Out": "X"}, attrs, helper=helper)


def shard_index(input, index_num, nshards, shard_id, ignore_value=-1):
    """Numbers within a shard: ids are divided among ``nshards``; those of shard ``shard_id`` become numbers in it.

    Args:
        input (Variable): ids (..., 1), int64, below ``index_num``.
        index_num (int): number of ids.
        nshards (int): number of shards.
        shard_id (int): the shard, from 0 to nshards - 1.
        ignore_value (int): for the ids of other shards.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        ValueError: there is no such shard.
    """
    if not 0 <= shard_id < nshards:
        raise ValueError("shard_id must be from 0 to %d, got %d" % (nshards - 1, shard_id))
    attrs = {"index_num": index_num, "nshards": nshards, "shard_id": shard_id, "ignore_value": ignore_value}
    return append_op("shard_index", {"X": input}, {"Out": "X"}, attrs)

"""Parts of variables, by place."""

from paddle.fluid.framework import Variable
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, int_inputs


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
    """
    return _slice_op("slice", input, axes, starts=starts, ends=ends)


def strided_slice(input, axes, starts, ends, strides):
    """Like ``slice`` with steps, which may be negative."""
    return _slice_op("strided_slice", input, axes, starts=starts, ends=ends, strides=strides)


def gather(input, index, overwrite=True):
    """The rows (slices along the first dimension) that ``index`` (int32 or int64, (N,) or (N, 1)) names.

    ``overwrite``: what the gradient of a row is that ``index`` names several times: the last contribution (True), or
    the sum of them (False). Give False wherever a row may come twice.
    """
    return append_op("gather", {"X": input, "Index": index}, {"Out": "X"}, {"overwrite": overwrite})


def gather_nd(input, index, name=None):
    """The slices that the last dimension of ``index`` (int32 or int64) names, by their first coordinates."""
    return append_op("gather_nd", {"X": input, "Index": index}, {"Out": "X"}, name=name)


def scatter(input, index, updates, name=None, overwrite=True):
    """``input`` with the rows that ``index`` ((N,), int32 or int64) names replaced by those of ``updates``.

    ``overwrite`` False: rows named are set to 0, then all their updates are added.
    """
    inputs = {"X": input, "Ids": index, "Updates": updates}
    return append_op("scatter", inputs, {"Out": "X"}, {"overwrite": overwrite}, name=name)


def scatter_nd_add(ref, index, updates, name=None):
    """``ref`` plus ``updates`` at the slices that the last dimension of ``index`` (int32 or int64) names.

    Raises:
        ValueError: ``ref`` and ``updates`` have different types.
    """
    if ref.dtype != updates.dtype:
        raise ValueError("ref and updates of scatter_nd_add differ in type: %s and %s" % (ref.dtype, updates.dtype))
    inputs = {"X": ref, "Index": index, "Updates": updates}
    return append_op("scatter_nd_add", inputs, {"Out": "X"}, name=name)


def scatter_nd(index, updates, shape, name=None):
    """0 everywhere but ``updates`` at the slices that the last dimension of ``index`` names; updates add up."""
    from paddle.fluid.layers.tensor import zeros

    return scatter_nd_add(zeros(shape, updates.dtype), index, updates, name)


def index_select(input, index, dim=0):
    """The slices along dimension ``dim`` that ``index`` ((N,), int32 or int64) names."""
    return append_op("index_select", {"X": input, "Index": index}, {"Out": "X"}, {"dim": dim})


def index_sample(x, index):
    """From each row of x (N, D) the elements that the same row of ``index`` (N, K) names: (N, K)."""
    return append_op("index_sample", {"X": x, "Index": index}, {"Out": "X"})


def topk(input, k, name=None):
    """The ``k`` greatest elements along the last dimension, in order.

    Args:
        input (Variable): (..., D), float32 or float64.
        k: from 1 to D, an integer or a Variable of shape (1,).

    Returns:
        A list: the elements, (..., k), and their places, int64.
    """
    inputs, attrs = {"X": input}, {}
    if isinstance(k, Variable):
        inputs["K"] = k
    else:
        attrs["k"] = k
    outputs = {"Out": "X", "Indices": "int64"}
    return append_op("top_k", inputs, outputs, attrs, name=name, no_grad=("Out", "Indices"))


def where(condition):
    """The coordinates of the true elements of a bool variable: int64, (number of them, number of dimensions)."""
    return append_op("where_index", {"Condition": condition}, {"Out": "int64"})


def nonzero(input, as_tuple=False):
    """The coordinates of the elements that are true, see ``where``; ``as_tuple``: one Variable (n, 1) a dimension."""
    points = where(input)
    if not as_tuple:
        return points
    return tuple(slice(points, axes=[1], starts=[i], ends=[i + 1]) for i in range(len(input.shape)))


def multiplex(inputs, index):
    """Row i of the result is row i of the input that ``index`` ((N, 1), int32 or int64) names for it.

    Raises:
        ValueError: fewer than two inputs.
    """
    if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
        raise ValueError("multiplex needs a list of at least 2 inputs")
    return append_op("multiplex", {"X": list(inputs), "Ids": index}, {"Out": "X"})


def unique(x, dtype="int32"):
    """The different elements of x (N,), and for each of x the place of its like among them."""
    return tuple(append_op("unique", {"X": x}, {"Out": "X", "Index": dtype}, _dtype_attr(dtype)))


def unique_with_counts(x, dtype="int32"):
    """Like ``unique``, and how often each comes: a tuple of three."""
    outputs = {"Out": "X", "Index": dtype, "Count": dtype}
    return tuple(append_op("unique_with_counts", {"X": x}, outputs, _dtype_attr(dtype)))


def _dtype_attr(dtype):
    from paddle.fluid.framework import convert_np_dtype_to_dtype_

    if dtype not in ("int32", "int64"):
        raise TypeError("the places are int32 or int64, got %r" % (dtype,))
    return {"dtype": int(convert_np_dtype_to_dtype_(dtype))}


def crop(x, shape=None, offsets=None, name=None):
    """A part of ``x`` of the shape of ``shape`` (a list, or a Variable that has it), from ``offsets`` on (0 by default;
    a list or an int32 Variable)."""
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


def shard_index(input, index_num, nshards, shard_id, ignore_value=-1):
    """Numbers within a shard: ids (..., 1) below ``index_num`` are divided among ``nshards``; those of shard
    ``shard_id`` become numbers in it, others ``ignore_value``."""
    if not 0 <= shard_id < nshards:
        raise ValueError("shard_id must be from 0 to %d, got %d" % (nshards - 1, shard_id))
    attrs = {"index_num": index_num, "nshards": nshards, "shard_id": shard_id, "ignore_value": ignore_value}
    return append_op("shard_index", {"X": input}, {"Out": "X"}, attrs)

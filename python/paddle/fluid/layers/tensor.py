"""Variables: made, filled, copied and put together."""

import numpy as np

from paddle.fluid.framework import Variable, VarType, convert_np_dtype_to_dtype_
from paddle.fluid.initializer import Constant
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, unary
from paddle.fluid.param_attr import ParamAttr

__all__ = (
    "create_tensor create_parameter create_global_var cast tensor_array_to_tensor concat sums assign "
    "fill_constant_batch_size_like fill_constant argmin argmax argsort ones zeros reverse has_inf has_nan isfinite "
    "range linspace full_like zeros_like ones_like diag eye kron arange full tril triu trace"
).split()


def create_tensor(dtype, name=None, persistable=False):
    """A variable without a value yet."""
    helper = LayerHelper("create_tensor", name=name)
    return helper.create_variable(name=helper.name, dtype=dtype, persistable=persistable)


def create_parameter(shape, dtype, name=None, attr=None, is_bias=False, default_initializer=None):
    """A parameter.

    Args:
        shape (list): positive sizes.
        dtype: element type.
        name (str): its name, unless ``attr`` has one.
        attr (ParamAttr): what is known of it.
        is_bias (bool): start with 0 by default, not with ``Xavier``.
        default_initializer (Initializer): where ``attr`` has none.

    Returns:
        Parameter
    """
    helper = LayerHelper("create_parameter", name=None)
    if attr is None:
        attr = ParamAttr(name=name)
    return helper.create_parameter(
        ParamAttr._to_attr(attr), shape, convert_np_dtype_to_dtype_(dtype), is_bias, default_initializer
    )


def create_global_var(shape, value, dtype, persistable=False, force_cpu=False, name=None):
    """A variable of the global block that the startup program fills with ``value``; no gradient goes to it."""
    helper = LayerHelper("global_var", name=name)
    var = helper.create_global_variable(
        dtype=dtype, shape=shape, persistable=persistable, name=name, stop_gradient=True
    )
    helper.set_variable_initializer(var, initializer=Constant(value=float(value), force_cpu=force_cpu))
    return var


def cast(x, dtype):
    """The elements as another type; floating to integer goes towards 0."""
    dtype = convert_np_dtype_to_dtype_(dtype)
    attrs = {"in_dtype": int(x.dtype), "out_dtype": int(dtype)}
    return append_op("cast", {"X": x}, {"Out": dtype}, attrs)


def concat(input, axis=0, name=None):
    """Put variables behind each other along a dimension; the other sizes and the types are the same.

    Args:
        input (list): Variables.
        axis: the dimension, an integer or an int32 Variable of shape (1,).

    Returns:
        Variable
    """
    if not isinstance(input, (list, tuple)):
        input = [input]
    helper = LayerHelper("concat", input=input, name=name)
    inputs, attrs = {"X": list(input)}, {}
    if isinstance(axis, Variable):
        axis.stop_gradient = True
        inputs["AxisTensor"] = axis
        attrs["axis"] = 0
    else:
        attrs["axis"] = axis
    if len(input) == 1 and input[0].type == VarType.LOD_TENSOR_ARRAY:
        outputs = {"Out": "X", "OutIndex": "int32"}
        return append_op("tensor_array_to_tensor", inputs, outputs, {"axis": attrs["axis"], "use_stack": False})[0]
    return append_op("concat", inputs, {"Out": "X"}, attrs, helper=helper)


def tensor_array_to_tensor(input, axis=1, name=None, use_stack=False):
    """The tensors of an array put behind each other along a dimension, or ``use_stack``: along a new one.

    Returns:
        (Variable, Variable): it, and the size of each tensor along the dimension, int32.
    """
    attrs = {"axis": axis, "use_stack": use_stack}
    outputs = {"Out": "X", "OutIndex": "int32"}
    return tuple(append_op("tensor_array_to_tensor", {"X": input}, outputs, attrs, name=name))


def sums(input, out=None):
    """The sum of a list of variables of one shape and type, into ``out`` when it is given."""
    return append_op("sum", {"X": input}, {"Out": "X" if out is None else out})


def assign(input, output=None):
    """A copy of a variable, or the values of an array, into ``output`` when it is given.

    Args:
        input: a Variable; or an array of at most 1,048,576 values, float32, int32, int64 or bool.

    Raises:
        TypeError, ValueError: another kind, type or size.
    """
    if isinstance(input, Variable):
        return append_op("assign", {"X": input}, {"Out": "X" if output is None else output})
    if not isinstance(input, np.ndarray):
        raise TypeError("assign takes a Variable or an array, got %s" % type(input).__name__)
    slots = {"bool": "bool_values", "float32": "fp32_values", "int32": "int32_values", "int64": "int64_values"}
    if input.dtype.name not in slots:
        raise TypeError("assign takes arrays of %s, got %s" % (", ".join(slots), input.dtype))
    if input.size > 1024 * 1024:
        raise ValueError("assign takes at most 1048576 values, got %d" % input.size)
    kind = float if input.dtype == np.float32 else int
    dtype = convert_np_dtype_to_dtype_(input.dtype)
    attrs = {"dtype": int(dtype), "shape": list(input.shape)}
    attrs[slots[input.dtype.name]] = [kind(v) for v in input.flat]
    return append_op("assign_value", {}, {"Out": dtype if output is None else output}, attrs, helper_type="assign")


def _str_value(value, dtype):
    return str(int(value)) if dtype in (VarType.INT32, VarType.INT64) else str(float(value))


def fill_constant(shape, dtype, value, force_cpu=False, out=None):
    """A variable filled with one number.

    Args:
        shape: a list of integers and Variables of shape (1,), or an int32 Variable.
        dtype: element type.
        value: a number, or a Variable of shape (1,).
        force_cpu (bool): keep it on the host.
        out (Variable): where the result goes; a new one by default.

    Returns:
        Variable: no gradient goes to it.
    """
    helper = LayerHelper("fill_constant")
    dtype = convert_np_dtype_to_dtype_(dtype)
    attrs, inputs = {"force_cpu": force_cpu, "dtype": int(dtype)}, {}
    if isinstance(value, Variable):
        inputs["ValueTensor"] = value
    else:
        attrs["value"] = float(value)
        attrs["str_value"] = _str_value(value, dtype)
    if isinstance(shape, Variable):
        shape.stop_gradient = True
        inputs["ShapeTensor"] = shape
    else:
        attrs["shape"], variables = _shape_list(shape, helper)
        if variables:
            inputs["ShapeTensorList"] = variables
    if out is None:
        out = helper.create_variable_for_type_inference(dtype)
    out.stop_gradient = True
    return append_op("fill_constant", inputs, {"Out": out}, attrs, helper=helper)


def _shape_list(shape, helper):
    """Like ``int_inputs``, but each number becomes a variable of a layer of its own."""
    numbers = [-1 if isinstance(size, Variable) else int(size) for size in shape]
    if not any(isinstance(size, Variable) for size in shape):
        return numbers, None
    return numbers, [
        size if isinstance(size, Variable) else fill_constant([1], "int32", size, force_cpu=True) for size in shape
    ]


def fill_constant_batch_size_like(input, shape, dtype, value, input_dim_idx=0, output_dim_idx=0, force_cpu=False):
    """One number everywhere; size ``output_dim_idx`` is that of dimension ``input_dim_idx`` of ``input``."""
    dtype = convert_np_dtype_to_dtype_(dtype)
    attrs = {
        "shape": list(shape),
        "dtype": int(dtype),
        "value": float(value),
        "str_value": _str_value(value, dtype),
        "input_dim_idx": input_dim_idx,
        "output_dim_idx": output_dim_idx,
        "force_cpu": force_cpu,
    }
    return append_op("fill_constant_batch_size_like", {"Input": input}, {"Out": dtype}, attrs, no_grad=("Out",))


def zeros(shape, dtype, force_cpu=False):
    """A variable of 0; ``shape``: see ``fill_constant``."""
    return fill_constant(value=0.0, shape=shape, dtype=dtype, force_cpu=force_cpu)


def ones(shape, dtype, force_cpu=False):
    """A variable of 1; ``shape``: see ``fill_constant``."""
    return fill_constant(value=1.0, shape=shape, dtype=dtype, force_cpu=force_cpu)


def full(shape, fill_value, out=None, dtype=None, device=None, stop_gradient=True, name=None):
    """A variable filled with one number, float32 by default, into ``out`` when it is given."""
    dtype = convert_np_dtype_to_dtype_("float32" if dtype is None else dtype)
    helper = LayerHelper("full", name=name)
    if out is None:
        out = helper.create_variable_for_type_inference(dtype)
    out = fill_constant(shape=shape, dtype=dtype, value=fill_value, out=out)
    out.stop_gradient = stop_gradient
    return out


def zeros_like(x, out=None):
    """0 for each element of ``x``, into ``out`` when it is given."""
    target = "X" if out is None else out
    return append_op("fill_zeros_like", {"X": x}, {"Out": target}, helper_type="zeros_like", no_grad=("Out",))


def ones_like(x, out=None):
    """1 for each element of ``x``, into ``out`` when it is given."""
    target = "X" if out is None else out
    return append_op("fill_any_like", {"X": x}, {"Out": target}, {"value": 1.0}, helper_type="ones_like")


def full_like(input, fill_value, out=None, dtype=None, device=None, stop_gradient=True, name=None):
    """One number for each element of ``input``, of its type or of ``dtype``, into ``out`` when it is given."""
    dtype = input.dtype if dtype is None else convert_np_dtype_to_dtype_(dtype)
    attrs = {"value": float(fill_value), "dtype": int(dtype)}
    target = dtype if out is None else out
    out = append_op("fill_any_like", {"X": input}, {"Out": target}, attrs, name=name, helper_type="full_like")
    out.stop_gradient = stop_gradient
    return out


def argmin(x, axis=0):
    """The place of the least element along a dimension: int64, the dimension is left out."""
    return append_op("arg_min", {"X": x}, {"Out": "int64"}, {"axis": axis}, no_grad=("Out",))


def argmax(x, axis=0):
    """The place of the greatest element along a dimension: int64, the dimension is left out."""
    return append_op("arg_max", {"X": x}, {"Out": "int64"}, {"axis": axis}, no_grad=("Out",))


def argsort(input, axis=-1, descending=False, name=None):
    """The elements in order along a dimension, and the places where they were (int64): a list of two."""
    outputs = {"Out": "X", "Indices": "int64"}
    attrs = {"axis": axis, "descending": descending}
    return append_op("argsort", {"X": input}, outputs, attrs, name=name, no_grad=("Out", "Indices"))


def reverse(x, axis):
    """The elements in opposite order along a dimension, or several."""
    return unary("reverse", x, {"axis": [axis] if isinstance(axis, int) else list(axis)})


def has_inf(x):
    """Whether any element is infinite: bool, (1,)."""
    return append_op("isinf", {"X": x}, {"Out": "bool"})


def has_nan(x):
    """Whether any element is NaN: bool, (1,)."""
    return append_op("isnan", {"X": x}, {"Out": "bool"})


def isfinite(x):
    """Whether all elements are finite: bool, (1,)."""
    return append_op("isfinite", {"X": x}, {"Out": "bool"})


def _as_variable(value, dtype):
    if isinstance(value, Variable):
        return value if value.dtype == dtype else cast(value, dtype)
    return fill_constant([1], dtype, value)


def range(start, end, step, dtype):
    """The numbers from ``start`` on in steps of ``step``, up to but without ``end``.

    ``start``, ``end``, ``step``: numbers or Variables of shape (1,). The result is of type ``dtype``, (count,).
    """
    dtype = convert_np_dtype_to_dtype_(dtype)
    inputs = {"Start": _as_variable(start, dtype), "End": _as_variable(end, dtype), "Step": _as_variable(step, dtype)}
    return append_op("range", inputs, {"Out": dtype}, no_grad=("Out",))


def arange(start, end, step=1, dtype=None, name=None):
    """Like ``range``, with a step of 1 and type float32 by default."""
    return range(start, end, step, "float32" if dtype is None else dtype)


def linspace(start, stop, num, dtype):
    """``num`` numbers from ``start`` to ``stop`` at equal distances, float32 or float64; numbers or Variables (1,)."""
    dtype = convert_np_dtype_to_dtype_(dtype)
    start, stop = _as_variable(start, dtype), _as_variable(stop, dtype)
    inputs = {"Start": start, "Stop": stop, "Num": _as_variable(num, convert_np_dtype_to_dtype_("int32"))}
    return append_op("linspace", inputs, {"Out": dtype})


def diag(diagonal):
    """A matrix (N, N) with this diagonal, a Variable or array (N,), and 0 elsewhere."""
    if not isinstance(diagonal, Variable):
        diagonal = assign(diagonal)
    return append_op("diag", {"Diagonal": diagonal}, {"Out": "Diagonal"}, no_grad=("Out",))


def eye(num_rows, num_columns=None, batch_shape=None, dtype="float32"):
    """The unit matrix (num_rows, num_columns), square by default; ``batch_shape``: sizes before, repeated."""
    if not isinstance(num_rows, int) or num_rows < 0:
        raise TypeError("num_rows of eye must be an integer of at least 0, got %r" % (num_rows,))
    num_columns = num_rows if num_columns is None else num_columns
    if not isinstance(num_columns, int) or num_columns < 0:
        raise TypeError("num_columns of eye must be an integer of at least 0, got %r" % (num_columns,))
    dtype = convert_np_dtype_to_dtype_(dtype)
    attrs = {"num_rows": num_rows, "num_columns": num_columns, "dtype": int(dtype)}
    out = append_op("eye", {}, {"Out": dtype}, attrs, no_grad=("Out",))
    if batch_shape is not None:
        from paddle.fluid.layers.nn import stack

        if not isinstance(batch_shape, list) or any(not isinstance(d, int) or d <= 0 for d in batch_shape):
            raise TypeError("batch_shape of eye must be a list of positive integers, got %r" % (batch_shape,))
        for size in reversed(batch_shape):
            out = stack([out] * size, axis=0)
    return out


def kron(x, y, out=None, name=None):
    """The Kronecker product of ``x`` and ``y``, into ``out`` when it is given."""
    return append_op("kron", {"X": x, "Y": y}, {"Out": "X" if out is None else out}, name=name)


def _tril_triu(input, diagonal, lower, name):
    if len(input.shape) < 2:
        raise ValueError("%s takes at least 2 dimensions, got shape %s" % ("tril" if lower else "triu", input.shape))
    helper = LayerHelper("tril" if lower else "triu", name=name)
    out = helper.create_variable(name=helper.name, dtype=input.dtype, persistable=False)
    attrs = {"lower": lower, "diagonal": diagonal}
    return append_op("tril_triu", {"X": input}, {"Out": out}, attrs, helper=helper)


def tril(input, diagonal=0, name=None):
    """The lower triangles of matrices, 0 above the ``diagonal`` (0: the main one, 1: the one above, ...)."""
    return _tril_triu(input, diagonal, True, name)


def triu(input, diagonal=0, name=None):
    """The upper triangles of matrices, 0 below the ``diagonal`` (0: the main one, 1: the one above, ...)."""
    return _tril_triu(input, diagonal, False, name)


def trace(input, offset=0, dim1=0, dim2=1, out=None, name=None):
    """The sums of the diagonals of matrices in dimensions ``dim1`` and ``dim2``."""
    attrs = {"offset": offset, "dim1": dim1, "dim2": dim2}
    return append_op("trace", {"Input": input}, {"Out": "Input" if out is None else out}, attrs, name=name)

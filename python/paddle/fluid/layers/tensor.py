"""Variables: made, filled, copied and put together."""

import numpy as np

from paddle.fluid.framework import Variable, VarType, convert_np_dtype_to_dtype_
from paddle.fluid.initializer import Constant
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable, to_sequence, unary
from paddle.fluid.layers.fill import *  # noqa: F401,F403
from paddle.fluid.param_attr import ParamAttr

__all__ = (
    "create_tensor create_parameter create_global_var cast tensor_array_to_tensor concat sums assign "
    "fill_constant_batch_size_like fill_constant argmin argmax argsort ones zeros reverse has_inf has_nan isfinite "
    "range linspace full_like zeros_like ones_like diag eye kron arange full tril triu trace"
).split()


def create_tensor(dtype, name=None, persistable=False):
    """A variable without a value yet.

    Args:
        dtype: element type.
        name (str): name of the layer.
        persistable (bool): keep the value between runs.

    Returns:
        Variable: without a shape yet.

    Raises:
        ValueError: there is no such ``dtype``.
    """
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
        Parameter: of this shape and type.

    Raises:
        ValueError: there is no such ``dtype``, or a size is not positive.
    """
    helper = LayerHelper("create_parameter", name=None)
    if attr is None:
        attr = ParamAttr(name=name)
    return helper.create_parameter(
        ParamAttr._to_attr(attr), shape, convert_np_dtype_to_dtype_(dtype), is_bias, default_initializer
    )


def create_global_var(shape, value, dtype, persistable=False, force_cpu=False, name=None):
    """A variable of the global block that the startup program fills with ``value``; no gradient goes to it.

    Args:
        shape (list): sizes.
        value (float): what it is filled with.
        dtype: element type.
        persistable (bool): keep the value between runs.
        force_cpu (bool): keep it on the host.
        name (str): name of the layer.

    Returns:
        Variable: of this shape and type.

    Raises:
        ValueError: there is no such ``dtype``.
    """
    helper = LayerHelper("global_var", name=name)
    var = helper.create_global_variable(
        dtype=dtype, shape=to_sequence(shape, "shape of create_global_var"), persistable=persistable, name=name, stop_gradient=True
    )
    helper.set_variable_initializer(var, initializer=Constant(value=float(value), force_cpu=force_cpu))
    return var


def cast(x, dtype):
    """The elements as another type; floating to integer goes towards 0.

    Args:
        x (Variable): any shape and type.
        dtype: the new element type.

    Returns:
        Variable: of the shape of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: there is no such ``dtype``.
    """
    dtype = convert_np_dtype_to_dtype_(dtype)
    attrs = {"in_dtype": int(x.dtype), "out_dtype": int(dtype)}
    return append_op("cast", {"X": x}, {"Out": dtype}, attrs)


def concat(input, axis=0, name=None):
    """Put variables behind each other along a dimension; the other sizes and the types are the same.

    Args:
        input (list): Variables.
        axis: the dimension, an integer or an int32 Variable of shape (1,).
        name (str): name of the layer.

    Returns:
        Variable: one dimension longer.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: sizes or types differ, or there is no such dimension.
    """
    if not isinstance(input, (list, tuple)):
        input = [input]
    for each in input:
        check_variable(each, "an input of concat")
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
    """The items of an array put behind each other along a dimension, or with ``use_stack`` along a new one.

    Args:
        input (Variable): an array of one item at least; all of one type, and of one shape but for the dimension.
        axis (int): the dimension of the result; negative ones count from the last.
        name (str): name of the layer.
        use_stack (bool): put the items along a new dimension.

    Returns:
        (Variable, Variable): it, and the size of each item along the dimension, int32.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: ``input`` is no array, or has no such dimension; when the program runs: the items do not fit.
    """
    attrs = {"axis": axis, "use_stack": use_stack}
    outputs = {"Out": "X", "OutIndex": "int32"}
    return tuple(append_op("tensor_array_to_tensor", {"X": input}, outputs, attrs, name=name))


def sums(input, out=None):
    """The sum of variables, element by element.

    Args:
        input (list): Variables of one shape and type.
        out (Variable): where the result goes; a new one by default.

    Returns:
        Variable: of the shape and type of them.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    return append_op("sum", {"X": input}, {"Out": "X" if out is None else out})


def assign(input, output=None):
    """A copy of a variable, or the values of an array, into ``output`` when it is given.

    Args:
        input: a Variable; or an array of at most 1,048,576 values, float32, int32, int64 or bool.
        output (Variable): where the result goes; a new one by default.

    Returns:
        Variable: of the shape and type of ``input``.

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


def argmin(x, axis=0):
    """The place of the least element along a dimension.

    Args:
        x (Variable): at least one dimension.
        axis (int): the dimension.

    Returns:
        Variable: int64, without the dimension.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: there is no such dimension.
    """
    return append_op("arg_min", {"X": x}, {"Out": "int64"}, {"axis": axis}, no_grad=("Out",))


def argmax(x, axis=0):
    """The place of the greatest element along a dimension.

    Args:
        x (Variable): at least one dimension.
        axis (int): the dimension.

    Returns:
        Variable: int64, without the dimension.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: there is no such dimension.
    """
    return append_op("arg_max", {"X": x}, {"Out": "int64"}, {"axis": axis}, no_grad=("Out",))


def argsort(input, axis=-1, descending=False, name=None):
    """The elements in order along a dimension, and where they were.

    Args:
        input (Variable): at least one dimension.
        axis (int): the dimension.
        descending (bool): the greatest element first.
        name (str): name of the layer.

    Returns:
        A list: the elements in order, and the places where they were, int64; both of the shape of ``input``.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: there is no such dimension.
    """
    outputs = {"Out": "X", "Indices": "int64"}
    attrs = {"axis": axis, "descending": descending}
    return append_op("argsort", {"X": input}, outputs, attrs, name=name, no_grad=("Out", "Indices"))


def reverse(x, axis):
    """The elements in opposite order along dimensions.

    Args:
        x (Variable): any shape.
        axis: a dimension or a list of them.

    Returns:
        Variable: of the shape of ``x``.

    Raises:
        ValueError: there is no such dimension.
    """
    return unary("reverse", x, {"axis": [axis] if isinstance(axis, int) else to_sequence(axis, "axis of reverse")})


def has_inf(x):
    """Whether any element is infinite.

    Args:
        x (Variable): any shape.

    Returns:
        Variable: bool, (1,).

    Raises:
        TypeError: ``x`` is not a Variable.
    """
    return append_op("isinf", {"X": x}, {"Out": "bool"})


def has_nan(x):
    """Whether any element is NaN.

    Args:
        x (Variable): any shape.

    Returns:
        Variable: bool, (1,).

    Raises:
        TypeError: ``x`` is not a Variable.
    """
    return append_op("isnan", {"X": x}, {"Out": "bool"})


def isfinite(x):
    """Whether all elements are finite.

    Args:
        x (Variable): any shape.

    Returns:
        Variable: bool, (1,).

    Raises:
        TypeError: ``x`` is not a Variable.
    """
    return append_op("isfinite", {"X": x}, {"Out": "bool"})


def kron(x, y, out=None, name=None):
    """The Kronecker product.

    Args:
        x (Variable): any shape.
        y (Variable): of the type of ``x``.
        out (Variable): where the result goes; a new one by default.
        name (str): name of the layer.

    Returns:
        Variable: each size multiplied.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    return append_op("kron", {"X": x, "Y": y}, {"Out": "X" if out is None else out}, name=name)


def trace(input, offset=0, dim1=0, dim2=1, out=None, name=None):
    """The sums of the diagonals of matrices.

    Args:
        input (Variable): at least two dimensions.
        offset (int): which diagonal; 0: the main one.
        dim1 (int): a dimension of the matrices.
        dim2 (int): the other one.
        out (Variable): where the result goes; a new one by default.
        name (str): name of the layer.

    Returns:
        Variable: without the two dimensions.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: its shape or element type does not fit.
    """
    attrs = {"offset": offset, "dim1": dim1, "dim2": dim2}
    return append_op("trace", {"Input": input}, {"Out": "Input" if out is None else out}, attrs, name=name)

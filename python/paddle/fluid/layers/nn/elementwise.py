"""Ops on two variables, element by element, and their like."""

from paddle.fluid.framework import Variable
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, unary

_ELEMENTWISE = """%s of each element of ``x`` and ``y``.

    Args:
        x (Variable): any shape.
        y (Variable): of the type of ``x``; its shape is a run of consecutive dimensions of that of ``x`` (sizes of 1
            are repeated), or the other way round.
        axis (int): the dimension of ``x`` at which the shape of ``y`` starts; -1: they end at the same one.
        act (str): activation that is applied to the result.
        name (str): name of the layer.

    Returns:
        Variable: of the greater shape.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or types do not fit.
    """


def _elementwise(op_type, what):
    def function(x, y, axis=-1, act=None, name=None):
        helper = LayerHelper(op_type, name=name, act=act)
        out = append_op(op_type, {"X": x, "Y": y}, {"Out": "X"}, {"axis": axis}, helper=helper)
        return helper.append_activation(out)

    function.__name__ = function.__qualname__ = op_type
    function.__doc__ = _ELEMENTWISE % what
    return function


elementwise_add = _elementwise("elementwise_add", "x + y")
elementwise_sub = _elementwise("elementwise_sub", "x - y")
elementwise_mul = _elementwise("elementwise_mul", "x * y")
elementwise_div = _elementwise("elementwise_div", "x / y")
elementwise_max = _elementwise("elementwise_max", "max(x, y)")
elementwise_min = _elementwise("elementwise_min", "min(x, y)")
elementwise_pow = _elementwise("elementwise_pow", "x to the power of y")
elementwise_mod = _elementwise("elementwise_mod", "x modulo y, of the sign of y (integers: int32, int64),")
elementwise_floordiv = _elementwise("elementwise_floordiv", "x divided by y without the rest (integers only),")


def elementwise_equal(x, y, name=None):
    """Whether x equals y, for each element; see ``equal``.

    Args:
        x (Variable): any shape.
        y (Variable): of the type of ``x``; its shape can be broadcast.
        name (str): name of the layer.

    Returns:
        Variable: bool, of the shape of ``x``.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    return append_op(
        "equal", {"X": x, "Y": y}, {"Out": "bool"}, name=name, helper_type="elementwise_equal", no_grad=("Out",)
    )


def _logical(op_type, what):
    def function(x, y, out=None, name=None):
        return append_op(op_type, {"X": x, "Y": y}, {"Out": "X" if out is None else out}, name=name)

    function.__name__ = function.__qualname__ = op_type
    function.__doc__ = (
        "%s of each element.\n\n    Args:\n        x (Variable): bool, any shape.\n        y (Variable): bool, of the "
        "shape of ``x``.\n        out (Variable): bool, where the result goes; a new one by default.\n"
        "        name (str): name of the layer.\n\n    Returns:\n        Variable: bool.\n\n    Raises:\n"
        "        TypeError: an input is not a Variable.\n        ValueError: shapes do not fit.\n    " % what
    )
    return function


logical_and = _logical("logical_and", "x and y")
logical_or = _logical("logical_or", "x or y")
logical_xor = _logical("logical_xor", "Either x or y, but not both,")


def logical_not(x, out=None, name=None):
    """Not x, for each element.

    Args:
        x (Variable): bool, any shape.
        out (Variable): bool, where the result goes; a new one by default.
        name (str): name of the layer.

    Returns:
        Variable: bool, of the shape of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its shape or element type does not fit.
    """
    return append_op("logical_not", {"X": x}, {"Out": "X" if out is None else out}, name=name)


def scale(x, scale=1.0, bias=0.0, bias_after_scale=True, act=None, name=None):
    """scale * x + bias, or scale * (x + bias) when ``bias_after_scale`` is False.

    Args:
        x (Variable): any shape and type.
        scale: a number, or a Variable of shape (1,).
        bias (float): a number.
        bias_after_scale (bool): add the bias after the product.
        act (str): activation that is applied to the result.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    attrs = {"bias": float(bias), "bias_after_scale": bias_after_scale}
    inputs = {"X": x}
    if isinstance(scale, Variable):
        inputs["ScaleTensor"] = scale
    else:
        attrs["scale"] = float(scale)
    helper = LayerHelper("scale", name=name, act=act)
    return helper.append_activation(append_op("scale", inputs, {"Out": "X"}, attrs, helper=helper))


def clip(x, min, max, name=None):
    """min where x < min, max where x > max, else x.

    Args:
        x (Variable): any shape, float32 or float64.
        min (float): the least value.
        max (float): the largest value.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        ValueError: ``min`` is above ``max``.
    """
    return unary("clip", x, {"min": min, "max": max}, name)


def clip_by_norm(x, max_norm, name=None):
    """x, shortened to the Euclidean norm ``max_norm`` where it is longer.

    Args:
        x (Variable): any shape, float32 or float64.
        max_norm (float): the largest norm, above 0.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        ValueError: ``max_norm`` is not positive.
    """
    return unary("clip_by_norm", x, {"max_norm": max_norm}, name)


def clamp(input, min=None, max=None, output=None, name=None):
    """min where input < min, max where input > max, else input; like ``clip`` with open bounds.

    Args:
        input (Variable): any shape, float32 or float64.
        min: the lower bound, a number or a Variable of shape (1,); None: open.
        max: the upper bound, a number or a Variable of shape (1,); None: open.
        output (Variable): where the result goes; a new one by default.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``input``.

    Raises:
        ValueError: both bounds are None.
    """
    if min is None and max is None:
        raise ValueError("clamp needs min or max")
    inputs, attrs = {"X": input}, {"min": -3.4028235e38, "max": 3.4028235e38}
    for slot, key, bound in (("Min", "min", min), ("Max", "max", max)):
        if isinstance(bound, Variable):
            bound.stop_gradient = True
            inputs[slot] = bound
        elif bound is not None:
            attrs[key] = bound
    out = "X" if output is None else output
    return append_op("clip", inputs, {"Out": out}, attrs, name=name, helper_type="clamp")


def sum(x):
    """The sum of variables, element by element.

    Args:
        x (list): Variables of one shape and type, or one.

    Returns:
        Variable: of the shape and type of them.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    return append_op("sum", {"X": x}, {"Out": "X"})


def mean(x, name=None):
    """The mean of all elements.

    Args:
        x (Variable): any shape, float32 or float64.
        name (str): name of the layer.

    Returns:
        Variable: (1,), of the type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return append_op("mean", {"X": x}, {"Out": "X"}, name=name)


def sign(x):
    """-1, 0 or 1, the sign of each element.

    Args:
        x (Variable): any shape, float32 or float64.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    if not isinstance(x, Variable):
        from paddle.fluid.layers.tensor import assign

        x = assign(x)
    return append_op("sign", {"X": x}, {"Out": "X"})


def addcmul(input, tensor1, tensor2, value=1.0, out=None, name=None):
    """input + value * tensor1 * tensor2, element by element.

    Args:
        input (Variable): any shape, float32, float64, int32 or int64.
        tensor1 (Variable): of the type of ``input``; its shape can be broadcast.
        tensor2 (Variable): of the type of ``input``; its shape can be broadcast.
        value (float): factor of the product.
        out (Variable): where the result goes; a new one by default.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``input``.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    total = elementwise_add(input, elementwise_mul(tensor1, tensor2) * value)
    if out is None:
        return total
    from paddle.fluid.layers.tensor import assign

    return assign(total, out)


def cos_sim(X, Y):
    """The cosine of the angle between the rows of X and Y.

    Args:
        X (Variable): (N, ...), float32 or float64.
        Y (Variable): of the shape of ``X``, or one row for all of its rows.

    Returns:
        Variable: (N, 1), with the sequences of ``X``.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    out, _, _ = append_op("cos_sim", {"X": X, "Y": Y}, {"Out": "X", "XNorm": "X", "YNorm": "X"})
    return out


def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False, name=None):
    """Whether |input - other| <= atol + rtol * |other| for all elements.

    Args:
        input (Variable): any shape, float32 or float64.
        other (Variable): of the shape and type of ``input``.
        rtol (float): relative tolerance.
        atol (float): absolute tolerance.
        equal_nan (bool): NaN equals NaN.
        name (str): name of the layer.

    Returns:
        Variable: bool, (1,).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    attrs = {"rtol": rtol, "atol": atol, "equal_nan": equal_nan}
    return append_op("allclose", {"Input": input, "Other": other}, {"Out": "bool"}, attrs, name=name)

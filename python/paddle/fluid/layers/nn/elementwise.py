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
    """Whether x equals y, for each element; see ``equal``. The result is bool."""
    return append_op("equal", {"X": x, "Y": y}, {"Out": "bool"}, name=name, helper_type="elementwise_equal")


def _logical(op_type, what):
    def function(x, y, out=None, name=None):
        return append_op(op_type, {"X": x, "Y": y}, {"Out": "X" if out is None else out}, name=name)

    function.__name__ = function.__qualname__ = op_type
    function.__doc__ = (
        "%s of each element.\n\n    Args:\n        x (Variable): bool, any shape.\n        y (Variable): bool, of the "
        "shape of ``x``.\n        out (Variable): bool, where the result goes; a new one by default.\n"
        "        name (str): name of the layer.\n\n    Returns:\n        Variable: bool.\n    " % what
    )
    return function


logical_and = _logical("logical_and", "x and y")
logical_or = _logical("logical_or", "x or y")
logical_xor = _logical("logical_xor", "Either x or y, but not both,")


def logical_not(x, out=None, name=None):
    """Not x, for each element. ``x`` and the result: bool, any shape; the result goes into ``out`` if given."""
    return append_op("logical_not", {"X": x}, {"Out": "X" if out is None else out}, name=name)


def scale(x, scale=1.0, bias=0.0, bias_after_scale=True, act=None, name=None):
    """scale * x + bias, or scale * (x + bias) when ``bias_after_scale`` is False.

    Args:
        x (Variable): any shape and type.
        scale: a number, or a Variable of shape (1,).
        bias (float): a number.
        act (str): activation that is applied to the result.

    Returns:
        Variable: of the shape and type of ``x``.
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
    """min where x < min, max where x > max, else x. ``x`` and the result: any shape, floating."""
    return unary("clip", x, {"min": min, "max": max}, name)


def clip_by_norm(x, max_norm, name=None):
    """x, shortened to the Euclidean norm ``max_norm`` where it is longer. ``x`` and the result: any shape, float32."""
    return unary("clip_by_norm", x, {"max_norm": max_norm}, name)


def clamp(input, min=None, max=None, output=None, name=None):
    """Like ``clip``; a bound that is None is open. Bounds may be Variables of shape (1,).

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
    """The sum of a list of variables of one shape and type, element by element."""
    return append_op("sum", {"X": x}, {"Out": "X"})


def mean(x, name=None):
    """The mean of all elements. ``x``: any shape, floating. The result has shape (1,)."""
    return append_op("mean", {"X": x}, {"Out": "X"}, name=name)


def sign(x):
    """-1, 0 or 1, the sign of each element. ``x`` and the result: any shape, floating."""
    if not isinstance(x, Variable):
        from paddle.fluid.layers.tensor import assign

        x = assign(x)
    return append_op("sign", {"X": x}, {"Out": "X"})


def addcmul(input, tensor1, tensor2, value=1.0, out=None, name=None):
    """input + value * tensor1 * tensor2, element by element; shapes are broadcast."""
    total = elementwise_add(input, elementwise_mul(tensor1, tensor2) * value)
    if out is None:
        return total
    from paddle.fluid.layers.tensor import assign

    return assign(total, out)


def cos_sim(X, Y):
    """The cosine of the angle between the rows of X (N, D) and Y (N, D) or (1, D); the result is (N, 1), float32."""
    out, _, _ = append_op("cos_sim", {"X": X, "Y": Y}, {"Out": "X", "XNorm": "X", "YNorm": "X"})
    return out


def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False, name=None):
    """Whether |input - other| <= atol + rtol * |other| for all elements; ``equal_nan``: NaN equals NaN. Bool, (1,)."""
    attrs = {"rtol": rtol, "atol": atol, "equal_nan": equal_nan}
    return append_op("allclose", {"Input": input, "Other": other}, {"Out": "bool"}, attrs, name=name)

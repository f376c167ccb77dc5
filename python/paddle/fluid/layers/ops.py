"""Functions of each element, each one op."""

from paddle.fluid.layers.layer_function_generator import generate_activation_fn
from paddle.fluid.layers._op import unary

sigmoid = generate_activation_fn("sigmoid", "1 / (1 + exp(-x))")
logsigmoid = generate_activation_fn("logsigmoid", "log(1 / (1 + exp(-x)))")
exp = generate_activation_fn("exp", "e to the power of x")
tanh = generate_activation_fn("tanh", "the hyperbolic tangent of x")
atan = generate_activation_fn("atan", "the arc tangent of x, in radians")
tanh_shrink = generate_activation_fn("tanh_shrink", "x - tanh(x)")
sqrt = generate_activation_fn("sqrt", "the square root of x; NaN where x < 0")
rsqrt = generate_activation_fn("rsqrt", "1 / sqrt(x)")
abs = generate_activation_fn("abs", "|x|")
ceil = generate_activation_fn("ceil", "the least integer that is at least x; its gradient is 0")
floor = generate_activation_fn("floor", "the greatest integer that is at most x; its gradient is 0")
cos = generate_activation_fn("cos", "the cosine of x in radians")
acos = generate_activation_fn("acos", "the arc cosine of x, in radians")
asin = generate_activation_fn("asin", "the arc sine of x, in radians")
sin = generate_activation_fn("sin", "the sine of x in radians")
round = generate_activation_fn("round", "the integer next to x, halves away from 0; its gradient is 0")
reciprocal = generate_activation_fn("reciprocal", "1 / x")
square = generate_activation_fn("square", "x * x")
softplus = generate_activation_fn("softplus", "log(1 + exp(x))")
softsign = generate_activation_fn("softsign", "x / (1 + |x|)")


def softshrink(x, alpha=None):
    """x - alpha where x > alpha, x + alpha where x < -alpha, else 0; ``alpha`` is 0.5 by default.

    Args:
        x (Variable): float32 or float64, any shape.
        alpha (float): 0.5 by default.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its shape or element type does not fit.
    """
    return unary("softshrink", x, {"lambda": alpha})


def hard_shrink(x, threshold=None):
    """x where |x| > threshold, else 0.

    Args:
        x (Variable): any shape, float32 or float64.
        threshold (float): 0.5 by default.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return unary("hard_shrink", x, {"threshold": threshold})


def cumsum(x, axis=None, exclusive=None, reverse=None):
    """Sums of the elements up to each one, along an axis.

    Args:
        x (Variable): any shape.
        axis (int): -1, the last one, by default.
        exclusive (bool): leave the element itself out; False by default.
        reverse (bool): sum from the end; False by default.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        ValueError: there is no such axis.
    """
    return unary("cumsum", x, {"axis": axis, "exclusive": exclusive, "reverse": reverse})


def thresholded_relu(x, threshold=None):
    """x where x > threshold, else 0.

    Args:
        x (Variable): any shape, float32 or float64.
        threshold (float): 1 by default.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return unary("thresholded_relu", x, {"threshold": threshold})


def gelu(x, approximate=False):
    """0.5 x (1 + erf(x / sqrt(2))), or with ``approximate`` its formula with tanh.

    Args:
        x (Variable): any shape, float32 or float64.
        approximate (bool): use the formula with tanh.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.

    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.
    """
    return unary("gelu", x, {"approximate": approximate})


def erf(x):
    """The error function of x.

    Args:
        x (Variable): any shape, float32 or float64.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return unary("erf", x)


__all__ = (
    "sigmoid logsigmoid exp tanh atan tanh_shrink sqrt rsqrt abs ceil floor cos acos asin sin round reciprocal square "
    "softplus softsign softshrink hard_shrink cumsum thresholded_relu gelu erf"
).split()

"""Activation functions with parameters."""

from paddle.fluid.framework import Variable
from paddle.fluid.initializer import Constant
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, unary


def relu(x, name=None):
    """max(x, 0) of each element.

    Args:
        x (Variable): any shape, float32 or float64.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return unary("relu", x, name=name)


def relu6(x, threshold=6.0, name=None):
    """min(max(x, 0), threshold) of each element.

    Args:
        x (Variable): any shape, float32 or float64.
        threshold (float): the largest value.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return unary("relu6", x, {"threshold": threshold}, name)


def selu(x, scale=None, alpha=None, name=None):
    """scale * x where x > 0, else scale * alpha * (exp(x) - 1).

    Args:
        x (Variable): any shape, float32 or float64.
        scale (float): factor of the whole; 1.0507... by default.
        alpha (float): factor of the negative part; 1.6732... by default. The defaults keep mean and variance of the
            values.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.

    Source: Klambauer et al., "Self-Normalizing Neural Networks", 2017.
    """
    return unary("selu", x, {"scale": scale, "alpha": alpha}, name)


def log(x, name=None):
    """The natural logarithm of each element.

    Args:
        x (Variable): any shape, float32 or float64.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return unary("log", x, name=name)


def log1p(x, out=None, name=None):
    """log(1 + x) of each element.

    Args:
        x (Variable): any shape, float32 or float64.
        out (Variable): where the result goes; a new one by default.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return append_op("log1p", {"X": x}, {"Out": "X" if out is None else out}, name=name)


def elu(x, alpha=1.0, name=None):
    """x where x > 0, else alpha * (exp(x) - 1).

    Args:
        x (Variable): any shape, float32 or float64.
        alpha (float): factor of the negative part.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.

    Source: Clevert et al., "Fast and Accurate Deep Network Learning by Exponential Linear Units", 2015.
    """
    return unary("elu", x, {"alpha": alpha}, name)


def pow(x, factor=1.0, name=None):
    """x to the power of ``factor``.

    Args:
        x (Variable): any shape, float32, float64, int32 or int64.
        factor: the exponent, a number or a Variable of shape (1,).
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    if isinstance(factor, Variable):
        factor.stop_gradient = True
        return append_op("pow", {"X": x, "FactorTensor": factor}, {"Out": "X"}, name=name)
    return unary("pow", x, {"factor": factor}, name)


def stanh(x, scale_a=0.67, scale_b=1.7159, name=None):
    """scale_b * tanh(scale_a * x).

    Args:
        x (Variable): any shape, float32 or float64.
        scale_a (float): factor of ``x``.
        scale_b (float): factor of the result.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return unary("stanh", x, {"scale_a": scale_a, "scale_b": scale_b}, name)


def hard_sigmoid(x, slope=0.2, offset=0.5, name=None):
    """max(0, min(1, slope * x + offset)).

    Args:
        x (Variable): any shape, float32 or float64.
        slope (float): slope of the linear part.
        offset (float): the value at 0.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return unary("hard_sigmoid", x, {"slope": slope, "offset": offset}, name)


def swish(x, beta=1.0, name=None):
    """x / (1 + exp(-beta * x)).

    Args:
        x (Variable): any shape, float32 or float64.
        beta (float): factor of ``x`` inside the sigmoid.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.

    Source: Ramachandran et al., "Searching for Activation Functions", 2017.
    """
    return unary("swish", x, {"beta": beta}, name)


def brelu(x, t_min=0.0, t_max=24.0, name=None):
    """max(min(x, t_max), t_min).

    Args:
        x (Variable): any shape, float32 or float64.
        t_min (float): the least value.
        t_max (float): the largest value.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return unary("brelu", x, {"t_min": t_min, "t_max": t_max}, name)


def leaky_relu(x, alpha=0.02, name=None):
    """max(x, alpha * x).

    Args:
        x (Variable): any shape, float32 or float64.
        alpha (float): slope where ``x`` is negative.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return unary("leaky_relu", x, {"alpha": alpha}, name)


def soft_relu(x, threshold=40.0, name=None):
    """log(1 + exp(max(min(x, threshold), -threshold))).

    Args:
        x (Variable): any shape, float32 or float64.
        threshold (float): ``x`` is cut to [-threshold, threshold] first.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return unary("soft_relu", x, {"threshold": threshold}, name)


def hard_swish(x, threshold=6.0, scale=6.0, offset=3.0, name=None):
    """x * min(max(0, x + offset), threshold) / scale.

    Args:
        x (Variable): any shape, float32 or float64.
        threshold (float): the bound of x + offset.
        scale (float): divisor.
        offset (float): added to ``x``.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.

    Source: Howard et al., "Searching for MobileNetV3", 2019.
    """
    return unary("hard_swish", x, {"threshold": threshold, "scale": scale, "offset": offset}, name)


def mish(x, threshold=20, name=None):
    """x * tanh(softplus(x)).

    Args:
        x (Variable): any shape, float32 or float64.
        threshold: above it softplus(x) is taken as x.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.

    Source: Misra, "Mish: A Self Regularized Non-Monotonic Neural Activation Function", 2019.
    """
    return unary("mish", x, {"threshold": float(threshold)}, name)


def prelu(x, mode, param_attr=None, name=None):
    """x where x > 0, else alpha * x with a learned alpha.

    Args:
        x (Variable): (N, C, ...), floating.
        mode (str): ``'all'``: one alpha; ``'channel'``: one a channel; ``'element'``: one for each element of a sample.
        param_attr: of alpha; it starts with 0.25.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        ValueError: another mode.

    Source: He et al., "Delving Deep into Rectifiers", 2015.
    """
    if mode not in ("all", "channel", "element"):
        raise ValueError("mode of prelu must be 'all', 'channel' or 'element', got %r" % (mode,))
    helper = LayerHelper("prelu", x=x, param_attr=param_attr, name=name)
    shape = [1]
    if mode == "channel":
        if len(x.shape) < 2:
            raise ValueError("prelu with mode 'channel' needs at least 2 dimensions, got shape %s" % (x.shape,))
        shape = [1, x.shape[1], 1, 1]
    elif mode == "element":
        shape = [1] + list(x.shape[1:])
    alpha = helper.create_parameter(
        attr=helper.param_attr, shape=shape, dtype="float32", default_initializer=Constant(0.25)
    )
    return append_op("prelu", {"X": x, "Alpha": alpha}, {"Out": "X"}, {"mode": mode}, helper=helper)


def maxout(x, groups, name=None, axis=1):
    """The maximum over groups of channels.

    Args:
        x (Variable): 4 dimensions, float32 or float64.
        groups (int): the channels are divided by this.
        name (str): name of the layer.
        axis (int): of the channels: 1, or 3 (or -1) for channels last.

    Returns:
        Variable: like ``x`` with ``groups`` times fewer channels.

    Raises:
        ValueError: another axis.

    Source: Goodfellow et al., "Maxout Networks", 2013.
    """
    if axis not in (1, -1, 3):
        raise ValueError("axis of maxout must be 1, 3 or -1, got %r" % (axis,))
    return unary("maxout", x, {"groups": groups, "axis": 3 if axis == -1 else axis}, name)

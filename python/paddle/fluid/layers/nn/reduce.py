"""Sums, means and the like over dimensions."""

from paddle.fluid.layers._op import append_op, unary

_DOC = """%s over dimensions.

    Args:
        input (Variable): %s, any shape.
        dim: a dimension or a list of them, negative ones counted from the end; all when None.
        keep_dim (bool): keep the dimensions, of size 1.
        name (str): name of the layer.

    Returns:
        Variable: of the type of ``input``; of shape (1,) over all dimensions.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: there is no such dimension, or the element type does not fit.
    """


def _reduce_attrs(dim, keep_dim):
    if dim is not None and not isinstance(dim, (list, tuple)):
        dim = [dim]
    return {"dim": list(dim) if dim else [0], "keep_dim": keep_dim, "reduce_all": not dim}


def _reduce(op_type, what, kinds="float32, float64, int32 or int64"):
    def function(input, dim=None, keep_dim=False, name=None):
        return unary(op_type, input, _reduce_attrs(dim, keep_dim), name)

    function.__name__ = function.__qualname__ = op_type
    function.__doc__ = _DOC % (what, kinds)
    return function


reduce_sum = _reduce("reduce_sum", "The sum")
reduce_mean = _reduce("reduce_mean", "The mean")
reduce_max = _reduce("reduce_max", "The maximum")
reduce_min = _reduce("reduce_min", "The minimum")
reduce_prod = _reduce("reduce_prod", "The product")
reduce_all = _reduce("reduce_all", "Whether all elements are true,", "bool")
reduce_any = _reduce("reduce_any", "Whether any element is true,", "bool")


def logsumexp(x, dim=None, keepdim=False, out=None, name=None):
    """log(sum(exp(x))) over dimensions.

    Args:
        x (Variable): any shape, float32 or float64.
        dim: a dimension or a list of them; all when None.
        keepdim (bool): keep the dimensions, of size 1.
        out (Variable): where the result goes; a new one by default.
        name (str): name of the layer.

    Returns:
        As of ``reduce_sum``.

    Raises:
        ValueError: there is no such dimension.
    """
    from paddle.fluid.layers.nn.activation import log
    from paddle.fluid.layers.ops import exp

    total = reduce_sum(exp(x), dim=dim, keep_dim=keepdim, name=name)
    if out is None:
        return log(total)
    return append_op("log", {"X": total}, {"Out": out}, name=name)

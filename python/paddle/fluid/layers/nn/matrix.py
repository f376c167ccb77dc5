"""Products of matrices and vectors."""

from paddle.fluid.layers._op import append_op


def mul(x, y, x_num_col_dims=1, y_num_col_dims=1, name=None):
    """The product of two matrices, made from tensors: the first ``num_col_dims`` dimensions become the rows.

    Args:
        x, y (Variable): float32 or float64; the columns of the one are as many as the rows of the other.

    Returns:
        Variable: of shape ``x.shape[:x_num_col_dims] + y.shape[y_num_col_dims:]``.
    """
    attrs = {"x_num_col_dims": x_num_col_dims, "y_num_col_dims": y_num_col_dims}
    return append_op("mul", {"X": x, "Y": y}, {"Out": "X"}, attrs, name=name)


def matmul(x, y, transpose_x=False, transpose_y=False, alpha=1.0, name=None):
    """alpha * x y, the product of matrices in the last two dimensions.

    Args:
        x (Variable): (..., M, K), floating; a vector (K,) counts as (1, K).
        y (Variable): (..., K, N); a vector (K,) counts as (K, 1). The dimensions before are the same, or one is a
            matrix.
        transpose_x, transpose_y (bool): exchange the last two dimensions before.
        alpha (float): factor.

    Returns:
        Variable: (..., M, N); (1,) for two vectors.

    Raises:
        ValueError: the sizes do not fit.
    """
    attrs = {"transpose_X": transpose_x, "transpose_Y": transpose_y, "alpha": float(alpha)}
    return append_op("matmul", {"X": x, "Y": y}, {"Out": "X"}, attrs, name=name)


def bmm(x, y, name=None):
    """The products of matrices x (B, M, K) and y (B, K, N), one by one: (B, M, N)."""
    return append_op("bmm", {"X": x, "Y": y}, {"Out": "X"}, name=name)


def dot(x, y, name=None):
    """The inner product of x and y (N,), or of their rows (B, N): (1,) or (B, 1)."""
    return append_op("dot", {"X": x, "Y": y}, {"Out": "X"}, name=name)


def addmm(input, x, y, alpha=1.0, beta=1.0, name=None):
    """beta * input + alpha * x y for matrices x (M, K), y (K, N) and input (M, N) or of broadcast shape."""
    attrs = {"Alpha": alpha, "Beta": beta}
    return append_op("addmm", {"Input": input, "X": x, "Y": y}, {"Out": "X"}, attrs, name=name)


def dist(x, y, p=2):
    """The p-norm of x - y, shapes broadcast: (1,)."""
    return append_op("dist", {"X": x, "Y": y}, {"Out": "X"}, {"p": float(p)})


def t(input, name=None):
    """The transposed matrix; a vector or number stays as it is.

    Raises:
        ValueError: more than two dimensions.
    """
    if len(input.shape) > 2:
        raise ValueError("t takes at most 2 dimensions, got shape %s; see transpose" % (input.shape,))
    if len(input.shape) < 2:
        return input
    outputs = {"Out": "X", "XShape": "X"}
    return append_op("transpose2", {"X": input}, outputs, {"axis": [1, 0]}, name=name, helper_type="t")[0]


def cross(input, other, dim=None):
    """The cross product along a dimension of size 3 (the first such one by default); shapes are the same."""
    return append_op("cross", {"X": input, "Y": other}, {"Out": "X"}, {"dim": dim})


def bilinear_tensor_product(x, y, size, act=None, name=None, param_attr=None, bias_attr=None):
    """x W_i y + b_i for each of ``size`` learned matrices: x (N, D), y (N, E), the result (N, size)."""
    from paddle.fluid.layer_helper import LayerHelper

    helper = LayerHelper("bilinear_tensor_product", name=name, act=act, param_attr=param_attr, bias_attr=bias_attr)
    weight = helper.create_parameter(
        attr=helper.param_attr, shape=[size, x.shape[1], y.shape[1]], dtype=x.dtype, is_bias=False
    )
    inputs = {"X": x, "Y": y, "Weight": weight}
    if helper.bias_attr:
        inputs["Bias"] = helper.create_parameter(attr=helper.bias_attr, shape=[1, size], dtype=x.dtype, is_bias=True)
    return helper.append_activation(append_op("bilinear_tensor_product", inputs, {"Out": "X"}, helper=helper))

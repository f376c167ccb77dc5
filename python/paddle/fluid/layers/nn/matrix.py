"""Products of matrices and vectors."""

from paddle.fluid.layers._op import append_op, check_variable


def mul(x, y, x_num_col_dims=1, y_num_col_dims=1, name=None):
    """The product of two matrices, made from tensors: the first ``num_col_dims`` dimensions become the rows.

    Args:
        x, y (Variable): float32 or float64; the columns of the one are as many as the rows of the other.
        x_num_col_dims (int): how many dimensions of ``x`` become its rows.
        y_num_col_dims (int): how many dimensions of ``y`` become its rows.
        name (str): name of the layer.

    Returns:
        Variable: of shape ``x.shape[:x_num_col_dims] + y.shape[y_num_col_dims:]``.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: the sizes do not fit.
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
        name (str): name of the layer.

    Returns:
        Variable: (..., M, N); (1,) for two vectors.

    Raises:
        ValueError: the sizes do not fit.
    """
    attrs = {"transpose_X": transpose_x, "transpose_Y": transpose_y, "alpha": float(alpha)}
    return append_op("matmul", {"X": x, "Y": y}, {"Out": "X"}, attrs, name=name)


def bmm(x, y, name=None):
    """The products of matrices, one by one.

    Args:
        x (Variable): (B, M, K), float32 or float64.
        y (Variable): (B, K, N), of the type of ``x``.
        name (str): name of the layer.

    Returns:
        Variable: (B, M, N).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    return append_op("bmm", {"X": x, "Y": y}, {"Out": "X"}, name=name)


def dot(x, y, name=None):
    """The inner product of two vectors, or of the rows of matrices.

    Args:
        x (Variable): (N,) or (B, N).
        y (Variable): of the shape and type of ``x``.
        name (str): name of the layer.

    Returns:
        Variable: (1,) or (B, 1).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    return append_op("dot", {"X": x, "Y": y}, {"Out": "X"}, name=name)


def addmm(input, x, y, alpha=1.0, beta=1.0, name=None):
    """beta * input + alpha * x y.

    Args:
        input (Variable): (M, N), or of a shape that can be broadcast to it.
        x (Variable): (M, K), float32 or float64.
        y (Variable): (K, N).
        alpha (float): factor of the product.
        beta (float): factor of ``input``.
        name (str): name of the layer.

    Returns:
        Variable: (M, N).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    attrs = {"Alpha": alpha, "Beta": beta}
    return append_op("addmm", {"Input": input, "X": x, "Y": y}, {"Out": "X"}, attrs, name=name)


def dist(x, y, p=2):
    """The p-norm of x - y.

    Args:
        x (Variable): any shape, float32 or float64.
        y (Variable): of the type of ``x``; its shape can be broadcast.
        p (float): the norm, at least 0, or infinite.

    Returns:
        Variable: (1,).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    return append_op("dist", {"X": x, "Y": y}, {"Out": "X"}, {"p": float(p)})


def t(input, name=None):
    """The transposed matrix; a vector or number stays as it is.

    Args:
        input (Variable): at most two dimensions.
        name (str): name of the layer.

    Returns:
        Variable: the transposed matrix.

    Raises:
        ValueError: more than two dimensions.
    """
    check_variable(input, "input of t")
    if len(input.shape) > 2:
        raise ValueError("t takes at most 2 dimensions, got shape %s; see transpose" % (input.shape,))
    if len(input.shape) < 2:
        return input
    outputs = {"Out": "X", "XShape": "X"}
    return append_op("transpose2", {"X": input}, outputs, {"axis": [1, 0]}, name=name, helper_type="t")[0]


def cross(input, other, dim=None):
    """The cross product along a dimension of size 3.

    Args:
        input (Variable): any shape with a dimension of size 3.
        other (Variable): of the shape and type of ``input``.
        dim (int): this dimension; the first of size 3 by default.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    return append_op("cross", {"X": input, "Y": other}, {"Out": "X"}, {"dim": dim})


def bilinear_tensor_product(x, y, size, act=None, name=None, param_attr=None, bias_attr=None):
    """x W_i y + b_i for each of ``size`` learned matrices.

    Args:
        x (Variable): (N, D), float32 or float64.
        y (Variable): (N, E), of the type of ``x``.
        size (int): number of matrices.
        act (str): activation that is applied to the result.
        name (str): name of the layer.
        param_attr (ParamAttr): of W, (size, D, E).
        bias_attr (ParamAttr): of b, (1, size); False: none.

    Returns:
        Variable: (N, size).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    check_variable(x, "x of bilinear_tensor_product")
    check_variable(y, "y of bilinear_tensor_product")
    from paddle.fluid.layer_helper import LayerHelper

    helper = LayerHelper("bilinear_tensor_product", name=name, act=act, param_attr=param_attr, bias_attr=bias_attr)
    weight = helper.create_parameter(
        attr=helper.param_attr, shape=[size, x.shape[1], y.shape[1]], dtype=x.dtype, is_bias=False
    )
    inputs = {"X": x, "Y": y, "Weight": weight}
    if helper.bias_attr:
        inputs["Bias"] = helper.create_parameter(attr=helper.bias_attr, shape=[1, size], dtype=x.dtype, is_bias=True)
    return helper.append_activation(append_op("bilinear_tensor_product", inputs, {"Out": "X"}, helper=helper))

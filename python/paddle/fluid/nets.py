"""Small nets of several layers."""

from paddle.fluid import layers
from paddle.fluid.layers._op import check_variable

__all__ = ["simple_img_conv_pool", "sequence_conv_pool", "glu", "scaled_dot_product_attention", "img_conv_group"]


def simple_img_conv_pool(
    input,
    num_filters,
    filter_size,
    pool_size,
    pool_stride,
    pool_padding=0,
    pool_type="max",
    global_pooling=False,
    conv_stride=1,
    conv_padding=0,
    conv_dilation=1,
    conv_groups=1,
    param_attr=None,
    bias_attr=None,
    act=None,
    use_cudnn=True,
):
    """``conv2d`` followed by ``pool2d``; see there.

    Args:
        input (Variable): (N, C, H, W), float32 or float64.
        num_filters, filter_size, conv_stride, conv_padding, conv_dilation, conv_groups: of the convolution.
        param_attr, bias_attr (ParamAttr): of the convolution.
        act (str): activation of the convolution.
        pool_size, pool_stride, pool_padding, pool_type, global_pooling: of the pooling.
        use_cudnn (bool): without meaning here.

    Returns:
        Variable: (N, num_filters, H', W').

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: sizes do not fit.
    """
    out = layers.conv2d(
        input=input,
        num_filters=num_filters,
        filter_size=filter_size,
        stride=conv_stride,
        padding=conv_padding,
        dilation=conv_dilation,
        groups=conv_groups,
        param_attr=param_attr,
        bias_attr=bias_attr,
        act=act,
        use_cudnn=use_cudnn,
    )
    return layers.pool2d(
        input=out,
        pool_size=pool_size,
        pool_type=pool_type,
        pool_stride=pool_stride,
        pool_padding=pool_padding,
        global_pooling=global_pooling,
        use_cudnn=use_cudnn,
    )


def img_conv_group(
    input,
    conv_num_filter,
    pool_size,
    conv_padding=1,
    conv_filter_size=3,
    conv_act=None,
    param_attr=None,
    conv_with_batchnorm=False,
    conv_batchnorm_drop_rate=0.0,
    pool_stride=1,
    pool_type="max",
    use_cudnn=True,
):
    """Several ``conv2d``, each maybe with ``batch_norm`` and ``dropout`` behind, then a ``pool2d``.

    Args:
        input (Variable): (N, C, H, W), float32 or float64.
        conv_num_filter (list): filters of each convolution.
        conv_padding, conv_filter_size, param_attr: of each convolution: lists of the same length, or one for all.
        conv_act (str): activation of the convolutions, behind ``batch_norm`` where there is one.
        conv_with_batchnorm: whether ``batch_norm`` follows: a list, or one for all.
        conv_batchnorm_drop_rate: probability of a ``dropout`` behind it: a list, or one for all; 0: none.
        pool_size, pool_stride, pool_type: of the pooling.
        use_cudnn (bool): without meaning here.

    Returns:
        Variable: (N, conv_num_filter[-1], H', W').

    Raises:
        TypeError: ``input`` is not a Variable, or ``conv_num_filter`` not a list.
        ValueError: a list of another length, or sizes that do not fit.
    """
    if not isinstance(conv_num_filter, (list, tuple)):
        raise TypeError("conv_num_filter must be a list, got %s" % type(conv_num_filter).__name__)
    count = len(conv_num_filter)

    def each(value, what):
        if not hasattr(value, "__len__") or isinstance(value, str):
            return [value] * count
        if len(value) != count:
            raise ValueError("%s must have %d elements, got %d" % (what, count, len(value)))
        return list(value)

    paddings = each(conv_padding, "conv_padding")
    sizes = each(conv_filter_size, "conv_filter_size")
    attrs = each(param_attr, "param_attr")
    with_norm = each(conv_with_batchnorm, "conv_with_batchnorm")
    drop_rates = each(conv_batchnorm_drop_rate, "conv_batchnorm_drop_rate")
    out = input
    for i in range(count):
        out = layers.conv2d(
            input=out,
            num_filters=conv_num_filter[i],
            filter_size=sizes[i],
            padding=paddings[i],
            param_attr=attrs[i],
            act=None if with_norm[i] else conv_act,
            use_cudnn=use_cudnn,
        )
        if with_norm[i]:
            out = layers.batch_norm(input=out, act=conv_act)
            if abs(drop_rates[i]) > 1e-5:
                out = layers.dropout(x=out, dropout_prob=drop_rates[i])
    return layers.pool2d(
        input=out, pool_size=pool_size, pool_type=pool_type, pool_stride=pool_stride, use_cudnn=use_cudnn
    )


def sequence_conv_pool(
    input, num_filters, filter_size, param_attr=None, act="sigmoid", pool_type="max", bias_attr=None
):
    """``sequence_conv`` followed by ``sequence_pool``; see there.

    Args:
        input (Variable): sequences of rows (D,), lod_level 1.
        num_filters (int): features of the result.
        filter_size (int): rows that go into one.
        param_attr, bias_attr (ParamAttr): of the convolution.
        act (str): activation of the convolution.
        pool_type (str): of ``sequence_pool``.

    Returns:
        Variable: (sequences, num_filters).

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: ``input`` has no sequences, or there is no such ``pool_type``.
    """
    out = layers.sequence_conv(
        input=input,
        num_filters=num_filters,
        filter_size=filter_size,
        param_attr=param_attr,
        bias_attr=bias_attr,
        act=act,
    )
    return layers.sequence_pool(input=out, pool_type=pool_type)


def glu(input, dim=-1):
    """a * sigmoid(b), where a and b are the halves of ``input`` along a dimension.

    Args:
        input (Variable): any shape, float32 or float64.
        dim (int): the dimension, of even size.

    Returns:
        Variable: of half the size along ``dim``.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: the size is odd, or there is no such dimension.

    Source: Dauphin et al., "Language Modeling with Gated Convolutional Networks", 2016.
    """
    a, b = layers.split(input, num_or_sections=2, dim=dim)
    return layers.elementwise_mul(x=a, y=layers.sigmoid(x=b))


def scaled_dot_product_attention(queries, keys, values, num_heads=1, dropout_rate=0.0):
    """softmax(q k / sqrt(d)) v, in ``num_heads`` parts side by side.

    Args:
        queries (Variable): (N, T, D).
        keys (Variable): (N, S, D).
        values (Variable): (N, S, E).
        num_heads (int): D and E are divided by it; with more than one, the three are projected before.
        dropout_rate (float): of the weights.

    Returns:
        Variable: (N, T, E).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes do not fit.

    Source: Vaswani et al., "Attention Is All You Need", 2017.
    """
    for what, var in (("queries", queries), ("keys", keys), ("values", values)):
        check_variable(var, what + " of scaled_dot_product_attention")
        if len(var.shape) != 3:
            raise ValueError("%s must have 3 dimensions, got shape %s" % (what, var.shape))
    if queries.shape[-1] != keys.shape[-1]:
        raise ValueError("queries and keys differ in size: %s and %s" % (queries.shape, keys.shape))
    if keys.shape[-2] != values.shape[-2]:
        raise ValueError("keys and values differ in number: %s and %s" % (keys.shape, values.shape))
    if keys.shape[-1] % num_heads or values.shape[-1] % num_heads:
        raise ValueError(
            "sizes %d and %d cannot be divided into %d heads" % (keys.shape[-1], values.shape[-1], num_heads)
        )
    if num_heads > 1:
        queries, keys, values = (
            layers.fc(input=var, size=var.shape[-1], num_flatten_dims=2) for var in (queries, keys, values)
        )
    q, k, v = (_split_heads(var, num_heads) for var in (queries, keys, values))
    scaled = layers.scale(x=q, scale=(keys.shape[-1] // num_heads) ** -0.5)
    product = layers.matmul(x=scaled, y=k, transpose_y=True)
    weights = layers.reshape(
        x=layers.reshape(x=product, shape=[-1, product.shape[-1]], act="softmax"), shape=product.shape
    )
    if dropout_rate:
        weights = layers.dropout(weights, dropout_prob=dropout_rate, is_test=False)
    return _join_heads(layers.matmul(weights, v))


def _split_heads(x, num_heads):
    """(N, T, D) to (N, heads, T, D / heads)."""
    if num_heads == 1:
        return x
    parts = layers.reshape(x=x, shape=list(x.shape[:-1]) + [num_heads, x.shape[-1] // num_heads])
    return layers.transpose(x=parts, perm=[0, 2, 1, 3])


def _join_heads(x):
    """(N, heads, T, D / heads) to (N, T, D)."""
    if len(x.shape) == 3:
        return x
    turned = layers.transpose(x, perm=[0, 2, 1, 3])
    return layers.reshape(x=turned, shape=list(turned.shape[:2]) + [turned.shape[2] * turned.shape[3]])

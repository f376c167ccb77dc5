"""Pooling."""

from paddle.fluid.layers._op import append_op, to_list
from paddle.fluid.layers.nn._padding import is_channel_last, parse_padding


def _check_pool(layer, pool_type, pool_size, global_pooling):
    if pool_type not in ("max", "avg"):
        raise ValueError("pool_type of %s must be 'max' or 'avg', got %r" % (layer, pool_type))
    if not global_pooling and pool_size == -1:
        raise ValueError("%s needs a pool_size, or global_pooling=True" % layer)


def _pool(
    dims, op_type, input, pool_size, pool_type, stride, padding, global_pooling, ceil_mode, name, exclusive, data_format
):
    _check_pool(op_type, pool_type, pool_size, global_pooling)
    channel_last = is_channel_last(data_format, dims, op_type)
    paddings, algorithm = parse_padding(padding, dims, channel_last, op_type)
    if algorithm == "VALID" and ceil_mode:
        raise ValueError("%s with padding 'VALID' takes no ceil_mode" % op_type)
    attrs = {
        "pooling_type": pool_type,
        "ksize": to_list(pool_size, dims, "pool_size of " + op_type),
        "global_pooling": global_pooling,
        "strides": to_list(stride, dims, "pool_stride of " + op_type),
        "paddings": paddings,
        "padding_algorithm": algorithm,
        "ceil_mode": ceil_mode,
        "exclusive": exclusive,
        "data_format": data_format,
    }
    return append_op(op_type, {"X": input}, {"Out": "X"}, attrs, name=name)


def pool2d(
    input,
    pool_size=-1,
    pool_type="max",
    pool_stride=1,
    pool_padding=0,
    global_pooling=False,
    use_cudnn=True,
    ceil_mode=False,
    name=None,
    exclusive=True,
    data_format="NCHW",
):
    """The maximum or mean of windows.

    Args:
        input (Variable): (N, C, H, W), or (N, H, W, C) for ``data_format`` 'NHWC', float32 or float64.
        pool_size: (height, width) of the windows, or one for both.
        pool_type (str): ``'max'`` or ``'avg'``.
        pool_stride: (height, width) from window to window, or one for both.
        pool_padding: see ``conv2d``; padded elements are never the maximum.
        global_pooling (bool): one window, the whole image.
        use_cudnn (bool): without meaning here.
        ceil_mode (bool): a window at the end may be incomplete.
        name (str): name of the layer.
        exclusive (bool): means are over the elements inside the image, not the padded ones.
        data_format (str): ``'NCHW'`` or ``'NHWC'``.

    Returns:
        Variable: (N, C, H', W') with H' = (H + top + bottom - height) / stride + 1, rounded down, or up in
        ``ceil_mode``.

    Raises:
        ValueError: a wrong type, format or size.
    """
    return _pool(
        2,
        "pool2d",
        input,
        pool_size,
        pool_type,
        pool_stride,
        pool_padding,
        global_pooling,
        ceil_mode,
        name,
        exclusive,
        data_format,
    )


def pool3d(
    input,
    pool_size=-1,
    pool_type="max",
    pool_stride=1,
    pool_padding=0,
    global_pooling=False,
    use_cudnn=True,
    ceil_mode=False,
    name=None,
    exclusive=True,
    data_format="NCDHW",
):
    """Like ``pool2d`` with depth.

    Args:
        input (Variable): (N, C, D, H, W), or (N, D, H, W, C) for 'NDHWC', float32 or float64.
        pool_size: (depth, height, width), or one for all.
        pool_type (str): ``'max'`` or ``'avg'``.
        pool_stride: (depth, height, width) from window to window, or one for all.
        pool_padding: see ``conv2d``.
        global_pooling (bool): one window, the whole image.
        use_cudnn (bool): without meaning here.
        ceil_mode (bool): a window at the end may be incomplete.
        name (str): name of the layer.
        exclusive (bool): means are over the elements inside the image.
        data_format (str): ``'NCDHW'`` or ``'NDHWC'``.

    Returns:
        Variable: (N, C, D', H', W'), sizes as of ``pool2d``.

    Raises:
        ValueError: a wrong type, format or size.
    """
    return _pool(
        3,
        "pool3d",
        input,
        pool_size,
        pool_type,
        pool_stride,
        pool_padding,
        global_pooling,
        ceil_mode,
        name,
        exclusive,
        data_format,
    )


def _adaptive_pool(dims, input, pool_size, pool_type, require_index, name):
    layer = "adaptive_pool%dd" % dims
    _check_pool(layer, pool_type, None, False)
    if require_index and pool_type == "avg":
        raise ValueError("require_index of %s goes with pool_type 'max'" % layer)
    attrs = {"pooling_type": pool_type, "ksize": to_list(pool_size, dims, "pool_size of " + layer), "adaptive": True}
    if pool_type == "max":
        op_type, outputs = "max_pool%dd_with_index" % dims, {"Out": "X", "Mask": "X"}
        del attrs["pooling_type"]
    else:
        op_type, outputs = "pool%dd" % dims, {"Out": "X"}
    made = append_op(op_type, {"X": input}, outputs, attrs, name=name)
    if pool_type == "avg":
        return made
    return tuple(made) if require_index else made[0]


def adaptive_pool2d(input, pool_size, pool_type="max", require_index=False, name=None):
    """Pooling into a grid of a given size, whatever the size of the image.

    Args:
        input (Variable): (N, C, H, W), float32 or float64.
        pool_size: (height, width) of the result, or one for both.
        pool_type (str): ``'max'`` or ``'avg'``.
        require_index (bool): return the places of the maxima too.
        name (str): name of the layer.

    Returns:
        Variable: (N, C, height, width); with ``require_index`` a pair of it and the places.

    Raises:
        ValueError: a wrong type or size, or ``require_index`` with 'avg'.
    """
    return _adaptive_pool(2, input, pool_size, pool_type, require_index, name)


def adaptive_pool3d(input, pool_size, pool_type="max", require_index=False, name=None):
    """Like ``adaptive_pool2d`` with depth.

    Args:
        input (Variable): (N, C, D, H, W), float32 or float64.
        pool_size: (depth, height, width) of the result, or one for all.
        pool_type (str): ``'max'`` or ``'avg'``.
        require_index (bool): return the places of the maxima too.
        name (str): name of the layer.

    Returns:
        Variable: (N, C, depth, height, width); with ``require_index`` a pair of it and the places.

    Raises:
        ValueError: a wrong type or size, or ``require_index`` with 'avg'.
    """
    return _adaptive_pool(3, input, pool_size, pool_type, require_index, name)

"""Convolutions."""

from paddle.fluid.initializer import Normal
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable, to_list
from paddle.fluid.layers.nn._padding import is_channel_last, parse_padding


def _channels(input, dims, channel_last, layer):
    check_variable(input, "input of " + layer)
    if len(input.shape) != dims + 2:
        raise ValueError("%s takes %d dimensions, input '%s' has shape %s" % (layer, dims + 2, input.name, input.shape))
    channels = input.shape[-1 if channel_last else 1]
    if channels < 0:
        raise ValueError("%s needs to know the channels; input '%s' has shape %s" % (layer, input.name, input.shape))
    return channels


def _check_groups(channels, num_filters, groups, layer):
    groups = 1 if groups is None else groups
    if groups <= 0 or channels % groups or num_filters % groups:
        raise ValueError(
            "%d channels and %d filters of %s cannot be divided into %d groups" % (channels, num_filters, layer, groups)
        )
    return groups


def _finish(helper, out, dims, channel_last):
    """Bias over the channels, then the activation."""
    if channel_last:
        out = helper.append_bias_op(out, dim_start=dims + 1, dim_end=dims + 2)
    else:
        out = helper.append_bias_op(out, dim_start=1, dim_end=2)
    return helper.append_activation(out)


def _conv(dims, layer, input, num_filters, filter_size, stride, padding, dilation, groups, helper_args, data_format):
    channel_last = is_channel_last(data_format, dims, layer)
    channels = _channels(input, dims, channel_last, layer)
    groups = _check_groups(channels, num_filters, groups, layer)
    op_type = layer
    use_cudnn = helper_args.pop("use_cudnn")
    if dims == 2 and channels == groups and num_filters % channels == 0 and not use_cudnn:
        op_type = "depthwise_conv2d"
    helper = LayerHelper(op_type, input=input, **helper_args)
    size = to_list(filter_size, dims, "filter_size of " + layer)
    paddings, algorithm = parse_padding(padding, dims, channel_last, layer)
    shape = [num_filters, channels // groups] + size
    elements = channels
    for d in size:
        elements *= d
    weight = helper.create_parameter(
        attr=helper.param_attr,
        shape=shape,
        dtype=input.dtype,
        default_initializer=Normal(0.0, (2.0 / elements) ** 0.5, 0),
    )
    attrs = {
        "strides": to_list(stride, dims, "stride of " + layer),
        "paddings": paddings,
        "dilations": to_list(dilation, dims, "dilation of " + layer),
        "groups": groups,
        "padding_algorithm": algorithm,
        "data_format": data_format,
    }
    out = append_op(op_type, {"Input": input, "Filter": weight}, {"Output": "Input"}, attrs, helper=helper)
    return _finish(helper, out, dims, channel_last)


def conv2d(
    input,
    num_filters,
    filter_size,
    stride=1,
    padding=0,
    dilation=1,
    groups=None,
    param_attr=None,
    bias_attr=None,
    use_cudnn=True,
    act=None,
    name=None,
    data_format="NCHW",
):
    """A 2-d convolution: act(W * x + b).

    Args:
        input (Variable): (N, C, H, W), or (N, H, W, C) for ``data_format`` 'NHWC', float32 or float64.
        num_filters (int): channels of the result.
        filter_size: (height, width), or one for both.
        stride, dilation: (height, width), or one for both.
        padding: pixels of 0 around: one integer, (height, width), (top, bottom, left, right), a pair for each
            dimension of the input, 'SAME' (the size is divided by the stride) or 'VALID' (none).
        groups (int): channels and filters are divided into so many groups that do not see each other.
        param_attr (ParamAttr): of W, (num_filters, C / groups, height, width).
        bias_attr (ParamAttr): of b, (num_filters,); False: none.
        use_cudnn (bool): without meaning here.
        act (str): activation.
        name (str): name of the layer.
        data_format (str): ``'NCHW'`` or ``'NHWC'``.

    Returns:
        Variable: (N, num_filters, H', W') with H' = (H + top + bottom - dilation * (height - 1) - 1) / stride + 1.

    Raises:
        ValueError: sizes do not fit.
    """
    args = dict(param_attr=param_attr, bias_attr=bias_attr, act=act, name=name, use_cudnn=use_cudnn)
    return _conv(2, "conv2d", input, num_filters, filter_size, stride, padding, dilation, groups, args, data_format)


def conv3d(
    input,
    num_filters,
    filter_size,
    stride=1,
    padding=0,
    dilation=1,
    groups=None,
    param_attr=None,
    bias_attr=None,
    use_cudnn=True,
    act=None,
    name=None,
    data_format="NCDHW",
):
    """A 3-d convolution, like ``conv2d`` with depth.

    Args:
        input (Variable): (N, C, D, H, W), or (N, D, H, W, C) for 'NDHWC', float32 or float64.
        num_filters (int): channels of the result.
        filter_size: (depth, height, width), or one for all.
        stride: (depth, height, width), or one for all.
        padding: see ``conv2d``.
        dilation: (depth, height, width), or one for all.
        groups (int): see ``conv2d``.
        param_attr (ParamAttr): of W, (num_filters, C / groups, depth, height, width).
        bias_attr (ParamAttr): of b, (num_filters,); False: none.
        use_cudnn (bool): without meaning here.
        act (str): activation that is applied to the result.
        name (str): name of the layer.
        data_format (str): ``'NCDHW'`` or ``'NDHWC'``.

    Returns:
        Variable: (N, num_filters, D', H', W'), sizes as of ``conv2d``.

    Raises:
        ValueError: sizes do not fit.
    """
    args = dict(param_attr=param_attr, bias_attr=bias_attr, act=act, name=name, use_cudnn=use_cudnn)
    return _conv(3, "conv3d", input, num_filters, filter_size, stride, padding, dilation, groups, args, data_format)


def _filter_of_output(input, output_size, strides, paddings, dilations, channel_last, dims):
    """The filter sizes that make a transposed convolution give ``output_size``."""
    if len(paddings) == dims:
        paddings = [side for size in paddings for side in (size, size)]
    spatial = input.shape[1:-1] if channel_last else input.shape[2:]
    sizes = []
    for i in range(dims):
        inner = output_size[i] - (spatial[i] - 1) * strides[i] + paddings[2 * i] + paddings[2 * i + 1] - 1
        sizes.append(inner // dilations[i] + 1)
    return sizes


def _conv_transpose(
    dims,
    layer,
    input,
    num_filters,
    output_size,
    filter_size,
    padding,
    stride,
    dilation,
    groups,
    helper_args,
    data_format,
):
    channel_last = is_channel_last(data_format, dims, layer)
    channels = _channels(input, dims, channel_last, layer)
    groups = 1 if groups is None else groups
    if groups <= 0 or channels % groups:
        raise ValueError("%d channels of %s cannot be divided into %d groups" % (channels, layer, groups))
    op_type = layer
    use_cudnn = helper_args.pop("use_cudnn")
    if dims == 2 and channels == groups and num_filters == channels and not use_cudnn:
        op_type = "depthwise_conv2d_transpose"
    helper = LayerHelper(op_type, input=input, **helper_args)
    strides = to_list(stride, dims, "stride of " + layer)
    dilations = to_list(dilation, dims, "dilation of " + layer)
    paddings, algorithm = parse_padding(padding, dims, channel_last, layer)
    if output_size is not None:
        output_size = to_list(output_size, dims, "output_size of " + layer)
    if filter_size is None:
        if output_size is None:
            raise ValueError("%s needs filter_size or output_size" % layer)
        size = _filter_of_output(input, output_size, strides, paddings, dilations, channel_last, dims)
    else:
        size = to_list(filter_size, dims, "filter_size of " + layer)
    shape = [channels, num_filters // groups] + size
    weight = helper.create_parameter(attr=helper.param_attr, shape=shape, dtype=input.dtype)
    attrs = {
        "output_size": output_size or [],
        "strides": strides,
        "paddings": paddings,
        "padding_algorithm": algorithm,
        "dilations": dilations,
        "groups": groups,
        "data_format": "NHWC" if channel_last else "NCHW",  # of transposed convolutions with depth too
    }
    out = append_op(op_type, {"Input": input, "Filter": weight}, {"Output": "Input"}, attrs, helper=helper)
    return _finish(helper, out, dims, channel_last)


def conv2d_transpose(
    input,
    num_filters,
    output_size=None,
    filter_size=None,
    padding=0,
    stride=1,
    dilation=1,
    groups=None,
    param_attr=None,
    bias_attr=None,
    use_cudnn=True,
    act=None,
    name=None,
    data_format="NCHW",
):
    """The transposed 2-d convolution, the gradient of ``conv2d`` by its input: it enlarges images.

    Args:
        input (Variable): (N, C, H, W), or (N, H, W, C) for 'NHWC', float32 or float64.
        num_filters (int): channels of the result.
        output_size: (H', W') of the result, or one for both; computed when None.
        filter_size: (height, width), or one for both; computed from ``output_size`` when None.
        padding, stride, dilation, groups, act, name: see ``conv2d``.
        param_attr (ParamAttr): of W, (C, num_filters / groups, height, width).
        bias_attr (ParamAttr): of b, (num_filters,); False: none.
        use_cudnn (bool): without meaning here.
        data_format (str): ``'NCHW'`` or ``'NHWC'``.

    Returns:
        Variable: (N, num_filters, H', W') with H' = (H - 1) * stride - top - bottom + dilation * (height - 1) + 1, up
        to ``stride`` - 1 more when ``output_size`` says so.

    Raises:
        ValueError: sizes do not fit, or neither size is given.
    """
    args = dict(param_attr=param_attr, bias_attr=bias_attr, act=act, name=name, use_cudnn=use_cudnn)
    return _conv_transpose(
        2,
        "conv2d_transpose",
        input,
        num_filters,
        output_size,
        filter_size,
        padding,
        stride,
        dilation,
        groups,
        args,
        data_format,
    )


def conv3d_transpose(
    input,
    num_filters,
    output_size=None,
    filter_size=None,
    padding=0,
    stride=1,
    dilation=1,
    groups=None,
    param_attr=None,
    bias_attr=None,
    use_cudnn=True,
    act=None,
    name=None,
    data_format="NCDHW",
):
    """The transposed 3-d convolution, like ``conv2d_transpose`` with depth.

    Args:
        input (Variable): (N, C, D, H, W), or (N, D, H, W, C) for 'NDHWC', float32 or float64.
        num_filters (int): channels of the result.
        output_size: (D', H', W') of the result, or one for all; computed when None.
        filter_size: (depth, height, width), or one for all; computed from ``output_size`` when None.
        padding: see ``conv2d``.
        stride: (depth, height, width), or one for all.
        dilation: (depth, height, width), or one for all.
        groups (int): see ``conv2d``.
        param_attr (ParamAttr): of W, (C, num_filters / groups, depth, height, width).
        bias_attr (ParamAttr): of b, (num_filters,); False: none.
        use_cudnn (bool): without meaning here.
        act (str): activation that is applied to the result.
        name (str): name of the layer.
        data_format (str): ``'NCDHW'`` or ``'NDHWC'``.

    Returns:
        Variable: (N, num_filters, D', H', W'), sizes as of ``conv2d_transpose``.

    Raises:
        ValueError: sizes do not fit, or neither size is given.
    """
    args = dict(param_attr=param_attr, bias_attr=bias_attr, act=act, name=name, use_cudnn=use_cudnn)
    return _conv_transpose(
        3,
        "conv3d_transpose",
        input,
        num_filters,
        output_size,
        filter_size,
        padding,
        stride,
        dilation,
        groups,
        args,
        data_format,
    )


def row_conv(input, future_context_size, param_attr=None, act=None):
    """A convolution over each row of a sequence and the ``future_context_size`` rows behind it, channel by channel.

    Args:
        input (Variable): sequences of rows (D,), lod_level 1; or (N, T, D).
        future_context_size (int): rows ahead.
        param_attr (ParamAttr): of the filter, (future_context_size + 1, D).
        act (str): activation that is applied to the result.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: its shape or element type does not fit.

    Source: Amodei et al., "Deep Speech 2", 2015.
    """
    check_variable(input, "input of row_conv")
    helper = LayerHelper("row_conv", input=input, param_attr=param_attr, act=act)
    shape = [future_context_size + 1, input.shape[-1]]
    weight = helper.create_parameter(attr=helper.param_attr, shape=shape, dtype=input.dtype)
    return helper.append_activation(append_op("row_conv", {"X": input, "Filter": weight}, {"Out": "X"}, helper=helper))

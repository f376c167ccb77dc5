"""Normalization."""

from paddle.fluid.initializer import Constant
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable
from paddle.fluid.param_attr import ParamAttr


def _moving(helper, name, value, size, dtype, do_model_average):
    """A parameter that keeps a running statistic."""
    attr = ParamAttr(name=name, initializer=Constant(value), trainable=False, do_model_average=do_model_average)
    param = helper.create_parameter(attr=attr, shape=size, dtype=dtype)
    param.stop_gradient = True
    return param


def batch_norm(
    input,
    act=None,
    is_test=False,
    momentum=0.9,
    epsilon=1e-05,
    param_attr=None,
    bias_attr=None,
    data_layout="NCHW",
    in_place=False,
    name=None,
    moving_mean_name=None,
    moving_variance_name=None,
    do_model_average_for_mean_and_var=True,
    use_global_stats=False,
):
    """Bring each channel to mean 0 and variance 1 over the batch, then scale and shift it by learned numbers.

    Args:
        input (Variable): (N, C), (N, C, ...), or (N, ..., C) for ``data_layout`` 'NHWC', float32 or float64.
        act (str): activation.
        is_test (bool): use the running statistics; ``Program.clone(for_test=True)`` sets it.
        momentum: running = momentum * running + (1 - momentum) * batch; a number or a Variable of shape (1,).
        epsilon (float): added to the variance.
        param_attr, bias_attr (ParamAttr): of scale (starts with 1) and shift (starts with 0), both (C,).
        data_layout (str): ``'NCHW'`` or ``'NHWC'``.
        in_place (bool): write the result into ``input``.
        name (str): name of the layer.
        moving_mean_name, moving_variance_name (str): names of the running statistics.
        do_model_average_for_mean_and_var (bool): whether ``ModelAverage`` averages them.
        use_global_stats (bool): use the running statistics in training too.

    Returns:
        Variable: of the shape and type of ``input``.

    Raises:
        ValueError: another layout, or a shape that does not fit.

    Source: Ioffe and Szegedy, "Batch Normalization", 2015.
    """
    check_variable(input, "input of batch_norm")
    helper = LayerHelper("batch_norm", param_attr=param_attr, bias_attr=bias_attr, act=act, name=name)
    if data_layout not in ("NCHW", "NHWC"):
        raise ValueError("data_layout of batch_norm must be 'NCHW' or 'NHWC', got %r" % (data_layout,))
    size = [input.shape[1 if data_layout == "NCHW" else -1]]
    dtype = "float32" if input.dtype == _half() else input.dtype
    scale = helper.create_parameter(attr=helper.param_attr, shape=size, dtype=dtype, default_initializer=Constant(1.0))
    bias = helper.create_parameter(attr=helper.bias_attr, shape=size, dtype=dtype, is_bias=True)
    average = do_model_average_for_mean_and_var
    mean = _moving(helper, moving_mean_name, 0.0, size, dtype, average)
    variance = _moving(helper, moving_variance_name, 1.0, size, dtype, average)
    inputs = {"X": input, "Scale": scale, "Bias": bias, "Mean": mean, "Variance": variance}
    attrs = {"epsilon": epsilon, "is_test": is_test, "data_layout": data_layout, "use_global_stats": use_global_stats}
    if hasattr(momentum, "block"):
        inputs["MomentumTensor"] = momentum
    else:
        attrs["momentum"] = momentum
    outputs = {
        "MeanOut": mean,
        "VarianceOut": variance,
        "SavedMean": dtype,
        "SavedVariance": dtype,
        "Y": input if in_place else "X",
    }
    made = append_op("batch_norm", inputs, outputs, attrs, helper=helper, no_grad=("SavedMean", "SavedVariance"))
    return helper.append_activation(made[-1])


def _half():
    from paddle.fluid.framework import VarType

    return VarType.FP16


def instance_norm(input, epsilon=1e-05, param_attr=None, bias_attr=None, name=None):
    """Bring each channel of each sample to mean 0 and variance 1, then scale and shift it by learned numbers.

    Args:
        input (Variable): (N, C, ...), 2 to 5 dimensions, float32 or float64.
        epsilon (float): added to the variance.
        param_attr, bias_attr (ParamAttr): of scale (starts with 1) and shift (starts with 0), both (C,).
        name (str): name of the layer.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        ValueError: ``input`` has not 2 to 5 dimensions.

    Source: Ulyanov et al., "Instance Normalization", 2016.
    """
    check_variable(input, "input of instance_norm")
    helper = LayerHelper("instance_norm", input=input, param_attr=param_attr, bias_attr=bias_attr, name=name)
    if not 2 <= len(input.shape) <= 5:
        raise ValueError("instance_norm takes 2 to 5 dimensions, got shape %s" % (input.shape,))
    size = [input.shape[1]]
    scale = helper.create_parameter(
        attr=helper.param_attr, shape=size, dtype=input.dtype, default_initializer=Constant(1.0)
    )
    bias = helper.create_parameter(
        attr=helper.bias_attr, shape=size, dtype=input.dtype, is_bias=True, default_initializer=Constant(0.0)
    )
    outputs = {"SavedMean": "X", "SavedVariance": "X", "Y": "X"}
    inputs = {"X": input, "Scale": scale, "Bias": bias}
    no_grad = ("SavedMean", "SavedVariance")
    return append_op("instance_norm", inputs, outputs, {"epsilon": epsilon}, helper=helper, no_grad=no_grad)[2]


def layer_norm(
    input,
    scale=True,
    shift=True,
    begin_norm_axis=1,
    epsilon=1e-05,
    param_attr=None,
    bias_attr=None,
    act=None,
    name=None,
):
    """Bring each sample to mean 0 and variance 1 over the dimensions from ``begin_norm_axis`` on.

    Args:
        input (Variable): any shape, float32 or float64.
        scale, shift (bool): then scale and shift by learned numbers.
        begin_norm_axis (int): the first dimension that is normalized.
        epsilon (float): added to the variance.
        param_attr, bias_attr (ParamAttr): of scale (starts with 1) and shift (starts with 0), one number for each
            element of a sample.
        act (str): activation.
        name (str): name of the layer.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        ValueError: ``scale`` or ``shift`` without its parameter, or there is no such dimension.

    Source: Ba et al., "Layer Normalization", 2016.
    """
    check_variable(input, "input of layer_norm")
    helper = LayerHelper("layer_norm", param_attr=param_attr, bias_attr=bias_attr, act=act, name=name)
    size = 1
    for d in input.shape[begin_norm_axis:]:
        size *= d
    inputs = {"X": input}
    if scale:
        if param_attr is False:
            raise ValueError("layer_norm with scale needs its parameter, param_attr is False")
        inputs["Scale"] = helper.create_parameter(
            attr=helper.param_attr, shape=[size], dtype=input.dtype, default_initializer=Constant(1.0)
        )
    if shift:
        if bias_attr is False:
            raise ValueError("layer_norm with shift needs its parameter, bias_attr is False")
        inputs["Bias"] = helper.create_parameter(attr=helper.bias_attr, shape=[size], dtype=input.dtype, is_bias=True)
    outputs = {"Mean": "X", "Variance": "X", "Y": "X"}
    attrs = {"epsilon": epsilon, "begin_norm_axis": begin_norm_axis}
    made = append_op("layer_norm", inputs, outputs, attrs, helper=helper, no_grad=("Mean", "Variance"))
    return helper.append_activation(made[2])


def group_norm(input, groups, epsilon=1e-05, param_attr=None, bias_attr=None, act=None, data_layout="NCHW", name=None):
    """Bring groups of channels of each sample to mean 0 and variance 1, then scale and shift the channels.

    Args:
        input (Variable): (N, C, H, W), or (N, H, W, C) for ``data_layout`` 'NHWC', float32 or float64.
        groups (int): the channels are divided into so many groups.
        epsilon (float): added to the variance.
        param_attr, bias_attr (ParamAttr): of scale (starts with 1) and shift (starts with 0), both (C,); there is none
            unless it is given.
        act (str): activation.
        data_layout (str): ``'NCHW'`` or ``'NHWC'``.
        name (str): name of the layer.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        ValueError: another layout, or the channels cannot be divided.

    Source: Wu and He, "Group Normalization", 2018.
    """
    check_variable(input, "input of group_norm")
    helper = LayerHelper("group_norm", param_attr=param_attr, bias_attr=bias_attr, act=act, name=name)
    if data_layout not in ("NCHW", "NHWC"):
        raise ValueError("data_layout of group_norm must be 'NCHW' or 'NHWC', got %r" % (data_layout,))
    size = [input.shape[1 if data_layout == "NCHW" else -1]]
    inputs = {"X": input}
    if param_attr:
        inputs["Scale"] = helper.create_parameter(
            attr=helper.param_attr, shape=size, dtype=input.dtype, default_initializer=Constant(1.0)
        )
    if bias_attr:
        inputs["Bias"] = helper.create_parameter(attr=helper.bias_attr, shape=size, dtype=input.dtype, is_bias=True)
    outputs = {
        slot: helper.create_variable(dtype=input.dtype, stop_gradient=slot != "Y") for slot in ("Mean", "Variance", "Y")
    }
    attrs = {"epsilon": epsilon, "groups": groups, "data_layout": data_layout}
    return helper.append_activation(append_op("group_norm", inputs, outputs, attrs, helper=helper)[2])

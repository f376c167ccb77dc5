"""Small nets in plain Fluid code; their programs are compared with recorded ones. CASES maps names to functions."""

import numpy as np

import paddle.fluid as fluid
from paddle.fluid import layers

CASES = {}
RESULTS = False  # whether what the functions return is of interest


def case(function):
    CASES[function.__name__] = function
    return function


def data(name, shape, dtype="float32", lod_level=0):
    return fluid.data(name, shape, dtype, lod_level)


def one(name, build):
    """Register a case that is one call."""
    CASES[name] = build


def x2():
    return data("x", [None, 4])


def image(channels=3, size=8):
    return data("image", [None, channels, size, size])


def rows(width=4, dtype="float32"):
    return data("rows", [None, width], dtype, 1)


def label():
    return data("label", [None, 1], "int64")


# Data, parameters, variables

one(
    "data",
    lambda: (layers.data("a", [3, 4]), layers.data("b", [-1, 3]), layers.data("c", [3], append_batch_size=False)),
)
one("data_lod", lambda: (layers.data("a", [1], dtype="int64", lod_level=1), data("b", [None, 2], "int32", 2)))
one("create_parameter", lambda: layers.create_parameter([3, 4], "float32"))
one("create_bias", lambda: layers.create_parameter([3], "float32", name="bias", is_bias=True))
one("create_global_var", lambda: layers.create_global_var([2], 1.5, "float32", persistable=True))
one("create_global_int", lambda: layers.create_global_var([1], 1, "int64", persistable=True, force_cpu=True, name="n"))
one("create_tensor", lambda: layers.create_tensor("float32", name="t", persistable=True))


def parameter(initializer, shape=(6, 4), dtype="float32"):
    return layers.create_parameter(list(shape), dtype, attr=fluid.ParamAttr(initializer=initializer))


initializer = fluid.initializer
one("init_constant", lambda: parameter(initializer.Constant(0.3)))
one("init_uniform", lambda: parameter(initializer.Uniform(-0.1, 0.2, seed=3)))
one("init_normal", lambda: parameter(initializer.Normal(0.1, 2.0)))
one("init_truncated", lambda: parameter(initializer.TruncatedNormal(0.1, 2.0)))
one("init_xavier", lambda: parameter(initializer.Xavier()))
one("init_xavier_normal", lambda: parameter(initializer.Xavier(uniform=False, fan_in=3, fan_out=4)))
one("init_xavier_filter", lambda: parameter(initializer.Xavier(), (8, 3, 5, 5)))
one("init_xavier_vector", lambda: parameter(initializer.Xavier(), (8,)))
one("init_xavier_half", lambda: parameter(initializer.Xavier(), (8, 2), "float16"))
one("init_msra", lambda: parameter(initializer.MSRA()))
one("init_msra_normal", lambda: parameter(initializer.MSRA(uniform=False), (8, 3, 5, 5)))
one("init_bilinear", lambda: parameter(initializer.Bilinear(), (2, 1, 4, 4)))
one("init_numpy", lambda: parameter(initializer.NumpyArrayInitializer(np.arange(24, dtype="float32").reshape(6, 4))))


@case
def seeds():
    fluid.default_startup_program().random_seed = 90
    fluid.default_main_program().random_seed = 91
    layers.dropout(layers.fc(x2(), 3), 0.3)
    layers.uniform_random([3])
    parameter(initializer.Normal())


@case
def weight_norm():
    layers.fc(x2(), 3, param_attr=fluid.WeightNormParamAttr(dim=0, name="wn"))


@case
def weight_norm_all():
    layers.fc(x2(), 3, param_attr=fluid.WeightNormParamAttr(dim=None))


@case
def shared_parameter():
    h = layers.fc(x2(), 4, param_attr="w", bias_attr=False)
    layers.fc(h, 4, param_attr="w", bias_attr=False)


# Layers of networks

one("fc", lambda: layers.fc(x2(), 3, act="relu"))
one("fc_two_inputs", lambda: layers.fc([x2(), data("y", [None, 5])], 3, act="softmax"))
one("fc_flatten", lambda: layers.fc(data("x", [None, 2, 3, 4]), 5, num_flatten_dims=2, bias_attr=False, name="f"))
one("embedding", lambda: layers.embedding(label(), [10, 4], is_sparse=True, padding_idx=-1))
one("embedding_v2", lambda: fluid.embedding(data("ids", [None], "int64"), [10, 4], padding_idx=2))
one("one_hot", lambda: layers.one_hot(label(), 7))
one("one_hot_v2", lambda: fluid.one_hot(data("ids", [None], "int64"), 7))
one("conv2d", lambda: layers.conv2d(image(), 4, 3, act="relu"))
one(
    "conv2d_options",
    lambda: layers.conv2d(image(4), 8, [3, 5], stride=2, padding=[1, 2], dilation=1, groups=2, bias_attr=False),
)
one("conv2d_same", lambda: layers.conv2d(image(), 4, 3, padding="SAME"))
one("conv2d_pad4", lambda: layers.conv2d(image(), 4, 3, padding=[[0, 0], [0, 0], [1, 2], [3, 4]]))
one("conv2d_nhwc", lambda: layers.conv2d(data("image", [None, 8, 8, 3]), 4, 3, data_format="NHWC"))
one("conv2d_depthwise", lambda: layers.conv2d(image(3), 6, 3, groups=3, use_cudnn=False))
one("conv2d_transpose", lambda: layers.conv2d_transpose(image(), 4, filter_size=3, stride=2, act="relu"))
one("conv2d_transpose_size", lambda: layers.conv2d_transpose(image(), 4, output_size=[17, 17], stride=2, padding=1))
one("pool2d", lambda: layers.pool2d(image(), 2, "avg", 2, exclusive=False, ceil_mode=True))
one("pool2d_global", lambda: layers.pool2d(image(), pool_type="avg", global_pooling=True))
one("pool2d_valid", lambda: layers.pool2d(image(), [2, 3], "max", 1, "VALID"))
one("adaptive_pool2d", lambda: layers.adaptive_pool2d(image(), [2, 3], "avg"))
one("batch_norm", lambda: layers.batch_norm(image(), act="relu"))
one(
    "batch_norm_names",
    lambda: layers.batch_norm(image(), None, True, 0.8, moving_mean_name="m", moving_variance_name="v"),
)
one("batch_norm_in_place", lambda: layers.batch_norm(layers.relu(x2()), in_place=True, data_layout="NHWC"))
one("layer_norm", lambda: layers.layer_norm(image(), begin_norm_axis=1, act="tanh"))
one("layer_norm_no_shift", lambda: layers.layer_norm(x2(), shift=False))
one("group_norm", lambda: layers.group_norm(image(4), 2))
one("group_norm_scale", lambda: layers.group_norm(image(4), 2, param_attr="s", bias_attr="b", act="relu"))
one("instance_norm", lambda: layers.instance_norm(image()))
one("dropout", lambda: layers.dropout(x2(), 0.25, dropout_implementation="upscale_in_train"))
one("dropout_seed", lambda: layers.dropout(x2(), 0.25, seed=7, is_test=True))
one("lrn", lambda: layers.lrn(image()))
one("prelu", lambda: (layers.prelu(image(), "channel"), layers.prelu(x2(), "all"), layers.prelu(x2(), "element")))
one("softmax", lambda: layers.softmax(x2()))
one("log_softmax", lambda: layers.log_softmax(x2()))
one("resize_bilinear", lambda: layers.resize_bilinear(image(), [12, 12]))
one("resize_nearest", lambda: layers.resize_nearest(image(), scale=2.0, align_corners=False))
one("image_resize_short", lambda: layers.image_resize_short(image(), 4))
one("l2_normalize", lambda: layers.l2_normalize(x2(), axis=-1))
one("label_smooth", lambda: layers.label_smooth(x2(), epsilon=0.2))
one("dice_loss", lambda: layers.dice_loss(layers.softmax(x2()), label()))

# Losses and metrics

one("cross_entropy", lambda: layers.cross_entropy(x2(), label()))
one("cross_entropy_soft", lambda: layers.cross_entropy(x2(), data("y", [None, 4]), soft_label=True))
one("softmax_with_cross_entropy", lambda: layers.softmax_with_cross_entropy(x2(), label(), return_softmax=True))
one(
    "sigmoid_cross_entropy",
    lambda: layers.sigmoid_cross_entropy_with_logits(x2(), data("y", [None, 4]), normalize=True),
)
one("square_error_cost", lambda: layers.square_error_cost(x2(), data("y", [None, 4])))
one("mse_loss", lambda: layers.mse_loss(x2(), data("y", [None, 4])))
one("huber_loss", lambda: layers.huber_loss(x2(), data("y", [None, 4]), 1.0))
one("smooth_l1", lambda: layers.smooth_l1(x2(), data("y", [None, 4])))
one("log_loss", lambda: layers.log_loss(data("p", [None, 1]), data("y", [None, 1])))
one("npair_loss", lambda: layers.npair_loss(data("a", [18, 6]), data("p", [18, 6]), data("l", [18])))
one("accuracy", lambda: layers.accuracy(layers.softmax(x2()), label(), k=2))
one("auc", lambda: layers.auc(layers.softmax(data("x", [None, 2])), label()))
one("mean", lambda: layers.mean(x2()))

# Elementwise, activations, reductions


def pair(op, dtype="float32", **kwargs):
    return lambda: getattr(layers, op)(data("x", [None, 4], dtype), data("y", [None, 4], dtype), **kwargs)


for _op in ("add", "sub", "mul", "div", "max", "min", "pow"):
    one("elementwise_" + _op, pair("elementwise_" + _op))
one("elementwise_mod", pair("elementwise_mod", "int64"))
one("elementwise_floordiv", pair("elementwise_floordiv", "int64"))
one("elementwise_act", lambda: layers.elementwise_add(image(), data("y", [3]), axis=1, act="relu"))
for _op in ("equal", "not_equal", "less_than", "less_equal", "greater_than", "greater_equal"):
    one(_op, pair(_op))
for _op in ("logical_and", "logical_or", "logical_xor"):
    one(_op, pair(_op, "bool"))
one("logical_not", lambda: layers.logical_not(data("x", [None, 4], "bool")))
one(
    "less_than_cond",
    lambda: layers.less_than(x2(), data("y", [None, 4]), force_cpu=False, cond=layers.create_tensor("bool")),
)

for _op in (
    "sigmoid logsigmoid exp tanh atan tanh_shrink sqrt rsqrt abs ceil floor cos acos asin sin round reciprocal square "
    "softplus softsign erf relu log log1p sign isfinite has_inf has_nan"
).split():
    one(_op, (lambda op: lambda: getattr(layers, op)(x2()))(_op))
for _name, _call in {
    "relu6": lambda: layers.relu6(x2(), 5.0),
    "pow": lambda: layers.pow(x2(), 3.0),
    "pow_tensor": lambda: layers.pow(x2(), data("f", [1])),
    "stanh": lambda: layers.stanh(x2()),
    "hard_sigmoid": lambda: layers.hard_sigmoid(x2()),
    "swish": lambda: layers.swish(x2()),
    "elu": lambda: layers.elu(x2()),
    "selu": lambda: layers.selu(x2()),
    "selu_alpha": lambda: layers.selu(x2(), 1.5, 2.0),
    "brelu": lambda: layers.brelu(x2()),
    "leaky_relu": lambda: layers.leaky_relu(x2()),
    "soft_relu": lambda: layers.soft_relu(x2()),
    "hard_swish": lambda: layers.hard_swish(x2()),
    "hard_shrink": lambda: layers.hard_shrink(x2(), 0.4),
    "softshrink": lambda: layers.softshrink(x2()),
    "thresholded_relu": lambda: layers.thresholded_relu(x2()),
    "gelu": lambda: layers.gelu(x2(), True),
    "cumsum": lambda: layers.cumsum(x2(), axis=1, reverse=True),
    "scale": lambda: layers.scale(x2(), 2.0, 1.0, False, act="relu"),
    "scale_tensor": lambda: layers.scale(x2(), data("s", [1])),
    "clip": lambda: layers.clip(x2(), -1.0, 1.0),
    "clip_by_norm": lambda: layers.clip_by_norm(x2(), 1.0),
    "clamp": lambda: layers.clamp(x2(), -1.0, 1.0),
    "maxout": lambda: layers.maxout(image(4), 2),
}.items():
    one(_name, _call)
for _op in ("sum", "mean", "max", "min", "prod"):
    one("reduce_" + _op, (lambda op: lambda: getattr(layers, "reduce_" + op)(image(), dim=[1, -1], keep_dim=True))(_op))
    one("reduce_all_" + _op, (lambda op: lambda: getattr(layers, "reduce_" + op)(image()))(_op))
one("reduce_all", lambda: layers.reduce_all(data("x", [None, 4], "bool"), dim=1))
one("reduce_any", lambda: layers.reduce_any(data("x", [None, 4], "bool")))
one("logsumexp", lambda: layers.logsumexp(x2(), dim=[1], keepdim=True))
one("sum", lambda: layers.sum([x2(), data("y", [None, 4])]))
one("sums", lambda: layers.sums([x2(), data("y", [None, 4])]))
one("matmul", lambda: layers.matmul(data("x", [None, 3, 4]), data("y", [None, 5, 4]), transpose_y=True, alpha=0.5))
one("mul", lambda: layers.mul(image(), data("y", [8, 5]), 3, 1))
one("bmm", lambda: layers.bmm(data("x", [None, 3, 4]), data("y", [None, 4, 5])))
one("dot", lambda: layers.dot(x2(), data("y", [None, 4])))
one("addcmul", lambda: layers.addcmul(x2(), data("y", [None, 4]), data("z", [None, 4]), 2.0))

# Shapes

for _name, _call in {
    "reshape": lambda: layers.reshape(image(), [0, -1, 4], act="relu"),
    "reshape_inplace": lambda: layers.reshape(layers.relu(image()), [-1, 4], inplace=True),
    "reshape_actual": lambda: layers.reshape(image(), [0, -1], actual_shape=data("s", [2], "int32")),
    "reshape_list": lambda: layers.reshape(image(), [data("s", [1], "int32"), -1, 4]),
    "reshape_tensor": lambda: layers.reshape(image(), data("s", [2], "int32")),
    "transpose": lambda: layers.transpose(image(), [0, 2, 3, 1]),
    "squeeze": lambda: layers.squeeze(data("x", [None, 1, 4, 1]), [1]),
    "unsqueeze": lambda: layers.unsqueeze(x2(), [0, 2]),
    "unsqueeze_int": lambda: layers.unsqueeze(x2(), 1),
    "flatten": lambda: layers.flatten(image(), 2),
    "concat": lambda: layers.concat([x2(), data("y", [None, 3])], axis=1),
    "split": lambda: layers.split(image(4), 2, dim=1),
    "split_sections": lambda: layers.split(image(4), [1, -1], dim=-3),
    "stack": lambda: layers.stack([x2(), data("y", [None, 4])], axis=1),
    "unstack": lambda: layers.unstack(data("x", [3, 4])),
    "slice": lambda: layers.slice(image(), [1, 2], [0, -3], [2, 100]),
    "slice_tensor": lambda: layers.slice(image(), [1, 2], [0, data("s", [1], "int32")], [2, 4]),
    "strided_slice": lambda: layers.strided_slice(image(), [1, 2], [0, 0], [2, 6], [1, 2]),
    "expand": lambda: layers.expand(x2(), [1, 3]),
    "expand_tensor": lambda: layers.expand(x2(), [1, data("t", [1], "int32")]),
    "expand_as": lambda: layers.expand_as(x2(), data("y", [None, 8])),
    "gather": lambda: layers.gather(x2(), data("i", [None], "int32")),
    "gather_nd": lambda: layers.gather_nd(x2(), data("i", [None, 1], "int32")),
    "scatter": lambda: layers.scatter(x2(), data("i", [None], "int32"), data("u", [None, 4]), overwrite=False),
    "scatter_nd_add": lambda: layers.scatter_nd_add(x2(), data("i", [None, 1], "int32"), data("u", [None, 4])),
    "scatter_nd": lambda: layers.scatter_nd(data("i", [3, 1], "int64"), data("u", [3, 4]), [10, 4]),
    "topk": lambda: layers.topk(x2(), 2),
    "argmax": lambda: layers.argmax(x2(), 1),
    "argmin": lambda: layers.argmin(x2()),
    "argsort": lambda: layers.argsort(x2(), descending=True),
    "where": lambda: layers.where(data("x", [None, 4], "bool")),
    "nonzero": lambda: layers.nonzero(data("x", [None, 4], "bool"), as_tuple=True),
    "pad": lambda: layers.pad(x2(), [0, 1, 2, 3], 0.5),
    "pad2d": lambda: layers.pad2d(image(), [1, 1, 2, 2], "reflect"),
    "reverse": lambda: layers.reverse(x2(), 1),
    "diag": lambda: layers.diag(data("x", [3])),
    "eye": lambda: layers.eye(3, 4, dtype="int32"),
    "eye_batch": lambda: layers.eye(3, batch_shape=[2]),
    "shape": lambda: layers.shape(x2()),
    "size": lambda: layers.size(x2()),
    "rank": lambda: layers.rank(x2()),
    "cast": lambda: layers.cast(x2(), "int64"),
    "assign": lambda: layers.assign(x2()),
    "assign_numpy": lambda: layers.assign(np.array([[1, 2], [3, 4]], "int32")),
    "fill_constant": lambda: layers.fill_constant([2, 3], "float32", 0.1),
    "fill_constant_int": lambda: layers.fill_constant([2], "int64", 5),
    "fill_constant_tensor": lambda: layers.fill_constant([2, data("s", [1], "int32")], "float32", 0.5),
    "fill_constant_batch": lambda: layers.fill_constant_batch_size_like(x2(), [-1, 7], "int64", 3),
    "zeros": lambda: layers.zeros([2], "int32"),
    "ones": lambda: layers.ones([2], "float32"),
    "zeros_like": lambda: layers.zeros_like(x2()),
    "ones_like": lambda: layers.ones_like(x2()),
    "full": lambda: layers.full([2, 3], 2.5, dtype="float32"),
    "full_like": lambda: layers.full_like(x2(), 2.5),
    "range": lambda: layers.range(0, 10, 2, "int32"),
    "arange": lambda: layers.arange(0, 10, 2, "int64"),
    "linspace": lambda: layers.linspace(0.0, 1.0, 5, "float32"),
    "increment": lambda: layers.increment(data("n", [1])),
    "increment_copy": lambda: layers.increment(data("n", [1]), 2.0, in_place=False),
    "uniform_random": lambda: layers.uniform_random([2, 3], seed=4),
    "uniform_batch": lambda: layers.uniform_random_batch_size_like(x2(), [-1, 5]),
    "gaussian_random": lambda: layers.gaussian_random([2, 3], std=2.0),
    "gaussian_batch": lambda: layers.gaussian_random_batch_size_like(x2(), [-1, 5]),
    "randint": lambda: layers.randint(0, 5, [3, 4], dtype="int64"),
    "randperm": lambda: layers.randperm(6),
    "step_counter": lambda: layers.autoincreased_step_counter("n", begin=2, step=3),
    "is_empty": lambda: layers.is_empty(x2()),
    "print": lambda: layers.Print(x2(), message="here"),
    "index_select": lambda: layers.index_select(x2(), data("i", [None], "int32"), 1),
    "interpolate": lambda: layers.interpolate(image(), [12, 12], resample="NEAREST"),
}.items():
    one(_name, _call)

# Sequences

for _pool in ("average", "sum", "sqrt", "max", "last", "first"):
    one("sequence_pool_" + _pool, (lambda pool: lambda: layers.sequence_pool(rows(), pool))(_pool))
for _name, _call in {
    "sequence_first_step": lambda: layers.sequence_first_step(rows()),
    "sequence_last_step": lambda: layers.sequence_last_step(rows()),
    "sequence_softmax": lambda: layers.sequence_softmax(rows(1)),
    "sequence_expand": lambda: layers.sequence_expand(x2(), rows(), ref_level=0),
    "sequence_expand_as": lambda: layers.sequence_expand_as(x2(), rows()),
    "sequence_concat": lambda: layers.sequence_concat([rows(), data("more", [None, 4], "float32", 1)]),
    "sequence_conv": lambda: layers.sequence_conv(rows(), 6),
    "sequence_conv_ahead": lambda: layers.sequence_conv(rows(), 6, 4, padding_start=1, act="relu", bias_attr=False, name="c"),
    "sequence_conv_pool": lambda: fluid.nets.sequence_conv_pool(rows(), 6, 3),
    "sequence_slice": lambda: layers.sequence_slice(rows(), data("o", [None, 1], "int64"), data("n", [None, 1], "int64")),
    "sequence_pad": lambda: layers.sequence_pad(rows(), layers.assign(np.zeros(1, "float32"))),
    "sequence_pad_to": lambda: layers.sequence_pad(rows(), layers.assign(np.zeros(1, "float32")), maxlen=5, name="p"),
    "sequence_unpad": lambda: layers.sequence_unpad(data("x", [None, 5, 4]), data("n", [None], "int64")),
    "sequence_reshape": lambda: layers.sequence_reshape(rows(), 2),
    "sequence_scatter": lambda: layers.sequence_scatter(x2(), rows(1, "int64"), data("u", [None, 1], "float32", 1)),
    "sequence_enumerate": lambda: layers.sequence_enumerate(rows(1, "int64"), 3, 7),
    "sequence_mask": lambda: layers.sequence_mask(data("n", [None], "int64")),
    "sequence_mask_to": lambda: layers.sequence_mask(data("n", [None], "int64"), 5, "float32", name="m"),
    "sequence_mask_var": lambda: layers.sequence_mask(data("n", [None], "int64"), data("m", [1], "int32"), "bool"),
    "sequence_reverse": lambda: layers.sequence_reverse(rows()),
    "im2sequence": lambda: layers.im2sequence(image(), 2, out_stride=3),
    "im2sequence_padded": lambda: layers.im2sequence(image(), [2, 3], [1, 2], [1, 0], name="i"),
    "im2sequence_sizes": lambda: layers.im2sequence(image(), 2, 1, [1, 0, 2, 0], data("sizes", [None, 2]), [2, 3]),
    "row_conv": lambda: layers.row_conv(rows(), 2),
    "row_conv_batch": lambda: layers.row_conv(data("x", [None, 7, 4]), 2, act="relu"),
    "add_position_encoding": lambda: layers.add_position_encoding(rows(), 0.5, 2.0, name="p"),
    "add_position_encoding_batch": lambda: layers.add_position_encoding(data("x", [None, 7, 4]), 1.0, 2),
    "lod_reset": lambda: layers.lod_reset(x2(), target_lod=[0, 2, 5]),
    "lod_reset_y": lambda: layers.lod_reset(x2(), y=rows()),
    "lod_append": lambda: layers.lod_append(rows(), [1, 2, 3]),
    "dynamic_lstm": lambda: layers.dynamic_lstm(rows(16), 16, is_reverse=True),
    "dynamic_lstm_plain": lambda: layers.dynamic_lstm(rows(16), 16, use_peepholes=False, name="lstm"),
    "dynamic_gru": lambda: layers.dynamic_gru(rows(12), 4),
}.items():
    one(_name, _call)


# Operators of variables


def operands(dtype="float32"):
    return data("x", [None, 4, 5], dtype), data("y", [None, 4, 5], dtype)


@case
def operators():
    x, y = operands()
    return [x + 1, 1 + x, x - 1, 1 - x, x * 2, x / 2, 2 / x, x**2, 2**x, -x, x + y, x - y, x * y, x / y, x**y]


@case
def operators_integer():
    x, y = operands("int64")
    return [x + 1, x / 2, x % 2, x // 2, x // y, x % y, x == 0]


@case
def operators_compare():
    x, y = operands()
    return [x < 1, x <= y, x == y, x != 0, x > y, x >= 2]


@case
def operators_mixed():
    x, _ = operands()
    i = data("i", [None, 4, 5], "int64")
    a = data("a", [3, 4])
    return [x + i, i + x, x.astype("int64"), a + 1, a < 1, 2**a, x + np.float32(2), x + True]


@case
def indexing():
    x, _ = operands()
    return [x[0], x[:, 1:3], x[-1], x[0:1, -1], x[1][2], x[::-1]]


@case
def indexing_variable():
    x, _ = operands()
    i = data("i", [1], "int32")
    return [x[i], x[i:3]]


# Learning rates


for _name, _call in {
    "noam_decay": lambda: layers.noam_decay(64, 100),
    "exponential_decay": lambda: layers.exponential_decay(0.1, 10, 0.5, staircase=True),
    "natural_exp_decay": lambda: layers.natural_exp_decay(0.1, 10, 0.5),
    "inverse_time_decay": lambda: layers.inverse_time_decay(0.1, 10, 0.5, True),
    "polynomial_decay": lambda: layers.polynomial_decay(0.1, 10),
    "polynomial_decay_cycle": lambda: layers.polynomial_decay(0.1, 10, cycle=True),
    "piecewise_decay": lambda: layers.piecewise_decay([10, 20], [0.1, 0.2, 0.3]),
    "cosine_decay": lambda: layers.cosine_decay(0.1, 10, 5),
    "linear_lr_warmup": lambda: layers.linear_lr_warmup(0.1, 10, 0.0, 0.1),
    "linear_lr_warmup_decay": lambda: layers.linear_lr_warmup(layers.exponential_decay(0.1, 10, 0.5), 10, 0.0, 0.1),
}.items():
    one(_name, _call)


@case
def switch():
    x = data("x", [1])
    rate = layers.create_global_var([1], 0.0, "float32", persistable=True, name="rate")
    with layers.Switch() as cases:
        with cases.case(layers.less_than(x, layers.fill_constant([1], "float32", 3.0))):
            layers.assign(layers.fill_constant([1], "float32", 1.0), rate)
        with cases.case(layers.less_than(x, layers.fill_constant([1], "float32", 5.0))):
            layers.assign(layers.fill_constant([1], "float32", 2.0), rate)
        with cases.default():
            layers.assign(layers.fill_constant([1], "float32", 4.0), rate)


# Nets

one("simple_img_conv_pool", lambda: fluid.nets.simple_img_conv_pool(image(), 4, 3, 2, 2, act="relu"))
one(
    "img_conv_group",
    lambda: fluid.nets.img_conv_group(
        image(), [4, 4], 2, conv_act="relu", conv_with_batchnorm=True, conv_batchnorm_drop_rate=[0.3, 0.0]
    ),
)
one("glu", lambda: fluid.nets.glu(x2()))
one(
    "attention",
    lambda: fluid.nets.scaled_dot_product_attention(
        *[data(n, [None, 6, 8]) for n in "qkv"], num_heads=2, dropout_rate=0.1
    ),
)
one("attention_one_head", lambda: fluid.nets.scaled_dot_product_attention(*[data(n, [3, 6, 8]) for n in "qkv"]))


# Training


def regression(optimizer, param_attr=None, parameters=None):
    def build():
        cost = layers.square_error_cost(layers.fc(x2(), 1, param_attr=param_attr), data("y", [None, 1]))
        optimizer().minimize(layers.mean(cost), parameter_list=parameters)

    return build

def at(i):
    return layers.fill_constant([1], "int64", i)


@case
def arrays():
    array = layers.create_array("float32")
    layers.array_write(x2(), at(0), array)
    layers.array_write(data("y", [3, 2], lod_level=1), at(1), array)
    layers.array_length(array)
    layers.array_read(array, at(1))
    layers.array_write(rows(), at(2))
    layers.tensor_array_to_tensor(array, 0, use_stack=True)


@case
def beam_search():
    ids, scores = data("ids", [None, 1], "int64", 2), data("scores", [None, 1], "float32", 2)
    best, index = layers.topk(data("p", [None, 3], "float32", 2), 2)
    words, totals = layers.beam_search(ids, scores, index, best, 2, 0)
    layers.beam_search(ids, scores, None, best, 2, 0, is_accumulated=False, return_parent_idx=True, name="again")
    word_steps, total_steps = layers.array_write(ids, at(0)), layers.array_write(scores, at(0))
    layers.array_write(words, at(1), word_steps)
    layers.array_write(totals, at(1), total_steps)
    layers.beam_search_decode(word_steps, total_steps, beam_size=2, end_id=0)
    layers.gather_tree(data("tree", [5, 2, 3], "int64"), data("parents", [5, 2, 3], "int64"))


@case
def written_by_number():
    x = x2()
    block = fluid.default_main_program().current_block()
    outs = [block.create_var(name="out%d" % i, dtype="float32", shape=x.shape) for i in range(2)]
    layers.control_flow.select_output(x, outs, data("mask", [1], "int32"))
    layers.is_empty(outs[0])


optimizer, regularizer, clip = fluid.optimizer, fluid.regularizer, fluid.clip
for _name, _call in {
    "sgd": lambda: optimizer.SGD(0.1),
    "momentum": lambda: optimizer.Momentum(0.1, 0.9, use_nesterov=True),
    "lars_momentum": lambda: optimizer.LarsMomentum(0.1, 0.9),
    "adagrad": lambda: optimizer.Adagrad(0.1, initial_accumulator_value=0.1),
    "adam": lambda: optimizer.Adam(0.001),
    "adam_named": lambda: optimizer.Adam(0.1, name="mine", lazy_mode=True),
    "adamax": lambda: optimizer.Adamax(0.1),
    "decayed_adagrad": lambda: optimizer.DecayedAdagrad(0.1),
    "adadelta": lambda: optimizer.Adadelta(0.1),
    "rmsprop": lambda: optimizer.RMSPropOptimizer(0.1, momentum=0.1, centered=True),
    "ftrl": lambda: optimizer.Ftrl(0.1),
    "lamb": lambda: optimizer.LambOptimizer(0.1),
    "dpsgd": lambda: optimizer.Dpsgd(0.1),
    "l2_decay": lambda: optimizer.SGD(0.1, regularization=regularizer.L2Decay(0.01)),
    "l1_decay": lambda: optimizer.SGD(0.1, regularization=regularizer.L1Decay(0.01)),
    "clip_value": lambda: optimizer.SGD(0.1, grad_clip=clip.GradientClipByValue(1.0)),
    "clip_norm": lambda: optimizer.SGD(0.1, grad_clip=clip.GradientClipByNorm(1.0)),
    "clip_global": lambda: optimizer.Adam(
        0.1, grad_clip=clip.GradientClipByGlobalNorm(1.0), regularization=regularizer.L2Decay(0.01)
    ),
    "decayed_rate": lambda: optimizer.SGD(layers.exponential_decay(0.1, 10, 0.5)),
}.items():
    one("train_" + _name, regression(_call))
one(
    "train_parameter",
    regression(
        lambda: optimizer.SGD(0.1, regularization=regularizer.L1Decay(0.01)),
        fluid.ParamAttr(regularizer=regularizer.L2Decay(0.5), learning_rate=0.5),
    ),
)


@case
def train_image():
    c = layers.conv2d(data("image", [None, 1, 28, 28]), 8, 5, act="relu")
    h = layers.dropout(layers.batch_norm(layers.pool2d(c, 2, "max", 2), act="relu"), 0.5)
    o = layers.fc(h, 10, act="softmax")
    loss = layers.mean(layers.cross_entropy(o, label()))
    layers.accuracy(o, label_again())
    optimizer.Adam(0.001).minimize(loss)


def label_again():
    return fluid.default_main_program().global_block().var("label")


@case
def train_shared():
    h = layers.fc(x2(), 4, param_attr="w", bias_attr=False)
    h = layers.fc(h, 4, param_attr="w", bias_attr=False)
    i = data("i", [None, 1], "int64")
    e = [layers.embedding(i, [10, 4], is_sparse=True, param_attr="e") for _ in range(2)]
    optimizer.SGD(0.1).minimize(layers.mean(h + e[0] + e[1]))


@case
def train_used_twice():
    h = layers.fc(x2(), 4)
    loss = layers.mean(layers.elementwise_mul(layers.elementwise_add(h, h), h))
    optimizer.SGD(0.1).minimize(loss)


@case
def train_stopped():
    h = layers.fc(x2(), 3)
    out = layers.fc(h, 3)
    h.stop_gradient = True
    fluid.backward.append_backward(layers.mean(out))


@case
def train_error_clip():
    h = layers.fc(x2(), 4)
    h._set_error_clip(clip.ErrorClipByValue(1.0))
    optimizer.SGD(0.1).minimize(layers.mean(h))


@case
def gradients_twice():
    x = x2()
    x.stop_gradient = False
    first = fluid.gradients(layers.square(x), x)
    fluid.gradients(layers.square(first[0]), x)


@case
def gradients_start():
    x = data("x", [3, 4])
    x.stop_gradient = False
    start = layers.fill_constant([3, 1], "float32", 2.0)
    fluid.gradients([layers.fc(x, 1)], [x], target_gradients=[start])


@case
def train_reviews():
    words = data("words", [None, 1], "int64", 1)
    e = layers.embedding(words, [100, 16], is_sparse=True)
    h, _ = layers.dynamic_lstm(layers.fc(e, 64), 64)
    pooled = layers.sequence_pool(h, "max")
    loss = layers.softmax_with_cross_entropy(layers.fc(pooled, 2), label())
    optimizer.Adam(0.002).minimize(layers.mean(loss))

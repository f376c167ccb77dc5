"""Nets trained in mixed precision of float16; their programs are compared with recorded ones. See program_cases.py."""

import paddle.fluid as fluid
from paddle.fluid import layers
from paddle.fluid.contrib import mixed_precision

CASES = {}
RESULTS = False


def case(function):
    CASES[function.__name__] = function
    return function


def data(name, shape, dtype="float32", lod_level=0):
    var = fluid.data(name, shape, dtype, lod_level)
    var.stop_gradient = dtype != "float32"  # the package takes the gradient of every input that it casts
    return var


def minimize(loss, lists=None, optimizer=None, **kwargs):
    optimizer = mixed_precision.decorate(optimizer or fluid.optimizer.SGD(0.1), lists, **kwargs)
    optimizer.minimize(loss)


def static(loss, lists=None, optimizer=None):
    minimize(loss, lists, optimizer, init_loss_scaling=8.0, use_dynamic_loss_scaling=False)


def lists(**kwargs):
    return mixed_precision.AutoMixedPrecisionLists(**kwargs)


def label():
    return data("label", [None, 1], "int64")


def cross_entropy(x):
    return layers.mean(layers.softmax_with_cross_entropy(x, label()))


@case
def classifier():
    h = layers.dropout(layers.fc(data("x", [None, 8]), 16, act="tanh"), 0.3)
    static(cross_entropy(layers.fc(h, 4)), optimizer=fluid.optimizer.Adam(0.01))


@case
def dynamic():
    minimize(cross_entropy(layers.fc(data("x", [None, 8]), 4)), incr_every_n_steps=5, decr_ratio=0.5)


@case
def dynamic_clipped():
    clip = fluid.clip.GradientClipByGlobalNorm(1.0)
    minimize(layers.mean(layers.fc(data("x", [None, 8]), 4)), optimizer=fluid.optimizer.Momentum(0.1, 0.9, grad_clip=clip))


@case
def branches():
    h = layers.fc(data("x", [None, 8]), 8)
    z = h + layers.reshape(h, [-1, 8])
    static(cross_entropy(layers.fc(z, 4) + layers.fc(z, 4)))


@case
def embedding():
    words = data("words", [None, 1], "int64", 1)
    e = layers.embedding(words, [10, 8])
    s = layers.elementwise_add(layers.fc(e, 8), layers.relu(e))
    static(cross_entropy(layers.fc(layers.sequence_pool(s, "last"), 4)))


@case
def black_wins():
    x = data("x", [None, 8])
    static(layers.mean(layers.relu(layers.elementwise_add(layers.fc(x, 8), layers.softmax(x)))))


@case
def custom_lists():
    h = layers.fc(data("x", [None, 8]), 8, act="relu", name="a")
    c = layers.concat([h, layers.fc(h, 8, act="tanh", name="b")], 1)
    z = layers.scale(layers.fc(c, 8, act="softmax", name="c"), 2.0)
    static(layers.mean(layers.fc(z, 4)), lists(custom_black_list=["tanh"], custom_white_list=["relu", "concat"]))


@case
def variables():
    h = layers.fc(data("x", [None, 8]), 8, act="relu", name="a")
    static(layers.mean(layers.fc(h, 8, act="tanh", name="b")), lists(custom_black_varnames={"b.tmp_0"}))


@case
def variable_read():
    h = layers.fc(data("x", [None, 8]), 8, act="relu", name="a")
    static(layers.mean(layers.fc(h, 8, act="tanh", name="b")), lists(custom_black_varnames={"a.tmp_2"}))


@case
def stacked():
    h = layers.fc(data("x", [None, 8]), 8)
    static(layers.mean(layers.transpose(layers.stack([h, layers.relu(h)]), [1, 2, 0])))


@case
def images():
    x = data("x", [None, 3, 8, 8])
    h = layers.pool2d(layers.conv2d(x, 4, 3, act="relu"), 2)
    static(cross_entropy(layers.fc(h, 4)))


@case
def halves():
    """The two halves of minimize."""
    loss = layers.mean(layers.fc(data("x", [None, 8]), 4))
    optimizer = mixed_precision.decorate(fluid.optimizer.SGD(0.1), use_dynamic_loss_scaling=False)
    optimizer.apply_gradients(optimizer.backward(loss))

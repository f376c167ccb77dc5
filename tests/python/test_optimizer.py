"""Optimizers against the formulas, and what goes around them."""

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers

RATE = 0.1


class Sgd:
    def step(self, p, g):
        return p - RATE * g


class Momentum:
    def __init__(self, nesterov=False):
        self.v, self.nesterov = 0.0, nesterov

    def step(self, p, g):
        self.v = 0.9 * self.v + g
        return p - RATE * (g + 0.9 * self.v if self.nesterov else self.v)


class Adam:
    def __init__(self):
        self.m = self.v = 0.0
        self.t = 0

    def step(self, p, g):
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * g
        self.v = 0.999 * self.v + 0.001 * g * g
        rate = RATE * np.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t)
        return p - rate * self.m / (np.sqrt(self.v) + 1e-8)


class Adamax:
    def __init__(self):
        self.m = self.u = 0.0
        self.t = 0

    def step(self, p, g):
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * g
        self.u = np.maximum(0.999 * self.u + 1e-8, np.abs(g))
        return p - RATE / (1 - 0.9**self.t) * self.m / self.u


class Adagrad:
    def __init__(self):
        self.v = 0.0

    def step(self, p, g):
        self.v = self.v + g * g
        return p - RATE * g / (np.sqrt(self.v) + 1e-6)


class Decayed(Adagrad):
    def step(self, p, g):
        self.v = 0.95 * self.v + 0.05 * g * g
        return p - RATE * g / (np.sqrt(self.v) + 1e-6)


class RmsProp:
    def __init__(self):
        self.s = self.m = 0.0

    def step(self, p, g):
        self.s = 0.95 * self.s + 0.05 * g * g
        self.m = 0.5 * self.m + RATE * g / np.sqrt(self.s + 1e-6)
        return p - self.m


OPTIMIZERS = {
    "sgd": (lambda: fluid.optimizer.SGD(RATE), Sgd),
    "momentum": (lambda: fluid.optimizer.Momentum(RATE, 0.9), Momentum),
    "nesterov": (lambda: fluid.optimizer.Momentum(RATE, 0.9, use_nesterov=True), lambda: Momentum(True)),
    "adam": (lambda: fluid.optimizer.Adam(RATE), Adam),
    "adamax": (lambda: fluid.optimizer.Adamax(RATE), Adamax),
    "adagrad": (lambda: fluid.optimizer.Adagrad(RATE), Adagrad),
    "decayed_adagrad": (lambda: fluid.optimizer.DecayedAdagrad(RATE), Decayed),
    "rmsprop": (lambda: fluid.optimizer.RMSPropOptimizer(RATE, momentum=0.5), RmsProp),
}


def quadratic(exe, optimizer):
    """loss = sum(w * (w + 1)); its gradient is 2 w + 1."""
    w = layers.create_parameter([3], "float32", attr=fluid.ParamAttr("w", initial()))
    loss = layers.reduce_sum(layers.elementwise_add(layers.square(w), w))
    optimizer.minimize(loss)
    exe.run(fluid.default_startup_program())
    return w, loss


def initial():
    return fluid.initializer.NumpyArrayInitializer(np.array([1.0, -2.0, 0.5], "float32"))


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_formula(exe, name):
    make, reference = OPTIMIZERS[name]
    quadratic(exe, make())
    reference, w = reference(), np.array([1.0, -2.0, 0.5])
    for _ in range(5):
        exe.run()
        w = reference.step(w, 2 * w + 1)
        np.testing.assert_allclose(fluid.executor._fetch_var("w"), w, rtol=2e-5, atol=5e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: fluid.optimizer.LarsMomentum(0.5, 0.9),
        lambda: fluid.optimizer.Adadelta(1.0),
        lambda: fluid.optimizer.Ftrl(0.5),
        lambda: fluid.optimizer.LambOptimizer(0.1),
        lambda: fluid.optimizer.Dpsgd(0.05, clip=10.0, batch_size=1.0, sigma=0.0),
        lambda: fluid.optimizer.RMSPropOptimizer(0.05, centered=True),
    ],
)
def test_loss_goes_down(exe, make):
    _, loss = quadratic(exe, make())
    values = [exe.run(fetch_list=[loss])[0][0] for _ in range(30)]
    assert np.isfinite(values).all() and values[-1] < values[0]


@pytest.mark.parametrize("lazy", [False, True])
def test_sparse_adam_corrects_with_the_powers_of_the_next_step(exe, lazy):
    word = fluid.data("word", [None, 1], "int64")
    table = fluid.ParamAttr("table", fluid.initializer.Constant(1.0))
    loss = layers.reduce_sum(layers.square(layers.embedding(word, [6, 2], is_sparse=True, param_attr=table)))
    fluid.optimizer.Adam(0.005, lazy_mode=lazy).minimize(loss)
    exe.run(fluid.default_startup_program())
    # Ids fed, and the first column of 1 - table as the 1.8.5 and the 2.6.2 package have it.
    steps = [
        ([0, 1, 1, 2, 2, 2], [0.00372064, 0.0037207, 0.0037207, 0, 0, 0]),
        ([3, 1], [0.00372064, 0.00771952, 0.0037207, 0.00319403, 0, 0]),
    ]
    if not lazy:
        steps[1] = (steps[1][0], [0.00659674, 0.00771952, 0.0065968, 0.00319403, 0, 0])
    for ids, moved in steps:
        exe.run(feed={"word": np.array(ids, "int64").reshape(-1, 1)})
        np.testing.assert_allclose(1 - fluid.executor._fetch_var("table")[:, 0], moved, atol=3e-7)


def test_regularization_and_clip(exe):
    optimizer = fluid.optimizer.SGD(
        RATE, regularization=fluid.regularizer.L2Decay(0.5), grad_clip=fluid.clip.GradientClipByGlobalNorm(1.0)
    )
    quadratic(exe, optimizer)
    exe.run()
    w = np.array([1.0, -2.0, 0.5])
    grad = 2 * w + 1
    grad = grad / max(1.0, np.linalg.norm(grad)) + 0.5 * w
    np.testing.assert_allclose(fluid.executor._fetch_var("w"), w - RATE * grad, rtol=1e-5)


def test_rate_of_a_parameter_and_frozen_parameters(exe):
    x = fluid.data("x", [None, 2])
    one = fluid.initializer.Constant(1.0)
    half = layers.fc(x, 1, bias_attr=False, param_attr=fluid.ParamAttr("half", one, learning_rate=0.5))
    still = layers.fc(x, 1, bias_attr=False, param_attr=fluid.ParamAttr("still", one, trainable=False))
    fluid.optimizer.SGD(RATE).minimize(layers.mean(half + still))
    exe.run(fluid.default_startup_program())
    exe.run(feed={"x": np.ones((1, 2), "float32")})
    np.testing.assert_allclose(fluid.executor._fetch_var("half"), np.full((2, 1), 1 - 0.05), rtol=1e-6)
    np.testing.assert_array_equal(fluid.executor._fetch_var("still"), np.ones((2, 1)))


def test_wrong_arguments():
    x = fluid.data("x", [None, 2])
    with pytest.raises(ValueError, match=r"shape \(1,\)"):
        fluid.optimizer.SGD(0.1).minimize(layers.fc(x, 3))
    with pytest.raises(TypeError):
        fluid.optimizer.SGD("fast")
    with pytest.raises(TypeError):
        fluid.optimizer.SGD(0.1, grad_clip=1.0)
    with pytest.raises(ValueError):
        fluid.optimizer.LookaheadOptimizer(fluid.optimizer.SGD(0.1), alpha=2.0)


def test_model_average(exe):
    w, loss = quadratic(exe, fluid.optimizer.SGD(RATE))
    average = fluid.optimizer.ModelAverage(0.5, min_average_window=4, max_average_window=20)
    exe.run(fluid.default_startup_program())
    seen = []
    for _ in range(3):
        exe.run()
        seen.append(fluid.executor._fetch_var("w"))
    with average.apply(exe):
        np.testing.assert_allclose(fluid.executor._fetch_var("w"), np.mean(seen, 0), rtol=1e-5)
    np.testing.assert_array_equal(fluid.executor._fetch_var("w"), seen[-1])


def test_exponential_moving_average(exe):
    w, loss = quadratic(exe, fluid.optimizer.SGD(RATE))
    ema = fluid.optimizer.ExponentialMovingAverage(0.9)
    ema.update()
    exe.run(fluid.default_startup_program())
    mean = np.zeros(3)
    for _ in range(4):
        exe.run()
        mean = 0.9 * mean + 0.1 * fluid.executor._fetch_var("w")
    last = fluid.executor._fetch_var("w")
    for _ in range(2):
        with ema.apply(exe):
            np.testing.assert_allclose(fluid.executor._fetch_var("w"), mean / (1 - 0.9**4), rtol=1e-4)
        np.testing.assert_array_equal(fluid.executor._fetch_var("w"), last)


def test_lookahead(exe):
    quadratic(exe, fluid.optimizer.LookaheadOptimizer(fluid.optimizer.SGD(RATE), alpha=0.5, k=2))
    fast = slow = np.array([1.0, -2.0, 0.5])
    for step in range(1, 6):
        exe.run()
        fast = fast - RATE * (2 * fast + 1)
        if step % 2 == 0:
            fast = slow = 0.5 * fast + 0.5 * slow
        np.testing.assert_allclose(fluid.executor._fetch_var("w"), fast, rtol=1e-5)


def test_gradients(exe):
    x = fluid.data("x", [None, 3])
    x.stop_gradient = False
    (grad,) = fluid.gradients(layers.square(x), x)
    (second,) = fluid.gradients(layers.square(grad), x)
    value = np.array([[1.0, 2.0, 3.0]], "float32")
    first, again = exe.run(feed={"x": value}, fetch_list=[grad, second])
    np.testing.assert_allclose(first, 2 * value)
    np.testing.assert_allclose(again, 8 * value)
    assert fluid.gradients(layers.square(x), fluid.data("other", [1])) == [None]


def test_error_clip(exe):
    x = fluid.data("x", [None, 2])
    h = layers.fc(x, 1, bias_attr=False, param_attr=fluid.ParamAttr("w", fluid.initializer.Constant(1.0)))
    h._set_error_clip(fluid.clip.ErrorClipByValue(0.01))
    fluid.optimizer.SGD(1.0).minimize(layers.mean(layers.scale(h, 100.0)))
    exe.run(fluid.default_startup_program())
    exe.run(feed={"x": np.ones((1, 2), "float32")})
    np.testing.assert_allclose(fluid.executor._fetch_var("w"), np.full((2, 1), 0.99), rtol=1e-6)


def test_failing_callbacks_leave_the_program_as_it_was(exe):
    x = fluid.data("x", [None, 2])
    loss = layers.mean(layers.fc(x, 1))
    ops = list(fluid.default_main_program().global_block().ops)

    def fail(block, context):
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        fluid.backward.append_backward(loss, callbacks=[fail])
    assert fluid.default_main_program().global_block().ops == ops
    exe.run(fluid.default_startup_program())
    assert exe.run(feed={"x": np.ones((1, 2), "float32")}, fetch_list=[loss])[0].shape == (1,)
    assert fluid.backward.append_backward(loss)

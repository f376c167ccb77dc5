"""recurrent and its gradient through StaticRNN, and DynamicRNN, against NumPy; their gradients by differences."""

import numpy as np
import pytest
from harness import Elsewhere
from programs import numeric, programs  # noqa: F401  (a fixture)

import paddle.fluid as fluid
from paddle.fluid import layers

for _type in ("recurrent", "recurrent_grad"):
    Elsewhere(_type, "tests/ops/test_recurrent.py")

STEPS, BATCH, IN, HIDDEN = 4, 2, 3, 5
R = np.random.RandomState(0)
WX, WH = R.uniform(-1, 1, [IN, HIDDEN]), R.uniform(-1, 1, [HIDDEN, HIDDEN])


def weights():
    return [layers.create_parameter(list(value.shape), "float64", name) for name, value in (("wx", WX), ("wh", WH))]


def run(fetch, **feed):
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(fluid.default_startup_program())
    for name, value in ("wx", WX), ("wh", WH):
        fluid.global_scope().find_var(name).get_tensor().set(value, fluid.CPUPlace())
    return [np.array(value) for value in exe.run(feed=feed, fetch_list=fetch, return_numpy=False)]


def states(x, h, wx, wh):
    """All states of a simple recurrence over x, [T, ...]."""
    result = []
    for step in x:
        h = np.tanh(step @ wx + h @ wh)
        result.append(h)
    return np.array(result)


@pytest.mark.parametrize("given", [True, False])
def test_static_rnn(given):
    x, h0 = fluid.data("x", [STEPS, None, IN], "float64"), fluid.data("h0", [None, HIDDEN], "float64")
    x.stop_gradient = h0.stop_gradient = False
    wx, wh = weights()
    rnn = layers.StaticRNN()
    with rnn.step():
        step = rnn.step_input(x)
        before = rnn.memory(init=h0) if given else rnn.memory(shape=[-1, HIDDEN], batch_ref=step, init_value=0.25)
        after = layers.tanh(layers.matmul(step, wx) + layers.matmul(before, wh))
        rnn.update_memory(before, after)
        rnn.step_output(after)
        rnn.step_output(layers.square(before))
    out, squares = rnn()
    assert out.shape == (STEPS, -1, HIDDEN)
    loss = layers.reduce_sum(layers.square(out)) + layers.reduce_sum(squares)
    fluid.backward.append_backward(loss)

    def reference(x, h, wx, wh):
        all_states = states(x, h, wx, wh)
        return np.sum(all_states**2) + np.sum(h**2) + np.sum(all_states[:-1] ** 2)

    values = R.uniform(-1, 1, [STEPS, BATCH, IN])
    start = R.uniform(-1, 1, [BATCH, HIDDEN]) if given else np.full([BATCH, HIDDEN], 0.25)
    names = ["x@GRAD", "wx@GRAD", "wh@GRAD"] + ["h0@GRAD"] * given
    for _ in range(2):
        got = run([out, loss] + names, x=values, h0=start)
        np.testing.assert_allclose(got[0], states(values, start, WX, WH), rtol=1e-12)
        np.testing.assert_allclose(got[1], reference(values, start, WX, WH), rtol=1e-12)
        close = dict(rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(got[2], numeric(lambda at: reference(at, start, WX, WH), values), **close)
        np.testing.assert_allclose(got[3], numeric(lambda at: reference(values, start, at, WH), WX), **close)
        np.testing.assert_allclose(got[4], numeric(lambda at: reference(values, start, WX, at), WH), **close)
        if given:
            np.testing.assert_allclose(got[5], numeric(lambda at: reference(values, at, WX, WH), start), **close)


def test_static_rnn_without_a_backward_pass():
    x, h0 = fluid.data("x", [None, None, IN], "float64"), fluid.data("h0", [None, HIDDEN], "float64")
    wx, wh = weights()
    rnn = layers.StaticRNN()
    with rnn.step():
        step, before = rnn.step_input(x), rnn.memory(init=h0)
        after = layers.tanh(layers.matmul(step, wx) + layers.matmul(before, wh))
        rnn.update_memory(before, after)
        rnn.output(after)
    out = rnn()
    for steps in (3, 1, 6):
        values, start = R.rand(steps, BATCH, IN), R.rand(BATCH, HIDDEN)
        np.testing.assert_allclose(run([out], x=values, h0=start)[0], states(values, start, WX, WH), rtol=1e-12)


def test_what_static_rnn_does_not_take():
    x = fluid.data("x", [STEPS, BATCH, IN])
    with pytest.raises(ValueError, match="after rnn block"):
        layers.StaticRNN()()
    with pytest.raises(ValueError, match="in rnn block"):
        layers.StaticRNN().step_input(x)
    for error, text, call in [
        (ValueError, "shape and batch_ref", lambda rnn: rnn.memory()),
        (TypeError, "Variable", lambda rnn: rnn.step_input(3)),
        (ValueError, "no memory", lambda rnn: rnn.update_memory(x, x)),
    ]:
        rnn = layers.StaticRNN()
        with pytest.raises(error, match=text):
            with rnn.step():
                call(rnn)
    rnn = layers.StaticRNN()
    with pytest.raises(ValueError, match="never updated"):
        with rnn.step():
            rnn.memory(batch_ref=rnn.step_input(x), shape=[-1, 2])


LENGTHS = [2, 4, 1]


def test_dynamic_rnn():
    x = fluid.data("x", [None, IN], "float64", lod_level=1)
    h0, s = fluid.data("h0", [None, HIDDEN], "float64"), fluid.data("s", [None, HIDDEN], "float64")
    x.stop_gradient = h0.stop_gradient = s.stop_gradient = False
    wx, wh = weights()
    rnn = layers.DynamicRNN()
    with rnn.block():
        step, same = rnn.step_input(x), rnn.static_input(s)
        before = rnn.memory(init=h0, need_reorder=True)
        after = layers.tanh(layers.matmul(step, wx) + layers.matmul(before, wh) + same)
        rnn.update_memory(before, after)
        rnn.output(after)
    out = rnn()
    loss = layers.reduce_sum(layers.square(out))
    fluid.backward.append_backward(loss)

    def sequences(x, h, s, wx, wh):
        result, at = [], 0
        for length, state, extra in zip(LENGTHS, h, s):
            for step in x[at : at + length]:
                state = np.tanh(step @ wx + state @ wh + extra)
                result.append(state)
            at += length
        return np.array(result)

    rows = sum(LENGTHS)
    values = [R.uniform(-1, 1, shape) for shape in ([rows, IN], [3, HIDDEN], [3, HIDDEN])]
    everything = values + [WX, WH]
    feed = dict(zip(("h0", "s"), values[1:]), x=fluid.create_lod_tensor(values[0], [LENGTHS], fluid.CPUPlace()))
    names = ["x@GRAD", "h0@GRAD", "s@GRAD", "wx@GRAD", "wh@GRAD"]
    for _ in range(2):
        got = run([out] + names, **feed)
        np.testing.assert_allclose(got[0], sequences(*everything), rtol=1e-12)
        for number, name in enumerate(names):

            def moved(at):
                return np.sum(sequences(*everything[:number], at, *everything[number + 1 :]) ** 2)

            np.testing.assert_allclose(
                got[1 + number], numeric(moved, everything[number]), rtol=1e-6, atol=1e-8, err_msg=name
            )


def test_dynamic_rnn_with_a_state_of_one_value():
    x = fluid.data("x", [None, IN], "float64", lod_level=1)
    wx, wh = weights()
    rnn = layers.DynamicRNN()
    with rnn.block():
        step = rnn.step_input(x)
        before = rnn.memory(shape=[HIDDEN], value=0.5, dtype="float64")
        after = layers.tanh(layers.matmul(step, wx) + layers.matmul(before, wh))
        rnn.update_memory(before, after)
        rnn.output(after)
    last = layers.sequence_last_step(rnn())
    for lengths in ([3, 1], [1, 1, 4], [2]):
        values = R.uniform(-1, 1, [sum(lengths), IN])
        ends = np.cumsum(lengths)
        start = np.full([HIDDEN], 0.5)
        expected = [states(values[end - n : end], start, WX, WH)[-1] for n, end in zip(lengths, ends)]
        got = run([last], x=fluid.create_lod_tensor(values, [lengths], fluid.CPUPlace()))[0]
        np.testing.assert_allclose(got, np.array(expected), rtol=1e-12)


def test_what_dynamic_rnn_does_not_take():
    x = fluid.data("x", [None, IN], lod_level=1)
    for method, arguments in [("memory", {"shape": [1]}), ("step_input", {"x": x}), ("output", {})]:
        with pytest.raises(ValueError, match="inside rnn block"):
            getattr(layers.DynamicRNN(), method)(**arguments)
    with pytest.raises(ValueError, match="outside the rnn block"):
        layers.DynamicRNN()()
    for error, text, call in [
        (ValueError, "before memory", lambda rnn: rnn.memory(shape=[4])),
        (RuntimeError, "after step_input", lambda rnn: rnn.static_input(x)),
        (TypeError, "ex_mem", lambda rnn: rnn.update_memory(1, 2)),
        (ValueError, "step_input", lambda rnn: None),
    ]:
        rnn = layers.DynamicRNN()
        with pytest.raises(error, match=text):
            with rnn.block():
                call(rnn)

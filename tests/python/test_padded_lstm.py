"""fluid.layers.lstm, layers of LSTM over padded sequences: what is dropped, and what it has in common with dynamic_lstm."""

import os

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers
from rnn_reference import Net, data

STEPS, ROWS, WIDTH, UNITS = 3, 4, 2, 5


def values(*shape, dtype="float32"):
    return np.random.RandomState(sum(shape)).uniform(-1, 1, shape).astype(dtype)


def padded(count, units=UNITS, width=WIDTH, dtype="float32", directions=1, **options):
    """The layer over fed variables x, h and c."""
    x, h, c = data("x", [None, None, width], dtype), *(data(name, [count * directions, None, units], dtype) for name in "hc")
    return layers.lstm(x, h, c, 20, units, count, is_bidirec=directions == 2, **options)


def feed(count, units=UNITS, width=WIDTH, dtype="float32", steps=STEPS):
    x = values(steps, ROWS, width, dtype=dtype)
    return {"x": x, "h": values(count, ROWS, units, dtype=dtype), "c": values(count, ROWS, units, dtype=dtype) / 2}


def pack(parameters):
    """cuDNN's vector of a list of (W, R, b, r), one a layer, each with the gates i, f, c~, o in front."""
    parts = [part for layer in parameters for part in layer[:2]] + [part for layer in parameters for part in layer[2:]]
    return np.concatenate([part.ravel() for part in parts]).astype("float32")


def test_a_layer_is_dynamic_lstm_over_sequences_of_one_length():
    def build():
        rows = fluid.data("rows", [None, 4 * UNITS], lod_level=1)
        h, c = data("h0", [None, UNITS]), data("c0", [None, UNITS])
        plain = layers.dynamic_lstm(rows, 4 * UNITS, h, c, use_peepholes=False)
        return (*padded(1), *plain)

    net, fed = Net(build), feed(1)
    projection = values(WIDTH, 4 * UNITS)
    recurrent, bias = net.parameters["lstm_0.w_0"], net.parameters["lstm_0.b_0"]
    order = [1, 2, 0, 3]  # dynamic_lstm has the gates in the order c~, i, f, o
    matrices = [np.stack(np.split(matrix, 4, axis=1))[order].transpose(0, 2, 1) for matrix in (projection, recurrent)]
    biases = bias.reshape(4, UNITS)[order]
    net.set("cudnn_lstm_0.w_0", pack([(*matrices, 3 * biases, -2 * biases)]))
    rows = (fed["x"] @ projection).swapaxes(0, 1).reshape(-1, 4 * UNITS)
    fed.update(rows=fluid.create_lod_tensor(rows, [[STEPS] * ROWS], fluid.CPUPlace()), h0=fed["h"][0], c0=fed["c"][0])
    out, last_h, last_c, hidden, cell = net.run(fed)
    hidden, cell = (value.reshape(ROWS, STEPS, UNITS).swapaxes(0, 1) for value in (hidden, cell))
    np.testing.assert_allclose(out, hidden, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(last_h[0], hidden[-1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(last_c[0], cell[-1], rtol=1e-5, atol=1e-6)


def nearly_linear(units):
    """Parameters (W, R, b, r) of a layer that hands a thousandth of its input on: input and output gate open, forget gate closed."""
    zero, eye, far = np.zeros((units, units)), np.eye(units), np.full(units, 100.0)
    biases = np.stack([far, -far, 0 * far, far])
    return np.stack([zero, zero, eye / 1000, zero]), np.zeros((4, units, units)), biases, 0 * biases


def dropped(net, first, fed):
    """Factors that a first layer's outputs met on their way into a second one, in one run for each pair fetched."""
    return [second * 1000 / first for second in net.run(fed)]


@pytest.mark.parametrize("seed", [-1, 0, 3])
def test_dropout_between_layers(seed):
    units, probability = 40, 0.25
    net = Net(lambda: [padded(2, units, dropout_prob=probability, seed=seed)[0] for _ in range(2)])
    fed = feed(2, units)
    alone = Net(lambda: padded(1, units)[0])
    flat, far = alone.parameters["cudnn_lstm_0.w_0"], nearly_linear(units)
    of_input, of_state = np.split(flat[: 4 * units * (WIDTH + units)], [4 * units * WIDTH])
    first = (of_input, of_state, *np.split(flat[-8 * units :], 2))
    for name in ("cudnn_lstm_0.w_0", "cudnn_lstm_1.w_0"):
        net.set(name, pack([first, far]))
    (outputs,) = alone.run({**fed, "h": fed["h"][:1], "c": fed["c"][:1]})
    runs = [dropped(net, outputs, fed) for _ in range(2)]
    for factor in (factor for run in runs for factor in run):
        kept = factor > 0.5
        np.testing.assert_allclose(factor[kept], 1 / (1 - probability), rtol=1e-2)
        assert np.abs(factor[~kept]).max() < 1e-3
        assert abs(kept.mean() - (1 - probability)) < 0.06  # 480 elements: three standard deviations
    same = seed != -1  # in every run, and in two layers of one seed
    assert same == bool(np.allclose(runs[0][0], runs[1][0], atol=1e-2)) == bool(np.allclose(runs[0][0], runs[0][1], atol=1e-2))


@pytest.mark.parametrize("directions", [1, 2])
def test_the_gradient_drops_what_was_dropped(directions):
    """Without a seed of the layer's own: each net is made anew, so that its first run drops the same."""
    count, parameter = 3, "cudnn_lstm_0.w_0"

    def build():
        out, h, c = padded(count, 2, dtype="float64", directions=directions, dropout_prob=0.5)
        loss = layers.sums([layers.reduce_sum(part * part) for part in (out, h, c)])
        fluid.backward.append_backward(loss)
        fluid.default_main_program().random_seed = 11
        return loss, parameter + "@GRAD", "x@GRAD"

    fed = feed(count * directions, 2, dtype="float64")
    weights = values(*Net(build).parameters[parameter].shape, dtype="float64")

    def first_run(flat, x):
        net = Net(build)
        net.set(parameter, flat)
        return net.run({**fed, "x": x})

    _, by_weights, by_x = first_run(weights, fed["x"])
    rng = np.random.RandomState(3)
    for direction_w, direction_x in ((rng.randn(*weights.shape), 0), (0, rng.randn(*fed["x"].shape))):
        above, below = (first_run(weights + s * direction_w, fed["x"] + s * direction_x)[0].item() for s in (1e-6, -1e-6))
        slope = (above - below) / 2e-6
        np.testing.assert_allclose((by_weights * direction_w).sum() + (by_x * direction_x).sum(), slope, rtol=1e-6)


def test_in_a_loop_each_step_drops_its_own():
    """The gradient of a loop's step finds what that step dropped."""

    def build():
        rnn, x = layers.StaticRNN(), data("x", [4, STEPS, ROWS, WIDTH], "float64")
        h, c = (layers.fill_constant([2, ROWS, UNITS], "float64", 0.1) for _ in range(2))
        with rnn.step():
            out, _, _ = layers.lstm(rnn.step_input(x), h, c, 20, UNITS, 2, dropout_prob=0.5)
            rnn.step_output(out)
        loss = layers.reduce_sum(layers.square(rnn()))
        fluid.backward.append_backward(loss)
        fluid.default_main_program().random_seed = 11
        return loss, "x@GRAD", rnn()

    x = np.repeat(values(1, STEPS, ROWS, WIDTH, dtype="float64"), 4, axis=0)
    direction = np.random.RandomState(3).randn(*x.shape)
    _, gradient, out = Net(build).run({"x": x})
    assert not np.allclose(out[0], out[1])
    above, below = (Net(build).run({"x": x + s * direction})[0].item() for s in (1e-6, -1e-6))
    np.testing.assert_allclose((gradient * direction).sum(), (above - below) / 2e-6, rtol=1e-6)


def test_clones_for_tests_drop_nothing():
    net = Net(lambda: padded(2, dropout_prob=0.9))
    fed = feed(2)
    assert not np.array_equal(net.run(fed)[0], net.run(fed)[0])
    net.main = net.main.clone(for_test=True)
    np.testing.assert_array_equal(net.run(fed)[0], net.run(fed)[0])


def test_saved_models(tmp_path):
    """The variable for what cuDNN keeps holds nothing and is in no file."""
    net, fed = Net(lambda: padded(2)), feed(2)
    wanted = net.run(fed)
    path = str(tmp_path)
    with fluid.scope_guard(net.scope):
        fluid.io.save_inference_model(path, list("xhc"), net.fetch, net.executor, net.main)
        fluid.io.save_persistables(net.executor, os.path.join(path, "all"), net.main)
    assert os.listdir(os.path.join(path, "all")) == ["cudnn_lstm_0.w_0"]
    with fluid.scope_guard(fluid.Scope()):
        program, names, targets = fluid.io.load_inference_model(path, net.executor)
        got = net.executor.run(program, {name: fed[name] for name in names}, targets)
    for a, b in zip(got, wanted):
        np.testing.assert_array_equal(a, b)


ERRORS = {
    "input": (lambda x, h: layers.lstm(3.0, h, h, 9, UNITS, 1), TypeError, "input of lstm"),
    "state": (lambda x, h: layers.lstm(x, None, h, 9, UNITS, 1), TypeError, "init_h of lstm"),
    "rank": (lambda x, h: layers.lstm(layers.reduce_sum(x, 0), h, h, 9, UNITS, 1), ValueError, r"input of lstm .*\(-1, 2\)"),
    "states": (lambda x, h: layers.lstm(x, h, h, 9, UNITS, 2), ValueError, r"InitH .*\[1, -1, 5\]; expected \[2, -1, 5\]"),
    "layers": (lambda x, h: layers.lstm(x, h, h, 9, UNITS, 0), ValueError, "num_layers"),
    "steps": (lambda x, h: layers.lstm(data("long", [10, 4, 2]), h, h, 9, UNITS, 1), ValueError, "10 steps, but max_len is 9"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    function, kind, match = ERRORS[name]
    with fluid.program_guard(fluid.Program(), fluid.Program()):
        with pytest.raises(kind, match=match):
            function(data("x", [None, None, WIDTH]), data("h", [1, None, UNITS]))

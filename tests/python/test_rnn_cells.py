"""Recurrent cells and the layers that take them through padded sequences, against NumPy."""

import functools
import itertools

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers
from paddle.fluid.contrib.layers import BasicGRUUnit, basic_gru, basic_lstm
from rnn_reference import Net, data, gru_step, lstm_step, unroll

ROWS, STEPS, WIDTH, UNITS = 4, 5, 3, 2
LENGTHS = np.array([5, 2, 0, 3])
with_lengths = [pytest.param(None, id="full"), pytest.param(LENGTHS, id="lengths")]


def values(*shape, dtype="float32"):
    return np.random.RandomState(sum(shape)).uniform(-1, 1, shape).astype(dtype)


def cell_of(kind, dtype="float32"):
    """A cell, a NumPy step for its parameters, and the number of its states."""
    if kind == "gru":
        return layers.GRUCell(UNITS, dtype=dtype), functools.partial(gru_step, prefix="GRUCell/BasicGRUUnit_0"), 1
    return layers.LSTMCell(UNITS, dtype=dtype), functools.partial(lstm_step, prefix="LSTMCell/BasicLSTMUnit_0"), 2


def as_list(new):
    return list(new) if isinstance(new, tuple) else [new]


@pytest.mark.parametrize("lengths", with_lengths)
@pytest.mark.parametrize("kind", ["gru", "lstm"])
@pytest.mark.parametrize("time_major, reverse, given", list(itertools.product([False, True], repeat=3)))
def test_rnn(kind, lengths, time_major, reverse, given):
    x, starts, found = values(ROWS, STEPS, WIDTH), [values(ROWS, UNITS) + k for k in range(2)], {}

    def build():
        cell, found["step"], found["states"] = cell_of(kind)
        inputs = data("x", [STEPS, None, WIDTH] if time_major else [None, STEPS, WIDTH])
        initial = [data("start%d" % k, [None, UNITS]) for k in range(found["states"])]
        return layers.rnn(
            cell,
            inputs,
            initial_states=(initial if kind == "lstm" else initial[0]) if given else None,
            sequence_length=None if lengths is None else data("lengths", [None], "int64"),
            time_major=time_major,
            is_reverse=reverse,
        )

    net = Net(build)
    feed = {"x": x.swapaxes(0, 1) if time_major else x, "start0": starts[0], "start1": starts[1], "lengths": LENGTHS}
    outputs, *states = net.run({name: value for name, value in feed.items() if net.main.global_block().has_var(name)})
    states_before = [start if given else np.zeros_like(start) for start in starts[: found["states"]]]
    step = found["step"]
    wanted, last = unroll(lambda *now: as_list(step(net.parameters, x=now[0], **named(now[1:]))), x, states_before, lengths, reverse)
    np.testing.assert_allclose(outputs.swapaxes(0, 1) if time_major else outputs, wanted, rtol=1e-5, atol=1e-6)
    for got, want in zip(states, last):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def named(states):
    return dict(zip("hc", states))


@pytest.mark.parametrize("lengths", with_lengths)
@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_gradients(kind, lengths):
    def build():
        cell, _, states = cell_of(kind, "float64")
        starts = [data("start%d" % k, [None, UNITS], "float64") for k in range(states)]
        length = None if lengths is None else data("lengths", [None], "int64")
        x = data("x", [None, STEPS, WIDTH], "float64")
        outputs, last = layers.rnn(cell, x, starts if kind == "lstm" else starts[0], length, is_reverse=True)
        parts = [outputs] + (last if kind == "lstm" else [last])
        loss = layers.sums([layers.reduce_sum(part * part) for part in parts])
        fluid.backward.append_backward(loss)
        return loss

    net = Net(build)
    feed = {"x": values(ROWS, STEPS, WIDTH, dtype="float64"), "start0": values(ROWS, UNITS, dtype="float64")}
    if kind == "lstm":
        feed["start1"] = values(ROWS, UNITS, dtype="float64") + 0.5
    wanted = list(feed) + list(net.parameters)
    net.check_gradients(net.fetch[0], {**feed, "lengths": LENGTHS} if lengths is not None else feed, wanted)


class Counter(layers.RNNCell):
    """Inputs and states in structures, and an argument of its own."""

    def call(self, inputs, states, step=1.0):
        total = states["sum"] + inputs["a"] + inputs["b"][0]
        return {"total": total, "count": [states["count"]]}, {"sum": total, "count": layers.scale(states["count"], bias=step)}

    @property
    def state_shape(self):
        return {"sum": [WIDTH], "count": (1,)}

    @property
    def state_dtype(self):
        return {"sum": "float32", "count": "float64"}


def test_structures_and_arguments_of_the_cell():
    def build():
        cell = Counter()
        a, b = data("a", [None, STEPS, WIDTH]), data("b", [None, STEPS, WIDTH])
        states = cell.get_initial_states([b, a], dtype=None, init_value=2)
        assert states["sum"].shape == (-1, WIDTH) and states["count"].shape == (-1, 1)
        outputs, last = layers.rnn(cell, {"a": a, "b": [b]}, states, step=3.0)
        return outputs["total"], outputs["count"], last["sum"], last["count"]

    a, b = values(ROWS, STEPS, WIDTH), values(ROWS, STEPS, WIDTH) + 1
    total, counts, last, count = Net(build).run({"a": a, "b": b})
    np.testing.assert_allclose(total, 2 + np.cumsum(a + b, axis=1), rtol=1e-5)
    np.testing.assert_allclose(last, total[:, -1])
    np.testing.assert_array_equal(counts[0, :, 0], 2.0 + 3 * np.arange(STEPS))
    assert counts.dtype == count.dtype == "float64" and (count == 2 + 3 * STEPS).all()


def test_float64_inputs_start_with_float64_states():
    net = Net(lambda: layers.rnn(layers.LSTMCell(UNITS, dtype="float64"), data("x", [None, STEPS, WIDTH], "float64")))
    assert {value.dtype.name for value in net.run({"x": values(ROWS, STEPS, WIDTH, dtype="float64")})} == {"float64"}


def test_initial_states_follow_the_batch_dimension():
    def build():
        states = layers.RNNCell().get_initial_states(data("x", [STEPS, None]), [[3], [-1, 2]], batch_dim_idx=1)
        assert [state.stop_gradient for state in states] == [False, False]
        return states

    got = Net(build).run({"x": values(STEPS, ROWS)})
    assert [value.shape for value in got] == [(ROWS, 3), (ROWS, 2)]


def test_a_cell_has_its_parameters_by_name_in_every_program():
    with fluid.unique_name.guard():
        cells = [layers.GRUCell(UNITS, fluid.ParamAttr(name="w")), layers.LSTMCell(UNITS, bias_attr=False)]
        found = []
        for _ in range(2):
            with fluid.program_guard(fluid.Program(), fluid.Program()):
                x, h = data("x", [None, WIDTH]), data("h", [None, UNITS])
                for _ in range(2):
                    cells[0](x, h)
                    cells[1](x, [h, h])
                found.append({p.name: p.shape for p in fluid.default_main_program().all_parameters()})
    rows = WIDTH + UNITS
    assert found[0] == found[1] == {
        "w_gate": (rows, 2 * UNITS),
        "w_candidate": (rows, UNITS),
        "GRUCell/BasicGRUUnit_0.b_0": (2 * UNITS,),
        "GRUCell/BasicGRUUnit_0.b_1": (UNITS,),
        "LSTMCell/BasicLSTMUnit_0.w_0": (rows, 4 * UNITS),
    }


def basic_reference(parameters, name, step, x, states, lengths, directions):
    """Outputs and last states (layers * directions, N, D) of stacked layers; `states`: (kinds, layers, directions, N, D)."""
    last = np.zeros(states.shape)
    sides = []
    for direction in range(directions):
        h = x
        for layer in range(states.shape[1]):
            prefix = "%s%s_layers_%d/%s_0" % (name, "_reverse" * direction, layer, "BasicGRUUnit" if len(states) == 1 else "BasicLSTMUnit")
            bound = lambda *now: as_list(step(parameters, prefix, *now))  # noqa: E731
            h, after = unroll(bound, h, list(states[:, layer, direction]), lengths, bool(direction), hold=True)
            last[:, layer, direction] = after
        sides.append(h)
    return np.concatenate(sides, -1), last


@pytest.mark.parametrize("lengths", with_lengths)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_basic_networks(kind, bidirectional, lengths):
    kinds, count, directions = (1 if kind == "gru" else 2), 2, 1 + bidirectional
    x, states = values(ROWS, STEPS, WIDTH), values(kinds, count, directions, ROWS, UNITS)

    def build():
        starts = [data("start%d" % k, [count * directions, None, UNITS]) for k in range(kinds)]
        length = None if lengths is None else data("lengths", [None], "int64")
        layer = basic_gru if kind == "gru" else basic_lstm
        return layer(data("x", [None, STEPS, WIDTH]), *starts, UNITS, count, length, bidirectional=bidirectional, name="net")

    net = Net(build)
    feed = {"start%d" % k: states[k].reshape(count * directions, ROWS, UNITS) for k in range(kinds)}
    outputs, *last = net.run({"x": x, **feed, **({} if lengths is None else {"lengths": LENGTHS})})
    step = gru_step if kind == "gru" else lstm_step
    wanted, after = basic_reference(net.parameters, "net", step, x, states, lengths, directions)
    np.testing.assert_allclose(outputs, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(last, after.reshape(kinds, count * directions, ROWS, UNITS), rtol=1e-5, atol=1e-6)


def test_dropout_of_basic_lstm_is_off_in_tests():
    def build():
        x = data("x", [None, STEPS, WIDTH])
        outputs, h, c = basic_lstm(x, None, None, UNITS, num_layers=2, dropout_prob=0.5)
        return outputs, h, c

    net, feed = Net(build), {"x": values(ROWS, STEPS, WIDTH)}
    assert (net.run(feed)[0] == 0).any()
    net.main = net.main.clone(for_test=True)
    assert (net.run(feed)[0] != 0).all()


def test_dynamic_lstmp_is_an_lstm_where_nothing_is_projected():
    """With the unit matrix for a projection, and the identity for its activation."""

    def build():
        x = fluid.data("x", [None, 4 * UNITS], lod_level=1)
        attr = [fluid.ParamAttr(name=name) for name in ("projected", "plain")]
        a = layers.dynamic_lstmp(x, 4 * UNITS, UNITS, attr[0], "bias", proj_activation="identity", use_peepholes=False)
        return a, layers.dynamic_lstm(x, 4 * UNITS, param_attr=attr[1], bias_attr="bias", use_peepholes=False)

    with pytest.raises(ValueError, match="projected"):  # one name for two parameters of different shapes
        Net(build)

    def build_with_weights():
        x = fluid.data("x", [None, 4 * UNITS], lod_level=1)
        options = dict(use_peepholes=False, bias_attr="bias")
        projected = layers.dynamic_lstmp(x, 4 * UNITS, UNITS, proj_activation="identity", **options)
        return projected, layers.dynamic_lstm(x, 4 * UNITS, param_attr="lstmp_0.w_0", **options)

    net = Net(build_with_weights)
    net.set("lstmp_0.w_1", np.eye(UNITS, dtype="float32"))
    x = fluid.create_lod_tensor(values(6, 4 * UNITS), [[4, 2]], fluid.CPUPlace())
    projection, cell, hidden, same_cell = net.run({"x": x})
    np.testing.assert_allclose(projection, hidden, rtol=1e-5)
    np.testing.assert_allclose(cell, same_cell, rtol=1e-5)


ERRORS = {
    "cell": (lambda x, h: layers.rnn(3, x), TypeError, "cell of rnn"),
    "inputs": (lambda x, h: layers.rnn(layers.GRUCell(UNITS), [x, 3]), TypeError, "inputs of rnn"),
    "states": (lambda x, h: layers.rnn(layers.GRUCell(UNITS), x, 3), TypeError, "initial_states of rnn"),
    "structure": (lambda x, h: layers.rnn(layers.GRUCell(UNITS), x, [h]), TypeError, "pre_hidden"),
    "rank": (lambda x, h: layers.GRUCell(UNITS)(x, h), ValueError, r"input of BasicGRUUnit .*\[-1, 5, 3\]"),
    "activation": (lambda x, h: layers.GRUCell(UNITS, activation="tanh"), TypeError, "activation .*'tanh'"),
    "no call": (lambda x, h: layers.RNNCell()(x, h), NotImplementedError, "RNNCell must implement call"),
    "no shape": (lambda x, h: layers.RNNCell().get_initial_states(x), NotImplementedError, "state_shape"),
    "no reference": (lambda x, h: layers.GRUCell(UNITS).get_initial_states(3), TypeError, "batch_ref"),
    "shape": (lambda x, h: layers.RNNCell().get_initial_states(x, shape=["a"]), TypeError, "'a'"),
    "dtypes": (lambda x, h: layers.RNNCell().get_initial_states(x, [[1]] * 3, ["float32"] * 2), ValueError, "3 shapes and 2"),
    "no layers": (lambda x, h: basic_gru(x, None, UNITS, num_layers=0), ValueError, "num_layers .*0"),
    "no input": (lambda x, h: basic_lstm(3, None, None, UNITS), TypeError, "input of basic_lstm"),
    "unit name": (lambda x, h: BasicGRUUnit(3, UNITS), TypeError, "name_scope"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    function, kind, match = ERRORS[name]
    with fluid.program_guard(fluid.Program(), fluid.Program()):
        x, h = data("x", [None, STEPS, WIDTH]), data("h", [None, UNITS])
        with pytest.raises(kind, match=match):
            function(x, h)


def test_a_cell_takes_inputs_of_one_width():
    with fluid.program_guard(fluid.Program(), fluid.Program()):
        cell, h = layers.GRUCell(UNITS), data("h", [None, UNITS])
        cell(data("x", [None, WIDTH]), h)
        with pytest.raises(ValueError, match=r"GRUCell/BasicGRUUnit_\d+.*\[5, 4\]; this input needs \[6, 4\]"):
            cell(data("y", [None, WIDTH + 1]), h)

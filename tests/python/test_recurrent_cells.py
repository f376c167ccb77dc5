"""Cells that a user writes by hand run as the ops lstm and gru, and compute what the loop computes."""

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers

D, H = 3, 4


def affine(inputs, size, bias=True):
    return layers.fc(inputs, size, bias_attr=None if bias else False)


def tanh(x):
    return layers.tanh(x)


def sigmoid(x):
    return layers.sigmoid(x)


# ---- LSTMs: (step inputs, h, c) -> h, c ----


def lstm_of(gates, c):
    i, f, o, j = gates
    c = sigmoid(f) * c + sigmoid(i) * tanh(j)
    return sigmoid(o) * tanh(c), c


def wide_lstm(x, h, c):
    return lstm_of(layers.split(affine(x + [h], 4 * H), 4, dim=1), c)


def lstm_in_the_order_of_the_op(x, h, c):
    j, i, f, o = layers.split(affine(x + [h], 4 * H), 4, dim=1)
    return lstm_of([i, f, o, j], c)


def lstm_with_a_product_a_gate(x, h, c):
    i, f, o = [layers.fc(x + [h], H, act="sigmoid") for _ in range(3)]
    j = layers.fc(x + [h], H, act="tanh")
    c = layers.elementwise_add(layers.elementwise_mul(j, i), layers.elementwise_mul(c, f))
    return layers.elementwise_mul(tanh(c), o), c


def lstm_of_two_sums(x, h, c):
    gates = [affine(h, H) + affine(x, H, bias=False) for _ in range(4)]
    return lstm_of(gates, c)


def lstm_of_a_concat(x, h, c):
    i, j, f, o = layers.split(affine(layers.concat(x + [h], axis=1), 4 * H), 4, dim=1)
    return lstm_of([i, f + 1.0, o, j], c)


def lstm_of_slices(x, h, c):
    wide = affine(x, 4 * H) + affine(h, 4 * H)
    gates = [layers.slice(wide, [1], [k * H], [(k + 1) * H]) for k in (2, 0, 3, 1)]
    return lstm_of(gates, c)


def lstm_with_parameters(x, h, c):
    dtype = h.dtype
    w = layers.create_parameter([D, 4 * H], dtype)
    u = layers.create_parameter([H, 4 * H], dtype)
    b = layers.create_parameter([1, 4 * H], dtype)
    wide = layers.elementwise_add(layers.matmul(x[0], w) + layers.matmul(h, u), b)
    return lstm_of(layers.split(wide, [H, H, H, H], dim=1), c)


def lstm_with_relu(x, h, c):
    i, f, o, j = layers.split(affine(x + [h], 4 * H), 4, dim=1)
    c = sigmoid(i) * layers.relu(j) + c * sigmoid(f)
    return layers.relu(c) * sigmoid(o), c


def lstm_projected_before(x, h, c):
    wide = layers.elementwise_add(x[0], affine(h, 4 * H, bias=False))
    return lstm_of(layers.split(wide, 4, dim=1), c)


def lstm_without_bias(x, h, c):
    return lstm_of(layers.split(affine(x + [h], 4 * H, bias=False), 4, dim=1), c)


LSTMS = [
    wide_lstm,
    lstm_in_the_order_of_the_op,
    lstm_with_a_product_a_gate,
    lstm_of_two_sums,
    lstm_of_a_concat,
    lstm_of_slices,
    lstm_with_parameters,
    lstm_with_relu,
    lstm_projected_before,
    lstm_without_bias,
]


# ---- GRUs: (step inputs, h) -> h ----


def gru_with_a_product_a_gate(x, h):
    u, r = [layers.fc(x + [h], H, act="sigmoid") for _ in range(2)]
    c = tanh(affine(x + [r * h], H))
    return u * h + (1.0 - u) * c


def wide_gru(x, h):
    r, u = layers.split(sigmoid(affine(x + [h], 2 * H)), 2, dim=1)
    c = tanh(affine(x, H) + affine(r * h, H, bias=False))
    return (1.0 - u) * h + u * c


def gru_of_a_difference(x, h):
    u, r = layers.split(affine(x + [h], 2 * H), 2, dim=1)
    u = sigmoid(u)
    c = tanh(affine(x + [layers.elementwise_mul(h, sigmoid(r))], H))
    return h + u * (c - h)


def gru_of_a_concat(x, h):
    u, r = layers.split(affine(layers.concat(x + [h], axis=1), 2 * H), 2, dim=1)
    u = sigmoid(u)
    c = tanh(affine(layers.concat(x + [sigmoid(r) * h], axis=1), H))
    one = layers.fill_constant_batch_size_like(u, [-1, H], h.dtype, 1.0)
    return layers.elementwise_sub(one, u) * c + u * h


def gru_projected_before(x, h):
    parts = layers.split(x[0], 3, dim=1)
    u, r = [sigmoid(parts[k] + affine(h, H, bias=False)) for k in (1, 0)]
    return (1.0 - u) * h + u * tanh(parts[2] + affine(r * h, H))


GRUS = [gru_with_a_product_a_gate, wide_gru, gru_of_a_difference, gru_of_a_concat, gru_projected_before]


# ---- a net around a cell ----


def names_of(cell):
    return cell.__name__


def is_lstm(cell):
    return cell in LSTMS


class Net:
    """A cell in a DynamicRNN, a loss, and all gradients.

    Args:
        cell: one of the above.
        start (list): of each state "zero", a number, "init" (rows in the order in which the sequences run) or "reordered".
        outputs (str): states that are outputs, letters of "hc".
        last (bool): only the last steps go into the loss.
        inputs (int): number of step inputs.
    """

    def __init__(self, cell, dtype="float32", start=("zero", "zero"), outputs="h", last=False, inputs=1, train=True):
        self.cell, self.dtype, self.main, self.startup = cell, dtype, fluid.Program(), fluid.Program()
        self.fetches = []
        projected = cell.__name__.endswith("projected_before")
        with fluid.program_guard(self.main, self.startup), fluid.unique_name.guard():
            self.words = [self._variable("x%d" % k, D, 1) for k in range(inputs)]
            sequences = [affine(x, (4 if is_lstm(cell) else 3) * H) for x in self.words] if projected else self.words
            results = self._loop(sequences, start[: 2 if is_lstm(cell) else 1], outputs)
            results = results if isinstance(results, list) else [results]
            self.fetches += results
            if last:
                results = [layers.sequence_last_step(result) for result in results]
            weights = [np.linspace(-1, 1.5 + k, H).astype(dtype) for k in range(len(results))]
            losses = [layers.mean(result * layers.assign(weight)) for result, weight in zip(results, weights)]
            self.loss = layers.sums(losses)
            self.fetches.append(self.loss)
            if train:
                pairs = fluid.backward.append_backward(self.loss)
                self.fetches += [grad for _, grad in pairs]
                self.fetches += [name + "@GRAD" for name in sorted(self.given)]

    def _variable(self, name, size, lod_level):
        self.given = getattr(self, "given", []) + [name]
        var = fluid.data(name, [None, size], self.dtype, lod_level=lod_level)
        var.stop_gradient = False
        return var

    def _state(self, rnn, name, start):
        if start in ("init", "reordered"):
            return rnn.memory(init=self._variable(name, H, 0), need_reorder=start == "reordered")
        return rnn.memory(shape=[H], value=0.0 if start == "zero" else start, dtype=self.dtype)

    def _loop(self, sequences, start, outputs):
        rnn = layers.DynamicRNN()
        with rnn.block():
            x = [rnn.step_input(each) for each in sequences]
            before = [self._state(rnn, name, how) for name, how in zip("hc", start)]
            after = self.cell(x, *before)
            after = after if isinstance(after, tuple) else (after,)
            for old, new in zip(before, after):
                rnn.update_memory(old, new)
            rnn.output(*[after["hc".index(name)] for name in outputs])
        return rnn()

    def feed(self, lengths):
        random = np.random.RandomState(7)
        feed = {}
        for name in self.given:
            if name.startswith("x"):
                rows = random.uniform(-1, 1, [sum(lengths), D]).astype(self.dtype)
                feed[name] = fluid.create_lod_tensor(rows, [list(lengths)], fluid.CPUPlace())
            else:
                feed[name] = random.uniform(-1, 1, [len(lengths), H]).astype(self.dtype)
        return feed

    def run(self, lengths, fused, program=None, fetches=None):
        """What is fetched, and the plan."""
        program, fetches = program or self.main, fetches or self.fetches
        exe = fluid.Executor(fluid.CPUPlace())
        fluid.set_flags({"FLAGS_fuse_recurrent_cells": fused})
        try:
            feed = self.feed(lengths)
            values = exe.run(program, feed=feed, fetch_list=fetches, return_numpy=False)
            return values, exe.plan(program, feed=feed, fetch_list=fetches)
        finally:
            fluid.set_flags({"FLAGS_fuse_recurrent_cells": True})

    def start(self):
        self.startup.random_seed = 3
        fluid.Executor(fluid.CPUPlace()).run(self.startup)


def instructions(plan):
    return [line.split(" = ")[1].split("(")[0] for line in plan.splitlines() if line.lstrip().startswith("[")]


def compare(net, lengths=(3, 1, 4), op=None):
    """The same with the pass on and off. `op`: the one that the loop becomes; None: it stays."""
    net.start()
    (got, plan), (want, plain) = net.run(lengths, True), net.run(lengths, False)
    op = op or ("lstm" if is_lstm(net.cell) else "gru")
    assert "recurrent cell: %s of '" % op in plan, [line for line in plan.splitlines() if "pass" in line]
    assert {op, op + "_grad"} <= set(instructions(plan)) or not any("GRAD" in str(name) for name in net.fetches)
    assert not {"while", "while_grad"} & set(instructions(plan))
    assert "while" in instructions(plain) and "recurrent cell" not in plain
    tolerance = 1e-5 if net.dtype == "float32" else 1e-12
    for name, a, b in zip(net.fetches, got, want):
        assert a.recursive_sequence_lengths() == b.recursive_sequence_lengths(), name
        np.testing.assert_allclose(np.array(a), np.array(b), tolerance, tolerance, err_msg=str(name))
        assert a.shape() == b.shape()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cell", LSTMS + GRUS, ids=names_of)
def test_each_way_of_writing_a_cell(cell, dtype):
    compare(Net(cell, dtype))


@pytest.mark.parametrize("cell", [wide_lstm, lstm_of_a_concat, wide_gru, gru_with_a_product_a_gate], ids=names_of)
@pytest.mark.parametrize(
    "start",
    [("init", "init"), ("reordered", "reordered"), (0.25, -0.5), ("zero", "init"), ("reordered", 0.5)],
    ids=str,
)
def test_initial_states(cell, start):
    compare(Net(cell, "float64", start))


@pytest.mark.parametrize("outputs", ["c", "hc", "ch", "hh", "hch"])
def test_outputs_of_an_lstm(outputs):
    compare(Net(wide_lstm, "float64", outputs=outputs))


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("lengths", [(5,), (1,), (1, 1, 1), (2, 2), (1, 2, 3, 4), (4, 3, 2, 1), (2, 7, 2, 1, 7)], ids=str)
@pytest.mark.parametrize("cell", [wide_lstm, wide_gru], ids=names_of)
def test_lengths(cell, lengths, last):
    compare(Net(cell, "float64", ("reordered", "reordered"), last=last), lengths)


@pytest.mark.parametrize("start", ["zero", "reordered", "init", 0.5])
@pytest.mark.parametrize("cell", [wide_lstm, wide_gru], ids=names_of)
def test_empty_sequences(cell, start):
    compare(Net(cell, "float64", (start, start)), (2, 0, 3, 0))


@pytest.mark.parametrize("cell", [wide_lstm, lstm_of_slices, wide_gru], ids=names_of)
def test_inference(cell):
    net = Net(cell, "float64", outputs="h", train=False)
    compare(net)
    predict = net.main.clone(for_test=True)
    values, plan = net.run((2, 3), True, predict)
    assert "recurrent cell: " in plan and "while" not in instructions(plan)
    np.testing.assert_allclose(values[0], net.run((2, 3), False, predict)[0][0], 1e-12)


def test_training_takes_the_same_way():
    net = Net(lstm_with_a_product_a_gate, "float64")
    with fluid.program_guard(net.main, net.startup), fluid.unique_name.guard():
        pass
    train, startup = fluid.Program(), fluid.Program()
    with fluid.program_guard(train, startup), fluid.unique_name.guard():
        x = fluid.data("x0", [None, D], "float64", lod_level=1)
        y = fluid.data("h", [None, H], "float64")
        rnn = layers.DynamicRNN()
        with rnn.block():
            word = rnn.step_input(layers.fc(x, 5, act="tanh"))
            h, c = rnn.memory(shape=[H], dtype="float64"), rnn.memory(shape=[H], dtype="float64")
            after = wide_lstm([word], h, c)
            rnn.update_memory(h, after[0])
            rnn.update_memory(c, after[1])
            rnn.output(after[0])
        last = layers.sequence_last_step(rnn())
        loss = layers.mean(layers.square(last - y))
        fluid.optimizer.Adam(0.05, regularization=fluid.regularizer.L2Decay(0.01)).minimize(loss)
    net.given = ["x0", "h"]
    startup.random_seed = 5
    losses = {}
    for fused in True, False:
        fluid.Executor(fluid.CPUPlace()).run(startup)
        losses[fused] = [net.run((3, 1, 2), fused, train, [loss])[0][0] for _ in range(5)]
        losses[fused] = [float(np.array(value)[0]) for value in losses[fused]]
    np.testing.assert_allclose(losses[True], losses[False], 1e-10)
    assert losses[True][-1] < losses[True][0]

"""Cells that a user writes by hand run as the ops lstm and gru, and compute what the loop computes."""

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers
from paddle.fluid.framework.op_proto import OpProtoHolder
from paddle.fluid.layer_helper import LayerHelper

D, H = 3, 4
OPS = OpProtoHolder.instance().op_proto_map


def affine(inputs, size, bias=True):
    return layers.fc(inputs, size, bias_attr=None if bias else False)


def tanh(x):
    return layers.tanh(x)


def sigmoid(x):
    return layers.sigmoid(x)


def raw_op(type, inputs, outputs, like, **attrs):
    helper = LayerHelper(type)
    results = [helper.create_variable_for_type_inference(like.dtype) for _ in outputs]
    helper.append_op(type=type, inputs=inputs, outputs=dict(zip(outputs, results)), attrs=attrs)
    return results


def needs(op, cell):
    return pytest.param(cell, marks=pytest.mark.skipif(op not in OPS, reason="there is no op " + op))


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


def lstm_with_a_forget_bias(x, h, c):
    """As BasicLSTMUnit: the number that is added to the forget gate is made once, outside."""
    main = fluid.default_main_program()
    inside, main.current_block_idx = main.current_block_idx, 0
    forget_bias = layers.fill_constant([1], h.dtype, 1.0)
    forget_bias.stop_gradient = False
    main.current_block_idx = inside
    i, j, f, o = layers.split(affine(layers.concat(x + [h], axis=1), 4 * H), 4, dim=-1)
    return lstm_of([i, layers.elementwise_add(f, forget_bias), o, j], c)


def lstm_without_bias(x, h, c):
    return lstm_of(layers.split(affine(x + [h], 4 * H, bias=False), 4, dim=1), c)


def lstm_unit(x, h, c):
    wide = affine(layers.concat(x + [h], axis=1), 4 * H)
    (h, c) = raw_op("lstm_unit", {"X": wide, "C_prev": c}, ["H", "C"], h, forget_bias=0.5)
    return h, c


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
    lstm_with_a_forget_bias,
    lstm_without_bias,
    needs("lstm_unit", lstm_unit),
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


def gru_unit(x, h, origin_mode=False):
    weight = layers.create_parameter([H, 3 * H], h.dtype)
    bias = layers.create_parameter([1, 3 * H], h.dtype)
    inputs = {"Input": affine(x, 3 * H), "HiddenPrev": h, "Weight": weight, "Bias": bias}
    _, _, h = raw_op("gru_unit", inputs, ["Gate", "ResetHiddenPrev", "Hidden"], h, origin_mode=origin_mode)
    return h


def gru_unit_of_the_paper(x, h):
    return gru_unit(x, h, origin_mode=True)


GRUS = [
    gru_with_a_product_a_gate,
    wide_gru,
    gru_of_a_difference,
    gru_of_a_concat,
    gru_projected_before,
    needs("gru_unit", gru_unit),
    needs("gru_unit", gru_unit_of_the_paper),
]


# ---- a net around a cell ----


def names_of(cell):
    return cell.__name__


def is_lstm(cell):
    return "lstm" in cell.__name__


class Net:
    """A cell in a loop, a loss, and all gradients.

    Args:
        cell: one of the above.
        start (list): of each state a number, "init" (in a DynamicRNN: in the order in which the sequences run) or
            "reordered".
        outputs (str): states that are outputs, letters of "hc".
        last (bool): only the last steps go into the loss.
        steps (int): of a StaticRNN; None: a DynamicRNN.
        known (bool): whether the StaticRNN is told the number of its steps.
    """

    def __init__(
        self, cell, dtype="float32", start=(0.0, 0.0), outputs="h", last=False, steps=None, train=True, known=True
    ):
        self.cell, self.dtype, self.steps, self.known, self.given = cell, dtype, steps, known, []
        self.main, self.startup = fluid.Program(), fluid.Program()
        with fluid.program_guard(self.main, self.startup), fluid.unique_name.guard():
            x = self._words()
            if cell.__name__.endswith("projected_before"):
                size = (4 if is_lstm(cell) else 3) * H
                x = layers.fc(x, size, num_flatten_dims=2 if steps else 1)
            results = self._loop(x, start[: 2 if is_lstm(cell) else 1], outputs)
            results = results if isinstance(results, list) else [results]
            self.fetches = list(results)
            if last:
                results = [result[-1] if steps else layers.sequence_last_step(result) for result in results]
            self.loss = layers.sums([layers.mean(result * self._weight(k)) for k, result in enumerate(results)])
            self.fetches.append(self.loss)
            if train:
                pairs = fluid.backward.append_backward(self.loss)
                self.fetches += [grad for _, grad in pairs] + [name + "@GRAD" for name in self.given]

    def _weight(self, k):
        return layers.cast(layers.assign(np.linspace(-1, 1.5 + k, H).astype("float32")), self.dtype)

    def _variable(self, name, shape, lod_level=0):
        self.given.append(name)
        var = fluid.data(name, shape, self.dtype, lod_level=lod_level)
        var.stop_gradient = False
        return var

    def _words(self):
        if not self.steps:
            return self._variable("x", [None, D], 1)
        return self._variable("x", [self.steps if self.known else None, None, D])

    def _state(self, rnn, name, start, word):
        if isinstance(start, str):
            more = {} if self.steps else {"need_reorder": start == "reordered"}
            return rnn.memory(init=self._variable(name, [None, H]), **more)
        if self.steps:
            return rnn.memory(shape=[-1, H], batch_ref=word, init_value=start)
        return rnn.memory(shape=[H], value=start, dtype=self.dtype)

    def _loop(self, sequences, start, outputs):
        rnn = layers.StaticRNN() if self.steps else layers.DynamicRNN()
        with rnn.step() if self.steps else rnn.block():
            word = rnn.step_input(sequences)
            before = [self._state(rnn, name, how, word) for name, how in zip("hc", start)]
            after = self.cell([word], *before)
            after = after if isinstance(after, tuple) else (after,)
            for old, new in zip(before, after):
                rnn.update_memory(old, new)
            rnn.output(*[after["hc".index(name)] for name in outputs])
        return rnn()

    def feed(self, lengths):
        random = np.random.RandomState(7)
        feed = {}
        for name in self.given:
            shape = [len(lengths), H] if name != "x" else [self.steps, len(lengths), D] if self.steps else [sum(lengths), D]
            feed[name] = random.uniform(-1, 1, shape).astype(self.dtype)
            if name == "x" and not self.steps:
                feed[name] = fluid.create_lod_tensor(feed[name], [list(lengths)], fluid.CPUPlace())
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


LOOPS = {"while", "while_grad", "recurrent", "recurrent_grad"}


def passes(plan):
    return [line.strip() for line in plan.splitlines() if line.startswith("  pass ")]


def check_same(net, got, want):
    tolerance = 1e-5 if net.dtype == "float32" else 1e-12
    for name, a, b in zip(net.fetches, got, want):
        assert a.recursive_sequence_lengths() == b.recursive_sequence_lengths(), name
        assert a.shape() == b.shape(), name
        np.testing.assert_allclose(np.array(a), np.array(b), tolerance, tolerance, err_msg=str(name))


def compare(net, lengths=(3, 1, 4)):
    """Outputs, loss and gradients are the same with and without the pass, and the loop became one op."""
    net.start()
    (got, plan), (want, plain) = net.run(lengths, True), net.run(lengths, False)
    op = "lstm" if is_lstm(net.cell) else "gru"
    assert any("recurrent cell: %s of '" % op in line and "test_recurrent_cells.py" in line for line in passes(plan)), passes(plan)
    assert op in instructions(plan) and not LOOPS & set(instructions(plan))
    assert (op + "_grad" in instructions(plan)) == any("GRAD" in str(name) for name in net.fetches)
    assert LOOPS & set(instructions(plain)) and "recurrent cell" not in plain
    check_same(net, got, want)


@pytest.mark.parametrize("steps", [None, 5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cell", LSTMS + GRUS, ids=names_of)
def test_each_way_of_writing_a_cell(cell, dtype, steps):
    compare(Net(cell, dtype, steps=steps))


@pytest.mark.parametrize("steps", [None, 5])
@pytest.mark.parametrize("cell", [wide_lstm, lstm_of_a_concat, wide_gru, gru_with_a_product_a_gate], ids=names_of)
@pytest.mark.parametrize(
    "start",
    [("init", "init"), ("reordered", "reordered"), (0.25, -0.5), (0.0, "init"), ("reordered", 0.5)],
    ids=str,
)
def test_initial_states(cell, start, steps):
    compare(Net(cell, "float64", start, steps=steps))


@pytest.mark.parametrize("steps", [None, 5])
@pytest.mark.parametrize("outputs", ["c", "hc", "ch", "hh", "hch"])
def test_outputs_of_an_lstm(outputs, steps):
    compare(Net(wide_lstm, "float64", outputs=outputs, steps=steps))


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("lengths", [(5,), (1,), (1, 1, 1), (2, 2), (1, 2, 3, 4), (4, 3, 2, 1), (2, 7, 2, 1, 7)], ids=str)
@pytest.mark.parametrize("cell", [wide_lstm, wide_gru], ids=names_of)
def test_lengths(cell, lengths, last):
    compare(Net(cell, "float64", ("reordered", "reordered"), last=last), lengths)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("sequences", [1, 3])
@pytest.mark.parametrize("cell", [wide_lstm, wide_gru], ids=names_of)
def test_fixed_numbers_of_steps(cell, sequences, steps, known):
    compare(Net(cell, "float64", ("init", "init"), steps=steps, known=known), [steps] * sequences)


@pytest.mark.parametrize("start", [0.0, "reordered", "init", 0.5])
@pytest.mark.parametrize("cell", [wide_lstm, wide_gru], ids=names_of)
def test_empty_sequences(cell, start):
    compare(Net(cell, "float64", (start, start)), (2, 0, 3, 0))


@pytest.mark.parametrize("steps", [None, 3])
@pytest.mark.parametrize("cell", [wide_lstm, lstm_of_slices, wide_gru], ids=names_of)
def test_inference(cell, steps):
    compare(Net(cell, "float64", train=False, steps=steps), (3, 3))


def test_training_and_its_copy_for_tests():
    net = Net(wide_lstm, "float64", last=True, train=False)
    predict = net.main.clone(for_test=True)
    with fluid.program_guard(net.main, net.startup), fluid.unique_name.guard("training"):
        fluid.optimizer.Adam(0.05, regularization=fluid.regularizer.L2Decay(0.01)).minimize(net.loss)
    losses = {}
    for fused in True, False:
        with fluid.scope_guard(fluid.Scope()):
            net.start()
            values = [net.run((3, 1, 2), fused, fetches=[net.loss])[0][0] for _ in range(5)]
            value, plan = net.run((3, 1, 2), fused, predict, [net.loss.name])
            losses[fused] = [float(np.array(value)[0]) for value in values + value]
            assert bool(LOOPS & set(instructions(plan))) != fused
    np.testing.assert_allclose(losses[True], losses[False], 1e-10)
    assert losses[True][-1] < losses[True][0]


# ---- what looks like a cell, but is none ----


def lstm_without_tanh(x, h, c):
    i, f, o, j = layers.split(affine(x + [h], 4 * H), 4, dim=1)
    c = sigmoid(f) * c + sigmoid(i) * j
    return sigmoid(o) * tanh(c), c


def lstm_that_shows_the_cell(x, h, c):
    i, f, o, j = layers.split(affine(x + [h], 4 * H), 4, dim=1)
    c = sigmoid(f) * c + sigmoid(i) * tanh(j)
    return sigmoid(o) * c, c


def lstm_with_a_gate_twice(x, h, c):
    i, f, o, j = layers.split(affine(x + [h], 4 * H), 4, dim=1)
    c = sigmoid(f) * c + sigmoid(i) * tanh(j)
    return sigmoid(o) * sigmoid(o) * tanh(c), c


def lstm_of_coupled_gates(x, h, c):
    f, o, j = layers.split(affine(x + [h], 3 * H), 3, dim=1)
    f = sigmoid(f)
    c = f * c + (1.0 - f) * tanh(j)
    return sigmoid(o) * tanh(c), c


def lstm_of_twice_the_sum(x, h, c):
    return lstm_of(layers.split(2.0 * affine(x + [h], 4 * H), 4, dim=1), c)


def lstm_with_a_peephole(x, h, c):
    i, f, o, j = layers.split(affine(x + [h, c], 4 * H), 4, dim=1)
    return lstm_of([i, f, o, j], c)


def lstm_with_dropout(x, h, c):
    h, c = wide_lstm(x, h, c)
    return layers.dropout(h, 0.5, seed=3), c


def lstm_with_a_scaled_output(x, h, c):
    h, c = wide_lstm(x, h, c)
    return 2.0 * h, c


def lstm_that_prints(x, h, c):
    h, c = wide_lstm(x, h, c)
    layers.Print(h, first_n=1)
    return h, c


def lstm_of_half_a_parameter(x, h, c):
    wide = layers.slice(affine(x + [h], 5 * H), [1], [0], [4 * H])
    return lstm_of(layers.split(wide, 4, dim=1), c)


def lstm_of_part_of_a_word(x, h, c):
    return wide_lstm([layers.slice(x[0], [1], [0], [2])], h, c)


def gru_that_resets_behind_the_product(x, h):
    u, r = layers.split(sigmoid(affine(x + [h], 2 * H)), 2, dim=1)
    return u * h + (1.0 - u) * tanh(affine(x, H) + r * affine(h, H))


def gru_without_a_reset(x, h):
    u = sigmoid(affine(x + [h], H))
    return u * h + (1.0 - u) * tanh(affine(x + [h], H))


def gru_with_two_updates(x, h):
    u, v, r = layers.split(sigmoid(affine(x + [h], 3 * H)), 3, dim=1)
    return u * h + (1.0 - v) * tanh(affine(x + [r * h], H))


LSTM_MISSES = [
    lstm_without_tanh,
    lstm_that_shows_the_cell,
    lstm_with_a_gate_twice,
    lstm_of_coupled_gates,
    lstm_of_twice_the_sum,
    lstm_with_a_peephole,
    lstm_with_dropout,
    lstm_with_a_scaled_output,
    lstm_that_prints,
    lstm_of_half_a_parameter,
    lstm_of_part_of_a_word,
]
GRU_MISSES = [gru_that_resets_behind_the_product, gru_without_a_reset, gru_with_two_updates]


def check_stays(net, why, lengths=(3, 1, 4), program=None, fetches=None):
    net.start()
    (got, plan), (want, _) = [net.run(lengths, fused, program, fetches) for fused in (True, False)]
    assert LOOPS & set(instructions(plan)) and not {"lstm", "gru"} & set(instructions(plan))
    (line,) = [line for line in passes(plan) if "recurrent cell" in line]
    assert "the loop stays" in line and why in line and "test_recurrent_cells.py" in line, line
    for a, b in zip(got, want):
        np.testing.assert_array_equal(np.array(a), np.array(b))


@pytest.mark.parametrize("steps", [None, 3])
@pytest.mark.parametrize("cell", LSTM_MISSES + GRU_MISSES, ids=names_of)
def test_near_misses_stay_loops(cell, steps):
    check_stays(Net(cell, steps=steps), "")


@pytest.mark.parametrize("what", ["dynamic_rnn_0_output_array", "dynamic_rnn_mem_array_0", "fill_constant_0.tmp_0"])
def test_a_fetch_inside_keeps_the_loop(what):
    net = Net(wide_lstm)
    (name,) = [var.name for var in net.main.list_vars() if var.name.startswith(what) and "@GRAD" not in var.name]
    net.start()
    values, plan = net.run((2, 1), True, fetches=[net.loss.name, name])
    assert "while" in instructions(plan) and "lstm" not in instructions(plan)
    assert any("the loop stays" in line and "'%s'" % name in line for line in passes(plan)), passes(plan)
    np.testing.assert_allclose(values[0], net.run((2, 1), True, fetches=[net.loss.name])[0][0], 1e-5)


def test_a_read_of_the_states_behind_the_loop_keeps_it():
    net = Net(wide_lstm, train=False)
    with fluid.program_guard(net.main, net.startup), fluid.unique_name.guard("behind"):
        array = net.main.global_block().var("dynamic_rnn_mem_array_0")
        net.fetches = [layers.array_read(array, layers.fill_constant([1], "int64", 2))]
    check_stays(net, "other ops use its memory")


def test_a_gradient_block_that_was_changed_keeps_the_loop():
    net = Net(wide_lstm)
    block = net.main.desc.block(2)
    (tanh_grad, _) = [block.op(k) for k in range(block.op_size()) if block.op(k).type() == "tanh_grad"]
    (mul_grad,) = [block.op(k) for k in range(block.op_size()) if tanh_grad.input("Out@GRAD")[0] in block.op(k).output_arg_names()]
    assert mul_grad.input("X") != mul_grad.input("Y")
    x, y = mul_grad.input("X"), mul_grad.input("Y")
    mul_grad.set_input("X", y)
    mul_grad.set_input("Y", x)
    check_stays(net, "is not as differentiation writes it")


@pytest.mark.parametrize("steps", [None, 3])
def test_a_parameter_without_a_gradient(steps):
    net = Net(lstm_with_a_product_a_gate, "float64", steps=steps, train=False)
    names = sorted(param.name for param in net.main.all_parameters())
    with fluid.program_guard(net.main, net.startup):
        pairs = fluid.backward.append_backward(net.loss, no_grad_set={names[0], names[4], "x"})
    assert len(pairs) == len(names) - 2
    net.fetches += [grad for _, grad in pairs]
    compare(net)


@pytest.mark.parametrize("steps", [None, 3])
def test_a_state_without_a_gradient_keeps_the_loop(steps):
    def lstm_with_a_stop(x, h, c):
        h, c = wide_lstm(x, h, c)
        h.stop_gradient = True
        return h, c

    check_stays(Net(lstm_with_a_stop, steps=steps, outputs="c"), "")


def build_by_hand(step):
    """A training program with a DynamicRNN whose block is `step(rnn, inputs)`, for a Net's feeds."""
    net = Net(wide_lstm, "float64", train=False)
    net.main, net.startup, net.given = fluid.Program(), fluid.Program(), []
    with fluid.program_guard(net.main, net.startup), fluid.unique_name.guard():
        rnn = layers.DynamicRNN()
        x = net._variable("x", [None, D], 1)
        with rnn.block():
            step(net, rnn, x)
        net.loss = layers.mean(layers.sequence_last_step(rnn()))
        pairs = fluid.backward.append_backward(net.loss)
    net.fetches = [rnn(), net.loss] + [grad for _, grad in pairs]
    return net


def advance(rnn, x):
    h, c = [rnn.memory(shape=[H], dtype="float64") for _ in "hc"]
    after = wide_lstm(x, h, c)
    rnn.update_memory(h, after[0])
    rnn.update_memory(c, after[1])
    return after[0]


def test_step_inputs_of_the_same_sequences():
    def step(net, rnn, x):
        inside, net.main.current_block_idx = net.main.current_block_idx, 0
        other = layers.fc(x, 2, act="relu")
        net.main.current_block_idx = inside
        rnn.output(advance(rnn, [rnn.step_input(x), rnn.step_input(other)]))

    compare(build_by_hand(step))


def test_step_inputs_of_other_sequences_keep_the_loop():
    def step(net, rnn, x):
        more = net._variable("more", [None, 2], 1)
        rnn.output(advance(rnn, [rnn.step_input(x), rnn.step_input(more)]))

    net = build_by_hand(step)
    plain = net.feed

    def feed(lengths, others=None):
        others = list(others or lengths)
        rows = np.ones([sum(others), 2])
        return dict(plain(lengths), more=fluid.create_lod_tensor(rows, [others], fluid.CPUPlace()))

    net.feed = feed
    check_stays(net, "may be different sequences")
    net.feed = lambda lengths: feed(lengths, lengths[::-1])
    with pytest.raises(ValueError, match="expected a table of X"):
        net.run((1, 2), True)


def test_a_static_input_keeps_the_loop():
    def step(net, rnn, x):
        word = rnn.step_input(x)
        same = rnn.static_input(net._variable("h", [None, 2]))
        rnn.output(advance(rnn, [word, same]))

    net = build_by_hand(step)
    net.feed = lambda lengths, feed=net.feed: dict(feed(lengths), h=np.ones([len(lengths), 2]))
    check_stays(net, "static input")


def test_an_output_that_is_no_state_keeps_the_loop():
    def step(net, rnn, x):
        rnn.output(layers.softmax(layers.fc(advance(rnn, [rnn.step_input(x)]), 3)))

    check_stays(build_by_hand(step), "softmax")


def test_two_layers():
    net = Net(wide_lstm, "float64", train=False)
    net.main, net.startup, net.given = fluid.Program(), fluid.Program(), []
    with fluid.program_guard(net.main, net.startup), fluid.unique_name.guard():
        x = net._variable("x", [None, D], 1)
        for _ in range(2):
            rnn = layers.DynamicRNN()
            with rnn.block():
                rnn.output(advance(rnn, [rnn.step_input(x)]))
            x = rnn()
        net.loss = layers.mean(x * net._weight(0))
        pairs = fluid.backward.append_backward(net.loss)
    net.fetches = [x, net.loss] + [grad for _, grad in pairs] + ["x@GRAD"]
    compare(net)
    plan = net.run((2, 3), True)[1]
    assert instructions(plan).count("lstm") == instructions(plan).count("lstm_grad") == 2


def test_two_gradients_of_one_loop_keep_it():
    net = Net(wide_lstm, "float64", train=False, steps=3)
    with fluid.program_guard(net.main, net.startup), fluid.unique_name.guard("gradients"):
        first = fluid.gradients(net.loss, net.main.all_parameters())
        second = fluid.gradients(layers.reduce_max(net.fetches[0]), net.main.all_parameters())
    net.fetches += first + second
    check_stays(net, "other ops use its steps")


def test_errors_name_the_line_of_the_loop(exe):
    net = Net(wide_lstm)
    net.start()
    feed = net.feed((2, 1))
    feed["x"] = np.array(feed["x"])
    with pytest.raises(ValueError, match="test_recurrent_cells.py"):
        exe.run(net.main, feed=feed, fetch_list=[net.loss])


@pytest.mark.parametrize("deep", [10, 2000])
def test_a_body_of_any_size_is_looked_at(deep):
    def lstm_behind_many_functions(x, h, c):
        i, f, o, j = layers.split(affine(x + [h], 4 * H), 4, dim=1)
        for _ in range(deep):
            j = tanh(j) * j
        for part in layers.split(j, 2, dim=1):
            part = layers.concat([part] * 8, axis=1)
        return lstm_of([i, f, o, j], c)

    net = Net(lstm_behind_many_functions, train=False)
    net.start()
    assert any("the loop stays" in line for line in passes(net.run((1,), True)[1]))

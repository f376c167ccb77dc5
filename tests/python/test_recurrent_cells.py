"""Cells that a user writes by hand run as the ops lstm and gru, and compute what the loop computes."""

import numpy as np
import pytest

import paddle.fluid as fluid
import recurrent_cells as cells
from paddle.fluid import layers
from recurrent_cells import D, H, Net, affine, instructions, is_lstm, names_of, sigmoid, tanh, wide_gru, wide_lstm

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
    (line,) = {line.split(" of '")[0] for line in passes(plan) if "fuse_recurrent_cells" in line and "recurrent_cells.py" in line}
    assert line == "pass fuse_recurrent_cells: " + op
    assert op in instructions(plan) and not LOOPS & set(instructions(plan))
    assert (op + "_grad" in instructions(plan)) == any("GRAD" in str(name) for name in net.fetches)
    assert LOOPS & set(instructions(plain)) and "fuse_recurrent_cells" not in plain
    check_same(net, got, want)


@pytest.mark.parametrize("steps", [None, 5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cell", cells.LSTMS + cells.GRUS, ids=names_of)
def test_each_way_of_writing_a_cell(cell, dtype, steps):
    compare(Net(cell, dtype, steps=steps))


@pytest.mark.parametrize("steps", [None, 5])
@pytest.mark.parametrize("cell", [wide_lstm, cells.lstm_of_a_concat, wide_gru, cells.gru_with_a_product_a_gate], ids=names_of)
@pytest.mark.parametrize(
    "start",
    [("init", "init"), ("reordered", "reordered"), (0.3, -0.7), (0.0, "init"), ("reordered", 0.5)],
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
@pytest.mark.parametrize("cell", [wide_lstm, cells.lstm_of_slices, wide_gru], ids=names_of)
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


def check_stays(net, why, lengths=(3, 1, 4), program=None, fetches=None):
    net.start()
    (got, plan), (want, _) = [net.run(lengths, fused, program, fetches) for fused in (True, False)]
    assert LOOPS & set(instructions(plan)) and not {"lstm", "gru"} & set(instructions(plan))
    (line,) = [line for line in passes(plan) if "fuse_recurrent_cells" in line]
    assert "the loop stays" in line and why in line and "recurrent_cells.py" in line, line
    for a, b in zip(got, want):
        np.testing.assert_array_equal(np.array(a), np.array(b))


@pytest.mark.parametrize("steps", [None, 3])
@pytest.mark.parametrize("cell, why", cells.MISSES, ids=names_of)
def test_near_misses_stay_loops(cell, why, steps):
    check_stays(Net(cell, steps=steps), why)


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
    net = Net(cells.lstm_with_a_product_a_gate, "float64", steps=steps, train=False)
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
    with pytest.raises(ValueError, match="recurrent_cells.py"):
        exe.run(net.main, feed=feed, fetch_list=[net.loss])


@pytest.mark.parametrize("grow", ["deep", "long", "wide"])
def test_a_large_body_is_given_up(grow):
    def lstm_behind_many_ops(x, h, c):
        i, f, o, j = layers.split(affine(x + [h], 4 * H), 4, dim=1)
        for _ in range(300):
            if grow == "deep":
                j = tanh(j)
            elif grow == "long":
                j = j * j + j
            else:
                j = layers.slice(layers.concat([j] * 40, axis=1), [1], [1], [H + 1])
        j, more = layers.split(j, 2, dim=1)
        return cells.lstm_of([i, f, o, layers.concat([j, more], axis=1)], c)

    net = Net(lstm_behind_many_ops, train=False)
    net.start()
    assert any("the loop stays" in line for line in passes(net.run((1,), True)[1]))

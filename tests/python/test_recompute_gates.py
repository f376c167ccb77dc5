"""The flag recompute_gates: recurrent layers that keep no gates for the backward pass. Same results, less memory, and only where
nothing else looks."""

import re

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import core, layers

D, H = 5, 6  # width of a row, units
LENGTHS = [[3, 0, 7, 1, 12], [5], [0, 0], [1, 1, 4, 2]]


@pytest.fixture
def recompute():
    """Switches the flag."""
    yield lambda on: core.set_flag("recompute_gates", "1" if on else "0")
    core.set_flag("recompute_gates", "0")


def attr(name):
    return fluid.ParamAttr(name=name, initializer=fluid.initializer.Uniform(-0.5, 0.5, seed=len(name)))


def layer(cell, x, name, size=H, initial=False, fc_bias=True, dtype="float32", **attrs):
    """A product, with a bias or without, and a recurrent layer; ``initial``: states for it are fed."""
    projected = layers.fc(
        x, (4 if cell == "lstm" else 3) * size, param_attr=attr(name + "_x"), bias_attr=attr(name + "_xb") if fc_bias else False
    )
    attrs.update(param_attr=attr(name + "_w"), bias_attr=attr(name + "_b"))
    states = [fluid.data(name + state, [None, size], dtype) for state in ("_h0", "_c0")] if initial else [None, None]
    for state in states:
        if initial:
            state.stop_gradient = False
    if cell == "gru":
        return layers.dynamic_gru(projected, size, h_0=states[0], **attrs)
    hidden, cells = layers.dynamic_lstm(projected, 4 * size, h_0=states[0], c_0=states[1], dtype=dtype, **attrs)
    return hidden if attrs.get("use_peepholes", True) else layers.concat([hidden, cells], 1)


def loss_of(x):
    return layers.reduce_mean(layers.square(layers.sequence_pool(x, "sum") - 0.5))


def feed(lengths, initial, dtype, names=("one", "two")):
    random = np.random.RandomState(sum(lengths))
    rows = random.uniform(-1, 1, [sum(lengths), D]).astype(dtype)
    fed = {"x": fluid.create_lod_tensor(rows, [lengths], fluid.CPUPlace())}
    if initial:
        states = [name + state for name in names for state in ("_h0", "_c0")]
        fed.update({state: random.uniform(-1, 1, [len(lengths), H]).astype(dtype) for state in states})
    return fed


def train(recompute, on, cell, initial=False, dtype="float64", low=False, **attrs):
    """Losses, parameters at the end, and the plan of some steps of a net of two layers."""
    recompute(on)
    with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.scope_guard(core.Scope()), fluid.unique_name.guard():
        x = fluid.data("x", [None, D], dtype, lod_level=1)
        first = layer(cell, x, "one", initial=initial, dtype=dtype, **attrs)
        second = layer(cell, first, "two", initial=initial, fc_bias=False, dtype=dtype, **attrs)
        loss = loss_of(second)
        optimizer = fluid.optimizer.SGD(0.1)
        if low:
            optimizer = fluid.contrib.mixed_precision.decorate(optimizer, dtype="bfloat16")
        optimizer.minimize(loss)
        exe = fluid.Executor(fluid.CPUPlace())
        exe.run(fluid.default_startup_program())
        fetches = [loss.name] + (["one_h0@GRAD"] if initial else [])
        results = []
        for lengths in LENGTHS:
            fed = feed(lengths, initial, dtype)
            fed = {name: value for name, value in fed.items() if fluid.default_main_program().global_block().has_var(name)}
            results += exe.run(feed=fed, fetch_list=fetches)
        parameters = fluid.default_main_program().all_parameters()
        results += [np.array(fluid.global_scope().find_var(parameter.name).get_tensor()) for parameter in parameters]
        return results, exe.plan(feed=list(fed), fetch_list=fetches)


NETS = {
    "lstm": dict(cell="lstm"),
    "lstm, float32": dict(cell="lstm", dtype="float32"),
    "lstm without peepholes, cells read": dict(cell="lstm", use_peepholes=False),
    "lstm, reversed, initial states": dict(cell="lstm", is_reverse=True, initial=True),
    "lstm, initial states": dict(cell="lstm", initial=True, use_peepholes=False, dtype="float32"),
    "lstm, other activations": dict(cell="lstm", gate_activation="tanh", cell_activation="sigmoid", candidate_activation="relu"),
    "gru": dict(cell="gru"),
    "gru, float32": dict(cell="gru", dtype="float32"),
    "gru, origin mode, initial states": dict(cell="gru", origin_mode=True, initial=True),
    "gru, reversed, initial states": dict(cell="gru", is_reverse=True, initial=True, dtype="float32"),
}


@pytest.mark.parametrize("name", NETS)
def test_training_is_the_same(name, recompute):
    results, plan = train(recompute, True, **NETS[name])
    expected, ordinary = train(recompute, False, **NETS[name])
    assert len(re.findall("pass recompute_gates: the gates of '.*' are not kept", plan)) == 2
    ran = [re.findall(r"^ *\[\d+\] .* = (\w+)\(", text, re.M) for text in (plan, ordinary)]
    fused = {"fused_mul_" + NETS[name]["cell"], "fused_mul_%s_grad" % NETS[name]["cell"]}
    assert fused <= set(ran[0]) and not {"mul", "mul_grad", NETS[name]["cell"]} & set(ran[0])
    assert {"mul", "mul_grad", NETS[name]["cell"]} <= set(ran[1]) and not fused & set(ran[1])
    assert any(np.abs(value).max() > 0.1 for value in expected)
    for a, b in zip(results, expected):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 if NETS[name].get("dtype") == "float32" else 1e-12)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_mixed_precision_of_bfloat16(cell, recompute):
    results, plan = train(recompute, True, cell, dtype="float32", low=True)
    expected, _ = train(recompute, False, cell, dtype="float32", low=True)
    assert "fused_mul_%s_grad(" % cell in plan
    for a, b in zip(results, expected):  # bfloat16 keeps 8 bits
        assert np.abs(a - b).max() <= 4 * 2**-9 * max(np.abs(b).max(), 0.1)


def kept(plan):
    """Bytes of the arena made in the forward pass and read in the backward pass."""
    first = int(re.search(r"^ *\[(\d+)\] %\d+ \S+@GRAD\b", plan, re.M).group(1))  # makes a gradient
    pattern = r"^  %\d+ \S+ : arena, made by \[(\d+)\], last read by \[(\d+)\].*, offset (\d+), (\d+) bytes$"
    found = [tuple(map(int, value)) for value in re.findall(pattern, plan, re.M)]
    assert found
    return sum({offset: size for made, last, offset, size in found if made < first <= last}.values())


def arena(plan):
    return int(re.search(r"arena (\d+) bytes", plan).group(1))


WIDE = 64
LONG = [128 - k for k in range(64)]  # tokens many enough to make a chunk of steps small beside them


def memory(recompute, on, cell, rows=None):
    """The plan of a net of two layers after a step, and its gradients; ``rows``: makes the rows of the first layer, else they are fed."""
    recompute(on)
    with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.scope_guard(core.Scope()), fluid.unique_name.guard():
        random = np.random.RandomState(0)
        if rows:
            x, fed = rows(), random.randint(0, 50, [sum(LONG), 1])
        else:
            x, fed = fluid.data("x", [None, WIDE], lod_level=1), random.rand(sum(LONG), WIDE).astype("float32")
        for name in ("one", "two"):
            x = layer(cell, x, name, WIDE, fc_bias=False)
        loss = layers.reduce_sum(layers.sequence_last_step(x))
        fluid.optimizer.SGD(0.0).minimize(loss)
        exe = fluid.Executor(fluid.CPUPlace())
        exe.run(fluid.default_startup_program())
        fed = {"x": fluid.create_lod_tensor(fed, [LONG], fluid.CPUPlace())}
        exe.run(feed=fed, fetch_list=[loss])
        parameters = fluid.default_main_program().all_parameters()
        gradients = exe.run(feed=fed, fetch_list=[parameter.name + "@GRAD" for parameter in parameters])
        return exe.plan(feed=["x"], fetch_list=[loss]), gradients


A_FLOAT_A_UNIT = sum(LONG) * WIDE * 4 * 2  # bytes: of each token in both layers


@pytest.mark.parametrize("cell, ordinary, least", [("lstm", 6, 2), ("gru", 4, 1)])
def test_what_is_kept_for_the_backward_pass(cell, ordinary, least, recompute):
    """LSTM: 6 H floats a token and layer, the gates and both states; with the flag the states alone. GRU: 4 H and H."""
    assert ordinary - 0.1 <= kept(memory(recompute, False, cell)[0]) / A_FLOAT_A_UNIT <= ordinary + 0.01
    assert least - 0.1 <= kept(memory(recompute, True, cell)[0]) / A_FLOAT_A_UNIT <= least + 0.01


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_arena_is_smaller(cell, recompute):
    (low, gradients), (ordinary, expected) = memory(recompute, True, cell), memory(recompute, False, cell)
    assert arena(low) <= arena(ordinary) / 1.5
    for a, b in zip(gradients, expected):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(b).max())


def embedded():
    return layers.embedding(fluid.data("x", [None, 1], "int64", lod_level=1), [50, WIDE], param_attr=attr("table"))


def test_rows_of_an_embedding(recompute):
    """The flag is before fuse_embedding_mul; the first layer's rows are kept then, which still is less than its gates."""
    (low, _), (ordinary, _) = memory(recompute, True, "lstm", embedded), memory(recompute, False, "lstm", embedded)
    assert "fused_embedding_mul(" in ordinary and "fused_embedding_mul" not in low and "lookup_table(" in low
    assert kept(low) <= kept(ordinary) / 2


def test_inference_needs_no_gates_at_once(recompute):
    x = fluid.data("x", [None, WIDE], lod_level=1)
    out = layers.sequence_last_step(layer("lstm", x, "one", WIDE))
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(fluid.default_startup_program())
    rows = np.random.RandomState(0).rand(sum(LONG), WIDE).astype("float32")
    fed = {"x": fluid.create_lod_tensor(rows, [LONG], fluid.CPUPlace())}
    results, arenas = [], []
    for on in (True, False):
        recompute(on)
        results += exe.run(feed=fed, fetch_list=[out])
        arenas.append(arena(exe.plan(feed=["x"], fetch_list=[out])))
    np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-5)
    assert arenas[0] < arenas[1] / 1.5


def assert_same_and_ordinary(fetches, recompute):
    """The pass leaves the net alone, whose results therefore stay to the bit."""
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(fluid.default_startup_program())
    results = []
    for on in (True, False):
        recompute(on)
        results.append(exe.run(feed=feed([3, 1, 4], False, "float32"), fetch_list=fetches, return_numpy=False))
        recompute(True)
        assert "fused_mul" not in exe.plan(feed=["x"], fetch_list=fetches)
    for a, b in zip(*results):
        assert np.array_equal(np.array(a), np.array(b))


def projected(bias=False):
    x = fluid.data("x", [None, D], lod_level=1)
    return layers.fc(x, 4 * H, param_attr=attr("weight"), bias_attr=attr("xb") if bias else False)


def recurrent(rows, **attrs):
    return layers.dynamic_lstm(rows, 4 * H, param_attr=attr("w"), bias_attr=attr("b"), **attrs)[0]


def with_gradients(out):
    loss = loss_of(out)
    return [loss.name] + [gradient.name for _, gradient in fluid.backward.append_backward(loss)]


@pytest.mark.parametrize("bias", [False, True])
def test_a_product_that_is_fetched_stays(bias, recompute):
    rows = projected(bias)
    assert_same_and_ordinary(with_gradients(recurrent(rows)) + [rows.name], recompute)


def test_a_gradient_of_the_product_that_is_fetched_stays(recompute):
    rows = projected()
    assert_same_and_ordinary(with_gradients(recurrent(rows)) + [rows.name + "@GRAD"], recompute)


def test_a_product_that_two_layers_read_stays(recompute):
    rows = projected()
    both = layers.concat([recurrent(rows), recurrent(rows, is_reverse=True)], 1)
    assert_same_and_ordinary(with_gradients(both), recompute)


def test_gates_that_are_fetched_stay(recompute):
    fetches = with_gradients(recurrent(projected()))
    (op,) = [op for op in fluid.default_main_program().global_block().ops if op.type == "lstm"]
    assert_same_and_ordinary(fetches + op.output("BatchGate"), recompute)


def test_a_weight_that_changes_behind_its_product_stays(recompute):
    rows = projected()
    weight = fluid.default_main_program().global_block().var("weight")
    layers.assign(layers.scale(weight, 2.0), weight)
    out = recurrent(rows)
    recompute(True)
    assert "fused_mul" not in fluid.Executor().plan(feed=["x"], fetch_list=[out])


def test_parts_without_a_gradient(recompute):
    """A frozen weight, and gradients of nothing in front of the layer."""
    for frozen in ({"weight"}, {"xb"}, {"weight", "xb"}, {"w", "b"}):
        results = []
        for on in (True, False):
            recompute(on)
            with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.scope_guard(core.Scope()):
                out = recurrent(projected(bias=True))
                for name in frozen:
                    fluid.default_main_program().global_block().var(name).trainable = False
                    fluid.default_main_program().global_block().var(name).stop_gradient = True
                fetches = with_gradients(out)
                exe = fluid.Executor(fluid.CPUPlace())
                exe.run(fluid.default_startup_program())
                results.append(exe.run(feed=feed([3, 1, 4], False, "float32"), fetch_list=fetches))
                assert ("fused_mul_lstm_grad(" in exe.plan(feed=["x"], fetch_list=fetches)) == on
        for a, b in zip(*results):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_setting_the_flag_makes_another_plan(recompute):
    out = recurrent(projected())
    exe, texts = fluid.Executor(), []
    for on in (False, True, False):
        recompute(on)
        texts.append("fused_mul_lstm(" in exe.plan(feed=["x"], fetch_list=[out]))
    assert texts == [False, True, False]


def test_errors_name_the_line(recompute):
    out = recurrent(projected())
    recompute(True)
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(fluid.default_startup_program())
    with pytest.raises(ValueError, match="(?s)no LoD.*test_recompute_gates.py"):
        exe.run(feed={"x": np.zeros([3, D], "float32")}, fetch_list=[out])

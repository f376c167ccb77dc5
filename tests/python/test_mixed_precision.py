"""Mixed precision: what becomes of programs, how loss scaling goes, and that nets train in bfloat16."""

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers
from paddle.fluid.contrib import mixed_precision
from paddle.fluid.framework import dtype_name

WORDS, CLASSES = 40, 3


@pytest.fixture(autouse=True)
def fresh():
    with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.unique_name.guard():
        with fluid.scope_guard(fluid.Scope()):
            yield


def executor():
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(fluid.default_startup_program())
    return exe


def decorated(optimizer=None, **kwargs):
    return mixed_precision.decorate(optimizer or fluid.optimizer.SGD(0.1), dtype="bfloat16", **kwargs)


def recurrent_loss(cell, sparse=False):
    word = fluid.data("word", [None, 1], "int64", lod_level=1)
    label = fluid.data("label", [None, 1], "int64")
    x = layers.embedding(word, [WORDS, 24], is_sparse=sparse)
    for _ in range(2):
        if cell == "lstm":
            x = layers.dynamic_lstm(layers.fc(x, 4 * 24), 4 * 24)[0]
        else:
            x = layers.dynamic_gru(layers.fc(x, 3 * 24), 24)
    x = layers.fc(layers.dropout(layers.sequence_last_step(x), 0.0), CLASSES)
    return layers.mean(layers.softmax_with_cross_entropy(x, label))


def sentences(batch=24, seed=0):
    """Sentences whose class is their last word's remainder."""
    random = np.random.RandomState(seed)
    lengths = random.randint(1, 7, batch)
    words = random.randint(0, WORDS, (lengths.sum(), 1)).astype("int64")
    labels = words[np.cumsum(lengths) - 1] % CLASSES
    return {"word": fluid.create_lod_tensor(words, [lengths.tolist()], fluid.CPUPlace()), "label": labels}


def train(loss, steps=30):
    exe = executor()
    return [float(exe.run(feed=sentences(seed=k), fetch_list=[loss])[0][0]) for k in range(steps)]


def types(program=None):
    """{variable: element type} of the tensors of a program."""
    program = program or fluid.default_main_program()
    tensor = fluid.core.VarDesc.VarType.LOD_TENSOR
    return {var.name: dtype_name(var.dtype) for var in program.list_vars() if var.type == tensor}


# Programs


def test_types_of_a_recurrent_net():
    decorated().minimize(recurrent_loss("lstm"))
    found = types()
    for name, dtype in found.items():
        if name.endswith((".w_0", ".b_0", ".w_0@GRAD", ".b_0@GRAD")) or "embedding" in name and "cast" not in name:
            assert dtype == "float32", name
    low = "fc_0.tmp_0 fc_0.tmp_1 lstm_0.tmp_0 lstm_0.tmp_2 fc_1.tmp_1 lstm_1.tmp_0 sequence_pool_0.tmp_0 dropout_0.tmp_0 fc_2.tmp_1"
    assert {name: found[name] for name in low.split()} == dict.fromkeys(low.split(), "bfloat16")
    wide = "lstm_0.tmp_1 lstm_1.tmp_1 fc_2.tmp_1.cast_fp32 softmax_with_cross_entropy_0.tmp_1 mean_0.tmp_0"
    assert {name: found[name] for name in wide.split()} == dict.fromkeys(wide.split(), "float32")
    ops = fluid.default_main_program().global_block().ops
    casts = [op.input("X")[0] for op in ops if op.type == "cast" and int(op.attr("op_role")) == 0]
    assert len(casts) == len(set(casts)), "one cast a variable"
    assert not {"lstm_0.b_0", "lstm_1.b_0", "embedding_0.w_0"} & set(casts)
    assert [op.type for op in ops if "lstm" in op.type] == ["lstm", "lstm", "lstm_grad", "lstm_grad"]
    assert not any(op.type in ("elementwise_mul", "elementwise_div") for op in ops), "nothing is scaled"


def test_no_gradient_of_data_is_computed():
    x = fluid.data("x", [None, 8])
    decorated().minimize(layers.mean(layers.fc(x, 4)))
    assert "x.cast_bf16" in types() and "x.cast_bf16@GRAD" not in types()


def test_ops_without_a_kernel_stay_float32():
    x = fluid.data("x", [None, 3, 8, 8])
    image = layers.pool2d(layers.conv2d(x, 4, 3, act="relu"), 2)
    h = layers.elementwise_mul(layers.fc(image, 4), layers.fc(image, 4))
    loss = layers.mean(layers.leaky_relu(h))
    decorated().minimize(loss)
    found = types()
    assert found["conv2d_0.tmp_0"] == found["elementwise_mul_0.tmp_0"] == "float32" and found["fc_0.tmp_0"] == "bfloat16"
    (value,) = executor().run(feed={"x": np.ones((2, 3, 8, 8), "float32")}, fetch_list=[loss])
    assert np.isfinite(value).all()


def test_lists_of_ones_own():
    lists = mixed_precision.AutoMixedPrecisionLists(custom_black_list=["lstm", "tanh"], custom_white_list=["relu"])
    x = fluid.data("x", [None, 32], lod_level=1)
    h = layers.relu(layers.dynamic_lstm(x, 32)[0])
    loss = layers.mean(layers.fc(h, 4, act="tanh"))
    decorated(amp_lists=lists).minimize(loss)
    found = types()
    assert found["lstm_0.tmp_0"] == found["fc_0.tmp_2"] == "float32" and found["relu_0.tmp_0"] == found["fc_0.tmp_1"] == "bfloat16"


def test_variables_that_blocks_use_stay_float32():
    x = fluid.data("x", [None, 8])
    i, n = layers.fill_constant([1], "int64", 0), layers.fill_constant([1], "int64", 3)
    state, goes_on = layers.fc(x, 8), layers.less_than(i, n)
    loop = layers.While(goes_on)
    with loop.block():
        layers.assign(layers.fc(state, 8, act="tanh"), state)
        layers.increment(i)
        layers.less_than(i, n, cond=goes_on)
    loss = layers.mean(layers.fc(state, 4))
    decorated().minimize(loss)
    assert types()["fc_0.tmp_1"] == "float32" and types()["fc_0.tmp_0"] == types()["fc_2.tmp_0"] == "bfloat16"
    exe, feed = executor(), {"x": np.ones((4, 8), "float32")}
    first, *_, last = (float(exe.run(feed=feed, fetch_list=[loss])[0][0]) for _ in range(6))
    assert last < first


def test_variables_written_twice_are_cast_again():
    x = fluid.data("x", [None, 8])
    h = layers.relu(x)
    a = layers.fc(h, 4, param_attr=fluid.initializer.Constant(1.0))
    layers.assign(layers.scale(h, 2.0), h)
    b = layers.fc(h, 4, param_attr=fluid.initializer.Constant(1.0))
    out = layers.mean(layers.concat([a, b]))
    decorated().backward(out)
    (value,) = executor().run(feed={"x": np.ones((1, 8), "float32")}, fetch_list=[out])
    assert value == (8 + 16) / 2


def test_backward_twice():
    x = fluid.data("x", [None, 8])
    h = layers.fc(x, 8)
    optimizer = decorated()
    loss, other = layers.mean(layers.fc(h, 4)), layers.mean(h)
    optimizer.backward(other)
    forward = [op.type for op in fluid.default_main_program().global_block().ops if int(op.attr("op_role")) in (0, 256)]
    optimizer.minimize(loss)
    ops = fluid.default_main_program().global_block().ops
    assert [op.type for op in ops if int(op.attr("op_role")) in (0, 256)] == forward, "rewritten once"
    assert np.isfinite(executor().run(feed={"x": np.ones((1, 8), "float32")}, fetch_list=[loss])[0]).all()


def test_a_loss_of_16_bits_is_cast():
    loss = layers.matmul(layers.fc(fluid.data("x", [1, 8]), 8), fluid.data("y", [8, 1]))
    loss = layers.reshape(loss, [1])
    optimizer = decorated()
    optimizer.minimize(loss)
    assert types()[loss.name] == "bfloat16" and dtype_name(optimizer.get_scaled_loss().dtype) == "float32"


def test_casts_of_the_script_keep_their_type():
    x = fluid.data("x", [None, 8])
    h = layers.cast(layers.fc(x, 8), "float32")
    decorated().minimize(layers.mean(layers.leaky_relu(h)))
    assert types()[h.name] == types()["leaky_relu_0.tmp_0"] == "float32"


# Scaling

# The scaling, good steps, bad steps and the weight behind each step, as the 1.8.5 package has them (with mul black, for
# its processor): g stands for finite gradients, b for others.
SCALING = [
    ("g", 4, 1, 0, 0.49166667), ("g", 4, 2, 0, 0.48333335), ("g", 8, 0, 0, 0.47500002), ("g", 8, 1, 0, 0.4666667),
    ("g", 8, 2, 0, 0.45833337), ("g", 16, 0, 0, 0.45000005), ("b", 16, 0, 1, 0.45000005), ("b", 4, 0, 0, 0.45000005),
    ("g", 4, 1, 0, 0.44166672), ("b", 4, 0, 1, 0.44166672), ("b", 1, 0, 0, 0.44166672), ("b", 1, 0, 1, 0.44166672),
    ("b", 1, 0, 0, 0.44166672), ("g", 1, 1, 0, 0.4333334), ("g", 1, 2, 0, 0.42500007), ("g", 2, 0, 0, 0.41666675),
    ("b", 2, 0, 1, 0.41666675), ("g", 2, 1, 0, 0.40833342),
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_dynamic_scaling(dtype):
    x = fluid.data("x", [None, 4])
    loss = layers.mean(layers.fc(x, 3, param_attr=fluid.initializer.Constant(0.5)))
    optimizer = mixed_precision.decorate(
        fluid.optimizer.SGD(0.1),
        mixed_precision.AutoMixedPrecisionLists(custom_black_list=["mul"]),
        init_loss_scaling=4.0,
        incr_every_n_steps=2,
        decr_every_n_nan_or_inf=1,
        decr_ratio=0.25,
        dtype=dtype,
    )
    optimizer.minimize(loss)
    exe = executor()
    names = [optimizer.get_loss_scaling(), "num_good_steps_0", "num_bad_steps_0"]
    for number, (kind, *wanted, weight) in enumerate(SCALING):
        feed = np.full((2, 4), 0.25, "float32")
        if kind == "b":
            feed[0, 1] = np.inf
        found = [value[0] for value in exe.run(feed={"x": feed}, fetch_list=names)]
        assert found == wanted, number
        value = np.array(fluid.global_scope().find_var("fc_0.w_0").get_tensor())[0, 0]
        assert abs(value - weight) < 1e-6, number


@pytest.mark.parametrize("sparse", [False, True])
def test_static_scaling_leaves_the_gradients(sparse):
    def gradient(**kwargs):
        with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.unique_name.guard(), fluid.scope_guard(fluid.Scope()):
            fluid.default_startup_program().random_seed = 5
            loss = recurrent_loss("gru", sparse)
            optimizer = decorated(**kwargs)
            optimizer.minimize(loss)
            exe = executor()
            scaled, plain, _ = exe.run(feed=sentences(), fetch_list=[optimizer.get_scaled_loss(), loss, optimizer.get_loss_scaling()])
            table = np.array(fluid.global_scope().find_var("embedding_0.w_0").get_tensor())
            return scaled / plain, table

    (one, plain), (scale, table) = gradient(), gradient(init_loss_scaling=64.0, use_dynamic_loss_scaling=False)
    assert one == 1 and scale == 64
    np.testing.assert_allclose(table, plain, atol=1e-6)  # powers of two change no digits


def test_dynamic_scaling_takes_no_sparse_gradients():
    with pytest.raises(NotImplementedError, match="sparse gradients such as 'elementwise_mul_0.*is_sparse=False"):
        decorated(init_loss_scaling=2.0).minimize(recurrent_loss("gru", sparse=True))


# Training


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_training_ends_as_in_float32(cell):
    losses = {}
    for low in (False, True):
        with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.unique_name.guard(), fluid.scope_guard(fluid.Scope()):
            fluid.default_startup_program().random_seed = fluid.default_main_program().random_seed = 7
            loss = recurrent_loss(cell)
            optimizer = fluid.optimizer.Adam(0.02)
            (decorated(optimizer) if low else optimizer).minimize(loss)
            losses[low] = train(loss, 60)
    assert losses[True] != losses[False], "bfloat16 rounds"
    end = {low: np.mean(values[-10:]) for low, values in losses.items()}
    assert end[False] < 0.5 * losses[False][0]
    assert abs(end[True] - end[False]) < 0.05 * losses[False][0]
    np.testing.assert_allclose(losses[True][:5], losses[False][:5], rtol=0.02)


def test_what_is_saved_is_float32(tmp_path):
    loss = recurrent_loss("lstm")
    decorated(fluid.optimizer.Adam(0.01)).minimize(loss)
    main = fluid.default_main_program()
    train(loss, 3)
    exe = fluid.Executor(fluid.CPUPlace())
    fluid.save(main, str(tmp_path / "net"))
    state = fluid.load_program_state(str(tmp_path / "net"))
    assert {"embedding_0.w_0", "lstm_0.w_0", "fc_0.w_0", "fc_0.w_0_moment1_0"} <= set(state)
    assert all(value.dtype == np.float32 for value in state.values()) and not any("cast" in name for name in state)
    plain, other = fluid.Program(), fluid.Program()
    with fluid.program_guard(plain, other), fluid.unique_name.guard():  # the same net in float32
        plain_loss = recurrent_loss("lstm")
    with fluid.scope_guard(fluid.Scope()):
        exe.run(other)
        fluid.set_program_state(plain, {name: value for name, value in state.items() if name in plain.global_block().vars})
        (wanted,) = exe.run(plain, feed=sentences(seed=9), fetch_list=[plain_loss])
    test = main.clone(for_test=True)._prune([loss]) if hasattr(main, "_prune") else main.clone(for_test=True)
    (got,) = exe.run(test, feed=sentences(seed=9), fetch_list=[loss])
    np.testing.assert_allclose(got, wanted, rtol=0.02)


def test_float16_has_no_kernels():
    x = fluid.data("x", [None, 8])
    loss = layers.mean(layers.fc(x, 4))
    mixed_precision.decorate(fluid.optimizer.SGD(0.1)).minimize(loss)
    assert types()["fc_0.tmp_0"] == "float16"
    with pytest.raises(NotImplementedError, match="float16, which the op has no kernel for"):
        executor().run(feed={"x": np.ones((2, 8), "float32")}, fetch_list=[loss])


# Errors


def test_errors_of_the_lists():
    lists = mixed_precision.AutoMixedPrecisionLists
    with pytest.raises(ValueError, match="both name tanh"):
        lists(custom_white_list=["tanh", "relu"], custom_black_list=["tanh"])
    for name in ("custom_white_list", "custom_black_list", "custom_black_varnames"):
        with pytest.raises(TypeError, match=name):
            lists(**{name: "tanh"})
    with pytest.raises(ValueError, match="conv3d, which bfloat16 has no kernel for.*lstm"):
        decorated(amp_lists=lists(custom_white_list=["conv3d"]))


def test_lists():
    lists = mixed_precision.AutoMixedPrecisionLists(custom_white_list=["mean"], custom_black_list=["mul", "tanh"])
    assert lists.white_list == {"mean", "matmul", "conv2d"}
    assert {"mul", "tanh", "softmax"} <= lists.black_list and "mean" not in lists.black_list
    assert "tanh" not in lists.gray_list and "relu" in lists.gray_list


def test_errors_of_decorate():
    with pytest.raises(TypeError, match="optimizer must be an Optimizer, got NoneType"):
        mixed_precision.decorate(None)
    with pytest.raises(ValueError, match="dtype must be 'float16' or 'bfloat16', got 'int8'"):
        mixed_precision.decorate(fluid.optimizer.SGD(0.1), dtype="int8")
    optimizer = decorated()
    with fluid.program_guard(fluid.Program(), fluid.Program()):
        with pytest.raises(ValueError, match="not of the program in which decorate was called"):
            optimizer.minimize(layers.mean(fluid.data("x", [None, 8])))

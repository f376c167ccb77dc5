"""Running programs: feeds, fetches, scopes, errors."""

import threading

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers


def linear():
    x = fluid.data("x", [None, 2])
    return x, layers.fc(x, 3, bias_attr=False, param_attr=fluid.ParamAttr(initializer=fluid.initializer.Constant(2.0)))


def test_run_and_fetch(exe):
    x, y = linear()
    exe.run(fluid.default_startup_program())
    value = np.array([[1, 2], [3, 4]], "float32")
    by_name, by_var, fed = exe.run(feed={"x": value}, fetch_list=[y.name, y, x])
    np.testing.assert_array_equal(by_name, [[6, 6, 6], [14, 14, 14]])
    np.testing.assert_array_equal(by_var, by_name)
    np.testing.assert_array_equal(fed, value)
    assert exe.run(feed={"x": value}) == []
    assert exe.run(feed={"x": value}, fetch_list=y)[0].shape == (2, 3)
    assert exe.run(feed=[{"x": value}], fetch_list=[y])[0].shape == (2, 3)
    assert exe.run(feed={"x": [[1.0, 2.0]]}, fetch_list=[y])[0].tolist() == [[6, 6, 6]]
    tensor = exe.run(feed={"x": value}, fetch_list=[y], return_numpy=False)[0]
    assert isinstance(tensor, fluid.LoDTensor) and tensor.shape() == [2, 3]


def test_fetched_values_are_the_callers(exe):
    x, y = linear()
    exe.run(fluid.default_startup_program())
    first = exe.run(feed={"x": np.ones((1, 2), "float32")}, fetch_list=[y, "fc_0.w_0"])
    kept = [value.copy() for value in first]
    exe.run(feed={"x": np.zeros((1, 2), "float32")}, fetch_list=[y])
    for value, copy in zip(first, kept):
        np.testing.assert_array_equal(value, copy)
    first[1][:] = 7.0
    np.testing.assert_array_equal(fluid.executor._fetch_var("fc_0.w_0"), np.full((2, 3), 2.0))


@pytest.mark.parametrize(
    "value, message",
    [
        (np.ones((2, 2)), "variable 'x' takes float32, it was fed float64"),
        (np.ones((2, 2), "int64"), "variable 'x' takes float32, it was fed int64"),
        (np.ones((2, 3), "float32"), r"variable 'x' takes shape \(-1, 2\).*fed \(2, 3\)"),
        (np.ones(2, "float32"), r"variable 'x' takes shape \(-1, 2\)"),
        ([[1.0], [2.0, 3.0]], "'x' is no array"),
    ],
)
def test_wrong_feeds(exe, value, message):
    x, y = linear()
    exe.run(fluid.default_startup_program())
    with pytest.raises(ValueError, match=message):
        exe.run(feed={"x": value}, fetch_list=[y])


def test_missing_and_unknown_feeds(exe):
    x, y = linear()
    exe.run(fluid.default_startup_program())
    with pytest.raises((KeyError, ValueError), match="'?x'?"):
        exe.run(feed={}, fetch_list=[y])
    with pytest.warns(UserWarning, match="no variable 'z'"):
        exe.run(feed={"x": np.ones((1, 2), "float32"), "z": np.ones(1)}, fetch_list=[y])
    with pytest.raises((KeyError, ValueError), match="nothing_like_it"):
        exe.run(feed={"x": np.ones((1, 2), "float32")}, fetch_list=["nothing_like_it"])
    with pytest.raises(TypeError):
        exe.run(feed={"x": np.ones((1, 2), "float32")}, fetch_list=[3])


def test_uninitialized_parameters_name_the_startup_program(exe):
    x, y = linear()
    with pytest.raises((KeyError, ValueError, RuntimeError), match="startup"):
        exe.run(feed={"x": np.ones((1, 2), "float32")}, fetch_list=[y])


def test_updates_happen_whatever_is_fetched(exe):
    x, y = linear()
    fluid.optimizer.SGD(0.1).minimize(layers.mean(y))
    exe.run(fluid.default_startup_program())
    values = [fluid.executor._fetch_var("fc_0.w_0")]
    for fetch in ([], [x]):
        exe.run(feed={"x": np.ones((1, 2), "float32")}, fetch_list=fetch)
        values.append(fluid.executor._fetch_var("fc_0.w_0"))
    assert (values[1] < values[0]).all() and (values[2] < values[1]).all()
    exe.run(feed={"x": np.ones((1, 2), "float32")}, fetch_list=[y], use_prune=True)
    np.testing.assert_array_equal(fluid.executor._fetch_var("fc_0.w_0"), values[2])


def test_scopes_are_apart(exe):
    x, y = linear()
    one, two = fluid.Scope(), fluid.Scope()
    exe.run(fluid.default_startup_program(), scope=one)
    with fluid.scope_guard(two):
        with pytest.raises((KeyError, ValueError, RuntimeError)):
            exe.run(feed={"x": np.ones((1, 2), "float32")}, fetch_list=[y])
    assert exe.run(feed={"x": np.ones((1, 2), "float32")}, fetch_list=[y], scope=one)[0].shape == (1, 3)
    assert two.find_var("fc_0.w_0") is None


def test_eval():
    x, y = linear()
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    loss = layers.mean(y)
    fluid.optimizer.SGD(0.1).minimize(loss)
    exe.run(fluid.default_startup_program())
    value = y.eval({"x": np.ones((1, 2), "float32")})
    np.testing.assert_array_equal(value, [[4, 4, 4]])
    np.testing.assert_array_equal(y.eval({"x": np.ones((1, 2), "float32")}), value)  # nothing was trained


def test_sequences_need_their_own_form(exe):
    x = fluid.data("x", [None, 1], lod_level=1)
    y = layers.scale(x, 2.0)
    tensor = fluid.create_lod_tensor(np.ones((3, 1), "float32"), [[2, 1]], fluid.CPUPlace())
    with pytest.raises(RuntimeError, match="return_numpy=False"):
        exe.run(feed={"x": tensor}, fetch_list=[y])
    out = exe.run(feed={"x": tensor}, fetch_list=[y], return_numpy=False)[0]
    assert out.recursive_sequence_lengths() == [[2, 1]]


def test_closed_executor(exe):
    exe.close()
    with pytest.raises(RuntimeError, match="closed"):
        exe.run(fluid.default_startup_program())


def test_no_ops_is_told(exe):
    with pytest.warns(UserWarning, match="no ops"):
        exe.run(fluid.Program())


def test_many_threads(exe):
    x, y = linear()
    exe.run(fluid.default_startup_program())
    program, scope, errors = fluid.default_main_program(), fluid.global_scope(), []

    def work(k):
        try:
            for _ in range(20):
                out = exe.run(program, {"x": np.full((2, 2), k, "float32")}, [y], scope=scope)[0]
                assert (out == 4 * k).all()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_the_thread_count_changes_meanwhile(exe):
    """A run keeps the count that its kernels sized their memory for."""
    x = fluid.data("x", [None, 256], "float32", lod_level=1)
    hidden, _ = layers.dynamic_lstm(x, 256, param_attr="w")
    w = fluid.default_main_program().global_block().var("w")
    grad = fluid.gradients([layers.reduce_mean(hidden)], [w])
    exe.run(fluid.default_startup_program())
    values = np.random.RandomState(0).rand(64, 256).astype("float32")
    feed = {"x": fluid.create_lod_tensor(values, [[8] * 8], fluid.CPUPlace())}
    before, stop = fluid.core.get_num_threads(), threading.Event()
    fluid.core.set_num_threads(1)
    expected = exe.run(feed=feed, fetch_list=grad)[0]

    def toggle():
        while not stop.is_set():
            for count in (1, 24):
                fluid.core.set_num_threads(count)
                stop.wait(0.0003)

    thread = threading.Thread(target=toggle)
    thread.start()
    try:
        for _ in range(300):
            np.testing.assert_allclose(exe.run(feed=feed, fetch_list=grad)[0], expected, atol=1e-4)
    finally:
        stop.set()
        thread.join()
        fluid.core.set_num_threads(before)


def test_sizes_that_no_machine_has(exe):
    x = fluid.data("x", [None, 1 << 30], "float32")
    with pytest.raises(ValueError, match=r"float64\[2305843009213693952\] would take more.*\n.*in op 'fill_constant'"):
        layers.fill_constant([1 << 61], "float64", 1.0)
    with pytest.raises(ValueError, match="(?s)would take more.*in op 'matmul'"):
        layers.matmul(x, x, transpose_x=True)
    z = fluid.data("z", [None, None], "float32")
    y = layers.matmul(z, z, transpose_x=True)
    with pytest.raises(ValueError, match="(?s)would take more.*in op 'matmul'"):
        exe.run(feed={"z": np.ones((0, 1 << 30), "float32")}, fetch_list=[y])


def test_rows_that_do_not_fit_their_value(exe):
    w = layers.create_parameter([10, 4], "float32", name="w")
    rate = layers.create_parameter([1], "float32", name="rate")
    block = fluid.default_main_program().global_block()
    kind = fluid.core.VarDesc.VarType.SELECTED_ROWS
    grad = block.create_var(name="g", type=kind, persistable=True, dtype="float32", shape=[10, 4])
    block.append_op("sgd", {"Param": [w], "Grad": [grad], "LearningRate": [rate]}, {"ParamOut": [w]})
    exe.run(fluid.default_startup_program())
    held = fluid.global_scope().var("g").get_selected_rows()
    held.set_height(10)
    held.get_tensor().set(np.ones((2, 4), "float32"), fluid.CPUPlace())
    for rows in ([1] * 3, [1], [], [1] * 500000):
        held.set_rows(rows)
        with pytest.raises(ValueError, match="(?s)name %d rows, but their value has 2.*in op 'sgd'" % len(rows)):
            exe.run()
    held.set_rows([1, 3])
    exe.run()


def test_outputs_have_different_names(exe):
    x = fluid.data("x", [4, 8000], "float32")
    y = fluid.default_main_program().global_block().create_var(name="y", dtype="float32", persistable=True)
    with pytest.raises(ValueError, match="'layer_norm' names 'y' twice among its outputs"):
        fluid.default_main_program().global_block().append_op(
            "layer_norm", {"X": [x]}, {"Y": [y], "Mean": [y], "Variance": [y]}, {"begin_norm_axis": 1}
        )


def test_a_failed_backward_leaves_the_program_alone(exe):
    x = fluid.data("x", [3, 4], "float32")
    hidden = layers.fc(x, 4)
    loss = layers.mean(layers.huber_loss(hidden, x, 1.0))
    program = fluid.default_main_program()
    before = program.desc.serialize_to_string()

    def stop(block, context):
        raise LookupError("from the callback")

    with pytest.raises(LookupError):
        fluid.backward.append_backward(loss, callbacks=[stop])
    assert program.desc.serialize_to_string() == before
    assert [op.type for op in program.global_block().ops][-1] == "mean"
    fluid.backward.append_backward(loss)
    exe.run(fluid.default_startup_program())
    exe.run(feed={"x": np.ones((3, 4), "float32")}, fetch_list=[loss])


def test_feeder():
    x = fluid.data("x", [None, 2, 2])
    fluid.data("words", [None, 1], "int64", 1)
    feeder = fluid.DataFeeder([x, "words"], fluid.CPUPlace())
    feed = feeder.feed([(np.arange(4), [1, 2]), (np.arange(4), [3])])
    assert np.array(feed["x"]).shape == (2, 2, 2) and np.array(feed["x"]).dtype == np.float32
    assert np.array(feed["words"]).tolist() == [[1], [2], [3]] and feed["words"].lod() == [[0, 2, 3]]
    with pytest.raises(ValueError, match="has 1 fields"):
        feeder.feed([(np.arange(4),)])
    with pytest.raises(ValueError, match="'x'"):
        feeder.feed([(np.arange(3), [1])])


def test_create_lod_tensor():
    tensor = fluid.create_lod_tensor([[1, 2], [3]], [[2, 1]], fluid.CPUPlace())
    assert np.array(tensor).tolist() == [[1], [2], [3]] and tensor.lod() == [[0, 2, 3]]
    with pytest.raises(ValueError):
        fluid.create_lod_tensor([[1, 2], [3]], [[1, 2]], fluid.CPUPlace())
    with pytest.raises(ValueError):
        fluid.create_lod_tensor(np.ones((3, 1)), [[1, 1]], fluid.CPUPlace())
    random = fluid.create_random_int_lodtensor([[2, 1]], [4], fluid.CPUPlace(), 0, 9)
    assert np.array(random).shape == (3, 4)

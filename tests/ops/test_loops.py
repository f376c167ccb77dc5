"""while and its gradient: what goes round in a loop, what is added up over it, nesting, and what may go wrong."""

import numpy as np
import pytest
from harness import Elsewhere
from programs import numeric, programs  # noqa: F401  (a fixture)

import paddle.fluid as fluid
from paddle.fluid import layers

for _type in ("while", "while_grad", "conditional_block_grad"):
    Elsewhere(_type, "tests/ops/test_loops.py")

ROWS, SIZE = 2, 3


def parameter(name, value):
    """A parameter that ``run`` sets to a value after the startup program."""
    var = layers.create_parameter(list(value.shape), str(value.dtype), name=name)
    var.start = value
    return var


def start(exe):
    exe.run(fluid.default_startup_program())
    for var in fluid.default_main_program().all_parameters():
        if hasattr(var, "start"):
            fluid.global_scope().find_var(var.name).get_tensor().set(var.start, fluid.CPUPlace())


def run(feed, fetch):
    exe = fluid.Executor(fluid.CPUPlace())
    start(exe)
    return exe.run(feed=feed, fetch_list=fetch)


def data(name="x", shape=(ROWS, SIZE), dtype="float64"):
    x = fluid.data(name, list(shape), dtype)
    x.stop_gradient = False
    return x


def counter(value, dtype="int64"):
    return layers.fill_constant([1], dtype, value)


X = np.random.RandomState(0).uniform(-1, 1, [ROWS, SIZE])
W = np.random.RandomState(1).uniform(-1, 1, [SIZE, SIZE])


def times(count, body, *variables):
    """``body`` on the variables, ``count`` times."""
    n = counter(count)

    def counted(i, *values):
        results = body(*values)
        return [layers.increment(i, 1, in_place=False)] + (results if isinstance(results, list) else [results])

    return layers.while_loop(lambda i, *_: layers.less_than(i, n), counted, [counter(0)] + list(variables))[1:]


def powers(x, w, count):
    for _ in range(count):
        x = np.tanh(x @ w)
    return x


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_value_that_goes_round_and_a_weight_that_is_read(count):
    x, w = data(), parameter("w", W)
    begin = layers.scale(x, 1.0)
    (v,) = times(count, lambda v: layers.tanh(layers.matmul(v, w)), begin)
    loss = layers.reduce_sum(layers.square(layers.matmul(v, w)) + begin * 0.5)
    fluid.backward.append_backward(loss)

    def reference(x_value, w_value):
        v = powers(x_value, w_value, count)
        return np.sum((v @ w_value) ** 2 + v * 0.5)

    for _ in range(2):
        value, dx, dw = run({"x": X}, [loss, "x@GRAD", "w@GRAD"])
        np.testing.assert_allclose(value, reference(X, W), rtol=1e-12)
        np.testing.assert_allclose(dx, numeric(lambda at: reference(at, W), X), rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(dw, numeric(lambda at: reference(X, at), W), rtol=1e-6, atol=1e-8)


def test_a_value_read_before_the_loop_too():
    x, w = data(), parameter("w", W)
    before = layers.reduce_sum(layers.square(x))
    (v,) = times(3, lambda v: layers.tanh(layers.matmul(v, w)) * v, layers.scale(x, 1.0))
    loss = before + layers.reduce_sum(v)
    fluid.backward.append_backward(loss)

    def reference(x_value):
        v = x_value
        for _ in range(3):
            v = np.tanh(v @ W) * v
        return np.sum(x_value**2) + np.sum(v)

    value, dx = run({"x": X}, [loss, "x@GRAD"])
    np.testing.assert_allclose(value, reference(X), rtol=1e-12)
    np.testing.assert_allclose(dx, numeric(reference, X), rtol=1e-6, atol=1e-8)


def test_a_value_that_the_loop_writes_over_without_reading_it():
    x, w = data(), parameter("w", W)
    v = layers.scale(x, 2.0)
    i, n = counter(0), counter(2)
    holds = layers.less_than(i, n)
    with layers.While(holds).block():
        layers.assign(layers.matmul(x, w), v)
        layers.increment(i)
        layers.less_than(i, n, cond=holds)
    loss = layers.reduce_sum(layers.square(v))
    fluid.backward.append_backward(loss)
    dx, dw = run({"x": X}, ["x@GRAD", "w@GRAD"])
    np.testing.assert_allclose(dx, 2 * X @ W @ W.T, rtol=1e-12)
    np.testing.assert_allclose(dw, 2 * X.T @ X @ W, rtol=1e-12)


def test_the_number_of_runs_may_change_from_step_to_step():
    x, w, n = data(), parameter("w", W), fluid.data("n", [1], "int64")
    v = layers.scale(x, 1.0)

    def body(i, v):
        return [layers.increment(i, 1, in_place=False), layers.tanh(layers.matmul(v, w))]

    v = layers.while_loop(lambda i, v: layers.less_than(i, n), body, [counter(0), v])[1]
    loss = layers.reduce_sum(v)
    fluid.backward.append_backward(loss)
    exe = fluid.Executor(fluid.CPUPlace())
    start(exe)
    for count, rows in [(3, X), (0, X), (5, X), (1, X), (5, X)]:
        value, dw = exe.run(feed={"x": rows, "n": np.array([count])}, fetch_list=[loss, "w@GRAD"])
        np.testing.assert_allclose(value, np.sum(powers(X, W, count)), rtol=1e-12)
        expected = numeric(lambda at: np.sum(powers(X, at, count)), W)
        np.testing.assert_allclose(dw, expected, rtol=1e-6, atol=1e-8)


def test_loops_nest():
    x, w = data(), parameter("w", W)

    def outer(v):
        (u,) = times(2, lambda u: layers.tanh(layers.matmul(u, w) + v), layers.scale(v, 0.5))
        return u * v

    (v,) = times(3, outer, layers.scale(x, 1.0))
    loss = layers.reduce_sum(v)
    fluid.backward.append_backward(loss)

    def reference(x_value, w_value):
        v = x_value
        for _ in range(3):
            u = v * 0.5
            for _ in range(2):
                u = np.tanh(u @ w_value + v)
            v = u * v
        return np.sum(v)

    value, dx, dw = run({"x": X}, [loss, "x@GRAD", "w@GRAD"])
    np.testing.assert_allclose(value, reference(X, W), rtol=1e-12)
    np.testing.assert_allclose(dx, numeric(lambda at: reference(at, W), X), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(dw, numeric(lambda at: reference(X, at), W), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("holds", [False, True])
def test_a_block_that_runs_or_does_not(holds):
    x, w = data(), parameter("w", W)
    out = layers.scale(x, 3.0)
    condition = fluid.data("c", [1], "bool")
    with layers.control_flow.ConditionalBlock([condition], is_scalar_condition=True).block():
        layers.assign(layers.tanh(layers.matmul(x, w)), out)
    loss = layers.reduce_sum(layers.square(out))
    fluid.backward.append_backward(loss)

    def reference(x_value, w_value):
        return np.sum((np.tanh(x_value @ w_value) if holds else 3 * x_value) ** 2)

    value, dx, dw = run({"x": X, "c": np.array([holds])}, [loss, "x@GRAD", "w@GRAD"])
    np.testing.assert_allclose(value, reference(X, W), rtol=1e-12)
    np.testing.assert_allclose(dx, numeric(lambda at: reference(at, W), X), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(dw, numeric(lambda at: reference(X, at), W), rtol=1e-6, atol=1e-8)


def test_a_branch_in_a_loop():
    x, w = data(), parameter("w", W)
    i, n, middle = counter(0), counter(4), counter(2)
    holds = layers.less_than(i, n)
    v = layers.scale(x, 1.0)
    with layers.While(holds).block():
        early = layers.less_than(i, middle)
        with layers.control_flow.ConditionalBlock([early], is_scalar_condition=True).block():
            layers.assign(layers.tanh(layers.matmul(v, w)), v)
        layers.increment(i)
        layers.less_than(i, n, cond=holds)
    loss = layers.reduce_sum(layers.square(v))
    fluid.backward.append_backward(loss)
    value, dx, dw = run({"x": X}, [loss, "x@GRAD", "w@GRAD"])
    np.testing.assert_allclose(value, np.sum(powers(X, W, 2) ** 2), rtol=1e-12)
    np.testing.assert_allclose(dx, numeric(lambda at: np.sum(powers(at, W, 2) ** 2), X), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(dw, numeric(lambda at: np.sum(powers(X, at, 2) ** 2), W), rtol=1e-6, atol=1e-8)


def test_sparse_rows_in_a_loop_become_a_dense_gradient():
    ids = fluid.data("ids", [None, 1], "int64")
    table = np.random.RandomState(2).rand(5, SIZE)

    def body(v):
        row = layers.embedding(ids, [5, SIZE], is_sparse=True, param_attr="table", dtype="float64")
        fluid.default_main_program().global_block().var("table").start = table
        return v + layers.square(row)

    (v,) = times(3, body, layers.scale(data(), 1.0))
    loss = layers.reduce_sum(v)
    fluid.backward.append_backward(loss)
    (grad,) = run({"x": X, "ids": np.array([[1], [3]])}, ["table@GRAD"])
    expected = np.zeros_like(table)
    expected[[1, 3]] = 3 * 2 * table[[1, 3]]
    np.testing.assert_allclose(grad, expected, rtol=1e-12)


def test_each_run_has_random_numbers_of_its_own():
    x = data(shape=[100])
    first = layers.scale(x, 1.0)

    def body(before, now):
        return [now, layers.dropout(x, 0.5)]

    before, now = times(2, body, first, layers.scale(x, 1.0))
    a, b = run({"x": np.ones(100)}, [before, now])
    assert 0 < np.sum(a == 0) < 100 and 0 < np.sum(b == 0) < 100
    assert not np.array_equal(a, b)


def test_a_gradient_does_not_take_a_value_that_the_loop_wrote_over():
    x, w = data(), parameter("w", W)
    begin = layers.scale(x, 1.0)
    before = layers.reduce_sum(layers.square(begin))
    (v,) = times(3, lambda v: layers.matmul(v, w), begin)
    with pytest.raises(ValueError, match="'while' writes it again"):
        fluid.backward.append_backward(before + layers.reduce_sum(v))


def test_an_error_names_the_run_and_the_line():
    x, y = data(shape=[None, SIZE]), fluid.data("y", [None, SIZE], "float64")

    def body(v):
        return layers.concat([v + y, v], axis=0)  # the line of the error

    (v,) = times(3, body, layers.scale(x, 1.0))
    assert np.shape(run({"x": X, "y": X[:1]}, [v])[0]) == (16, SIZE)
    with pytest.raises(ValueError) as caught:
        run({"x": X, "y": X}, [v])
    assert "in run 1 of block 1" in str(caught.value)
    assert "the line of the error" in str(caught.value)


def test_what_while_does_not_take():
    x = data()
    with pytest.raises(TypeError, match="bool"):
        layers.While(counter(0))
    with pytest.raises(TypeError, match="one element"):
        layers.While(layers.less_than(x, x))
    with pytest.raises(TypeError, match="callable"):
        layers.while_loop(1, lambda x: x, [x])
    with pytest.raises(ValueError, match="empty"):
        layers.while_loop(lambda: True, lambda: [], [])
    with pytest.raises(ValueError, match="as many"):
        layers.while_loop(lambda i: layers.less_than(i, counter(2)), lambda i: [i, i], [counter(0)])


def test_a_loop_for_testing_has_no_gradient():
    x, w = data(), parameter("w", W)
    n = counter(2)
    v = layers.while_loop(
        lambda i, v: layers.less_than(i, n),
        lambda i, v: [layers.increment(i, 1, in_place=False), layers.matmul(v, w)],
        [counter(0), layers.scale(x, 1.0)],
        is_test=True,
    )[1]
    with pytest.raises(ValueError, match="is_test"):
        fluid.backward.append_backward(layers.reduce_sum(v))


def arena_bytes(count, train):
    """Memory that an executor keeps after ``count`` runs of a loop's block."""
    main, exe = fluid.Program(), fluid.Executor(fluid.CPUPlace())
    with fluid.program_guard(main, fluid.Program()):
        x = data()
        (v,) = times(count, lambda v: layers.tanh(layers.square(v)), layers.scale(x, 1.0))
        loss = layers.reduce_sum(v)
        fluid.backward.append_backward(loss)
        exe.run(main, feed={"x": X}, fetch_list=["x@GRAD"] if train else [loss])
    return exe._executor.stats()["arena_bytes"]


def test_a_loop_keeps_runs_for_a_backward_pass_only():
    assert arena_bytes(200, train=False) == arena_bytes(2, train=False)
    assert arena_bytes(200, train=True) > arena_bytes(2, train=True)


def test_a_loop_that_fails_keeps_nothing():
    x, table, exe = data(), data("table", [300, SIZE]), fluid.Executor(fluid.CPUPlace())
    limit = counter(400)

    def body(i, v):
        return [layers.increment(i, 1, in_place=False), layers.tanh(v) + layers.gather(table, i)]

    _, v = layers.while_loop(lambda i, v: layers.less_than(i, limit), body, [counter(0), layers.scale(x, 1.0)])
    fluid.backward.append_backward(layers.reduce_sum(v))
    with pytest.raises(ValueError, match="in run 300 of block 1"):
        exe.run(feed={"x": X, "table": np.ones((300, SIZE))}, fetch_list=[v])
    assert exe._executor.stats()["arena_bytes"] < 300 * 64  # less than one block of memory a run

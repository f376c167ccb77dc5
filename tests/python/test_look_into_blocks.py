"""Variables within loops and branches can be fetched, and the plan shows them."""

import numpy as np
import pytest

import paddle.fluid as fluid

layers = fluid.layers


def counting_loop(body):
    """A While over i in [0, n) that runs ``body(i)``; returns what that returned."""
    n = fluid.data("n", [1], "int64")
    i = layers.fill_constant([1], "int64", 0)
    going = layers.less_than(i, n)
    loop = layers.While(going)
    with loop.block():
        made = body(i)
        layers.increment(i, 1)
        layers.less_than(i, n, cond=going)
    return made


def run(n, fetch_list, **feed):
    exe = fluid.Executor()
    return exe.run(feed=dict(feed, n=np.array([n], "int64")), fetch_list=fetch_list)


def test_a_fetched_variable_of_a_loop_is_that_of_its_last_run():
    made = counting_loop(lambda i: layers.scale(layers.cast(i, "float32"), 2.0, bias=1.0))
    (value,) = run(4, [made])
    assert value.tolist() == [7.0]


def test_it_has_the_sequences_of_the_last_run():
    x = fluid.data("x", [None, 1], lod_level=1)
    made = counting_loop(lambda i: layers.scale(x, 3.0))
    fed = fluid.create_lod_tensor(np.ones([3, 1], "float32"), [[1, 2]], fluid.CPUPlace())
    exe = fluid.Executor()
    (value,) = exe.run(feed={"x": fed, "n": np.array([2])}, fetch_list=[made.name], return_numpy=False)
    assert value.recursive_sequence_lengths() == [[1, 2]]
    assert np.array(value).tolist() == [[3.0]] * 3


def test_within_a_branch_of_a_loop_it_is_that_of_the_last_time_that_the_branch_ran():
    held = []

    def body(i):
        even = layers.equal(layers.elementwise_mod(i, layers.fill_constant([1], "int64", 2)), layers.fill_constant([1], "int64", 0))

        def square():
            held.append(layers.square(layers.cast(i, "float32")))
            return held[0]

        layers.cond(even, square, lambda: layers.fill_constant([1], "float32", -1.0))

    counting_loop(body)
    assert run(6, held)[0].tolist() == [16.0]  # i = 4, though the last run was that of 5


def test_a_block_that_did_not_run_has_nothing_to_fetch():
    made = counting_loop(lambda i: layers.scale(layers.cast(i, "float32"), 2.0))
    assert run(1, [made])[0].tolist() == [0.0]
    with pytest.raises(ValueError, match="'%s' cannot be fetched.*no block computed it" % made.name):
        run(0, [made])


def test_the_next_run_does_not_see_the_value_of_the_one_before():
    made = counting_loop(lambda i: layers.scale(layers.cast(i, "float32"), 2.0))
    exe = fluid.Executor()
    exe.run(feed={"n": np.array([3])}, fetch_list=[made])
    with pytest.raises(ValueError, match="no block computed it"):
        exe.run(feed={"n": np.array([0])}, fetch_list=[made])


def test_gradients_within_a_loop_can_be_fetched():
    x = fluid.data("x", [2, 3])
    x.stop_gradient = False
    held = {}

    def step(i, state):
        held["out"] = layers.scale(state, 2.0)
        return [layers.increment(i, in_place=False), held["out"]]

    n = fluid.data("n", [1], "int64")
    start = layers.fill_constant([1], "int64", 0)
    state = layers.while_loop(lambda i, state: layers.less_than(i, n), step, [start, layers.scale(x, 1.0)])[1]
    fluid.gradients(layers.reduce_sum(state), x)
    inner = held["out"].name + "@GRAD"
    value, gradient = run(3, [held["out"], inner], x=np.ones([2, 3], "float32"))
    assert (value == 8.0).all()
    assert (gradient == 4.0).all()  # of the run that the backward pass comes to last: the first one


def test_a_fetched_value_stays_when_the_next_run_comes():
    made = counting_loop(lambda i: layers.scale(layers.cast(i, "float32"), 2.0))
    (first,) = run(2, [made])
    (second,) = run(5, [made])
    assert (first.tolist(), second.tolist()) == ([2.0], [8.0])


def test_the_plan_shows_the_values_of_blocks_with_their_places_once_they_ran():
    x = fluid.data("x", [4, 4])
    made = counting_loop(lambda i: layers.relu(layers.scale(x, 2.0)))
    exe = fluid.Executor()
    feed = {"n": np.array([2]), "x": np.ones([4, 4], "float32")}
    before = exe.plan(feed=list(feed), fetch_list=[made])
    assert "values of block 1, which has not run yet:" in before
    exe.run(feed=feed, fetch_list=[made])
    after = exe.plan(feed=list(feed), fetch_list=[made])
    inner = after.split("values of block 1:")[1]
    line = next(line for line in inner.splitlines() if made.name in line)
    assert "arena" in line and "kept" in line and "offset" in line and " 64 bytes" in line


def test_printing_in_a_loop_prints_each_run(capfd):
    counting_loop(lambda i: layers.Print(layers.cast(i, "float32"), message="at", summarize=1))
    exe = fluid.Executor()
    exe.run(feed={"n": np.array([3])}, fetch_list=[])
    printed = capfd.readouterr()
    assert (printed.out + printed.err).count("\tat\t") == 3

"""Arrays of tensors, rank tables, and sequences taken step by step: as small programs, with gradients in float64."""

import re

import numpy as np
import pytest
from harness import Elsewhere
from sequences import join, units_of
from values import LodArray, from_core, to_core

import paddle.fluid as fluid
from paddle.fluid import layers
from paddle.fluid.layers import control_flow

for _type in (
    "write_to_array read_from_array lod_array_length lod_rank_table max_sequence_len lod_tensor_to_array "
    "array_to_lod_tensor shrink_rnn_memory shrink_rnn_memory_grad reorder_lod_tensor_by_rank "
    "reorder_lod_tensor_by_rank_grad tensor_array_to_tensor tensor_array_to_tensor_grad"
).split():
    Elsewhere(_type, "tests/ops/test_arrays.py")

RNG = np.random.default_rng(5)


def number(i):
    return layers.fill_constant([1], "int64", i)


def value(*shape, lengths=None):
    array = RNG.uniform(-1, 1, shape)
    return LodArray(array, [list(level) for level in lengths]) if lengths else array


def items_of(array):
    """The items of an array, None for those that were never written."""
    return [from_core(item) if item._is_initialized() else None for item in array._move_to_list()]


class Net:
    """A program: ``build`` gets a variable for each value, and returns variables."""

    def __init__(self, build, *values):
        self.main, self.values = fluid.Program(), list(values)
        self.executor, self.scope = fluid.Executor(fluid.CPUPlace()), fluid.core.Scope()
        with fluid.program_guard(self.main, fluid.Program()):
            self.inputs = [self.data("x%d" % i, each) for i, each in enumerate(values)]
            out = build(*self.inputs)
        self.outputs = list(out) if isinstance(out, (list, tuple)) else [out]

    @staticmethod
    def data(name, like):
        lengths = getattr(like, "lengths", [])
        var = fluid.data(name, [None] + list(like.shape[1:]), str(like.dtype), len(lengths))
        var.stop_gradient = like.dtype != np.float64
        return var

    def run(self, fetch=None, values=None):
        feed = {var.name: to_core(each) for var, each in zip(self.inputs, values or self.values)}
        with fluid.scope_guard(self.scope):
            found = self.executor.run(self.main, feed=feed, fetch_list=fetch or self.outputs, return_numpy=False)
        return [items_of(each) if isinstance(each, fluid.core.LoDTensorArray) else from_core(each) for each in found]


def run(build, *values):
    found = Net(build, *values).run()
    return found[0] if len(found) == 1 else found


def check_gradients(build, *values):
    """The gradients of sum(weight * output) by all inputs against central differences."""
    like = Net(build, *values).run()[0]
    weight = RNG.uniform(0.5, 1.5, like.shape)

    def with_loss(*inputs):
        out = build(*inputs[:-1])
        return layers.reduce_sum(layers.elementwise_mul(out, inputs[-1]))

    weights = LodArray(weight, like.lengths) if getattr(like, "lengths", []) else weight
    net = Net(with_loss, *values, weights)
    with fluid.program_guard(net.main, fluid.Program()):
        gradients = fluid.gradients(net.outputs, net.inputs[:-1])
    found = net.run(fetch=gradients)
    for k, (each, got) in enumerate(zip(values, found)):
        assert got.shape == each.shape
        assert getattr(got, "lengths", []) == getattr(each, "lengths", [])
        wanted = np.zeros(each.shape)
        for at in np.ndindex(*each.shape):
            losses = []
            for step in (1e-6, -1e-6):
                moved = each.copy()
                moved[at] += step
                if isinstance(each, LodArray):
                    moved = LodArray(moved, each.lengths)
                losses.append(np.asarray(net.run(values=values[:k] + (moved,) + values[k + 1 :] + (weights,))[0]).item())
            wanted[at] = (losses[0] - losses[1]) / 2e-6
        np.testing.assert_allclose(np.asarray(got), wanted, rtol=1e-6, atol=1e-6)


def assert_same(got, wanted):
    np.testing.assert_array_equal(np.asarray(got), np.asarray(wanted))
    assert getattr(got, "lengths", []) == getattr(wanted, "lengths", [])


# ---- arrays ----


def test_written_items_are_read():
    x, y = value(3, 2, lengths=[[1, 2]]), value(4)

    def build(x, y):
        array = layers.array_write(x, number(0))
        layers.array_write(y, number(1), array)
        return layers.array_read(array, number(1)), layers.array_read(array, number(0)), layers.array_length(array), array

    second, first, length, array = run(build, x, y)
    assert_same(second, y)
    assert_same(first, x)
    assert length.tolist() == [2] and length.dtype == np.int64
    assert_same(array[0], x)
    assert_same(array[1], y)


@pytest.mark.parametrize("dtype", ["bool", "int32", "int64", "float32", "float64", "uint8"])
def test_items_of_any_type(dtype):
    x = np.arange(6).reshape(3, 2).astype(dtype)
    got = run(lambda x: layers.array_read(layers.array_write(x, layers.fill_constant([1], "int32", 3)), number(3)), x)
    assert got.dtype == x.dtype
    assert_same(got, x)


def test_array_grows_with_gaps_and_keeps_its_other_items():
    def build(x, y):
        array = layers.array_write(x, number(2))
        layers.array_write(y, number(0), array)
        layers.array_write(y, number(2), array)
        layers.array_write(x, number(3), array)
        return array, layers.array_length(array)

    x, y = value(3, 2), value(0, 2)
    net = Net(build, x, y)
    for _ in range(2):  # the second run starts with an empty array again
        array, length = net.run()
        assert length.tolist() == [4]
        assert array[1] is None
        assert [array[i].shape for i in (0, 2, 3)] == [(0, 2), (0, 2), (3, 2)]
        assert_same(array[3], x)


def test_array_that_was_never_written_has_no_items():
    assert run(lambda x: layers.array_length(layers.create_array("float32")), value(1)).tolist() == [0]


def test_items_are_copies():
    """Neither what was written nor what was read is one with the item."""

    def build(x):
        array = layers.array_write(x, number(0))
        layers.increment(x)
        read = layers.array_read(array, number(0))
        layers.increment(read, 10.0)
        return x, read, layers.array_read(array, number(0))

    x, read, again = run(build, np.array([1.0]))
    assert (x.tolist(), read.tolist(), again.tolist()) == ([2], [11], [1])


@pytest.mark.parametrize(
    "index, message",
    [(1, "item 1 of the array X .*it has 3 items|item 1 .*never written"), (7, "item 7 .*has 3 items"), (-1, "index I is -1")],
)
def test_items_that_are_not_there(index, message):
    def build(x):
        array = layers.array_write(x, number(2))
        layers.array_write(x, number(0), array)
        return layers.array_read(array, number(index))

    with pytest.raises(ValueError, match=message) as error:
        run(build, value(2))
    assert re.search("in op 'read_from_array'(.|\n)*input X: array_write_\\d+.out", str(error.value))


@pytest.mark.parametrize("index", [-1, 2**40])
def test_items_that_cannot_be_written(index):
    with pytest.raises(ValueError, match="index I is %d; expected 0 <= I" % index):
        run(lambda x: layers.array_write(x, number(index)), value(2))


def test_index_must_be_one_integer():
    with pytest.raises(ValueError, match=r"index I has shape \[2\]"):
        run(lambda x: layers.array_write(x, layers.fill_constant([2], "int64", 0)), value(2))
    with pytest.raises(ValueError, match="I is float32"):
        run(lambda x: layers.array_write(x, layers.fill_constant([1], "float32", 0)), value(2))


def test_what_is_no_array():
    for layer in (layers.array_length, lambda x: layers.array_read(x, number(0)), lambda x: layers.array_write(x, number(0), x)):
        with pytest.raises(TypeError, match="must be an array"):
            run(layer, value(2))


def test_gradients_of_items():
    """One item is read twice, one once, one never; one variable is written twice."""

    def build(x, y, z):
        array = layers.array_write(x, number(0))
        layers.array_write(layers.square(y), number(1), array)
        layers.array_write(z, number(2), array)
        layers.array_write(x, number(3), array)
        first, second, again, third = [layers.array_read(array, number(i)) for i in (0, 1, 0, 3)]
        return layers.elementwise_add(layers.elementwise_mul(first, second), layers.elementwise_mul(layers.square(again), third))

    check_gradients(build, value(3, 2), value(3, 2), value(2, 2))


def test_gradient_of_an_item_with_sequences():
    def build(x):
        array = layers.array_write(x, number(1))
        return layers.sequence_pool(layers.array_read(array, number(1)), "sum")

    check_gradients(build, value(4, 2, lengths=[[1, 3]]))


# ---- an array as one tensor ----


def array_of(*items):
    array = None
    for i, item in enumerate(items):
        array = layers.array_write(item, number(i), array)
    return array


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_items_side_by_side(axis):
    shapes = [(3, 2), (1, 2), (0, 2)] if axis in (0, -2) else [(3, 2), (3, 1), (3, 4)]
    items = [value(*shape) for shape in shapes]
    out, index = run(lambda *x: layers.tensor_array_to_tensor(array_of(*x), axis), *items)
    assert_same(out, np.concatenate(items, axis))
    assert index.tolist() == [item.shape[axis] for item in items] and index.dtype == np.int32
    check_gradients(lambda *x: layers.tensor_array_to_tensor(array_of(*x), axis)[0], *items)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_items_stacked(axis):
    items = [value(3, 2) for _ in range(3)]
    out = run(lambda *x: layers.tensor_array_to_tensor(array_of(*x), axis, use_stack=True)[0], *items)
    assert_same(out, np.stack(items, axis))
    check_gradients(lambda *x: layers.tensor_array_to_tensor(array_of(*x), axis, use_stack=True)[0], *items)


@pytest.mark.parametrize(
    "shapes, axis, stack, message",
    [
        ([(3, 2), (3, 3)], 0, False, "item 1 of the array X is float64.*expected the same but for the size of axis 0"),
        ([(3, 2), (2, 2)], 0, True, "item 1 of the array X is float64"),
        ([(3, 2), (3, 2, 1)], 0, False, "item 1 of the array X"),
        ([(3, 2), (3, 2)], 2, False, "axis 2 is out of range"),
        ([(3, 2), (3, 2)], 3, True, "axis 3 is out of range"),
    ],
)
def test_items_that_do_not_fit(shapes, axis, stack, message):
    with pytest.raises(ValueError, match=message):
        run(lambda *x: layers.tensor_array_to_tensor(array_of(*x), axis, use_stack=stack), *[value(*s) for s in shapes])


def test_joining_gaps_or_nothing():
    with pytest.raises(ValueError, match="item 0 .*never written"):
        run(lambda x: layers.tensor_array_to_tensor(layers.array_write(x, number(1)), 0), value(2))
    with pytest.raises(ValueError, match="no items to join"):
        run(lambda x: layers.tensor_array_to_tensor(layers.create_array("float64"), 0), value(2))


# ---- rank tables ----

LODS = [
    ([[2, 4, 1]], 0),
    ([[3]], 0),
    ([[2, 0, 4, 1, 4]], 0),
    ([[1, 2], [2, 4, 1]], 0),
    ([[1, 2], [2, 4, 1]], 1),
    ([[0, 2, 1, 1], [2, 2, 0, 3]], 0),
    ([[2, 1], [1, 2, 1], [2, 2, 1, 2]], 1),
]


def ranked(lengths):
    return sorted(enumerate(lengths), key=lambda item: -item[1])


def steps_of(x, level):
    """The items of lod_tensor_to_array."""
    sequences = []
    for rows, lengths in units_of(x, level):
        sequences.append(units_of(LodArray(rows, lengths[1:])))
    order = [i for i, _ in ranked(x.lengths[level])]
    longest = max([len(sequence) for sequence in sequences], default=0)
    below = len(x.lengths) - level - 1
    return [join([sequences[i][t] for i in order if t < len(sequences[i])], x, below) for t in range(longest)]


def rows_of(lengths):
    return value(sum(lengths[-1]), 2, lengths=lengths)


@pytest.mark.parametrize("lengths, level", LODS)
def test_rank_table(lengths, level):
    def build(x):
        table = control_flow.lod_rank_table(x, level)
        table.persistable = True
        return control_flow.max_sequence_len(table), layers.scale(x, 1.0)

    net = Net(build, rows_of(lengths))
    longest, _ = net.run()
    assert longest.tolist() == [max(lengths[level])] and longest.dtype == np.int64
    name = next(var.name for var in net.main.list_vars() if var.type == fluid.core.VarDesc.VarType.LOD_RANK_TABLE)
    table = net.scope.find_var(name).get_lod_rank_table()
    assert isinstance(table, fluid.core.LodRankTable)
    assert table.items() == ranked(lengths[level])


def test_rank_table_of_no_sequence():
    x = LodArray(np.zeros((0, 2)), [[0, 0]])

    def build(x):
        table = control_flow.lod_rank_table(x)
        array = control_flow.lod_tensor_to_array(x, table)
        return control_flow.max_sequence_len(table), layers.array_length(array), control_flow.array_to_lod_tensor(array, table)

    longest, length, again = run(build, x)
    assert longest.tolist() == length.tolist() == [0]
    assert_same(again, x)


def test_ranking_without_sequences():
    with pytest.raises(ValueError, match="X has 0 LoD levels, so level 0"):
        run(lambda x: control_flow.max_sequence_len(control_flow.lod_rank_table(x)), value(3, 2))
    with pytest.raises(ValueError, match="X has 1 LoD levels, so level 1"):
        run(lambda x: control_flow.max_sequence_len(control_flow.lod_rank_table(x, 1)), rows_of([[1, 2]]))
    with pytest.raises(ValueError, match="level is -1"):
        run(lambda x: control_flow.lod_rank_table(x, -1), rows_of([[1, 2]]))


def test_what_is_no_rank_table():
    x = rows_of([[1, 2]])
    for layer in (control_flow.max_sequence_len, lambda x: control_flow.lod_tensor_to_array(x, x)):
        with pytest.raises(ValueError, match="RankTable is a LoDTensor; expected a LoDRankTable"):
            run(layer, x)


def test_variable_without_a_rank_table():
    with pytest.raises(ValueError, match="holds no rank table"):
        fluid.core.Scope().var("table").get_lod_rank_table()


# ---- steps of sequences ----


@pytest.mark.parametrize("lengths, level", LODS)
def test_sequences_as_steps_and_back(lengths, level):
    def build(x):
        table = control_flow.lod_rank_table(x, level)
        array = control_flow.lod_tensor_to_array(x, table)
        return array, control_flow.array_to_lod_tensor(array, table)

    x = rows_of(lengths)
    net = Net(build, x)
    for _ in range(2):
        array, again = net.run()
        wanted = steps_of(x, level)
        assert len(array) == len(wanted)
        for got, item in zip(array, wanted):
            assert_same(got, item)
        assert_same(again, x)


@pytest.mark.parametrize("lengths, level", LODS)
def test_gradients_of_steps(lengths, level):
    def build(x):
        table = control_flow.lod_rank_table(x, level)
        array = control_flow.lod_tensor_to_array(layers.square(x), table)
        return control_flow.array_to_lod_tensor(array, table)

    check_gradients(build, rows_of(lengths))


@pytest.mark.parametrize("used", [0, 1, 3])
def test_gradient_where_one_step_is_used(used):
    def build(x):
        array = control_flow.lod_tensor_to_array(layers.square(x), control_flow.lod_rank_table(x))
        return layers.array_read(array, number(used))

    check_gradients(build, rows_of([[2, 0, 4, 1]]))


def test_gradient_where_steps_have_sequences_and_one_is_used():
    def build(x):
        array = control_flow.lod_tensor_to_array(layers.square(x), control_flow.lod_rank_table(x))
        return layers.array_read(array, number(0))

    with pytest.raises(ValueError, match="item 1 of the array X has no gradient"):
        check_gradients(build, rows_of([[1, 2], [2, 4, 1]]))


def test_steps_made_one_by_one():
    """Rows that a network computed, one a sequence and step, become sequences."""
    x = rows_of([[1, 2], [2, 4, 1]])

    def build(x):
        table = control_flow.lod_rank_table(x)
        array, out = control_flow.lod_tensor_to_array(x, table), layers.create_array("float64")
        for t in range(2):
            pooled = layers.sequence_pool(layers.array_read(array, number(t)), "sum")
            layers.array_write(pooled, number(t), out)
        return control_flow.array_to_lod_tensor(out, table)

    sums = np.array([rows.sum(0) for rows in LodArray(np.asarray(x), [x.lengths[1]]).sequences()])
    got = run(build, x)
    np.testing.assert_allclose(np.asarray(got), sums)
    assert got.lengths == [[1, 2]]
    check_gradients(build, x)


def other_table(layer):
    """``layer`` of x and a table of y."""
    return lambda x, y: layer(x, control_flow.lod_rank_table(y))


@pytest.mark.parametrize("x, y", [([[2, 4, 1]], [[2, 3, 2]]), ([[2, 4, 1]], [[3, 4]])])
def test_table_of_other_sequences(x, y):
    with pytest.raises(ValueError, match="LoD level 0 of X is .* but RankTable was made of"):
        run(other_table(control_flow.lod_tensor_to_array), rows_of(x), rows_of(y))


def test_table_for_rows_without_sequences():
    with pytest.raises(ValueError, match="X has 0 LoD levels, but RankTable was made of level 0"):
        run(other_table(control_flow.lod_tensor_to_array), value(7, 2), rows_of([[2, 4, 1]]))


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda x, a: layers.array_write(x, number(1), a), "item 1 of the array X, .* has 3 sequences, but 2"),
        (lambda x, a: layers.array_write(layers.lod_reset(x, target_lod=[0, 7]), number(4), a), "5 items, but the longest .* 4"),
        (lambda x, a: layers.array_write(layers.fill_constant([2, 5], "float64", 0), number(1), a), "item 1 .*rows of float64"),
        (lambda x, a: layers.array_write(layers.fill_constant([2, 2], "float32", 0), number(1), a), "item 1 .*rows of float64"),
    ],
)
def test_steps_that_do_not_fit(change, message):
    def build(x):
        table = control_flow.lod_rank_table(x)
        array = control_flow.lod_tensor_to_array(x, table)
        change(x, array)
        return control_flow.array_to_lod_tensor(array, table)

    with pytest.raises(ValueError, match=message):
        run(build, rows_of([[2, 4, 1]]))


def test_too_few_steps():
    def build(x):
        table = control_flow.lod_rank_table(x)
        return control_flow.array_to_lod_tensor(layers.array_write(layers.fill_constant([3, 2], "float64", 0), number(0)), table)

    with pytest.raises(ValueError, match="item 1 of the array X is to be read, but it has 1 items"):
        run(build, rows_of([[2, 4, 1]]))


# ---- states in the order of a rank table ----


@pytest.mark.parametrize("lengths", [None, [[3, 0, 1, 2]]])
@pytest.mark.parametrize("step", [0, 1, 2, 3, 4, 9])
def test_state_of_the_sequences_that_go_on(lengths, step):
    of = rows_of([[2, 1, 4, 1]])
    x = value(6, 2, lengths=lengths) if lengths else value(4, 2)

    def build(x, of):
        return control_flow.shrink_memory(layers.square(x), number(step), control_flow.lod_rank_table(of))

    active = sum(n > step for n in (2, 1, 4, 1))
    wanted = join(units_of(np.square(x))[:active], x, len(lengths or []))
    assert_same(run(build, x, of), wanted)
    net = Net(build, x, of)
    with fluid.program_guard(net.main, fluid.Program()):
        gradient = fluid.gradients(layers.reduce_sum(net.outputs[0]), net.inputs[0])[0]
    got = net.run(fetch=[gradient])[0]
    wanted = np.where(np.arange(len(x))[:, None] < len(wanted), 2 * np.asarray(x), 0)
    np.testing.assert_allclose(np.asarray(got), wanted)
    assert getattr(got, "lengths", []) == (lengths or [])


def test_state_that_shrank_before():
    """Only the sequences that had the step before are left."""
    of = rows_of([[2, 1, 4, 1]])
    got = run(lambda x, of: control_flow.shrink_memory(x, number(2), control_flow.lod_rank_table(of)), value(2, 2), of)
    assert got.shape == (1, 2)


@pytest.mark.parametrize("rows, step, message", [(1, 1, "X has 1 rows, .* 2 have a step 1"), (5, 0, "X has 5 rows"), (4, -1, "I is -1")])
def test_state_that_does_not_fit(rows, step, message):
    with pytest.raises(ValueError, match=message):
        run(lambda x, of: control_flow.shrink_memory(x, number(step), control_flow.lod_rank_table(of)), value(rows, 2), rows_of([[2, 1, 4, 1]]))


@pytest.mark.parametrize("lengths", [None, [[3, 0, 1, 2]], [[1, 0, 2, 1], [3, 1, 0, 2]]])
def test_rows_or_sequences_in_the_order_of_a_table(lengths):
    of = rows_of([[2, 1, 4, 1]])
    x = value(6, 2, lengths=lengths) if lengths else value(4, 2)

    def build(x, of):
        return layers.reorder_lod_tensor_by_rank(x, control_flow.lod_rank_table(of))

    units = units_of(x)
    wanted = join([units[i] for i, _ in ranked([2, 1, 4, 1])], x, len(lengths or []))
    assert_same(run(build, x, of), wanted)

    def squared(x):
        table = control_flow.lod_rank_table(layers.lod_reset(layers.fill_constant([8, 1], "float64", 0), target_lod=[0, 2, 3, 7, 8]))
        return layers.reorder_lod_tensor_by_rank(layers.square(x), table)

    check_gradients(squared, x)


@pytest.mark.parametrize("x", [value(3, 2), value(5, 2), value(6, 2, lengths=[[3, 3]])])
def test_order_of_other_sequences(x):
    with pytest.raises(ValueError, match="X has . (rows|sequences), but RankTable was made of 4 sequences"):
        run(other_table(layers.reorder_lod_tensor_by_rank), x, rows_of([[2, 1, 4, 1]]))

"""Rows, sequences and variables chosen by a condition; the state of a recurrent network."""

import numpy as np
import pytest
from harness import Elsewhere, LodArray, Op, lod, op_tests
from sequences import join, units_of
from values import from_core, to_core

import paddle.fluid as fluid
from paddle.fluid import layers
from paddle.fluid.layers import control_flow

for _type in ("delete_var", "select_output"):
    Elsewhere(_type, "tests/ops/test_choice.py")
ALL_NUMBERS = ("float32", "float64", "int32", "int64")


def mask(*values, shape=(-1, 1)):
    return np.array(values, "bool").reshape(shape)


def split(X, Mask, level):
    levels = len(X.lengths[level:])

    def side(wanted):
        return join([unit for unit, holds in zip(units_of(X, level), np.ravel(Mask)) if holds == wanted], X, levels)

    return {"OutTrue": side(True), "OutFalse": side(False)}


def merge(X, Mask, InTrue, InFalse, level):
    sides = {True: iter(units_of(InTrue)), False: iter(units_of(InFalse))}
    return join([next(sides[bool(holds)]) for holds in np.ravel(Mask)], InTrue, len(InTrue.lengths), X.lengths[:level])


def merge_entry(kind, **more):
    return Op(
        kind,
        cases=[
            dict(X=(3, 2), Mask=mask(1, 0, 1), InTrue=(2, 4), InFalse=(1, 4)),
            dict(X=(3,), Mask=mask(0, 0, 0), InTrue=(0, 2), InFalse=(3, 2)),
            dict(X=(0, 2), Mask=mask(), InTrue=(0, 2), InFalse=(0, 2)),
            dict(X=lod((7, 2), [2, 4, 1]), Mask=mask(1, 0, 1), InTrue=(2, 3), InFalse=(1, 3)),
            dict(X=lod((7, 2), [2, 4, 1]), Mask=mask(1, 0, 1), InTrue=lod((3, 2), [1, 2]), InFalse=lod((2, 2), [2])),
            dict(
                X=lod((7, 2), [1, 2], [2, 4, 1]),
                Mask=mask(0, 1, 1),
                InTrue=lod((5, 2), [4, 1]),
                InFalse=lod((2, 2), [2]),
                level=1,
            ),
        ],
        reference=merge,
        refuses="3 levels",
        dtypes=ALL_NUMBERS,
        bad=[
            dict(X=(3, 2), Mask=mask(1, 0), InTrue=(1, 2), InFalse=(1, 2), match="Mask .*2 elements.*X has 3 rows"),
            dict(X=(3, 2), Mask=mask(1, 0, 1), InTrue=(1, 2), InFalse=(1, 2), match="InTrue .*has 1 rows.*takes 2"),
            dict(X=(3, 2), Mask=mask(1, 0, 1), InTrue=(2, 2), InFalse=(2, 2), match="InFalse .*has 2 rows.*takes 1"),
            dict(X=(3, 2), Mask=mask(1, 0, 1), InTrue=(2, 2), InFalse=(1, 3), match="InFalse .*rows of float32"),
            dict(X=(3, 2), Mask=np.ones((3, 1), "int32"), InTrue=(2, 2), InFalse=(1, 2), match="Mask is int32"),
            dict(X=(3, 2), Mask=mask(1, 0, 1), InTrue=(2, 2), InFalse=(1, 2), level=1, match="level is 1.*0 LoD levels"),
            dict(X=(3, 2), Mask=mask(1, 0, 1), InTrue=lod((2, 2), [1, 1]), InFalse=(1, 2), match="InFalse has 0 LoD levels"),
        ],
        **more,
    )


test = op_tests(
    Op(
        "split_lod_tensor",
        refuses="3 levels",  # the attribute level, and with it Mask, is of the level that comes first then
        cases=[
            dict(X=(3, 2), Mask=mask(1, 0, 1)),
            dict(X=(3, 2, 2), Mask=mask(1, 1, 1, shape=(3,))),
            dict(X=(3,), Mask=mask(0, 0, 0)),
            dict(X=(0, 2), Mask=mask()),
            dict(X=lod((7, 2), [2, 0, 4, 1]), Mask=mask(1, 1, 0, 1)),
            dict(X=lod((7, 2), [1, 2], [2, 4, 1]), Mask=mask(0, 1)),
            dict(X=lod((7, 2), [1, 2], [2, 4, 1]), Mask=mask(0, 1, 1), level=1),
        ],
        reference=split,
        grad="X",
        dtypes=ALL_NUMBERS,
        bad=[
            dict(X=(3, 2), Mask=mask(1, 0), match="Mask .*2 elements, but X has 3 rows"),
            dict(X=lod((7, 2), [2, 4, 1]), Mask=mask(*[1] * 7), match="7 elements, but X has 3 sequences"),
            dict(X=(3, 2), Mask=mask(1, 0, 1), level=1, match="level is 1, but X has 0 LoD levels"),
            dict(X=(3, 2), Mask=mask(1, 0, 1), level=-1, match="level is -1"),
            dict(X=(3, 2), Mask=np.ones((3, 1), "int64"), match="Mask is int64"),
        ],
    ),
    merge_entry("merge_lod_tensor", grad=("InTrue", "InFalse")),
    merge_entry("merge_lod_tensor_infer"),
    Op(
        "select_input",
        cases=[
            dict(X=[(3, 2), (3, 2)], Mask=np.array([1], "int32")),
            dict(X=[lod((3, 2), [1, 2]), lod((3, 2), [1, 2])], Mask=np.array([0], "int64")),
            dict(X=[(3, 2), (4, 2), (5, 2)], Mask=np.array([[2]], "int32"), smooth=False),
            dict(X=[(0, 2), (0, 2)], Mask=np.array([0], "int32")),
        ],
        reference=lambda X, Mask: X[int(np.ravel(Mask)[0])],
        grad="X",
        dtypes=ALL_NUMBERS,
        bad=[
            dict(X=[(3, 2), (3, 2)], Mask=np.array([2], "int32"), match="Mask is 2, but X names 2"),
            dict(X=[(3, 2), (3, 2)], Mask=np.array([-1], "int32"), match="Mask is -1"),
            dict(X=[(3, 2), (3, 2)], Mask=np.array([0, 1], "int32"), match=r"Mask has shape \[2\]"),
            dict(X=[(3, 2), (3, 2)], Mask=np.array([True]), match="Mask is bool"),
        ],
    ),
    Op(
        "rnn_memory_helper",
        cases=[dict(X=(3, 2)), dict(X=lod((3, 2), [1, 2]), dtype=6), dict(X=(0, 2))],
        reference=lambda X: X,
        grad="X",
        dtypes=ALL_NUMBERS,
        no_bad="takes any tensor",
    ),
)


def run(build, feed):
    """The value of what ``build`` returns, or a list of values."""
    main = fluid.Program()
    with fluid.program_guard(main, fluid.Program()):
        out = build()
    outs = out if isinstance(out, list) else [out]
    found = fluid.Executor(fluid.CPUPlace()).run(main, feed=feed, fetch_list=outs, return_numpy=False)
    found = [from_core(each) for each in found]
    return found if isinstance(out, list) else found[0]


def write_one_of(count, mask_type="int32", lod_level=0):
    """A program part: x into one of some variables."""
    x = fluid.data("x", [None, 2], lod_level=lod_level)
    x.stop_gradient = False
    block = fluid.default_main_program().global_block()
    outs = [block.create_var(name="out%d" % i, dtype="float32") for i in range(count)]
    return x, control_flow.select_output(x, outs, fluid.data("mask", [None], mask_type))


@pytest.mark.parametrize("mask_type", ["int32", "int64"])
@pytest.mark.parametrize("chosen", [0, 1, 2])
@pytest.mark.parametrize("lengths", [[], [[1, 2]]])
def test_one_of_several_is_written(chosen, mask_type, lengths):
    x = LodArray(np.arange(6, dtype="float32").reshape(3, 2), lengths)
    feed = {"x": to_core(x), "mask": np.array([chosen], mask_type)}
    for i, out in enumerate(run(lambda: write_one_of(3, mask_type, len(lengths))[1], feed)):
        np.testing.assert_array_equal(out, x if i == chosen else x[:0])
        assert getattr(out, "lengths", []) == (lengths if i == chosen else [[] for _ in lengths])


@pytest.mark.parametrize(
    "mask, mask_type, message",
    [([2], "int32", "Mask is 2, but Out names 2"), ([-1], "int64", "Mask is -1"), ([0.5], "float32", "Mask is float32"), ([0, 1], "int32", r"Mask has shape \[2\]")],
)
def test_what_cannot_be_written(mask, mask_type, message):
    with pytest.raises(ValueError, match=message):
        run(lambda: write_one_of(2, mask_type)[1], {"x": np.zeros((3, 2), "float32"), "mask": np.array(mask, mask_type)})


def test_gradient_of_what_was_written():
    def build():
        x, (first, second) = write_one_of(2)
        total = layers.elementwise_add(layers.reduce_sum(layers.square(first)), layers.reduce_sum(layers.scale(second, 3.0)))
        return fluid.gradients(total, x)[0]

    x = np.array([[3, 4]], "float32")
    for i, wanted in enumerate((2 * x, np.full_like(x, 3))):
        np.testing.assert_array_equal(run(build, {"x": x, "mask": np.array([i], "int32")}), wanted)


@pytest.mark.parametrize("taken", [True, False])
def test_select_what_a_block_wrote_or_not(taken):
    """What the block that did not run would have written is not looked at."""

    def build():
        x = fluid.data("x", [None, 2])
        condition = fluid.data("condition", [1], "bool")
        inner = fluid.default_main_program().global_block().create_var(name="inner", dtype="float32", shape=[-1, 2])
        with control_flow.ConditionalBlock([condition], is_scalar_condition=True).block():
            layers.assign(layers.scale(x, 2.0), inner)
        return control_flow.select_input([x, inner], layers.cast(condition, "int32"))

    x = np.arange(6, dtype="float32").reshape(3, 2)
    np.testing.assert_array_equal(run(build, {"x": x, "condition": np.array([taken])}), x * 2 if taken else x)


def test_selecting_what_no_block_wrote():
    def build():
        x = fluid.data("x", [None, 2])
        condition = fluid.data("condition", [1], "bool")
        inner = fluid.default_main_program().global_block().create_var(name="inner", dtype="float32", shape=[-1, 2])
        with control_flow.ConditionalBlock([condition], is_scalar_condition=True).block():
            layers.assign(layers.scale(x, 2.0), inner)
        return control_flow.select_input([x, inner], layers.fill_constant([1], "int32", 1))

    with pytest.raises(ValueError, match=r"X\[1\], which holds no value"):
        run(build, {"x": np.zeros((3, 2), "float32"), "condition": np.array([False])})


@pytest.mark.parametrize("holds", [(1, 0, 1), (1, 1, 1), (0, 0, 0)])
def test_merge_where_a_side_did_not_run(holds):
    """A block over the rows of one side runs only if there are any."""

    def build():
        x, condition = fluid.data("x", [None, 2]), fluid.data("condition", [None, 1], "bool")
        parts = control_flow.split_lod_tensor(x, condition)
        block = fluid.default_main_program().global_block()
        outs = [block.create_var(name="side%d" % i, dtype="float32", shape=[-1, 2]) for i in range(2)]
        for part, out, factor in zip(parts, outs, (2.0, -1.0)):
            with control_flow.ConditionalBlock([part]).block():
                layers.assign(layers.scale(part, factor), out)
        return control_flow.merge_lod_tensor(outs[0], outs[1], x, condition)

    x = np.arange(6, dtype="float32").reshape(3, 2)
    got = run(build, {"x": x, "condition": mask(*holds)})
    np.testing.assert_array_equal(got, x * np.where(mask(*holds), 2, -1))


def test_gradient_of_what_was_not_chosen_is_zero():
    main = fluid.Program()
    with fluid.program_guard(main, fluid.Program()):
        x = fluid.data("x", [None, 2])
        x.stop_gradient = False
        chosen = control_flow.select_input([layers.scale(x, 2.0), layers.square(x)], fluid.data("i", [1], "int32"))
        gradient = fluid.gradients(layers.reduce_sum(chosen), x)[0]
    x = np.array([[3, 4]], "float32")
    for i, wanted in enumerate((np.full_like(x, 2), 2 * x)):
        got = fluid.Executor(fluid.CPUPlace()).run(main, {"x": x, "i": np.array([i], "int32")}, [gradient])[0]
        np.testing.assert_array_equal(got, wanted)


def test_delete_var_changes_nothing():
    def build():
        y = layers.scale(fluid.data("x", [None, 2]), 2.0)
        out = layers.scale(y, 2.0)
        fluid.default_main_program().global_block().append_op(type="delete_var", inputs={"X": [y]}, outputs={})
        return out

    np.testing.assert_array_equal(run(build, {"x": np.ones((1, 2), "float32")}), [[4, 4]])

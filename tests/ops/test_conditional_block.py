"""conditional_block and conditional_block_infer: a block that runs or does not."""

import numpy as np
import pytest
from harness import Elsewhere
from script_op import LINE, append

from paddle import _core as core

TYPES = ("conditional_block", "conditional_block_infer")
for _type in TYPES:
    Elsewhere(_type, "tests/ops/test_conditional_block.py")

VarType = core.VarDesc.VarType


def variable(block, name, dtype, shape, persistable=False):
    var = block.var(name)
    var.set_dtype(dtype)
    var.set_shape(shape)
    var.set_persistable(persistable)


class Conditional:
    """out = 2 x in a block, under the conditions c0, c1, ...; `out` is persistable and 7 at first."""

    def __init__(self, kind, dtypes, shapes, scalar, inner="x"):
        self.program, self.scope = core.ProgramDesc(), core.Scope()
        main = self.program.block(0)
        self.names = [f"c{i}" for i in range(len(dtypes))]
        for name, dtype, shape in zip(self.names, dtypes, shapes):
            variable(main, name, dtype, shape)
        variable(main, "x", VarType.FP32, [-1, 2])
        variable(main, "out", VarType.FP32, [-1, 2], persistable=True)
        self.scope.var("out").get_tensor().set(np.full((1, 2), 7, "float32"), core.CPUPlace())
        block = self.program.append_block(main)
        append(block, "scale", {"X": [inner]}, {"Out": ["out"]}, scale=2.0)
        op = main.append_op()
        op.set_type(kind)
        op._set_attr("op_callstack", [LINE, "    " + kind])
        op.set_input("Cond", self.names)
        op.set_input("Input", ["x"])
        op.set_output("Out", ["out"])
        op.set_output("Scope", ["scope"])
        scope = main.var("scope")
        scope.set_type(VarType.STEP_SCOPES)
        op._set_attr("is_scalar_condition", scalar)
        op.set_block_attr("sub_block", block)
        op.check_attrs()
        op.infer_var_type(main)
        op.infer_shape(main)

    def run(self, *conditions, rows=3):
        """What out holds after a run."""
        feed = {name: core.from_numpy(np.asarray(value)) for name, value in zip(self.names, conditions)}
        feed["x"] = core.from_numpy(np.full((rows, 2), 3, "float32"))
        core.Executor(core.CPUPlace()).run(self.program, self.scope, feed, [])
        return np.array(self.scope.find_var("out").get_tensor()).tolist()


OLD, NEW = [[7, 7]], [[6, 6]] * 3


@pytest.mark.parametrize("kind", TYPES)
def test_scalar_condition(kind):
    one = Conditional(kind, [VarType.BOOL], [[1]], scalar=True)
    assert one.run(np.array([False])) == OLD
    assert one.run(np.array([True])) == NEW
    assert one.run(np.array([False]), rows=5) == NEW, "the block did not run, so out stays"
    assert one.run(np.array([True]), rows=2) == NEW[:2]


@pytest.mark.parametrize("kind", TYPES)
def test_a_scalar_of_rank_0_or_more(kind):
    assert Conditional(kind, [VarType.BOOL], [[]], scalar=True).run(np.array(True)) == NEW
    assert Conditional(kind, [VarType.BOOL], [[1, 1]], scalar=True).run(np.array([[True]])) == NEW


@pytest.mark.parametrize("kind", TYPES)
def test_conditions_that_must_not_be_empty(kind):
    two = Conditional(kind, [VarType.INT64, VarType.FP32], [[-1, 1], [-1]], scalar=False)
    some, none = np.zeros((2, 1), "int64"), np.zeros((0, 1), "int64")
    assert two.run(none, np.zeros(2, "float32")) == OLD
    assert two.run(some, np.zeros(0, "float32")) == OLD
    assert two.run(some, np.zeros(2, "float32")) == NEW


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    "dtypes, shapes, text",
    [
        ([VarType.INT32], [[1]], "Cond is int32"),
        ([VarType.BOOL], [[2]], "one element"),
        ([VarType.BOOL, VarType.BOOL], [[1], [1]], "one variable in Cond"),
    ],
)
def test_scalar_conditions_of_another_kind_are_refused(kind, dtypes, shapes, text):
    with pytest.raises(core.EnforceNotMet, match=text) as error:
        Conditional(kind, dtypes, shapes, scalar=True)
    assert f"'{kind}'" in str(error.value) and 'File "script.py", line 7' in str(error.value)


@pytest.mark.parametrize("kind", TYPES)
def test_a_condition_of_more_elements_than_described_is_refused(kind):
    one = Conditional(kind, [VarType.BOOL], [[-1]], scalar=True)
    assert one.run(np.array([True])) == NEW
    for wrong in (np.array([True, False]), np.zeros(0, bool)):
        with pytest.raises(core.EnforceNotMet, match="one element") as error:
            one.run(wrong)
        assert f"'{kind}'" in str(error.value) and 'File "script.py", line 7' in str(error.value)


@pytest.mark.parametrize("kind", TYPES)
def test_errors_inside_the_block_name_its_line(kind):
    one = Conditional(kind, [VarType.BOOL], [[1]], scalar=True)
    feed = {"c0": core.from_numpy(np.array([True])), "x": core.from_numpy(np.ones((3, 2), bool))}
    with pytest.raises(core.EnforceNotMet) as error:
        core.Executor(core.CPUPlace()).run(one.program, one.scope, feed, [])
    assert "bool" in str(error.value) and 'File "script.py", line 7' in str(error.value)

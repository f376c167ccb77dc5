"""Descriptions of programs: references, attributes, pruning."""

import numpy as np
import pytest

from paddle import _core as core


def op_of(block, kind, inputs, outputs, **attrs):
    op = block.append_op()
    op.set_type(kind)
    for slot, names in inputs.items():
        op.set_input(slot, names)
    for slot, names in outputs.items():
        op.set_output(slot, names)
    for name, value in attrs.items():
        op._set_attr(name, value)
    return op


def test_round_trip_and_identity():
    program = core.ProgramDesc()
    block = program.block(0)
    assert block == program.block(0) and hash(block) == hash(program.block(0))
    var = block.var(b"x")
    var.set_shape([-1, 3])
    var.set_dtype(core.VarDesc.VarType.FP64)
    var.set_lod_level(1)
    block.var("y")
    op = op_of(block, "scale", {"X": ["x"]}, {"Out": ["y"]})
    assert block.op(0) == op and block.var("x") == var
    assert op.block() == block
    copy = core.ProgramDesc(program.serialize_to_string())
    assert copy.serialize_to_string() == program.serialize_to_string()
    assert copy.block(0).find_var("x").shape() == [-1, 3]
    assert copy.uid != program.uid
    assert copy._version() == 1008005


def test_removed_parts_raise():
    block = core.ProgramDesc().block(0)
    op, var = block.append_op(), block.var("x")
    block._remove_op(0, 1)
    block._remove_var("x")
    with pytest.raises(RuntimeError, match="removed"):
        op.type()
    with pytest.raises(core.EnforceNotMet, match="removed"):
        var.shape()
    with pytest.raises(IndexError):
        block.op(0)


def test_references_keep_the_program():
    op = core.ProgramDesc().block(0).append_op()
    op.set_type("kept")
    assert op.type() == "kept" and op.block().op_size() == 1


def test_attributes_of_unknown_ops_follow_the_value():
    op = core.OpDesc()
    op.set_type("of_a_later_version")
    values = {
        "i": (2, core.AttrType.INT),
        "l": (2**40, core.AttrType.LONG),
        "f": (1.5, core.AttrType.FLOAT),
        "b": (True, core.AttrType.BOOL),
        "s": ("text", core.AttrType.STRING),
        "ints": ([1, 2], core.AttrType.INTS),
        "longs": ([1, 2**40], core.AttrType.LONGS),
        "floats": ([1, 2.5], core.AttrType.FLOATS),
        "bools": ([True, False], core.AttrType.BOOLS),
        "strings": (["a", "b"], core.AttrType.STRINGS),
    }
    for name, (value, kind) in values.items():
        op._set_attr(name, value)
        assert op.attr(name) == value and op.attr_type(name) == kind, name
    op._set_attr("numpy", np.int64(3))
    assert op.attr("numpy") == 3
    with pytest.raises(KeyError) as error:
        op.attr("missing")
    assert str(error.value).startswith("op 'of_a_later_version' has no attribute 'missing'")
    with pytest.raises(ValueError, match="cannot be an attribute"):
        op._set_attr("object", object())


def test_declared_attributes_are_converted_and_checked():
    op = core.OpDesc()
    op.set_type("read")
    op._set_attr("throw_eof_exp", 0)
    assert op.attr("throw_eof_exp") is False
    with pytest.raises(ValueError, match="attribute 'throw_eof_exp' of op 'read' .*expected"):
        op._set_attr("throw_eof_exp", "yes")
    with pytest.raises(ValueError, match="no attribute 'nosuch'; it has: throw_eof_exp"):
        op._set_attr("nosuch", 1)
    op._set_attr("use_cudnn", True)


def test_copy_from_replaces_everything():
    a, b = core.OpDesc(), core.ProgramDesc().block(0).append_op()
    a.set_type("a")
    a.set_input("X", ["x"])
    b.set_type("b")
    b.set_input("Y", ["y"])
    b.copy_from(a)
    assert b.type() == "a" and b.inputs() == {"X": ["x"]}


def test_blocks_as_attributes():
    program = core.ProgramDesc()
    sub = program.append_block(program.block(0))
    op = program.block(0).append_op()
    op.set_type("loop_of_a_later_version")
    op.set_block_attr("sub_block", sub)
    assert op.attr("sub_block") == sub and op._block_attr_id("sub_block") == 1
    with pytest.raises(ValueError, match="expected a BlockDesc"):
        op.set_block_attr("sub_block", "no block")


def test_blocks_of_other_programs_are_refused():
    program, other = core.ProgramDesc(), core.ProgramDesc()
    op, block = program.block(0).append_op(), other.append_block(other.block(0))
    op.set_type("conditional_block")
    with pytest.raises(ValueError, match="block 1 belongs to another program"):
        op._set_attr("sub_block", block)
    with pytest.raises(ValueError, match="another program"):
        op.set_block_attr("sub_block", block)
    with pytest.raises(ValueError, match="another program"):
        op.set_blocks_attr("blocks", [block])


def chain():
    """x -> a -> b, x -> c; a backward op and an optimizer op on top."""
    program = core.ProgramDesc()
    block = program.block(0)
    for name in "xabcgp":
        block.var(name)
    op_of(block, "f", {"X": ["x"]}, {"Out": ["a"]}, op_role=0)
    op_of(block, "f", {"X": ["a"]}, {"Out": ["b"]}, op_role=256, is_test=False)
    op_of(block, "f", {"X": ["x"]}, {"Out": ["c"]}, op_role=0)
    op_of(block, "g", {"X": ["b"]}, {"Out": ["g"]}, op_role=1)
    op_of(block, "sgd_like", {"Grad": ["g"]}, {"Out": ["p"]}, op_role=2)
    return program


def outputs(program):
    block = program.block(0)
    return [block.op(i).output("Out")[0] for i in range(block.op_size())]


@pytest.mark.parametrize("targets", [[(0, 1)], ["b"]])
def test_prune(targets):
    pruned, origins = core.prune(chain(), set(), targets)
    assert origins == {0: 0}
    assert outputs(pruned) == ["a", "b"]
    assert sorted(v.name() for v in pruned.block(0).all_vars()) == ["a", "b", "x"]
    assert outputs(core.prune(chain(), {"a"}, targets)[0]) == ["b"]


def test_prune_complains():
    with pytest.raises(ValueError, match="no op 99"):
        core.prune(chain(), set(), [(0, 99)])
    with pytest.raises(ValueError, match="no variable 'nosuch'"):
        core.prune(chain(), set(), ["nosuch"])
    with pytest.raises(ValueError, match="no op of the program makes"):
        core.prune(chain(), set(), ["x"])


def test_inference_clone():
    clone = core.inference_clone(chain())
    assert outputs(clone) == ["a", "b", "c"]
    assert clone.block(0).op(1).attr("is_test") is True
    assert clone.block(0).find_var("g") is None


def test_prune_renumbers_blocks():
    program = core.ProgramDesc()
    block = program.block(0)
    for name in ("x", "y", "z"):
        block.var(name)
    for name in ("y", "z"):
        sub = program.append_block(block)
        op_of(sub, "f", {"X": ["x"]}, {"Out": [name]})
        op = op_of(block, "loop", {}, {"Out": [name]})
        op.set_block_attr("sub_block", sub)
    pruned, origins = core.prune(program, set(), ["z"])
    assert origins == {0: 0, 1: 2}
    assert pruned.num_blocks() == 2 and outputs(pruned) == ["z"]
    assert pruned.block(0).op(0)._block_attr_id("sub_block") == 1
    assert pruned.block(1).op(0).output("Out") == ["z"]
    assert sorted(v.name() for v in pruned.block(0).all_vars()) == ["x", "z"]
    pruned.verify()


def test_readers():
    var = core.VarDesc("r")
    var.set_type(core.VarDesc.VarType.READER)
    var.set_shapes([[2, 3], [1]])
    var.set_dtypes([core.VarDesc.VarType.FP32, core.VarDesc.VarType.INT64])
    var.set_lod_levels([0, 1])
    assert var.shapes() == [[2, 3], [1]]
    assert var.dtypes() == [core.VarDesc.VarType.FP32, core.VarDesc.VarType.INT64]
    assert var.lod_levels() == [0, 1]
    with pytest.raises(ValueError, match="not a reader"):
        core.VarDesc("t").shapes()


def test_names_that_are_no_text_are_shown_with_escapes():
    program = core.ProgramDesc()
    op_of(program.block(0), "no text", {}, {})
    data = program.serialize_to_string().replace(b"no text", b"n\xff \xfeext")
    with pytest.raises(core.EnforceNotMet, match=r"n\\xff \\xfeext"):
        core.Executor(core.CPUPlace()).run(core.ProgramDesc(data), core.Scope(), {}, [])


LONG = [
    (list(range(100000)), r"\[0, 1, .*15, \.\.\. 99983 more \.\.\., 99999\]"),
    ("x" * 100000, r'xxx" \.\.\. 99800 more bytes'),
    (["x"] * 100000, r'"x", \.\.\. 99983 more \.\.\., "x"\]'),
]


@pytest.mark.parametrize("value, text", LONG, ids=["numbers", "text", "texts"])
def test_errors_show_parts_of_long_attributes(value, text):
    op = core.ProgramDesc().block(0).append_op()
    op.set_type("softmax")
    with pytest.raises(core.EnforceNotMet, match="axis.* more characters") as error:
        op._set_attr("axis", value)
    assert len(str(error.value)) < 1000
    op.set_type("not_yet_known")
    op._set_attr("axis", value)
    op.set_type("softmax")
    with pytest.raises(core.EnforceNotMet, match=text) as error:
        op.check_attrs()
    assert len(str(error.value)) < 2000

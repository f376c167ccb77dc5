"""The op print: what it passes on, and what it says."""

import re

import numpy as np
from harness import Op, lod, op_tests
from one_op import Case, OneOp

SAY = dict(
    first_n=-1,
    message="here",
    summarize=3,
    print_tensor_name=True,
    print_tensor_type=True,
    print_tensor_shape=True,
    print_tensor_lod=True,
)

ENTRY = Op(
    "print",
    cases=[dict(In=shape, **SAY) for shape in [(2, 3), lod((3, 2), [1, 2]), (0, 3), (1,)]],
    reference=lambda In: In,
    grad="In",
    dtypes=("float32", "float64", "int32", "int64", "bool", "uint8", "int8", "float16"),
    bad=[dict(In=(2, 3), print_phase="never", match='print_phase is "never"', **SAY)],
)

test = op_tests(ENTRY)


def printed(capfd, runs=1, **changed):
    """What the first case says in that many runs, without the time."""
    one = OneOp(Case(ENTRY, 0, {"In": np.array([[1.5, -2], [np.nan, 4]], "float32"), **SAY, **changed}, "float32"))
    capfd.readouterr()
    for _ in range(runs):
        one.run()
    return re.sub(r"(?m)^\d+\t", "", capfd.readouterr().out)


def test_everything_is_printed(capfd):
    lines = printed(capfd).splitlines()
    assert lines == ["here\tThe place is:CPUPlace", "Tensor[in.In.0]", "\tshape: [2,2,]", "\tdtype: float32", "\tdata: 1.5,-2,nan,"]


def test_sequences_are_printed(capfd):
    text = printed(capfd, In=lod((4, 1), [1, 1], [1, 3]))
    assert "\tLoD: [[ 0,1,2, ][ 0,1,4, ]]\n" in text
    assert "LoD" not in printed(capfd, In=lod((3, 2), [1, 2]), print_tensor_lod=False)


def test_parts_can_be_left_out(capfd):
    text = printed(capfd, print_tensor_name=False, print_tensor_type=False, print_tensor_shape=False, summarize=-1)
    assert text.splitlines() == ["here\tThe place is:CPUPlace", "\tdata: 1.5,-2,nan,4,"]


def test_first_n_limits_how_often(capfd):
    assert printed(capfd, runs=5, first_n=2).count("here") == 2
    assert printed(capfd, runs=3).count("here") == 3


def test_first_n_goes_on_when_the_shape_changes(capfd):
    one = OneOp(Case(ENTRY, 0, {"In": np.zeros((2, 2), "float32"), **SAY, "first_n": 2}, "float32"), unknown=True)
    capfd.readouterr()
    for rows in (2, 3, 4, 2):
        tensor = one.feed["in.In.0"]
        tensor.set(np.zeros((rows, 2), "float32"), tensor._place())
        one.run()
    assert capfd.readouterr().out.count("here") == 2


def test_phases(capfd):
    assert printed(capfd, print_phase="FORWARD") and printed(capfd, print_phase="BOTH")
    assert not printed(capfd, print_phase="BACKWARD")
    assert printed(capfd, print_phase="BACKWARD", is_forward=False)
    assert not printed(capfd, print_phase="FORWARD", is_forward=False)

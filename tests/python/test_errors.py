"""What a user reads when a script is wrong: the line of the script, the op, its inputs, what was expected."""

import inspect
import re

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import core, layers


@pytest.fixture(autouse=True)
def programs():
    with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.scope_guard(fluid.Scope()), fluid.unique_name.guard():
        yield


def here():
    """The line of the caller, as errors write it."""
    frame = inspect.currentframe().f_back
    return f'File "{__file__}", line {frame.f_lineno}'


def run(feed, fetch):
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(fluid.default_startup_program())
    return exe.run(feed=feed, fetch_list=[fetch])


def check(error, line, *parts):
    text = str(error.value)
    assert isinstance(error.value, core.EnforceNotMet)
    for part in (re.escape(line), *parts):
        assert re.search(part, text), f"'{part}' is not in:\n{text}"


def test_when_the_program_is_built():
    x, y = fluid.data("x", [None, 3]), fluid.data("y", [4, 5])
    with pytest.raises(ValueError) as error:
        line = here(); layers.mul(x, y)  # noqa: E702
    check(error, line, "in op 'mul'", r"input X: x  float32\[-1, 3\]", r"input Y: y  float32\[4, 5\]", "3 columns", "4 rows")


def test_a_wrong_attribute():
    with pytest.raises(ValueError) as error:
        line = here(); layers.softmax(fluid.data("x", [None, 3]), axis=5)  # noqa: E702
    check(error, line, "in op 'softmax'", r"input X: x  float32\[-1, 3\]", "axis", "attribute axis = 5")


def test_when_the_program_runs():
    x, y = fluid.data("x", [None, None]), fluid.data("y", [4, 5])
    out = layers.mul(x, y); line = here()  # noqa: E702
    with pytest.raises(ValueError) as error:
        run({"x": np.ones((2, 3), "float32"), "y": np.ones((4, 5), "float32")}, out)
    check(error, line, "in op 'mul'", r"input X: x  float32\[2, 3\]", r"input Y: y  float32\[4, 5\]", "3 columns", "4 rows")


@pytest.mark.parametrize("bad", [-1, 7, 2**62, -(2**63)])
def test_ids_out_of_range(bad):
    ids = fluid.data("ids", [None, 1], "int64", lod_level=1)
    out = layers.embedding(ids, size=[7, 2]); line = here()  # noqa: E702
    fed = fluid.create_lod_tensor(np.array([[0], [6], [bad]]), [[1, 2]], fluid.CPUPlace())
    with pytest.raises(ValueError) as error:
        run({"ids": fed}, out)
    check(error, line, "in op 'lookup_table'", r"input Ids: ids  int64\[3, 1\] lod \[\[0, 1, 3\]\]", rf"{bad}.*7")


@pytest.mark.parametrize("bad", [-1, 3, 2**62])
def test_labels_out_of_range(bad):
    x, label = fluid.data("x", [None, 3]), fluid.data("label", [None, 1], "int64")
    for loss in (layers.cross_entropy, layers.softmax_with_cross_entropy):
        out = loss(x, label); line = here()  # noqa: E702
        with pytest.raises(ValueError) as error:
            run({"x": np.full((2, 3), 0.3, "float32"), "label": np.array([[0], [bad]])}, out)
        check(error, line, r"input Label: label  int64\[2, 1\]", rf"Label\[1\] is {bad}; expected 0 <= label < 3")


@pytest.mark.parametrize(
    "feed, parts",
    [
        ({}, ["'x'"]),
        ({"x": np.ones((2, 3, 1), "float32")}, ["'x' takes shape .-1, 3.", "fed .2, 3, 1."]),
        ({"x": np.ones((2, 4), "float32")}, ["'x' takes shape .-1, 3.", "fed .2, 4."]),
        ({"x": np.ones((2, 3), "float64")}, ["'x' takes float32", "fed float64"]),
    ],
)
def test_wrong_feeds(feed, parts):
    out = layers.relu(fluid.data("x", [None, 3]))
    with pytest.raises((ValueError, KeyError)) as error:
        run(feed, out)
    for part in parts:
        assert re.search(part, str(error.value))


@pytest.mark.parametrize("lengths", [[[1, 1]], [[3, -1]], [[2], [1, 1]], [[1, 1], [2]], [[0, 5]]])
def test_lods_that_do_not_fit_the_rows(lengths):
    out = layers.sequence_pool(fluid.data("x", [None, 3], lod_level=len(lengths)), "sum")
    with pytest.raises(core.EnforceNotMet):
        fed = fluid.LoDTensor()
        fed.set(np.ones((3, 3), "float32"), fluid.CPUPlace())
        fed.set_recursive_sequence_lengths(lengths)
        run({"x": fed}, out)


def test_a_tensor_that_lost_its_rows():
    """The LoD fits when it is set, and no longer when it is fed."""
    out = layers.sequence_pool(fluid.data("x", [None, 3], lod_level=1), "sum")
    fed = fluid.create_lod_tensor(np.ones((3, 3), "float32"), [[1, 2]], fluid.CPUPlace())
    fed.set(np.ones((2, 3), "float32"), fluid.CPUPlace())
    if fed.recursive_sequence_lengths():
        with pytest.raises(core.EnforceNotMet) as error:
            run({"x": fed}, out)
        check(error, "", "2 rows|2")


def test_a_variable_without_value():
    out = layers.fc(fluid.data("x", [None, 3]), 2)
    with pytest.raises(core.EnforceNotMet) as error:
        fluid.Executor(fluid.CPUPlace()).run(feed={"x": np.ones((2, 3), "float32")}, fetch_list=[out])
    check(error, "", "startup program")

"""The ops save, load, save_combine, load_combine: files and errors. Files of the older package are in tests/models/streams."""

import pathlib

import numpy as np
import pytest

from paddle import _core as core

STREAMS = pathlib.Path(__file__).parents[2] / "models" / "streams"
EXECUTOR = core.Executor(core.CPUPlace())
RAW, ROWS = core.VarDesc.VarType.RAW, core.VarDesc.VarType.SELECTED_ROWS

FLOATS = np.arange(6, dtype="float32").reshape(2, 3)
INTS = np.arange(4, dtype="int64")
SEQUENCES = np.arange(5, dtype="float64").reshape(5, 1)


def run(scope, kind, inputs=(), outputs=(), out_slot="Out", types=None, **attrs):
    program = core.ProgramDesc()
    block = program.block(0)
    for name in [*inputs, *outputs]:
        var = block.var(name)
        var.set_type((types or {}).get(name, core.VarDesc.VarType.LOD_TENSOR))
        var.set_persistable(True)
    op = block.append_op()
    op.set_type(kind)
    op._set_attr("op_callstack", ['  File "script.py", line 3, in <module>', f"    {kind}"])
    if inputs:
        op.set_input("X", list(inputs))
    if outputs:
        op.set_output(out_slot, list(outputs))
    for name, value in attrs.items():
        op._set_attr(name, str(value) if isinstance(value, pathlib.Path) else value)
    op.check_attrs()
    op.infer_var_type(block)
    op.infer_shape(block)
    EXECUTOR.run(program, scope, {}, [])


@pytest.fixture
def scope():
    scope = core.Scope()
    for name, value in (("a", FLOATS), ("i", INTS), ("l", SEQUENCES)):
        scope.var(name).get_tensor().set(value, core.CPUPlace())
    scope.find_var("l").get_tensor().set_lod([[0, 2, 5]])
    rows = scope.var("r").get_selected_rows()
    rows.set_rows([1, 4])
    rows.set_height(10)
    rows.get_tensor().set(np.ones((2, 3), "float32"), core.CPUPlace())
    return scope


def golden(name):
    return (STREAMS / name).read_bytes()


@pytest.mark.parametrize(
    "variable, half, file",
    [("a", False, "float32"), ("l", False, "float64_lod"), ("a", True, "float32_as_float16"), ("i", True, "int64_as_float16"), ("r", False, "selected_rows")],
)
def test_save_writes_the_same_bytes(scope, tmp_path, variable, half, file):
    types = {"r": ROWS} if variable == "r" else None
    run(scope, "save", [variable], types=types, file_path=tmp_path / "deep" / "er" / "f", save_as_fp16=half)
    assert (tmp_path / "deep" / "er" / "f").read_bytes() == golden(file)
    assert len(list((tmp_path / "deep" / "er").iterdir())) == 1


def test_load_whole(scope):
    run(scope, "load", outputs=["x"], file_path=STREAMS / "float64_lod")
    x = scope.find_var("x").get_tensor()
    np.testing.assert_array_equal(np.array(x), SEQUENCES)
    assert x.lod() == [[0, 2, 5]]
    run(scope, "load", outputs=["x"], file_path=STREAMS / "float32", load_as_fp16=True)
    np.testing.assert_array_equal(np.array(x), FLOATS.astype("float16"))
    assert np.array(x).dtype == "float16"
    run(scope, "load", outputs=["y"], types={"y": ROWS}, file_path=STREAMS / "selected_rows")
    y = scope.find_var("y").get_selected_rows()
    assert (y.rows(), y.height()) == ([1, 4], 10)


@pytest.mark.parametrize("offsets", [[0, 5, 2], [1, 2, 5], [0, 2, 4], [0, -1, 5], [0, 2, 2**62], [0, 7, 5]])
def test_lods_in_files_that_do_not_fit(offsets, tmp_path, scope):
    """The file has five rows."""
    data = (STREAMS / "float64_lod").read_bytes()
    good = np.array([0, 2, 5], "int64").tobytes()
    assert data.count(good) == 1
    (tmp_path / "bad").write_bytes(data.replace(good, np.array(offsets, "int64").tobytes()))
    with pytest.raises(core.EnforceNotMet, match="(?s)LoD.*in op 'load'"):
        run(scope, "load", outputs=["x"], file_path=tmp_path / "bad")



def test_load_part(scope):
    run(scope, "load", outputs=["x"], file_path=STREAMS / "float32", seek=2, shape=[1, 3])
    assert np.array(scope.find_var("x").get_tensor()).tolist() == [[2, 3, 4]]
    with pytest.raises(ValueError, match=r"6 elements"):
        run(scope, "load", outputs=["x"], file_path=STREAMS / "float32", seek=4, shape=[4])


def test_combined(scope, tmp_path):
    run(scope, "save_combine", ["a", "i", "l"], file_path=tmp_path / "c")
    assert (tmp_path / "c").read_bytes() == golden("combined")
    run(scope, "load_combine", outputs=["x", "y", "z"], file_path=tmp_path / "c")
    for name, value in (("x", FLOATS), ("y", INTS), ("z", SEQUENCES)):
        np.testing.assert_array_equal(np.array(scope.find_var(name).get_tensor()), value)


def test_combined_in_memory(scope):
    run(scope, "save_combine", ["a", "i", "l"], ["bytes"], out_slot="Y", types={"bytes": RAW}, file_path="unused", save_to_memory=True)
    content = scope.find_var("bytes").get_bytes()
    assert content == golden("combined")
    assert not pathlib.Path("unused").exists()
    run(scope, "load_combine", outputs=["x", "y", "z"], file_path=content, model_from_memory=True)
    assert np.array(scope.find_var("y").get_tensor()).tolist() == INTS.tolist()


def test_loading_changes_all_or_nothing(scope, tmp_path):
    (tmp_path / "short").write_bytes(golden("combined")[:-1])
    run(scope, "load_combine", outputs=["x"], file_path=STREAMS / "float32")
    with pytest.raises(ValueError, match="ends too early"):
        run(scope, "load_combine", outputs=["x", "y", "z"], file_path=tmp_path / "short")
    assert np.array(scope.find_var("x").get_tensor()).tolist() == FLOATS.tolist()


def test_errors_name_op_and_line(scope, tmp_path):
    file = tmp_path / "f"
    file.write_bytes(b"kept")
    cases = [
        (RuntimeError, "cannot make the folder", dict(kind="save", inputs=["a"], file_path="/proc/no/such/place")),
        (ValueError, "name of the file", dict(kind="save", inputs=["a"], file_path="")),
        (ValueError, "overwrite is false", dict(kind="save", inputs=["a"], file_path=file, overwrite=False)),
        (ValueError, "overwrite is false", dict(kind="save_combine", inputs=["a"], file_path=file, overwrite=False)),
        (ValueError, "startup program", dict(kind="save", inputs=["nothing"], file_path=file)),
        (ValueError, "needs the output Y", dict(kind="save_combine", inputs=["a"], file_path=file, save_to_memory=True)),
        (KeyError, "cannot open file", dict(kind="load", outputs=["x"], file_path=tmp_path / "nosuch")),
        (ValueError, "has no LoDTensor", dict(kind="load", outputs=["x"], file_path=file)),
        (ValueError, "bytes more than", dict(kind="load", outputs=["x"], file_path=STREAMS / "combined")),
        (ValueError, "bytes more than", dict(kind="load_combine", outputs=["x", "y"], file_path=STREAMS / "combined")),
        (ValueError, "ends too early", dict(kind="load_combine", outputs=["x", "y", "z", "w"], file_path=STREAMS / "combined")),
    ]
    for error, text, arguments in cases:
        with pytest.raises(error, match=text) as raised:
            run(scope, **arguments)
        assert arguments["kind"] in str(raised.value)
        assert 'File "script.py", line 3' in str(raised.value), str(raised.value)
    assert file.read_bytes() == b"kept" and [f.name for f in tmp_path.iterdir()] == ["f"]
    with pytest.raises(ValueError, match="regular file"):
        run(scope, "load", outputs=["x"], file_path="/dev/null")

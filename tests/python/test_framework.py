"""Programs, blocks, ops, variables: names, errors, copies, text."""

import subprocess
import sys
import time

import numpy as np
import pytest

import paddle
import paddle.fluid as fluid
from paddle.fluid import layers


def test_version_and_lazy_names():
    assert paddle.__version__ == "1.8.5"
    fluid.require_version("1.5", "1.9.0")
    with pytest.raises(Exception, match="needs version"):
        fluid.require_version("2.0")
    with pytest.raises(ValueError):
        fluid.require_version("two")
    assert fluid.in_dygraph_mode() is False
    assert fluid.framework.convert_np_dtype_to_dtype_("float32") == fluid.core.VarDesc.VarType.FP32
    assert fluid.framework.grad_var_name("a") == "a@GRAD"


def test_import_is_quick_and_light():
    code = (
        "import sys, time; import numpy; start = time.process_time(); import paddle.fluid; "  # not that of other programs
        "print(time.process_time() - start, 'matplotlib' in sys.modules, 'multiprocessing' in sys.modules)"
    )
    seconds, matplotlib, multiprocessing = min(
        subprocess.check_output([sys.executable, "-c", code]).decode().split() for _ in range(3)
    )
    assert float(seconds) < 0.3
    assert (matplotlib, multiprocessing) == ("False", "False")


def test_unique_names():
    with fluid.unique_name.guard():
        assert [fluid.unique_name.generate("fc") for _ in range(2)] == ["fc_0", "fc_1"]
        with fluid.unique_name.guard("A/"):
            assert fluid.unique_name.generate("fc") == "A/fc_0"
        assert fluid.unique_name.generate("fc") == "fc_2"


def test_variable_says_what_it_is():
    x = fluid.data("x", [None, 4], lod_level=1)
    assert repr(x) == "Variable 'x': float32[?x4], lod_level=1, stop_gradient"
    assert "symbolic" in str(x) and "fetch_list=['x']" in str(x)
    for use in (np.array, float, int, lambda v: v.numpy(), list):
        with pytest.raises(TypeError, match="'x'.*symbolic"):
            use(x)
    assert x in [x] and bool(x)  # as in Fluid, truth says only that it is there


def test_name_with_another_shape_is_refused():
    layers.fc(fluid.data("x", [None, 4]), 3, param_attr="w")
    with pytest.raises(ValueError, match="'w' was created before with shape"):
        layers.fc(fluid.data("y", [None, 5]), 3, param_attr="w")


def test_op_errors_name_what_is_wrong():
    block = fluid.default_main_program().global_block()
    x = fluid.data("x", [None, 4])
    with pytest.raises(NotImplementedError, match="no_such_op"):
        block.append_op("no_such_op", {"X": x}, {"Out": x})
    with pytest.raises(ValueError, match="has no input 'Y'; it has: X"):
        block.append_op("relu", {"Y": x}, {"Out": x})
    with pytest.raises(ValueError, match="needs the input 'X'"):
        block.append_op("relu", {}, {"Out": x})
    with pytest.raises(ValueError, match="alph"):
        block.append_op("leaky_relu", {"X": x}, {"Out": x}, {"alph": 1.0})
    with pytest.raises(TypeError, match="takes variables"):
        layers.relu([1.0, 2.0])
    with pytest.raises(TypeError, match="takes variables"):
        layers.elementwise_add(x, 3)
    assert not block.ops and list(block.vars) == ["x"]


def test_shape_errors_name_the_line():
    x, y = fluid.data("x", [None, 4]), fluid.data("y", [None, 5])
    with pytest.raises(ValueError, match=r"(?s)elementwise_add.*test_framework\.py"):
        layers.elementwise_add(x, y)
    assert len(fluid.default_main_program().global_block().ops) == 0
    assert sorted(fluid.default_main_program().global_block().vars) == ["x", "y"]


def test_callstack_holds_the_users_frames_only():
    def build():
        return layers.fc(fluid.data("x", [None, 4]), 3)

    build()
    stack = fluid.default_main_program().global_block().ops[0].attr("op_callstack")
    assert stack[0].endswith("in build") and "test_framework.py" in stack[0]
    assert stack[1].strip() == 'return layers.fc(fluid.data("x", [None, 4]), 3)'
    assert "test_callstack" in stack[2]
    assert not any("/paddle/fluid/" in entry for entry in stack)


def test_building_is_quick():
    x = fluid.data("x", [None, 4])
    start = time.perf_counter()
    for _ in range(1000):
        x = layers.relu(x)
    assert time.perf_counter() - start < 2.0


def test_clone_for_test():
    x = fluid.data("x", [None, 4])
    h = layers.dropout(layers.batch_norm(layers.fc(x, 3)), 0.5)
    loss = layers.mean(h)
    before = fluid.default_main_program().clone(for_test=True)
    fluid.optimizer.Adam(0.1).minimize(loss)
    after = fluid.default_main_program().clone(for_test=True)
    types = ["mul", "elementwise_add", "batch_norm", "dropout", "mean"]
    for program in (before, after):
        ops = program.global_block().ops
        assert [op.type for op in ops] == types
        assert ops[2].attr("is_test") and ops[3].attr("is_test")
        assert {p.name for p in program.all_parameters()} == {
            p.name for p in fluid.default_main_program().all_parameters()
        }
    whole = fluid.default_main_program().clone()
    assert len(whole.global_block().ops) == len(fluid.default_main_program().global_block().ops)
    whole.global_block().append_op("relu", {"X": "x"}, {"Out": "x"})
    assert len(whole.global_block().ops) == len(fluid.default_main_program().global_block().ops) + 1


def test_bytes_round_trip():
    loss = layers.mean(layers.fc(fluid.data("x", [None, 4]), 3))
    fluid.optimizer.SGD(0.1).minimize(loss)
    data = fluid.default_main_program().desc.serialize_to_string()
    program = fluid.Program.parse_from_string(data)
    assert program.desc.serialize_to_string() == data
    assert "fc_0.w_0" in str(program)
    with pytest.raises(ValueError):
        fluid.Program.parse_from_string(b"no program")


def test_blocks_and_scopes_of_names():
    program = fluid.default_main_program()
    with fluid.name_scope("outer"):
        with fluid.name_scope("inner"):
            layers.fill_constant([1], "float32", 1.0)
        with fluid.device_guard("cpu"):
            layers.fill_constant([1], "float32", 1.0)
    first, second = program.global_block().ops
    assert first.attr("op_namescope").endswith("/inner/") and second.attr("op_device") == "cpu"
    with pytest.raises(ValueError):
        with fluid.device_guard("tpu"):
            pass
    inner = program._create_block()
    assert inner.parent_idx == 0 and program.current_block() is inner
    inner.create_var(name="v", shape=[1], dtype="float32")
    program._rollback()
    assert inner._find_var_recursive("fill_constant_0.tmp_0") is not None
    assert program.global_block()._find_var_recursive("v") is None


def test_remove_and_rename():
    block = fluid.default_main_program().global_block()
    y = layers.relu(layers.sqrt(fluid.data("x", [None, 4])))
    block._rename_var(y.name, "out")
    assert block.ops[1].output("Out") == ["out"] and block.var("out") is y and y.name == "out"
    block._remove_op(1)
    assert [op.type for op in block.ops] == ["sqrt"]
    with pytest.raises(ValueError, match="no variable 'gone'"):
        block.var("gone")


def test_wrong_places_in_guards():
    with pytest.raises(TypeError):
        with fluid.program_guard("program"):
            pass
    with pytest.raises(ValueError):
        with fluid.name_scope(""):
            pass


def test_flags():
    fluid.set_flags({"FLAGS_check_nan_inf": True})
    assert str(fluid.get_flags("FLAGS_check_nan_inf")["FLAGS_check_nan_inf"]).lower() in ("true", "1")
    fluid.set_flags({"FLAGS_check_nan_inf": False})
    with pytest.raises((ValueError, KeyError)):
        fluid.set_flags({"FLAGS_no_such_flag": 1})

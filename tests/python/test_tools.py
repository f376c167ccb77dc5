"""Looking at programs and runs: profiler, debugger, single ops, plans, the installation's check."""

import json

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers


def small(exe):
    x = fluid.data("x", [None, 4])
    loss = layers.mean(layers.fc(x, 3, act="relu"))
    fluid.optimizer.SGD(0.1).minimize(loss)
    exe.run(fluid.default_startup_program())
    return loss


def test_profiler(exe, tmp_path, capfd):
    loss = small(exe)
    path = tmp_path / "trace"
    with fluid.profiler.profiler("CPU", "total", str(path)):
        for _ in range(3):
            exe.run(feed={"x": np.ones((2, 4), "float32")}, fetch_list=[loss])
    table = capfd.readouterr().out
    assert "mul" in table and "sgd" in table
    events = json.loads(path.read_text())
    events = events["traceEvents"] if isinstance(events, dict) else events
    assert sum(event.get("name") == "relu" for event in events) == 3
    assert not fluid.core.is_profiler_enabled()
    for wrong in (("TPU", None), ("CPU", "speed")):
        with pytest.raises(ValueError):
            with fluid.profiler.profiler(wrong[0], wrong[1], str(path)):
                pass
    fluid.core.stop_profiler()
    fluid.profiler.reset_profiler()


def test_debugger(tmp_path, capsys):
    layers.fc(fluid.data("x", [None, 4]), 3, act="relu")
    program = fluid.default_main_program()
    fluid.debugger.pprint_program_codes(program)
    assert "relu" in capsys.readouterr().out
    fluid.debugger.pprint_block_codes(program.global_block())
    assert "{Out=['fc_0.tmp_2']} = relu" in capsys.readouterr().out
    path = tmp_path / "block.dot"
    fluid.debugger.draw_block_graphviz(program.global_block(), ["fc_0.w"], str(path))
    text = path.read_text()
    assert text.startswith("digraph") and 'color="red"' in text and "relu" in text


def test_plan(exe):
    loss = small(exe)
    exe.run(feed={"x": np.ones((2, 4), "float32")}, fetch_list=[loss])
    plan = exe.plan(feed=["x"], fetch_list=[loss])
    assert "mul" in plan and "sgd" in plan


def test_single_ops():
    from paddle.fluid.op import Operator

    scope = fluid.Scope()
    scope.var("X").get_tensor().set(np.ones((2, 3), "float32"), fluid.CPUPlace())
    scope.var("Out")
    op = Operator("scale", X="X", Out="Out", scale=3.0)
    assert op.type() == "scale" and op.input_vars() == ["X"] and op.outputs() == {"Out": ["Out"]}
    op.run(scope, fluid.CPUPlace())
    np.testing.assert_array_equal(np.array(scope.find_var("Out").get_tensor()), np.full((2, 3), 3.0))
    with pytest.raises(ValueError, match="scales"):
        Operator("scale", X="X", Out="Out", scales=3.0)
    with pytest.raises(NotImplementedError):
        Operator("no_such_op", X="X")


def test_installation(capsys):
    fluid.install_check.run_check()
    assert "works" in capsys.readouterr().out


def test_default_scopes():
    from paddle.fluid import default_scope_funcs as scopes

    scopes.var("a")
    assert scopes.find_var("a") is not None
    found = scopes.scoped_function(lambda: (scopes.var("b"), scopes.find_var("a")))
    assert found[1] is not None and scopes.find_var("b") is None
    with pytest.raises(RuntimeError):
        scopes.leave_local_scope()


def test_places():
    assert len(fluid.cpu_places(3)) == 3
    with pytest.raises(RuntimeError):
        fluid.cuda_places()
    assert fluid.is_compiled_with_cuda() is False


def test_layers_from_declarations(exe):
    from paddle.fluid.layers.layer_function_generator import generate_layer_fn

    scale = generate_layer_fn("scale")
    out = scale(x=fluid.data("x", [None, 2]), scale=2.0, bias=1.0)
    assert exe.run(feed={"x": np.ones((1, 2), "float32")}, fetch_list=[out])[0].tolist() == [[3.0, 3.0]]
    assert "scale" in scale.__doc__
    with pytest.raises(TypeError, match="colour"):
        scale(x=out, colour=1)


def test_nothing_to_optimize_in_memory():
    with pytest.warns(DeprecationWarning):
        fluid.memory_optimize(fluid.default_main_program())


def test_curves(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib").use("Agg")
    from paddle.utils import Ploter

    curves = Ploter("train", "test")
    for step in range(3):
        curves.append("train", step, 1.0 / (step + 1))
    with pytest.raises(ValueError, match="no curve 'loss'; there are: train, test"):
        curves.append("loss", 0, 1.0)
    curves.plot(str(tmp_path / "curves.png"))
    assert (tmp_path / "curves.png").stat().st_size > 5000
    curves.reset()
    assert curves._curves == {"train": ([], []), "test": ([], [])}
    monkeypatch.setenv("DISABLE_PLOT", "True")
    curves.plot(str(tmp_path / "none.png"))
    assert not (tmp_path / "none.png").exists()


def test_the_first_value_that_is_not_finite(exe, capsys):
    x = fluid.data("x", [None, 2])
    out = layers.scale(layers.log(x), 2.0)
    feed = {"x": np.array([[1.0, -1.0]], "float32")}
    with pytest.raises(Exception, match="log"):
        fluid.debugger.run_fast_nan_inf_debug(exe, feed=feed, fetch_list=[out])
    assert fluid.core.flag("check_nan_inf") == "0"
    feed["x"][:] = 1
    assert fluid.debugger.run_fast_nan_inf_debug(exe, feed=feed, fetch_list=[out])[0].tolist() == [[0, 0]]
    fluid.debugger.pprint_program_codes(fluid.default_main_program().desc)
    assert "log" in capsys.readouterr().out


def test_no_cuda_profiler():
    with pytest.raises(NotImplementedError, match="nsys profile -o out"):
        fluid.profiler.cuda_profiler("out")

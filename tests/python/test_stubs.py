"""The type stubs that scripts/stubs writes are Python, and name what the modules have."""

import ast
import pathlib
import subprocess
import sys

import paddle.fluid as fluid
from paddle import _core

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "stubs"


def test_stubs(tmp_path):
    subprocess.run([sys.executable, str(SCRIPT), str(tmp_path)], check=True)
    core = ast.parse((tmp_path / "_core.pyi").read_text())
    named = {node.name for node in core.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    public = {name for name, value in vars(_core).items() if callable(value)}
    assert named == public
    ops = (tmp_path / "fluid" / "layers" / "ops.pyi").read_text()
    assert "def sigmoid(x, name=None) -> Variable:" in ops
    names = [node.names[0].name for node in ast.parse((tmp_path / "fluid" / "core.pyi").read_text()).body[1:]]
    assert {"Executor", "AnalysisConfig", "get_pass", "op_proto_and_checker_maker"} <= set(names)
    assert set(names) == {n for n in dir(fluid.core) if callable(getattr(fluid.core, n)) and not n.startswith("__")}

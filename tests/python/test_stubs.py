"""The type stubs that scripts/stubs writes are Python, and name what the modules have."""

import ast
import pathlib
import subprocess
import sys

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

"""Every registered op has an entry in this folder."""

import importlib
import pathlib

import harness
from paddle import _core as core

# Handled by the executor itself: marks of a saved program.
MARKS = {"feed", "fetch"}


def import_all():
    """Imports all files of entries."""
    for path in sorted(pathlib.Path(__file__).parent.glob("test_*.py")):
        importlib.import_module(path.stem)


def test_every_op_has_an_entry():
    import_all()
    covered = set(MARKS)
    for entry in harness.ENTRIES.values():
        covered |= entry.covers()
    missing = sorted(set(core.op_types()) - covered)
    assert not missing, f"{len(missing)} registered ops have no entry in tests/ops: {', '.join(missing)}"

"""Every registered op has an entry in this folder."""

import importlib
import pathlib

import harness
from paddle import _core as core

# Handled by the executor itself: marks of a saved program.
MARKS = {"feed", "fetch"}
# Ops that still wait for their entry. The list only shrinks.
WITHOUT = set((pathlib.Path(__file__).parent / "without_entry.txt").read_text().split())


def test_every_op_has_an_entry():
    for path in sorted(pathlib.Path(__file__).parent.glob("test_*.py")):
        if path.stem != "test_coverage":
            importlib.import_module(path.stem)
    covered = set(MARKS)
    for entry in harness.ENTRIES.values():
        covered |= entry.covers()
    missing = set(core.op_types()) - covered
    new = sorted(missing - WITHOUT)
    assert not new, f"{len(new)} registered ops have no entry in tests/ops: {', '.join(new)}"
    stale = sorted(WITHOUT - missing)
    assert not stale, f"ops in without_entry.txt that have an entry, or do not exist: {', '.join(stale)}"

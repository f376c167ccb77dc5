"""The op harness: an entry an op, from which all checks follow. Write `test_<family>.py`:

    import numpy as np
    from harness import Op, ints, lod, op_tests

    test = op_tests(
        Op(
            "elementwise_add",
            cases=[dict(X=(2, 3), Y=(2, 3)), dict(X=(2, 3, 4), Y=(3,), axis=1), dict(X=(0, 3), Y=(3,)), dict(X=(1,), Y=(1,))],
            reference=lambda X, Y, axis: X + Y.reshape(Y.shape + (1,) * (X.ndim - Y.ndim - axis if axis >= 0 else 0)),
            grad=("X", "Y"),
            dtypes=("float32", "float64", "int32", "int64"),
            bad=[dict(X=(2, 3), Y=(4,), match="Y .*4")],
        ),
    )

A case is a dict of input slots and attributes. An input is a shape tuple (distinct random values of the case's dtype), an array,
`ints(2, 3, high=10)`, `uniform(...)`, `positive(...)`, `simplex(...)`, `lod(value, [lengths], ...)`, `rows(indices, value, height)` (SelectedRows),
or a list of those for a repeated slot; None in a list is @EMPTY@. `case_dtype="int32"` fixes the dtype. An attribute that is SameDtype is the number of the case's dtype.
`smooth=False` in a case: its inputs lie where the op has no derivative, so none is compared; `twice=False`: no second one.
`outputs={"Out": 3}` in a case (or the entry) says how many variables a slot gets; 0 leaves it out.

`reference` gets the inputs and attributes that it names as parameters (floats as float64, repeated slots as lists, absent ones as
None, attributes not given with their defaults) and returns the first output slot's value, or a dict of slots; slots it leaves out
are not compared, a list is compared entry by entry. Arrays come as LodArray (`.lengths`, [] without LoD; `.sequences()`), which
arithmetic keeps, and a LodArray that it returns is compared with its LoD; `np.asarray(...)` of it without. `check(outputs, inputs, attrs)` instead, for
random ops, asserts what it likes; outputs and inputs are dicts of lists. Cases of a random op with a `seed` attribute repeat themselves:
only they get the checks that need that.

What is checked, each with all cases and dtypes:
- forward: the outputs against the reference, with inputs fed, in memory that the op may reuse, and in the scope: same bits each.
- infer: what was inferred when the program was built (also with unknown first sizes) against what came out.
- grad: the gradient op(s) against central differences in float64, for the slots of `grad`, all together and each alone.
- double: the same for the gradient of the gradient, for entries with `double=("X",)`.
- errors: `bad` cases; wrong ranks, sizes, dtypes and LoDs, unknown attributes, missing inputs: each raises, when the program is built or
  when it runs, with the op type, the entry's line and all inputs with dtype, shape and LoD; or is valid.
- attributes: values of another type are refused, extreme values too or they are valid.
- grad_errors: the gradient ops alone, with inputs of wrong sizes, ranks and dtypes, as a damaged program would give them. Another
  number of rows in the gradient of an output must be refused, but for `any_rows="why"`: the op's other inputs do not tell it.
- lengths, of entries with a case that feeds a LoD: the same cases with only empty sequences, some empty ones, sequences of one row, one
  of 10,000 rows (finite; not compared), 2 and 3 LoD levels: values and gradients. Each kind must be taken in some case, but for those that
  `refuses=("3 levels", ...)` lists (the keys of KINDS in lod_checks.py).
- lods, of the same: LoDs that do not fit the rows, in a feed and in the scope.
An entry must have a case with an empty input and say `bad`; `no_empty="why"`, `no_bad="why"` otherwise. Every registered op needs
an entry (gradient ops are covered by the forward's); `Elsewhere("print", "tests/python/test_print.py")` points to a test of another kind.
"""

import inspect
import os
import sys

import checks
import error_checks
import lod_checks
import pytest
from one_op import SameDtype
from paddle import _core as core
from values import LodArray, Rows, distinct, ints, lod, positive, rows, simplex, uniform

__all__ = ["Op", "Elsewhere", "op_tests", "LodArray", "Rows", "SameDtype", "distinct", "ints", "lod", "positive", "rows", "simplex", "uniform"]

ENTRIES = {}


class Entry:
    def __init__(self, type):
        frame = sys._getframe(2)
        self.type, self.file, self.line = type, frame.f_code.co_filename, frame.f_lineno
        assert type not in ENTRIES, f"op '{type}' has two entries: {ENTRIES[type].file}:{ENTRIES[type].line} and {self.file}:{self.line}"
        ENTRIES[type] = self

    def covers(self):
        """The op types that this entry tests."""
        return {self.type}


class Elsewhere(Entry):
    """An op whose test does not fit an entry: `path` (from the repository's root) is a test file that names it."""

    def __init__(self, type, path):
        super().__init__(type)
        root = os.path.join(os.path.dirname(__file__), "..", "..")
        with open(os.path.join(root, path), encoding="utf-8") as file:
            assert type in file.read(), f"{path} says nothing of op '{type}'"


class Op(Entry):
    """An entry; see the top of this file."""

    def __init__(
        self,
        type,
        cases,
        reference=None,
        grad=(),
        dtypes=("float32", "float64"),
        bad=(),
        check=None,
        double=(),
        grad_from=(),
        outputs=None,
        fixed=(),
        tolerance=None,
        grad_tolerance=1e-6,
        no_empty="",
        no_bad="",
        any_rows="",
        refuses=(),
    ):
        super().__init__(type)
        assert (reference is None) != (check is None), f"op '{type}' needs either a reference or a check"
        self.info = core.op_info(type)
        self.must_share = dict(self.info.get("must_share", ()))
        self.cases, self.bad, self.reference, self.check = list(cases), list(bad), reference, check
        self.grad, self.double, self.grad_from = as_tuple(grad), as_tuple(double), as_tuple(grad_from)
        self.dtypes, self.outputs, self.fixed = as_tuple(dtypes), outputs or {}, as_tuple(fixed)
        self.tolerance = {"float64": 1e-9, "float32": 1e-5, "float16": 2e-3, "uint16": 2e-2, **(tolerance or {})}
        self.grad_tolerance, self.no_empty, self.no_bad, self.any_rows = grad_tolerance, no_empty, no_bad, any_rows
        self.refuses = as_tuple(refuses)
        self.parameters = list(inspect.signature(reference).parameters) if reference else []

    def covers(self):
        return {self.type} | checks.gradient_types(self)


def as_tuple(value):
    return (value,) if isinstance(value, str) else tuple(value)


def op_tests(*entries):
    """A pytest function with one item an entry and check."""
    items = [(entry, name) for entry in entries if isinstance(entry, Op) for name in checks.names(entry)]

    @pytest.mark.parametrize("entry, name", items, ids=[f"{entry.type}-{name}" for entry, name in items])
    def test(entry, name):
        run_check(entry, name)

    return test


def run_check(entry, name):
    """The check of that name, one of ``checks.names``."""
    module = next(m for m in (checks, error_checks, lod_checks) if hasattr(m, "check_" + name))
    getattr(module, "check_" + name)(entry)

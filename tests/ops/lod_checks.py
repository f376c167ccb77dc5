"""The checks of sequences of the op harness: lengths of all kinds, and LoDs that do not fit the rows; see harness.py."""

import numpy as np
from checks import Gradient, check_against_reference, check_gradient_of, feeds_sequences, gradient_cases, sequence_cases
from error_checks import assert_good_error
from one_op import OneOp, input_name
from paddle import _core as core
from values import LodArray

LONG = 10000
VALUE_CASES, GRADIENT_CASES = 8, 2  # of an entry: how many get each kind of lengths


# ---- lengths ----


def last_level(lengths_of):
    return lambda levels: [*levels[:-1], lengths_of(levels[-1])]


def deeper(count):
    """All sequences in one of the level above, and that in one, until there are so many levels."""

    def change(levels):
        while len(levels) < count:
            levels = [[len(levels[0])], *levels]
        return levels

    return change


KINDS = {
    "empty": last_level(lambda lengths: [0] * len(lengths)),
    "some empty": last_level(lambda lengths: [n * (k % 2) for k, n in enumerate(lengths)]),
    "ones": last_level(lambda lengths: [1] * len(lengths)),
    "long": last_level(lambda lengths: [LONG, *[1] * (len(lengths) - 1)]),
    "2 levels": deeper(2),
    "3 levels": deeper(3),
}


def first_lengths(case):
    return next(v.lengths for values in case.inputs.values() for v in values if feeds_sequences(v))


def cases_with_rows(entry, dtype):
    return [case for case in sequence_cases(entry, (dtype,)) if sum(first_lengths(case)[-1])]


def rows_of(levels, new):
    """Which of the old rows the new sequences have: those of the sequence of the same number, again and again."""
    ends = np.cumsum([0, *levels[-1]])
    pieces = [np.zeros(0, int)]
    for k, length in enumerate(new[-1]):
        begin, size = (ends[k], levels[-1][k]) if levels[-1][k] else (0, ends[-1])
        pieces.append(begin + np.arange(length) % size)
    return np.concatenate(pieces)


def with_lengths(case, change):
    """The case with other sequences in the first input that has some, and in all that have the same, or a row for each of its rows."""
    levels = first_lengths(case)
    new, total = change(levels), sum(levels[-1])
    if new == levels:
        return case
    rows = rows_of(levels, new)
    for slot, values in case.inputs.items():
        for i, value in enumerate(values):
            lengths = getattr(value, "lengths", [])
            if isinstance(value, np.ndarray) and (lengths == levels or not lengths and value.ndim and len(value) == total):
                plain = np.asarray(value)[rows] if len(new) == len(levels) else np.asarray(value)
                case = case.replaced(slot, i, LodArray(plain, new if lengths else []))
    return case


def all_finite(values):
    return all(np.isfinite(np.asarray(value)).all() for value in values if isinstance(value, np.ndarray) and value.dtype.kind == "f")


def check_kind(case, kind):
    """Whether the op takes such sequences. What it gives for long ones is not compared: references are slow."""
    changed = with_lengths(case, KINDS[kind])
    try:
        outputs = OneOp(changed).run()
    except Exception as error:
        assert_good_error(changed, error, kind)
        return False
    if kind != "long":
        check_against_reference(changed, outputs)
    elif case.entry.reference:
        assert all(all_finite(values) for values in outputs.values()), f"not finite for long sequences: {changed}"
    return True


def plain_outputs(case):
    return {slot: [np.asarray(v).tolist() for v in values] for slot, values in OneOp(case).run().items()}


def reads_sequences(entry):
    """Whether the op does something else without the LoD; others only hand it on."""
    case = sequence_cases(entry, entry.dtypes[:1])[0]
    without = case
    for slot, values in case.inputs.items():
        for i, value in enumerate(values):
            if feeds_sequences(value):
                without = without.replaced(slot, i, np.asarray(value))
    try:
        return case.repeats and plain_outputs(case) != plain_outputs(without)
    except core.EnforceNotMet:
        return True


def check_lengths(entry):
    if not reads_sequences(entry):
        return
    taken = set()
    for case in cases_with_rows(entry, entry.dtypes[0])[:VALUE_CASES]:
        once = taken & {"long"}  # later cases may have functions that grow without bound
        taken |= {kind for kind in set(KINDS) - once if check_kind(case, kind)}
    refused = set(KINDS) - taken
    assert refused == set(entry.refuses), f"refused in all cases: {sorted(refused)}; say refuses= so if that is right"
    if entry.grad:
        check_gradients(entry)


def check_gradients(entry):
    cases = [case for case in cases_with_rows(entry, "float64") if case.repeats and case.smooth]
    for case in cases[:GRADIENT_CASES]:
        for kind in KINDS:
            changed = with_lengths(case, KINDS[kind])
            try:
                OneOp(changed).run()
            except core.EnforceNotMet:
                continue
            if kind == "long":
                gradient = Gradient(changed)
                assert not (gradient.wanted and gradient.targets) or all_finite(gradient.run()), f"a gradient is not finite: {changed}"
            else:
                check_gradient_of(changed)


# ---- LoDs that do not fit ----

BAD_OFFSETS = {  # of an input with that many rows, set before the rows are
    "one row too many": lambda rows: [[0, rows + 1]],
    "one row too few": lambda rows: [[0, max(rows - 1, 0)]] if rows else [[0, 7]],
    "2^62 rows": lambda rows: [[0, 2**62]],
    "no sequences": lambda rows: [[0]] if rows else [[0, 1]],
    "too few rows in the second level": lambda rows: [[0, 1, 2], [0, rows // 2, rows + 2]],
}


def stale(value, lod):
    """A tensor that got its LoD before its rows, which do not fit."""
    tensor = core.LoDTensor()
    tensor.set_lod(lod)
    tensor.set(np.ascontiguousarray(value).reshape(value.shape), core.CPUPlace())
    return tensor


def check_lods(entry):
    """LoDs that do not fit, fed or left in the scope: the error names the variable, and the op where one reads the rows."""
    case = sequence_cases(entry, entry.dtypes[:1])[0]
    for slot, values in case.inputs.items():
        for i, value in enumerate(values):
            if feeds_sequences(value):
                for what, offsets in BAD_OFFSETS.items():
                    check_bad_lod(case, slot, input_name(slot, i), value, offsets(len(value)), what)


def check_bad_lod(case, slot, name, value, lod, what):
    bad = stale(value, lod)
    fed, held = OneOp(case), OneOp(case, "scope")
    fed.feed[name] = bad
    held.scope.find_var(name).get_tensor()._share_data_with(bad)
    meta_only = next(s for s in case.entry.info["inputs"] if s["name"] == slot)["meta_only"]
    for one, where in [(fed, "fed")] + [(held, "in the scope")] * (not meta_only):
        try:
            one.run()
        except core.EnforceNotMet as error:
            parts = [name] if where == "fed" else [name, f"'{case.entry.type}'", f'"{case.entry.file}", line {case.entry.line}']
            assert all(part in str(error) for part in parts), f"{what}, {where}: the error does not say {parts}:\n{error}"
        else:
            raise AssertionError(f"'{name}' with {what}, {where}, is not refused: {case}")

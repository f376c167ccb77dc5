"""The checks of errors of the op harness: what an op cannot do it refuses, and says where; see harness.py."""

import contextlib
import re
import resource

import numpy as np
from checks import Gradient, cases_of, gradient_cases
from one_op import EMPTY, EXECUTOR, Case, OneOp, input_name
from paddle import _core as core
from values import VAR_TYPES, LodArray, NotFed, Rows, dtype_name, from_core, to_core

DTYPE_TEXTS = {"uint16": "bfloat16"}
MODES = {False: "sizes known", "all": "sizes known at run time only"}
GRADIENT_CASES = 6  # of an entry, whose gradient ops get wrong inputs


# ---- what an error says ----


def offsets(lengths):
    return [[int(n) for n in np.cumsum([0] + list(level))] for level in lengths]


def texts_of_input(name, value):
    """How an error may list an input: as it is at run time, or as it is described in the program."""
    array = value.value if isinstance(value, Rows) else np.asarray(value)
    sizes = ([value.height] if isinstance(value, Rows) else list(array.shape[:1])) + list(array.shape[1:])
    number = [rf"(-1|{size})" for size in sizes]
    kind = "SelectedRows " if isinstance(value, Rows) else ""
    lengths = getattr(value, "lengths", [])
    lod = re.escape(str(offsets(lengths))) if lengths else ""
    end = rf"( lod {lod}| lod_level {len(lengths)})" if lengths else "$"
    dtype = DTYPE_TEXTS.get(array.dtype.name, array.dtype.name)
    return re.compile(rf"{re.escape(name)}  {kind}{dtype}\[{', '.join(number)}\]{end}", re.MULTILINE)


def assert_good_error(case, error, what, match=None):
    """The error must name the op, the user's file and line, and every input with its element type, shape and LoD."""
    if isinstance(error, NotFed):
        return
    text, entry = str(error), case.entry
    assert isinstance(error, core.EnforceNotMet), f"{what} raises {type(error).__name__}: {text}"
    for part in (f"'{entry.type}'", f'"{entry.file}", line {entry.line}'):
        assert part in text, f"{what}: the error does not say {part}:\n{text}"
    for slot, values in case.inputs.items():
        for i, value in enumerate(values):
            if value is not None:
                pattern = texts_of_input(input_name(slot, i), value)
                found = any(line.strip().startswith(f"input {slot}: ") and pattern.search(line) for line in text.splitlines())
                assert found, f"{what}: the error does not say 'input {slot}: {pattern.pattern}':\n{text}"
    assert not match or re.search(match, text), f"{what}: '{match}' is not in the error:\n{text}"


# ---- bad inputs ----


def attempt(case, unknown=False):
    """The error of building and running a case, or None."""
    try:
        OneOp(case, unknown=unknown).run()
    except Exception as error:
        return error
    return None


def check_refused(case, what, match=None, modes=MODES):
    for unknown in modes:
        error = attempt(case, unknown)
        where = f"{what}, {MODES[unknown]}: {case}"
        assert error is not None, f"{where}: is not refused"
        assert_good_error(case, error, where, None if unknown else match)  # sizes in the text are -1 then


@contextlib.contextmanager
def little_memory():
    """Extreme values ask for outputs of extreme sizes: that must be an error, not the machine's end."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    limited = now < 64 << 30  # not under the address sanitizer, which reserves all there is
    core.set_flag("memory_limit_mb", "256")
    if limited:
        resource.setrlimit(resource.RLIMIT_AS, (now + (1 << 30), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
        core.set_flag("memory_limit_mb", "0")


def check_errors(entry):
    for index, raw in enumerate(entry.bad):
        case = Case(entry, index, raw, entry.dtypes[0])
        check_refused(case, "a bad case", case.match)
    good = next(cases_of(entry))
    check_refused(good.changed(attrs={**good.attrs, "no_such_attribute": 1}), "an unknown attribute", "no_such_attribute", [False])
    for slot in entry.info["inputs"]:
        if not slot["dispensable"] and slot["name"] in good.inputs:
            rest = {name: values for name, values in good.inputs.items() if name != slot["name"]}
            check_refused(good.changed(inputs=rest), f"a missing {slot['name']}", slot["name"], [False])
    with little_memory():
        for changed, what in changed_inputs(good):
            early, late = attempt(changed), attempt(changed, "all")
            for error, mode in ((early, MODES[False]), (late, MODES["all"])):
                if error is not None:
                    assert_good_error(changed, error, f"{what}, {mode}: {good}")
            assert early is None or late is not None, f"{what} is refused when the program is built, not when it runs: {good}\n{early}"
    assert attempt(good) is None


def changed_inputs(case):
    """Each input with another shape, dtype or LoD, or ids out of range: valid or refused, but never a crash."""
    for slot, values in case.inputs.items():
        for i, value in enumerate(values):
            if not isinstance(value, np.ndarray):
                continue
            for other, what in changed_values(value):
                yield case.replaced(slot, i, other), f"{slot}[{i}] with {what}"
            if isinstance(value, LodArray) and value.lengths:
                yield from changed_lods(case, slot, i, value)


def changed_shapes(plain):
    shapes = [plain.reshape((1,) + plain.shape), plain.reshape(-1), plain.reshape(plain.shape + (1,))]
    if plain.ndim:
        shapes += [plain[:0], np.concatenate([plain, plain]), np.concatenate([plain, plain], -1)]
    return [other for other in shapes if other.shape != plain.shape and other.ndim <= 9]


def changed_values(value):
    plain = np.asarray(value)
    for other in changed_shapes(plain):
        yield other, f"shape {other.shape}"
    for dtype in ("bool", "int32", "int64", "uint8", "float32", "float64"):
        if dtype != plain.dtype.name:
            with np.errstate(invalid="ignore"):
                yield plain.astype(dtype), dtype
    if plain.dtype.kind == "i" and plain.size:
        limits = np.iinfo(plain.dtype)
        for number in (-1, limits.min, limits.max):
            yield LodArray(np.full_like(plain, number), getattr(value, "lengths", [])), f"all {number}"


def other_lods(value):
    """Sequence lengths that fit the rows: of other levels, more, fewer, or as many sequences."""
    rows, last = len(value), value.lengths[-1]
    yield from ([], [[rows]], [[1], [rows]], [[1], [1], [rows]])
    yield [[0] * 12 + [rows]]
    if last:
        yield [*value.lengths[:-1], [0] * (len(last) - 1) + [rows]]
        yield [*value.lengths[:-1], last[::-1]]
        yield [[len(last)], last]
        yield [[0] * 12 + [len(last)], last]


def changed_lods(case, slot, i, value):
    rows, plain = len(value), np.asarray(value)
    for lengths in other_lods(value):
        yield case.replaced(slot, i, LodArray(plain, lengths)), f"{slot}[{i}] with the sequence lengths {lengths}"
    for lengths in ([[rows + 1]], [[rows, -1]], [[2], [rows]]):
        wrong = case.replaced(slot, i, LodArray(plain, lengths))
        assert attempt(wrong) is not None, f"{slot}[{i}] of {rows} rows with the sequence lengths {lengths} is not refused: {case}"
        yield wrong, f"{slot}[{i}] with the sequence lengths {lengths}"


# ---- bad attributes ----


def extreme_values(value):
    """Values of the type of an attribute."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [-1, 0, 1, 7, 2**31 - 1, -(2**31)]
    if isinstance(value, float):
        return [0.0, -1.0, 1e30, float("inf"), float("nan")]
    if isinstance(value, str):
        return ["", "no such choice"]
    if isinstance(value, list) and value and isinstance(value[0], int):
        lists = [[n] * len(value) for n in (-1, 0, 2**31 - 1, -(2**31))]
        return [[], value + value[:1], *lists]
    return []


def wrong_type(value):
    return 1.5 if isinstance(value, (str, bool)) else "a string"


def check_attributes(entry):
    good = next(cases_of(entry))
    defaults = {a["name"]: a["default"] for a in entry.info["attrs"]}
    with little_memory():
        for name, default in defaults.items():
            value = good.attrs.get(name, default)
            wrong = good.changed(attrs={**good.attrs, name: wrong_type(value)})
            check_refused(wrong, f"{name} = {wrong_type(value)!r}", name, [False])
            for extreme in extreme_values(value):
                changed = good.changed(attrs={**good.attrs, name: extreme})
                for unknown in MODES:
                    error = attempt(changed, unknown)
                    if error is not None:
                        assert_good_error(changed, error, f"{name} = {extreme!r}, {MODES[unknown]}: {good}")


# ---- gradient ops alone ----


def feedable(value):
    """XShape has no rows, but the LoD of those of X: it is fed without."""
    lengths = getattr(value, "lengths", [])
    return np.asarray(value) if lengths and sum(lengths[-1]) != len(value) else value


class GradientOp:
    """One gradient op of a case as a program of its own, with the values that its inputs have in the case."""

    def __init__(self, one, op):
        self.entry, self.source, self.type = one.entry, op, op.type()
        names = sorted({name for name in op.input_arg_names() if name and name != EMPTY})
        self.values = {name: feedable(value) for name, value in zip(names, one.run(names))}

    def run(self, changed):
        program, scope, feed = core.ProgramDesc(), core.Scope(), {}
        block = program.block(0)
        for name, value in {**self.values, **changed}.items():
            var = block.var(name)
            var.set_type(core.VarDesc.VarType.LOD_TENSOR)
            var.set_shape(list(value.shape))
            var.set_dtype(VAR_TYPES[dtype_name(value)])
            var.set_lod_level(len(getattr(value, "lengths", [])))
            feed[name] = to_core(value)
        outputs = [name for name in self.source.output_arg_names() if name and name != EMPTY]
        for name in outputs:
            block.var(name)
        op = block.append_op()
        op.copy_from(self.source)
        op.check_attrs()
        op.infer_var_type(block)
        op.infer_shape(block)
        EXECUTOR.run(program, scope, feed, outputs, seed=1)

    def attempt(self, changed):
        """The error of running the op with some of its inputs changed, or None. NotFed: they cannot be fed, as XShape's LoD."""
        try:
            self.run(changed)
        except Exception as error:
            return error
        return None


def check_grad_errors(entry):
    for case in gradient_cases(entry)[:GRADIENT_CASES]:
        gradient = Gradient(case)
        block = gradient.one.block
        for op in (block.op(i) for i in range(block.op_size())) if gradient.types else ():
            if "_grad" in op.type():
                grad = GradientOp(gradient.one, op)
                if all(isinstance(value, np.ndarray) for value in grad.values.values()):  # the others are not fed
                    check_gradient_op(grad, case)


def changed_gradient_inputs(value):
    yield from changed_values(value)
    if getattr(value, "lengths", []):
        for lengths in other_lods(value):
            yield LodArray(np.asarray(value), lengths), f"the sequence lengths {lengths}"


def check_gradient_op(grad, case):
    for name, value in grad.values.items():
        for other, what in changed_gradient_inputs(value):
            where = f"{grad.type} with {name} of {what}: {case}"
            error = grad.attempt({name: other})
            if isinstance(error, NotFed):
                continue
            if isinstance(error, core.EnforceNotMet):
                assert f"'{grad.type}'" in str(error), f"{where}: the error does not name the op:\n{error}"
            else:
                assert error is None, f"{where} raises {type(error).__name__}: {error}"
                assert not other_rows(grad, name, value, other), f"{where} is not refused, though the other inputs have other rows"


def other_rows(grad, name, value, other):
    """Whether the gradient of an output was given another number of rows than the op's other inputs say."""
    is_gradient = slot_of(grad.source, name).endswith("@GRAD") and not grad.entry.any_rows
    same_rank = is_gradient and len(grad.values) > 1 and value.size and other.ndim == value.ndim > 0
    return same_rank and other.shape[1:] == value.shape[1:] and len(other) != len(value)


def slot_of(op, name):
    return next(slot for slot in op.input_names() if name in op.input(slot))

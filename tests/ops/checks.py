"""The checks of values, inference and gradients of the op harness; see harness.py."""

import numpy as np
from one_op import Case, OneOp, SameDtype, input_name
from paddle import _core as core
from values import VAR_TYPES, LodArray, Rows, dtype_name, from_core, generator, to_core

MOST_ELEMENTS = 40  # of one input whose numeric gradient is taken
LEAST_ELEMENTS = 6  # the same for entries of many cases
ELEMENTS_A_SLOT = 400  # over all cases of an entry, about


def names(entry):
    """The checks that an entry gets."""
    gradient = ["grad", "grad_errors"] * bool(entry.grad)
    sequences = ["lengths", "lods"] * bool(sequence_cases(entry, entry.dtypes[:1]))
    return ["complete", "forward", "infer", "errors", "attributes"] + sequences + gradient + ["double"] * bool(entry.double)


def cases_of(entry, dtypes=None):
    """All cases, in each dtype that makes a difference."""
    for index, raw in enumerate(entry.cases):
        for k, dtype in enumerate(entry.dtypes if dtypes is None else dtypes):
            case = Case(entry, index, raw, dtype)
            if k == 0 or case.varies or any(v is SameDtype for v in raw.values()):
                yield case


def feeds_sequences(value):
    return isinstance(value, LodArray) and bool(value.lengths)


def sequence_cases(entry, dtypes=None):
    """The cases that feed a LoD."""
    return [case for case in cases_of(entry, dtypes) if any(feeds_sequences(v) for vs in case.inputs.values() for v in vs)]


def has_op(kind):
    return core.has_op(kind)


# ---- completeness ----


def check_complete(entry):
    has_empty = any(np.size(v) == 0 for case in cases_of(entry) for vs in case.inputs.values() for v in vs if isinstance(v, np.ndarray))
    assert has_empty or entry.no_empty or not entry.info["inputs"], "needs a case with an empty input, or no_empty='why'"
    assert entry.bad or entry.no_bad, "needs bad cases, or no_bad='why'"
    if entry.info["has_grad"]:
        assert entry.grad, "the op has a gradient: say for which slots, grad=(...)"
    declared = {slot["name"] for slot in entry.info["inputs"]}
    used = {slot for case in cases_of(entry) for slot in case.inputs}
    assert declared == used, f"no case has the inputs {sorted(declared - used)}"


# ---- forward ----


def wide(value):
    """Floats as float64, so that the reference does not add errors of its own; every array as a LodArray."""
    if isinstance(value, list):
        return [wide(v) for v in value]
    if isinstance(value, Rows):
        return Rows(value.rows, wide(value.value), value.height)
    if not isinstance(value, np.ndarray):
        return value
    return LodArray(value.astype("float64") if value.dtype in (np.float32, np.float16) else value, getattr(value, "lengths", []))


def arguments(case):
    """Inputs by slot (lists only where repeated) and all attributes, defaults included."""
    found = {a["name"]: a["default"] for a in case.entry.info["attrs"]}
    found.update(case.attrs)
    for slot in case.entry.info["inputs"]:
        values = wide(case.inputs.get(slot["name"], []))
        found[slot["name"]] = values if slot["duplicable"] else (values[0] if values else None)
    return found


def expected_outputs(case):
    found = arguments(case)
    result = case.entry.reference(**{name: found[name] for name in case.entry.parameters})
    if not isinstance(result, dict):
        result = {case.entry.info["outputs"][0]["name"]: result}
    return {slot: value if isinstance(value, (list, tuple)) else [value] for slot, value in result.items()}


def assert_same_value(actual, wanted, tolerance, what):
    if isinstance(wanted, Rows) and isinstance(actual, Rows):
        assert actual.height == wanted.height, what
        actual, wanted = actual.dense(), wanted.dense()
    elif isinstance(actual, Rows):
        actual = actual.dense()
    if isinstance(wanted, LodArray):
        assert getattr(actual, "lengths", []) == [list(level) for level in wanted.lengths], f"{what}: LoD"
    wanted = np.asarray(wanted)
    assert actual.shape == wanted.shape, f"{what}: shape {actual.shape}, expected {wanted.shape}"
    if actual.dtype.kind == "f":
        assert wanted.dtype.kind in "fiub", what
        np.testing.assert_allclose(np.asarray(actual), wanted.astype("float64"), rtol=tolerance, atol=tolerance, err_msg=what)
    else:
        assert wanted.dtype.kind in "f" + actual.dtype.kind, f"{what}: {actual.dtype}, expected {wanted.dtype}"
        np.testing.assert_array_equal(np.asarray(actual), wanted, err_msg=what)


def check_against_reference(case, outputs):
    entry = case.entry
    if entry.check:
        entry.check(outputs, case.inputs, arguments(case))
        return
    for slot, wanted in expected_outputs(case).items():
        assert len(outputs[slot]) in (0, len(wanted)), f"{slot} of {case}: {len(outputs[slot])} outputs, the reference gives {len(wanted)}"
        for i, actual in enumerate(outputs[slot]):
            if wanted[i] is not None:
                assert_same_value(actual, wanted[i], entry.tolerance.get(dtype_name(actual), 0), f"{slot}[{i}] of {case}")


def assert_same_bits(a, b, what):
    if isinstance(a, Rows):
        assert a.rows == b.rows and a.height == b.height, what
        a, b = a.value, b.value
    if isinstance(a, list):
        assert len(a) == len(b), what
        for x, y in zip(a, b):
            assert_same_bits(x, y, what)
        return
    assert a.dtype == b.dtype and a.shape == b.shape and getattr(a, "lengths", []) == getattr(b, "lengths", []), what
    assert a.tobytes() == b.tobytes(), f"{what}: the bits differ\n{a}\n{b}"


def check_forward(entry):
    for case in cases_of(entry):
        try:
            fed = OneOp(case).run()
        except Exception as error:
            raise AssertionError(f"failed: {case}") from error
        check_against_reference(case, fed)
        if not case.repeats:
            continue
        for inputs_from in ["scope"] + ["arena"] * has_op("assign"):
            other = OneOp(case, inputs_from).run()
            for slot, values in fed.items():
                assert_same_bits(other[slot], values, f"{slot} with inputs from the {inputs_from}, {case}")


# ---- inference ----


def check_infer(entry):
    for case in cases_of(entry):
        for unknown in (False, True):
            one = OneOp(case, unknown=unknown)
            for slot, values in one.run().items():
                for i, value in enumerate(values):
                    check_described(one.described(one.output_names[slot][i]), value, f"{slot}[{i}] of {case}, first sizes {'un' * unknown}known")


def check_described(var, value, what):
    if isinstance(value, list):
        return  # an array's items may all differ
    array = value.value if isinstance(value, Rows) else value
    assert var.dtype() == VAR_TYPES[dtype_name(value)], f"{what}: described as {var.dtype()}, is {array.dtype}"
    actual = (value.height,) + array.shape[1:] if isinstance(value, Rows) else array.shape
    described = tuple(var.shape())
    agree = len(described) == len(actual) and all(d in (-1, a) for d, a in zip(described, actual))
    assert agree, f"{what}: described as {described}, is {actual}"
    if not isinstance(value, Rows):
        assert var.lod_level() == len(getattr(value, "lengths", [])), f"{what}: described with {var.lod_level()} LoD levels, has {getattr(value, 'lengths', [])}"


# ---- gradients ----


def gradient_cases(entry):
    """The smooth cases in double precision; of random ops those that repeat themselves, by their own seed."""
    return [case for case in cases_of(entry, ("float64",)) if case.repeats and case.smooth]


def target_slots(entry, outputs):
    """The output slots whose weighted sum is differentiated."""
    if entry.grad_from:
        return entry.grad_from
    wanted = [s["name"] for s in entry.info["outputs"] if not s["intermediate"]]
    return [s for s in wanted if outputs.get(s) and all(isinstance(v, np.ndarray) and v.dtype.kind == "f" for v in outputs[s])]


class Gradient:
    """A case with the gradient of sum(weight * output) appended."""

    def __init__(self, case, inputs_from="feed", wanted=None):
        self.case, self.entry = case, case.entry
        self.wanted = wanted or [input_name(s, i) for s in self.entry.grad for i, v in enumerate(case.inputs.get(s, [])) if v is not None]
        plain = OneOp(case, inputs_from).run()
        self.one = OneOp(case, inputs_from)
        slots = target_slots(self.entry, plain)
        self.targets = [name for s in slots for name in self.one.output_names[s]]
        like = [value for s in slots for value in plain[s]]
        self.weight_names = [name + ".weight" for name in self.targets]
        self.weights = [self.one.feed_like(name, value) for name, value in zip(self.weight_names, like)]
        everything = [input_name(s, i) for s, vs in case.inputs.items() for i in range(len(vs))]
        no_grad = [name for name in everything if name not in self.wanted]
        self.grads, self.types = self.one.backward(self.targets, self.weight_names, no_grad) if self.targets else ({}, [])

    def run(self):
        """The gradient of each wanted input, dense."""
        for name in self.wanted:
            assert name in self.grads, f"'{name}' got no gradient; the gradient ops are {self.types}: {self.case}"
        values = self.one.run([self.grads[name] for name in self.wanted])
        return [v.dense() if isinstance(v, Rows) else np.asarray(v) for v in values]

    def loss(self, feed=None):
        outputs = self.one.run(self.targets, feed)
        return sum(float(np.sum(np.asarray(o) * w)) for o, w in zip(outputs, self.weights))


def split_name(name):
    slot, i = name.split(".")[1:3]
    return slot, int(i)


def numeric_gradient(loss, value, rng, feed, most=MOST_ELEMENTS):
    """Central differences of `loss` at `most` elements of `value`: their flat indices and derivatives."""
    flat = np.arange(value.size) if value.size <= most else rng.choice(value.size, most, replace=False)
    slopes = []
    for index in flat:
        moved = []
        for sign in (1, -1):
            changed = np.array(value)
            step = sign * 1e-6 * max(1.0, abs(changed.flat[index]))
            changed.flat[index] += step
            moved.append((feed(changed), step))
        (above, up), (below, down) = [(loss(f), s) for f, s in moved]
        slopes.append((above - below) / (up - down))
    return flat, np.array(slopes)


def elements_a_case(entry):
    """At how many elements of an input each case takes the numeric gradient."""
    return min(MOST_ELEMENTS, max(LEAST_ELEMENTS, ELEMENTS_A_SLOT // max(len(entry.cases), 1)))


def as_fed(name, like):
    def feed(changed):
        return {name: to_core(LodArray(changed, like.lengths) if isinstance(like, LodArray) else changed)}

    return feed


def assert_gradient(actual, flat, slopes, tolerance, what):
    got = actual.reshape(-1)[flat]
    scale = max(1.0, float(np.max(np.abs(slopes), initial=0)))
    np.testing.assert_allclose(got, slopes, rtol=tolerance, atol=tolerance * scale, err_msg=what)


def check_grad(entry):
    for case in gradient_cases(entry):
        gradient = check_gradient_of(case)
        if gradient and "float32" in entry.dtypes:
            check_single_precision(case, gradient)


def check_gradient_of(case):
    """Returns the gradient, None where there is none to check."""
    gradient = Gradient(case)
    if not gradient.wanted or not gradient.targets:
        return None
    analytic = gradient.run()
    for name, got in zip(gradient.wanted, analytic):
        slot, i = split_name(name)
        value = case.inputs[slot][i]
        assert got.shape == value.shape, f"the gradient of '{name}' has shape {got.shape}: {case}"
        flat, slopes = numeric_gradient(gradient.loss, value, generator(name, case.index), as_fed(name, value), elements_a_case(case.entry))
        assert_gradient(got, flat, slopes, case.entry.grad_tolerance, f"gradient of {name}: {case}")
    for name, got in zip(gradient.wanted, analytic):  # the op's other gradients unwanted
        if len(gradient.wanted) > 1:
            assert_same_bits(Gradient(case, wanted=[name]).run()[0], got, f"gradient of {name} alone: {case}")
    for inputs_from in ["scope"] + ["arena"] * has_op("assign"):
        for name, other, got in zip(gradient.wanted, Gradient(case, inputs_from).run(), analytic):
            assert_same_bits(other, got, f"gradient of {name} with inputs from the {inputs_from}: {case}")
    return gradient


def check_single_precision(case, gradient):
    """The float32 gradient against the float64 one at the same point."""
    narrow = Gradient(case.of("float32"))
    for name, got, wanted in zip(narrow.wanted, narrow.run(), gradient.run()):
        scale = max(1.0, float(np.max(np.abs(wanted), initial=0)))
        tolerance = 10 * case.entry.tolerance["float32"]
        np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance * scale, err_msg=f"float32 gradient of {name}: {case}")


class DoubleGradient:
    """The gradient of sum(weight * gradient of an input), by the inputs and by the first weights."""

    def __init__(self, case, slot):
        self.first = Gradient(case, wanted=[input_name(slot, 0)])
        one = self.first.one
        self.target = self.first.grads[input_name(slot, 0)]
        self.weight = one.feed_like("second.weight", np.asarray(one.run([self.target])[0]))
        everything = [input_name(s, i) for s, vs in case.inputs.items() for i in range(len(vs))]
        sources = [n for n in everything if split_name(n)[0] in case.entry.grad] + self.first.weight_names
        self.grads, self.types = one.backward([self.target], ["second.weight"], [n for n in everything if n not in sources])
        self.sources = [n for n in sources if n in self.grads]

    def loss(self, feed=None):
        return float(np.sum(np.asarray(self.first.one.run([self.target], feed)[0]) * self.weight))


def present(slots, case):
    return [slot for slot in slots if case.twice and case.inputs.get(slot)]


def check_double(entry):
    for case in gradient_cases(entry):
        for slot in present(entry.double, case):
            double = DoubleGradient(case, slot)
            assert double.sources, f"the gradient of {slot} has no gradient: {case}"
            one = double.first.one
            for name, got in zip(double.sources, one.run([double.grads[n] for n in double.sources])):
                value = from_core(one.feed[name])
                flat, slopes = numeric_gradient(double.loss, np.asarray(value), generator(name, case.index), as_fed(name, value), elements_a_case(entry))
                assert_gradient(np.asarray(got), flat, slopes, entry.grad_tolerance * 10, f"gradient of gradient, by {name}: {case}")


def gradient_types(entry):
    """Types of the gradient ops that the entry's checks run."""
    types = set()
    if entry.grad:
        for case in gradient_cases(entry):
            types.update(Gradient(case).types)
            for slot in present(entry.double, case):
                types.update(DoubleGradient(case, slot).types)
    return {kind for kind in types if "_grad" in kind}  # not the plain ops that sum and fill

"""A program of one op, built and run through the core: what every check of the harness works on."""

import numpy as np

from paddle import _core as core
from values import VAR_TYPES, LodArray, Rows, as_spec, dtype_name, from_core, generator, to_core



class Device:
    """The executor of all programs of the harness: on the CPU until ``use`` names another place."""

    def __init__(self):
        self.use(core.CPUPlace())

    def use(self, place):
        self._executor = core.Executor(place)

    def __getattr__(self, name):
        return getattr(self._executor, name)


EXECUTOR = Device()
EMPTY = core.kEmptyVarName()


class Case:
    """One case of an entry with its values drawn: inputs by slot (lists of values), attributes, number of outputs by slot."""

    def __init__(self, entry, index, raw, dtype):
        raw = dict(raw)
        self.match, self.smooth, self.twice = raw.pop("match", None), raw.pop("smooth", True), raw.pop("twice", True)
        dtype = raw.pop("case_dtype", dtype)
        self.entry, self.index, self.dtype, self.raw = entry, index, dtype, raw
        info = entry.info
        raw = dict(raw)
        rng = generator(entry.type, index)  # the same for all dtypes
        counts = {**entry.outputs, **raw.pop("outputs", {})}
        self.inputs, self.varies = {}, False
        for slot in info["inputs"]:
            given = raw.pop(slot["name"], None)
            if given is None:
                continue
            specs = [as_spec(v) for v in given] if isinstance(given, list) else [as_spec(given)]
            self.varies |= any(spec.follows_dtype for spec in specs)
            self.inputs[slot["name"]] = [spec.make(rng, dtype) for spec in specs]
        self.outputs = {slot["name"]: counts.get(slot["name"], 1) for slot in info["outputs"]}
        self.attrs = {k: dtype_attr(v, dtype) for k, v in raw.items()}
        unknown = set(self.attrs) - {a["name"] for a in info["attrs"]}
        assert not unknown, f"case {index} of op '{entry.type}' names {sorted(unknown)}, which are neither slots nor attributes"

    def __str__(self):
        shapes = {k: [getattr(v, "shape", None) for v in vs] for k, vs in self.inputs.items()}
        return f"op '{self.entry.type}' case {self.index} {self.dtype} {shapes} {self.attrs}\n  at {self.entry.file}:{self.entry.line}"

    @property
    def repeats(self):
        """Whether each run gives the same: no random op, or one with a seed of its own."""
        return not self.entry.info["random"] or bool(self.attrs.get("seed", 0))

    def of(self, dtype):
        """The same case in another dtype."""
        return Case(self.entry, self.index, self.raw, dtype)

    def changed(self, **parts):
        """The same case with some of its parts (inputs, attrs) replaced."""
        copy = object.__new__(Case)
        copy.__dict__.update(self.__dict__, **parts)
        return copy

    def replaced(self, slot, i, value):
        """The same case with one input value replaced."""
        return self.changed(inputs={**self.inputs, slot: [value if k == i else v for k, v in enumerate(self.inputs[slot])]})


class SameDtype:
    """For attributes that name an element type: the case's."""


def dtype_attr(value, dtype):
    return int(VAR_TYPES[dtype]) if value is SameDtype else value


def input_name(slot, i):
    return f"in.{slot}.{i}"


def output_name(slot, i):
    return f"out.{slot}.{i}"


class OneOp:
    """The op of a case as a program.

    ``inputs_from``: where the op finds its inputs: "feed", "arena" (copies of the feeds, whose memory the op may write into), or
    "scope" (persistable variables; outputs that must share an input's memory then have its name). SelectedRows are in the scope.
    ``unknown``: the first size of each input is -1 in the description; "all": every size.
    """

    def __init__(self, case, inputs_from="feed", unknown=False):
        self.case, self.inputs_from, self.entry = case, inputs_from, case.entry
        self.program, self.scope, self.feed = core.ProgramDesc(), core.Scope(), {}
        self.block = self.program.block(0)
        names = {slot: [self._input(slot, i, v, unknown) for i, v in enumerate(values)] for slot, values in case.inputs.items()}
        self.output_names = {}
        for slot, count in case.outputs.items():
            shared = case.entry.must_share.get(slot) if inputs_from == "scope" else None
            self.output_names[slot] = names[shared] if count and shared in names else [output_name(slot, i) for i in range(count)]
            for name in self.output_names[slot]:
                self.block.var(name)
        self.op = self._append(case.entry.type, names, self.output_names, case.attrs)

    def _append(self, kind, inputs, outputs, attrs):
        op = self.block.append_op()
        op.set_type(kind)
        op._set_attr("op_callstack", [f'  File "{self.entry.file}", line {self.entry.line}, in entry', f"    {kind}"])
        for slot, names in inputs.items():
            op.set_input(slot, names)
        for slot, names in outputs.items():
            op.set_output(slot, names)
        for name, value in attrs.items():
            op._set_attr(name, value)
        op.check_attrs()
        op.infer_var_type(self.block)
        op.infer_shape(self.block)
        return op

    def _describe(self, name, value, unknown):
        var = self.block.var(name)
        is_rows = isinstance(value, Rows)
        var.set_type(core.VarDesc.VarType.SELECTED_ROWS if is_rows else core.VarDesc.VarType.LOD_TENSOR)
        shape = [value.height, *value.value.shape[1:]] if is_rows else list(value.shape)
        if unknown and shape:
            shape[: None if unknown == "all" else 1] = [-1] * (len(shape) if unknown == "all" else 1)
        var.set_shape(shape)
        var.set_dtype(VAR_TYPES[dtype_name(value)])
        if isinstance(value, LodArray):
            var.set_lod_level(len(value.lengths))
        return var

    def _input(self, slot, i, value, unknown):
        if value is None:
            return EMPTY
        name = input_name(slot, i)
        var = self._describe(name, value, unknown if slot not in self.entry.fixed else False)
        if isinstance(value, Rows) or self.inputs_from == "scope":
            var.set_persistable(True)
            self._to_scope(name, value)
        elif self.inputs_from == "arena":
            self._describe(name + ".fed", value, unknown)
            self.feed[name + ".fed"] = to_core(value)
            self._append("assign", {"X": [name + ".fed"]}, {"Out": [name]}, {})
        else:
            self.feed[name] = to_core(value)
        return name

    def _to_scope(self, name, value):
        variable = self.scope.var(name)
        if isinstance(value, Rows):
            held = variable.get_selected_rows()
            held.set_rows(value.rows)
            held.set_height(value.height)
            held.get_tensor().set(value.value, core.CPUPlace())
        else:
            tensor = variable.get_tensor()
            tensor.set(np.ascontiguousarray(value).reshape(value.shape), core.CPUPlace())
            tensor.set_recursive_sequence_lengths(value.lengths if isinstance(value, LodArray) else [])

    def run(self, fetch=None, feed=None):
        """Fetched values by name; without ``fetch`` all outputs by slot."""
        if fetch is not None:
            values = EXECUTOR.run(self.program, self.scope, {**self.feed, **(feed or {})}, fetch, seed=1)
            return [from_core(v) for v in values]
        names = [name for slot in self.output_names.values() for name in slot]
        flat = iter(self.run(names))
        return {slot: [next(flat) for _ in names] for slot, names in self.output_names.items()}

    def described(self, name):
        return self.block.find_var(name)

    def backward(self, targets, target_grads, no_grad=(), inputs=()):
        """Appends the gradient of the targets; returns variable -> gradient variable, and the types of the ops appended."""
        before = self.block.op_size()
        grads = core.append_backward(self.program, 0, list(targets), list(target_grads), set(no_grad), list(inputs))
        return grads, [self.block.op(i).type() for i in range(before, self.block.op_size())]

    def feed_like(self, name, like):
        """A fed variable of random values with the shape and dtype of ``like``."""
        value = generator(name, like.shape).uniform(0.5, 1.5, like.shape).astype(like.dtype)
        if isinstance(like, LodArray):
            value = LodArray(value, like.lengths)
        self._describe(name, value, False)
        self.feed[name] = to_core(value)
        return np.asarray(value)

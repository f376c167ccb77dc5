"""Programs rewritten for mixed precision."""

from collections import Counter

from paddle.fluid import unique_name
from paddle.fluid.framework import OpRole, VarType, dtype_name

_SUFFIXES = {"float16": "fp16", "bfloat16": "bf16", "float32": "fp32"}
_NUMBERS = {"float16": VarType.FP16, "bfloat16": VarType.BF16, "float32": VarType.FP32}

# Slots whose variables stay float32 whatever the op computes in.
_STAYING = {"lstm": {"Bias", "C0", "Cell", "BatchCellPreAct"}, "gru": {"Bias"}}


def _follows(op_type, slot):
    """Whether the variables of a slot have the type that the op computes in."""
    return slot not in _STAYING.get(op_type, ())


def _is_forward(op):
    return int(op.attr("op_role")) & ~int(OpRole.Loss) == int(OpRole.Forward)


class _Rewriter:
    """Puts casts into the global block of a program.

    An op is "low" when it computes in 16 bits, "float" when in float32, "neutral" when as it stands.
    """

    def __init__(self, program, amp_lists, dtype):
        self.block = program.global_block()
        self.low = dtype
        self.white, self.gray, self.without_kernel = amp_lists._for_dtype(dtype)
        self.black_names = set(amp_lists.black_varnames or ())
        self.fixed_names = self._fixed_names(program)
        self.kinds = {}  # a variable -> the kind of the op that wrote it
        self.casts = {}  # (a variable, a type) -> the variable's copy of that type

    def _fixed_names(self, program):
        """Variables that several ops write or other blocks name: they keep their type."""
        written = Counter(name for op in self.block.ops if _is_forward(op) for name in set(op.output_arg_names))
        names = {name for name, times in written.items() if times > 1}
        for block in program.blocks[1:]:
            for op in block.ops:
                names.update(op.input_arg_names, op.output_arg_names)
        return names

    def run(self):
        for op in list(self.block.ops):
            if not _is_forward(op):
                continue
            kind = self._kind(op)
            if op.type == "cast":
                self._follow_cast(op)
            elif kind == "low":
                self._cast_inputs(op, "float32", self.low)
                self._describe_outputs(op)
            elif kind == "float":
                self._cast_inputs(op, self.low, "float32")
            for name in op.output_arg_names:
                self.kinds[name] = kind
                for dtype in _SUFFIXES:
                    self.casts.pop((name, dtype), None)

    def _kind(self, op):
        if op.type == "cast":  # its result has the type that the user asked for
            return "neutral"
        if self.black_names.intersection(list(op.input_arg_names) + list(op.output_arg_names)):
            return "float"
        if self.fixed_names.intersection(op.output_arg_names):
            return "float"
        if op.type in self.white:
            return "low"
        if op.type not in self.gray:
            return "float"
        kinds = {self.kinds.get(name, "neutral") for name in op.input_arg_names}
        if "float" in kinds:
            return "float"
        if "low" not in kinds:
            return "neutral"
        return "float" if op.type in self.without_kernel else "low"

    def _variables(self, op, slots, names_of, dtype):
        """The tensors of this type in the slots that follow, each once, slots by name."""
        found = {}
        for slot in sorted(slots):
            for name in names_of(slot) if _follows(op.type, slot) else ():
                var = self.block._find_var_recursive(name)
                if var is not None and var.type == VarType.LOD_TENSOR and dtype_name(var.dtype) == dtype:
                    found[name] = var
        return list(found.values())

    def _cast_inputs(self, op, from_dtype, to_dtype):
        for var in reversed(self._variables(op, op.input_names, op.input, from_dtype)):
            key = var.name, to_dtype
            if key not in self.casts:
                self.casts[key] = self._insert_cast(op, var, from_dtype, to_dtype)
            op._rename_input(var.name, self.casts[key])

    def _insert_cast(self, op, var, from_dtype, to_dtype):
        name = "%s.cast_%s" % (var.name, _SUFFIXES[to_dtype])
        if self.block.has_var(name):  # a copy of an older value
            name = unique_name.generate(name)
        out = self.block.create_var(
            name=name,
            shape=var.shape,
            dtype=to_dtype,
            lod_level=var.lod_level,
            persistable=False,
            stop_gradient=var.stop_gradient,
        )
        attrs = {"in_dtype": int(_NUMBERS[from_dtype]), "out_dtype": int(_NUMBERS[to_dtype])}
        self.block._insert_op(op.idx, "cast", {"X": var}, {"Out": out}, attrs)
        return name

    def _describe_outputs(self, op):
        for var in self._variables(op, op.output_names, op.output, "float32"):
            var.desc.set_dtype(_NUMBERS[self.low])

    def _follow_cast(self, op):
        var = self.block._find_var_recursive(op.input("X")[0])
        op._set_attr("in_dtype", int(var.dtype))


def rewrite_program(main_prog, amp_lists, dtype="float16"):
    """Let the forward ops of a program's global block compute in 16 bits where the lists say so.

    Casts go in where types change, one for each variable and type, and the variables that such ops write take the new
    type. Float32 stay: what an op writes that other blocks use or other ops write as well; the bias of
    ``lstm`` and ``gru``, and the cells.

    Args:
        main_prog (Program): is changed.
        amp_lists (AutoMixedPrecisionLists): which ops are meant.
        dtype (str): 'float16' or 'bfloat16'.
    """
    _Rewriter(main_prog, amp_lists, dtype).run()


def update_role_var_grad(main_prog, params_grads):
    """Move the casts of parameters' gradients to float32 behind the backward pass.

    The op that computes the gradient in 16 bits names the parameter and that gradient in ``op_role_var`` then.

    Args:
        main_prog (Program): is changed.
        params_grads: a list of (parameter, gradient).
    """
    block = main_prog.global_block()
    for param, grad in params_grads:
        cast = grad.op
        if cast is None or cast.type != "cast" or not _casts_to_float(cast):
            continue
        low = block.var(cast.input("X")[0])
        if low.op is not None:
            low.op._set_attr("op_role_var", [param.name, low.name])
        attrs = {name: cast.attr(name) for name in ("in_dtype", "out_dtype")}
        readers = [op for op in block.ops if grad.name in op.input_arg_names]
        if readers:
            continue
        block._remove_op(cast.idx)
        with main_prog._role_guard(OpRole.Optimize, []):
            grad.op = block.append_op("cast", {"X": low}, {"Out": grad}, attrs)


def _casts_to_float(op):
    return op.attr("out_dtype") == int(VarType.FP32) and op.attr("in_dtype") in (int(VarType.FP16), int(VarType.BF16))

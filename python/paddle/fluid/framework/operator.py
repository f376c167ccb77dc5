"""One op of a block."""

from paddle.fluid import core
from paddle.fluid.framework.callstack import user_callstack
from paddle.fluid.framework.op_proto import OpProtoHolder
from paddle.fluid.op_role import OpRole

# Choices of a vendor's library that have no meaning here; programs do not carry them.
_IGNORED_ATTRS = frozenset(
    ["use_cudnn", "use_mkldnn", "workspace_size_MB", "exhaustive_search", "use_quantizer", "force_fp32_output"]
    + ["mkldnn_data_type", "fuse_relu_before_depthwise_conv", "x_data_format", "y_data_format"]
)


def _names_of(arguments, op_type, slot):
    """Names of the variables given for a slot: one or several of Variable, str, bytes."""
    if arguments is None:
        return []
    if not isinstance(arguments, (list, tuple)):
        arguments = [arguments]
    names = []
    for argument in arguments:
        if isinstance(argument, bytes):
            argument = argument.decode()
        name = argument if isinstance(argument, str) else getattr(argument, "name", None)
        if not isinstance(name, str):
            raise TypeError(
                "slot %s of op '%s' takes variables or their names, got %s: %r"
                % (slot, op_type, type(argument).__name__, argument)
            )
        names.append(name)
    return names


class Operator:
    """An op of a program: its type, the variables it reads and writes, and its attributes.

    Made by ``Block.append_op``. ``inputs`` and ``outputs`` map slots to variables (one, or a list), ``attrs`` maps
    names to values. What the op's declaration does not know is an error, and so are variables whose shapes or types
    the op cannot take.

    Raises:
        NotImplementedError: there is no such op.
        ValueError: slots, attributes, shapes or types do not fit.
    """

    def __init__(self, block, desc, type=None, inputs=None, outputs=None, attrs=None):
        self.block = block
        self.desc = desc
        if type is None:  # the description is complete already
            return
        proto = OpProtoHolder.instance().get_op_proto(type)
        desc.set_type(type)
        self._set_slots(proto, inputs or {}, outputs or {})
        self._set_attrs(attrs or {})
        desc.check_attrs()
        desc.infer_var_type(block.desc)
        desc.infer_shape(block.desc)

    def _set_slots(self, proto, inputs, outputs):
        for kind, given, slots in (("input", inputs, proto.inputs), ("output", outputs, proto.outputs)):
            known = [slot.name for slot in slots]
            for name in given:
                if name not in known:
                    raise ValueError(
                        "op '%s' has no %s '%s'; it has: %s" % (proto.type, kind, name, ", ".join(known) or "none")
                    )
        for slot in proto.inputs:
            names = _names_of(inputs.get(slot.name), proto.type, slot.name)
            given_empty = slot.duplicable and slot.name in inputs
            if not names and not slot.dispensable and not given_empty:
                raise ValueError("op '%s' needs the input '%s'" % (proto.type, slot.name))
            if len(names) > 1 and not slot.duplicable:
                raise ValueError(
                    "input '%s' of op '%s' takes one variable, got %d" % (slot.name, proto.type, len(names))
                )
            self.desc.set_input(slot.name, names)
        for slot in proto.outputs:
            if slot.name not in outputs:
                continue
            arguments = outputs[slot.name]
            names = _names_of(arguments, proto.type, slot.name)
            self.desc.set_output(slot.name, names)
            for argument in arguments if isinstance(arguments, (list, tuple)) else [arguments]:
                if hasattr(argument, "op"):
                    argument.op = self

    def _set_attrs(self, attrs):
        desc, program = self.desc, self.block.program
        for name, value in attrs.items():
            if value is None or name in _IGNORED_ATTRS:
                continue
            self._set_attr(name, value)
        if "op_role" not in attrs:
            desc._set_attr("op_role", int(program._op_role))
        if "op_role_var" not in attrs and program._op_role_var:
            desc._set_attr("op_role_var", list(program._op_role_var))
        if "op_namescope" not in attrs:
            desc._set_attr("op_namescope", _state().full_name_scope())
        if "op_device" not in attrs:
            desc._set_attr("op_device", _state().current_device())
        if "op_callstack" not in attrs:
            desc._set_attr("op_callstack", user_callstack())

    @property
    def type(self):
        return self.desc.type()

    @property
    def input_names(self):
        return self.desc.input_names()

    @property
    def output_names(self):
        return self.desc.output_names()

    @property
    def input_arg_names(self):
        return self.desc.input_arg_names()

    @property
    def output_arg_names(self):
        return self.desc.output_arg_names()

    def input(self, name):
        """Names of the variables in an input slot."""
        return self.desc.input(name)

    def output(self, name):
        """Names of the variables in an output slot."""
        return self.desc.output(name)

    def _rename_input(self, old_name, new_name):
        self.desc._rename_input(old_name, new_name)

    def _rename_output(self, old_name, new_name):
        self.desc._rename_output(old_name, new_name)

    @property
    def idx(self):
        """The place of this op in its block."""
        for i, op in enumerate(self.block.ops):
            if op is self:
                return i
        raise ValueError("op '%s' is no longer in its block" % self.type)

    def has_attr(self, name):
        return self.desc.has_attr(name)

    def attr_type(self, name):
        return self.desc.attr_type(name)

    @property
    def attr_names(self):
        return self.desc.attr_names()

    def attr(self, name):
        """The value of an attribute; for a block its index."""
        return self.desc.attr(name)

    def all_attrs(self):
        """A dict of all attributes; blocks as ``Block`` objects."""
        values = {}
        for name in self.attr_names:
            kind = self.attr_type(name)
            if kind == core.AttrType.BLOCK:
                values[name] = self.block.program.block(self._block_attr_id(name))
            elif kind == core.AttrType.BLOCKS:
                values[name] = [self.block.program.block(i) for i in self._blocks_attr_ids(name)]
            else:
                values[name] = self.attr(name)
        return values

    def _set_attr(self, name, value):
        from paddle.fluid.framework.block import Block

        if isinstance(value, Block):
            self.desc.set_block_attr(name, value.desc)
        elif isinstance(value, (list, tuple)) and value and all(isinstance(v, Block) for v in value):
            self.desc.set_blocks_attr(name, [v.desc for v in value])
        else:
            self.desc._set_attr(name, value)

    def _block_attr_id(self, name):
        return self.desc._block_attr_id(name)

    def _block_attr(self, name):
        return self.block.program.block(self._block_attr_id(name))

    def _blocks_attr_ids(self, name):
        return self.desc._blocks_attr_ids(name)

    def _blocks_attr(self, name):
        return [self.block.program.block(i) for i in self._blocks_attr_ids(name)]

    def to_string(self, throw_on_error=True):
        """The op in one line: outputs, type, inputs, attributes."""

        def slots(names, get):
            return ", ".join("%s=%s" % (name, get(name)) for name in names if get(name))

        hidden = ("op_callstack", "op_role", "op_role_var", "op_namescope", "op_device")
        attrs = ", ".join("%s=%r" % (name, self.attr(name)) for name in sorted(self.attr_names) if name not in hidden)
        text = "{%s} = %s(inputs={%s}, %s)"
        return text % (slots(self.output_names, self.output), self.type, slots(self.input_names, self.input), attrs)

    __str__ = __repr__ = to_string

    def _is_optimize_op(self):
        return bool(self.has_attr("op_role") and self.attr("op_role") & OpRole.Optimize)

    def _is_backward_op(self):
        return bool(self.has_attr("op_role") and self.attr("op_role") & OpRole.Backward)


def _state():
    from paddle.fluid.framework import guards

    return guards

"""One op run by itself over a scope, as tests of ops do::

scope.var('X').get_tensor().set(x, place)
scope.var('Out')
Operator('scale', X='X', Out='Out', scale=2.0).run(scope, place)
"""

from paddle.fluid import core
from paddle.fluid.framework import OpProtoHolder, Program, VarType

__all__ = ["Operator", "OpProtoHolder", "get_all_op_protos"]


def get_all_op_protos():
    """The declarations of all ops, a list."""
    return list(OpProtoHolder.instance().op_proto_map.values())


def _names(value):
    return [value] if isinstance(value, str) else list(value)


def _kind(variable):
    """The type of a variable of a scope: tensor, SelectedRows or array."""
    kind = variable.kind() if variable is not None else ""
    if "SelectedRows" in kind:
        return VarType.SELECTED_ROWS
    if "Array" in kind:
        return VarType.LOD_TENSOR_ARRAY
    return VarType.LOD_TENSOR


class Operator:
    """An op with the names of its variables, to be run over a scope.

    Args:
        type (str): of the op.
        kwargs: for each slot the name of a variable, or a list of names; attributes by their names.

    Raises:
        NotImplementedError: there is no such op.
        ValueError: a slot or attribute that the op does not have, or one that it needs is missing.
    """

    def __init__(self, type, **kwargs):
        proto = OpProtoHolder.instance().get_op_proto(type)
        self._type = type
        self._inputs = {slot.name: _names(kwargs.pop(slot.name)) for slot in proto.inputs if slot.name in kwargs}
        self._outputs = {slot.name: _names(kwargs.pop(slot.name)) for slot in proto.outputs if slot.name in kwargs}
        known = {attr.name for attr in proto.attrs} | OpProtoHolder.generated_op_attr_names()
        unknown = sorted(set(kwargs) - known)
        if unknown:
            raise ValueError("op '%s' has neither slot nor attribute %s" % (type, ", ".join(unknown)))
        self._attrs = kwargs
        self._executors = {}

    @staticmethod
    def create(desc):
        """The op of a serialised ``OpDesc``, as ``OpDesc.serialize_to_string()`` gives it.

        Raises:
            ValueError: the bytes are no op.
            NotImplementedError: there is no such op.
        """
        desc = core.OpDesc.parse_from_string(desc)
        proto = OpProtoHolder.instance().get_op_proto(desc.type())
        desc.check_attrs()
        slots = list(desc.inputs().items()) + list(desc.outputs().items())
        op = Operator(desc.type(), **{name: names for name, names in slots if names})
        known = {attr.name for attr in proto.attrs} | {"op_role", "op_device"}
        op._attrs = {name: desc.attr(name) for name in desc.attr_names() if name in known}
        return op

    def type(self):
        return self._type

    def inputs(self):
        """A dict of the input slots to names."""
        return dict(self._inputs)

    def outputs(self):
        """A dict of the output slots to names."""
        return dict(self._outputs)

    def input_vars(self):
        """The names of all inputs."""
        return [name for names in self._inputs.values() for name in names]

    def output_vars(self):
        """The names of all outputs."""
        return [name for names in self._outputs.values() for name in names]

    def no_intermediate_outputs(self):
        """The names of the outputs that are results, not kept for the gradient."""
        proto = OpProtoHolder.instance().get_op_proto(self._type)
        kept = {slot.name for slot in proto.outputs if slot.intermediate}
        return [name for slot, names in self._outputs.items() if slot not in kept for name in names]

    def support_gpu(self):
        return core.op_support_gpu(self._type)

    def __str__(self):
        inputs, outputs = (
            ", ".join("%s[%s]" % (slot, ", ".join(names)) for slot, names in slots.items())
            for slots in (self._inputs, self._outputs)
        )
        return "Op(%s), inputs:{%s}, outputs:{%s}." % (self._type, inputs, outputs)

    def run(self, scope, place):
        """Run the op; inputs are read from the scope and outputs left there.

        Raises:
            ValueError: what the scope holds does not fit the op.
        """
        program = Program()
        block = program.global_block()
        for name in self.input_vars() + self.output_vars():
            if name != core.kEmptyVarName() and not block.has_var(name):
                self._declare(block, scope, name)
        block.append_op(self._type, self._inputs, self._outputs, self._attrs)
        key = str(place)
        if key not in self._executors:
            self._executors[key] = core.Executor(place)
        self._executors[key].run(program.desc, scope, {}, [], 0)

    def _declare(self, block, scope, name):
        variable = scope.find_var(name)
        kind = _kind(variable)
        var = block.create_var(name=name, type=kind, persistable=True)
        if kind == VarType.LOD_TENSOR and variable is not None and variable.is_initialized():
            tensor = variable.get_tensor()
            var.desc.set_dtype(tensor._dtype())
            var.desc.set_shape(list(tensor.shape()))
            var.desc.set_lod_level(len(tensor.lod()))
        elif kind == VarType.SELECTED_ROWS:
            tensor = variable.get_selected_rows().get_tensor()
            if tensor._is_initialized():
                var.desc.set_dtype(tensor._dtype())
                var.desc.set_shape([variable.get_selected_rows().height()] + list(tensor.shape()[1:]))

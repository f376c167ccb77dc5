"""What the registry knows about each op type."""

from paddle.fluid import core


class _Slot:
    __slots__ = ("name", "duplicable", "dispensable", "intermediate", "comment")

    def __init__(self, info):
        self.name = info["name"]
        self.duplicable = info["duplicable"]
        self.dispensable = info["dispensable"]
        self.intermediate = info.get("intermediate", False)
        self.comment = info.get("doc", "")


class _Attr:
    __slots__ = ("name", "type", "comment", "default", "required", "generated")

    def __init__(self, info):
        self.name = info["name"]
        self.type = info["type"]
        self.comment = info.get("doc", "")
        self.default = info.get("default")
        self.required = info.get("required", False)
        self.generated = info.get("generated", False)


class OpProto:
    """The declaration of an op: ``inputs``, ``outputs`` and ``attrs`` with names and descriptions."""

    def __init__(self, op_type, info):
        self.type = op_type
        self.comment = info.get("doc", "")
        self.inputs = [_Slot(slot) for slot in info["inputs"]]
        self.outputs = [_Slot(slot) for slot in info["outputs"]]
        self.attrs = [_Attr(attr) for attr in info["attrs"]]


class OpProtoHolder:
    """The declarations of all ops, read from the registry when first asked for."""

    _instance = None

    @classmethod
    def instance(cls):
        if cls._instance is None:
            cls._instance = cls()
        return cls._instance

    def __init__(self):
        if OpProtoHolder._instance is not None:
            raise RuntimeError("use OpProtoHolder.instance()")
        self._types = None
        self._protos = {}

    @property
    def op_proto_map(self):
        """A dict of all op types to their declarations."""
        return {op_type: self.get_op_proto(op_type) for op_type in core.op_types()}

    def has_op_proto(self, type):
        """Whether there is such an op."""
        if self._types is None:
            self._types = frozenset(core.op_types())
        return type in self._types

    def get_op_proto(self, type):
        """The declaration of an op type.

        Raises:
            NotImplementedError: there is no such op.
        """
        proto = self._protos.get(type)
        if proto is None:
            if not self.has_op_proto(type):
                raise NotImplementedError("there is no op '%s'" % (type,))
            proto = self._protos[type] = OpProto(type, core.op_info(type))
        return proto

    def update_op_proto(self, op_protos=None):
        """Read the registry again, after a library with more ops was loaded."""
        self._types = None
        self._protos.clear()

    @staticmethod
    def generated_op_attr_names():
        """Names of the attributes that every op carries."""
        return {"op_role", "op_role_var", "op_namescope", "op_callstack", "op_device"}

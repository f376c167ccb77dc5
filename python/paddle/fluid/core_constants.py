"""Names and numbers with a meaning of their own, as ``fluid.core`` has them."""

from paddle.fluid.op_role import OpRole


class op_proto_and_checker_maker:
    """Names of the attributes that every op carries, and the values of ``op_role``."""

    OpRole = OpRole

    @staticmethod
    def kOpRoleAttrName():
        return "op_role"

    @staticmethod
    def kOpRoleVarAttrName():
        return "op_role_var"

    @staticmethod
    def kOpNameScopeAttrName():
        return "op_namescope"

    @staticmethod
    def kOpCreationCallstackAttrName():
        return "op_callstack"

    @staticmethod
    def kOpDeviceAttrName():
        return "op_device"


class var_names:
    """Names with a meaning of their own."""

    @staticmethod
    def empty():
        return "@EMPTY@"

    @staticmethod
    def temp():
        return "@TEMP@"

"""The compiled module ``paddle._core`` under the name that scripts know, private names included."""

from paddle import _core as _compiled
from paddle.fluid.op_role import OpRole

globals().update({name: getattr(_compiled, name) for name in dir(_compiled) if not name.startswith("__")})


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


def is_compiled_with_mkldnn():
    """Whether ops take ``use_mkldnn``; here the core decides which library computes what."""
    return False


def is_compiled_with_dist():
    """Whether there are parameter servers."""
    return False

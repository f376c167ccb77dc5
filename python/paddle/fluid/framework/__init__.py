"""Programs and their parts."""

from paddle.fluid.framework.block import Block
from paddle.fluid.framework.dtype import (
    VarType,
    convert_np_dtype_to_dtype_,
    dtype_is_floating,
    dtype_name,
    dtype_to_numpy,
)
from paddle.fluid.framework.guards import (
    NameScope,
    default_main_program,
    default_startup_program,
    device_guard,
    name_scope,
    program_guard,
    switch_device,
    switch_main_program,
    switch_startup_program,
)
from paddle.fluid.framework.op_proto import OpProtoHolder
from paddle.fluid.op_role import OpRole
from paddle.fluid.framework.operator import Operator
from paddle.fluid.framework.places import (
    cpu_places,
    cuda_pinned_places,
    cuda_places,
    get_flags,
    in_dygraph_mode,
    is_compiled_with_cuda,
    load_op_library,
    require_version,
    set_flags,
)
from paddle.fluid.framework.program import Program
from paddle.fluid.framework.variable import Parameter, Variable, grad_var_name

EMPTY_VAR_NAME = "@EMPTY@"
TEMP_VAR_NAME = "@TEMP@"
GRAD_VAR_SUFFIX = "@GRAD"
ZERO_VAR_SUFFIX = "@ZERO"

__all__ = [
    "Program",
    "default_startup_program",
    "default_main_program",
    "program_guard",
    "name_scope",
    "cuda_places",
    "cpu_places",
    "cuda_pinned_places",
    "in_dygraph_mode",
    "is_compiled_with_cuda",
    "Variable",
    "load_op_library",
    "require_version",
    "device_guard",
    "set_flags",
    "get_flags",
]

"""The compiled module ``paddle._core`` under the name that scripts know, private names included."""

from paddle import _core as _compiled
from paddle.fluid.core_constants import op_proto_and_checker_maker, var_names  # noqa: F401

globals().update(
    {name: getattr(_compiled, name) for name in dir(_compiled) if name[:2] != "__" and name not in globals()}
)

# What is written in Python is imported when it is asked for.
_PYTHON = {
    "paddle.fluid.core_functions": (
        "_create_loaded_parameter _is_program_version_supported _load_static_dict _save_static_dict "
        "_set_eager_deletion_mode _set_fuse_parameter_group_size _set_fuse_parameter_memory_size _set_paddle_lib_path "
        "init_devices init_gflags init_glog is_compiled_with_dist is_compiled_with_mkldnn is_float16_supported "
        "nvprof_init nvprof_start nvprof_stop run_cmd save_op_compatible_info"
    ),
    "paddle.fluid.core_executor": "DeviceContext ParallelExecutor",
    "paddle.fluid.inference": (
        "AnalysisConfig AnalysisPredictor CpuPassStrategy GpuPassStrategy MkldnnQuantizerConfig NativeConfig "
        "NativePaddlePredictor PaddleBuf PaddleDType PaddlePassBuilder PaddlePlace PaddlePredictor PaddleTensor "
        "PassStrategy ZeroCopyTensor create_paddle_predictor paddle_dtype_size paddle_tensor_to_bytes"
    ),
    "paddle.fluid.op": "Operator",
    "paddle.fluid.passes": "Pass PassBuilder get_pass",
}
_MODULE_OF = {name: module for module, names in _PYTHON.items() for name in names.split()}


def __getattr__(name):
    if name not in _MODULE_OF:
        raise AttributeError("module 'paddle.fluid.core' has no attribute '%s'" % name)
    import importlib

    found = globals()[name] = getattr(importlib.import_module(_MODULE_OF[name]), name)
    return found


def __dir__():
    return sorted(set(globals()) | set(_MODULE_OF))

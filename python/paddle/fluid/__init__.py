"""The static-graph front end: describe a program once, run it many times.

``import paddle.fluid as fluid``
"""

import sys

import paddle
from paddle.fluid import core
from paddle.fluid import framework
from paddle.fluid.framework import *  # noqa: F401,F403
from paddle.fluid import executor
from paddle.fluid.executor import *  # noqa: F401,F403
from paddle.fluid import unique_name
from paddle.fluid import initializer, regularizer, param_attr, layer_helper, clip, backward
from paddle.fluid.param_attr import ParamAttr, WeightNormParamAttr
from paddle.fluid.backward import append_backward, gradients
from paddle.fluid import layers
from paddle.fluid import optimizer
from paddle.fluid.input import embedding, one_hot
from paddle.fluid.data import data
from paddle.fluid import data_feeder, lod_tensor
from paddle.fluid.data_feeder import DataFeeder
from paddle.fluid.lod_tensor import create_lod_tensor, create_random_int_lodtensor
from paddle.fluid import io
from paddle.fluid.io import load, load_program_state, save, set_program_state
from paddle.fluid import compiler
from paddle.fluid.compiler import BuildStrategy, CompiledProgram, ExecutionStrategy

learning_rate_decay = layers.learning_rate_scheduler

CPUPlace = core.CPUPlace
CUDAPlace = core.CUDAPlace
CUDAPinnedPlace = core.CUDAPinnedPlace
LoDTensor = core.LoDTensor
LoDTensorArray = core.LoDTensorArray
Scope = core.Scope
Tensor = LoDTensor

# What few scripts use is imported when it is asked for.
_LAZY_MODULES = (
    "average",
    "contrib",
    "debugger",
    "default_scope_funcs",
    "install_check",
    "log_helper",
    "metrics",
    "nets",
    "op",
    "parallel_executor",
    "profiler",
    "reader",
    "transpiler",
)
_LAZY_NAMES = {"ParallelExecutor": "parallel_executor", "memory_optimize": "transpiler", "release_memory": "transpiler"}


def __getattr__(name):
    import importlib

    if name in _LAZY_MODULES:
        return importlib.import_module("paddle.fluid." + name)
    if name in _LAZY_NAMES:
        return getattr(importlib.import_module("paddle.fluid." + _LAZY_NAMES[name]), name)
    raise AttributeError("module 'paddle.fluid' has no attribute '%s'" % name)


def __dir__():
    return sorted(list(globals()) + list(_LAZY_MODULES) + list(_LAZY_NAMES))


__all__ = (
    framework.__all__
    + executor.__all__
    + lod_tensor.__all__
    + compiler.__all__
    + backward.__all__[:2]
    + "io initializer embedding one_hot layers data nets optimizer backward regularizer LoDTensor LoDTensorArray "
    "CPUPlace CUDAPlace CUDAPinnedPlace Tensor ParamAttr WeightNormParamAttr DataFeeder clip profiler unique_name "
    "Scope install_check save load learning_rate_decay ParallelExecutor".split()
)

"""Saving and loading: variables, inference models, programs' state, checkpoints; and the readers."""

from paddle.batch import batch
from paddle.fluid.io.checkpoint import Checkpoint
from paddle.fluid.io.inference import load_inference_model, save_inference_model
from paddle.fluid.io.program_state import load, load_program_state, save, set_program_state
from paddle.fluid.io.variables import (
    get_program_parameter,
    get_program_persistable_vars,
    is_belong_to_optimizer,
    is_parameter,
    is_persistable,
    load_params,
    load_persistables,
    load_vars,
    save_params,
    save_persistables,
    save_vars,
)

_LAZY = {
    "paddle.reader": (
        "cache map_readers buffered compose chain shuffle ComposeNotAligned firstn xmap_readers multiprocess_reader"
    ),
    "paddle.fluid.reader": "PyReader DataLoader default_collate_fn",
    "paddle.fluid.dataloader": "BatchSampler Dataset",
}
_MODULE_OF = {name: module for module, names in _LAZY.items() for name in names.split()}

__all__ = [
    "save_vars",
    "save_params",
    "save_persistables",
    "load_vars",
    "load_params",
    "load_persistables",
    "save_inference_model",
    "load_inference_model",
    "batch",
    "save",
    "load",
    "load_program_state",
    "set_program_state",
    "get_program_parameter",
    "get_program_persistable_vars",
    "Checkpoint",
]


def __getattr__(name):
    if name not in _MODULE_OF:
        raise AttributeError("module 'paddle.fluid.io' has no attribute '%s'" % name)
    import importlib

    return getattr(importlib.import_module(_MODULE_OF[name]), name)


def __dir__():
    return sorted(list(globals()) + list(_MODULE_OF))

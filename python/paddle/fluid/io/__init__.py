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

_READER_DECORATORS = (
    "cache map_readers buffered compose chain shuffle ComposeNotAligned firstn xmap_readers multiprocess_reader"
).split()
_READERS = ["PyReader", "DataLoader"]

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
    if name in _READER_DECORATORS:
        from paddle import reader

        return getattr(reader, name)
    if name in _READERS:
        from paddle.fluid import reader

        return getattr(reader, name)
    raise AttributeError("module 'paddle.fluid.io' has no attribute '%s'" % name)


def __dir__():
    return sorted(list(globals()) + _READER_DECORATORS + _READERS)

"""Devices, flags and versions."""

import os

import paddle
from paddle.fluid import core


def is_compiled_with_cuda():
    """Whether this build can run on a GPU."""
    return core.is_compiled_with_cuda()


def cpu_places(device_count=None):
    """A list of ``CPUPlace``, as many as ``CPU_NUM`` in the environment says, 1 by default."""
    if device_count is None:
        device_count = int(os.environ.get("CPU_NUM", "1"))
    return [core.CPUPlace()] * device_count


def cuda_places(device_ids=None):
    """A list of ``CUDAPlace``: the devices given, those of ``FLAGS_selected_gpus``, or all.

    Raises:
        RuntimeError: this build has no GPU support.
    """
    if not is_compiled_with_cuda():
        raise RuntimeError("no GPU support is loaded")
    if device_ids is None:
        selected = os.environ.get("FLAGS_selected_gpus")
        device_ids = selected.split(",") if selected else range(core.get_cuda_device_count())
    elif not isinstance(device_ids, (list, tuple)):
        device_ids = [device_ids]
    return [core.CUDAPlace(int(i)) for i in device_ids]


def cuda_pinned_places(device_count=None):
    """A list of ``CUDAPinnedPlace``: ``CPU_NUM`` by default."""
    if not is_compiled_with_cuda():
        raise RuntimeError("no GPU support is loaded")
    if device_count is None:
        device_count = int(os.environ.get("CPU_NUM", "1"))
    return [core.CUDAPinnedPlace()] * device_count


def in_dygraph_mode():
    """Whether ops run as they are written; here they never do: programs are described, then run."""
    return False


def set_flags(flags):
    """Set run-time switches, a dict such as ``{'FLAGS_check_nan_inf': True}``.

    Raises:
        ValueError: there is no such flag.
    """
    if not isinstance(flags, dict):
        raise TypeError("set_flags takes a dict, got %s" % type(flags).__name__)
    for name, value in flags.items():
        core.set_flag(name, value)


def get_flags(flags):
    """The values of run-time switches, as a dict; takes a name or a list of names."""
    names = [flags] if isinstance(flags, str) else flags
    if not isinstance(names, (list, tuple)):
        raise TypeError("get_flags takes a name or a list of names, got %s" % type(flags).__name__)
    return {name: core.flag(name) for name in names}


def load_op_library(lib_filename):
    """Load a library with more ops."""
    from paddle.fluid.framework.op_proto import OpProtoHolder

    core.load_op_library(lib_filename)
    OpProtoHolder.instance().update_op_proto()


def _version_numbers(text, what):
    parts = text.split(".")
    if not 1 <= len(parts) <= 4 or not all(part.isdigit() for part in parts):
        raise ValueError("%s must look like '1.8.5', got %r" % (what, text))
    return [int(part) for part in parts] + [0] * (4 - len(parts))


def require_version(min_version, max_version=None):
    """Check that the version of the interface is in a range, both ends included.

    Raises:
        TypeError, ValueError: the versions are not strings of numbers and dots.
        Exception: the version is outside.
    """
    for what, text in (("min_version", min_version), ("max_version", max_version)):
        if not isinstance(text, str) and not (what == "max_version" and text is None):
            raise TypeError("%s must be a string, got %s" % (what, type(text).__name__))
    here = _version_numbers(paddle.__version__, "the version")
    low = _version_numbers(min_version, "min_version")
    high = _version_numbers(max_version, "max_version") if max_version is not None else None
    if here < low or (high is not None and here > high):
        wanted = "at least %s" % min_version + (" and at most %s" % max_version if max_version else "")
        raise Exception("this needs version %s, installed is %s" % (wanted, paddle.__version__))

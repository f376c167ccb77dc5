"""Where the time goes: a table by op and a trace for Chrome or Perfetto."""

import contextlib

from paddle.fluid import core

__all__ = ["reset_profiler", "profiler", "start_profiler", "stop_profiler", "cuda_profiler"]

_STATES = {"CPU": "kCPU", "GPU": "kCUDA", "All": "kAll"}
_KEYS = {
    None: "kDefault",
    "default": "kDefault",
    "calls": "kCalls",
    "total": "kTotal",
    "max": "kMax",
    "min": "kMin",
    "ave": "kAve",
}
_OPTIONS = ("Default", "OpDetail", "AllOpDetail")


def reset_profiler():
    """Forget what was recorded so far."""
    core.reset_profiler()


def start_profiler(state, tracer_option="Default"):
    """Start recording.

    Args:
        state (str): ``'CPU'``, ``'GPU'`` or ``'All'``.
        tracer_option (str): ``'Default'``, ``'OpDetail'`` or ``'AllOpDetail'``; each op is one event always.

    Raises:
        ValueError: another state or option.
    """
    if state not in _STATES:
        raise ValueError("state must be one of %s, got %r" % (", ".join(_STATES), state))
    if tracer_option not in _OPTIONS:
        raise ValueError("tracer_option must be one of %s, got %r" % (", ".join(_OPTIONS), tracer_option))
    if not core.is_profiler_enabled():
        core.enable_profiler(getattr(core.ProfilerState, _STATES[state]))


def stop_profiler(sorted_key=None, profile_path="/tmp/profile"):
    """Stop recording, print the table and write the trace, JSON for chrome://tracing or ui.perfetto.dev.

    Args:
        sorted_key (str): ``'calls'``, ``'total'``, ``'max'``, ``'min'`` or ``'ave'``; by first call by default.
        profile_path (str): where the trace goes.

    Raises:
        ValueError: another key.
    """
    if sorted_key not in _KEYS:
        raise ValueError("sorted_key must be one of %s, got %r" % (", ".join(k for k in _KEYS if k), sorted_key))
    if not core.is_profiler_enabled():
        return
    core.disable_profiler(getattr(core.EventSortingKey, _KEYS[sorted_key]), profile_path)


@contextlib.contextmanager
def profiler(state, sorted_key=None, profile_path="/tmp/profile", tracer_option="Default"):
    """Record what runs inside the ``with`` block; see ``start_profiler`` and ``stop_profiler``."""
    start_profiler(state, tracer_option)
    try:
        yield
    finally:
        stop_profiler(sorted_key, profile_path)


def cuda_profiler(output_file, output_mode=None, config=None):
    """Not there: it steered a profiler that CUDA does not have any more.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("cuda_profiler is not there; run `nsys profile -o %s python script.py`" % output_file)

"""What old scripts call before training on one machine."""

import warnings

__all__ = ["memory_optimize", "release_memory"]


def memory_optimize(
    input_program, skip_opt_set=None, print_log=False, level=0, skip_grads=True, skip_vars=None, **kwargs
):
    """Does nothing: the executor plans memory for every program. Kept for old scripts."""
    warnings.warn("memory_optimize does nothing: the executor plans memory itself", DeprecationWarning, stacklevel=2)


def release_memory(input_program, skip_opt_set=None):
    """Does nothing: the executor plans memory for every program. Kept for old scripts."""
    warnings.warn("release_memory does nothing: the executor plans memory itself", DeprecationWarning, stacklevel=2)

"""The Python interface: ``import paddle.fluid as fluid``."""

__version__ = "1.8.5"  # of the interface; the distribution has its own version

from paddle.batch import batch

_LAZY = ("fluid", "reader", "dataset")

__all__ = ["batch", "fluid", "reader", "dataset"]


def __getattr__(name):
    if name in _LAZY:
        import importlib

        return importlib.import_module("paddle." + name)
    raise AttributeError("module 'paddle' has no attribute '%s'" % name)


def __dir__():
    return sorted(list(globals()) + list(_LAZY))

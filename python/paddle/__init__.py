"""The Python interface: ``import paddle.fluid as fluid``."""

__version__ = "1.8.5"  # of the interface; the distribution has its own version

from paddle.batch import batch

_LAZY = ("fluid", "reader", "dataset")

__all__ = ["batch", "fluid", "reader", "dataset"]


def _load_core():
    """Imports the compiled module.

    OpenMP's threads wait for each other by spinning, for milliseconds unless told otherwise: where programs share cores,
    they keep those from running for whom they wait. libgomp reads the setting once, when it is loaded.

    TensorFlow puts its own copy of protobuf where all libraries look first: beside it ours looks in its own libraries before.
    """
    import os
    import sys

    told = {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}.intersection(os.environ)
    if not told:
        os.environ["GOMP_SPINCOUNT"] = "2000"
    dlopen_flags = sys.getdlopenflags()
    if "tensorflow" in sys.modules:
        sys.setdlopenflags(dlopen_flags | os.RTLD_DEEPBIND)
    try:
        from paddle import _core  # noqa: F401
    finally:
        sys.setdlopenflags(dlopen_flags)
        if not told:
            del os.environ["GOMP_SPINCOUNT"]


_load_core()


def __getattr__(name):
    if name in _LAZY:
        import importlib

        return importlib.import_module("paddle." + name)
    raise AttributeError("module 'paddle' has no attribute '%s'" % name)


def __dir__():
    return sorted(list(globals()) + list(_LAZY))

"""Readers of well-known data sets, from their original files.

Nothing is downloaded: a reader whose file is not there says which file to put where. Files are looked for below
``paddle.dataset.common.DATA_HOME``, ``~/.cache/paddle/dataset`` unless the environment variable ``PADDLE_DATA_HOME``
says otherwise, in a folder named after the module.
"""

_MODULES = (
    "cifar common conll05 flowers image imdb imikolov mnist movielens mq2007 sentiment uci_housing voc2012 wmt14 wmt16"
).split()

__all__ = [name for name in _MODULES if name != "common"]


def __getattr__(name):
    if name in _MODULES:
        import importlib

        return importlib.import_module("paddle.dataset." + name)
    raise AttributeError("module 'paddle.dataset' has no attribute '%s'" % name)


def __dir__():
    return sorted(list(globals()) + _MODULES)

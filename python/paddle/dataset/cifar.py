"""CIFAR-10 and CIFAR-100: 60,000 colour images of 32 by 32 pixels each.

Files, in the folder ``cifar``: ``cifar-10-python.tar.gz``, ``cifar-100-python.tar.gz``. Source: Krizhevsky, "Learning
Multiple Layers of Features from Tiny Images", 2009.
"""

import io
import tarfile

import numpy as np

from paddle.dataset import common

__all__ = ["train100", "test100", "train10", "test10"]

_SOURCE = "https://www.cs.toronto.edu/~kriz/"


def _reader(name, part, cycle=False):
    from paddle.fluid.io.state_file import read_arrays

    def once(path):
        with tarfile.open(path, "r") as archive:
            members = sorted((m for m in archive if m.isfile() and part in m.name), key=lambda m: m.name)
            if not members:
                raise ValueError("the file %s holds no '%s'" % (path, part))
            for member in members:
                batch = read_arrays(io.BytesIO(archive.extractfile(member).read()), member.name)
                labels = batch.get("labels", batch.get("fine_labels"))
                if labels is None or "data" not in batch:
                    raise ValueError("%s in %s holds no labels or no data" % (member.name, path))
                for pixels, label in zip(np.asarray(batch["data"]), labels):
                    yield (pixels / 255.0).astype("float32"), int(label)

    def reader():
        path = common.find("cifar", name, _SOURCE)
        yield from once(path)
        while cycle:
            yield from once(path)

    return reader


def train100():
    """A reader of the 50,000 training samples of CIFAR-100: pixels from 0 to 1, float32 (3072,), and the class."""
    return _reader("cifar-100-python.tar.gz", "train")


def test100():
    """A reader of the 10,000 test samples of CIFAR-100; see ``train100``."""
    return _reader("cifar-100-python.tar.gz", "test")


def train10(cycle=False):
    """A reader of the 50,000 training samples of CIFAR-10: pixels from 0 to 1, float32 (3072,), and the class.

    ``cycle``: without end.
    """
    return _reader("cifar-10-python.tar.gz", "data_batch", cycle)


def test10(cycle=False):
    """A reader of the 10,000 test samples of CIFAR-10; see ``train10``."""
    return _reader("cifar-10-python.tar.gz", "test_batch", cycle)

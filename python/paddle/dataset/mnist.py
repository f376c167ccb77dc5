"""MNIST: 70,000 handwritten digits of 28 by 28 pixels.

Files, in the folder ``mnist``: ``train-images-idx3-ubyte.gz``, ``train-labels-idx1-ubyte.gz``,
``t10k-images-idx3-ubyte.gz``, ``t10k-labels-idx1-ubyte.gz``. Source: LeCun et al., "Gradient-based learning applied to
document recognition", 1998.
"""

import gzip
import struct

import numpy as np

from paddle.dataset import common

__all__ = ["train", "test"]

_SOURCE = "http://yann.lecun.com/exdb/mnist/"


def _read(path, magic, header):
    """(sizes, values) of an IDX file."""
    with gzip.open(path, "rb") as file:
        head = file.read(4 * header)
        if len(head) != 4 * header:
            raise ValueError("the file %s is too short" % path)
        numbers = struct.unpack(">%dI" % header, head)
        if numbers[0] != magic:
            raise ValueError("the file %s starts with %d, not %d" % (path, numbers[0], magic))
        values = np.frombuffer(file.read(), "uint8")
    size = 1
    for number in numbers[1:]:
        size *= number
    if values.size != size:
        raise ValueError("the file %s should hold %d values, it holds %d" % (path, size, values.size))
    return numbers[1:], values


def _reader(prefix):
    def reader():
        images = common.find("mnist", prefix + "-images-idx3-ubyte.gz", _SOURCE)
        labels = common.find("mnist", prefix + "-labels-idx1-ubyte.gz", _SOURCE)
        (count, height, width), pixels = _read(images, 2051, 4)
        (label_count,), classes = _read(labels, 2049, 2)
        if count != label_count:
            raise ValueError("there are %d images, but %d labels" % (count, label_count))
        pixels = pixels.reshape(count, height * width).astype("float32") / 255.0 * 2.0 - 1.0
        for image, label in zip(pixels, classes):
            yield image, int(label)

    return reader


def train():
    """A reader of the 60,000 training samples: pixels from -1 to 1, float32 (784,), and the digit."""
    return _reader("train")


def test():
    """A reader of the 10,000 test samples; see ``train``."""
    return _reader("t10k")

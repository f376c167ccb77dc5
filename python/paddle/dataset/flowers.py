"""102 kinds of flowers: 8,189 colour images.

Files, in the folder ``flowers``: ``102flowers.tgz``, ``imagelabels.mat``, ``setid.mat``. Pillow and SciPy must be installed.
Source: Nilsback and Zisserman, "Automated Flower Classification over a Large Number of Classes", 2008.
"""

import functools
import tarfile

from paddle.dataset import common
from paddle.dataset.image import load_image_bytes, simple_transform
from paddle.reader import map_readers, xmap_readers

__all__ = ["train", "test", "valid"]

_SOURCE = "http://www.robots.ox.ac.uk/~vgg/data/flowers/102/"
_MEAN = [103.94, 116.78, 123.68]  # of blue, green, red over ImageNet


def default_mapper(is_train, sample):
    """Pixels, float32 (150528,), and label of a sample of bytes and label: ``simple_transform`` to 224 x 224, less the mean
    of ImageNet."""
    image, label = sample
    image = simple_transform(load_image_bytes(image), 256, 224, is_train, mean=_MEAN)
    return image.flatten().astype("float32"), label


train_mapper = functools.partial(default_mapper, True)
test_mapper = functools.partial(default_mapper, False)


def _matrix(name, key):
    try:
        from scipy.io import loadmat
    except ImportError:
        raise ImportError("the file %s is read with SciPy, which is not installed: pip install scipy" % name) from None
    return loadmat(common.find("flowers", name, _SOURCE))[key][0]


def _labels(part):
    """A dict from the names of images in the archive to their labels, 0 to 101."""
    labels = _matrix("imagelabels.mat", "labels")
    return {"jpg/image_%05d.jpg" % i: int(labels[i - 1]) - 1 for i in _matrix("setid.mat", part)}


def _reader(part, mapper, buffered_size, use_xmap, cycle=False):
    def once():
        labels = _labels(part)
        with tarfile.open(common.find("flowers", "102flowers.tgz", _SOURCE)) as archive:
            for member in archive:
                if member.name in labels:
                    yield archive.extractfile(member).read(), labels[member.name]

    def samples():
        yield from once()
        while cycle:
            yield from once()

    if use_xmap:
        return xmap_readers(mapper, samples, 2, buffered_size)
    return map_readers(mapper, samples)


def train(mapper=train_mapper, buffered_size=1024, use_xmap=True, cycle=False):
    """A reader of the 6,149 training samples (the larger part, which the authors call the test set).

    Args:
        mapper: makes a sample of (bytes of an image file, label from 0 to 101); by default pixels less the mean, float32
            (150528,), cut out and mirrored at random, and the label.
        buffered_size (int): samples made ahead.
        use_xmap (bool): run ``mapper`` in two threads; the order is not fixed then.
        cycle (bool): without end.
    """
    return _reader("tstid", mapper, buffered_size, use_xmap, cycle)


def test(mapper=test_mapper, buffered_size=1024, use_xmap=True, cycle=False):
    """A reader of the 1,020 test samples, the middle of each image; see ``train``."""
    return _reader("trnid", mapper, buffered_size, use_xmap, cycle)


def valid(mapper=test_mapper, buffered_size=1024, use_xmap=True):
    """A reader of the 1,020 samples for validation, the middle of each image; see ``train``."""
    return _reader("valid", mapper, buffered_size, use_xmap)

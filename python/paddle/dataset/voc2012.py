"""PASCAL VOC 2012: images and the kind of thing that each pixel shows.

File, in the folder ``voc2012``: ``VOCtrainval_11-May-2012.tar``. Pillow must be installed. Source: Everingham et al., "The
PASCAL Visual Object Classes Challenge 2012".
"""

import io
import tarfile

import numpy as np

from paddle.dataset import common
from paddle.dataset.image import _pillow

__all__ = ["train", "test", "val"]

_SOURCE = "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/"
_FOLDER = "VOCdevkit/VOC2012/"


def _reader(part):
    def reader():
        image, _ = _pillow()
        with tarfile.open(common.find("voc2012", "VOCtrainval_11-May-2012.tar", _SOURCE)) as archive:

            def content(name):
                return archive.extractfile(_FOLDER + name).read()

            for name in content("ImageSets/Segmentation/%s.txt" % part).decode().split():
                pixels = image.open(io.BytesIO(content("JPEGImages/%s.jpg" % name)))
                label = image.open(io.BytesIO(content("SegmentationClass/%s.png" % name)))
                yield np.array(pixels), np.array(label)

    return reader


def train():
    """A reader of all 2,913 samples: pixels, uint8 [height, width, 3] in red, green, blue, and what each shows, uint8
    [height, width]: 0 the background, 1 to 20 things, 255 their edges."""
    return _reader("trainval")


def test():
    """A reader of the 1,464 samples meant for training, a part of ``train``."""
    return _reader("train")


def val():
    """A reader of the 1,449 samples meant for validation, a part of ``train``."""
    return _reader("val")

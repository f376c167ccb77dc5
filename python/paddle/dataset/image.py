"""Reading and changing images: arrays of bytes, height x width x channel, the channels blue, green, red.

Files are read with Pillow, which must be installed.
"""

import io
import os
import pickle
import tarfile

import numpy as np

__all__ = [
    "load_image_bytes",
    "load_image",
    "resize_short",
    "to_chw",
    "center_crop",
    "random_crop",
    "left_right_flip",
    "simple_transform",
    "load_and_transform",
    "batch_images_from_tar",
]


def _pillow():
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise ImportError("images are read with Pillow, which is not installed: pip install Pillow") from None
    return Image, ImageOps


def batch_images_from_tar(data_file, dataset_name, img2label, num_per_batch=1024):
    """Write the images of an archive to files of many each.

    Args:
        data_file (str): the archive.
        dataset_name (str): names the files.
        img2label (dict): from the names of images in the archive to labels; others are left out.
        num_per_batch (int): images in a file.

    Returns:
        The path of a file that lists the files; each is a pickle of ``{"label": [...], "data": [bytes, ...]}``. Where it is
        there already, nothing is written.
    """
    folder = os.path.join(data_file + "_batch", dataset_name)
    listing = folder + ".txt"
    if os.path.exists(listing):
        return listing
    os.makedirs(folder, exist_ok=True)
    paths, data, labels = [], [], []

    def write():
        paths.append(os.path.join(os.path.abspath(folder), "batch_%d" % len(paths)))
        with open(paths[-1], "wb") as file:
            pickle.dump({"label": list(labels), "data": list(data)}, file, protocol=2)
        data.clear()
        labels.clear()

    with tarfile.open(data_file) as archive:
        for member in archive:
            if member.name in img2label:
                data.append(archive.extractfile(member).read())
                labels.append(img2label[member.name])
                if len(data) == num_per_batch:
                    write()
    if data:
        write()
    with open(listing, "w") as file:
        file.write("".join(path + "\n" for path in paths))
    return listing


def load_image_bytes(bytes, is_color=True):
    """An image from the content of its file: uint8 [height, width, 3], or [height, width] in grey.

    Raises:
        ValueError: it is no image.
    """
    image, ops = _pillow()
    try:
        opened = ops.exif_transpose(image.open(io.BytesIO(bytes)))
        pixels = np.array(opened.convert("RGB" if is_color else "L"))
    except OSError as error:
        raise ValueError("the %d bytes are no image: %s" % (len(bytes), error)) from None
    return np.ascontiguousarray(pixels[:, :, ::-1]) if is_color else pixels


def load_image(file, is_color=True):
    """An image from a file; see ``load_image_bytes``."""
    with open(file, "rb") as opened:
        return load_image_bytes(opened.read(), is_color)


def _cubic(size, new_size):
    """Where each of ``new_size`` pixels takes its value from ``size``: four places and weights each (Keys, a = -0.75)."""
    at = (np.arange(new_size) + 0.5) * (size / new_size) - 0.5
    first = np.floor(at)
    distance = np.abs(at[:, None] - (first[:, None] + np.arange(-1, 3)))
    a = -0.75
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    weights = np.where(distance <= 1, near, far)
    places = np.clip(first[:, None].astype(np.int64) + np.arange(-1, 3), 0, size - 1)
    return places, weights


def _resize(im, height, width):
    pixels = im.astype(np.float64).reshape(im.shape[0], im.shape[1], -1)
    places, weights = _cubic(im.shape[1], width)
    pixels = np.einsum("hwkc,wk->hwc", pixels[:, places], weights)
    places, weights = _cubic(im.shape[0], height)
    pixels = np.einsum("hkwc,hk->hwc", pixels[places], weights)
    pixels = pixels.reshape((height, width) + im.shape[2:])
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8) if im.dtype == np.uint8 else pixels.astype(im.dtype)


def resize_short(im, size):
    """An image resized (bicubic) so that its shorter edge has ``size`` pixels."""
    height, width = im.shape[:2]
    if height > width:
        return _resize(im, size * height // width, size)
    return _resize(im, size, size * width // height)


def to_chw(im, order=(2, 0, 1)):
    """An image with its axes in another order; by default channel x height x width."""
    if len(im.shape) != len(order):
        raise ValueError("an image with %d axes cannot take the order %s" % (len(im.shape), tuple(order)))
    return im.transpose(order)


def _crop(im, top, left, size):
    return im[top : top + size, left : left + size]


def _check_crop(im, size):
    if min(im.shape[:2]) < size:
        raise ValueError("no %d x %d pixels can be cut out of an image of %d x %d" % ((size, size) + im.shape[:2]))


def center_crop(im, size, is_color=True):
    """The ``size`` x ``size`` pixels in the middle of an image."""
    _check_crop(im, size)
    return _crop(im, (im.shape[0] - size) // 2, (im.shape[1] - size) // 2, size)


def random_crop(im, size, is_color=True):
    """``size`` x ``size`` pixels of an image, anywhere; NumPy's random numbers decide."""
    _check_crop(im, size)
    top = np.random.randint(0, im.shape[0] - size + 1)
    left = np.random.randint(0, im.shape[1] - size + 1)
    return _crop(im, top, left, size)


def left_right_flip(im, is_color=True):
    """An image mirrored, left to right."""
    return im[:, ::-1]


def simple_transform(im, resize_size, crop_size, is_train, is_color=True, mean=None):
    """What an image is usually put through: resized, cropped, for training mirrored half of the time.

    Args:
        im (numpy.ndarray): [height, width, channel], or [height, width] in grey.
        resize_size (int): of the shorter edge.
        crop_size (int): of both edges after that.
        is_train (bool): crop anywhere and mirror at random; else crop the middle.
        is_color (bool): whether there are channels.
        mean: subtracted: a number for each channel, or an array of the result's shape.

    Returns:
        float32 [channel, height, width], or [height, width] in grey.
    """
    im = resize_short(im, resize_size)
    if is_train:
        im = random_crop(im, crop_size, is_color)
        if np.random.randint(2) == 0:
            im = left_right_flip(im, is_color)
    else:
        im = center_crop(im, crop_size, is_color)
    if len(im.shape) == 3:
        im = to_chw(im)
    im = im.astype("float32")
    if mean is None:
        return im
    mean = np.array(mean, dtype=np.float32)
    if mean.ndim == 1 and im.ndim == 3:
        mean = mean[:, np.newaxis, np.newaxis]
    return im - mean


def load_and_transform(filename, resize_size, crop_size, is_train, is_color=True, mean=None):
    """An image from a file, put through ``simple_transform``."""
    return simple_transform(load_image(filename, is_color), resize_size, crop_size, is_train, is_color, mean)

"""What goes into a predictor and comes out of it."""

import math
import struct

import numpy as np

from paddle.fluid.enumeration import Enumeration


class PaddleDType(Enumeration):
    """Element types of a ``PaddleTensor``."""

    FLOAT32 = 0
    INT64 = 1
    INT32 = 2


class PaddlePlace(Enumeration):
    """Where a tensor is."""

    UNK = -1
    CPU = 0
    GPU = 1


_TO_NUMPY = {
    PaddleDType.FLOAT32: np.dtype("float32"),
    PaddleDType.INT64: np.dtype("int64"),
    PaddleDType.INT32: np.dtype("int32"),
}
_FROM_NUMPY = {dtype: value for value, dtype in _TO_NUMPY.items()}


def paddle_dtype_size(dtype):
    """Bytes of one element of a ``PaddleDType``."""
    return _TO_NUMPY[PaddleDType(dtype)].itemsize


def dtype_of(array, what):
    """The ``PaddleDType`` of an array.

    Raises:
        ValueError: there is none for its element type.
    """
    found = _FROM_NUMPY.get(array.dtype)
    if found is None:
        raise ValueError("%s takes float32, int64 or int32, got %s; convert it with astype" % (what, array.dtype))
    return found


def _bytes_of(array):
    """The memory of a dense array as a flat array of bytes; no copy."""
    return array.reshape(-1).view(np.uint8)


class PaddleBuf:
    """A block of memory.

    Args:
        data: its size in bytes, or its content: a list of floats, or an array of float32, int64 or int32 (a copy).

    Raises:
        ValueError: the array has another element type, or the size is negative.
    """

    def __init__(self, data):
        if isinstance(data, (int, np.integer)) and not isinstance(data, bool):
            if data < 0:
                raise ValueError("the size of a PaddleBuf must not be negative, got %d" % data)
            self._bytes = np.zeros(data, np.uint8)
        else:
            self._bytes = self._content(data).copy()

    @classmethod
    def _over(cls, array):
        """A buffer over the memory of a dense array."""
        self = cls.__new__(cls)
        self._bytes = _bytes_of(array)
        return self

    @staticmethod
    def _content(data):
        array = np.asarray(data, np.float32) if isinstance(data, (list, tuple)) else data
        if not isinstance(array, np.ndarray):
            raise TypeError(
                "PaddleBuf takes a size, a list of floats or a numpy.ndarray, got %s" % type(data).__name__
            )
        dtype_of(array, "PaddleBuf")
        return _bytes_of(np.ascontiguousarray(array))

    def resize(self, size):
        """Make room for ``size`` bytes. A block that is large enough stays as it is; a larger one holds zeros."""
        if size > self.length():
            self._bytes = np.zeros(size, np.uint8)

    def reset(self, data):
        """Copy a list of floats, or an array of float32, int64 or int32, to the start; the block grows if need be."""
        content = self._content(data)
        self.resize(content.size)
        self._bytes[: content.size] = content

    def empty(self):
        """Whether it has no bytes."""
        return self.length() == 0

    def length(self):
        """Its size in bytes."""
        return self._bytes.size

    def _as(self, dtype):
        size = self.length() // dtype.itemsize * dtype.itemsize
        return self._bytes[:size].view(dtype)

    def tolist(self, dtype):
        """The content as a list of numbers; ``dtype``: ``'int32'``, ``'int64'`` or ``'float32'``.

        Raises:
            ValueError: another ``dtype``.
        """
        if dtype not in ("int32", "int64", "float32"):
            raise ValueError("tolist takes 'int32', 'int64' or 'float32', got %r" % (dtype,))
        return self._as(np.dtype(dtype)).tolist()

    def float_data(self):
        """The content as a list of floats."""
        return self.tolist("float32")

    def int64_data(self):
        """The content as a list of 64-bit integers."""
        return self.tolist("int64")

    def int32_data(self):
        """The content as a list of 32-bit integers."""
        return self.tolist("int32")


class PaddleTensor:
    """A named array for ``PaddlePredictor.run``.

    Args:
        data (numpy.ndarray): of float32, int64 or int32.
        name (str): of the input; needed only where the configuration says ``switch_specify_input_names()``.
        lod (list): offsets of the sequences, a list for each level, as ``[[0, 2, 5]]``.
        copy (bool): False: use the array's own memory, which must then stay as it is until the run is over.

    Attributes:
        shape (list), dtype (PaddleDType), data (PaddleBuf), name (str), lod (list): all may be set.

    Raises:
        ValueError: the array has another element type.
    """

    def __init__(self, data=None, name="", lod=(), copy=True):
        self.name = name
        self.lod = lod
        if data is None:
            self.shape, self._dtype, self._data = [], PaddleDType.FLOAT32, PaddleBuf(0)
        else:
            self._take(np.array(data, order="C") if copy else np.asarray(data, order="C"))

    def _take(self, array):
        """Become a dense array, and use its memory."""
        self._dtype = dtype_of(array, "PaddleTensor")
        self.shape = list(array.shape)
        self._data = PaddleBuf._over(array)

    @classmethod
    def _over(cls, array, name, lod):
        """A tensor over the memory of a dense array."""
        self = cls.__new__(cls)
        self.name, self._lod = name, lod
        self._take(array)
        return self

    @property
    def lod(self):
        return self._lod

    @lod.setter
    def lod(self, levels):
        self._lod = [[int(offset) for offset in level] for level in levels]

    @property
    def dtype(self):
        return self._dtype

    @dtype.setter
    def dtype(self, value):
        self._dtype = PaddleDType(value)

    @property
    def data(self):
        return self._data

    @data.setter
    def data(self, buffer):
        if not isinstance(buffer, PaddleBuf):
            raise TypeError("data must be a PaddleBuf, got %s" % type(buffer).__name__)
        self._data = buffer

    def _view(self):
        """The array over the buffer's memory."""
        dtype = _TO_NUMPY[self._dtype]
        needed = math.prod(self.shape) * dtype.itemsize
        if min(self.shape, default=0) < 0 or needed > self._data.length():
            raise ValueError(
                "a PaddleTensor of shape %s and type %s takes %d bytes, its buffer has %d"
                % (list(self.shape), dtype, needed, self.data.length())
            )
        return self._data._bytes[:needed].view(dtype).reshape(self.shape)

    def as_ndarray(self):
        """The content as an array, a copy.

        Raises:
            ValueError: the buffer has fewer bytes than shape and type say.
        """
        return self._view().copy()


def paddle_tensor_to_bytes(tensor):
    """A ``PaddleTensor`` as bytes: a version 0, then name, LoD, shape, type and content, each behind its length."""
    name = tensor.name.encode()
    parts = [struct.pack("<IQ", 0, len(name)), name, struct.pack("<Q", len(tensor.lod))]
    for level in tensor.lod:
        parts.append(struct.pack("<Q%dQ" % len(level), 8 * len(level), *level))
    parts.append(struct.pack("<Q%di" % len(tensor.shape), len(tensor.shape), *tensor.shape))
    content = tensor.data._bytes.tobytes()
    return b"".join(parts + [struct.pack("<iQ", tensor.dtype, len(content)), content])

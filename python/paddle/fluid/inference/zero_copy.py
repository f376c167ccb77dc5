"""Inputs and outputs that stay with the predictor."""

import numpy as np

from paddle.fluid import core
from paddle.fluid.inference.tensors import dtype_of


class ZeroCopyTensor:
    """An input or output of a predictor, from ``get_input_tensor`` or ``get_output_tensor``.

    What ``copy_from_cpu`` writes is what the run reads; ``copy_to_cpu`` hands over the memory that the run wrote.
    """

    def __init__(self):
        raise TypeError("a ZeroCopyTensor comes from get_input_tensor or get_output_tensor of a predictor")

    @classmethod
    def _make(cls, name, is_input):
        self = cls.__new__(cls)
        self._name = name
        self._is_input = is_input
        self._array = None
        self._handed_over = False
        self._lod = []
        self._dims = []
        return self

    def _only_input(self, what):
        if not self._is_input:
            raise ValueError("%s is for inputs; '%s' is an output of the predictor" % (what, self._name))

    def _content(self):
        if self._array is None:
            first = "call copy_from_cpu first" if self._is_input else "call zero_copy_run first"
            raise ValueError("'%s' holds no value yet: %s" % (self._name, first))
        return self._array

    def reshape(self, shape):
        """Make an input of that shape; its content is undefined until ``copy_from_cpu``."""
        self._only_input("reshape")
        sizes = [int(size) for size in shape]
        if min(sizes, default=0) < 0:
            raise ValueError("the sizes of '%s' must not be negative, got %s" % (self._name, sizes))
        self._dims = sizes
        if self._array is not None and self._array.size == np.prod(sizes, dtype=np.int64):
            self._array = self._array.reshape(sizes)
        else:
            self._array = None

    def copy_from_cpu(self, data):
        """Copy an array in; the input takes its shape and element type."""
        self._only_input("copy_from_cpu")
        if not isinstance(data, np.ndarray):
            raise TypeError("copy_from_cpu takes a numpy.ndarray, got %s" % type(data).__name__)
        held = self._array
        if held is not None and held.shape == data.shape and held.dtype == data.dtype:
            np.copyto(held, data)
        else:
            self._array = np.array(data, order="C")
            self._dims = list(data.shape)

    def share_external_data(self, data):
        """Use the memory of a dense array, without a copy; it must stay as it is until the run is over."""
        self._only_input("share_external_data")
        if not isinstance(data, np.ndarray) or not data.flags.c_contiguous:
            raise TypeError("share_external_data takes a dense numpy.ndarray")
        self._array = data
        self._dims = list(data.shape)

    def copy_to_cpu(self):
        """The content as an array.

        Of an output, the first call after a run hands over the memory that the run wrote, without a copy; later calls
        copy that.

        Raises:
            ValueError: there was no run yet.
        """
        array = self._content()
        if self._is_input or self._handed_over:
            return array.copy()
        self._handed_over = True
        return array

    def shape(self):
        """The sizes, a list; ``[0]`` before there is content."""
        return list(self._dims) if self._dims or self._array is not None else [0]

    def type(self):
        """The ``PaddleDType``.

        Raises:
            ValueError: there is no content yet, or none for its element type.
        """
        return dtype_of(self._content(), "a PaddleDType")

    def set_lod(self, x):
        """The offsets of the sequences of an input, a list for each level, as ``[[0, 2, 5]]``."""
        self._only_input("set_lod")
        self._lod = [[int(offset) for offset in level] for level in x]

    def lod(self):
        """The offsets of the sequences, a list for each level."""
        return [list(level) for level in self._lod]

    def _to_tensor(self):
        """The tensor that the run reads: the same memory."""
        tensor = core.from_numpy(self._content(), True)
        if self._lod:
            tensor.set_lod(self._lod)
        return tensor

    def _take(self, tensor):
        """What a run gave."""
        self._array = tensor.numpy(copy=False)
        self._handed_over = False
        self._lod = tensor.lod()
        self._dims = list(tensor.shape())

"""Values for the inputs of a case: random arrays that are kind to numeric gradients, LoD tensors, SelectedRows."""

import zlib

import numpy as np

from paddle import _core as core


class LodArray(np.ndarray):
    """An array with sequence lengths, outermost level first: ``lengths`` ([]: none). Results of arithmetic keep the operand's."""

    def __new__(cls, array, lengths):
        self = np.asarray(array).view(cls)
        self.lengths = lengths
        return self

    def __array_finalize__(self, other):
        self.lengths = getattr(other, "lengths", [])

    def sequences(self):
        """The rows of each sequence of the last level, as plain arrays."""
        ends = np.cumsum(self.lengths[-1])
        return np.split(np.asarray(self), ends[:-1]) if len(ends) else []


class Rows:
    """SelectedRows: ``rows[i]`` is the row of the whole matrix (of ``height`` rows) that ``value[i]`` is, or is added to."""

    def __init__(self, rows, value, height):
        self.rows, self.value, self.height = list(rows), value, height

    def dense(self):
        out = np.zeros((self.height,) + self.value.shape[1:], self.value.dtype)
        np.add.at(out, self.rows, self.value)
        return out


class Spec:
    """A value that is drawn when the case runs: ``make(rng, dtype)`` gives the array."""

    def __init__(self, make, follows_dtype):
        self.make, self.follows_dtype = make, follows_dtype


def distinct(*shape):
    """Distinct values spread over [-1, 1], none near 0: no ties and no kinks for numeric gradients. What a plain tuple means.

    Of integer dtypes: distinct numbers around 0. Of bool: random.
    """

    def make(rng, dtype):
        count = int(np.prod(shape, dtype=np.int64))
        if dtype == "bool":
            return rng.random(shape) < 0.5
        order = rng.permutation(count)
        if np.dtype(dtype).kind == "i":
            return (order - count // 2).astype(dtype).reshape(shape)
        if np.dtype(dtype).kind == "u":
            return order.astype(dtype).reshape(shape)
        return ((order + 0.5 + 0.25 * (order * 2 >= count) - 0.25 * (order * 2 < count)) / max(count, 1) * 2 - 1).astype(dtype).reshape(shape)

    return Spec(make, True)


def uniform(*shape, low=-1.0, high=1.0):
    """Random numbers in [low, high) of the case's dtype."""
    return Spec(lambda rng, dtype: rng.uniform(low, high, shape).astype(dtype), True)


def positive(*shape):
    """Random numbers in [0.5, 2): for logarithms, roots, variances."""
    return uniform(*shape, low=0.5, high=2.0)


def simplex(*shape, axis=-1):
    """Random probabilities of the case's dtype that sum to one along ``axis``, none near 0."""

    def make(rng, dtype):
        values = rng.uniform(0.2, 1.0, shape)
        return (values / values.sum(axis, keepdims=True)).astype(dtype)

    return Spec(make, True)


def ints(*shape, high, low=0, dtype="int64"):
    """Random integers in [low, high), of ``dtype`` whatever the case's dtype is."""
    return Spec(lambda rng, _: rng.integers(low, high, shape).astype(dtype), False)


def lod(value, *lengths):
    """A value (shape tuple, array or one of the above) with sequence lengths, outermost level first: ``lod((5, 2), [2, 3])``."""
    inner = as_spec(value)
    return Spec(lambda rng, dtype: LodArray(inner.make(rng, dtype), [list(level) for level in lengths]), inner.follows_dtype)


def rows(indices, value, height):
    """SelectedRows with the given row indices: ``rows([4, 0, 4], (3, 2), height=6)``."""
    inner = as_spec(value)
    return Spec(lambda rng, dtype: Rows(indices, inner.make(rng, dtype), height), inner.follows_dtype)


def as_spec(value):
    if isinstance(value, Spec):
        return value
    if isinstance(value, tuple):
        return distinct(*value)
    return Spec(lambda rng, dtype: value if isinstance(value, (np.ndarray, Rows)) else np.asarray(value), False)


def changed(case, **parts):
    """A case with parts replaced; those that are None left out."""
    return {slot: value for slot, value in {**case, **parts}.items() if value is not None}


def generator(*key):
    """A random generator that depends on the key alone, so that failures repeat."""
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


class NotFed(Exception):
    """The core refused the value before any op could see it."""


def to_core(value):
    """An array or LodArray as a tensor."""
    tensor = core.LoDTensor()
    try:
        tensor.set(np.ascontiguousarray(value).reshape(np.shape(value)), core.CPUPlace())
        if isinstance(value, LodArray) and value.lengths:
            tensor.set_recursive_sequence_lengths(value.lengths)
    except core.EnforceNotMet as error:
        raise NotFed(str(error)) from error
    return tensor


def from_core(value):
    """A fetched value as array (LodArray where it has a LoD), Rows, or list of arrays."""
    if isinstance(value, core.SelectedRows):
        return Rows(value.rows(), np.array(value.get_tensor()), value.height())
    if isinstance(value, core.LoDTensorArray):
        return [from_core(value[i]) for i in range(len(value))]
    array = np.array(value)
    lengths = value.recursive_sequence_lengths()
    return LodArray(array, lengths) if lengths else array


def dtype_name(value):
    if isinstance(value, Rows):
        return dtype_name(value.value)
    return np.asarray(value).dtype.name


VAR_TYPES = {
    "bool": core.VarDesc.VarType.BOOL,
    "int8": core.VarDesc.VarType.INT8,
    "uint8": core.VarDesc.VarType.UINT8,
    "int16": core.VarDesc.VarType.INT16,
    "uint16": core.VarDesc.VarType.BF16,
    "int32": core.VarDesc.VarType.INT32,
    "int64": core.VarDesc.VarType.INT64,
    "float16": core.VarDesc.VarType.FP16,
    "float32": core.VarDesc.VarType.FP32,
    "float64": core.VarDesc.VarType.FP64,
}

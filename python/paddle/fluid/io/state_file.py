"""Files of named arrays (``.pdparams``, ``.pdopt``): pickles of a dict, read without trust and written atomically."""

import io
import os
import pickle
import struct

import numpy as np

_KINDS = frozenset("b1 ?1 u1 i1 i2 i4 i8 u2 u4 u8 f2 f4 f8".split())


class UnsafeFile(ValueError, pickle.UnpicklingError):
    """A file holds what no file of arrays does."""


def atomic_write(path, write):
    """Call ``write(file)`` on a temporary file beside ``path``, then put it in the place of ``path``."""
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, ".%s.%d.tmp" % (os.path.basename(path), os.getpid()))
    try:
        with open(temporary, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


# Writing. The opcodes are those of protocol 2 and the names those of NumPy 1, which NumPy 2 reads too.


def _text(value):
    data = value.encode("utf-8", "surrogatepass")
    if len(data) < 1 << 32:
        return b"X" + struct.pack("<I", len(data)) + data
    return b"\x8d" + struct.pack("<Q", len(data)) + data


def _integer(value):
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + struct.pack("<B", len(data)) + data


def _bytes(value):
    return b"c_codecs\nencode\n" + _text(value.decode("latin1")) + _text("latin1") + b"\x86R"


def _dtype(dtype):
    order = "|" if dtype.itemsize == 1 else "<"
    state = _integer(3) + _text(order) + b"NNN" + _integer(-1) + _integer(-1) + _integer(0)
    name = "%s%d" % (dtype.kind, dtype.itemsize)
    return b"cnumpy\ndtype\n" + _text(name) + _integer(0) + _integer(1) + b"\x87R(" + state + b"tb"


def _array(array):
    array = np.ascontiguousarray(array).reshape(array.shape)
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    start = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + _integer(0) + b"\x85" + _bytes(b"b") + b"\x87R"
    shape = b"(" + b"".join(_integer(size) for size in array.shape) + b"t"
    state = b"(" + _integer(1) + shape + _dtype(array.dtype) + b"\x89" + _bytes(array.tobytes()) + b"tb"
    return start + state


def write_arrays(file, arrays):
    """Write a dict of names to arrays as a pickle."""
    file.write(b"\x80\x02}")
    for name, array in arrays.items():
        file.write(_text(name))
        file.write(_array(np.asarray(array)))
        file.write(b"s")
    file.write(b".")


def save_arrays(path, arrays):
    """Write a dict of names to arrays to a file, in one step."""
    atomic_write(path, lambda file: write_arrays(file, arrays))


# Reading. The pickle makes these stand-ins; they check what they are given before an array is made.


class _DType:
    def __init__(self, name, align=False, copy=False):
        name = name.decode("latin1") if isinstance(name, bytes) else name
        if not isinstance(name, str) or name.lstrip("<>|=") not in _KINDS | {"?"}:
            raise UnsafeFile("arrays of type %r are not admitted" % (name,))
        self.dtype = np.dtype(name)

    def __setstate__(self, state):
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        order = order.decode("latin1") if isinstance(order, bytes) else order
        if order not in ("<", ">", "|", "="):
            raise UnsafeFile("an array has an unknown byte order: %r" % (order,))
        if order == ">":
            self.dtype = self.dtype.newbyteorder(">")


def _to_array(dtype, shape, fortran, data):
    if not isinstance(dtype, _DType):
        raise UnsafeFile("an array has no known type")
    if isinstance(data, str):
        data = data.encode("latin1")
    if not isinstance(data, (bytes, bytearray)):
        raise UnsafeFile("an array has no bytes")
    if not isinstance(shape, tuple) or len(shape) > 32 or not all(type(d) is int and d >= 0 for d in shape):
        raise UnsafeFile("an array has a wrong shape: %r" % (shape,))
    size = dtype.dtype.itemsize
    for d in shape:
        size *= d
    if size != len(data):
        raise UnsafeFile("an array of shape %s and type %s has %d bytes" % (shape, dtype.dtype, len(data)))
    array = np.frombuffer(data, dtype.dtype).reshape(shape, order="F" if fortran else "C")
    return array.astype(array.dtype.newbyteorder("="), order="C")


class _Array:
    """An array whose pickle has not come to its end yet."""

    value = None

    def __setstate__(self, state):
        if not isinstance(state, tuple) or len(state) != 5:
            raise UnsafeFile("an array has a wrong state")
        self.value = _to_array(state[2], state[1], bool(state[3]), state[4])


class _NDArray:
    pass


def _reconstruct(kind, shape, code):
    if kind is not _NDArray:
        raise UnsafeFile("only plain arrays are admitted")
    return _Array()


def _scalar(dtype, data=b""):
    return _to_array(dtype, (), False, data)[()]


def _encode(text, encoding="utf-8", errors="strict"):
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise UnsafeFile("text of an unknown encoding")
    return text.encode("latin1")


def _no_bytes():
    """Protocols before 3 write empty bytes as a call."""
    return b""


def _ordered_dict(pairs=()):
    for key, _ in pairs:
        _check_key(key)
    return dict(pairs)


def _check_key(key):
    # Hashing a tuple of tuples that are one and the same takes time exponential in their depth.
    if not isinstance(key, (str, bytes, int)):
        raise UnsafeFile("a dict has a key of type %s" % type(key).__name__)


_ADMITTED = {
    ("_codecs", "encode"): _encode,
    ("__builtin__", "bytes"): _no_bytes,
    ("builtins", "bytes"): _no_bytes,
    ("numpy", "ndarray"): _NDArray,
    ("numpy", "dtype"): _DType,
    ("collections", "OrderedDict"): _ordered_dict,
}
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):
    _ADMITTED[_module, "_reconstruct"] = _reconstruct
    _ADMITTED[_module, "scalar"] = _scalar


class _Unpickler(pickle._Unpickler):
    """The one in Python: that in C makes room for as many objects as a number in the file says."""

    dispatch = dict(pickle._Unpickler.dispatch)
    for _opcode in (pickle.EMPTY_SET, pickle.FROZENSET, pickle.ADDITEMS):
        del dispatch[_opcode[0]]

    def __init__(self, data):
        super().__init__(io.BytesIO(data), encoding="latin1")
        self._left = 2 * len(data)  # all of it once as bytes and once as arrays; what the memo repeats costs again

    def _take(self, size):
        self._left -= size
        if self._left < 0:
            raise UnsafeFile("it stands for much more than it holds")

    def load_reduce(self):
        super().load_reduce()
        if isinstance(self.stack[-1], bytes):
            self._take(len(self.stack[-1]))

    def load_setitem(self):
        _check_key(self.stack[-2])
        super().load_setitem()

    def load_setitems(self):
        for key in self.stack[::2]:
            _check_key(key)
        super().load_setitems()

    def load_dict(self):
        for key in self.stack[::2]:
            _check_key(key)
        super().load_dict()

    def load_build(self):
        if not isinstance(self.stack[-2], (_DType, _Array)):  # it would set attributes, of this module's own classes too
            raise UnsafeFile("only arrays have a state")
        super().load_build()
        if isinstance(self.stack[-1], _Array):
            self._take(self.stack[-1].value.nbytes)

    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.REDUCE[0]] = load_reduce
    dispatch[pickle.SETITEM[0]] = load_setitem
    dispatch[pickle.SETITEMS[0]] = load_setitems
    dispatch[pickle.DICT[0]] = load_dict

    def find_class(self, module, name):
        found = _ADMITTED.get((module, name))
        if found is None:
            raise UnsafeFile(
                "the file asks for %s.%s; files of arrays hold dicts, text, numbers and arrays only" % (module, name)
            )
        return found

    def persistent_load(self, pid):
        raise UnsafeFile("the file refers to another one")


def _plain(value, done, depth=0):
    """The value without stand-ins. ``done``: results by id, for a value may be in many places."""
    if depth > 16:
        raise UnsafeFile("the file is nested too deep")
    if isinstance(value, _Array):
        if value.value is None:
            raise UnsafeFile("an array has no value")
        return value.value
    if isinstance(value, (dict, list, tuple)):
        if id(value) not in done:
            if isinstance(value, dict):
                done[id(value)] = {key: _plain(item, done, depth + 1) for key, item in value.items()}
            else:
                done[id(value)] = type(value)(_plain(item, done, depth + 1) for item in value)
        return done[id(value)]
    if value is None or isinstance(value, (str, bytes, int, float, bool, np.generic)):
        return value
    raise UnsafeFile("the file holds a %s" % type(value).__name__)


def read_arrays(file, what="the file"):
    """Read a dict of names to arrays from a pickle.

    Raises:
        ValueError: it is damaged, or holds anything else.
    """
    try:
        raw = _Unpickler(file.read()).load()
        value = _plain(raw, {})
    except UnsafeFile as error:
        raise UnsafeFile("%s: %s" % (what, error)) from None
    except Exception as error:  # a damaged pickle raises all kinds
        raise UnsafeFile("%s is damaged: %s: %s" % (what, type(error).__name__, error)) from None
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise UnsafeFile("%s holds no dict of names" % what)
    return value


def load_arrays(path):
    """Read a file that ``save_arrays`` wrote."""
    with open(path, "rb") as file:
        return read_arrays(io.BytesIO(file.read()), path)

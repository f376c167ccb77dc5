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


class _Budget:
    """How much reading may make: as much as the file has. What a pickle names again by its memo costs no bytes there."""

    def __init__(self, size):
        self._left = size

    def take(self, amount):
        self._left -= amount
        if self._left < 0:
            raise UnsafeFile("it stands for much more than it holds")


class _Function:
    """What a pickle may call. It cannot change it: BUILD sets attributes of anything else."""

    def __init__(self, call):
        self._call = call

    def __call__(self, *args):
        return self._call(*args)

    def __setstate__(self, state):
        raise UnsafeFile("only arrays have a state")


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


def _to_array(dtype, shape, fortran, data, budget):
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
    budget.take(size)
    array = np.frombuffer(data, dtype.dtype).reshape(shape, order="F" if fortran else "C")
    return array.astype(array.dtype.newbyteorder("="), order="C")


class _Array:
    """An array whose pickle has not come to its end yet."""

    value = None

    def __init__(self, budget):
        self._budget = budget

    def __setstate__(self, state):
        if not isinstance(state, tuple) or len(state) != 5:
            raise UnsafeFile("an array has a wrong state")
        self.value = _to_array(state[2], state[1], bool(state[3]), state[4], self._budget)


class _Unpickler(pickle.Unpickler):
    def __init__(self, data):
        super().__init__(io.BytesIO(data), encoding="latin1")
        self._arrays, self._texts = _Budget(len(data)), _Budget(len(data))
        self._ndarray = _Function(self._no_call)
        self._admitted = {
            ("_codecs", "encode"): _Function(self._encode),
            ("__builtin__", "bytes"): _Function(self._no_bytes),
            ("builtins", "bytes"): _Function(self._no_bytes),
            ("numpy", "ndarray"): self._ndarray,
            ("numpy", "dtype"): _Function(_DType),
            ("collections", "OrderedDict"): _Function(self._ordered_dict),
        }
        for module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            self._admitted[module, "_reconstruct"] = _Function(self._reconstruct)
            self._admitted[module, "scalar"] = _Function(self._scalar)

    @staticmethod
    def _no_call(*args):
        raise UnsafeFile("an array without a state")

    @staticmethod
    def _no_bytes():
        """Protocols before 3 write empty bytes as a call."""
        return b""

    @staticmethod
    def _ordered_dict():
        return {}

    def _encode(self, text, encoding="utf-8", errors="strict"):
        if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
            raise UnsafeFile("text of an unknown encoding")
        self._texts.take(len(text))
        return text.encode("latin1")

    def _reconstruct(self, kind, shape, code):
        if kind is not self._ndarray:
            raise UnsafeFile("only plain arrays are admitted")
        return _Array(self._arrays)

    def _scalar(self, dtype, data=b""):
        return _to_array(dtype, (), False, data, self._arrays)[()]

    def find_class(self, module, name):
        found = self._admitted.get((module, name))
        if found is None:
            raise UnsafeFile(
                "the file asks for %s.%s; files of arrays hold dicts, text, numbers and arrays only" % (module, name)
            )
        return found

    def persistent_load(self, pid):
        raise UnsafeFile("the file refers to another one")


def _opcodes():
    import pickletools

    return {ord(code.code): (code.name, code.arg.n if code.arg else 0) for code in pickletools.opcodes}


_SIZES = {-2: "<B", -3: "<i", -4: "<I", -5: "<Q"}  # the size in front of an argument, by pickletools' number


def _check_codes(data):
    """Go through the opcodes up to STOP: the reader makes room for what they announce before it looks whether it is
    there, and for a memo as long as its largest index. Writers count the index, from 0 or 1."""
    opcodes = _opcodes()
    at, puts = 0, 0
    while True:
        if at >= len(data):
            raise UnsafeFile("it ends too early")
        name, size = opcodes.get(data[at], (None, 0))
        at += 1
        if name is None:
            raise UnsafeFile("it is no pickle")
        if name == "STOP":
            return
        if size == -1:  # lines of text
            start = at
            for _ in range(2 if name in ("GLOBAL", "INST") else 1):
                at = data.find(b"\n", at) + 1
                if at == 0:
                    raise UnsafeFile("it ends too early")
            argument = data[start : at - 1] if at - start < 4096 else b""
            if name in ("INT", "LONG", "FLOAT") and not argument:
                raise UnsafeFile("it has a number of %d digits" % (at - start))
        else:
            if size < 0:
                head = struct.calcsize(_SIZES[size])
                if len(data) - at < head:
                    raise UnsafeFile("it ends too early")
                size = head + struct.unpack_from(_SIZES[size], data, at)[0]
            if not 0 <= size <= len(data) - at:
                raise UnsafeFile("it ends too early")
            argument = data[at : at + size] if size <= 8 else b""
            at += size
        if name == "MEMOIZE":
            puts += 1
        if name in ("PUT", "BINPUT", "LONG_BINPUT"):
            index = int(argument) if name == "PUT" else int.from_bytes(argument, "little")
            puts += 1
            if not 0 <= index <= puts:
                raise UnsafeFile("it numbers its objects in leaps")


def _plain(value, budget, depth=0):
    """The value without stand-ins."""
    if depth > 16:
        raise UnsafeFile("the file is nested too deep")
    budget.take(1)
    if isinstance(value, _Array):
        if value.value is None:
            raise UnsafeFile("an array has no value")
        return value.value
    if isinstance(value, dict):
        return {_plain(key, budget, depth + 1): _plain(item, budget, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(item, budget, depth + 1) for item in value)
    if value is None or isinstance(value, (str, bytes, int, float, bool, np.generic)):
        return value
    raise UnsafeFile("the file holds a %s" % type(value).__name__)


def read_arrays(file, what="the file"):
    """Read a dict of names to arrays from a pickle.

    Raises:
        ValueError: it is damaged, or holds anything else. Time and memory that reading takes are in proportion to the
            file.
    """
    data = file.read()
    try:
        _check_codes(data)
        value = _plain(_Unpickler(data).load(), _Budget(len(data)))
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
        return read_arrays(file, path)

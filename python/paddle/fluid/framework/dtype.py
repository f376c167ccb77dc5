"""Element types: NumPy's, their names, and the numbers that programs store."""

import numpy as np

from paddle.fluid import core

VarType = core.VarDesc.VarType

_NAMES = {
    "bool": VarType.BOOL,
    "uint8": VarType.UINT8,
    "int8": VarType.INT8,
    "int16": VarType.INT16,
    "int32": VarType.INT32,
    "int64": VarType.INT64,
    "float16": VarType.FP16,
    "float32": VarType.FP32,
    "float64": VarType.FP64,
}
if hasattr(VarType, "BF16"):
    _NAMES["bfloat16"] = VarType.BF16
_TYPES = {dtype: name for name, dtype in _NAMES.items()}
_FLOATING = ("float16", "bfloat16", "float32", "float64")


def convert_np_dtype_to_dtype_(np_dtype):
    """The ``VarType`` of an element type given as a name, a NumPy type or a ``VarType``.

    Raises:
        ValueError: no tensor has such elements.
    """
    if isinstance(np_dtype, VarType):
        return np_dtype
    name = np_dtype if isinstance(np_dtype, str) else None
    if name not in _NAMES:
        try:
            name = np.dtype(np_dtype).name
        except TypeError:
            pass
    if name not in _NAMES:
        raise ValueError("unknown element type %r; known are %s" % (np_dtype, ", ".join(_NAMES)))
    return _NAMES[name]


def dtype_name(dtype):
    """The name (``'float32'``) of an element type in any of its forms."""
    if isinstance(dtype, VarType) and dtype not in _TYPES:
        return str(dtype)
    return _TYPES[convert_np_dtype_to_dtype_(dtype)]


def dtype_to_numpy(dtype):
    """The NumPy type of an element type; bfloat16, which NumPy lacks, is seen as uint16."""
    name = dtype_name(dtype)
    return np.dtype("uint16" if name == "bfloat16" else name)


def dtype_is_floating(dtype):
    """Whether the elements are floating-point numbers."""
    return dtype_name(dtype) in _FLOATING

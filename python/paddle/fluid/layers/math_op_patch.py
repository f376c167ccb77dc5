"""Operators of variables: each appends ops to the program."""

from paddle.fluid import unique_name
from paddle.fluid.framework import Variable, VarType, convert_np_dtype_to_dtype_, dtype_name

_INTEGERS = (VarType.INT16, VarType.INT32, VarType.INT64, VarType.UINT8, VarType.INT8, VarType.BOOL)


def _tmp(block, dtype, stop_gradient=False):
    return block.create_var(
        name=unique_name.generate_with_ignorable_key("tmp"), dtype=dtype, persistable=False, stop_gradient=stop_gradient
    )


def _block(var):
    return var.block.program.current_block()


def _cast(var, dtype):
    out = _tmp(_block(var), dtype)
    attrs = {"in_dtype": int(var.dtype), "out_dtype": int(dtype)}
    _block(var).append_op(type="cast", inputs={"X": [var]}, outputs={"Out": [out]}, attrs=attrs)
    return out


def astype(self, dtype):
    """This variable with its elements as another type, see ``fluid.layers.cast``."""
    return _cast(self, convert_np_dtype_to_dtype_(dtype))


def _scale(var, scale, bias):
    out = _tmp(_block(var), var.dtype)
    attrs = {"scale": float(scale), "bias": float(bias)}
    _block(var).append_op(type="scale", inputs={"X": [var]}, outputs={"Out": [out]}, attrs=attrs)
    return out


def _constant(block, value, dtype, shape):
    out = _tmp(block, dtype, stop_gradient=True)
    attrs = {"dtype": int(dtype), "shape": list(shape), "value": float(value), "force_cpu": False}
    block.append_op(type="fill_constant", outputs={"Out": [out]}, attrs=attrs)
    return out


def _constant_like(value, var):
    """A constant of the shape of a variable."""
    unknown = [i for i, size in enumerate(var.shape) if size < 0]
    if not unknown:
        return _constant(_block(var), value, var.dtype, var.shape)
    index = unknown[0]
    shape = [1 if size < 0 else size for size in var.shape]
    shape[index] = -1
    out = _tmp(_block(var), var.dtype, stop_gradient=True)
    attrs = {"shape": shape, "value": float(value), "input_dim_idx": index, "output_dim_idx": index}
    attrs["dtype"] = int(var.dtype)
    _block(var).append_op(
        type="fill_constant_batch_size_like", inputs={"Input": [var]}, outputs={"Out": [out]}, attrs=attrs
    )
    return out


def _as_number(value, what):
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError("a variable and %s have no operator %s: %r" % (type(value).__name__, what, value)) from None


# For numbers that can be folded into one scale: (scale, bias) of the result.
_SCALES = {
    "__add__": lambda v: (1.0, v),
    "__radd__": lambda v: (1.0, v),
    "__sub__": lambda v: (1.0, -v),
    "__rsub__": lambda v: (-1.0, v),
    "__mul__": lambda v: (v, 0.0),
    "__rmul__": lambda v: (v, 0.0),
}


def _operator(method, op_type, reverse=False):
    compares = not op_type.startswith("elementwise_")

    def function(self, other):
        if not isinstance(other, Variable):
            number = _as_number(other, method)
            if self.dtype in _INTEGERS and number != int(number) and not compares:
                raise ValueError(
                    "variable '%s' holds %s, it cannot be combined with %r" % (self.name, dtype_name(self.dtype), other)
                )
            if isinstance(other, (int, float)):
                if method in _SCALES:
                    return _scale(self, *_SCALES[method](number))
                if method in ("__div__", "__truediv__") and self.dtype not in _INTEGERS and number != 0:
                    return _scale(self, 1.0 / number, 0.0)
            other = _constant_like(number, self) if reverse else _constant(_block(self), number, self.dtype, [1])
        left = self
        if left.dtype != other.dtype:
            other = _cast(other, left.dtype)
        if reverse:
            left, other = other, left
        return _append(left, other, op_type, compares)

    function.__name__ = method
    function.__doc__ = "Appends %s to the program; ``other`` is a variable or a number." % op_type
    return function


def _append(left, right, op_type, compares):
    out = _tmp(_block(left), VarType.BOOL if compares else left.dtype)
    axis = 0 if right.shape and right.shape[0] == -1 else -1
    _block(left).append_op(
        type=op_type, inputs={"X": [left], "Y": [right]}, outputs={"Out": [out]}, attrs={"axis": axis}
    )
    return out


def _neg(self):
    return _scale(self, -1.0, 0.0)


def monkey_patch_variable():
    """Give ``Variable`` its operators."""
    from paddle.fluid.layers._getitem import getitem

    arithmetic = {
        "__add__": "add",
        "__sub__": "sub",
        "__mul__": "mul",
        "__div__": "div",
        "__truediv__": "div",
        "__pow__": "pow",
        "__floordiv__": "floordiv",
        "__mod__": "mod",
    }
    for method, kind in arithmetic.items():
        setattr(Variable, method, _operator(method, "elementwise_" + kind))
    reversed_arithmetic = {
        "__radd__": "add",
        "__rmul__": "mul",
        "__rsub__": "sub",
        "__rdiv__": "div",
        "__rtruediv__": "div",
        "__rpow__": "pow",
    }
    for method, kind in reversed_arithmetic.items():
        setattr(Variable, method, _operator(method, "elementwise_" + kind, reverse=True))
    comparisons = {
        "__eq__": "equal",
        "__ne__": "not_equal",
        "__lt__": "less_than",
        "__le__": "less_equal",
        "__gt__": "greater_than",
        "__ge__": "greater_equal",
    }
    for method, op_type in comparisons.items():
        setattr(Variable, method, _operator(method, op_type))
    Variable.__hash__ = object.__hash__
    Variable.__neg__ = _neg
    Variable.__getitem__ = getitem
    Variable.astype = astype
    # with NumPy scalars and arrays on the left, let ours decide
    Variable.__array_ufunc__ = None

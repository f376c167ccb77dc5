"""Indexing of variables: ``x[0, 1:3, ::-1]``."""

from paddle.fluid import unique_name
from paddle.fluid.framework import Variable, VarType

_END = 10000000  # behind the last element of any dimension


def _new(block, var, key):
    name = unique_name.generate_with_ignorable_key(var.name + "_" + key)
    return block.create_var(name=name, dtype=var.dtype, persistable=False)


def _plus_one(block, index):
    """A variable that holds index + 1."""
    one = block.create_var(dtype=index.dtype)
    attrs = {"shape": [1], "dtype": int(index.dtype), "value": 1.0, "force_cpu": True}
    block.append_op(type="fill_constant", outputs={"Out": [one]}, attrs=attrs)
    out = block.create_var(dtype=index.dtype)
    block.append_op(
        type="elementwise_add", inputs={"X": [index], "Y": [one]}, outputs={"Out": [out]}, attrs={"axis": -1}
    )
    one.stop_gradient = out.stop_gradient = True
    return out


def _expand(var, items):
    """One item for each dimension that is indexed, without Ellipsis."""
    places = [i for i, item in enumerate(items) if item is Ellipsis]
    if len(places) > 1:
        raise IndexError("an index takes one '...', got %d" % len(places))
    if places:
        missing = len(var.shape) - (len(items) - 1)
        if missing < 0:
            raise IndexError("variable '%s' has %d dimensions, the index names more" % (var.name, len(var.shape)))
        items = items[: places[0]] + [slice(None)] * missing + items[places[0] + 1 :]
    if len(items) > len(var.shape):
        raise IndexError("variable '%s' has %d dimensions, the index names %d" % (var.name, len(var.shape), len(items)))
    return items


class _Parts:
    """What an index asks for: slices, steps, dimensions to leave out and to reverse."""

    def __init__(self):
        self.axes, self.starts, self.ends, self.steps = [], [], [], []
        self.decrease, self.reverse = [], []

    def add(self, axis, start, end, step=1):
        self.axes.append(axis)
        self.starts.append(start)
        self.ends.append(end)
        self.steps.append(step)


def _parse(block, var, items):
    parts = _Parts()
    for axis, item in enumerate(items):
        if isinstance(item, slice):
            if not (item.start is None and item.stop is None and item.step is None):
                _parse_slice(parts, axis, item)
        elif isinstance(item, Variable):
            parts.decrease.append(axis)
            parts.add(axis, item, _plus_one(block, item))
        elif isinstance(item, bool) or not hasattr(item, "__index__"):
            raise TypeError("variable '%s' cannot be indexed by %s: %r" % (var.name, type(item).__name__, item))
        else:
            number = item.__index__()
            size = var.shape[axis]
            if size >= 0 and not -size <= number < size:
                raise IndexError("index %d is outside dimension %d of '%s', size %d" % (number, axis, var.name, size))
            parts.decrease.append(axis)
            parts.add(axis, number, _END if number == -1 else number + 1)
    return parts


def _parse_slice(parts, axis, item):
    step = 1 if item.step is None else item.step
    if isinstance(step, Variable) or step == 0:
        raise ValueError("the step of a slice must be an integer that is not 0, got %r" % (step,))
    if step == -1 and item.start is None and item.stop is None:
        parts.reverse.append(axis)
        return
    if step > 0:
        start, end = 0 if item.start is None else item.start, _END if item.stop is None else item.stop
    else:
        start, end = -1 if item.start is None else item.start, -_END if item.stop is None else item.stop
    parts.add(axis, start, end, step)


def _append_slice(block, var, parts):
    out = _new(block, var, "slice")
    op_type = "slice" if all(step == 1 for step in parts.steps) else "strided_slice"
    inputs, attrs = {"Input": [var]}, {"axes": parts.axes, "decrease_axis": parts.decrease}
    flags = [1] * len(parts.axes)
    lists = {"starts": parts.starts, "ends": parts.ends}
    if op_type == "strided_slice":
        lists["strides"] = parts.steps
    for key, values in lists.items():
        attrs[key] = [-1 if isinstance(value, Variable) else value for value in values]
        if not any(isinstance(value, Variable) for value in values):
            continue
        flags = [-1 if isinstance(value, Variable) else flag for value, flag in zip(values, flags)]
        inputs[key.capitalize() + "TensorList"] = [_as_variable(block, value) for value in values]
    attrs["infer_flags"] = flags
    block.append_op(type=op_type, inputs=inputs, outputs={"Out": [out]}, attrs=attrs)
    return out


def _as_variable(block, value):
    if isinstance(value, Variable):
        value.stop_gradient = True
        return value
    out = block.create_var(dtype=VarType.INT32)
    attrs = {"shape": [1], "dtype": int(VarType.INT32), "value": float(value), "force_cpu": True}
    block.append_op(type="fill_constant", outputs={"Out": [out]}, attrs=attrs)
    out.stop_gradient = True
    return out


def getitem(self, item):
    """A part of this variable: integers (leave the dimension out; Variables of shape (1,) too), slices, ``...``.

    Raises:
        IndexError: outside, or too many dimensions.
        TypeError, ValueError: another kind of index.
    """
    items = _expand(self, list(item) if isinstance(item, tuple) else [item])
    block = self.block.program.current_block()
    parts = _parse(block, self, items)
    out = self
    if parts.axes:
        out = _append_slice(block, self, parts)
    if parts.reverse:
        # dimensions that were left out before move those behind them to the front
        axes = [axis - sum(1 for gone in parts.decrease if gone < axis) for axis in parts.reverse]
        reversed_out = _new(block, self, "slice_reverse")
        block.append_op(type="reverse", inputs={"X": [out]}, outputs={"Out": [reversed_out]}, attrs={"axis": axes})
        out = reversed_out
    return out

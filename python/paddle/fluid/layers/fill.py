"""Variables of given numbers: constants, ranges, unit and triangular matrices."""

from paddle.fluid.framework import Variable, VarType, convert_np_dtype_to_dtype_
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable, to_sequence

__all__ = (
    "fill_constant fill_constant_batch_size_like zeros ones full zeros_like ones_like full_like range arange linspace "
    "diag eye tril triu"
).split()


def _str_value(value, dtype):
    return str(int(value)) if dtype in (VarType.INT32, VarType.INT64) else str(float(value))


def fill_constant(shape, dtype, value, force_cpu=False, out=None):
    """A variable filled with one number.

    Args:
        shape: a list of integers and Variables of shape (1,), or an int32 Variable.
        dtype: element type.
        value: a number, or a Variable of shape (1,).
        force_cpu (bool): keep it on the host.
        out (Variable): where the result goes; a new one by default.

    Returns:
        Variable: no gradient goes to it.

    Raises:
        TypeError: there is no such ``dtype``.
        ValueError: a size is negative.
    """
    helper = LayerHelper("fill_constant")
    dtype = convert_np_dtype_to_dtype_(dtype)
    attrs, inputs = {"force_cpu": force_cpu, "dtype": int(dtype)}, {}
    if isinstance(value, Variable):
        inputs["ValueTensor"] = value
    else:
        attrs["value"] = float(value)
        attrs["str_value"] = _str_value(value, dtype)
    if isinstance(shape, Variable):
        shape.stop_gradient = True
        inputs["ShapeTensor"] = shape
    else:
        attrs["shape"], variables = _shape_list(shape, helper)
        if variables:
            inputs["ShapeTensorList"] = variables
    if out is None:
        out = helper.create_variable_for_type_inference(dtype)
    out.stop_gradient = True
    return append_op("fill_constant", inputs, {"Out": out}, attrs, helper=helper)


def _shape_list(shape, helper):
    """Like ``int_inputs``, but each number becomes a variable of a layer of its own."""
    shape = to_sequence(shape, "shape of fill_constant")
    numbers = [-1 if isinstance(size, Variable) else int(size) for size in shape]
    if not any(isinstance(size, Variable) for size in shape):
        return numbers, None
    return numbers, [
        size if isinstance(size, Variable) else fill_constant([1], "int32", size, force_cpu=True) for size in shape
    ]


def fill_constant_batch_size_like(input, shape, dtype, value, input_dim_idx=0, output_dim_idx=0, force_cpu=False):
    """One number everywhere, in a shape that takes one size from a variable.

    Args:
        input (Variable): gives one size.
        shape (list): sizes of the result.
        dtype: element type.
        value: the number.
        input_dim_idx (int): the dimension of ``input`` whose size is taken.
        output_dim_idx (int): the dimension of the result that gets it.
        force_cpu (bool): keep it on the host.

    Returns:
        Variable: of this shape and type.

    Raises:
        ValueError: there is no such dimension.
    """
    dtype = convert_np_dtype_to_dtype_(dtype)
    attrs = {
        "shape": to_sequence(shape, "shape of fill_constant_batch_size_like"),
        "dtype": int(dtype),
        "value": float(value),
        "str_value": _str_value(value, dtype),
        "input_dim_idx": input_dim_idx,
        "output_dim_idx": output_dim_idx,
        "force_cpu": force_cpu,
    }
    return append_op("fill_constant_batch_size_like", {"Input": input}, {"Out": dtype}, attrs, no_grad=("Out",))


def zeros(shape, dtype, force_cpu=False):
    """A variable of 0.

    Args:
        shape: see ``fill_constant``.
        dtype: element type.
        force_cpu (bool): keep it on the host.

    Returns:
        Variable: of this shape and type.

    Raises:
        TypeError: there is no such ``dtype``.
    """
    return fill_constant(value=0.0, shape=shape, dtype=dtype, force_cpu=force_cpu)


def ones(shape, dtype, force_cpu=False):
    """A variable of 1.

    Args:
        shape: see ``fill_constant``.
        dtype: element type.
        force_cpu (bool): keep it on the host.

    Returns:
        Variable: of this shape and type.

    Raises:
        TypeError: there is no such ``dtype``.
    """
    return fill_constant(value=1.0, shape=shape, dtype=dtype, force_cpu=force_cpu)


def full(shape, fill_value, out=None, dtype=None, device=None, stop_gradient=True, name=None):
    """A variable filled with one number.

    Args:
        shape: see ``fill_constant``.
        fill_value: the number.
        out (Variable): where the result goes; a new one by default.
        dtype: element type; float32 by default.
        device: without meaning here.
        stop_gradient (bool): of the result.
        name (str): name of the layer.

    Returns:
        Variable: of this shape and type.

    Raises:
        TypeError: there is no such ``dtype``.
    """
    dtype = convert_np_dtype_to_dtype_("float32" if dtype is None else dtype)
    helper = LayerHelper("full", name=name)
    if out is None:
        out = helper.create_variable_for_type_inference(dtype)
    out = fill_constant(shape=shape, dtype=dtype, value=fill_value, out=out)
    out.stop_gradient = stop_gradient
    return out


def zeros_like(x, out=None):
    """0 for each element of a variable.

    Args:
        x (Variable): any shape.
        out (Variable): where the result goes; a new one by default.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
    """
    target = "X" if out is None else out
    return append_op("fill_zeros_like", {"X": x}, {"Out": target}, helper_type="zeros_like", no_grad=("Out",))


def ones_like(x, out=None):
    """1 for each element of a variable.

    Args:
        x (Variable): any shape.
        out (Variable): where the result goes; a new one by default.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
    """
    target = "X" if out is None else out
    return append_op("fill_any_like", {"X": x}, {"Out": target}, {"value": 1.0}, helper_type="ones_like")


def full_like(input, fill_value, out=None, dtype=None, device=None, stop_gradient=True, name=None):
    """One number for each element of a variable.

    Args:
        input (Variable): any shape.
        fill_value: the number.
        out (Variable): where the result goes; a new one by default.
        dtype: element type; that of ``input`` by default.
        device: without meaning here.
        stop_gradient (bool): of the result.
        name (str): name of the layer.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        TypeError: there is no such ``dtype``.
    """
    check_variable(input, "input of full_like")
    dtype = input.dtype if dtype is None else convert_np_dtype_to_dtype_(dtype)
    attrs = {"value": float(fill_value), "dtype": int(dtype)}
    target = dtype if out is None else out
    out = append_op("fill_any_like", {"X": input}, {"Out": target}, attrs, name=name, helper_type="full_like")
    out.stop_gradient = stop_gradient
    return out


def _as_variable(value, dtype):
    if isinstance(value, Variable):
        from paddle.fluid.layers.tensor import cast

        return value if value.dtype == dtype else cast(value, dtype)
    return fill_constant([1], dtype, value)


def range(start, end, step, dtype):
    """The numbers from ``start`` on in steps of ``step``, up to but without ``end``.

    ``start``, ``end``, ``step``: numbers or Variables of shape (1,). The result is of type ``dtype``, (count,).

    Args:
        start: the first number, or a Variable of shape (1,).
        end: the bound, or a Variable of shape (1,).
        step: the distance, or a Variable of shape (1,).
        dtype: element type.

    Returns:
        Variable: (count,).

    Raises:
        TypeError: there is no such ``dtype``.
        ValueError: the step is 0, or leads away from the end, at run time.
    """
    dtype = convert_np_dtype_to_dtype_(dtype)
    inputs = {"Start": _as_variable(start, dtype), "End": _as_variable(end, dtype), "Step": _as_variable(step, dtype)}
    return append_op("range", inputs, {"Out": dtype}, no_grad=("Out",))


def arange(start, end, step=1, dtype=None, name=None):
    """The numbers from ``start`` on, up to but without ``end``; see ``range``.

    Args:
        start: the first number, or a Variable of shape (1,).
        end: the bound, or a Variable of shape (1,).
        step: the distance, or a Variable of shape (1,).
        dtype: element type; float32 by default.
        name (str): name of the layer.

    Returns:
        Variable: (count,).

    Raises:
        TypeError: there is no such ``dtype``.
        ValueError: the step is 0, or leads away from the end, at run time.
    """
    return range(start, end, step, "float32" if dtype is None else dtype)


def linspace(start, stop, num, dtype):
    """Numbers at equal distances.

    Args:
        start: the first number, or a Variable of shape (1,).
        stop: the last number, or a Variable of shape (1,).
        num: how many, or a Variable of shape (1,).
        dtype: float32 or float64.

    Returns:
        Variable: (num,).

    Raises:
        TypeError: there is no such ``dtype``.
        ValueError: ``num`` is not positive, at run time.
    """
    dtype = convert_np_dtype_to_dtype_(dtype)
    start, stop = _as_variable(start, dtype), _as_variable(stop, dtype)
    inputs = {"Start": start, "Stop": stop, "Num": _as_variable(num, convert_np_dtype_to_dtype_("int32"))}
    return append_op("linspace", inputs, {"Out": dtype})


def diag(diagonal):
    """A matrix with this diagonal and 0 elsewhere.

    Args:
        diagonal: a Variable or array (N,).

    Returns:
        Variable: (N, N).

    Raises:
        TypeError: ``diagonal`` is neither.
        ValueError: it has not one dimension.
    """
    if not isinstance(diagonal, Variable):
        from paddle.fluid.layers.tensor import assign

        diagonal = assign(diagonal)
    return append_op("diag", {"Diagonal": diagonal}, {"Out": "Diagonal"}, no_grad=("Out",))


def eye(num_rows, num_columns=None, batch_shape=None, dtype="float32"):
    """The unit matrix.

    Args:
        num_rows (int): rows.
        num_columns (int): columns; as many as rows by default.
        batch_shape (list): sizes before, along which it is repeated.
        dtype: element type.

    Returns:
        Variable: (num_rows, num_columns), with ``batch_shape`` before.

    Raises:
        TypeError: a size is not an integer, or negative.
    """
    if not isinstance(num_rows, int) or num_rows < 0:
        raise TypeError("num_rows of eye must be an integer of at least 0, got %r" % (num_rows,))
    num_columns = num_rows if num_columns is None else num_columns
    if not isinstance(num_columns, int) or num_columns < 0:
        raise TypeError("num_columns of eye must be an integer of at least 0, got %r" % (num_columns,))
    dtype = convert_np_dtype_to_dtype_(dtype)
    attrs = {"num_rows": num_rows, "num_columns": num_columns, "dtype": int(dtype)}
    out = append_op("eye", {}, {"Out": dtype}, attrs, no_grad=("Out",))
    if batch_shape is not None:
        from paddle.fluid.layers.nn import stack

        if not isinstance(batch_shape, list) or any(not isinstance(d, int) or d <= 0 for d in batch_shape):
            raise TypeError("batch_shape of eye must be a list of positive integers, got %r" % (batch_shape,))
        for size in reversed(batch_shape):
            out = stack([out] * size, axis=0)
    return out


def _tril_triu(input, diagonal, lower, name):
    check_variable(input, "input of " + ("tril" if lower else "triu"))
    if len(input.shape) < 2:
        raise ValueError("%s takes at least 2 dimensions, got shape %s" % ("tril" if lower else "triu", input.shape))
    helper = LayerHelper("tril" if lower else "triu", name=name)
    out = helper.create_variable(name=helper.name, dtype=input.dtype, persistable=False)
    attrs = {"lower": lower, "diagonal": diagonal}
    return append_op("tril_triu", {"X": input}, {"Out": out}, attrs, helper=helper)


def tril(input, diagonal=0, name=None):
    """The lower triangles of matrices, 0 above the ``diagonal``.

    Args:
        input (Variable): at least two dimensions.
        diagonal (int): 0: the main one, 1: the one above, ...
        name (str): name of the layer.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        ValueError: fewer dimensions.
    """
    return _tril_triu(input, diagonal, True, name)


def triu(input, diagonal=0, name=None):
    """The upper triangles of matrices, 0 below the ``diagonal``.

    Args:
        input (Variable): at least two dimensions.
        diagonal (int): 0: the main one, 1: the one above, ...
        name (str): name of the layer.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        ValueError: fewer dimensions.
    """
    return _tril_triu(input, diagonal, False, name)

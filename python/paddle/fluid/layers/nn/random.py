"""Random numbers. An op with a ``seed`` of its own draws the same numbers in each run."""

from paddle.fluid.framework import Variable, convert_np_dtype_to_dtype_
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, int_inputs, to_sequence


def _shape_of(shape, helper, layer):
    """(inputs, attribute) of a shape: a list of integers and Variables, or a Variable."""
    if isinstance(shape, Variable):
        shape.stop_gradient = True
        return {"ShapeTensor": shape}, None
    if not isinstance(shape, (list, tuple)):
        raise TypeError("the shape for %s must be a list or a Variable, got %s" % (layer, type(shape).__name__))
    if not shape:
        raise ValueError("the shape for %s is empty" % layer)
    numbers, variables = int_inputs(shape, helper)
    return ({"ShapeTensorList": variables} if variables else {}), numbers


def _random(op_type, shape, dtype, attrs):
    dtype = convert_np_dtype_to_dtype_(dtype)
    helper = LayerHelper(op_type)
    inputs, numbers = _shape_of(shape, helper, op_type)
    attrs = dict(attrs, shape=numbers, dtype=int(dtype))
    return append_op(op_type, inputs, {"Out": dtype}, attrs, helper=helper)


def uniform_random(shape, dtype="float32", min=-1.0, max=1.0, seed=0):
    """Uniform numbers from [min, max).

    Args:
        shape: a list of integers and Variables of shape (1,), or an int32 Variable.
        dtype: float32 or float64.
        min (float): the lower bound, included.
        max (float): the upper bound, not included.
        seed (int): 0: other numbers in each run.

    Returns:
        Variable: of this shape and type.

    Raises:
        TypeError: ``shape`` is neither a list nor a Variable.
        ValueError: ``shape`` is empty, or min is above max.
    """
    return _random("uniform_random", shape, dtype, {"min": float(min), "max": float(max), "seed": seed})


def gaussian_random(shape, mean=0.0, std=1.0, seed=0, dtype="float32"):
    """Normal random numbers.

    Args:
        shape (list): sizes.
        mean (float): mean.
        std (float): standard deviation.
        seed (int): 0: other numbers in each run.
        dtype: float32 or float64.

    Returns:
        Variable: of this shape and type.

    Raises:
        ValueError: another type, or a wrong size.
    """
    helper = LayerHelper("gaussian_random")
    dtype = convert_np_dtype_to_dtype_(dtype)
    attrs = {"shape": to_sequence(shape, "shape of gaussian_random"), "mean": float(mean), "std": float(std), "seed": seed, "dtype": int(dtype)}
    return append_op("gaussian_random", {}, {"Out": dtype}, attrs, helper=helper)


def _batch_size_like(op_type, input, shape, dtype, input_dim_idx, output_dim_idx, attrs):
    dtype = convert_np_dtype_to_dtype_(dtype)
    shape = to_sequence(shape, "shape of " + op_type)
    attrs = dict(attrs, shape=shape, input_dim_idx=input_dim_idx, output_dim_idx=output_dim_idx, dtype=int(dtype))
    return append_op(op_type, {"Input": input}, {"Out": dtype}, attrs)


def uniform_random_batch_size_like(
    input, shape, dtype="float32", input_dim_idx=0, output_dim_idx=0, min=-1.0, max=1.0, seed=0
):
    """Uniform random numbers, of a shape that takes one size from a variable.

    Args:
        input (Variable): gives one size.
        shape (list): sizes of the result.
        dtype: float32 or float64.
        input_dim_idx (int): the dimension of ``input`` whose size is taken.
        output_dim_idx (int): the dimension of the result that gets it.
        min (float): the lower bound, included.
        max (float): the upper bound, not included.
        seed (int): 0: other numbers in each run.

    Returns:
        Variable: of this shape and type.

    Raises:
        ValueError: there is no such dimension, or another type.
    """
    attrs = {"min": min, "max": max, "seed": seed}
    return _batch_size_like("uniform_random_batch_size_like", input, shape, dtype, input_dim_idx, output_dim_idx, attrs)


def gaussian_random_batch_size_like(
    input, shape, input_dim_idx=0, output_dim_idx=0, mean=0.0, std=1.0, seed=0, dtype="float32"
):
    """Normal random numbers, of a shape that takes one size from a variable.

    Args:
        input (Variable): gives one size.
        shape (list): sizes of the result.
        input_dim_idx (int): the dimension of ``input`` whose size is taken.
        output_dim_idx (int): the dimension of the result that gets it.
        mean (float): mean.
        std (float): standard deviation.
        seed (int): 0: other numbers in each run.
        dtype: float32 or float64.

    Returns:
        Variable: of this shape and type.

    Raises:
        ValueError: there is no such dimension, or another type.
    """
    attrs = {"mean": mean, "std": std, "seed": seed}
    return _batch_size_like(
        "gaussian_random_batch_size_like", input, shape, dtype, input_dim_idx, output_dim_idx, attrs
    )


def randint(low, high=None, shape=None, out=None, dtype=None, device=None, stop_gradient=False, seed=0, name=None):
    """Uniform integers from [low, high), or from [0, low) when ``high`` is None.

    Args:
        low (int): the lower bound, included.
        high (int): the upper bound, not included.
        shape: a list of integers and Variables of shape (1,), or an int32 Variable; (1,) by default.
        out (Variable): where the result goes; a new one by default.
        dtype: int32 or int64, the default.
        device: without meaning here.
        stop_gradient (bool): of the result.
        seed (int): 0: other numbers in each run.
        name (str): name of the layer.

    Returns:
        Variable: of this shape and type.

    Raises:
        ValueError: the range is empty.
    """
    if high is None:
        low, high = 0, low
    if low >= high:
        raise ValueError("randint needs low < high, got [%s, %s)" % (low, high))
    shape = [1] if shape is None else shape
    dtype = convert_np_dtype_to_dtype_("int64" if dtype is None else dtype)
    helper = LayerHelper("randint", name=name)
    if out is None:
        out = helper.create_variable_for_type_inference(dtype)
    out.stop_gradient = stop_gradient
    inputs, numbers = _shape_of(shape, helper, "randint")
    attrs = {"shape": numbers, "low": low, "high": high, "seed": seed, "dtype": int(dtype)}
    return append_op("randint", inputs, {"Out": out}, attrs, helper=helper)


def randn(shape, out=None, dtype=None, device=None, stop_gradient=True, name=None):
    """Normal random numbers of mean 0 and standard deviation 1.

    Args:
        shape: a list of integers and Variables of shape (1,), or an int32 Variable.
        out (Variable): where the result goes; a new one by default.
        dtype: float32, the default, or float64.
        device: without meaning here.
        stop_gradient (bool): of the result.
        name (str): name of the layer.

    Returns:
        Variable: of this shape and type.

    Raises:
        TypeError: ``shape`` is neither a list nor a Variable.
        ValueError: ``shape`` is empty, or another type.
    """
    dtype = convert_np_dtype_to_dtype_("float32" if dtype is None else dtype)
    helper = LayerHelper("randn", name=name)
    if out is None:
        out = helper.create_variable_for_type_inference(dtype)
    out.stop_gradient = stop_gradient
    inputs, numbers = _shape_of(shape, helper, "randn")
    attrs = {"shape": numbers, "mean": 0.0, "std": 1.0, "seed": 0, "dtype": int(dtype)}
    return append_op("gaussian_random", inputs, {"Out": out}, attrs, helper=helper)


def randperm(n, out=None, dtype="int64", device=None, stop_gradient=True, seed=0):
    """The integers from 0 to n - 1 in random order.

    Args:
        n (int): how many.
        out (Variable): where the result goes; a new one by default.
        dtype: int32 or int64.
        device: without meaning here.
        stop_gradient (bool): of the result.
        seed (int): 0: another order in each run.

    Returns:
        Variable: (n,).

    Raises:
        ValueError: ``n`` is not positive.
    """
    if n < 1:
        raise ValueError("randperm needs n > 0, got %d" % n)
    dtype = convert_np_dtype_to_dtype_(dtype)
    helper = LayerHelper("randperm")
    if out is None:
        out = helper.create_variable_for_type_inference(dtype)
    out.stop_gradient = stop_gradient
    attrs = {"n": n, "dtype": int(dtype), "seed": seed}
    return append_op("randperm", {}, {"Out": out}, attrs, helper=helper)


def sampling_id(x, min=0.0, max=1.0, seed=0, dtype="float32"):
    """Draw a column number for each row, whose elements are the probabilities.

    Args:
        x (Variable): (N, C), probabilities, float32 or float64.
        min (float): lower bound of the number drawn.
        max (float): upper bound of the number drawn.
        seed (int): 0: other numbers in each run.
        dtype: without meaning; the result is int64.

    Returns:
        Variable: (N,).

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its shape or element type does not fit.
    """
    return append_op("sampling_id", {"X": x}, {"Out": dtype}, {"min": min, "max": max, "seed": seed})

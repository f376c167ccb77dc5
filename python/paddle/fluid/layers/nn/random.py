"""Random numbers. An op with a ``seed`` of its own draws the same numbers in each run."""

from paddle.fluid.framework import Variable, convert_np_dtype_to_dtype_
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, int_inputs


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
        seed (int): 0: other numbers in each run.

    Returns:
        Variable: of this shape and type.
    """
    return _random("uniform_random", shape, dtype, {"min": float(min), "max": float(max), "seed": seed})


def gaussian_random(shape, mean=0.0, std=1.0, seed=0, dtype="float32"):
    """Normal numbers, see ``uniform_random``."""
    helper = LayerHelper("gaussian_random")
    dtype = convert_np_dtype_to_dtype_(dtype)
    attrs = {"shape": list(shape), "mean": float(mean), "std": float(std), "seed": seed, "dtype": int(dtype)}
    return append_op("gaussian_random", {}, {"Out": dtype}, attrs, helper=helper)


def _batch_size_like(op_type, input, shape, dtype, input_dim_idx, output_dim_idx, attrs):
    dtype = convert_np_dtype_to_dtype_(dtype)
    attrs = dict(attrs, shape=list(shape), input_dim_idx=input_dim_idx, output_dim_idx=output_dim_idx, dtype=int(dtype))
    return append_op(op_type, {"Input": input}, {"Out": dtype}, attrs)


def uniform_random_batch_size_like(
    input, shape, dtype="float32", input_dim_idx=0, output_dim_idx=0, min=-1.0, max=1.0, seed=0
):
    """Uniform numbers of ``shape``, but size ``output_dim_idx`` is that of dimension ``input_dim_idx`` of ``input``."""
    attrs = {"min": min, "max": max, "seed": seed}
    return _batch_size_like("uniform_random_batch_size_like", input, shape, dtype, input_dim_idx, output_dim_idx, attrs)


def gaussian_random_batch_size_like(
    input, shape, input_dim_idx=0, output_dim_idx=0, mean=0.0, std=1.0, seed=0, dtype="float32"
):
    """Normal numbers of ``shape``, but size ``output_dim_idx`` is that of dimension ``input_dim_idx`` of ``input``."""
    attrs = {"mean": mean, "std": std, "seed": seed}
    return _batch_size_like(
        "gaussian_random_batch_size_like", input, shape, dtype, input_dim_idx, output_dim_idx, attrs
    )


def randint(low, high=None, shape=None, out=None, dtype=None, device=None, stop_gradient=False, seed=0, name=None):
    """Uniform integers from [low, high), or from [0, low) when ``high`` is None.

    Args:
        shape: a list of integers and Variables of shape (1,), or an int32 Variable; (1,) by default.
        out (Variable): where the result goes; a new one by default.
        dtype: int32 or int64, the default.

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
    """Normal numbers of mean 0 and standard deviation 1; float32 by default, into ``out`` when it is given."""
    dtype = convert_np_dtype_to_dtype_("float32" if dtype is None else dtype)
    helper = LayerHelper("randn", name=name)
    if out is None:
        out = helper.create_variable_for_type_inference(dtype)
    out.stop_gradient = stop_gradient
    inputs, numbers = _shape_of(shape, helper, "randn")
    attrs = {"shape": numbers, "mean": 0.0, "std": 1.0, "seed": 0, "dtype": int(dtype)}
    return append_op("gaussian_random", inputs, {"Out": out}, attrs, helper=helper)


def randperm(n, out=None, dtype="int64", device=None, stop_gradient=True, seed=0):
    """The integers from 0 to n - 1 in random order, into ``out`` when it is given.

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
    """Draw a column number for each row of x (N, C), whose elements are the probabilities: (N,)."""
    return append_op("sampling_id", {"X": x}, {"Out": dtype}, {"min": min, "max": max, "seed": seed})

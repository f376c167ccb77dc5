"""What parameters hold before training: each initializer appends one op to the startup program."""

import math

import numpy as np

from paddle.fluid import unique_name
from paddle.fluid.framework import VarType

__all__ = [
    "Constant",
    "Uniform",
    "Normal",
    "TruncatedNormal",
    "Xavier",
    "Bilinear",
    "MSRA",
    "ConstantInitializer",
    "UniformInitializer",
    "NormalInitializer",
    "TruncatedNormalInitializer",
    "XavierInitializer",
    "BilinearInitializer",
    "MSRAInitializer",
    "NumpyArrayInitializer",
]


class Initializer:
    """Base of the initializers: a call appends the op that fills ``var`` to ``block`` and returns the op."""

    _name = None  # names the temporary of a half-precision parameter

    def __call__(self, var, block):
        raise NotImplementedError("%s fills nothing" % type(self).__name__)

    def _compute_fans(self, var):
        """(values that go into one output, values that come of one input); a filter's area counts."""
        shape = var.shape
        if len(shape) <= 1:
            size = 1 if not shape else shape[0]
            return size, size
        if len(shape) == 2:
            return shape[0], shape[1]
        area = int(np.prod(shape[2:]))
        return shape[1] * area, shape[0] * area

    def _append_random(self, var, block, op_type, attrs, seed):
        """Append a random op; half-precision numbers are drawn as float32, then cast."""
        out, dtype = var, var.dtype
        if dtype == VarType.FP16:
            name = unique_name.generate(".".join([self._name, var.name, "tmp"]))
            dtype = VarType.FP32
            out = block.create_var(name=name, shape=var.shape, dtype=dtype, type=VarType.LOD_TENSOR, persistable=False)
        attrs = dict(attrs, shape=list(var.shape), dtype=int(dtype), seed=seed or block.program.random_seed)
        op = block._prepend_op(type=op_type, outputs={"Out": out}, attrs=attrs)
        if out is not var:
            block._insert_op(
                1,
                type="cast",
                inputs={"X": out},
                outputs={"Out": var},
                attrs={"in_dtype": int(dtype), "out_dtype": int(var.dtype)},
            )
        var.op = op
        return op


class ConstantInitializer(Initializer):
    """Every element is ``value``; ``force_cpu`` keeps the variable on the host."""

    def __init__(self, value=0.0, force_cpu=False):
        self._value = value
        self._force_cpu = force_cpu

    def __call__(self, var, block):
        op = block._prepend_op(
            type="fill_constant",
            outputs={"Out": var},
            attrs={
                "shape": list(var.shape),
                "dtype": int(var.dtype),
                "value": float(self._value),
                "force_cpu": self._force_cpu,
            },
        )
        var.op = op
        return op


class UniformInitializer(Initializer):
    """Uniform numbers from [low, high).

    ``diag_num``, ``diag_step`` and ``diag_val``: so many elements, each one row and ``diag_step`` columns further,
    get ``diag_val``. ``seed`` 0: the program's.
    """

    _name = "uniform_random"

    def __init__(self, low=-1.0, high=1.0, seed=0, diag_num=0, diag_step=0, diag_val=1.0):
        if high < low:
            raise ValueError("high must be at least low, got [%r, %r)" % (low, high))
        if diag_num > 0 and diag_step <= 0:
            raise ValueError("diag_num needs a positive diag_step, got %r" % diag_step)
        self._low = low
        self._high = high
        self._seed = seed
        self._diag = {"diag_num": diag_num, "diag_step": diag_step, "diag_val": float(diag_val)}

    def __call__(self, var, block):
        attrs = dict(self._diag, min=float(self._low), max=float(self._high))
        return self._append_random(var, block, "uniform_random", attrs, self._seed)


class NormalInitializer(Initializer):
    """Normal numbers of mean ``loc`` and standard deviation ``scale``; ``seed`` 0: the program's."""

    _name = "gaussian_random"

    def __init__(self, loc=0.0, scale=1.0, seed=0):
        self._mean = loc
        self._std_dev = scale
        self._seed = seed

    def __call__(self, var, block):
        attrs = {"mean": float(self._mean), "std": float(self._std_dev)}
        return self._append_random(var, block, "gaussian_random", attrs, self._seed)


class TruncatedNormalInitializer(Initializer):
    """Like ``Normal``, numbers further than two standard deviations from the mean are drawn again."""

    _name = "truncated_gaussian_random"

    def __init__(self, loc=0.0, scale=1.0, seed=0):
        self._mean = loc
        self._std_dev = scale
        self._seed = seed

    def __call__(self, var, block):
        attrs = {"mean": float(self._mean), "std": float(self._std_dev)}
        return self._append_random(var, block, "truncated_gaussian_random", attrs, self._seed)


class _FanInitializer(Initializer):
    """Numbers of variance ``gain / fan``, uniform or normal."""

    def _append(self, var, block, uniform, variance, seed):
        if uniform:
            limit = math.sqrt(3.0 * variance)
            return self._append_random(var, block, "uniform_random", {"min": -limit, "max": limit}, seed)
        return self._append_random(var, block, "gaussian_random", {"mean": 0.0, "std": math.sqrt(variance)}, seed)


class XavierInitializer(_FanInitializer):
    """Numbers of mean 0 and variance 2 / (fan_in + fan_out), so that signals keep their size both ways.

    ``fan_in`` and ``fan_out`` are taken from the shape by default. ``uniform`` False: normal numbers.
    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """

    _name = "xavier_init"

    def __init__(self, uniform=True, fan_in=None, fan_out=None, seed=0):
        self._uniform = uniform
        self._fan_in = fan_in
        self._fan_out = fan_out
        self._seed = seed

    def __call__(self, var, block):
        fans = self._compute_fans(var)
        fan_in = fans[0] if self._fan_in is None else self._fan_in
        fan_out = fans[1] if self._fan_out is None else self._fan_out
        return self._append(var, block, self._uniform, 2.0 / (fan_in + fan_out), self._seed)


class MSRAInitializer(_FanInitializer):
    """Numbers of mean 0 and variance 2 / fan_in, for layers followed by relu.

    Source: He et al., "Delving Deep into Rectifiers", 2015.
    """

    _name = "masra_init"

    def __init__(self, uniform=True, fan_in=None, seed=0):
        self._uniform = uniform
        self._fan_in = fan_in
        self._seed = seed

    def __call__(self, var, block):
        fan_in = self._compute_fans(var)[0] if self._fan_in is None else self._fan_in
        return self._append(var, block, self._uniform, 2.0 / fan_in, self._seed)


def _append_assign_value(var, block, values):
    values = np.asarray(values)
    dtype, out = var.dtype, var
    if dtype == VarType.FP16:
        name = unique_name.generate(".".join(["numpy_array_init", var.name, "tmp"]))
        dtype = VarType.FP32
        out = block.create_var(name=name, shape=values.shape, dtype=dtype, type=VarType.LOD_TENSOR, persistable=False)
    slots = {VarType.FP32: "fp32_values", VarType.INT32: "int32_values", VarType.INT64: "int64_values"}
    if dtype not in slots:
        raise ValueError("a parameter of type %s cannot be filled from an array; take float32 or int32" % (dtype,))
    kind = float if dtype == VarType.FP32 else int
    attrs = {"dtype": int(dtype), "shape": list(values.shape), slots[dtype]: [kind(v) for v in values.flat]}
    op = block._prepend_op(type="assign_value", outputs={"Out": out}, attrs=attrs)
    if out is not var:
        block._insert_op(
            1,
            type="cast",
            inputs={"X": out},
            outputs={"Out": var},
            attrs={"in_dtype": int(dtype), "out_dtype": int(var.dtype)},
        )
    var.op = op
    return op


class BilinearInitializer(Initializer):
    """Weights that make a transposed convolution enlarge images by bilinear interpolation.

    For filters of shape (channels, 1, k, k); take stride ceil(k / 2), ``groups`` equal to the channels, and a learning
    rate of 0 to keep them.
    """

    def __call__(self, var, block):
        shape = var.shape
        if len(shape) != 4:
            raise ValueError("Bilinear fills filters of 4 dimensions, got shape %s" % (shape,))
        if shape[2] != shape[3]:
            raise ValueError("Bilinear fills square filters, got shape %s" % (shape,))
        size = shape[3]
        factor = math.ceil(size / 2.0)
        center = (2 * factor - 1 - factor % 2) / (2.0 * factor)
        flat = np.arange(int(np.prod(shape)))
        x = flat % size
        y = (flat / size) % size
        weights = (1 - np.abs(x / factor - center)) * (1 - np.abs(y / factor - center))
        return _append_assign_value(var, block, weights.reshape(shape).astype("float32"))


class NumpyArrayInitializer(Initializer):
    """The values of an array of the parameter's shape, at most 1,048,576 of them."""

    def __init__(self, value):
        if not isinstance(value, np.ndarray):
            raise TypeError("NumpyArrayInitializer takes a NumPy array, got %s" % type(value).__name__)
        self._value = value

    def __call__(self, var, block):
        if self._value.size > 1024 * 1024:
            raise ValueError("the array has %d values; more than 1048576 belong into a file" % self._value.size)
        return _append_assign_value(var, block, self._value)


Constant = ConstantInitializer
Uniform = UniformInitializer
Normal = NormalInitializer
TruncatedNormal = TruncatedNormalInitializer
Xavier = XavierInitializer
MSRA = MSRAInitializer
Bilinear = BilinearInitializer


def _global_weight_initializer():
    return XavierInitializer()


def _global_bias_initializer():
    return ConstantInitializer(value=0.0)

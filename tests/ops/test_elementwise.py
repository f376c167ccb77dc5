"""Two tensors met element by element."""

import numpy as np
from harness import Op, op_tests, positive, uniform
from values import Spec

NUMBERS = ("float32", "float64", "int32", "int64")
BAD = [dict(X=(2, 3), Y=(4,), match="4")]


def apart(*shape):
    """Values without ties, where the gradient would jump."""
    return uniform(*shape, low=-2, high=2)


def lay(X, Y, axis):
    """Y with axes of size 1 behind it, so that NumPy broadcasts it as Fluid does."""
    return X, Y.reshape(Y.shape + (1,) * (X.ndim - Y.ndim - axis if axis >= 0 else 0))


def cases(make=lambda *shape: shape, twice=True):
    shapes = [((2, 3), (2, 3)), ((2, 3), (3,)), ((0, 3), (3,)), ((1,), (1,)), ((2, 3, 4), (2, 1, 4))]
    out = [dict(X=make(*x), Y=make(*y)) for x, y in shapes]
    out += [dict(X=make(*x), Y=make(*y), twice=twice) for x, y in [((2, 1, 4), (2, 3, 4)), ((3, 1), (2, 3, 4))]]
    return out + [dict(X=make(2, 3, 4), Y=make(3), axis=1), dict(X=make(2, 3, 4), Y=make(2, 3), axis=0)]


def binary(type, function, make=lambda *shape: shape, grad=("X", "Y"), dtypes=NUMBERS, double=()):
    reference = lambda X, Y, axis: function(*lay(X, Y, axis))  # noqa: E731
    return Op(type, cases=cases(make, twice=type != "elementwise_div"), reference=reference, grad=grad, dtypes=dtypes, bad=BAD, double=double)


def whole(*shape):
    """Whole numbers that may divide: none is 0."""
    return Spec(lambda rng, dtype: (rng.integers(1, 9, shape) * rng.choice([-1, 1], shape)).astype(dtype), True)


def truncated(x, y):
    x, y = np.asarray(x), np.asarray(y)
    return np.sign(x) * np.sign(y) * (np.abs(x) // np.abs(y))


test = op_tests(
    binary("elementwise_add", np.add, double=("X", "Y")),
    binary("elementwise_sub", np.subtract, double=("X", "Y")),
    binary("elementwise_mul", np.multiply, double=("X", "Y")),
    binary("elementwise_div", np.divide, positive, dtypes=("float32", "float64"), double=("X", "Y")),
    binary("elementwise_max", np.maximum, apart, dtypes=("float32", "float64")),
    binary("elementwise_min", np.minimum, apart, dtypes=("float32", "float64")),
    binary("elementwise_pow", np.power, positive, dtypes=("float32", "float64")),
    binary("elementwise_mod", np.mod, positive, grad=(), dtypes=("float32", "float64")),
    Op(
        "elementwise_floordiv",
        cases=cases(whole) + [dict(X=np.array([-7, 7, -7, -(2**62)]), Y=np.array([2, -2, -2, 1]))],
        reference=lambda X, Y, axis: truncated(*lay(X, Y, axis)),
        dtypes=("int32", "int64"),
        bad=BAD
        + [
            dict(X=np.array([3, 4]), Y=np.array([1, 0]), match="division by zero: element 1 of Y is 0"),
            dict(X=(2, 3), Y=(3,), case_dtype="float32", match="X is float32; expected one of: int32, int64"),
        ],
    ),
)

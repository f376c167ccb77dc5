"""Comparisons and logic, element by element."""

import numpy as np
from harness import Op, lod, op_tests, uniform

NUMBERS = ("float32", "float64", "int32", "int64")
NAN = np.array([np.nan, 1, np.inf, -np.inf, 0.0])


def near(*shape):
    """Few different values, so that many are equal."""
    return uniform(*shape, low=-3, high=3)


def lay(X, Y, axis):
    """Y with axes of size 1 behind it, so that NumPy broadcasts it as Fluid does."""
    return X, Y.reshape(Y.shape + (1,) * (X.ndim - Y.ndim - axis if axis >= 0 else 0))


def comparison(type, function, dtypes=NUMBERS + ("bool",)):
    integers = np.array([[0, 1, 2], [2, 1, 0]])
    return Op(
        type,
        cases=[
            dict(X=(2, 3), Y=(2, 3)),
            dict(X=integers, Y=integers[:, ::-1].copy()),
            dict(X=lod((3, 2), [1, 2]), Y=(3, 2)),
            dict(X=(2, 3), Y=(3,)),
            dict(X=(3,), Y=(2, 3)),
            dict(X=(2, 3, 4), Y=(2, 1, 4), force_cpu=True),
            dict(X=(2, 3, 4), Y=(3,), axis=1),
            dict(X=(0, 3), Y=(3,)),
            dict(X=(1,), Y=(1,)),
            dict(X=NAN, Y=NAN[::-1].copy()),
            dict(X=NAN, Y=NAN),
        ],
        reference=lambda X, Y, axis: function(*lay(X, Y, axis)),
        dtypes=dtypes,
        bad=[
            dict(X=(2, 3), Y=(4,), match="4"),
            dict(X=np.float32([1]), Y=np.int64([1]), match="element type"),
            dict(X=np.uint8([1]), Y=np.uint8([1]), match="uint8"),
        ],
    )


def logic(type, function):
    return Op(
        type,
        cases=[
            dict(X=(4, 5), Y=(4, 5)),
            dict(X=lod((3, 2), [1, 2]), Y=(3, 2)),
            dict(X=(4, 5), Y=(5,)),
            dict(X=(5,), Y=(4, 5)),
            dict(X=(0, 3), Y=(0, 3)),
            dict(X=(1,), Y=(1,)),
        ],
        reference=lambda X, Y: function(X, Y),
        dtypes="bool",
        bad=[dict(X=(2, 3), Y=(4,), match="4"), dict(X=np.zeros(2, "int32"), Y=np.zeros(2, "int32"), match="int32")],
    )


test = op_tests(
    comparison("equal", np.equal),
    comparison("not_equal", np.not_equal),
    comparison("less_than", np.less),
    comparison("less_equal", np.less_equal),
    comparison("greater_than", np.greater),
    comparison("greater_equal", np.greater_equal),
    logic("logical_and", np.logical_and),
    logic("logical_or", np.logical_or),
    logic("logical_xor", np.logical_xor),
    Op(
        "logical_not",
        cases=[dict(X=(4, 5)), dict(X=lod((3, 2), [1, 2])), dict(X=(0, 3)), dict(X=(1,))],
        reference=lambda X: np.logical_not(X),
        dtypes="bool",
        bad=[dict(X=np.zeros(2, "float32"), match="float32")],
    ),
)

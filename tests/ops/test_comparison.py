"""Comparisons and logic, element by element."""

import numpy as np
from harness import Op, Rows, lod, op_tests, rows, uniform

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


def finite(type, function, fold):
    """Of all elements together; integers are finite."""
    return Op(
        type,
        cases=[
            dict(X=(2, 3)),
            dict(X=lod((3, 2), [1, 2])),
            dict(X=np.array([1, np.inf])),
            dict(X=np.array([[np.nan, 1]], "float32")),
            dict(X=np.array([-np.inf, np.nan], "float16")),
            dict(X=rows([1, 3], np.array([[1.0], [np.inf]]), height=5)),
            dict(X=rows([1, 3], (2, 2), height=5)),
            dict(X=(0, 3)),
            dict(X=(1,)),
        ],
        reference=lambda X: np.reshape(fold(function(np.asarray(X.value if isinstance(X, Rows) else X))), (1,)),
        dtypes=NUMBERS + ("bool", "float16"),
        bad=[dict(X=np.zeros(2, "uint8"), match="uint8")],
    )


def close(a, b, **more):
    return dict(Input=np.array(a), Other=np.array(b), **more)


INF = np.inf

test = op_tests(
    Op(
        "allclose",
        cases=[
            dict(Input=(3, 4), Other=(3, 4)),
            close([1.0, 2.0], [1.0, 2.0 + 1e-6]),
            close([1.0, 2.0], [1.0, 2.1]),
            close([1.0], [1.1], rtol=0.095, atol=0.0),
            close([1.1], [1.0], rtol=0.095, atol=0.0),
            close([0.0], [1e-3], atol=1e-2),
            close([np.nan], [np.nan]),
            close([np.nan, 1], [np.nan, 1], equal_nan=True),
            close([np.nan], [1.0], equal_nan=True),
            close([INF, -INF], [INF, -INF]),
            close([INF], [-INF]),
            close([1.0], [INF]),
            dict(Input=lod((3, 2), [1, 2]), Other=(3, 2), atol=10.0),
            dict(Input=(0, 3), Other=(0, 3)),
            dict(Input=(1,), Other=(1,)),
        ],
        reference=lambda Input, Other, rtol, atol, equal_nan: np.array([np.allclose(Input, Other, rtol, atol, equal_nan)]),
        bad=[
            dict(Input=(2, 3), Other=(3,), match="same shape"),
            dict(Input=np.float32([1]), Other=np.float64([1]), match="element type"),
            dict(Input=np.int32([1]), Other=np.int32([1]), match="int32"),
        ],
    ),
    finite("isfinite", np.isfinite, np.all),
    finite("isinf", np.isinf, np.any),
    finite("isnan", np.isnan, np.any),
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

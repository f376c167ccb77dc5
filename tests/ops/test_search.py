"""Positions of elements: the largest, the least, sorting."""

import harness
import numpy as np
import pytest
from harness import LodArray, Op, ints, lod, op_tests
from one_op import Case, OneOp

NUMBERS = ("float32", "float64", "int32", "int64")
TIES = np.array([[3, 1, 3, 1, 2], [0, 5, 5, 0, 5]])
NANS = np.array([[1, np.nan, 2, np.nan, np.inf], [np.nan, -np.inf, 0, 1, 1]])


def position(type, function):
    def reference(X, axis, keepdims, dtype):
        found = function(np.asarray(X), axis=axis)
        return (np.expand_dims(found, axis) if keepdims else found).astype("int32" if dtype == 2 else "int64")

    return Op(
        type,
        cases=[
            dict(X=(4, 5), axis=1),
            dict(X=lod((3, 2), [1, 2]), axis=-1),
            dict(X=(2, 3, 4), axis=1, keepdims=True),
            dict(X=(2, 3, 4), axis=0),
            dict(X=(4, 5), axis=-2, dtype=2),
            dict(X=(4, 5), axis=1, dtype=3),
            dict(X=(4,), axis=0),
            dict(X=(4,), axis=0, keepdims=True),
            dict(X=TIES, axis=1),
            dict(X=NANS, axis=1),
            dict(X=(0, 3), axis=1),
            dict(X=(1,), axis=0),
        ],
        reference=reference,
        dtypes=NUMBERS + ("int16", "uint8", "int8"),
        bad=[
            dict(X=(2, 3), axis=2, match="axis 2"),
            dict(X=(2, 3), axis=-3, match="axis -3"),
            dict(X=(0, 3), axis=0, match="nothing to choose"),
            dict(X=(2, 3), axis=0, dtype=5, match="float32"),
            dict(X=(2, 3), axis=0, dtype=99, match="99"),
        ],
    )


def argsort(X, axis, descending):
    X = np.asarray(X)
    if descending:  # stable, the other way round, with NaN first
        size = X.shape[axis]
        order = size - 1 - np.flip(np.argsort(np.flip(X, axis), axis=axis, kind="stable"), axis)
    else:
        order = np.argsort(X, axis=axis, kind="stable")
    return {"Out": np.take_along_axis(X, order, axis), "Indices": order}


def top_k(X, K, k):
    k = k if K is None else int(K[0])
    order = np.argsort(-np.asarray(X), axis=-1, kind="stable")[..., :k]
    return {"Out": LodArray(np.take_along_axis(np.asarray(X), order, -1), X.lengths), "Indices": LodArray(order, X.lengths)}


test = op_tests(
    position("arg_max", np.argmax),
    position("arg_min", np.argmin),
    Op(
        "argsort",
        cases=[
            dict(X=(4, 5)),
            dict(X=(4, 5), descending=True),
            dict(X=lod((3, 4), [1, 2]), axis=0),
            dict(X=(2, 3, 4), axis=1),
            dict(X=(2, 3, 4), axis=-2, descending=True),
            dict(X=(40,)),
            dict(X=(0, 3)),
            dict(X=(3, 0)),
            dict(X=(1,)),
        ],
        reference=argsort,
        grad="X",
        dtypes=NUMBERS,
        bad=[dict(X=(2, 3), axis=2, match="axis 2"), dict(X=np.zeros(2, "bool"), match="bool")],
    ),
    Op(
        "where",
        cases=[
            dict(Condition=ints(3, 4, high=2, dtype="bool"), X=(3, 4), Y=(3, 4)),
            dict(Condition=ints(3, 2, high=2, dtype="bool"), X=lod((3, 2), [1, 2]), Y=(3, 2)),
            dict(Condition=ints(0, 3, high=2, dtype="bool"), X=(0, 3), Y=(0, 3)),
            dict(Condition=np.array([True]), X=(1,), Y=(1,)),
        ],
        reference=lambda Condition, X, Y: LodArray(np.where(Condition, X, Y), X.lengths),
        grad=("X", "Y"),
        dtypes=NUMBERS + ("bool", "int8", "int16", "float16"),
        bad=[
            dict(Condition=np.ones((2, 3), "bool"), X=(2, 3), Y=(3,), match="same shape"),
            dict(Condition=np.ones(2, "bool"), X=(2, 3), Y=(2, 3), match="same shape"),
            dict(Condition=np.ones(2, "int32"), X=(2,), Y=(2,), match="int32"),
            dict(Condition=np.ones(2, "bool"), X=np.float32([1, 2]), Y=np.int32([1, 2]), match="element type"),
        ],
    ),
    Op(
        "where_index",
        cases=[
            dict(Condition=ints(3, 4, high=2, dtype="bool")),
            dict(Condition=lod(ints(3, 2, 2, high=2, dtype="int32"), [1, 2])),
            dict(Condition=ints(7, high=2, dtype="float32")),
            dict(Condition=np.array([0.0, np.nan, -0.0, 1e-30])),
            dict(Condition=np.zeros((2, 3), "int64")),
            dict(Condition=(0, 3)),
            dict(Condition=(1,)),
        ],
        reference=lambda Condition: np.argwhere(np.asarray(Condition)),
        dtypes=NUMBERS + ("bool",),
        bad=[dict(Condition=np.ones(2, "uint8"), match="uint8")],
    ),
    Op(
        "top_k",
        cases=[
            dict(X=(4, 5), k=2),
            dict(X=(4, 5), k=5),
            dict(X=(30,), k=7),
            dict(X=lod((3, 4), [1, 2])),
            dict(X=(2, 3, 4), k=3),
            dict(X=(4, 5), K=np.array([3], "int32"), k=1),
            dict(X=(4, 5), K=np.array([2]), k=9),
            dict(X=(0, 3), k=2),
            dict(X=(1,)),
        ],
        reference=top_k,
        grad="X",
        grad_from="Out",
        dtypes=NUMBERS,
        bad=[
            dict(X=(2, 3), k=4, match="k is 4"),
            dict(X=(2, 3), k=0, match="k is 0"),
            dict(X=(2, 3), K=np.array([4]), match="k is 4"),
            dict(X=(2, 3), K=np.array([-1]), match="k is -1"),
            dict(X=(2, 3), K=np.array([1, 2]), match="K has shape"),
            dict(X=np.zeros(2, "bool"), match="bool"),
        ],
    ),
)


def sorted_rows(kind, x, **attrs):
    """The outputs of argsort or top_k, of which gradients cannot be taken by differences: there are ties or NaN."""
    entry = harness.ENTRIES[kind]
    outputs = OneOp(Case(entry, 0, dict(X=x, **attrs), "float64")).run()
    return np.asarray(outputs["Out"][0]), np.asarray(outputs["Indices"][0])


@pytest.mark.parametrize("x", [TIES.astype("float64"), NANS])
def test_ties_keep_their_order_and_nan_is_the_largest(x):
    # Last, as NumPy has it; and first in descending order.
    up, at = sorted_rows("argsort", x)
    np.testing.assert_array_equal(up, np.sort(x, axis=1))
    np.testing.assert_array_equal(at, np.argsort(x, axis=1, kind="stable"))
    down, at = sorted_rows("argsort", x, descending=True)
    key = np.where(np.isnan(x), np.inf, x)
    key = np.where(np.isposinf(x), 1e300, key)
    np.testing.assert_array_equal(at, np.argsort(-key, axis=1, kind="stable"))
    np.testing.assert_array_equal(down, np.take_along_axis(x, at, 1))
    best, first = sorted_rows("top_k", x, k=3)
    np.testing.assert_array_equal(first, at[:, :3])
    np.testing.assert_array_equal(best, down[:, :3])

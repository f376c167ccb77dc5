"""Norms: of whole tensors, of lines along an axis, of differences."""

import numpy as np
from harness import Op, Rows, lod, op_tests, rows, uniform


def clip_by_norm(X, max_norm):
    value = X.dense() if isinstance(X, Rows) else X
    norm = np.sqrt(np.sum(np.square(np.asarray(value))))
    scaled = value * (np.float32(max_norm) / norm) if norm > max_norm else value
    return Rows(sorted(set(X.rows)), scaled[sorted(set(X.rows))], X.height) if isinstance(X, Rows) else scaled


def whole_norm(type, function):
    dense = [dict(X=(2, 3)), dict(X=lod((3, 2), [1, 2])), dict(X=(0, 3)), dict(X=(1,)), dict(X=(6000,)), dict(X=(700, 600), smooth=False)]
    sparse = [dict(X=rows([4, 0, 4], (3, 2), height=6), smooth=False), dict(X=rows([], (0, 2), height=6), smooth=False)]
    return Op(
        type,
        cases=dense + sparse,
        reference=lambda X: np.reshape(np.sum(function(X.dense() if isinstance(X, Rows) else np.asarray(X))), (1,)),
        grad="X",
        bad=[dict(X=np.zeros(2, "int32"), match="int32"), dict(X=rows([7], (1, 2), height=6), match="row 7")],
    )


def normalize(X, axis, epsilon):
    norm = np.sqrt(np.sum(np.square(np.asarray(X)), axis=axis, keepdims=True) + np.float32(epsilon))
    return {"Norm": norm, "Out": np.asarray(X) / norm}


def power_norm(x, p, axis=None, keepdims=False):
    a = np.abs(np.asarray(x))
    if p == 0:
        return np.sum(a != 0, axis=axis, keepdims=keepdims).astype("float64")
    if np.isinf(p):
        return np.max(a, axis=axis, keepdims=keepdims) if p > 0 else np.min(a, axis=axis, keepdims=keepdims)
    return np.sum(a**p, axis=axis, keepdims=keepdims) ** (1 / p)


INF = float("inf")
NORMS = (1.0, 2.0, 3.0, 1.5, 0.5, 0.0, INF, -INF)

test = op_tests(
    Op(
        "clip_by_norm",
        cases=[
            dict(X=(3, 4), max_norm=0.5),
            dict(X=(3, 4), max_norm=50.0),
            dict(X=lod((3, 2), [1, 2]), max_norm=1.0),
            dict(X=rows([4, 0, 4], (3, 2), height=6), max_norm=0.7),
            dict(X=rows([], (0, 2), height=6), max_norm=0.7),
            dict(X=np.zeros((2, 2)), max_norm=0.5),
            dict(X=(0, 3), max_norm=1.0),
            dict(X=(1,), max_norm=0.1),
        ],
        reference=clip_by_norm,
        bad=[
            dict(X=(2,), max_norm=0.0, match="max_norm is 0"),
            dict(X=(2,), max_norm=-1.0, match="max_norm is -1"),
            dict(X=np.zeros(2, "int64"), max_norm=1.0, match="int64"),
            dict(X=rows([7], (1, 2), height=6), max_norm=1.0, match="row 7"),
        ],
    ),
    whole_norm("squared_l2_norm", np.square),
    whole_norm("l1_norm", np.abs),
    Op(
        "norm",
        cases=[
            dict(X=(3, 4), axis=1),
            dict(X=lod((3, 2), [1, 2]), axis=0, epsilon=0.5),
            dict(X=(2, 3, 4), axis=-2),
            dict(X=np.zeros((2, 2), "int32").astype("float64"), axis=1, epsilon=0.25),
            dict(X=(0, 3), axis=1),
            dict(X=(1,), axis=0),
        ],
        reference=normalize,
        grad="X",
        grad_from="Out",
        bad=[dict(X=(2, 3), axis=2, match="axis 2"), dict(X=np.zeros(2, "int32"), axis=0, match="int32")],
    ),
    Op(
        "p_norm",
        cases=[
            *(dict(X=uniform(3, 4), porder=p) for p in NORMS),
            dict(X=(3, 4), porder=3.0, axis=0, keepdim=True),
            dict(X=(2, 3, 4), axis=1),
            dict(X=lod((3, 2), [1, 2]), porder=1.0),
            dict(X=(5,), porder=2.0),
            dict(X=(5,), porder=2.0, keepdim=True),
            dict(X=(0, 3)),
            dict(X=(1,)),
        ],
        reference=lambda X, porder, axis, keepdim: power_norm(X, porder, axis, keepdim),
        grad="X",
        bad=[
            dict(X=(2, 3), axis=2, match="axis 2"),
            dict(X=(2, 3), porder=-1.0, match="porder is -1"),
            dict(X=(2, 3), porder=float("nan"), match="porder is"),
            dict(X=np.zeros(2, "int32"), match="int32"),
        ],
    ),
    Op(
        "dist",
        cases=[
            *(dict(X=uniform(3, 4), Y=uniform(3, 4), p=p) for p in NORMS),
            dict(X=(3, 4), Y=(4,)),
            dict(X=(4,), Y=(3, 4), p=3.0),
            dict(X=(3, 1), Y=(1, 4), p=1.0),
            dict(X=(0, 3), Y=(0, 3)),
            dict(X=(1,), Y=(1,)),
        ],
        reference=lambda X, Y, p: np.reshape(power_norm(X - Y, p), (1,)) if X.size else np.zeros(1),
        grad=("X", "Y"),
        bad=[
            dict(X=(2, 3), Y=(4,), match="4"),
            dict(X=(2, 3), Y=(3,), p=-1.0, match="p is -1"),
            dict(X=np.zeros(2, "int32"), Y=np.zeros(2, "int32"), match="int32"),
        ],
    ),
)

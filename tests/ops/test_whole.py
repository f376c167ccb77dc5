"""What is said of a tensor as a whole: its shape, its norms, limits on its values."""

import numpy as np
from harness import Op, Rows, lod, op_tests, rows, uniform

ANY = ("float32", "float64", "int32", "int64", "bool", "uint8", "int8", "int16", "float16")
CLIP = dict(min=-0.55, max=0.35)


def clip(X, Min, Max, min, max):
    low = float(np.float32(min)) if Min is None else Min
    high = float(np.float32(max)) if Max is None else Max
    if isinstance(X, Rows):
        merged = sorted(set(X.rows))
        return Rows(merged, np.clip(X.dense()[merged], low, high), X.height)
    return np.clip(X, low, high)


def clip_by_norm(X, max_norm):
    value = X.dense() if isinstance(X, Rows) else X
    norm = np.sqrt(np.sum(np.square(np.asarray(value))))
    scaled = value * (np.float32(max_norm) / norm) if norm > max_norm else value
    return Rows(sorted(set(X.rows)), scaled[sorted(set(X.rows))], X.height) if isinstance(X, Rows) else scaled


def whole_norm(type, function):
    return Op(
        type,
        cases=[dict(X=(2, 3)), dict(X=lod((3, 2), [1, 2])), dict(X=(0, 3)), dict(X=(1,)), dict(X=(6000,))],
        reference=lambda X: np.reshape(np.sum(function(np.asarray(X))), (1,)),
        grad="X",
        bad=[dict(X=np.zeros(2, "int32"), match="int32")],
    )


test = op_tests(
    Op(
        "shape",
        cases=[dict(Input=lod((3, 2), [1, 2])), dict(Input=(2, 3, 4)), dict(Input=(0, 3)), dict(Input=(1,)), dict(Input=())],
        reference=lambda Input: np.array(Input.shape, "int32"),
        dtypes=ANY,
        no_bad="any tensor has a shape",
    ),
    Op(
        "size",
        cases=[dict(Input=lod((3, 2), [1, 2])), dict(Input=(2, 3, 4)), dict(Input=(0, 3)), dict(Input=(1,)), dict(Input=())],
        reference=lambda Input: np.array([Input.size], "int64"),
        dtypes=ANY,
        no_bad="any tensor has a size",
    ),
    Op(
        "is_empty",
        cases=[dict(X=lod((3, 2), [1, 2])), dict(X=(0, 3)), dict(X=(1,)), dict(X=())],
        reference=lambda X: np.array([X.size == 0]),
        dtypes=ANY,
        no_bad="any tensor is empty or not",
    ),
    Op(
        "sign",
        cases=[dict(X=(3, 4)), dict(X=lod((3, 2), [1, 2])), dict(X=(0, 3)), dict(X=(1,)), dict(X=np.array([np.inf, -np.inf])), dict(X=np.array([0, 2, -3]))],
        reference=lambda X: np.sign(X),
        grad="X",
        dtypes=("float32", "float64", "int32", "int64"),
        bad=[dict(X=np.zeros(2, "bool"), match="bool")],
    ),
    Op(
        "clip",
        cases=[
            dict(X=(3, 4), **CLIP),
            dict(X=lod((3, 2), [1, 2]), **CLIP),
            dict(X=(3, 4), Min=uniform(1, low=-0.3, high=-0.1), **CLIP),
            dict(X=(3, 4), Min=uniform(1, low=-0.3, high=-0.1), Max=uniform(1, low=0.4, high=0.6), **CLIP),
            dict(X=rows([4, 0, 4], (3, 2), height=6), **CLIP),
            dict(X=rows([], (0, 2), height=6), **CLIP),
            dict(X=(3, 4), min=0.5, max=0.5),
            dict(X=(0, 3), **CLIP),
            dict(X=(1,), **CLIP),
            dict(X=np.array([np.inf, -np.inf]), **CLIP),
        ],
        reference=clip,
        grad="X",
        bad=[
            dict(X=(2,), min=1.0, max=0.0, match="min <= max"),
            dict(X=(2,), min=0.0, max=float("nan"), match="min <= max"),
            dict(X=(2,), Max=np.array([-1.0], "float32"), match="min <= max", **CLIP),
            dict(X=(2,), Max=np.array([1.0, 2.0], "float32"), match="Max has shape", **CLIP),
            dict(X=(2,), Max=np.array([1.0]), match="element type", **CLIP),
            dict(X=rows([7], (1, 2), height=6), match="row 7", **CLIP),
        ],
    ),
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
)

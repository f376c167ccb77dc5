"""Scaling, sums, means, reductions, copies under another shape."""

import numpy as np
from harness import LodArray, Op, Rows, lod, op_tests, rows, uniform

NUMBERS = ("float32", "float64", "int32", "int64")


def reduced(function):
    def reference(X, dim, keep_dim, reduce_all):
        axes = None if reduce_all or len(dim) == X.ndim else tuple(dim)
        out = function(X, axis=axes, keepdims=keep_dim)
        return np.reshape(out, (1,)) if np.ndim(out) == 0 else out

    return reference


def reduction(type, function, grad=("X",), dtypes=("float32", "float64")):
    cases = [
        dict(X=(2, 3), dim=[0]),
        dict(X=(2, 3, 4), dim=[1, 2]),
        dict(X=(2, 3, 4), dim=[-1], keep_dim=True),
        dict(X=(2, 3), dim=[0], reduce_all=True),
        dict(X=(1,), dim=[0]),
    ]
    return Op(
        type,
        cases=cases,
        reference=reduced(function),
        grad=grad,
        dtypes=dtypes,
        bad=[dict(X=(2, 3), dim=[2], match="2")],
        no_empty="a reduction over nothing has no value for most of these",
    )


def scale(X, ScaleTensor, scale, bias, bias_after_scale):
    if ScaleTensor is not None:
        scale = np.asarray(ScaleTensor)
    return scale * X + bias if bias_after_scale else scale * (X + bias)



CLIP = dict(min=-0.55, max=0.35)


def clip(X, Min, Max, min, max):
    low = float(np.float32(min)) if Min is None else Min
    high = float(np.float32(max)) if Max is None else Max
    if isinstance(X, Rows):
        merged = sorted(set(X.rows))
        return Rows(merged, np.clip(X.dense()[merged], low, high), X.height)
    return np.clip(X, low, high)


def cumsum(X, axis, exclusive, reverse):
    X = np.asarray(X)
    x = np.flip(X, axis) if reverse else X
    out = np.cumsum(x, axis=axis, dtype=X.dtype)
    if exclusive:
        out = out - x
    return np.flip(out, axis) if reverse else out


test = op_tests(
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
        "cumsum",
        cases=[
            dict(X=(3, 4)),
            dict(X=lod((3, 2), [1, 2]), axis=0),
            dict(X=(2, 3, 4), axis=1, exclusive=True),
            dict(X=(2, 3, 4), axis=-2, reverse=True),
            dict(X=(3, 4), axis=0, exclusive=True, reverse=True),
            dict(X=(0, 3), axis=1),
            dict(X=(3, 0), axis=1),
            dict(X=(1,)),
        ],
        reference=lambda X, axis, exclusive, reverse: LodArray(cumsum(X, axis, exclusive, reverse), X.lengths),
        grad="X",
        dtypes=NUMBERS,
        bad=[dict(X=(2, 3), axis=2, match="axis 2"), dict(X=np.zeros(2, "bool"), match="bool")],
    ),
    Op(
        "scale",
        cases=[dict(X=(2, 3), scale=2.0, bias=1.0), dict(X=(2, 3), scale=3.0, bias=2.0, bias_after_scale=False), dict(X=(0, 2)), dict(X=(1,), scale=4.0), dict(X=(2, 3), ScaleTensor=(1,))],
        reference=scale,
        grad=("X",),
        dtypes=NUMBERS,
        no_bad="any shape is taken",
    ),
    Op("mean", cases=[dict(X=(2, 3)), dict(X=(1,))], reference=lambda X: np.reshape(np.mean(X), (1,)), grad=("X",), no_bad="any shape is taken",
       no_empty="nothing has no mean"),
    Op(
        "sum",
        cases=[dict(X=[(2, 3), (2, 3)]), dict(X=[(2,)]), dict(X=[(0, 2), (0, 2)]), dict(X=[(1,), (1,), (1,)])],
        reference=lambda X: sum(np.asarray(x) for x in X),
        grad=("X",),
        dtypes=NUMBERS,
        bad=[dict(X=[(2, 3), (2, 4)], match="shape")],
    ),
    reduction("reduce_sum", np.sum),
    reduction("reduce_mean", np.mean),
    reduction("reduce_max", np.max),
    reduction("reduce_min", np.min),
    reduction("reduce_prod", np.prod),
)

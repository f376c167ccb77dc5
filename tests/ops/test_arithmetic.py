"""Scaling, sums, means, reductions, copies under another shape."""

import numpy as np
from harness import LodArray, Op, lod, op_tests

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


def logical_reduction(type, function):
    return Op(
        type,
        cases=[
            dict(X=(2, 3), dim=[0]),
            dict(X=(2, 3, 4), dim=[1, 2]),
            dict(X=(2, 3, 4), dim=[-1], keep_dim=True),
            dict(X=(3, 4), dim=[1, 0]),
            dict(X=(2, 3), reduce_all=True),
            dict(X=(2, 3), reduce_all=True, keep_dim=True),
            dict(X=lod((3, 2), [1, 2]), dim=[1]),
            dict(X=lod((3, 2), [1, 2]), dim=[0]),
            dict(X=np.array([[True, True], [True, False], [False, False]]), dim=[1]),
            dict(X=np.array([True]), in_dtype=0, out_dtype=0),
            dict(X=(0, 3)),
            dict(X=(2, 0), dim=[1]),
        ],
        reference=logically_reduced(function),
        dtypes=("bool",),
        bad=[
            dict(X=(2, 3), dim=[2], match="dim"),
            dict(X=(2, 3), dim=[-3], match="dim"),
            dict(X=(2, 3), dim=[], match="dim is empty"),
            dict(X=(2, 3), case_dtype="float32", match="X is float32; expected one of: bool"),
            dict(X=(2, 3), out_dtype=5, match="dtype"),
        ],
    )


def logically_reduced(function):
    def reference(X, dim, keep_dim, reduce_all):
        out = reduced(function)(np.asarray(X), dim, keep_dim, reduce_all)
        keeps_rows = not reduce_all and 0 not in [d % X.ndim for d in dim]
        return LodArray(out, X.lengths if keeps_rows else [])

    return reference


test = op_tests(
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
    logical_reduction("reduce_all", np.all),
    logical_reduction("reduce_any", np.any),
)

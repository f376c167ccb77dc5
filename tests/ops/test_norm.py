"""Normalisations."""

import numpy as np
from harness import LodArray, Op, lod, op_tests, positive, uniform


def grouped_as(like, array):
    return LodArray(array, getattr(like, "lengths", []))


def channels_last(x, data_layout):
    """As [..., C], and a function that turns such an array back."""
    axis = x.ndim - 1 if data_layout == "NHWC" else 1
    return np.moveaxis(np.asarray(x), axis, -1), lambda y: grouped_as(x, np.moveaxis(y, -1, axis))


def optional(array, otherwise):
    return otherwise if array is None else np.asarray(array)


# ---- batch_norm ----


def batch_norm(X, Scale, Bias, Mean, Variance, MomentumTensor, is_test, momentum, epsilon, data_layout, use_global_stats, trainable_statistics):
    x, back = channels_last(X, data_layout)
    rows = x.reshape(int(np.prod(x.shape[:-1])), x.shape[-1])
    kept = {"MeanOut": np.asarray(Mean), "VarianceOut": np.asarray(Variance)}
    momentum = momentum if MomentumTensor is None else float(np.asarray(MomentumTensor)[0])
    if use_global_stats or (is_test and not trainable_statistics):
        mean, variance = np.asarray(Mean), np.asarray(Variance)
    elif len(rows) <= 1:  # no variance
        zeros = np.zeros(x.shape[-1])
        return {"Y": X, "SavedMean": zeros, "SavedVariance": zeros, **kept}
    else:
        mean, variance = rows.mean(0), rows.var(0)
        kept = {"MeanOut": momentum * np.asarray(Mean) + (1 - momentum) * mean, "VarianceOut": momentum * np.asarray(Variance) + (1 - momentum) * variance}
    inverse = 1 / np.sqrt(variance + epsilon)
    y = (x - mean) * inverse * np.asarray(Scale) + np.asarray(Bias)
    return {"Y": back(y), "SavedMean": mean, "SavedVariance": inverse, **kept}


def batch_case(*shape, channels=None, x=None, **more):
    c = channels or shape[-1 if more.get("data_layout") == "NHWC" else 1]
    return dict(X=x or uniform(*shape), Scale=positive(c), Bias=uniform(c), Mean=uniform(c), Variance=positive(c), **more)


STATISTICS = [
    dict(),
    dict(is_test=True),
    dict(use_global_stats=True),
    dict(is_test=True, trainable_statistics=True),
    dict(is_test=True, trainable_statistics=True, use_global_stats=True),
]
MOMENTUM = np.array([0.25], "float32")
BATCH_NORM = Op(
    "batch_norm",
    cases=[batch_case(3, 2, 2, 3, data_layout=layout, **mode) for layout in ("NCHW", "NHWC") for mode in STATISTICS]
    + [
        batch_case(5, 3),
        batch_case(5, 3, data_layout="NHWC"),
        batch_case(2, 3, 4),
        batch_case(2, 3, 2, 1, 2),
        batch_case(2, 2, 1, 2, 3, data_layout="NHWC"),
        batch_case(4, 3, momentum=0.5, epsilon=0.25),
        batch_case(4, 3, momentum=0.5, MomentumTensor=MOMENTUM),
        batch_case(4, 3, data_layout="AnyLayout"),
        batch_case(4, 3, x=lod(uniform(4, 3), [1, 3])),
        batch_case(1, 3),
        batch_case(1, 3, use_global_stats=True),
        batch_case(1, 2, 1, 1),
        batch_case(0, 3, 2, 2),
        batch_case(0, 3, is_test=True),
        batch_case(1, 1, 2, 1),
    ],
    reference=batch_norm,
    grad=("X", "Scale", "Bias"),
    grad_from="Y",
    bad=[
        batch_case(3, channels=3, match="rank"),
        batch_case(2, 3, 1, 1, 1, 1, match="rank"),
        batch_case(2, 3, channels=2, match=r"Scale has shape \[2\]; expected \[3\], a number a channel of X \[2, 3\]"),
        {**batch_case(2, 3), "Bias": uniform(3, 1), "match": r"Bias has shape \[3, 1\]; expected \[3\]"},
        {**batch_case(2, 3), "Mean": uniform(4), "match": r"Mean has shape \[4\]"},
        {**batch_case(2, 3), "Variance": uniform(2), "match": r"Variance has shape \[2\]"},
        batch_case(2, 3, data_layout="CHWN", match="data_layout is 'CHWN'; expected NCHW or NHWC"),
        batch_case(2, 3, MomentumTensor=np.array([0.5, 0.5], "float32"), match=r"MomentumTensor has shape \[2\]; expected one element"),
        batch_case(2, 3, MomentumTensor=np.array([1]), match="MomentumTensor is int64"),
    ],
)


# ---- layer_norm, group_norm, instance_norm ----


def layer_norm(X, Scale, Bias, epsilon, begin_norm_axis):
    width = int(np.prod(X.shape[begin_norm_axis:]))
    x = np.asarray(X).reshape(int(np.prod(X.shape[:begin_norm_axis])), width)
    mean, variance = x.mean(1), x.var(1)
    y = (x - mean[:, None]) / np.sqrt(variance[:, None] + epsilon) * optional(Scale, 1) + optional(Bias, 0)
    return {"Y": grouped_as(X, y.reshape(X.shape)), "Mean": mean, "Variance": variance}


def group_norm(X, Scale, Bias, epsilon, groups, data_layout):
    x, back = channels_last(X, data_layout)
    n, c = x.shape[0], x.shape[-1]
    grouped = x.reshape(n, int(np.prod(x.shape[1:-1])), groups, c // groups)
    mean, variance = grouped.mean((1, 3)), grouped.var((1, 3))
    y = (grouped - mean[:, None, :, None]) / np.sqrt(variance[:, None, :, None] + epsilon)
    return {"Y": back(y.reshape(x.shape) * optional(Scale, 1) + optional(Bias, 0)), "Mean": mean, "Variance": variance}


def instance_norm(X, Scale, Bias, epsilon):
    n, c = X.shape[:2]
    x = np.asarray(X).reshape(n, c, int(np.prod(X.shape[2:])))
    mean, inverse = x.mean(2), 1 / np.sqrt(x.var(2) + epsilon)
    y = (x - mean[:, :, None]) * inverse[:, :, None] * np.reshape(optional(Scale, np.ones(c)), (c, 1)) + np.reshape(optional(Bias, np.zeros(c)), (c, 1))
    return {"Y": grouped_as(X, y.reshape(X.shape)), "SavedMean": mean.reshape(-1), "SavedVariance": inverse.reshape(-1)}


def affine(n):
    return [dict(Scale=positive(n), Bias=uniform(n)), dict(Scale=positive(n)), dict(Bias=uniform(n)), dict()]


LAYER_NORM = Op(
    "layer_norm",
    cases=[dict(X=uniform(3, 4), **more) for more in affine(4)]
    + [dict(X=uniform(2, 3, 2, 2), begin_norm_axis=2, **more) for more in affine(4)]
    + [
        dict(X=uniform(2, 3, 2), begin_norm_axis=1, Scale=positive(6), Bias=uniform(6), epsilon=0.5),
        dict(X=lod(uniform(4, 3), [1, 3]), Scale=positive(3), Bias=uniform(3)),
        dict(X=uniform(2, 300), Scale=positive(300), Bias=uniform(300)),
        dict(X=uniform(0, 3), Scale=positive(3), Bias=uniform(3)),
        dict(X=uniform(2, 1), Bias=uniform(1)),
    ],
    reference=layer_norm,
    grad=("X", "Scale", "Bias"),
    grad_from="Y",
    bad=[
        dict(X=(3,), match="rank"),
        dict(X=(3, 4), begin_norm_axis=0, match="begin_norm_axis is 0, but X .* expected 1 <= begin_norm_axis < 2"),
        dict(X=(3, 4), begin_norm_axis=2, match="begin_norm_axis is 2"),
        dict(X=(3, 4), begin_norm_axis=-1, match="begin_norm_axis is -1"),
        dict(X=(3, 4), Scale=positive(3), match=r"Scale has shape \[3\]; expected \[4\]"),
        dict(X=(3, 4), Bias=(1, 4), match=r"Bias has shape \[1, 4\]; expected \[4\]"),
        dict(X=(3, 0), match=r"X has shape \[3, 0\].*nothing to normalise"),
    ],
)
GROUP_NORM = Op(
    "group_norm",
    cases=[dict(X=uniform(2, 4, 2, 2), groups=2, **more) for more in affine(4)]
    + [dict(X=uniform(2, 2, 2, 4), groups=2, data_layout="NHWC", **more) for more in affine(4)]
    + [
        dict(X=uniform(2, 6), groups=2, Scale=positive(6), Bias=uniform(6), epsilon=0.5),
        dict(X=uniform(2, 4, 3), groups=1),
        dict(X=uniform(2, 3, 2, 1, 2), groups=3, Scale=positive(3), data_layout="AnyLayout"),
        dict(X=uniform(2, 2, 1, 2, 6), groups=3, Bias=uniform(6), data_layout="NHWC"),
        dict(X=lod(uniform(2, 4, 3), [2]), groups=4),
        dict(X=uniform(0, 4, 2, 2), groups=2, Scale=positive(4), Bias=uniform(4)),
        dict(X=uniform(1, 1, 2), groups=1),
    ],
    reference=group_norm,
    grad=("X", "Scale", "Bias"),
    grad_from="Y",
    bad=[
        dict(X=(4,), groups=1, match="rank"),
        dict(X=(2, 4, 1, 1, 1, 1), groups=1, match="rank"),
        dict(X=(2, 4, 3), groups=3, match=r"the 4 channels of X \[2, 4, 3\] cannot be cut into 3 equal groups"),
        dict(X=(2, 4, 3), groups=0, match="groups must be positive, got 0"),
        dict(X=(2, 4, 3), match="groups"),
        dict(X=(2, 4, 3), groups=2, data_layout="NHCW", match="data_layout is 'NHCW'; expected NCHW or NHWC"),
        dict(X=(2, 4, 3), groups=2, Scale=positive(3), match=r"Scale has shape \[3\]; expected \[4\]"),
        dict(X=(2, 4, 3), groups=2, Bias=positive(4, 1), match=r"Bias has shape \[4, 1\]; expected \[4\]"),
        dict(X=(2, 4, 0), groups=2, match=r"X has shape \[2, 4, 0\].*nothing to normalise"),
        dict(X=(2, 0, 3), groups=2, match=r"X has shape \[2, 0, 3\].*nothing to normalise"),
    ],
)
INSTANCE_NORM = Op(
    "instance_norm",
    cases=[dict(X=uniform(2, 3, 2, 2), **more) for more in affine(3)]
    + [
        dict(X=uniform(2, 3, 4), Scale=positive(3), Bias=uniform(3), epsilon=0.5),
        dict(X=uniform(2, 1, 2, 1, 2), Scale=positive(1), Bias=uniform(1)),
        dict(X=lod(uniform(2, 3, 4), [2]), Scale=positive(3), Bias=uniform(3)),
        dict(X=uniform(2, 3), Scale=positive(3), Bias=uniform(3)),
        dict(X=uniform(0, 3, 2), Scale=positive(3), Bias=uniform(3)),
    ],
    reference=instance_norm,
    grad=("X", "Scale", "Bias"),
    grad_from="Y",
    double=("X", "Scale", "Bias"),
    bad=[
        dict(X=(4,), match="rank"),
        dict(X=(2, 4, 1, 1, 1, 1), match="rank"),
        dict(X=(2, 4, 3), Scale=positive(3), match=r"Scale has shape \[3\]; expected \[4\]"),
        dict(X=(2, 4, 3), Bias=positive(4, 1), match=r"Bias has shape \[4, 1\]; expected \[4\]"),
        dict(X=(2, 4, 0), match=r"X has shape \[2, 4, 0\].*nothing to normalise"),
    ],
)


# ---- lrn ----


def lrn(X, n, k, alpha, beta, data_format):
    x, back = channels_last(X, data_format)
    sums = np.zeros(x.shape)
    for c in range(x.shape[-1]):
        sums[..., c] = (x[..., max(c - n // 2, 0) : c + n // 2 + 1] ** 2).sum(-1)
    middle = k + alpha * sums
    return {"Out": back(x * middle**-beta), "MidOut": back(middle)}


LRN = Op(
    "lrn",
    cases=[
        dict(X=uniform(2, 7, 2, 2)),
        dict(X=uniform(2, 7, 2, 2), n=3, k=1.0, alpha=0.5, beta=0.5),
        dict(X=uniform(2, 2, 2, 7), n=3, k=1.0, alpha=0.5, beta=0.5, data_format="NHWC"),
        dict(X=uniform(1, 2, 3, 2), n=9, alpha=0.25, data_format="NCHW", is_test=True),
        dict(X=uniform(1, 3, 20, 20), n=1, alpha=2.0, beta=1.0),
        dict(X=lod(uniform(2, 3, 1, 2), [1, 1]), alpha=0.5),
        dict(X=uniform(0, 3, 2, 2)),
        dict(X=uniform(1, 1, 1, 1)),
    ],
    reference=lrn,
    grad="X",
    grad_from="Out",
    bad=[
        dict(X=(2, 3, 4), match="rank"),
        dict(X=(2, 3, 2, 2), n=4, match="n is 4; expected a positive odd number"),
        dict(X=(2, 3, 2, 2), n=-1, match="n is -1"),
        dict(X=(2, 3, 2, 2), data_format="HWC", match="data_format is 'HWC'; expected NCHW, NHWC or AnyLayout"),
    ],
)

test = op_tests(BATCH_NORM, LAYER_NORM, GROUP_NORM, INSTANCE_NORM, LRN)

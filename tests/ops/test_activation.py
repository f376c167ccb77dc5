"""Functions of one element, and softmax."""

import numpy as np
from harness import LodArray, Op, lod, op_tests, positive, uniform
from values import Spec

SHAPES = [(2, 3), (0, 3), (1,), (3, 1, 5)]
ALL_SHAPES = [dict(X=shape) for shape in SHAPES]
POSITIVE = [dict(X=positive(*shape)) for shape in SHAPES]
INNER = [dict(X=uniform(*shape, low=-0.9, high=0.9)) for shape in SHAPES]
OFF_KINKS = [dict(X=uniform(*shape, low=0.6, high=2)) for shape in SHAPES] + [dict(X=uniform(3, 4, low=-0.4, high=0.4))]

erf = np.vectorize(__import__("math").erf, otypes=["float64"])


def sigmoid(X):
    return 1 / (1 + np.exp(-X))


def softplus(X):
    return np.log1p(np.exp(-np.abs(X))) + np.maximum(X, 0)


def softmax(X, axis):
    e = np.exp(X - X.max(axis, keepdims=True, initial=-np.inf))
    return e / e.sum(axis, keepdims=True)


def like_case(values):
    """Given numbers in the case's dtype."""
    return Spec(lambda rng, dtype: np.asarray(values).astype(dtype), True)


def power(X, FactorTensor, factor):
    if FactorTensor is not None:
        factor = float(np.asarray(FactorTensor)[0])
    if np.asarray(X).dtype.kind == "f":
        return X**factor
    with np.errstate(divide="ignore"):
        y = np.asarray(X, "float64") ** int(factor)
    most = np.iinfo(X.dtype).max
    return LodArray(np.where(y < most, np.minimum(y, most // 2).astype(X.dtype), most), X.lengths)


ROUNDED = [dict(X=like_case([0.5, 1.5, -0.5, -1.5, 2.5, 0.49, 3.2, -2.7, 8388609.0]), smooth=False), dict(X=(0, 3)), dict(X=uniform(3, 4, low=-9, high=9))]


def prelu(X, Alpha, mode):
    Alpha = np.asarray(Alpha)
    if mode == "all":
        slopes = Alpha.reshape(-1)
    elif mode == "channel":
        slopes = Alpha.reshape((1, -1) + (1,) * (X.ndim - 2))
    else:
        slopes = Alpha.reshape((1,) + X.shape[1:])
    return np.where(np.asarray(X) > 0, np.asarray(X), slopes * np.asarray(X))


def maxout(X, groups, axis):
    axis %= X.ndim
    shape = X.shape[:axis] + (X.shape[axis] // groups, groups) + X.shape[axis + 1 :]
    return np.asarray(X).reshape(shape).max(axis + 1)


def simple(type, reference, cases=ALL_SHAPES, **more):
    options = dict(grad=("X",), no_bad="any shape is taken; the types are checked by the harness")
    options.update(more)
    return Op(type, cases=cases, reference=reference, **options)


test = op_tests(
    simple("relu", lambda X: np.maximum(X, 0), double=("X",)),
    simple("sigmoid", sigmoid),
    simple("logsigmoid", lambda X: -softplus(-X)),
    simple("exp", lambda X: np.exp(X)),
    simple("tanh", lambda X: np.tanh(X)),
    simple("tanh_shrink", lambda X: X - np.tanh(X)),
    simple("sqrt", lambda X: np.sqrt(X), POSITIVE, double=("X",)),
    simple("rsqrt", lambda X: 1 / np.sqrt(X), POSITIVE),
    simple("abs", lambda X: np.abs(X)),
    simple("ceil", lambda X: np.ceil(X)),
    simple("floor", lambda X: np.floor(X)),
    simple("cos", lambda X: np.cos(X)),
    simple("sin", lambda X: np.sin(X)),
    simple("acos", lambda X: np.arccos(X), INNER),
    simple("asin", lambda X: np.arcsin(X), INNER),
    simple("atan", lambda X: np.arctan(X)),
    simple("reciprocal", lambda X: 1 / X, POSITIVE),
    simple("log", lambda X: np.log(X), POSITIVE),
    simple("log1p", lambda X: np.log1p(X), POSITIVE),
    simple("square", lambda X: X * X, double=("X",)),
    simple("softplus", softplus),
    simple("softsign", lambda X: X / (1 + np.abs(X))),
    simple("erf", lambda X: erf(X) if X.size else X),
    simple("leaky_relu", lambda X, alpha: np.where(X > 0, X, alpha * X), ALL_SHAPES + [dict(X=(2, 2), alpha=0.25)], double=("X",)),
    simple("elu", lambda X, alpha: np.where(X > 0, X, alpha * (np.exp(X) - 1)), ALL_SHAPES + [dict(X=(2, 2), alpha=0.25)], double=("X",)),
    simple("selu", lambda X, scale, alpha: scale * np.where(X > 0, X, alpha * (np.exp(X) - 1))),
    simple("relu6", lambda X, threshold: np.minimum(np.maximum(X, 0), threshold)),
    simple("stanh", lambda X, scale_a, scale_b: scale_b * np.tanh(scale_a * X)),
    simple("hard_sigmoid", lambda X, slope, offset: np.clip(slope * X + offset, 0, 1)),
    simple("swish", lambda X, beta: X * sigmoid(beta * X)),
    simple("hard_swish", lambda X, threshold, scale, offset: X * np.clip(X + offset, 0, threshold) / scale),
    simple("brelu", lambda X, t_min, t_max: np.clip(X, t_min, t_max)),
    simple("softshrink", lambda X: np.where(X > 0.5, X - 0.5, np.where(X < -0.5, X + 0.5, 0)), OFF_KINKS),
    simple("hard_shrink", lambda X, threshold: np.where(np.abs(X) > threshold, X, 0), OFF_KINKS),
    simple("thresholded_relu", lambda X, threshold: np.where(X > threshold, X, 0)),
    simple("soft_relu", lambda X, threshold: np.log(1 + np.exp(np.clip(X, -threshold, threshold)))),
    simple("gelu", lambda X: 0.5 * X * (1 + erf(X / np.sqrt(2))) if X.size else X),
    simple("mish", lambda X: X * np.tanh(softplus(X))),
    simple("round", lambda X: np.sign(X) * np.floor(np.abs(X) + 0.5), ROUNDED, no_bad="any shape is taken; the types are checked by the harness"),
    Op(
        "pow",
        cases=[dict(X=shape, factor=factor) for shape in SHAPES for factor in (1.0, 2.0, 3.0)]
        + [dict(X=positive(*shape), factor=factor) for shape in SHAPES for factor in (0.5, 2.5, -1.5, 0.0)]
        + [dict(X=(2, 3))]
        + [dict(X=(2, 3), FactorTensor=like_case([3.0]), factor=2.0), dict(X=positive(2, 3), FactorTensor=np.array([2.5], "float32"))]
        + [dict(X=lod((3, 2), [1, 2]), factor=2.0)],
        reference=power,
        grad=("X",),
        dtypes=("float32", "float64", "int32", "int64"),
        bad=[
            dict(X=(2, 3), FactorTensor=like_case([2.0, 3.0]), match=r"FactorTensor has shape \[2\]; expected one element"),
            dict(X=(2, 3), FactorTensor=np.array([True]), match="FactorTensor is bool"),
        ],
    ),
    Op(
        "prelu",
        cases=[
            dict(X=(2, 3, 2), Alpha=(1,)),
            dict(X=(2, 3), Alpha=(1,), mode="all"),
            dict(X=lod((3, 2), [1, 2]), Alpha=(1, 1)),
            dict(X=(2, 4, 2, 3), Alpha=(4,), mode="channel"),
            dict(X=(2, 4, 2), Alpha=(1, 4, 1), mode="channel"),
            dict(X=(3, 4), Alpha=(4,), mode="channel"),
            dict(X=(2, 3, 2), Alpha=(1, 3, 2), mode="element"),
            dict(X=(0, 3), Alpha=(1,)),
            dict(X=(0, 3), Alpha=(3,), mode="channel"),
            dict(X=(1,), Alpha=(1,)),
        ],
        reference=prelu,
        grad=("X", "Alpha"),
        bad=[
            dict(X=(2, 3), Alpha=(1,), mode="each", match='mode is "each"'),
            dict(X=(2, 3), Alpha=(2,), match="takes 1 slopes"),
            dict(X=(2, 3), Alpha=(2,), mode="channel", match="takes 3 slopes"),
            dict(X=(3,), Alpha=(3,), mode="channel", match="rank 1"),
            dict(X=(2, 3), Alpha=(3,), mode="element", match="X's rank"),
            dict(X=(2, 3, 2), Alpha=(1, 2, 2), mode="element", match="takes 6 slopes"),
            dict(X=np.float32([1]), Alpha=np.float64([1]), match="element type"),
        ],
    ),
    Op(
        "maxout",
        cases=[
            dict(X=(2, 4, 2, 3), groups=2),
            dict(X=(2, 2, 1, 6), groups=3, axis=3),
            dict(X=(2, 2, 1, 6), groups=2, axis=-1),
            dict(X=(2, 3, 1, 2), groups=1),
            dict(X=lod((3, 4), [1, 2]), groups=4),
            dict(X=(0, 4, 2, 2), groups=2),
            dict(X=(1, 1, 1, 1), groups=1),
        ],
        reference=maxout,
        grad="X",
        grad_from="Out",
        bad=[
            dict(X=(2, 3, 2, 2), groups=2, match="divide"),
            dict(X=(2, 3), groups=0, match="groups is 0"),
            dict(X=(2, 3), groups=1, axis=2, match="axis 2"),
            dict(X=np.zeros((2, 2), "int32"), groups=1, match="int32"),
        ],
    ),
    Op(
        "softmax",
        cases=[dict(X=(2, 3)), dict(X=(2, 3, 4), axis=1), dict(X=(0, 3)), dict(X=(1, 1))],
        reference=softmax,
        grad=("X",),
        bad=[dict(X=(2, 3), axis=2, match="axis")],
    ),
    Op(
        "log_softmax",
        cases=[dict(X=(2, 3)), dict(X=(2, 3, 4), axis=1), dict(X=(0, 3)), dict(X=(1, 1))],
        reference=lambda X, axis: np.log(softmax(X, axis)),
        grad=("X",),
        bad=[dict(X=(2, 3), axis=2, match="axis")],
    ),
)

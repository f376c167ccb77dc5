"""Scaling, sums, means, reductions, copies under another shape."""

import types

import numpy as np
import pytest
from harness import Elsewhere, LodArray, Op, Rows, SameDtype, lod, op_tests, rows, uniform
from one_op import Case, OneOp
from paddle import _core as core
from values import VAR_TYPES

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


NUMBER_OF = {"bool": 0, "int32": 2, "int64": 3, "float64": 6, "uint8": 20}  # of those that steps of 1e-6 do not get lost in


def cast(X, out_dtype):
    name = next(name for name, number in NUMBER_OF.items() if number == out_dtype)
    if name == "uint8":  # through int64: NumPy leaves negative floats open
        return LodArray(np.asarray(X).astype("int64").astype(name), X.lengths)
    return LodArray(np.asarray(X).astype(name), X.lengths)


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
    Op(
        "assign",
        cases=[dict(X=lod((3, 2), [1, 2])), dict(X=(0, 2)), dict(X=rows([4, 0, 4], (3, 2), height=6))],
        reference=lambda X: X,
        grad=("X",),
        dtypes=NUMBERS + ("bool", "float16"),
        no_bad="any shape is taken",
    ),
    Op(
        "cast",
        cases=[dict(X=lod((3, 2), [1, 2]), in_dtype=SameDtype, out_dtype=k) for k in NUMBER_OF.values()] + [dict(X=(0, 2), in_dtype=SameDtype, out_dtype=6)],
        reference=cast,
        grad=("X",),
        dtypes=NUMBERS + ("bool", "uint8", "float16"),
        bad=[dict(X=(2,), in_dtype=5, out_dtype=99, match="99"), dict(X=(2,), in_dtype=5, match="out_dtype")],
    ),
    logical_reduction("reduce_all", np.all),
    logical_reduction("reduce_any", np.any),
)

Elsewhere("increment", "tests/ops/test_arithmetic.py")  # its gradient op is no derivative: it takes the step back


def one_op(type, inputs, attrs, outputs=("Out",)):
    """A program of one op with the inputs fed."""
    raw = {**inputs, **attrs, "outputs": {name: 1 for name in outputs}}
    entry = types.SimpleNamespace(type=type, info=core.op_info(type), outputs={}, fixed=(), must_share={}, file=__file__, line=1)
    return OneOp(Case(entry, 0, raw, "float32"))


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("shape", [(1,), (1, 1)])
@pytest.mark.parametrize("step", [1.0, 2.0, -3.0])
def test_increment(dtype, shape, step):
    one = one_op("increment", {"X": np.full(shape, 5, dtype)}, {"step": step})
    out = one.run()["Out"][0]
    assert out.dtype == dtype and out.shape == shape and out.item() == 5 + step


def test_increment_goes_back_in_the_backward_pass():
    one = one_op("increment", {"X": np.array([5], "float32")}, {"step": 2.0})
    grad = one.feed_like("weight", np.ones(1, "float32"))
    _, kinds = one.backward(["out.Out.0"], ["weight"])
    assert kinds == ["increment"] and grad.shape == (1,)
    assert one.block.op(1).attr("step") == -2.0
    assert one.block.op(1).input("X") == ["out.Out.0"] and one.block.op(1).output("Out") == ["in.X.0"]


@pytest.mark.parametrize("shape", [(2,), (0,)])
def test_increment_takes_one_element(shape):
    with pytest.raises(ValueError, match="one element"):
        one_op("increment", {"X": np.zeros(shape, "float32")}, {}).run()


@pytest.mark.parametrize("source", ["float64", "float32", "int64", "bool", "uint8"])
@pytest.mark.parametrize("target", ["float32", "float16"])
def test_cast_rounds_to_nearest(source, target):
    x = np.array([0, 1, 3, 100], source) if source in ("bool", "uint8", "int64") else np.array([0.1, -2049.5, 1e-9, 12345.678], source)
    attrs = {"in_dtype": int(VAR_TYPES[source]), "out_dtype": int(VAR_TYPES[target])}
    out = one_op("cast", {"X": x}, attrs).run()["Out"][0]
    np.testing.assert_array_equal(out, x.astype(target), strict=True)

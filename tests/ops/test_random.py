"""Random numbers: shapes, types, ranges, and moments of many; dropout."""

import numpy as np
from harness import Op, SameDtype, lod, op_tests, uniform

MANY = 40000
FLOATS = ("float32", "float64")
SHAPE_TENSORS = [
    dict(ShapeTensor=np.array([3, 4], "int32"), shape=[7]),
    dict(ShapeTensor=np.array([2, 0]), shape=[-1, -1]),
    dict(ShapeTensorList=[np.array([3], "int32"), np.array([2], "int32")], shape=[-1, 2]),
    dict(ShapeTensorList=[np.array([3])]),
]
LIKE = [
    dict(Input=(5, 2), shape=[-1, 3]),
    dict(Input=lod((5, 2), [2, 3]), shape=[4, 7], input_dim_idx=1, output_dim_idx=1),
    dict(Input=(0, 2), shape=[1, 3]),
]


def shape_of(inputs, attrs):
    """The shape that Out must have."""
    if inputs.get("ShapeTensorList"):
        return tuple(int(size[0]) for size in inputs["ShapeTensorList"])
    if inputs.get("ShapeTensor"):
        return tuple(inputs["ShapeTensor"][0])
    shape = list(attrs["shape"])
    if inputs.get("Input"):
        shape[attrs["output_dim_idx"]] = inputs["Input"][0].shape[attrs["input_dim_idx"]]
    return tuple(shape)


def checked(check, types={2: "int32", 3: "int64", 5: "float32", 6: "float64"}):
    """A check of the numbers, after that of shape and type."""

    def run(outputs, inputs, attrs):
        (out,) = outputs["Out"]
        assert out.shape == shape_of(inputs, attrs) and out.dtype == types[attrs["dtype"]]
        assert not hasattr(out, "lengths")
        flat = np.asarray(out, "float64").reshape(-1)
        varied = attrs.get("std") != 0 and attrs.get("high") != attrs.get("low", -1) + 1
        assert out.size < MANY or (len(np.unique(flat)) > 1) == varied
        check(flat, attrs)

    return run


def assert_moments(x, mean, std):
    """Within five standard errors."""
    if len(x) >= MANY:
        assert abs(x.mean() - mean) <= 5 * std / np.sqrt(len(x))
        assert abs(x.std() - std) <= 5 * std / np.sqrt(len(x))


def check_normal(x, attrs):
    assert np.isfinite(x).all()
    assert_moments(x, attrs["mean"], attrs["std"])
    if len(x) >= MANY and attrs["std"] > 0:
        z = (x - attrs["mean"]) / attrs["std"]
        assert abs((np.abs(z) < 1).mean() - 0.6827) < 0.02 and (np.abs(z) > 3).any()


def check_truncated(x, attrs):
    z = (x - attrs["mean"]) / attrs["std"]
    assert (np.abs(z) <= 2 + 1e-5).all()
    assert_moments(z, 0, 0.8796)


def check_uniform(x, attrs):
    marks = np.arange(attrs["diag_num"]) * (attrs["diag_step"] + 1)
    np.testing.assert_allclose(x[marks], attrs["diag_val"])
    low, high, rest = attrs["min"], attrs["max"], np.delete(x, marks)
    assert ((rest >= np.float32(low)) & (rest <= np.float32(high))).all()
    assert_moments(rest, (low + high) / 2, (high - low) / np.sqrt(12))


def check_randint(x, attrs):
    low, high = attrs["low"], attrs["high"]
    assert ((x >= low) & (x < high)).all()
    if len(x) >= MANY and high - low < 10:
        counts = np.bincount((x - low).astype(int), minlength=high - low) / len(x)
        np.testing.assert_allclose(counts, 1 / (high - low), atol=0.02)


def check_randperm(outputs, inputs, attrs):
    (out,) = outputs["Out"]
    assert out.dtype == {2: "int32", 3: "int64"}[attrs["dtype"]]
    assert sorted(out) == list(range(attrs["n"]))
    assert attrs["n"] < 50 or list(out) != sorted(out)


def check_seed(outputs, inputs, attrs):
    (out,) = outputs["Out"]
    assert out.dtype == "int32" and out.shape == (1,) and out[0] != 0
    assert attrs["seed"] in (0, out[0])


def check_dropout(outputs, inputs, attrs):
    (x,), (out,), p = inputs["X"], outputs["Out"], float(np.float32(attrs["dropout_prob"]))
    mask = outputs["Mask"][0] if outputs["Mask"] else out != 0
    assert mask.dtype in (np.uint8, bool) and mask.shape == x.shape and set(np.unique(mask)) <= {0, 1}
    up = attrs["dropout_implementation"] == "upscale_in_train"
    if attrs["is_test"]:
        scale = 1 if up else 1 - p
        assert mask.all() or p == 1
    else:
        scale = 1 / (1 - p) if up and p < 1 else 1
        if x.size >= MANY:
            assert abs(1 - mask.mean() - p) < 0.02
    np.testing.assert_allclose(np.asarray(out), np.asarray(x, "float64") * mask * scale, rtol=1e-6, atol=1e-12)
    assert getattr(out, "lengths", []) == getattr(x, "lengths", [])


def filled(type, check, shapes, more, bad, dtypes=FLOATS, no_empty=""):
    """An entry of a random op of a shape: `shapes`, and under one of them each of `more`."""
    cases = [dict(case, dtype=SameDtype, **(more[0] if more else {})) for case in shapes]
    cases += [dict(shapes[0], dtype=SameDtype, seed=9, **one) for one in more]
    return Op(type, cases=cases, check=check, dtypes=dtypes, bad=bad, no_empty=no_empty, fixed="ShapeTensor")


SHAPES = [dict(shape=[MANY]), dict(shape=[2, 0, 3]), dict(shape=[1])]
PLAIN = "the inputs are a shape; an empty result is there"
NORMALS = [{}, dict(mean=3.0, std=0.5), dict(std=0.0)]
UNIFORMS = [{}, dict(min=2.0, max=2.5), dict(diag_num=3, diag_step=4, diag_val=7.0)]
BAD_SHAPES = [
    dict(shape=[2, -3], match="size of axis 1 is -3"),
    dict(shape=[2], dtype=99, match="99"),
    dict(shape=[2], dtype=0, match="bool"),
    dict(ShapeTensor=np.array([2, -1]), match="size of axis 1 is -1"),
    dict(ShapeTensor=np.array([2.0]), match="float64"),
    dict(ShapeTensor=np.array([[2]]), match="rank 2"),
    dict(ShapeTensorList=[np.array([2, 2])], match="one integer"),
]
BAD_LIKE = [
    dict(Input=(2, 3), shape=[1], input_dim_idx=2, match="input_dim_idx is 2"),
    dict(Input=(2, 3), shape=[1], output_dim_idx=1, match="output_dim_idx is 1"),
    dict(Input=(2, 3), shape=[1, -4], match="-4"),
]

test = op_tests(
    filled("gaussian_random", checked(check_normal), SHAPES + SHAPE_TENSORS, NORMALS, BAD_SHAPES, no_empty=PLAIN),
    filled("gaussian_random_batch_size_like", checked(check_normal), LIKE, NORMALS, BAD_LIKE),
    filled(
        "uniform_random",
        checked(check_uniform),
        SHAPES + SHAPE_TENSORS,
        UNIFORMS,
        BAD_SHAPES + [dict(shape=[2], min=1.0, max=1.0, match="min < max"), dict(shape=[4], diag_num=3, diag_step=2, match="reach element 6")],
        no_empty=PLAIN,
    ),
    filled("uniform_random_batch_size_like", checked(check_uniform), LIKE, UNIFORMS, BAD_LIKE + [dict(Input=(2, 3), shape=[1], min=2.0, match="min < max")]),
    filled(
        "truncated_gaussian_random",
        checked(check_truncated),
        SHAPES,
        [{}, dict(mean=3.0, std=0.5)],
        [dict(shape=[2, -3], match="-3"), dict(shape=[2], dtype=3, match="int64")],
    ),
    filled(
        "randint",
        checked(check_randint),
        SHAPES + SHAPE_TENSORS,
        [dict(low=-3, high=4), dict(low=-(2**31), high=2**31 - 1), dict(low=5, high=6)],
        [dict(shape=[2], low=3, high=3, match="low < high"), dict(shape=[2], low=0, high=3, dtype=5, match="float32"), dict(shape=[-2], low=0, high=3, match="-2")],
        dtypes=("int32", "int64"),
        no_empty=PLAIN,
    ),
    Op(
        "randperm",
        cases=[dict(n=1), dict(n=100), dict(n=100, dtype=2, seed=5), dict(n=7, seed=1)],
        check=check_randperm,
        bad=[dict(n=0, match="n is 0"), dict(n=-2, match="n is -2"), dict(n=3, dtype=5, match="float32")],
    ),
    Op("seed", cases=[dict(), dict(seed=7)], check=check_seed, no_bad="there is only a number"),
    Op(
        "dropout",
        cases=[
            dict(X=uniform(200, 200, low=1, high=2), dropout_prob=0.3),
            dict(X=uniform(200, 200, low=1, high=2), dropout_prob=0.3, Seed=np.array([5], "int32"), seed=1),
            dict(X=lod((5, 4), [2, 3]), fix_seed=True, seed=2),
            dict(X=(5, 4), dropout_implementation="upscale_in_train", dropout_prob=0.25, fix_seed=True, seed=2),
            dict(X=(3, 4), is_test=True, dropout_prob=0.2, seed=1),
            dict(X=(3, 4), is_test=True, dropout_prob=0.2, dropout_implementation="upscale_in_train", seed=1),
            dict(X=(3, 4), dropout_prob=0.0, fix_seed=True, seed=1),
            dict(X=(3, 4), dropout_prob=1.0, fix_seed=True, seed=1),
            dict(X=(3, 4), dropout_prob=1.0, fix_seed=True, seed=1, dropout_implementation="upscale_in_train"),
            dict(X=(0, 4), fix_seed=True, seed=1),
            dict(X=(1,), fix_seed=True, seed=1),
        ],
        check=check_dropout,
        grad="X",
        grad_from="Out",
        bad=[
            dict(X=(2,), dropout_prob=1.5, match="dropout_prob is 1.5"),
            dict(X=(2,), dropout_prob=-0.5, match="dropout_prob is -0.5"),
            dict(X=(2,), dropout_implementation="other", match="'other'"),
            dict(X=(2,), Seed=np.array([1, 2], "int32"), match="Seed has shape"),
            dict(X=(2,), Seed=np.array([1]), match="int64"),
            dict(X=np.zeros(2, "int32"), match="int32"),
        ],
    ),
)

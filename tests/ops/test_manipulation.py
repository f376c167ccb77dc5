"""Joins, cuts, other shapes and orders of the same elements."""

import numpy as np
from harness import Op, ints, lod, op_tests
from shape_values import i32, i64, integers, one, reshaped_rows, with_lod

NUMBERS = ("float32", "float64", "int32", "int64")
BYTES = NUMBERS + ("int8",)


def concat(X, AxisTensor, axis):
    axis = one(AxisTensor, axis)
    out = np.concatenate([np.asarray(x) for x in X], axis)
    if axis not in (0, -X[0].ndim):
        return with_lod(out, X[0].lengths)
    if len({len(x.lengths) for x in X}) > 1:
        return with_lod(out, [])
    return with_lod(out, [sum((list(x.lengths[k]) for x in X), []) for k in range(len(X[0].lengths))])


def split(X, AxisTensor, SectionsTensorList, sections, num, axis):
    axis = one(AxisTensor, axis)
    if num:
        sections = [X.shape[axis] // num] * num
    else:
        sections = integers(SectionsTensorList, None, sections)
        sections = [X.shape[axis] - sum(sections) - 1 if s == -1 else s for s in sections]
    lengths = X.lengths if axis not in (0, -X.ndim) else []
    return {"Out": [with_lod(p, lengths) for p in np.split(np.asarray(X), np.cumsum(sections)[:-1], axis)]}


def stack(X, axis):
    return with_lod(np.stack([np.asarray(x) for x in X], axis), X[0].lengths if axis not in (0, -1 - X[0].ndim) else [])


def slices(X, axis):
    return [with_lod(np.asarray(np.take(np.asarray(X), i, axis)), []) for i in range(X.shape[axis])]


def transpose(X, axis):
    return with_lod(np.transpose(np.asarray(X), axis), [])


def reshaped(X, shape):
    out = np.reshape(np.asarray(X), shape)
    return with_lod(out, X.lengths if out.ndim and X.ndim and out.shape[0] == X.shape[0] else [])


def squeeze(X, axes):
    return reshaped(X, np.squeeze(np.asarray(X), tuple(axes) or None).shape)


def unsqueeze(X, AxesTensor, AxesTensorList, axes):
    shape = list(X.shape)
    for axis in integers(AxesTensorList, AxesTensor, axes):
        shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, 1)
    return reshaped(X, shape)


def flatten(X, axis):
    return reshaped(X, (int(np.prod(X.shape[:axis])), int(np.prod(X.shape[axis:]))))


def expand(X, ExpandTimes, expand_times_tensor, expand_times):
    return reshaped_rows(X, np.tile(np.asarray(X), integers(expand_times_tensor, ExpandTimes, expand_times)))


def expand_as(X, target_tensor):
    return reshaped_rows(X, np.tile(np.asarray(X), [t // x if x else 1 for t, x in zip(target_tensor.shape, X.shape)]))


def reshape(X, Shape, ShapeTensor, shape):
    shape = integers(ShapeTensor, Shape, shape)
    return reshaped(X, [X.shape[i] if s == 0 else s for i, s in enumerate(shape)])


TRANSPOSES = [
    dict(X=(2, 3), axis=[1, 0]),
    dict(X=lod((3, 2, 4), [1, 2]), axis=[0, 2, 1]),
    dict(X=(2, 3, 4, 5), axis=[2, 0, 3, 1]),
    dict(X=(2, 3, 4), axis=[0, -2, -1]),
    dict(X=(3, 4, 1), axis=[-1, 1, 0]),
    dict(X=(70, 65), axis=[1, 0]),
    dict(X=(3, 0, 2), axis=[1, 2, 0]),
    dict(X=(1,), axis=[0]),
]
BAD_TRANSPOSES = [dict(X=(2, 3), axis=[0], match="rank 2"), dict(X=(2, 3), axis=[1, 1], match="twice"), dict(X=(2, 3), axis=[0, 2], match="2")]
SQUEEZES = [
    dict(X=lod((3, 1, 2, 1), [1, 2]), axes=[1]),
    dict(X=(3, 1, 2, 1), axes=[-1, 1]),
    dict(X=(1, 3, 1), axes=[0]),
    dict(X=(3, 1, 0), axes=[1]),
    dict(X=(1,), axes=[0]),
]
BAD_SQUEEZES = [dict(X=(3, 1), axes=[0], match="size 3"), dict(X=(3, 1), axes=[2], match="2")]
UNSQUEEZES = [
    dict(X=lod((3, 2), [1, 2]), axes=[1]),
    dict(X=(3, 2), axes=[0, 0, -1]),
    dict(X=(3, 2), axes=[]),
    dict(X=(3, 0), axes=[2, 3]),
    dict(X=(3, 2), AxesTensor=i32(0, 2)),
    dict(X=(3, 2), AxesTensorList=[i32(0), i64(-1)], axes=[1]),
]
BAD_UNSQUEEZES = [dict(X=(3, 2), axes=[3], match="3"), dict(X=(3, 2), axes=[-4], match="-4"), dict(X=(3, 2), AxesTensor=i32(5), match="5")]
FLATTENS = [dict(X=lod((3, 2, 2), [1, 2]), axis=1), dict(X=(3, 2, 2), axis=0), dict(X=(3, 2, 2), axis=2), dict(X=(3, 2, 2), axis=3), dict(X=(0, 2), axis=1)]
BAD_FLATTENS = [dict(X=(3, 2), axis=3, match="3"), dict(X=(3, 2), axis=-1, match="-1")]
RESHAPES = [
    dict(X=lod((3, 4), [1, 2]), shape=[0, 2, 2]),
    dict(X=(2, 3, 4), shape=[0, -1]),
    dict(X=(2, 3), shape=[6]),
    dict(X=(0, 3), shape=[0, 3, 1]),
    dict(X=(2, 3), Shape=i32(3, 2), shape=[3, 2]),
    dict(X=(2, 3), Shape=i64(-1, 2)),
    dict(X=(2, 3), ShapeTensor=[i32(3), i32(-1)], shape=[3, -1]),
]
BAD_RESHAPES = [
    dict(X=(2, 3), shape=[4], match="4"),
    dict(X=(2, 3), shape=[-1, -1], match="more than one"),
    dict(X=(2, 3), shape=[-2, 3], match="-2"),
    dict(X=(2, 3), shape=[4, -1], match="cannot be reshaped"),
    dict(X=(2, 3), shape=[2, 3, 0], match="takes X's size"),
    dict(X=(2, 3), match="empty"),
    dict(X=(2, 3), Shape=i32(4), match="4"),
]
# Left to both forms: what a size of 1 in an unknown place does to the rank cannot be told while the program is built.
SQUEEZE_ALL = [dict(X=(3, 1, 2, 1)), dict(X=(2, 3))]

test = op_tests(
    Op(
        "concat",
        cases=[
            dict(X=[(2, 3), (1, 3)], axis=0),
            dict(X=[lod((3, 2), [1, 2]), lod((3, 4), [2, 1])], axis=1),
            dict(X=[lod((3, 2), [1, 2]), lod((4, 2), [1, 1, 2])], axis=0),
            dict(X=[lod((3, 2), [2], [1, 2]), lod((4, 2), [1, 2], [1, 1, 2])], axis=-2),
            dict(X=[lod((3, 2), [1, 2]), (1, 2)], axis=0),
            dict(X=[(2, 3, 2), (2, 1, 2), (2, 0, 2)], axis=-2),
            dict(X=[(0, 2), (0, 2)], axis=1),
            dict(X=[(2, 3)], axis=1),
            dict(X=[(2, 3), (2, 1)], AxisTensor=i32(1)),
            dict(X=[(2, 3), (2, 1)], AxisTensor=i64(-1)),
        ],
        reference=concat,
        grad=("X",),
        dtypes=NUMBERS,
        bad=[
            dict(X=[(2, 3), (2, 3, 1)], match="rank"),
            dict(X=[(2, 3), (3, 3)], axis=1, match="sizes"),
            dict(X=[(2, 3), (2, 3)], axis=2, match="2"),
            dict(X=[(2, 3), ints(2, 3, high=3)], match="element type"),
            dict(X=[], match="X"),
            dict(X=[(2, 3), (2, 1)], AxisTensor=i32(1, 0), match="one integer"),
            dict(X=[(2, 3), (2, 1)], AxisTensor=i32(2), match="2"),
        ],
    ),
    Op(
        "split",
        cases=[
            dict(X=lod((3, 4), [1, 2]), axis=1, num=2, outputs={"Out": 2}),
            dict(X=lod((4, 4), [1, 3]), axis=0, sections=[1, -1], outputs={"Out": 2}),
            dict(X=(4, 3, 2), axis=-2, sections=[1, 0, 2], outputs={"Out": 3}),
            dict(X=(4, 4), num=2, sections=[1, 3], outputs={"Out": 2}),
            dict(X=(0, 4), axis=1, num=2, outputs={"Out": 2}),
            dict(X=(4, 4), AxisTensor=i32(1), num=2, outputs={"Out": 2}),
            dict(X=(4, 4), axis=1, sections=[-1, -1], SectionsTensorList=[i32(1), i64(3)], outputs={"Out": 2}),
            dict(X=(4, 4), axis=1, SectionsTensorList=[i32(1), i32(-1)], outputs={"Out": 2}),
        ],
        reference=split,
        grad=("X",),
        dtypes=NUMBERS + ("float16",),
        bad=[
            dict(X=(4, 5), axis=1, num=2, outputs={"Out": 2}, match="5"),
            dict(X=(4, 4), axis=1, sections=[1, 2], outputs={"Out": 2}, match="make up"),
            dict(X=(4, 4), axis=1, sections=[-1, -1], outputs={"Out": 2}, match="more than one"),
            dict(X=(4, 4), axis=1, num=2, outputs={"Out": 3}, match="3 variables"),
            dict(X=(4, 4), axis=2, num=2, outputs={"Out": 2}, match="2"),
            dict(X=(4, 4), axis=1, SectionsTensorList=[i32(1), i32(-3)], outputs={"Out": 2}, match="-3"),
        ],
    ),
    Op(
        "stack",
        cases=[
            dict(X=[lod((3, 2), [1, 2]), (3, 2)], axis=0),
            dict(X=[lod((3, 2), [1, 2]), (3, 2)], axis=1),
            dict(X=[(3, 2), (3, 2), (3, 2)], axis=-1),
            dict(X=[(3, 2)], axis=-3),
            dict(X=[(0, 2), (0, 2)]),
        ],
        reference=stack,
        grad=("X",),
        dtypes=NUMBERS,
        bad=[dict(X=[(3, 2), (2, 2)], match="shape"), dict(X=[(3, 2), (3, 2)], axis=3, match="3"), dict(X=[], match="X")],
    ),
    Op(
        "unstack",
        cases=[
            dict(X=lod((3, 2), [1, 2]), axis=1, num=2, outputs={"Y": 2}),
            dict(X=(3, 2, 2), axis=-3, num=3, outputs={"Y": 3}),
            dict(X=(3,), num=3, outputs={"Y": 3}),
            dict(X=(0, 2), axis=1, num=2, outputs={"Y": 2}),
        ],
        reference=lambda X, axis: {"Y": slices(X, axis)},
        grad=("X",),
        dtypes=NUMBERS,
        bad=[dict(X=(3, 2), axis=0, num=2, outputs={"Y": 2}, match="3"), dict(X=(3, 2), axis=1, num=3, outputs={"Y": 2}, match="3"), dict(X=(3, 2), axis=2, num=2, match="2")],
    ),
    Op(
        "unbind",
        cases=[dict(X=(3, 2), outputs={"Out": 3}), dict(X=(3, 2, 2), axis=-1, outputs={"Out": 2}), dict(X=(0, 2), axis=1, outputs={"Out": 2})],
        reference=lambda X, axis: {"Out": slices(X, axis)},
        grad=("X",),
        dtypes=NUMBERS + ("float16",),
        bad=[dict(X=(3, 2), outputs={"Out": 2}, match="3"), dict(X=(3, 2), axis=2, outputs={"Out": 2}, match="2")],
    ),
    Op("transpose", cases=TRANSPOSES, reference=transpose, grad=("X",), dtypes=NUMBERS, bad=BAD_TRANSPOSES),
    Op("transpose2", cases=TRANSPOSES, reference=transpose, grad=("X",), dtypes=BYTES + ("float16",), bad=BAD_TRANSPOSES),
    Op("squeeze", cases=SQUEEZES + SQUEEZE_ALL, reference=squeeze, grad=("X",), dtypes=BYTES, bad=BAD_SQUEEZES),
    Op("squeeze2", cases=SQUEEZES + SQUEEZE_ALL, reference=squeeze, grad=("X",), dtypes=BYTES, bad=BAD_SQUEEZES),
    Op("unsqueeze", cases=UNSQUEEZES, reference=unsqueeze, grad=("X",), dtypes=BYTES, bad=BAD_UNSQUEEZES, fixed="AxesTensor"),
    Op("unsqueeze2", cases=UNSQUEEZES, reference=unsqueeze, grad=("X",), dtypes=BYTES, bad=BAD_UNSQUEEZES, fixed="AxesTensor"),
    Op("flatten", cases=FLATTENS, reference=flatten, grad=("X",), dtypes=BYTES, bad=BAD_FLATTENS),
    Op("flatten2", cases=FLATTENS, reference=flatten, grad=("X",), dtypes=BYTES, bad=BAD_FLATTENS),
    Op(
        "expand",
        cases=[
            dict(X=lod((3, 2), [1, 2]), expand_times=[1, 2]),
            dict(X=lod((3, 2), [1, 2]), expand_times=[2, 1]),
            dict(X=(2, 1, 3), expand_times=[2, 3, 2]),
            dict(X=(1,), expand_times=[4]),
            dict(X=(3, 1), expand_times=[1, 5]),
            dict(X=(0, 2), expand_times=[2, 2]),
            dict(X=(3, 2), ExpandTimes=i32(1, 2)),
            dict(X=(3, 2), expand_times_tensor=[i32(1), i64(2)], expand_times=[1, -1]),
        ],
        reference=expand,
        grad=("X",),
        double=("X",),
        dtypes=NUMBERS + ("bool",),
        bad=[
            dict(X=(2, 3), expand_times=[0, 1], match="0"),
            dict(X=(2, 3), expand_times=[2], match="one an axis"),
            dict(X=(2, 3), expand_times=[-2, 1], match="-2"),
            dict(X=(2, 3), ExpandTimes=i32(1, 0), match="0"),
        ],
    ),
    Op(
        "expand_as",
        cases=[dict(X=lod((3, 2), [1, 2]), target_tensor=(3, 4)), dict(X=(1, 2, 1), target_tensor=(3, 2, 4)), dict(X=(0, 2), target_tensor=(0, 4))],
        reference=expand_as,
        grad=("X",),
        dtypes=NUMBERS + ("bool",),
        bad=[dict(X=(3, 2), target_tensor=(7, 4), match="multiple"), dict(X=(3, 2), target_tensor=(6,), match="rank")],
    ),
    Op(
        "reverse",
        cases=[dict(X=lod((3, 2), [1, 2]), axis=[0]), dict(X=(3, 2, 4), axis=[-1, 0]), dict(X=(3, 4, 2), axis=[1]), dict(X=(0, 2), axis=[1]), dict(X=(5,), axis=[0])],
        reference=lambda X, axis: with_lod(np.flip(np.asarray(X), axis), []),
        grad=("X",),
        dtypes=NUMBERS + ("bool", "uint8"),
        bad=[dict(X=(3, 2), axis=[], match="empty"), dict(X=(3, 2), axis=[2], match="2")],
    ),
    Op(
        "flip",
        cases=[dict(X=lod((3, 2), [1, 2]), dims=[0]), dict(X=(3, 2, 4), dims=[-1, 0]), dict(X=(0, 2), dims=[1])],
        reference=lambda X, dims: with_lod(np.flip(np.asarray(X), dims), X.lengths),
        grad=("X",),
        dtypes=NUMBERS + ("bool",),
        bad=[dict(X=(3, 2), dims=[], match="empty"), dict(X=(3, 2), dims=[2], match="2"), dict(X=(3, 2), dims=[0, -2], match="twice")],
    ),
    Op(
        "roll",
        cases=[
            dict(X=lod((3, 2), [1, 2]), dims=[0], shifts=[1]),
            dict(X=(3, 2, 4), dims=[0, -1], shifts=[-1, 6]),
            dict(X=(3, 2), dims=[0, 0], shifts=[1, -2]),
            dict(X=(3, 2), dims=[], shifts=[]),
            dict(X=(0, 2), dims=[0, 1], shifts=[1, 1]),
        ],
        reference=lambda X, dims, shifts: with_lod(np.roll(np.asarray(X), shifts, dims), X.lengths),
        grad=("X",),
        dtypes=NUMBERS,
        bad=[dict(X=(3, 2), dims=[2], shifts=[1], match="2"), dict(X=(3, 2), dims=[0], shifts=[1, 2], match="as many"), dict(X=(3, 2), shifts=[1], match="as many")],
    ),
    Op("reshape", cases=RESHAPES, reference=reshape, grad=("X",), dtypes=NUMBERS, bad=BAD_RESHAPES, fixed="Shape"),
    Op("reshape2", cases=RESHAPES, reference=reshape, grad=("X",), double=("X",), dtypes=BYTES + ("uint8",), bad=BAD_RESHAPES, fixed="Shape"),
)

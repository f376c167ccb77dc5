"""Parts of tensors, and tensors as parts of larger ones: slices, crops, paddings."""

import numpy as np
import pytest
from harness import Op, lod, op_tests
from one_op import EXECUTOR
from paddle import _core as core
from shape_values import i32, i64, integers, reshaped_rows, with_lod
from values import VAR_TYPES, from_core, to_core

NUMBERS = ("float32", "float64", "int32", "int64")


def slice_(Input, StartsTensor, EndsTensor, StartsTensorList, EndsTensorList, axes, starts, ends, decrease_axis):
    starts, ends = integers(StartsTensorList, StartsTensor, starts), integers(EndsTensorList, EndsTensor, ends)
    index = [slice(None)] * Input.ndim
    for axis, start, end in zip(axes, starts, ends):
        index[axis] = slice(start, end)
    out = np.asarray(Input)[tuple(index)]
    out = np.squeeze(out, tuple(decrease_axis)) if decrease_axis else out
    return with_lod(np.atleast_1d(out), Input.lengths if 0 not in [a % Input.ndim for a in axes] else [])


def strided_slice(Input, StartsTensor, EndsTensor, StridesTensor, StartsTensorList, EndsTensorList, StridesTensorList, axes, starts, ends, strides, decrease_axis):
    starts, ends = integers(StartsTensorList, StartsTensor, starts), integers(EndsTensorList, EndsTensor, ends)
    strides = integers(StridesTensorList, StridesTensor, strides)
    index = [slice(None)] * Input.ndim
    for axis, start, end, stride in zip(axes, starts, ends, strides):
        index[axis] = slice(start, None if end == -1 and stride < 0 else end, stride)
    out = np.asarray(Input)[tuple(index)]
    out = np.squeeze(out, tuple(decrease_axis)) if decrease_axis else out
    return with_lod(np.atleast_1d(out), Input.lengths if 0 not in [a % Input.ndim for a in axes] else [])


def pad(X, paddings, pad_value):
    pairs = list(zip(paddings[::2], paddings[1::2]))
    return reshaped_rows(X, np.pad(np.asarray(X), pairs, constant_values=np.asarray(pad_value).astype(X.dtype)))


def pad_constant_like(X, Y, pad_value):
    out = np.full(X.shape, pad_value).astype(Y.dtype)
    out[tuple(slice(n) for n in Y.shape)] = np.asarray(Y)
    return with_lod(out, X.lengths)


def pad2d(X, Paddings, paddings, mode, pad_value, data_format):
    top, bottom, left, right = integers(None, Paddings, paddings)
    x = np.asarray(X)
    h = 1 if data_format == "NHWC" else 2
    cut = [slice(None)] * 4
    cut[h] = slice(max(-top, 0), x.shape[h] - max(-bottom, 0))
    cut[h + 1] = slice(max(-left, 0), x.shape[h + 1] - max(-right, 0))
    pairs = [(0, 0)] * 4
    pairs[h], pairs[h + 1] = (max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0))
    more = dict(constant_values=np.asarray(pad_value).astype(x.dtype)) if mode == "constant" else {}
    return with_lod(np.pad(x[tuple(cut)], pairs, mode=mode, **more), X.lengths)


def crop(X, Y, Offsets, offsets, shape):
    offsets, shape = integers(None, Offsets, offsets), shape if Y is None else Y.shape
    return with_lod(np.asarray(X)[tuple(slice(o, None if s == -1 else o + s) for o, s in zip(offsets, shape))], [])


def crop_tensor(X, Shape, Offsets, ShapeTensor, OffsetsTensor, offsets, shape):
    offsets, shape = integers(OffsetsTensor, Offsets, offsets), integers(ShapeTensor, Shape, shape)
    return with_lod(np.asarray(X)[tuple(slice(o, None if s == -1 else o + s) for o, s in zip(offsets, shape))], [])


test = op_tests(
    Op(
        "slice",
        cases=[
            dict(Input=lod((4, 4), [1, 3]), axes=[1], starts=[1], ends=[3]),
            dict(Input=lod((4, 4), [1, 3]), axes=[1, 0], starts=[1, 1], ends=[3, 3]),
            dict(Input=(4, 4), axes=[0, -1], starts=[-10, -2], ends=[100, -1]),
            dict(Input=(4, 4), axes=[0], starts=[3], ends=[1]),
            dict(Input=(4, 3, 2), axes=[0, 2], starts=[2, 1], ends=[3, 2], decrease_axis=[0]),
            dict(Input=(4, 3), axes=[0, 1], starts=[2, -1], ends=[3, 10000000], decrease_axis=[0, 1]),
            dict(Input=(0, 4), axes=[1], starts=[1], ends=[3]),
            dict(Input=(4, 4), axes=[0, 1], ends=[3, 2], StartsTensor=i32(1, 0), infer_flags=[-1, -1]),
            dict(Input=(4, 4), axes=[0, 1], StartsTensor=i32(1, 0), EndsTensor=i64(2, 100), infer_flags=[-1, -1]),
            dict(Input=(4, 4), axes=[1], StartsTensorList=[i32(1)], EndsTensorList=[i32(2)], starts=[-1], ends=[-1], infer_flags=[-1], decrease_axis=[1]),
            dict(Input=(4, 4), axes=[0, 1], StartsTensorList=[i32(1), i32(2)], starts=[-1, 2], ends=[3, 3], infer_flags=[-1, 1]),
        ],
        reference=slice_,
        grad=("Input",),
        double=("Input",),
        dtypes=NUMBERS,
        bad=[
            dict(Input=(4, 4), axes=[2], starts=[0], ends=[1], match="2"),
            dict(Input=(4, 4), axes=[0, 0], starts=[0, 0], ends=[1, 1], match="twice"),
            dict(Input=(4, 4), axes=[0, 1], starts=[0], ends=[1, 1], match="starts"),
            dict(Input=(4, 4), axes=[0], starts=[0], ends=[1, 1], match="ends"),
            dict(Input=(4, 4), axes=[0], starts=[1], ends=[3], decrease_axis=[0], match="left out"),
            dict(Input=(4, 4), axes=[0], starts=[9], ends=[10], decrease_axis=[0], match="left out"),
            dict(Input=(4, 4), axes=[0], StartsTensor=i32(1, 2), ends=[3], match="StartsTensor"),
        ],
    ),
    Op(
        "strided_slice",
        cases=[
            dict(Input=lod((4, 5), [1, 3]), axes=[1], starts=[0], ends=[5], strides=[2]),
            dict(Input=(4,), axes=[0], starts=[-1], ends=[-100], strides=[-1]),
            dict(Input=(5,), axes=[0], starts=[4], ends=[0], strides=[-3]),
            dict(Input=(5,), axes=[0], starts=[4], ends=[-1], strides=[-2]),
            dict(Input=(5,), axes=[0], starts=[10], ends=[-3], strides=[-1]),
            dict(Input=(5, 2), axes=[-2], starts=[-10], ends=[100], strides=[3]),
            dict(Input=(4,), axes=[0], starts=[2], ends=[1], strides=[1]),
            dict(Input=(4, 4), axes=[0, 1], starts=[2, 3], ends=[3, 0], strides=[1, -2], decrease_axis=[0]),
            dict(Input=(0, 4), axes=[1], starts=[0], ends=[4], strides=[2]),
            dict(Input=(4, 4), axes=[0, 1], StartsTensor=i32(0, 3), EndsTensor=i64(4, 0), StridesTensor=i32(2, -1), infer_flags=[-1, -1]),
            dict(Input=(4, 4), axes=[0], StartsTensorList=[i32(0)], EndsTensorList=[i32(4)], StridesTensorList=[i32(2)], infer_flags=[-1]),
        ],
        reference=strided_slice,
        grad=("Input",),
        dtypes=NUMBERS,
        bad=[
            dict(Input=(4, 4), axes=[2], starts=[0], ends=[1], strides=[1], match="2"),
            dict(Input=(4, 4), axes=[0], starts=[0], ends=[1], strides=[0], match="stride"),
            dict(Input=(4, 4), axes=[0], starts=[0], ends=[1], match="strides"),
            dict(Input=(4, 4), axes=[0], starts=[0], ends=[4], strides=[2], decrease_axis=[0], match="left out"),
        ],
    ),
    Op(
        "pad",
        cases=[
            dict(X=lod((3, 2), [1, 2]), paddings=[0, 0, 1, 2], pad_value=7.0),
            dict(X=lod((3, 2), [1, 2]), paddings=[1, 0, 0, 2], pad_value=7.5),
            dict(X=(2, 0, 1), paddings=[0, 0, 1, 2, 0, 0]),
            dict(X=(1,), paddings=[0, 0]),
        ],
        reference=pad,
        grad=("X",),
        dtypes=NUMBERS,
        bad=[dict(X=(3, 2), paddings=[1, 0], match="4"), dict(X=(3, 2), paddings=[1, 0, 0, -1], match="negative")],
    ),
    Op(
        "pad_constant_like",
        cases=[dict(X=lod((3, 4), [1, 2]), Y=(2, 3), pad_value=2.0), dict(X=(3, 4), Y=(3, 4)), dict(X=(3, 4), Y=(0, 4), pad_value=1.5)],
        reference=pad_constant_like,
        any_rows="Out may be larger than Y by any number",
        grad=("Y",),
        dtypes=NUMBERS,
        bad=[dict(X=(3, 4), Y=(4, 4), match="more"), dict(X=(3, 4), Y=(3,), match="3")],
    ),
    Op(
        "pad2d",
        cases=[
            dict(X=(2, 2, 2, 3), paddings=[1, 0, 1, 2], pad_value=7.0),
            dict(X=(1, 2, 3, 2), paddings=[1, 0, 1, 2], pad_value=7.0, data_format="NHWC"),
            dict(X=(2, 1, 3, 4), paddings=[1, 2, 3, 2], mode="reflect"),
            dict(X=(1, 3, 4, 2), paddings=[1, 2, 3, 2], mode="reflect", data_format="NHWC"),
            dict(X=(2, 1, 2, 3), paddings=[1, 3, 1, 2], mode="edge"),
            dict(X=(1, 2, 3, 2), paddings=[1, 3, 1, 2], mode="edge", data_format="NHWC"),
            dict(X=(1, 1, 3, 4), paddings=[1, -1, -2, 0], pad_value=1.0),
            dict(X=lod((2, 1, 2, 2), [1, 1]), paddings=[0, 0, 0, 0]),
            dict(X=(0, 1, 2, 2), paddings=[1, 1, 1, 1]),
            dict(X=(1, 1, 2, 3), Paddings=i32(1, 0, 0, 2), paddings=[0, 0, 0, 0]),
        ],
        reference=pad2d,
        grad=("X",),
        dtypes=NUMBERS,
        bad=[
            dict(X=(1, 1, 2, 3), paddings=[2, 0, 0, 0], mode="reflect", match="mirrored"),
            dict(X=(1, 1, 2, 3), paddings=[1, 0, 0], match="above"),
            dict(X=(1, 1, 2, 3), paddings=[1, 0, 0, 0], mode="wrap", match="mode"),
            dict(X=(1, 1, 2, 3), paddings=[1, 0, 0, 0], data_format="NCWH", match="data_format"),
            dict(X=(1, 2, 3), paddings=[1, 0, 0, 0], match="rank 4"),
            dict(X=(1, 1, 2, 3), paddings=[-2, 0, 0, 0], match="-2"),
            dict(X=(1, 1, 0, 3), paddings=[1, 0, 0, 0], mode="edge", match="no pixel"),
        ],
    ),
    Op(
        "crop",
        cases=[
            dict(X=lod((3, 4), [1, 2]), offsets=[1, 1], shape=[2, 2]),
            dict(X=(3, 4), Y=lod((2, 3), [1, 1]), offsets=[1, 0]),
            dict(X=(3, 4), Offsets=i32(1, 2), shape=[2, 2]),
            dict(X=(3, 4), offsets=[1, 0], shape=[-1, 2]),
            dict(X=(0, 4), offsets=[0, 1], shape=[0, 2]),
        ],
        reference=crop,
        any_rows="the box is of Out@GRAD's shape",
        grad=("X",),
        bad=[
            dict(X=(3, 4), offsets=[2, 1], shape=[2, 2], match="outside"),
            dict(X=(3, 4), offsets=[1], shape=[2, 2], match="one an axis"),
            dict(X=(3, 4), offsets=[-1, 0], shape=[2, 2], match="-1"),
            dict(X=(3, 4), offsets=[0, 0], shape=[2], match="one an axis"),
            dict(X=(3, 4), offsets=[0, 9], shape=[2, -1], match="9"),
        ],
    ),
    Op(
        "crop_tensor",
        cases=[
            dict(X=lod((3, 4), [1, 2]), offsets=[1, 1], shape=[2, 2]),
            dict(X=(3, 4), offsets=[1, 1], shape=[-1, 2]),
            dict(X=(0, 4), offsets=[0, 1], shape=[0, 2]),
            dict(X=(3, 4), Shape=i32(2, -1), Offsets=i64(0, 2)),
            dict(X=(3, 4), ShapeTensor=[i32(2), i32(2)], OffsetsTensor=[i32(0), i32(1)], shape=[-1, 2], offsets=[-1, 0]),
        ],
        reference=crop_tensor,
        any_rows="the box is of Out@GRAD's shape",
        grad=("X",),
        dtypes=NUMBERS,
        bad=[
            dict(X=(3, 4), offsets=[2, 1], shape=[2, 2], match="outside"),
            dict(X=(3, 4), shape=[2, 2], match="one an axis"),
            dict(X=(3, 4), offsets=[0, 0], Shape=i32(4, 4), match="outside"),
        ],
    ),
)


class SlicedArray:
    """A program of slice over an array of three tensors in the scope."""

    ITEMS = [np.arange(6, dtype="float32").reshape(2, 3) + 10 * i for i in range(3)]

    def __init__(self, **attrs):
        self.program, self.scope = core.ProgramDesc(), core.Scope()
        self.block = self.program.block(0)
        self.put("array", self.ITEMS)
        kind = core.VarDesc.VarType.LOD_TENSOR if attrs.get("decrease_axis") else core.VarDesc.VarType.LOD_TENSOR_ARRAY
        self.block.var("out").set_type(kind)
        self.op("slice", {"Input": ["array"]}, {"Out": ["out"]}, {"axes": [0], **attrs})

    def put(self, name, items):
        var = self.block.var(name)
        var.set_type(core.VarDesc.VarType.LOD_TENSOR_ARRAY)
        var.set_dtype(VAR_TYPES["float32"])
        var.set_shape([2, 3])
        var.set_persistable(True)
        held = self.scope.var(name).get_lod_tensor_array()
        for item in items:
            held.append(to_core(item))

    def op(self, kind, inputs, outputs, attrs):
        op = self.block.append_op()
        op.set_type(kind)
        for slot, names in inputs.items():
            op.set_input(slot, names)
        for slot, names in outputs.items():
            op.set_output(slot, names)
        for name, value in attrs.items():
            op._set_attr(name, value)
        op.check_attrs()
        op.infer_var_type(self.block)
        op.infer_shape(self.block)

    def run(self, name, feed=None):
        return from_core(EXECUTOR.run(self.program, self.scope, feed or {}, [name], seed=1)[0])


@pytest.mark.parametrize("starts, ends", [([0], [2]), ([-2], [100]), ([1], [1])])
def test_slice_of_an_array(starts, ends):
    out = SlicedArray(starts=starts, ends=ends).run("out")
    wanted = SlicedArray.ITEMS[starts[0] : ends[0]]
    assert len(out) == len(wanted)
    for item, like in zip(out, wanted):
        np.testing.assert_array_equal(item, like)


@pytest.mark.parametrize("start, end", [(1, 2), (-1, 100)])
def test_slice_takes_one_of_an_array(start, end):
    sliced = SlicedArray(starts=[start], ends=[end], decrease_axis=[0])
    np.testing.assert_array_equal(sliced.run("out"), SlicedArray.ITEMS[start])
    assert sliced.block.find_var("out").shape() == [2, 3]


def test_gradient_of_one_of_an_array():
    sliced = SlicedArray(starts=[1], ends=[2], decrease_axis=[0])
    weight = sliced.block.var("weight")
    weight.set_dtype(VAR_TYPES["float32"])
    weight.set_shape([2, 3])
    grads = core.append_backward(sliced.program, 0, ["out"], ["weight"], set(), ["array"])
    value = np.full((2, 3), 5, "float32")
    out = sliced.run(grads["array"], {"weight": to_core(value)})
    assert len(out) == 3
    for i, item in enumerate(out):
        np.testing.assert_array_equal(item, value if i == 1 else 0 * value)


def test_gradient_of_a_part_of_an_array():
    sliced = SlicedArray(starts=[1], ends=[3])
    weights = [np.full((2, 3), 5 + i, "float32") for i in range(2)]
    sliced.put("out@GRAD", weights)
    sliced.block.var("grad").set_type(core.VarDesc.VarType.LOD_TENSOR_ARRAY)
    attrs = {"axes": [0], "starts": [1], "ends": [3]}
    sliced.op("slice_grad", {"Input": ["array"], "Out@GRAD": ["out@GRAD"]}, {"Input@GRAD": ["grad"]}, attrs)
    out = sliced.run("grad")
    for item, like in zip(out, [0 * weights[0]] + weights, strict=True):
        np.testing.assert_array_equal(item, like)


@pytest.mark.parametrize(
    "attrs, match",
    [
        (dict(starts=[5], ends=[6], decrease_axis=[0]), "expected one"),
        (dict(starts=[0], ends=[2], decrease_axis=[0]), "expected one"),
        (dict(axes=[1], starts=[0], ends=[1]), "axis 0 only"),
        (dict(starts=[0, 1], ends=[1]), "one number each"),
        (dict(starts=[0], ends=[1], decrease_axis=[1]), "decrease_axis"),
    ],
)
def test_bad_slices_of_an_array(attrs, match):
    with pytest.raises(ValueError, match=match):
        SlicedArray(**attrs).run("out")

"""Tensors made of numbers that are given."""

import numpy as np
from harness import LodArray, Op, lod, op_tests

NUMBERS = ("float32", "float64", "int32", "int64")
# By their numbers in Fluid's files.
TYPES = {0: "bool", 1: "int16", 2: "int32", 3: "int64", 4: "float16", 5: "float32", 6: "float64", 20: "uint8", 21: "int8"}


def one(value, dtype="float32"):
    return np.array([value], dtype)


def steps(start, end, step, dtype="float32", **rest):
    return dict(Start=one(start, dtype), End=one(end, dtype), Step=one(step, dtype), **rest)


def numbers(start, stop, num, dtype="float32", num_dtype="int32", **rest):
    return dict(Start=one(start, dtype), Stop=one(stop, dtype), Num=one(num, num_dtype), **rest)


def arange(Start, End, Step):
    start, end, step = Start[0], End[0], Step[0]
    count = int(np.ceil(abs((end - start) / step))) if Start.dtype.kind == "f" else len(range(start, end, step))
    return (start + np.arange(count) * step).astype(Start.dtype)


def parsed(value, str_value):
    try:
        return int(str_value)
    except ValueError:
        return float(str_value or value)


def fill_constant(ValueTensor, ShapeTensor, ShapeTensorList, shape, value, str_value, dtype):
    if ShapeTensorList:
        shape = [size[0] for size in ShapeTensorList]
    elif ShapeTensor is not None:
        shape = ShapeTensor
    number = parsed(value, str_value) if ValueTensor is None else ValueTensor[0]
    return np.full(np.asarray(shape), number, TYPES[dtype])


def fill_constant_batch_size_like(Input, shape, input_dim_idx, output_dim_idx, value, str_value, dtype):
    shape = list(shape)
    grouped = Input.lengths and input_dim_idx == 0
    shape[output_dim_idx] = len(Input.lengths[-1]) if grouped else Input.shape[input_dim_idx]
    return np.full(shape, parsed(value, str_value), TYPES[dtype])


test = op_tests(
    Op(
        "range",
        cases=[
            *(steps(1, 7, 2, dtype) for dtype in NUMBERS),
            *(steps(7, 1, -4, dtype) for dtype in NUMBERS),
            steps(0, 1, 0.1, "float64"),
            steps(0.5, 3, 0.25),
            steps(3, 3, 1),
            steps(-(2**31), 2**31 - 1, 2**30, "int32"),
            steps(-(2**63), 2**63 - 1, 2**62, "int64"),
        ],
        reference=arange,
        no_empty="the inputs are single numbers",
        bad=[
            steps(0, 1, 0, match="Step is 0"),
            steps(0, 1, -0.1, match="does not lead"),
            steps(1, 0, 1, "int64", match="does not lead"),
            steps(0, float("nan"), 1, match="does not lead"),
            steps(0, 1e30, 1e-30, match="2\\^53"),
            steps(-(2**63), 2**63 - 1, 1, "int64", match="2\\^53"),
            dict(Start=np.zeros(2, "float32"), End=one(1), Step=one(1), match="Start has shape"),
            dict(Start=one(0), End=one(1, "int64"), Step=one(1), match="element type"),
        ],
    ),
    Op(
        "linspace",
        cases=[
            numbers(1, 2, 5),
            numbers(1, 0, 4, "float64"),
            numbers(-3, 3, 1),
            numbers(-3, 3, 2, num_dtype="int64"),
            numbers(2, 2, 3),
        ],
        reference=lambda Start, Stop, Num: np.linspace(Start[0], Stop[0], Num[0]),
        no_empty="the inputs are single numbers",
        bad=[
            numbers(0, 1, 0, match="Num is 0"),
            numbers(0, 1, -1, match="Num is -1"),
            numbers(0, 1, 3, "int32", match="int32"),
            dict(Start=one(0), Stop=one(1), Num=np.array([1, 2], "int32"), match="Num has shape"),
        ],
    ),
    Op(
        "diag",
        cases=[dict(Diagonal=(4,)), dict(Diagonal=lod((3,), [1, 2])), dict(Diagonal=(0,)), dict(Diagonal=(1,))],
        reference=lambda Diagonal: np.diag(np.asarray(Diagonal)),
        dtypes=NUMBERS,
        bad=[dict(Diagonal=(2, 3), match="rank 2"), dict(Diagonal=np.ones(2, "bool"), match="bool")],
    ),
    Op(
        "eye",
        cases=[
            dict(num_rows=3),
            dict(num_rows=2, num_columns=4),
            dict(num_rows=4, num_columns=2),
            dict(num_rows=0),
            dict(num_rows=2, num_columns=0),
            *(dict(num_rows=2, num_columns=-1, dtype=number) for number in TYPES),
        ],
        reference=lambda num_rows, num_columns, dtype: np.eye(num_rows, num_rows if num_columns < 0 else num_columns, dtype=TYPES[dtype]),
        bad=[
            dict(num_rows=-1, match="num_rows is -1"),
            dict(num_rows=2, num_columns=-2, match="num_columns is -2"),
            dict(num_rows=2, dtype=99, match="99"),
        ],
    ),
    Op(
        "fill_constant",
        cases=[
            dict(shape=[2, 3], value=1.5),
            dict(shape=[2, 0]),
            dict(shape=[1], value=-2.0, force_cpu=True),
            *(dict(shape=[2], value=3.0, dtype=number) for number in TYPES),
            dict(shape=[2], value=1.0, str_value="-2.5"),
            dict(shape=[2], str_value="inf"),
            dict(shape=[2], str_value="nan", dtype=6),
            dict(shape=[2], str_value="9007199254740993", dtype=3),
            dict(shape=[2], str_value="-9223372036854775808", dtype=3),
            dict(shape=[2], ValueTensor=np.float32([2.5]), value=1.0),
            dict(shape=[2], ValueTensor=np.array([2**53 + 1]), dtype=3),
            dict(shape=[2], ValueTensor=np.array([True]), dtype=0),
            dict(ShapeTensor=np.array([2, 3], "int32"), shape=[7], value=1.0),
            dict(ShapeTensorList=[np.array([2]), np.array([3], "int32")], shape=[-1, 3], value=1.0),
        ],
        reference=fill_constant,
        fixed="ShapeTensor",
        no_empty="the inputs are a value and a shape; an empty result is there",
        bad=[
            dict(shape=[2], str_value="many", match='"many" is not a number'),
            dict(shape=[-2], match="size of axis 0 is -2"),
            dict(shape=[2], dtype=99, match="99"),
            dict(shape=[2], ValueTensor=np.float32([1, 2]), match="ValueTensor has shape"),
            dict(ShapeTensor=np.array([2, -1]), match="size of axis 1 is -1"),
            dict(ShapeTensorList=[np.array([2, 2])], match="one integer"),
            dict(shape=[1] * 10, match="at most 9"),
        ],
    ),
    Op(
        "fill_constant_batch_size_like",
        cases=[
            dict(Input=(5, 2), shape=[-1, 3], value=1.5),
            dict(Input=(5, 2), shape=[4, 7], input_dim_idx=1, output_dim_idx=1, dtype=3, value=2.0),
            dict(Input=lod((5, 2), [2, 3]), shape=[-1, 3], value=1.0),
            dict(Input=lod((5, 2), [2, 1], [1, 1, 3]), shape=[-1, 3], value=1.0),
            dict(Input=lod((5, 2), [2, 3]), shape=[-1, 3], input_dim_idx=1),
            dict(Input=(0, 2), shape=[-1, 3]),
            dict(Input=(5, 2), shape=[1], str_value="9007199254740993", dtype=3, force_cpu=True),
        ],
        reference=fill_constant_batch_size_like,
        dtypes=("float32", "int64"),
        bad=[
            dict(Input=(2, 3), shape=[1], input_dim_idx=2, match="input_dim_idx is 2"),
            dict(Input=(2, 3), shape=[1], output_dim_idx=-1, match="output_dim_idx is -1"),
            dict(Input=(2, 3), shape=[1], str_value="x", match="not a number"),
            dict(Input=(2, 3), shape=[1], dtype=99, match="99"),
        ],
    ),
    Op(
        "fill_zeros_like",
        cases=[dict(X=(2, 3)), dict(X=lod((3, 2), [1, 2])), dict(X=(0, 3)), dict(X=(1,))],
        reference=lambda X: X * 0 if X.dtype.kind == "f" else (X * 0).astype(X.dtype),
        dtypes=("float32", "float64", "int32", "int64", "bool", "float16"),
        no_bad="any tensor is taken",
    ),
    Op(
        "fill_any_like",
        cases=[
            dict(X=(2, 3), value=1.0),
            dict(X=lod((3, 2), [1, 2]), value=2.0),
            *(dict(X=(2,), value=3.0, dtype=number) for number in TYPES),
            dict(X=(0, 3)),
            dict(X=(1,)),
        ],
        reference=lambda X, value, dtype: LodArray(np.full(X.shape, value, TYPES.get(dtype, X.dtype)), X.lengths),
        dtypes=("float32", "float64", "int32", "int64", "bool", "float16"),
        bad=[dict(X=(2, 3), dtype=99, match="99")],
    ),
    Op(
        "assign_value",
        cases=[
            dict(shape=[2, 2], dtype=5, fp32_values=[1.0, 2.5, -3.0, 1e-30]),
            dict(shape=[3], dtype=2, int32_values=[1, -2, 3]),
            dict(shape=[1, 2], dtype=3, int64_values=[2**62, -1]),
            dict(shape=[2], dtype=0, bool_values=[0, 1]),
            dict(shape=[0, 2], dtype=5),
        ],
        reference=lambda shape, dtype, bool_values, fp32_values, int32_values, int64_values: np.array(
            {0: bool_values, 2: int32_values, 3: int64_values, 5: fp32_values}[dtype], TYPES[dtype]
        ).reshape(shape),
        bad=[
            dict(shape=[2], dtype=5, fp32_values=[1.0], match="2 elements, but 1 values"),
            dict(shape=[2], dtype=5, int32_values=[1, 2], match="2 elements, but 0 values"),
            dict(shape=[-1], dtype=5, fp32_values=[1.0], match="0 or more"),
            dict(shape=[1], dtype=6, fp32_values=[1.0], match="float64"),
        ],
    ),
)

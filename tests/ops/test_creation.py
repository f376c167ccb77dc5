"""Tensors made of numbers that are given."""

import numpy as np
from harness import Op, lod, op_tests

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
)

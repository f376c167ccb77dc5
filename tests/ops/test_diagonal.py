"""Diagonals of matrices over two axes."""

import numpy as np
from harness import Op, lod, op_tests

NUMBERS = ("float32", "float64", "int32", "int64")


def trace(Input, offset, dim1, dim2):
    return np.atleast_1d(np.trace(np.asarray(Input), offset, dim1, dim2))


def diag_embed(Input, offset, dim1, dim2):
    size = Input.shape[-1] + abs(offset)
    out = np.zeros(Input.shape[:-1] + (size, size), Input.dtype)
    k = np.arange(Input.shape[-1])
    out[..., k + max(-offset, 0), k + max(offset, 0)] = Input
    return np.moveaxis(out, (-2, -1), (dim1, dim2))


test = op_tests(
    Op(
        "trace",
        cases=[
            dict(Input=(3, 4)),
            dict(Input=(3, 4), offset=1),
            dict(Input=(3, 4), offset=-2),
            dict(Input=(3, 4), offset=9),
            dict(Input=lod((3, 2, 4), [1, 2]), dim1=0, dim2=2),
            dict(Input=(2, 3, 4, 2), offset=1, dim1=-1, dim2=1),
            dict(Input=(0, 3, 3)),
            dict(Input=(2, 0, 3)),
            dict(Input=(1, 1)),
        ],
        reference=trace,
        grad="Input",
        dtypes=NUMBERS,
        bad=[
            dict(Input=(3,), match="rank 1"),
            dict(Input=(2, 3), dim1=2, match="dim1 2"),
            dict(Input=(2, 3), dim2=-3, match="dim2 -3"),
            dict(Input=(2, 3), dim1=1, match="the same axis"),
            dict(Input=np.zeros((2, 2), "bool"), match="bool"),
        ],
    ),
    Op(
        "diag_embed",
        cases=[
            dict(Input=(3, 4)),
            dict(Input=(2,), offset=1),
            dict(Input=(2,), offset=-1),
            dict(Input=lod((3, 2), [1, 2]), dim1=0, dim2=2),
            dict(Input=(2, 3, 2), dim1=3, dim2=1, offset=2),
            dict(Input=(0, 3)),
            dict(Input=(2, 0), offset=2),
            dict(Input=(1,)),
        ],
        reference=diag_embed,
        dtypes=NUMBERS,
        bad=[
            dict(Input=(2, 3), dim1=3, match="dim1 3"),
            dict(Input=(2, 3), dim1=-1, match="the same axis"),
            dict(Input=(1,) * 9, match="rank 9"),
            dict(Input=np.zeros(2, "bool"), match="bool"),
        ],
    ),
)

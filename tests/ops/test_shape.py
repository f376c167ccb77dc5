"""What is known of a tensor without its elements."""

import numpy as np
from harness import Op, lod, op_tests

ANY = ("float32", "float64", "int32", "int64", "bool", "uint8", "int8", "int16", "float16")


test = op_tests(
    Op(
        "shape",
        cases=[dict(Input=lod((3, 2), [1, 2])), dict(Input=(2, 3, 4)), dict(Input=(0, 3)), dict(Input=(1,)), dict(Input=())],
        reference=lambda Input: np.array(Input.shape, "int32"),
        dtypes=ANY,
        no_bad="any tensor has a shape",
    ),
    Op(
        "size",
        cases=[dict(Input=lod((3, 2), [1, 2])), dict(Input=(2, 3, 4)), dict(Input=(0, 3)), dict(Input=(1,)), dict(Input=())],
        reference=lambda Input: np.array([Input.size], "int64"),
        dtypes=ANY,
        no_bad="any tensor has a size",
    ),
    Op(
        "is_empty",
        cases=[dict(X=lod((3, 2), [1, 2])), dict(X=(0, 3)), dict(X=(1,)), dict(X=())],
        reference=lambda X: np.array([X.size == 0]),
        dtypes=ANY,
        no_bad="any tensor is empty or not",
    ),
)

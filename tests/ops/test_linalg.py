"""Products of matrices."""

import numpy as np
from harness import LodArray, Op, lod, op_tests, uniform


def mul(X, Y, x_num_col_dims, y_num_col_dims):
    rows, columns = X.shape[:x_num_col_dims], Y.shape[y_num_col_dims:]
    x = np.asarray(X).reshape(int(np.prod(rows)), -1) if X.size else np.zeros((int(np.prod(rows)), int(np.prod(X.shape[x_num_col_dims:]))))
    return (x @ np.asarray(Y).reshape(x.shape[1], -1)).reshape(rows + columns)


def matmul(X, Y, transpose_X, transpose_Y, alpha):
    x = np.swapaxes(X, -1, -2) if transpose_X and X.ndim > 1 else X
    y = np.swapaxes(Y, -1, -2) if transpose_Y and Y.ndim > 1 else Y
    return np.asarray(alpha * np.matmul(x, y))


def cos_sim(X, Y):
    def sums(values):
        return np.asarray(values).sum(axis=tuple(range(1, X.ndim)))[:, None]

    norms = [np.maximum(np.sqrt(sums(v * v)), 1e-4) for v in (X, Y)]
    out = LodArray(sums(np.asarray(X) * np.asarray(Y)) / (norms[0] * norms[1]), X.lengths)
    return {"Out": out, "XNorm": norms[0], "YNorm": norms[1]}


def bilinear_tensor_product(X, Y, Weight, Bias):
    return LodArray(np.einsum("ni,kij,nj->nk", X, Weight, Y) + (0 if Bias is None else np.asarray(Bias)), X.lengths)


test = op_tests(
    Op(
        "mul",
        cases=[
            dict(X=(2, 3), Y=(3, 4)),
            dict(X=(2, 3, 4), Y=(4, 5), x_num_col_dims=2),
            dict(X=(2, 6), Y=(2, 3, 5), y_num_col_dims=2),
            dict(X=(0, 3), Y=(3, 4)),
            dict(X=(1, 1), Y=(1, 1)),
        ],
        reference=mul,
        grad=("X", "Y"),
        double=("X", "Y"),
        bad=[dict(X=(2, 3), Y=(4, 5), match="3")],
    ),
    Op(
        "matmul",
        cases=[
            dict(X=(2, 3), Y=(3, 4)),
            dict(X=(3, 2), Y=(3, 4), transpose_X=True),
            dict(X=(2, 3), Y=(4, 3), transpose_Y=True, alpha=2.0),
            dict(X=(2, 2, 3), Y=(2, 3, 4)),
            dict(X=(0, 3), Y=(3, 4)),
            dict(X=(1, 1), Y=(1, 1)),
        ],
        reference=matmul,
        grad=("X", "Y"),
        bad=[dict(X=(2, 3), Y=(4, 5), match="3")],
    ),
    Op(
        "bmm",
        cases=[
            dict(X=(2, 3, 4), Y=(2, 4, 5)),
            dict(X=lod((2, 1, 3), [1, 1]), Y=(2, 3, 1)),
            dict(X=(0, 3, 4), Y=(0, 4, 5)),
            dict(X=(2, 3, 0), Y=(2, 0, 5)),
            dict(X=(1, 1, 1), Y=(1, 1, 1)),
        ],
        reference=lambda X, Y: np.matmul(np.asarray(X), np.asarray(Y)),
        grad=("X", "Y"),
        bad=[
            dict(X=(2, 3, 4), Y=(3, 4, 5), match="batches of 2 and 3"),
            dict(X=(2, 3, 4), Y=(2, 3, 5), match="4 columns"),
            dict(X=(3, 4), Y=(4, 5), match="rank 2"),
            dict(X=np.zeros((1, 1, 1), "int32"), Y=np.zeros((1, 1, 1), "int32"), match="int32"),
        ],
    ),
    Op(
        "dot",
        cases=[dict(X=(4,), Y=(4,)), dict(X=(3, 4), Y=(3, 4)), dict(X=lod((3, 2), [1, 2]), Y=(3, 2)), dict(X=(0, 4), Y=(0, 4)), dict(X=(3, 0), Y=(3, 0)), dict(X=(1,), Y=(1,))],
        reference=lambda X, Y: np.sum(np.asarray(X) * np.asarray(Y), axis=-1, keepdims=True),
        grad=("X", "Y"),
        dtypes=("float32", "float64", "int32", "int64"),
        bad=[
            dict(X=(2, 3), Y=(3,), match="same shape"),
            dict(X=(1, 2, 3), Y=(1, 2, 3), match="rank 3"),
            dict(X=np.zeros(2, "bool"), Y=np.zeros(2, "bool"), match="bool"),
        ],
    ),
    Op(
        "cos_sim",
        cases=[
            dict(X=(3, 4), Y=(3, 4)),
            dict(X=lod((3, 4), [1, 2]), Y=(1, 4)),
            dict(X=(3, 2, 17), Y=(3, 2, 17)),
            dict(X=(3, 2, 3), Y=(1, 2, 3)),
            dict(X=np.array([[0.0, 0.0], [3e-5, 2e-5]]), Y=np.array([[1.0, 2.0], [4e-5, 0.0]]), smooth=False),
            dict(X=(1, 1), Y=(1, 1), smooth=False),
            dict(X=(0, 4), Y=(0, 4)),
            dict(X=(0, 4), Y=(1, 4)),
            dict(X=(2, 0), Y=(2, 0)),
        ],
        reference=cos_sim,
        grad=("X", "Y"),
        bad=[
            dict(X=(3, 4), Y=(2, 4), match=r"Y .*\[2, 4\].*expected \[3, 4\] or \[1, 4\]"),
            dict(X=(3, 2, 4), Y=(3, 4, 2), match=r"Y .*\[3, 4, 2\]"),
            dict(X=(3,), Y=(3,), match="rank 1"),
        ],
    ),
    Op(
        "bilinear_tensor_product",
        cases=[
            dict(X=(2, 3), Y=(2, 4), Weight=(5, 3, 4), Bias=(1, 5)),
            dict(X=lod(uniform(3, 17), [1, 2]), Y=uniform(3, 2), Weight=uniform(3, 17, 2)),
            dict(X=(1, 1), Y=(1, 1), Weight=(1, 1, 1), Bias=(1, 1)),
            dict(X=(0, 3), Y=(0, 4), Weight=(2, 3, 4), Bias=(1, 2)),
            dict(X=(2, 0), Y=(2, 4), Weight=(2, 0, 4), Bias=(1, 2)),
            dict(X=(2, 3), Y=(2, 4), Weight=(0, 3, 4)),
        ],
        reference=bilinear_tensor_product,
        grad=("X", "Y", "Weight", "Bias"),
        bad=[
            dict(X=(2, 3), Y=(3, 4), Weight=(5, 3, 4), match="2 and 3 rows"),
            dict(X=(2, 3), Y=(2, 4), Weight=(5, 4, 3), match=r"Weight .*\[5, 4, 3\].*\[-1, 3, 4\]"),
            dict(X=(2, 3), Y=(2, 4), Weight=(5, 3, 4), Bias=(5,), match=r"Bias .*\[5\].*\[1, 5\]"),
        ],
    ),
)

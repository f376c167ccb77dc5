"""Products of matrices."""

import numpy as np
from harness import Op, op_tests


def mul(X, Y, x_num_col_dims, y_num_col_dims):
    rows, columns = X.shape[:x_num_col_dims], Y.shape[y_num_col_dims:]
    x = np.asarray(X).reshape(int(np.prod(rows)), -1) if X.size else np.zeros((int(np.prod(rows)), int(np.prod(X.shape[x_num_col_dims:]))))
    return (x @ np.asarray(Y).reshape(x.shape[1], -1)).reshape(rows + columns)


def matmul(X, Y, transpose_X, transpose_Y, alpha):
    x = np.swapaxes(X, -1, -2) if transpose_X and X.ndim > 1 else X
    y = np.swapaxes(Y, -1, -2) if transpose_Y and Y.ndim > 1 else Y
    return np.asarray(alpha * np.matmul(x, y))


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
)

"""Sparse rows (SelectedRows) turned into something else."""

from harness import Op, Rows, op_tests, rows


def merge(X):
    merged = sorted(set(X.rows))
    return Rows(merged, X.dense()[merged], X.height)


CASES = [
    dict(X=rows([3, 1, 3], (3, 2), height=5)),
    dict(X=rows([0], (1, 2, 3), height=1)),
    dict(X=rows([2, 2, 2], (3,), height=4)),
    dict(X=rows([], (0, 2), height=5)),
]
DENSE = dict(X=(2, 3), match="expected sparse rows")


test = op_tests(
    Op(
        "merge_selected_rows",
        cases=CASES,
        reference=merge,
        bad=[DENSE, dict(X=rows([5], (1, 2), height=5), match="row 5"), dict(X=rows([-1], (1, 2), height=5), match="row -1")],
        no_empty="sparse rows are no arrays; a case without rows is there",
    ),
    Op(
        "get_tensor_from_selected_rows",
        cases=CASES,
        reference=lambda X: X.value,
        dtypes=("float32", "float64", "int32", "int64"),
        bad=[DENSE],
        no_empty="sparse rows are no arrays; a case without rows is there",
    ),
)

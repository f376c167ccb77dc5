"""Convolutions over the rows of sequences, and what is put together of them."""

import numpy as np
from harness import LodArray, Op, lod, op_tests
from sequences import units_of

LENGTHS = [2, 0, 3, 1]


def steps(X):
    """The sequences of a LodArray, or of a batch; how to put the results together again."""
    if X.ndim == 3:
        return list(np.asarray(X)), lambda parts: LodArray(np.stack(parts) if parts else np.asarray(X), X.lengths)
    return [rows for rows, _ in units_of(X, len(X.lengths) - 1)], lambda parts: LodArray(
        np.concatenate([np.asarray(X)[:0]] + parts), X.lengths
    )


def surroundings(rows, start, length, padding):
    """For each row those from `start` rows away on, side by side; `padding`: the rows before and behind."""
    before, behind = max(0, -start), max(0, start + length - 1)
    long = np.concatenate([padding[:before], rows, padding[before : before + behind]])
    first = before + start
    return np.array([long[first + t : first + t + length].reshape(-1) for t in range(len(rows))]).reshape(
        len(rows), length * rows.shape[1]
    )


def columns(X, contextStart, contextLength, padding=None):
    width = X.shape[1]
    if padding is None:
        padding = np.zeros((max(0, -contextStart) + max(0, contextStart + contextLength - 1), width))
    parts = [surroundings(rows, contextStart, contextLength, np.asarray(padding)) for rows, _ in units_of(X, len(X.lengths) - 1)]
    return np.concatenate([np.zeros((0, contextLength * width))] + parts)


def sequence_conv(X, PaddingData, Filter, paddingTrainable, contextStart, contextLength):
    found = columns(X, contextStart, contextLength, PaddingData if paddingTrainable else None)
    return LodArray(found @ np.asarray(Filter), X.lengths)


def conv_relu(X, Filter, Bias, contextStart, contextLength):
    found = columns(X, contextStart, contextLength)
    out = np.maximum(found @ np.asarray(Filter) + np.asarray(Bias).reshape(-1), 0)
    return {"Out": LodArray(out, X.lengths), "ColMat": LodArray(found, [])}


def row_conv(X, Filter):
    parts, whole = steps(X)
    taps = np.asarray(Filter)
    out = []
    for rows in parts:
        long = np.concatenate([rows, np.zeros((len(taps) - 1, rows.shape[1]))])
        out.append(sum(long[k : k + len(rows)] * taps[k] for k in range(len(taps))))
    return whole(out)


def add_position_encoding(X, alpha, beta):
    parts, whole = steps(X)
    half = X.shape[-1] // 2
    wave = 10000.0 ** (np.arange(half) / (half - 1)) if half > 1 else np.full(half, 10000.0)
    out = []
    for rows in parts:
        angle = np.arange(len(rows))[:, None] / wave
        out.append(alpha * rows + beta * np.concatenate([np.sin(angle), np.cos(angle)], 1))
    return whole(out)


WINDOWS = [(-1, 3), (0, 1), (0, 2), (1, 2), (-2, 2), (-3, 2), (-1, 1), (-4, 6)]

test = op_tests(
    Op(
        "sequence_conv",
        cases=[dict(X=lod((6, 2), LENGTHS), Filter=(2 * n, 4), contextStart=start, contextLength=n) for start, n in WINDOWS]
        + [
            dict(
                X=lod((6, 2), LENGTHS),
                PaddingData=(max(0, -start) + max(0, start + n - 1), 2),
                Filter=(2 * n, 4),
                contextStart=start,
                contextLength=n,
                paddingTrainable=True,
            )
            for start, n in WINDOWS
        ]
        + [
            dict(X=lod((6, 2), LENGTHS), PaddingData=(2, 2), Filter=(6, 3), contextStart=-1, contextLength=3, smooth=False),  # not trained: no gradient
            dict(X=lod((6, 2), [1, 2], [2, 3, 1]), Filter=(6, 3), contextStart=-1, contextLength=3),
            dict(X=lod((0, 2), [0, 0]), Filter=(6, 3), contextStart=-1, contextLength=3),
            dict(X=lod((0, 2), []), PaddingData=(2, 2), Filter=(6, 3), contextStart=-1, contextLength=3, paddingTrainable=True),
            dict(X=lod((300, 40), [1, 250, 49]), Filter=(120, 5), contextStart=-1, contextLength=3),
        ],
        reference=sequence_conv,
        grad=("X", "PaddingData", "Filter"),
        tolerance={"float32": 5e-5},
        bad=[
            dict(X=(6, 2), Filter=(6, 3), contextLength=3, match="no LoD"),
            dict(X=lod((6, 2), [2, 4]), Filter=(5, 3), contextLength=3, match="5 rows; expected contextLength 3 times"),
            dict(X=lod((6, 2), [2, 4]), Filter=(6, 3), contextLength=3, contextStride=2, match="contextStride is 2"),
            dict(X=lod((6, 2), [2, 4]), Filter=(6, 3), contextLength=0, match="contextLength is 0"),
            dict(X=lod((6, 2, 1), [2, 4]), Filter=(6, 3), contextLength=3, match="rank 3"),
            dict(X=lod((6, 2), [2, 4]), Filter=(6, 3), contextLength=3, paddingTrainable=True, match="no input PaddingData"),
            dict(
                X=lod((6, 2), [2, 4]),
                PaddingData=(3, 2),
                Filter=(6, 3),
                contextLength=3,
                paddingTrainable=True,
                match=r"PaddingData.*\[2, 2\]",
            ),
            dict(X=lod((6, 2), [2, 5]), Filter=(6, 3), contextLength=3),
        ],
    ),
    Op(
        "fusion_seqconv_eltadd_relu",
        cases=[dict(X=lod((6, 2), LENGTHS), Filter=(2 * n, 4), Bias=(1, 4), contextStart=start, contextLength=n) for start, n in WINDOWS]
        + [
            dict(X=lod((6, 2), [1, 2], [2, 3, 1]), Filter=(6, 3), Bias=(3,), contextStart=-1, contextLength=3),
            dict(X=lod((0, 2), [0, 0]), Filter=(6, 3), Bias=(1, 3), contextLength=3),
        ],
        reference=conv_relu,
        bad=[
            dict(X=(6, 2), Filter=(6, 3), Bias=(1, 3), contextLength=3, match="no LoD"),
            dict(X=lod((6, 2), [2, 4]), Filter=(6, 3), Bias=(1, 4), contextLength=3, match=r"Bias .*expected \[1, 3\]"),
            dict(X=lod((6, 2), [2, 4]), Filter=(4, 3), Bias=(1, 3), contextLength=3, match="4 rows"),
            dict(X=lod((6, 2), [2, 4]), Filter=(6, 3), Bias=(1, 3), contextLength=3, contextStride=0, match="contextStride is 0"),
        ],
    ),
    Op(
        "row_conv",
        cases=[
            dict(X=lod((6, 2), LENGTHS), Filter=(3, 2)),
            dict(X=lod((6, 2), [1, 2], [2, 3, 1]), Filter=(1, 2)),
            dict(X=(2, 3, 2), Filter=(5, 2)),
            dict(X=lod((2, 3, 2), [1, 1]), Filter=(2, 2)),
            dict(X=lod((0, 2), [0, 0]), Filter=(3, 2)),
            dict(X=(0, 3, 2), Filter=(3, 2)),
            dict(X=(2, 0, 2), Filter=(3, 2)),
            dict(X=lod((300, 70), [1, 250, 49]), Filter=(4, 70)),
        ],
        reference=row_conv,
        grad=("X", "Filter"),
        tolerance={"float32": 5e-5},
        bad=[
            dict(X=(6, 2), Filter=(3, 2), match="no LoD"),
            dict(X=lod((6, 2), [2, 4]), Filter=(3, 3), match=r"Filter has shape \[3, 3\]"),
            dict(X=lod((6, 2), [2, 4]), Filter=(0, 2), match=r"rows ahead \+ 1"),
            dict(X=lod((6, 2), [2, 4]), Filter=(2,), match="rank 1"),
        ],
    ),
    Op(
        "add_position_encoding",
        cases=[
            dict(X=lod((6, 4), LENGTHS), alpha=0.5, beta=2.0),
            dict(X=lod((6, 2), [1, 2], [2, 3, 1])),
            dict(X=(2, 3, 6), alpha=-1.0, beta=0.25),
            dict(X=lod((2, 3, 4), [1, 1])),
            dict(X=lod((0, 4), [0, 0])),
            dict(X=lod((0, 4), [])),
            dict(X=(2, 0, 4)),
            dict(X=(2, 3, 0)),
            dict(X=lod((300, 8), [1, 250, 49])),
        ],
        reference=add_position_encoding,
        grad="X",
        any_rows="the gradient op reads no other input",
        bad=[
            dict(X=(6, 4), match="no LoD"),
            dict(X=(2, 3, 5), match=r"\[2, 3, 5\].*even"),
            dict(X=lod((4,), [2, 2]), match="rank 1"),
        ],
    ),
)



"""Ops that group rows into sequences, pool, repeat and join sequences."""

import numpy as np
from harness import LodArray, Op, lod, op_tests

ALL_NUMBERS = ("float32", "float64", "int32", "int64")


def pool_one(rows, pooltype):
    if pooltype == "SUM":
        return rows.sum(0)
    if pooltype == "AVERAGE":
        return rows.mean(0)
    if pooltype == "SQRT":
        return rows.sum(0) / np.sqrt(len(rows))
    if pooltype == "MAX":
        return rows.max(0)
    return rows[-1 if pooltype == "LAST" else 0]


def sequence_pool(X, pooltype, pad_value):
    sequences, starts = X.sequences(), np.concatenate([[0], np.cumsum(X.lengths[-1])]).astype(int)
    out = np.empty((len(sequences),) + X.shape[1:])
    index = np.full(out.shape, -1, "int32")
    for s, rows in enumerate(sequences):
        out[s] = pool_one(rows, pooltype) if len(rows) else pad_value
        if len(rows) and pooltype == "MAX":
            index[s] = rows.argmax(0) + starts[s]
    return {"Out": LodArray(out, X.lengths[:-1]), "MaxIndex": index}


def sequence_softmax(X):
    out = np.array(X)
    parts = []
    for rows in LodArray(out, X.lengths).sequences():
        e = np.exp(rows - rows.max()) if len(rows) else rows
        parts.append(e / e.sum() if len(rows) else e)
    return LodArray(np.concatenate(parts or [out]), X.lengths)


def sequence_expand(X, Y, ref_level):
    pieces = X.sequences() if X.lengths else [np.asarray(X)[i : i + 1] for i in range(len(X))]
    repeats = Y.lengths[ref_level]
    parts = [piece for piece, n in zip(pieces, repeats) for _ in range(n)]
    lengths = [[len(piece) for piece in parts]] if X.lengths else []
    return LodArray(np.concatenate([np.asarray(X)[:0]] + parts), lengths)


def sequence_concat(X):
    sequences = [x.sequences() for x in X]
    parts = [rows for group in zip(*sequences) for rows in group]
    return LodArray(np.concatenate([np.asarray(X[0])[:0]] + parts), [[sum(n) for n in zip(*(x.lengths[0] for x in X))]])


def lod_reset(X, Y, target_lod, append):
    own = list(X.lengths) if append else []
    if Y is not None and getattr(Y, "lengths", []):
        return LodArray(X, own + list(Y.lengths))
    offsets = target_lod if Y is None else np.asarray(Y).reshape(-1)
    return LodArray(X, own + [[int(n) for n in np.diff(offsets)]])


POOLS = ["AVERAGE", "SUM", "SQRT", "MAX", "LAST", "FIRST"]
SIX = np.array([0, 2, 5, 6])

test = op_tests(
    Op(
        "sequence_pool",
        cases=[dict(X=lod((6, 3), [2, 0, 3, 1]), pooltype=p, pad_value=-2.5) for p in POOLS]
        + [dict(X=lod((6, 2, 2), [1, 2], [2, 3, 1]), pooltype=p) for p in POOLS]
        + [
            dict(X=lod((6,), [1, 1], [1, 2], [2, 0, 4]), pooltype="SUM"),
            dict(X=lod((200, 90), [100, 1, 99])),
            dict(X=lod((0, 3), [0, 0]), pooltype="MAX", pad_value=1.0),
            dict(X=lod((0, 3), [])),
            dict(X=lod((2, 3), [2]), pooltype="MAX", is_test=True),
        ],
        reference=sequence_pool,
        grad="X",
        bad=[
            dict(X=(6, 3), match="no LoD"),
            dict(X=lod((6, 3), [2, 4]), pooltype="sum", match="pooltype is 'sum'"),
            dict(X=lod((6, 3), [2, 5])),
        ],
    ),
    Op(
        "sequence_softmax",
        cases=[
            dict(X=lod((6, 1), [2, 0, 3, 1])),
            dict(X=lod((6,), [1, 2], [2, 3, 1])),
            dict(X=lod((6, 1, 1), [6])),
            dict(X=lod((0, 1), [0])),
            dict(X=lod(np.array([[1e4], [-1e4], [3.0]]), [2, 1])),
        ],
        reference=sequence_softmax,
        grad="X",
        bad=[dict(X=(6, 1), match="no LoD"), dict(X=lod((6, 2), [2, 4]), match=r"\[6, 2\].*one value a row")],
    ),
    Op(
        "sequence_expand",
        cases=[
            dict(X=(3, 2), Y=lod((6, 1), [2, 3, 1])),
            dict(X=(3, 2, 2), Y=lod((6, 1), [2, 0, 4]), ref_level=0),
            dict(X=(2, 2), Y=lod((6, 1), [1, 2], [2, 3, 1]), ref_level=0),
            dict(X=(3, 2), Y=lod((6, 1), [1, 2], [2, 3, 1]), ref_level=1),
            dict(X=lod((4, 2), [1, 3]), Y=lod((6, 1), [2, 2], [2, 1, 1, 2]), ref_level=0),
            dict(X=lod((4,), [0, 4]), Y=lod((3, 1), [2, 1])),
            dict(X=lod((4, 2), [2, 2]), Y=lod((0, 1), [0, 0])),
            dict(X=(0, 2), Y=lod((0, 1), [])),
        ],
        reference=sequence_expand,
        grad="X",
        dtypes=ALL_NUMBERS,
        bad=[
            dict(X=(3, 2), Y=(6, 1), match="input Y .*no LoD"),
            dict(X=(4, 2), Y=lod((6, 1), [2, 3, 1]), match="4 rows.*3 sequences"),
            dict(X=lod((4, 2), [2, 2]), Y=lod((6, 1), [2, 3, 1]), match="2 sequences.*3 sequences"),
            dict(X=lod((4, 2), [1, 1], [2, 2]), Y=lod((6, 1), [2, 4]), match="2 LoD levels"),
            dict(X=(3, 2), Y=lod((6, 1), [2, 3, 1]), ref_level=1, match="ref_level is 1"),
            dict(X=(3, 2), Y=lod((6, 1), [2, 3, 1]), ref_level=-2, match="ref_level is -2"),
        ],
    ),
    Op(
        "sequence_expand_as",
        cases=[
            dict(X=(3, 2), Y=lod((6, 1), [2, 3, 1])),
            dict(X=lod((3, 2, 2), [1, 2]), Y=lod((6, 4), [2, 0, 4])),
            dict(X=(0, 2), Y=lod((0, 1), [])),
            dict(X=(2,), Y=lod((0, 1), [0, 0])),
        ],
        reference=lambda X, Y: LodArray(np.repeat(np.asarray(X), Y.lengths[0], axis=0), Y.lengths),
        grad="X",
        dtypes=ALL_NUMBERS,
        bad=[
            dict(X=(3, 2), Y=(6, 1), match="input Y .*no LoD"),
            dict(X=(2, 2), Y=lod((6, 1), [2, 3, 1]), match="2 rows.*3 sequences"),
            dict(X=(2, 2), Y=lod((6, 1), [1, 1], [2, 4]), match="2 LoD levels"),
        ],
    ),
    Op(
        "sequence_concat",
        refuses=("2 levels", "3 levels"),
        cases=[
            dict(X=[lod((4, 2), [1, 3]), lod((3, 2), [2, 1])]),
            dict(X=[lod((4, 2, 1), [0, 4]), lod((3, 2, 1), [3, 0]), lod((0, 2, 1), [0, 0])]),
            dict(X=[lod((3,), [1, 2])]),
            dict(X=[lod((0, 2), []), lod((0, 2), [])]),
        ],
        reference=sequence_concat,
        grad="X",
        dtypes=ALL_NUMBERS,
        bad=[
            dict(X=[lod((4, 2), [1, 3]), (3, 2)], match="no LoD"),
            dict(X=[lod((4, 2), [1, 3]), lod((3, 2), [1, 1, 1])], match=r"X\[1\] has 3 sequences"),
            dict(X=[lod((4, 2), [1, 3]), lod((3, 3), [2, 1])], match=r"X\[1\] has shape \[3, 3\]"),
            dict(X=[lod((4, 2), [1, 1], [1, 3]), lod((3, 2), [1, 1], [2, 1])], match="2 LoD levels"),
        ],
    ),
    Op(
        "lod_reset",
        cases=[
            dict(X=(6, 2), target_lod=[0, 4, 6]),
            dict(X=lod((6, 2), [2, 3, 1]), target_lod=[0, 4, 4, 6]),
            dict(X=lod((6, 2), [2, 3, 1]), Y=lod((6, 1), [1, 1], [2, 4])),
            dict(X=lod((6, 2), [2, 3, 1]), Y=lod(np.zeros((6, 1), "int64"), [2, 4])),
            dict(X=(6, 2), Y=SIX.astype("int32")),
            dict(X=(6, 2), Y=SIX.reshape(4, 1)),
            dict(X=lod((6, 2), [3, 3]), target_lod=[0, 1, 3, 4, 6, 6, 6], append=True),
            dict(X=lod((6, 2), [2, 4]), Y=lod((6, 1), [2, 0, 1, 1, 2, 0]), append=True),
            dict(X=(6, 2), target_lod=[0, 2, 6], append=True),
            dict(X=(0, 2), target_lod=[0, 0]),
        ],
        reference=lod_reset,
        grad="X",
        dtypes=ALL_NUMBERS,
        bad=[
            dict(X=(6, 2), match="new LoD is missing"),
            dict(X=(6, 2), target_lod=[0, 4], match="6 rows"),
            dict(X=(6, 2), target_lod=[1, 6], match="must start at 0"),
            dict(X=(6, 2), target_lod=[0, 5, 4, 6], match="falls from 5 to 4"),
            dict(X=(6, 2), target_lod=[0, -1, 6], match="falls from 0 to -1"),
            dict(X=(6, 2), target_lod=[0, 2**31 - 1], match="6 rows"),
            dict(X=(6, 2), Y=np.array([0, 2**31 - 1], "int32"), match="6 rows"),
            dict(X=(6, 2), Y=np.array([0, -1, 6], "int32"), match="falls from 0 to -1"),
            dict(X=(6, 2), target_lod=[6], match="too short"),
            dict(X=lod((6, 2), [3, 3]), target_lod=[0, 3, 6], append=True, match="must be equal"),
            dict(X=(6, 2), Y=(4,), match="Y is float32"),
        ],
    ),
)

"""Sequences of ids, and lengths as masks."""

import numpy as np
from harness import LodArray, Op, ints, lod, op_tests

from values import VAR_TYPES

OUT_TYPES = {int(number): name for name, number in VAR_TYPES.items() if name != "uint16"}
INT64 = int(VAR_TYPES["int64"])


def sequence_enumerate(X, win_size, pad_value):
    rows = []
    for ids in X.sequences():
        long = np.concatenate([ids.reshape(-1), np.full(win_size, pad_value, X.dtype)])
        rows += [long[i : i + win_size] for i in range(len(ids))]
    return LodArray(np.array(rows, X.dtype).reshape(len(rows), win_size), X.lengths)


def sequence_erase(X, tokens):
    left = [ids[~np.isin(ids, tokens)].reshape(-1, 1) for ids in X.sequences()]
    lengths = list(X.lengths[:-1]) + [[len(ids) for ids in left]]
    return LodArray(np.concatenate([np.asarray(X)[:0]] + left), lengths)


def sequence_mask(X, MaxLenTensor, maxlen, out_dtype):
    if MaxLenTensor is not None:
        width = int(np.asarray(MaxLenTensor).reshape(()))
    else:
        width = maxlen if maxlen > 0 else int(max(np.asarray(X).max(initial=0), 0))
    return (np.arange(width) < np.asarray(X)[..., None]).astype(OUT_TYPES[out_dtype])


def fused_embedding_seq_pool(W, Ids, padding_idx):
    table = np.array(W)
    if padding_idx >= 0:
        table[padding_idx] = 0
    ids = np.asarray(Ids).reshape(Ids.shape[0], int(np.prod(Ids.shape[1:])))
    parts = [table[rows].sum(0).reshape(-1) for rows in LodArray(ids, Ids.lengths).sequences()]
    return np.array(parts).reshape(len(parts), ids.shape[1] * table.shape[1])


LENGTHS = np.array([3, 0, 2])

test = op_tests(
    Op(
        "sequence_enumerate",
        cases=[
            dict(X=lod((6, 1), [2, 0, 3, 1]), win_size=2, pad_value=9),
            dict(X=lod((6, 1), [1, 2], [2, 3, 1]), win_size=3, pad_value=-1),
            dict(X=lod((6, 1), [6]), win_size=1),
            dict(X=lod((6, 1), [1, 5]), win_size=9),
            dict(X=lod((0, 1), [0, 0]), win_size=3),
            dict(X=lod((10001, 1), [10000, 1]), win_size=4),
        ],
        reference=sequence_enumerate,
        dtypes=("int32", "int64"),
        bad=[
            dict(X=(6, 1), win_size=2, match="no LoD"),
            dict(X=lod((6, 1), [2, 4]), win_size=0, match="win_size is 0"),
            dict(X=lod((6, 2), [2, 4]), win_size=2, match=r"\[6, 2\].*one id a row"),
            dict(X=lod((6,), [2, 4]), win_size=2, match="rank 1"),
            dict(X=lod((6, 1), [2, 4]), win_size=2, case_dtype="float32", match="X is float32"),
        ],
    ),
    Op(
        "sequence_erase",
        cases=[
            dict(X=lod(ints(6, 1, high=4), [2, 0, 3, 1]), tokens=[3, 1, 7]),
            dict(X=lod(ints(6, 1, high=4, dtype="int32"), [2, 0, 3, 1]), tokens=[0, 2, 2]),
            dict(X=lod(ints(6, 1, high=4), [1, 2], [2, 3, 1]), tokens=[2]),
            dict(X=lod(ints(6, 1, high=4), [2, 4]), tokens=[]),
            dict(X=lod(ints(6, 1, high=4), [2, 4]), tokens=[0, 1, 2, 3]),
            dict(X=lod(np.zeros((0, 1), "int64"), [0, 0]), tokens=[0]),
            dict(X=lod(ints(10001, 1, high=4), [1, 10000]), tokens=[1, 2]),
        ],
        reference=sequence_erase,
        dtypes=("int64",),
        bad=[
            dict(X=ints(6, 1, high=4), tokens=[2], match="no LoD"),
            dict(X=lod(ints(6, 2, high=4), [2, 4]), tokens=[2], match="one id a row"),
            dict(X=lod((6, 1), [2, 4]), tokens=[2], case_dtype="float32", match="X is float32"),
        ],
    ),
    Op(
        "sequence_mask",
        cases=[dict(X=LENGTHS, maxlen=4, out_dtype=number) for number in OUT_TYPES]
        + [
            dict(X=LENGTHS.astype("int32"), out_dtype=INT64),
            dict(X=LENGTHS + np.float32(0.5), maxlen=-2, out_dtype=int(VAR_TYPES["float32"])),
            dict(X=LENGTHS - 0.25, maxlen=3, out_dtype=INT64),
            dict(X=LENGTHS.reshape(3, 1), maxlen=2, out_dtype=int(VAR_TYPES["bool"])),
            dict(X=-LENGTHS, maxlen=2, out_dtype=INT64),
            dict(X=-LENGTHS, out_dtype=INT64),
            dict(X=LENGTHS, MaxLenTensor=np.array([5], "int32"), out_dtype=INT64),
            dict(X=LENGTHS, MaxLenTensor=np.array([1], "int64"), maxlen=7, out_dtype=INT64),
            dict(X=LENGTHS[:0], out_dtype=INT64),
            dict(X=LENGTHS[:0], maxlen=3, out_dtype=INT64),
            dict(X=lod(np.array([[2], [10000]]), [1, 1]), out_dtype=int(VAR_TYPES["float32"])),
        ],
        reference=sequence_mask,
        bad=[
            dict(X=LENGTHS, maxlen=0, out_dtype=INT64, match="maxlen is 0"),
            dict(X=LENGTHS, maxlen=3, out_dtype=99, match="out_dtype is 99"),
            dict(X=LENGTHS, MaxLenTensor=np.array([0]), out_dtype=INT64, match="MaxLenTensor holds 0"),
            dict(X=LENGTHS, MaxLenTensor=np.array([1, 2]), out_dtype=INT64, match="one integer"),
            dict(X=LENGTHS, MaxLenTensor=np.array([1.0]), out_dtype=INT64, match="MaxLenTensor is float64"),
            dict(X=LENGTHS * 2.0**40, out_dtype=INT64, match="greatest length"),
            dict(X=LENGTHS > 0, maxlen=2, out_dtype=INT64, match="X is bool"),
        ],
    ),
    Op(
        "fused_embedding_seq_pool",
        cases=[
            dict(W=(5, 3), Ids=lod(ints(6, 1, high=5), [2, 0, 3, 1])),
            dict(W=(5, 3), Ids=lod(ints(6, 1, high=5, dtype="int32"), [1, 2], [2, 3, 1])),
            dict(W=(5, 3), Ids=lod(np.array([[1], [2], [1], [1]]), [1, 3]), padding_idx=1),
            dict(W=(5, 3), Ids=lod(ints(4, 2, 1, high=5), [1, 3]), grad_inplace=True),
            dict(W=(5, 3), Ids=lod(np.array([[1], [2], [1], [1]]), [1, 3]), is_sparse=True, padding_idx=2),
            dict(W=(5, 3), Ids=lod(ints(4, 2, 1, high=5), [1, 3]), is_sparse=True),
            dict(W=(5, 3), Ids=lod(np.zeros((0, 1), "int64"), [0, 0])),
            dict(W=(5, 3), Ids=lod(np.zeros((0, 1), "int64"), []), is_sparse=True),
            dict(W=(50, 3), Ids=lod(ints(10001, 1, high=50), [10000, 1])),
        ],
        reference=fused_embedding_seq_pool,
        grad="W",
        tolerance={"float32": 1e-4},
        grad_tolerance=1e-5,
        bad=[
            dict(W=(5, 3), Ids=ints(6, 1, high=5), match="no LoD"),
            dict(W=(5, 3), Ids=lod(np.array([[1], [5]]), [2]), match=r"Ids\[1\] is 5"),
            dict(W=(5, 3), Ids=lod(np.array([[1], [-1]]), [2]), match=r"Ids\[1\] is -1"),
            dict(W=(5, 3), Ids=lod(ints(6, 2, high=5), [6]), match="last dimension of 1"),
            dict(W=(5, 3), Ids=lod(ints(6, 1, high=5), [6]), padding_idx=5, match="padding_idx is 5"),
            dict(W=(5, 3), Ids=lod(ints(6, 1, high=5), [6]), combiner="mean", match="combiner is 'mean'"),
            dict(W=(5,), Ids=lod(ints(6, 1, high=5), [6]), match="rank 1"),
        ],
    ),
)

"""Sequences padded, cut, reversed, reshaped and changed in places; images as sequences."""

import numpy as np
from harness import LodArray, Op, ints, lod, op_tests
from sequences import units_of

ALL_NUMBERS = ("float32", "float64", "int32", "int64")


def sequences_of(X):
    return [rows for rows, _ in units_of(X, len(X.lengths) - 1)]


def rebuilt(parts, X):
    """Other rows for the sequences of X."""
    rows = np.concatenate(parts) if parts else np.asarray(X)[:0]
    return LodArray(rows, list(X.lengths[:-1]) + [[len(part) for part in parts]])


def sequence_pad(X, PadValue, padded_length):
    parts = sequences_of(X)
    steps = max([len(rows) for rows in parts], default=0) if padded_length < 0 else padded_length
    out = np.empty((len(parts), steps) + X.shape[1:], X.dtype)
    out[...] = np.asarray(PadValue)
    for i, rows in enumerate(parts):
        out[i, : len(rows)] = rows
    return {"Out": LodArray(out, []), "Length": np.array([len(rows) for rows in parts], "int64")}


def sequence_unpad(X, Length):
    dense = np.asarray(X) if X.ndim > 2 else np.asarray(X)[:, :, None]
    lengths = [int(n) for n in np.asarray(Length)]
    rows = [steps[:n] for steps, n in zip(dense, lengths)]
    return LodArray(np.concatenate(rows + [np.zeros((0,) + dense.shape[2:], dense.dtype)]), [lengths])


def sequence_reshape(X, new_dim):
    return rebuilt([rows.reshape(-1, new_dim) for rows in sequences_of(X)], LodArray(np.zeros((0, new_dim), X.dtype), X.lengths))


def sequence_slice(X, Offset, Length):
    offsets, lengths = np.asarray(Offset).reshape(-1), np.asarray(Length).reshape(-1)
    return rebuilt([rows[o : o + n] for rows, o, n in zip(sequences_of(X), offsets, lengths)], X)


def sequence_scatter(X, Ids, Updates):
    out = np.array(X)
    flat = out.reshape(len(out), int(np.prod(out.shape[1:])))
    updates = LodArray(np.asarray(Updates), Ids.lengths)
    for row, ids, values in zip(flat, sequences_of(Ids), sequences_of(updates)):
        np.add.at(row, ids.reshape(-1), values.reshape(-1))
    return LodArray(out, [])


def im2sequence(X, Y, kernels, strides, paddings, out_stride):
    rows, lengths = [], []
    for i, image in enumerate(np.asarray(X)):
        up, left, down, right = paddings
        size = image.shape[1:] if Y is None else [int(np.ceil(n / s)) for n, s in zip(np.asarray(Y)[i], out_stride)]
        beyond = [max(0, n - m) for n, m in zip(size, image.shape[1:])]
        padded = np.pad(image, [(0, 0), (up, down + beyond[0]), (left, right + beyond[1])])
        tops = range(0, size[0] + up + down - kernels[0] + 1, strides[0])
        lefts = range(0, size[1] + left + right - kernels[1] + 1, strides[1])
        found = [padded[:, y : y + kernels[0], x : x + kernels[1]].reshape(-1) for y in tops for x in lefts]
        rows += found
        lengths.append(len(found))
    return LodArray(np.array(rows).reshape(len(rows), X.shape[1] * kernels[0] * kernels[1]), [lengths])


def pooled(rows, pooltype):
    if not len(rows):
        return np.zeros(rows.shape[1])
    return rows.sum(0) / {"SUM": 1, "AVERAGE": len(rows), "SQRT": len(rows) ** 0.5}[pooltype]


def fusion_seqpool_concat(X, pooltype):
    parts = [np.array([pooled(rows, pooltype) for rows in sequences_of(x)]).reshape(-1, x.shape[1]) for x in X]
    out = np.concatenate(parts, 1)
    return LodArray(out, [[1] * len(out)])


def fusion_seqexpand_concat_fc(X, FCWeight, FCBias, fc_activation):
    lengths = X[0].lengths[-1]
    wide = np.concatenate([np.asarray(X[0])] + [np.repeat(np.asarray(x), lengths, 0) for x in X[1:]], 1)
    out = wide @ np.asarray(FCWeight) + (0 if FCBias is None else np.asarray(FCBias).reshape(-1))
    act = {"identity": lambda v: v, "relu": lambda v: np.maximum(v, 0), "tanh": np.tanh, "sigmoid": lambda v: 1 / (1 + np.exp(-v))}
    expanded = np.concatenate([np.asarray(x) for x in X[1:]], 1) @ np.asarray(FCWeight)[X[0].shape[1] :]
    return {"Out": LodArray(act[fc_activation](out), X[0].lengths), "FCOut": LodArray(expanded, [])}


def sequence_topk_avg_pooling(X, ROW, COLUMN, topks, channel_num):
    rows = []
    for values, height, width in zip(sequences_of(X), ROW.lengths[-1], COLUMN.lengths[-1]):
        lines = values.reshape(channel_num, height, width)
        ordered = np.zeros((channel_num, height, max(width, *topks, 1)))
        ordered[..., :width] = -np.sort(-lines, -1)
        means = np.stack([ordered[..., :k].sum(-1) / k for k in topks], -1)
        rows += list(means.transpose(1, 0, 2).reshape(height, channel_num * len(topks)))
    return LodArray(np.array(rows).reshape(len(rows), channel_num * len(topks)), ROW.lengths)


ONE = np.array([[1], [0], [2]])
SIZES = np.array([[6, 5], [4, 7]])

test = op_tests(
    Op(
        "sequence_pad",
        cases=[
            dict(X=lod((6, 2), [2, 0, 3, 1]), PadValue=(1,)),
            dict(X=lod((6, 2), [2, 0, 3, 1]), PadValue=(2,), padded_length=4),
            dict(X=lod((6, 2, 3), [1, 2], [2, 3, 1]), PadValue=(2, 3), padded_length=3),
            dict(X=lod((6, 1), [1, 5]), PadValue=(1,)),
            dict(X=lod((0, 2), [0, 0]), PadValue=(1,)),
            dict(X=lod((0, 2), [0, 0]), PadValue=(2,), padded_length=3),
            dict(X=lod((0, 2), []), PadValue=(1,)),
            dict(X=lod((2, 0), [2]), PadValue=(1,), padded_length=3),
            dict(X=lod((10001, 1), [1, 10000]), PadValue=(1,)),
        ],
        reference=sequence_pad,
        grad="X",
        grad_from="Out",
        dtypes=ALL_NUMBERS,
        bad=[
            dict(X=(6, 2), PadValue=(1,), match="no LoD"),
            dict(X=lod((6, 2), [2, 4]), PadValue=(1,), padded_length=3, match="longest sequence of X has 4"),
            dict(X=lod((6, 2), [2, 4]), PadValue=(1,), padded_length=-2, match="padded_length is -2"),
            dict(X=lod((6, 2), [2, 4]), PadValue=(3,), match=r"PadValue has shape \[3\]; expected \[1\], or \[2\]"),
            dict(X=lod((6,), [2, 4]), PadValue=(1,), match="rank 1"),
        ],
    ),
    Op(
        "sequence_unpad",
        cases=[
            dict(X=(3, 4, 2), Length=np.array([2, 0, 4])),
            dict(X=(3, 4), Length=np.array([2, 0, 4], "int32")),
            dict(X=lod((2, 3, 2, 2), [1, 1]), Length=np.array([1, 3])),
            dict(X=(2, 3, 2), Length=np.array([0, 0])),
            dict(X=(0, 3, 2), Length=np.zeros(0, "int64")),
            dict(X=(2, 0, 2), Length=np.array([0, 0])),
            dict(X=(2, 10000, 1), Length=np.array([10000, 1])),
        ],
        reference=sequence_unpad,
        grad="X",
        dtypes=ALL_NUMBERS,
        bad=[
            dict(X=(2, 3, 2), Length=np.array([1, 4]), match=r"Length\[1\] is 4"),
            dict(X=(2, 3, 2), Length=np.array([-1, 2]), match=r"Length\[0\] is -1"),
            dict(X=(2, 3, 2), Length=np.array([1, 1, 1]), match="3 lengths.*2 sequences"),
            dict(X=(2, 3, 2), Length=np.array([[1], [1]]), match="rank 2"),
            dict(X=(2,), Length=np.array([1, 1]), match="rank 1"),
        ],
    ),
    Op(
        "sequence_reshape",
        cases=[
            dict(X=lod((6, 2), [2, 0, 4]), new_dim=4),
            dict(X=lod((6, 2), [2, 3, 1]), new_dim=1),
            dict(X=lod((6, 2), [1, 2], [2, 2, 2]), new_dim=4),
            dict(X=lod((0, 2), [0, 0]), new_dim=4),
            dict(X=lod((3, 0), [1, 2]), new_dim=4),
            dict(X=lod((10002, 1), [10000, 2]), new_dim=2),
        ],
        reference=sequence_reshape,
        grad="X",
        dtypes=ALL_NUMBERS,
        bad=[
            dict(X=(6, 2), new_dim=4, match="no LoD"),
            dict(X=lod((6, 2), [2, 3, 1]), new_dim=4, match="sequence 1 of X has 3 rows of 2"),
            dict(X=lod((6, 2), [2, 4]), new_dim=0, match="new_dim is 0"),
            dict(X=lod((6, 2, 2), [2, 4]), new_dim=2, match="rank 3"),
        ],
    ),
    Op(
        "sequence_reverse",
        cases=[
            dict(X=lod((6, 2), [2, 0, 3, 1])),
            dict(X=lod((6, 2, 2), [1, 2], [2, 3, 1])),
            dict(X=lod((6,), [2, 4])),
            dict(X=lod((0, 2), [0, 0])),
            dict(X=lod((3, 0), [1, 2])),
            dict(X=lod((10001, 1), [10000, 1])),
        ],
        reference=lambda X: rebuilt([rows[::-1] for rows in sequences_of(X)], X),
        grad="X",
        dtypes=ALL_NUMBERS + ("uint8",),
        bad=[dict(X=(6, 2), match="no LoD"), dict(X=lod((6, 2), [2, 5]))],
    ),
    Op(
        "sequence_slice",
        cases=[
            dict(X=lod((6, 2), [2, 1, 3]), Offset=np.array([[1], [0], [0]]), Length=ONE),
            dict(X=lod((6, 2), [2, 1, 3]), Offset=np.array([[0], [1], [1]], "int32"), Length=ONE.astype("int32")),
            dict(X=lod((6, 2, 2), [1, 2], [2, 1, 3]), Offset=np.array([0, 0, 1]), Length=ONE.reshape(3)),
            dict(X=lod((6,), [2, 1, 3]), Offset=0 * ONE, Length=0 * ONE),
            dict(X=lod((0, 2), [0, 0]), Offset=np.zeros((2, 1), "int64"), Length=np.zeros((2, 1), "int64")),
            dict(X=lod((0, 2), []), Offset=np.zeros((0, 1), "int64"), Length=np.zeros((0, 1), "int64")),
            dict(X=lod((10001, 1), [10000, 1]), Offset=np.array([[5000], [0]]), Length=np.array([[5000], [1]])),
        ],
        reference=sequence_slice,
        grad="X",
        dtypes=ALL_NUMBERS,
        bad=[
            dict(X=(6, 2), Offset=0 * ONE, Length=ONE, match="no LoD"),
            dict(X=lod((6, 2), [2, 1, 3]), Offset=ONE, Length=ONE, match="sequence 2 of X has 3 rows; there are no 2"),
            dict(X=lod((6, 2), [2, 1, 3]), Offset=-ONE, Length=ONE, match=r"no 1 \(Length\) from -1"),
            dict(X=lod((6, 2), [2, 1, 3]), Offset=0 * ONE, Length=-ONE, match=r"no -1 \(Length\)"),
            dict(X=lod((6, 2), [2, 4]), Offset=0 * ONE, Length=ONE, match="2 sequences"),
            dict(X=lod((6, 2), [2, 1, 3]), Offset=0.0 * ONE, Length=ONE, match="Offset is float64"),
        ],
    ),
    Op(
        "sequence_scatter",
        cases=[
            dict(X=(3, 4), Ids=lod(np.array([[0], [1], [1], [3], [1], [0]]), [2, 0, 4]), Updates=lod((6, 1), [2, 0, 4])),
            dict(X=(3, 2, 2), Ids=lod(ints(6, high=4, dtype="int32"), [1, 2], [2, 3, 1]), Updates=(6,)),
            dict(X=lod((2, 4), [2]), Ids=lod(ints(4, 1, high=4), [3, 1]), Updates=lod((4, 1), [3, 1])),
            dict(X=(2, 4), Ids=lod(np.zeros((0, 1), "int64"), [0, 0]), Updates=(0, 1)),
            dict(X=(0, 4), Ids=lod(np.zeros((0, 1), "int64"), []), Updates=(0, 1)),
            dict(X=(2, 40), Ids=lod(ints(10001, 1, high=40), [1, 10000]), Updates=(10001, 1), twice=False),
        ],
        reference=sequence_scatter,
        grad=("X", "Updates"),
        tolerance={"float32": 1e-4},
        dtypes=ALL_NUMBERS,
        bad=[
            dict(X=(2, 4), Ids=ints(4, 1, high=4), Updates=(4, 1), match="no LoD"),
            dict(X=(2, 4), Ids=lod(np.array([[0], [4]]), [1, 1]), Updates=(2, 1), match=r"Ids\[1\] is 4"),
            dict(X=(2, 4), Ids=lod(np.array([[0], [-1]]), [1, 1]), Updates=(2, 1), match=r"Ids\[1\] is -1"),
            dict(X=(3, 4), Ids=lod(ints(4, 1, high=4), [3, 1]), Updates=(4, 1), match="2 sequences.*3 rows"),
            dict(X=(2, 4), Ids=lod(ints(4, 1, high=4), [3, 1]), Updates=lod((4, 1), [2, 2]), match="Updates has LoD"),
            dict(X=(2, 4), Ids=lod(ints(4, 1, high=4), [3, 1]), Updates=(5, 1), match="same shape"),
            dict(X=(2, 4), Ids=lod(ints(4, 2, high=4), [3, 1]), Updates=(4, 2), match="one id a row"),
        ],
    ),
    Op(
        "im2sequence",
        cases=[
            dict(X=(2, 1, 3, 4), kernels=[2, 2]),
            dict(X=(2, 3, 3, 3), kernels=[2, 3], strides=[2, 1], paddings=[1, 0, 2, 1]),
            dict(X=(1, 2, 4, 4), kernels=[1, 2], strides=[3, 2]),
            dict(X=(2, 1, 2, 2), kernels=[3, 3], paddings=[2, 2, 2, 2]),
            dict(X=(2, 1, 6, 7), Y=SIZES, kernels=[2, 2]),
            dict(X=(2, 2, 3, 4), Y=SIZES.astype("float32"), kernels=[2, 2], strides=[1, 2], paddings=[1, 1, 0, 0], out_stride=[2, 2]),
            dict(X=(2, 1, 2, 2), Y=SIZES.astype("int32"), kernels=[2, 2], out_stride=[1, 2]),
            dict(X=(0, 1, 3, 3), kernels=[2, 2]),
            dict(X=(0, 1, 3, 3), Y=SIZES[:0], kernels=[2, 2]),
            dict(X=(1, 1, 1, 10000), kernels=[1, 1]),
            dict(X=(1, 3, 40, 40), kernels=[5, 5], strides=[2, 2], paddings=[2, 2, 2, 2]),
        ],
        reference=im2sequence,
        grad="X",
        bad=[
            dict(X=(2, 3, 4), kernels=[2, 2], match="rank 3"),
            dict(X=(2, 1, 3, 4), kernels=[4, 2], match="3 rows.*does not fit"),
            dict(X=(2, 1, 3, 4), kernels=[2, 5], match="4 columns.*does not fit"),
            dict(X=(2, 1, 3, 4), kernels=[2], match="kernels is"),
            dict(X=(2, 1, 3, 4), kernels=[2, 0], match="kernels is"),
            dict(X=(2, 1, 3, 4), kernels=[2, 2], strides=[0, 1], match="strides is"),
            dict(X=(2, 1, 3, 4), kernels=[2, 2], paddings=[1, 1], match="paddings is"),
            dict(X=(2, 1, 3, 4), Y=SIZES, kernels=[2, 2], out_stride=[0, 1], match="out_stride is"),
            dict(X=(2, 1, 3, 4), Y=SIZES[:1], kernels=[2, 2], match="Y has shape"),
            dict(X=(2, 1, 3, 4), Y=0 * SIZES, kernels=[2, 2], match=r"Y\[0, 0\] is 0"),
            dict(X=(2, 1, 3, 4), Y=SIZES * np.nan, kernels=[2, 2], match=r"Y\[0, 0\] is"),
            dict(X=(2, 1, 3, 4), Y=SIZES, kernels=[2, 2], out_stride=[9, 1], match="1 rows.*does not fit"),
        ],
    ),
    Op(
        "fusion_seqpool_concat",
        cases=[dict(X=[lod((6, 2), [2, 0, 4]), lod((6, 3), [1, 1, 4])], pooltype=p) for p in ("SUM", "AVERAGE", "SQRT")]
        + [
            dict(X=[lod((6, 2), [1, 2], [2, 3, 1]), lod((3, 2), [1, 1, 1])]),
            dict(X=[lod((6, 2), [2, 4])], axis=1),
            dict(X=[lod((0, 2), [0, 0]), lod((1, 2), [1, 0])]),
            dict(X=[lod((0, 2), [])]),
            dict(X=[lod((10001, 1), [10000, 1])]),
        ],
        reference=fusion_seqpool_concat,
        tolerance={"float32": 1e-4},
        bad=[
            dict(X=[lod((6, 2), [2, 4]), (6, 2)], match="no LoD"),
            dict(X=[lod((6, 2), [2, 4]), lod((6, 2), [2, 2, 2])], match=r"X\[1\] has 3 sequences"),
            dict(X=[lod((6, 2), [2, 4]), lod((6,), [2, 4])], match=r"X\[1\] has shape \[6\]"),
            dict(X=[lod((6, 2), [2, 4])], pooltype="MAX", match="pooltype is 'MAX'"),
            dict(X=[lod((6, 2), [2, 4])], axis=0, match="axis is 0"),
        ],
    ),
    Op(
        "fusion_seqexpand_concat_fc",
        cases=[
            dict(X=[lod((6, 2), [2, 0, 4]), (3, 3), (3, 1)], FCWeight=(6, 4), FCBias=(1, 4), fc_activation=act)
            for act in ("identity", "relu", "tanh", "sigmoid")
        ]
        + [
            dict(X=[lod((6, 2), [1, 2], [2, 3, 1]), lod((3, 3), [1, 1, 1])], FCWeight=(5, 4)),
            dict(X=[lod((6, 2), [2, 4]), (2, 1)], FCWeight=(3, 4), FCBias=(4,)),
            dict(X=[lod((0, 2), [0, 0]), (2, 1)], FCWeight=(3, 4)),
            dict(X=[lod((0, 2), []), (0, 1)], FCWeight=(3, 4)),
            dict(X=[lod((10001, 1), [10000, 1]), (2, 1)], FCWeight=(2, 1)),
        ],
        reference=fusion_seqexpand_concat_fc,
        tolerance={"float32": 5e-5},
        bad=[
            dict(X=[(6, 2), (3, 3)], FCWeight=(5, 4), match="no LoD"),
            dict(X=[lod((6, 2), [2, 4]), (3, 3)], FCWeight=(5, 4), match="3 rows.*2 sequences"),
            dict(X=[lod((6, 2), [2, 4]), (2, 3)], FCWeight=(4, 4), match="4 rows; expected 5"),
            dict(X=[lod((6, 2), [2, 4]), (2, 3)], FCWeight=(5, 4), FCBias=(1, 3), match=r"FCBias has shape \[1, 3\]"),
            dict(X=[lod((6, 2), [2, 4])], FCWeight=(2, 4), match="X has 1 variables"),
            dict(X=[lod((6, 2), [2, 4]), (2, 3)], FCWeight=(5, 4), fc_activation="gelu", match="'gelu'"),
        ],
    ),
    Op(
        "sequence_topk_avg_pooling",
        refuses=("empty", "some empty", "ones"),  # ROW and COLUMN say how long; the cases have such sequences themselves
        cases=[
            dict(X=lod((16, 1), [12, 4]), ROW=lod((3, 1), [2, 1]), COLUMN=lod((5, 2), [3, 2]), topks=[1, 3], channel_num=2),
            dict(X=lod((16,), [12, 4]), ROW=lod((3, 1), [2, 1]), COLUMN=lod((5, 2), [3, 2]), topks=[4, 2, 2], channel_num=2),
            dict(X=lod((6, 1), [6, 0, 0]), ROW=lod((3, 1), [2, 0, 1]), COLUMN=lod((5, 2), [3, 2, 0]), topks=[2], channel_num=1),
            dict(X=lod((6, 1), [1, 1], [2, 4]), ROW=lod((3, 1), [1, 2]), COLUMN=lod((4, 2), [2, 2]), topks=[1], channel_num=1),
            dict(X=lod(np.ones((6, 1)), [6]), ROW=lod((2, 1), [2]), COLUMN=lod((3, 2), [3]), topks=[2], channel_num=1, smooth=False),
            dict(X=lod((0, 1), []), ROW=lod((0, 1), []), COLUMN=lod((0, 2), []), topks=[1], channel_num=3),
            dict(X=lod((10000, 1), [10000]), ROW=lod((4, 1), [4]), COLUMN=lod((2500, 1), [2500]), topks=[10], channel_num=1),
        ],
        reference=sequence_topk_avg_pooling,
        grad="X",
        bad=[
            dict(X=(4, 1), ROW=lod((2, 1), [2]), COLUMN=lod((2, 1), [2]), topks=[1], channel_num=1, match="input X .*no LoD"),
            dict(X=lod((4, 1), [4]), ROW=(2, 1), COLUMN=lod((2, 1), [2]), topks=[1], channel_num=1, match="input ROW .*no LoD"),
            dict(X=lod((4, 1), [4]), ROW=lod((2, 1), [2]), COLUMN=lod((3, 1), [3]), topks=[1], channel_num=1, match="4 values"),
            dict(X=lod((4, 1), [4]), ROW=lod((2, 1), [2]), COLUMN=lod((2, 1), [1, 1]), topks=[1], channel_num=1, match="COLUMN 2"),
            dict(X=lod((4, 1), [4]), ROW=lod((2, 1), [2]), COLUMN=lod((2, 1), [2]), topks=[1, 0], channel_num=1, match="topks is"),
            dict(X=lod((4, 1), [4]), ROW=lod((2, 1), [2]), COLUMN=lod((2, 1), [2]), topks=[], channel_num=1, match="topks is"),
            dict(X=lod((4, 1), [4]), ROW=lod((2, 1), [2]), COLUMN=lod((2, 1), [2]), topks=[1], channel_num=0, match="channel_num is 0"),
            dict(X=lod((4, 2), [4]), ROW=lod((2, 1), [2]), COLUMN=lod((2, 1), [2]), topks=[1], channel_num=1, match="one value a row"),
        ],
    ),
)

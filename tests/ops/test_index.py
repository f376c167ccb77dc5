"""Slices of a tensor by number, and numbers as rows of zeros and a one."""

import numpy as np
from harness import LodArray, Op, ints, lod, op_tests
from shape_values import i32, i64

NUMBERS = ("float32", "float64", "int32", "int64")


def plain(array):
    return LodArray(np.asarray(array), [])


def gather(X, Index):
    return plain(np.asarray(X)[np.asarray(Index).reshape(-1)])


def gather_nd(X, Index):
    return plain(np.asarray(X)[tuple(np.moveaxis(np.asarray(Index), -1, 0))] if Index.shape[-1] else np.broadcast_to(X, Index.shape[:-1] + X.shape))


def index_select(X, Index, dim):
    return LodArray(np.take(np.asarray(X), np.asarray(Index).reshape(-1), dim), X.lengths if dim % X.ndim else [])


def scatter(X, Ids, Updates, overwrite):
    out = np.array(X)
    if overwrite:
        for i, row in enumerate(np.asarray(Ids)):
            out[row] = Updates[i]
    else:
        out[np.asarray(Ids)] = 0
        np.add.at(out, np.asarray(Ids), np.asarray(Updates))
    return plain(out)


def scatter_nd_add(X, Index, Updates):
    out = np.array(X)
    if Index.shape[-1]:
        np.add.at(out, tuple(np.moveaxis(np.asarray(Index), -1, 0)), np.asarray(Updates))
    else:
        out += np.asarray(Updates).sum(tuple(range(Index.ndim - 1)))
    return LodArray(out, X.lengths)


def lookup_table(column):
    def reference(W, Ids, padding_idx):
        ids = np.asarray(Ids)[..., 0] if column else np.asarray(Ids)
        out = np.asarray(W)[ids]
        return LodArray(np.where((ids == padding_idx)[..., None] & (padding_idx >= 0), 0, out), Ids.lengths)

    return reference


def fused_embedding_mul(W, Ids, Y, padding_idx, ids_column):
    if Y.dtype == "uint16":
        W, Y = numbers(bits(W)), numbers(Y)
        return LodArray(bits(fused_embedding_mul(W, Ids, Y, padding_idx, ids_column)), Ids.lengths)
    rows = lookup_table(ids_column)(W, Ids, padding_idx)
    return LodArray(np.asarray(rows) @ np.asarray(Y), Ids.lengths)


def bits(array):
    """The upper halves of float32 numbers, the nearest (even where two are): bfloat16, as uint16."""
    whole = np.asarray(array, "float32").view("uint32").astype("uint64")
    return (whole + 0x7FFF + (whole >> 16 & 1) >> 16).astype("uint16")


def numbers(halves):
    return (np.asarray(halves, "uint32") << 16).view("float32").astype("float64")


def mixed_lookups():
    """The rows of a float32 table, rounded, times a weight of bfloat16. Sums of so few bits have no rounding of their own."""
    table, weight = np.array([[1.001, 3, -0.25], [-2, 5.999, 0.5], [7, 1, 0.1249], [0.5, -4, 3]], "float32"), bits([[3, -1], [0.5, 2], [-4, 1]])
    parts = dict(W=table, Y=weight, smooth=False)
    return [
        dict(parts, Ids=lod(i64([3], [0], [3], [1]), [1, 3])),
        dict(parts, Ids=i64([2, 0, 1], [2, 2, 3]), ids_column=False, padding_idx=2),
        dict(parts, Ids=np.zeros((0, 1), "int64")),
    ]


def lookup_cases(*tail):
    return [
        dict(W=(5, 3), Ids=lod(ints(4, *tail, high=5), [1, 3])),
        dict(W=(5, 3), Ids=ints(2, 3, *tail, high=5)),
        dict(W=(4, 2), Ids=i64(1, 3, 1, 0).reshape((4,) + tail), padding_idx=1),
        dict(W=(4, 2), Ids=i64(1, 3, 1, 0).reshape((4,) + tail), is_sparse=True),
        dict(W=(4, 2), Ids=i64(1, 3, 1, 0).reshape((4,) + tail), is_sparse=True, padding_idx=3),
        dict(W=(5, 3), Ids=np.zeros((0,) + tail, "int64")),
    ]


def bad_lookups(*tail):
    return [
        dict(W=(4, 2), Ids=i64(1, 4).reshape((2,) + tail), match="4"),
        dict(W=(4, 2), Ids=i64(1, -1).reshape((2,) + tail), match="-1"),
        dict(W=(4, 2), Ids=i64(1).reshape((1,) + tail), padding_idx=4, match="padding_idx"),
        dict(W=(4,), Ids=i64(1).reshape((1,) + tail), match="rank 2"),
        dict(W=(4, 2), Ids=i64(1).reshape((1,) + tail), epmap=["127.0.0.1:1"], match="parameter servers"),
    ]


def one_hot(column):
    def reference(X, depth_tensor, depth):
        depth = depth if depth_tensor is None else int(np.asarray(depth_tensor)[0])
        ids = np.asarray(X)[..., 0] if column else np.asarray(X)
        return LodArray((ids[..., None] == np.arange(depth)).astype("float64"), X.lengths)

    return reference


test = op_tests(
    Op(
        "gather",
        cases=[
            dict(X=lod((3, 2), [1, 2]), Index=i64(2, 0)),
            dict(X=(3, 2), Index=i32([2], [0])),
            dict(X=(3, 2, 2), Index=i32(2, 0, 2, 2), overwrite=False),
            dict(X=(3,), Index=i64(1), overwrite=False),
            dict(X=(3, 2), Index=np.zeros(0, "int64")),
            dict(X=(3, 0), Index=i64(1, 1)),
        ],
        reference=gather,
        grad=("X",),
        dtypes=NUMBERS + ("uint8",),
        bad=[dict(X=(3, 2), Index=i64(3), match="3"), dict(X=(3, 2), Index=i64(-1), match="-1"), dict(X=(3, 2), Index=i64([1, 2]), match="shape")],
    ),
    Op(
        "one_hot",
        cases=[
            dict(X=lod(ints(3, 1, high=4), [1, 2]), depth=4),
            dict(X=ints(2, 3, 1, high=4, dtype="int32"), depth=4),
            dict(X=i64([1], [-1], [5]), depth=3, allow_out_of_range=True),
            dict(X=i64([1], [3]), depth_tensor=i32(4)),
            dict(X=i64([1], [3]), depth_tensor=i32(5), depth=2, dtype=6),
            dict(X=i64([1], [3]), depth=4, dtype=3),
            dict(X=i64([1], [3]), depth=4, dtype=0),
            dict(X=np.zeros((0, 1), "int64"), depth=4),
        ],
        reference=one_hot(True),
        bad=[
            dict(X=i64([1], [4]), depth=4, match="4"),
            dict(X=i64([1], [-1]), depth=4, match="-1"),
            dict(X=i64(1, 2), depth=4, match="rank 2"),
            dict(X=i64([1], [2]), match="depth"),
            dict(X=i64([1], [2]), depth=4, dtype=99, match="99"),
        ],
    ),
    Op(
        "one_hot_v2",
        cases=[
            dict(X=lod(ints(3, high=4), [1, 2]), depth=4),
            dict(X=ints(2, 3, high=4, dtype="int32"), depth=4),
            dict(X=i64(1, -1, 5), depth=3, allow_out_of_range=True),
            dict(X=i64(1, 3), depth_tensor=i64(4), dtype=6),
            dict(X=np.zeros(0, "int64"), depth=4),
        ],
        reference=one_hot(False),
        bad=[dict(X=i64(1, 4), depth=4, match="4"), dict(X=i64(1), depth=0, match="depth")],
    ),
    Op(
        "index_select",
        cases=[
            dict(X=lod((3, 2), [1, 2]), Index=i64(2, 0, 2), dim=0),
            dict(X=lod((3, 2, 2), [1, 2]), Index=i32([1], [1], [0]), dim=1),
            dict(X=(2, 3, 2), Index=i32(0, 1, 1), dim=-1),
            dict(X=(3, 2), Index=np.zeros(0, "int64"), dim=1),
        ],
        reference=index_select,
        grad=("X",),
        dtypes=NUMBERS,
        bad=[dict(X=(3, 2), Index=i64(3), match="3"), dict(X=(3, 2), Index=i64(1), dim=2, match="2"), dict(X=(3, 2), Index=i64([1, 0]), match="shape")],
    ),
    Op(
        "gather_nd",
        cases=[
            dict(X=lod((3, 2), [1, 2]), Index=i64([1, 0], [2, 1])),
            dict(X=(3, 2, 2), Index=i32([1], [2], [1])),
            dict(X=(3, 2, 2), Index=i32([[[1, 0]], [[2, 1]]])),
            dict(X=(3, 2), Index=np.zeros((2, 0), "int32")),
            dict(X=(3, 2), Index=np.zeros((0, 1), "int64")),
        ],
        reference=gather_nd,
        grad=("X",),
        dtypes=NUMBERS + ("bool", "uint8"),
        bad=[
            dict(X=(3, 2), Index=i64([1, 2]), match="2"),
            dict(X=(3, 2), Index=i64([-1, 0]), match="-1"),
            dict(X=(3, 2), Index=i64([1, 1, 1]), match="3 coordinates"),
            dict(X=(3, 2), Index=i64(1), match="rank"),
        ],
    ),
    Op(
        "scatter",
        cases=[
            dict(X=lod((3, 2), [1, 2]), Ids=i64(2, 0), Updates=(2, 2)),
            dict(X=(3, 2), Ids=i32(2, 0, 2), Updates=(3, 2)),
            dict(X=(3, 2, 2), Ids=i64(2, 0, 2), Updates=(3, 2, 2), overwrite=False),
            dict(X=(3,), Ids=i64(1), Updates=(1,), overwrite=False),
            dict(X=(3, 2), Ids=np.zeros(0, "int64"), Updates=(0, 2)),
        ],
        reference=scatter,
        any_rows="X's shape is that of Out@GRAD",
        grad=("X", "Updates"),
        dtypes=NUMBERS,
        bad=[
            dict(X=(3, 2), Ids=i64(3), Updates=(1, 2), match="3"),
            dict(X=(3, 2), Ids=i64(-1), Updates=(1, 2), match="-1"),
            dict(X=(3, 2), Ids=i64(1, 0), Updates=(1, 2), match="Updates"),
            dict(X=(3, 2), Ids=i64(1), Updates=(1, 3), match="Updates"),
            dict(X=(3, 2), Ids=i64([1]), Updates=(1, 2), match="rank 1"),
        ],
    ),
    Op(
        "scatter_nd_add",
        cases=[
            dict(X=lod((3, 2), [1, 2]), Index=i64([1, 0], [2, 1], [2, 1]), Updates=(3,)),
            dict(X=(3, 2), Index=i32([1], [1]), Updates=(2, 2)),
            dict(X=(2, 2), Index=np.zeros((3, 0), "int32"), Updates=(3, 2, 2)),
            dict(X=(3, 2), Index=np.zeros((0, 1), "int64"), Updates=(0, 2)),
        ],
        reference=scatter_nd_add,
        any_rows="X's shape is that of Out@GRAD",
        grad=("X", "Updates"),
        dtypes=NUMBERS + ("uint8",),
        bad=[
            dict(X=(3, 2), Index=i64([3]), Updates=(1, 2), match="3"),
            dict(X=(3, 2), Index=i64([1]), Updates=(2, 2), match="Updates"),
            dict(X=(3, 2), Index=i64(1), Updates=(2,), match="rank"),
        ],
    ),
    Op("lookup_table", cases=lookup_cases(1), reference=lookup_table(True), grad=("W",), bad=bad_lookups(1) + [dict(W=(4, 2), Ids=i64(1, 2), match="last dimension")]),
    Op("lookup_table_v2", cases=lookup_cases(), reference=lookup_table(False), grad=("W",), bad=bad_lookups()),
    Op(
        "fused_embedding_mul",
        cases=[dict(case, Y=(case["W"][1], 4)) for case in lookup_cases(1)] + [dict(case, Y=(case["W"][1], 4), ids_column=False) for case in lookup_cases()] + mixed_lookups(),
        reference=fused_embedding_mul,
        grad=("W", "Y"),
        bad=[dict(bad, Y=(2, 3)) for bad in bad_lookups(1)[:4]]
        + [
            dict(W=(4, 2), Ids=i64([1], [2]), Y=(3, 2), match="rows of 2 elements"),
            dict(W=(4, 2), Ids=i64(1, 2), Y=(2, 3), match="last dimension"),
            dict(W=(4, 2), Ids=i64([1], [2]), Y=(2, 3, 1), match="rank"),
            dict(W=np.zeros((4, 2)), Ids=i64([1], [2]), Y=bits([[1], [2]]), match="same element type"),
            dict(W=(4, 2), Ids=i64([1], [2]), Y=i64([1], [2]), match="same element type"),
        ],
    ),
)

"""Losses: of classes, of yes-or-no answers, of numbers."""

import numpy as np
from harness import LodArray, Op, distinct, ints, lod, op_tests, positive, simplex, uniform
from values import Spec

ZERO_OR_ONE = np.array([[0.0], [1.0], [1.0], [0.0]])


def like_case(values):
    """Given numbers in the case's dtype."""
    return Spec(lambda rng, dtype: np.asarray(values).astype(dtype), True)


def grouped_as(like, array):
    return LodArray(array, getattr(like, "lengths", []))


# ---- of classes ----


def class_losses(log_p, label, soft, ignore_index, axis=-1):
    """-log p of the label's class, 0 where it is ignored; for soft labels the mean of -log p. Keeps the axis, with size 1."""
    log_p, label = np.moveaxis(np.asarray(log_p), axis, -1), np.asarray(label)
    if soft:
        return np.moveaxis(-(np.moveaxis(label, axis, -1) * log_p).sum(-1, keepdims=True), -1, axis)
    label = label if label.ndim < log_p.ndim else np.moveaxis(label, axis, -1)[..., 0]
    out = np.zeros(label.shape)
    for at, k in np.ndenumerate(label):
        out[at] = 0 if k == ignore_index else -log_p[at][k]
    return np.expand_dims(out, axis)


def cross_entropy(X, Label, soft_label, ignore_index):
    with np.errstate(divide="ignore"):
        log_p = np.maximum(np.log(X), -1e20)
    loss = class_losses(log_p, Label, soft_label, ignore_index)
    return grouped_as(X, loss if Label.ndim == X.ndim else loss[..., 0])


def cross_entropy2(X, Label, ignore_index):
    y = cross_entropy(X, Label, False, ignore_index)
    match = np.where(np.reshape(Label, X.shape[:-1] + (1,)) == ignore_index, 0, np.exp(-np.reshape(y, X.shape[:-1] + (1,))))
    return {"Y": y, "MatchX": match}


def log_softmax(X, axis):
    shifted = np.asarray(X) - np.max(np.asarray(X), axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


def softmax_with_cross_entropy(Logits, Label, soft_label, ignore_index, axis):
    log_p = log_softmax(Logits, axis)
    loss = class_losses(log_p, Label, soft_label, ignore_index, axis)
    return {"Softmax": grouped_as(Logits, np.exp(log_p)), "Loss": grouped_as(Logits, loss)}


def fused_linear_cross_entropy(X, Y, Bias, Label, DOut, x_num_col_dims, ignore_index):
    x, label = np.asarray(X).reshape(-1, Y.shape[0]), np.asarray(Label).reshape(-1, 1)
    log_p = log_softmax(x @ np.asarray(Y) + (0 if Bias is None else Bias), 1)
    counted = label != ignore_index
    loss = class_losses(log_p, label, False, ignore_index)
    d_logits = np.where(counted, np.exp(log_p) - (np.arange(Y.shape[1]) == label), 0) * DOut / max(len(x), 1)
    out = {
        "Loss": grouped_as(X, loss.reshape(Label.shape)),
        "DX": grouped_as(X, (d_logits @ np.asarray(Y).T).reshape(X.shape)),
        "DY": x.T @ d_logits,
        "DBias": d_logits.sum(0),
    }
    return dict(out, Out=loss.mean(keepdims=True).reshape(1)) if len(x) else out  # the mean of nothing is no number


HARD_CASES = [
    dict(X=simplex(4, 3), Label=ints(4, 1, high=3)),
    dict(X=simplex(4, 3), Label=ints(4, high=3)),
    dict(X=simplex(2, 3, 4), Label=ints(2, 3, 1, high=4)),
    dict(X=simplex(2, 3, 4), Label=ints(2, 3, high=4, dtype="int32")),
    dict(X=lod(simplex(4, 3), [1, 3]), Label=lod(ints(4, 1, high=3), [2, 2])),
    dict(X=simplex(3, 2), Label=np.array([[1], [-100], [0]])),
    dict(X=simplex(3, 2), Label=np.array([[1], [0], [7]]), ignore_index=7),
    dict(X=simplex(3, 2), Label=np.array([[1], [0], [1]]), ignore_index=0),
    dict(X=(0, 3), Label=ints(0, 1, high=3)),
    dict(X=simplex(1, 1), Label=ints(1, 1, high=1)),
]
HARD_BAD = [
    dict(X=simplex(4, 3), Label=np.array([[0], [1], [3], [2]]), match=r"Label\[2\] is 3; expected 0 <= label < 3, or ignore_index = -100"),
    dict(X=simplex(2, 3), Label=np.array([[0], [-1]]), match=r"Label\[1\] is -1"),
    dict(X=simplex(2, 3), Label=np.array([[0], [2**40]]), match=r"Label\[1\] is 1099511627776"),
    dict(X=simplex(4, 3), Label=ints(3, 1, high=3), match=r"Label of shape \[3, 1\] does not fit X \[4, 3\]; expected \[4, 1\] or \[4\]"),
    dict(X=simplex(4, 3), Label=ints(4, 3, high=3), match=r"Label of shape \[4, 3\] does not fit X"),
    dict(X=simplex(4, 3), Label=simplex(4, 1), match="Label is float32; expected one of: int32, int64"),
    dict(X=simplex(4), Label=ints(1, high=3), match="rank"),
]
SOFT_CASES = [
    dict(X=simplex(4, 3), Label=simplex(4, 3), soft_label=True),
    dict(X=simplex(2, 3, 4), Label=positive(2, 3, 4), soft_label=True),
    dict(X=lod(simplex(4, 3), [1, 3]), Label=simplex(4, 3), soft_label=True),
    dict(X=(0, 3), Label=(0, 3), soft_label=True),
]
AXES = [
    dict(Logits=(2, 3, 4), Label=ints(2, 1, 4, high=3), axis=1),
    dict(Logits=(2, 3, 4), Label=ints(1, 3, 4, high=2), axis=0),
    dict(Logits=(2, 3, 4), Label=ints(2, 1, 4, high=3), axis=-2),
    dict(Logits=(2, 3, 4), Label=simplex(2, 3, 4, axis=1), axis=1, soft_label=True),
    dict(Logits=(5,), Label=ints(1, high=5), axis=0),
]
CLASSES = (
    Op(
        "cross_entropy",
        cases=HARD_CASES + SOFT_CASES + [dict(X=like_case([[0.0, 1.0], [1.0, 0.0]]), Label=np.array([[1], [0]]))],
        reference=cross_entropy,
        grad="X",
        bad=HARD_BAD
        + [
            dict(X=simplex(4, 3), Label=simplex(4, 2), soft_label=True, match=r"\[4, 3\].*\[4, 2\]"),
            dict(X=simplex(4, 3), Label=ints(4, 3, high=2), soft_label=True, match="float32.*int64"),
        ],
    ),
    Op("cross_entropy2", cases=HARD_CASES, reference=cross_entropy2, grad="X", grad_from="Y", bad=HARD_BAD),
    Op(
        "softmax_with_cross_entropy",
        cases=[
            dict(Logits=uniform(4, 3, low=-3, high=3), Label=ints(4, 1, high=3)),
            dict(Logits=(2, 3, 4), Label=ints(2, 3, 1, high=4, dtype="int32")),
            dict(Logits=lod((4, 3), [1, 3]), Label=ints(4, 1, high=3)),
            dict(Logits=(3, 2), Label=np.array([[1], [-100], [0]])),
            dict(Logits=(3, 2), Label=np.array([[1], [0], [1]]), ignore_index=0),
            dict(Logits=(4, 3), Label=simplex(4, 3), soft_label=True),
            dict(Logits=(4, 3), Label=ints(4, 1, high=3), numeric_stable_mode=False),
            dict(Logits=like_case([[1e4, -1e4, 9999.0], [-1e4, -1e4, -1e4]]), Label=np.array([[2], [0]])),
            dict(Logits=uniform(3, 200, low=-9, high=9), Label=ints(3, 1, high=200)),
            dict(Logits=(0, 3), Label=ints(0, 1, high=3)),
            dict(Logits=(1, 1), Label=ints(1, 1, high=1)),
        ]
        + AXES,
        reference=softmax_with_cross_entropy,
        grad="Logits",
        bad=[
            dict(Logits=(4, 3), Label=np.array([[0], [1], [3], [2]]), match=r"Label\[2\] is 3; expected 0 <= label < 3, or ignore_index = -100"),
            dict(Logits=(4, 3), Label=ints(4, high=3), match=r"Label of shape \[4\] does not fit Logits \[4, 3\]; expected \[4, 1\]"),
            dict(Logits=(4, 3), Label=ints(4, 1, high=3), axis=2, match="axis"),
            dict(Logits=(4, 3), Label=ints(4, 1, high=3), axis=-3, match="axis"),
            dict(Logits=(4, 3), Label=simplex(4, 1), match="Label is float32; expected one of: int32, int64"),
            dict(Logits=(4, 3), Label=simplex(3, 3), soft_label=True, match=r"\[4, 3\].*\[3, 3\]"),
            dict(Logits=(4, 3), Label=ints(4, 3, high=2), soft_label=True, match="float32.*int64"),
        ],
    ),
    Op(
        "fused_linear_cross_entropy",
        cases=[
            dict(X=(4, 3), Y=(3, 5), Bias=(5,), Label=ints(4, 1, high=5), DOut=(1,)),
            dict(X=(2, 3, 4), Y=(4, 5), Label=ints(2, 3, 1, high=5, dtype="int32"), DOut=(1,), x_num_col_dims=2),
            dict(X=(4, 3, 2), Y=(6, 5), Label=ints(4, 1, high=5), DOut=(1,)),
            dict(X=lod((4, 3), [1, 3]), Y=(3, 5), Bias=(5,), Label=lod(ints(4, 1, high=5), [1, 3]), DOut=(1,)),
            dict(X=(4, 3), Y=(3, 5), Bias=(5,), Label=np.array([[1], [-100], [0], [4]]), DOut=(1,)),
            dict(X=(4, 3), Y=(3, 5), Bias=(5,), Label=np.array([[1], [2], [1], [4]]), DOut=(1,), ignore_index=1),
            dict(X=(0, 3), Y=(3, 5), Bias=(5,), Label=ints(0, 1, high=5), DOut=(1,)),
            dict(X=(2, 1), Y=(1, 1), Bias=(1,), Label=ints(2, 1, high=1), DOut=(1,)),
        ]
        # One part, three and four, of 128 rows at most.
        + [dict(X=(rows, 2), Y=(2, 1 << 14), Bias=(1 << 14,), Label=ints(rows, 1, high=1 << 14), DOut=(1,)) for rows in (200, 330, 500)],
        reference=fused_linear_cross_entropy,
        bad=[
            dict(X=(4, 3), Y=(3, 5), Label=np.array([[0], [1], [5], [2]]), DOut=(1,), match=r"Label\[2\] is 5; expected 0 <= label < 5, or ignore_index = -100"),
            dict(X=(4, 3), Y=(2, 5), Label=ints(4, 1, high=5), DOut=(1,), match=r"X \[4, 3\] has rows of 3 elements, but Y \[2, 5\] has 2 rows"),
            dict(X=(4, 3), Y=(3, 5), Label=ints(4, high=5), DOut=(1,), match=r"Label of shape \[4\] does not fit X \[4, 3\]; expected \[4, 1\]"),
            dict(X=(4, 3), Y=(3, 5), Label=ints(3, 1, high=5), DOut=(1,), match=r"Label of shape \[3, 1\] does not fit X"),
            dict(X=(4, 3), Y=(3, 5), Label=simplex(4, 1), DOut=(1,), match="Label is float32; expected one of: int32, int64"),
            dict(X=(4, 3), Y=(3, 5), Label=ints(4, 1, high=5), DOut=(2,), match=r"DOut has shape \[2\]; expected \[1\]"),
            dict(X=(4, 3), Y=(3, 5), Bias=(4,), Label=ints(4, 1, high=5), DOut=(1,), match=r"Bias has shape \[4\]; expected \[5\]"),
            dict(X=(4, 3), Y=(3, 0), Label=ints(4, 1, high=5), DOut=(1,), match="no columns"),
            dict(X=(4, 3), Y=(3, 5, 1), Label=ints(4, 1, high=5), DOut=(1,), match="rank"),
            dict(X=(4, 3), Y=(3, 5), Label=ints(4, 1, high=5), DOut=(1,), x_num_col_dims=2, match="x_num_col_dims is 2"),
        ],
    ),
)


# ---- of yes-or-no answers ----


def sigmoid_cross_entropy(X, Label, normalize, ignore_index):
    counted = Label != ignore_index
    loss = np.where(counted, np.logaddexp(0, X) - X * Label, 0)
    return grouped_as(X, loss / max(counted.sum(), 1) if normalize else loss)


def log_loss(Predicted, Labels, epsilon):
    return np.log(Predicted + epsilon) * -Labels - np.log(1 - Predicted + epsilon) * (1 - Labels)


SOME_IGNORED = like_case([[0.0, 1.0, -1.0], [0.5, -1.0, 1.0]])
ANSWERS = (
    Op(
        "sigmoid_cross_entropy_with_logits",
        cases=[
            dict(X=uniform(2, 3, low=-3, high=3), Label=simplex(2, 3)),
            dict(X=lod((4, 1), [1, 3]), Label=like_case(ZERO_OR_ONE)),
            dict(X=(2, 3), Label=SOME_IGNORED, ignore_index=-1),
            dict(X=(2, 3), Label=SOME_IGNORED, ignore_index=-1, normalize=True),
            dict(X=(2, 3), Label=SOME_IGNORED, ignore_index=1, normalize=True),
            dict(X=(1, 2), Label=like_case([[-100.0, -100.0]]), normalize=True),
            dict(X=like_case([200.0, -200.0, 0.0]), Label=like_case([0.0, 1.0, 1.0])),
            dict(X=(2, 2, 3), Label=simplex(2, 2, 3), normalize=True),
            dict(X=(0, 3), Label=(0, 3), normalize=True),
        ],
        reference=sigmoid_cross_entropy,
        grad="X",
        bad=[
            dict(X=(2, 3), Label=simplex(2, 2), match=r"\[2, 3\].*\[2, 2\]"),
            dict(X=(2, 3), Label=ints(2, 3, high=2), match="float32.*int64"),
        ],
    ),
    Op(
        "log_loss",
        cases=[
            dict(Predicted=uniform(4, 1, low=0.1, high=0.9), Labels=like_case(ZERO_OR_ONE), epsilon=1e-4),
            dict(Predicted=lod(uniform(4, 1, low=0.1, high=0.9), [4]), Labels=like_case(ZERO_OR_ONE), epsilon=0.25),
            dict(Predicted=uniform(2, 3, low=0.1, high=0.9), Labels=simplex(2, 3), epsilon=0.5),
            dict(Predicted=uniform(0, 1), Labels=(0, 1), epsilon=0.5),
        ],
        reference=log_loss,
        grad="Predicted",
        bad=[
            dict(Predicted=positive(2, 1), Labels=positive(3, 1), epsilon=0.1, match=r"\[2, 1\].*\[3, 1\]"),
            dict(Predicted=positive(2, 1), Labels=ints(2, 1, high=2), epsilon=0.1, match="float32.*int64"),
            dict(Predicted=positive(2, 1), Labels=positive(2, 1), match="epsilon"),
        ],
    ),
)


# ---- of numbers ----


def huber_loss(X, Y, delta):
    r = Y - X
    loss = np.where(np.abs(r) <= delta, r * r / 2, delta * (np.abs(r) - delta / 2))
    return {"Residual": grouped_as(X, r), "Out": grouped_as(X, loss)}


def smooth_l1_loss(X, Y, InsideWeight, OutsideWeight, sigma):
    d = (X - Y) * (1 if InsideWeight is None else np.asarray(InsideWeight))
    loss = np.where(np.abs(d) < 1 / sigma**2, sigma**2 * d * d / 2, np.abs(d) - 0.5 / sigma**2)
    loss = loss * (1 if OutsideWeight is None else np.asarray(OutsideWeight))
    total = np.asarray(loss).reshape(len(X), int(np.prod(X.shape[1:]))).sum(1, keepdims=True)
    return {"Diff": grouped_as(X, d), "Out": grouped_as(X, total)}


NEAR = like_case([[0.1, -0.2, 0.05], [0.6, -0.7, 0.8]])
FAR = like_case([[0.0, 0.1, -0.1], [-0.9, 0.9, -0.6]])
NUMBERS = (
    Op(
        "huber_loss",
        cases=[
            dict(X=NEAR, Y=FAR, delta=1.0),
            dict(X=NEAR, Y=FAR, delta=0.25),
            dict(X=lod(distinct(4, 1), [1, 3]), Y=uniform(4, 1), delta=0.5),
            dict(X=(2, 1, 3), Y=uniform(2, 1, 3), delta=0.75),
            dict(X=(0, 3), Y=(0, 3), delta=1.0),
            dict(X=like_case([0.3]), Y=like_case([0.1]), delta=1.0),
        ],
        reference=huber_loss,
        grad=("X", "Y"),
        bad=[
            dict(X=(2, 1), Y=(3, 1), delta=1.0, match=r"\[2, 1\].*\[3, 1\]"),
            dict(X=(2, 1), Y=(2,), delta=1.0, match=r"\[2, 1\].*\[2\]"),
            dict(X=(2, 1), Y=ints(2, 1, high=2), delta=1.0, match="float32.*int64"),
            dict(X=(2, 1), Y=(2, 1), match="delta"),
        ],
    ),
    Op(
        "smooth_l1_loss",
        cases=[
            dict(X=NEAR, Y=FAR),
            dict(X=NEAR, Y=FAR, sigma=3.0),
            dict(X=NEAR, Y=FAR, InsideWeight=positive(2, 3), OutsideWeight=positive(2, 3)),
            dict(X=NEAR, Y=FAR, InsideWeight=positive(2, 3)),
            dict(X=NEAR, Y=FAR, OutsideWeight=positive(2, 3), sigma=2.0),
            dict(X=lod((3, 2, 2), [1, 2]), Y=uniform(3, 2, 2), InsideWeight=positive(3, 2, 2), OutsideWeight=positive(3, 2, 2)),
            dict(X=(0, 3), Y=(0, 3)),
            dict(X=(3, 0), Y=(3, 0)),
            dict(X=(1, 1), Y=like_case([[0.2]])),
        ],
        reference=smooth_l1_loss,
        grad=("X", "Y"),
        bad=[
            dict(X=(2, 3), Y=(2, 4), match=r"\[2, 3\].*\[2, 4\]"),
            dict(X=(2,), Y=(2,), match="rank"),
            dict(X=(2, 3), Y=(2, 3), InsideWeight=(2,), match="InsideWeight"),
            dict(X=(2, 3), Y=(2, 3), OutsideWeight=(3, 2), match="OutsideWeight"),
            dict(X=(2, 3), Y=(2, 3), OutsideWeight=ints(2, 3, high=2), match="OutsideWeight"),
        ],
    ),
)

test = op_tests(*CLASSES, *ANSWERS, *NUMBERS)

"""Labels, and how well they are met."""

import numpy as np
from harness import Op, ints, lod, op_tests


def smooth(X, PriorDist, epsilon):
    epsilon = float(np.float32(epsilon))
    return (1 - epsilon) * X + epsilon * (1 / X.shape[-1] if PriorDist is None else np.asarray(PriorDist).reshape(-1))


def accuracy(Indices, Label):
    hit = (np.asarray(Indices) == np.asarray(Label)).any(1)
    return {
        "Accuracy": np.array([hit.mean() if len(hit) else 0.0]),
        "Correct": np.array([hit.sum()], "int32"),
        "Total": np.array([len(hit)], "int32"),
    }


def auc_case(rows, bins, width=2, label_dtype="int64", slide_steps=1, batches=2, zero=False, **more):
    """Random scores after some batches; the statistics are consistent: their sum block is the sum of the others."""
    rng = np.random.default_rng(rows * 100 + bins)

    def stat():
        blocks = rng.integers(0, 1 if zero else 4, (max(slide_steps, 1), bins + 1))
        return np.concatenate([blocks.reshape(-1), blocks.sum(0), [batches]]) if slide_steps else blocks[0]

    scores = rng.random((rows, width)).astype("float32")
    labels = rng.integers(0, 2, (rows, 1)).astype(label_dtype)
    case = dict(Predict=scores, Label=labels, StatPos=stat(), StatNeg=stat(), num_thresholds=bins, slide_steps=slide_steps)
    return {**case, **more}


def auc(Predict, Label, StatPos, StatNeg, num_thresholds, slide_steps):
    """The area under the polygon through the points (false positives, true positives) of all thresholds."""
    bins = num_thresholds + 1
    index = (np.asarray(Predict, "float32")[:, -1] * np.float32(num_thresholds)).astype(int)

    def counted(stat, sign):
        stat = np.array(stat)
        batch = np.bincount(index[np.asarray(Label).reshape(-1) == sign], minlength=bins)
        if slide_steps == 0:
            return stat + batch, stat + batch
        blocks = stat[: slide_steps * bins].reshape(slide_steps, bins)
        blocks[stat[-1] % slide_steps] = batch
        return np.concatenate([blocks.reshape(-1), blocks.sum(0), [stat[-1] + 1]]), blocks.sum(0)

    pos, pos_sum = counted(StatPos, 1)
    neg, neg_sum = counted(StatNeg, 0)
    tp, fp = np.cumsum(np.append(0, pos_sum[::-1])), np.cumsum(np.append(0, neg_sum[::-1]))
    area = np.sum((fp[1:] - fp[:-1]) * (tp[1:] + tp[:-1]) / 2) / (tp[-1] * fp[-1]) if tp[-1] and fp[-1] else 0.0
    return {"AUC": np.array([area]), "StatPosOut": pos, "StatNegOut": neg}


test = op_tests(
    Op(
        "label_smooth",
        cases=[
            dict(X=(2, 3), epsilon=0.1),
            dict(X=lod((3, 4), [1, 2]), epsilon=0.2),
            dict(X=(2, 3), PriorDist=(1, 3), epsilon=0.1),
            dict(X=(2, 2, 3), PriorDist=(3,), epsilon=0.3),
            dict(X=(2, 3)),
            dict(X=(0, 3), epsilon=0.1),
            dict(X=(0, 3), PriorDist=(3,), epsilon=0.1),
            dict(X=(1,), epsilon=0.5),
        ],
        reference=smooth,
        grad="X",
        bad=[
            dict(X=(2, 3), PriorDist=(4,), epsilon=0.1, match="expected 3 numbers"),
            dict(X=np.zeros((2, 3), "int64"), epsilon=0.1, match="int64"),
        ],
    ),
    Op(
        "accuracy",
        cases=[
            dict(Out=(6, 2), Indices=ints(6, 2, high=3), Label=ints(6, 1, high=3)),
            dict(Out=(6, 1), Indices=ints(6, 1, high=2, dtype="int32"), Label=ints(6, 1, high=2, dtype="int32")),
            dict(Out=(2, 2), Indices=np.array([[1, 1], [0, 2]]), Label=np.array([[1], [1]])),
            dict(Out=(0, 2), Indices=ints(0, 2, high=3), Label=ints(0, 1, high=3)),
            dict(Out=(1, 1), Indices=np.array([[4]]), Label=np.array([[4]])),
        ],
        reference=accuracy,
        bad=[
            dict(Out=(2, 2), Indices=ints(2, 3, high=3), Label=ints(2, 1, high=3), match="same shape"),
            dict(Out=(2, 2), Indices=ints(2, 2, high=3), Label=ints(3, 1, high=3), match="3 rows"),
            dict(Out=(2, 2), Indices=ints(2, 2, high=3), Label=ints(2, 2, high=3), match="Label has shape"),
            dict(Out=(2, 2), Indices=ints(2, 2, high=3), Label=ints(2, 1, high=3, dtype="int32"), match="element type"),
            dict(Out=(2, 2), Indices=(2, 2), Label=ints(2, 1, high=3), match="Indices is float32"),
        ],
    ),
    Op(
        "auc",
        cases=[
            auc_case(20, 10),
            auc_case(20, 10, width=1, label_dtype="int32"),
            auc_case(20, 50, slide_steps=0),
            auc_case(20, 10, slide_steps=3, batches=4),
            auc_case(20, 10, slide_steps=3, batches=0),
            auc_case(0, 10),
            auc_case(1, 1),
            auc_case(3, 10, Label=np.ones((3, 1), "int64"), slide_steps=0, zero=True),
            auc_case(2, 4, Predict=np.float32([[0, 1], [1, 0]]), Label=np.array([[1], [0]])),
        ],
        reference=auc,
        dtypes="float32",
        bad=[
            auc_case(2, 10, Predict=np.float32([[0, 1.5], [0, 0]]), match="Predict is 1.5 in row 0"),
            auc_case(2, 10, Predict=np.float32([[0, np.nan], [0, 0]]), match="Predict is -?nan in row 0"),
            auc_case(2, 10, width=3, match="expected .rows, 2."),
            auc_case(2, 10, Label=np.array([[1], [0], [1]]), match="one label a row"),
            auc_case(2, 10, StatPos=np.zeros(5, "int64"), match="StatPos has shape"),
            auc_case(2, 10, curve="PR", match='curve is "PR"'),
            auc_case(2, 10, slide_steps=1, batches=-1, match="number of batches so far, is -1"),
            {**auc_case(2, 10), "num_thresholds": 0, "match": "num_thresholds is 0"},
            {**auc_case(2, 10), "slide_steps": -1, "match": "slide_steps is -1"},
        ],
    ),
)

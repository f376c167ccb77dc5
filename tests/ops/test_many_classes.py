"""Losses over many classes that look at few of them, and the ops that draw classes."""

import numpy as np
from harness import Op, ints, op_tests, positive, simplex, uniform
from values import changed

MANY = 20000


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# ---- trees ----


def default_path(label, classes):
    """(row of W, branch) from the leaf up: the heap numbers of a complete binary tree."""
    node, path = label + classes, []
    while node > 1:
        path.append((node // 2 - 1, node % 2))
        node //= 2
    return path


def custom_path(table, code):
    ends = list(table) + [-1]
    return list(zip(table, code))[: ends.index(-1)]


def hierarchical_sigmoid(X, W, Label, PathTable, PathCode, Bias, num_classes):
    if PathTable is None:
        paths = [default_path(int(label), num_classes) for label in Label.reshape(-1)]
        depth = max(len(default_path(label, num_classes)) for label in range(num_classes))
    else:
        paths, depth = [custom_path(*rows) for rows in zip(PathTable, PathCode)], PathTable.shape[1]
    bias = np.zeros(len(W)) if Bias is None else np.asarray(Bias).reshape(-1)
    pre, out = np.full((len(X), depth), np.log(2)), np.zeros((len(X), 1))
    for i, path in enumerate(paths):
        for k, (row, branch) in enumerate(path):
            logit = np.asarray(X)[i] @ np.asarray(W)[row] + bias[row]
            pre[i, k] = np.logaddexp(0, logit)
            out[i] -= np.log(sigmoid(logit if branch else -logit))
        out[i] += (depth - len(path)) * np.log(2)
    return {"Out": out, "PreOut": pre, "W_Out": W}


TREE = dict(X=(4, 3), W=(5, 3), Label=np.array([[0], [5], [3], [2]]), num_classes=6)
TABLE = np.array([[0, 1, -1, -1], [0, 2, 3, -1], [4, -1, 2, 2], [0, 1, 2, 0]])
CODE = np.array([[0, 1, -1, -1], [1, 0, 1, 7], [1, -1, 9, 9], [0, 0, 1, 1]])
CUSTOM = dict(X=(4, 3), W=(5, 3), Label=ints(4, 1, high=9), PathTable=TABLE, PathCode=CODE)


# ---- noise ----


def expected_noise(sampler, classes, probs):
    if sampler == 0:
        return np.full(classes, 1 / classes)
    if sampler == 1:
        c = np.arange(classes)
        return np.log((c + 2) / (c + 1)) / np.log(classes)
    return np.asarray(probs, "float64").reshape(-1)


def check_nce(outputs, inputs, attrs):
    """The cost of the classes that were drawn, and that they are drawn as the distribution says."""
    x, w = (np.asarray(inputs[slot][0], "float64") for slot in ("Input", "Weight"))
    label = np.asarray(inputs["Label"][0])
    label = label if label.ndim == 2 else label.reshape(-1, 1)
    classes, samples = len(w), attrs["num_neg_samples"]
    bias = np.asarray(inputs["Bias"][0], "float64").reshape(-1) if inputs.get("Bias") else np.zeros(classes)
    chosen, p = (np.asarray(outputs[slot][0]) for slot in ("SampleLabels", "SampleLogits"))
    truths = label.shape[1]
    np.testing.assert_array_equal(chosen[:, :truths], label)
    if attrs["custom_neg_classes"]:
        np.testing.assert_array_equal(chosen[:, truths:], [attrs["custom_neg_classes"]] * len(x))
    noise = expected_noise(attrs["sampler"], classes, (inputs.get("CustomDistProbs") or [None])[0])
    wanted = sigmoid(np.einsum("id,ikd->ik", x, w[chosen]) + bias[chosen])
    q = samples * noise[chosen]
    cost = -np.log(np.where(np.arange(chosen.shape[1]) < truths, wanted, q) / (wanted + q)).sum(1, keepdims=True)
    if inputs.get("SampleWeight"):
        cost = cost * np.asarray(inputs["SampleWeight"][0], "float64").reshape(-1, 1)
    tolerance = 1e-5 if outputs["Cost"][0].dtype == "float32" else 1e-10
    np.testing.assert_allclose(p, wanted, rtol=tolerance)
    np.testing.assert_allclose(np.asarray(outputs["Cost"][0]), cost, rtol=tolerance)
    drawn = chosen[:, truths:].reshape(-1)
    if len(drawn) >= MANY and not attrs["custom_neg_classes"]:
        noise = noise.copy()
        noise[-1] *= attrs["sampler"] != 1  # never drawn
        np.testing.assert_allclose(np.bincount(drawn, minlength=classes) / len(drawn), noise, atol=0.015)


NOISY = dict(Input=(3, 4), Label=np.array([[0], [5], [6]]), Weight=(7, 4), num_total_classes=7, num_neg_samples=4, seed=3)
FIXED = dict(custom_neg_classes=[1, 2, 1, 3])
PROBS = np.array([0.1, 0.2, 0.05, 0.25, 0.1, 0.1, 0.2], "float32")
# The alias table of PROBS: slot c has probability 1 / 7 and goes to ALIAS[c] with the probability 1 - OWN[c].
OWN = np.array([0.7, 0.8, 0.35, 0.9, 0.7, 0.7, 1.0], "float32")
ALIAS = np.array([1, 3, 3, 6, 6, 1, -1], "int32")
CUSTOM_NOISE = dict(sampler=2, CustomDistProbs=PROBS, CustomDistAlias=ALIAS, CustomDistAliasProbs=OWN)


def check_alias_table():
    total = OWN.astype("float64").copy()
    for c, other in enumerate(ALIAS):
        if other >= 0:
            total[other] += 1 - OWN[c]
    np.testing.assert_allclose(total / 7, PROBS, atol=1e-6)


check_alias_table()
MANY_ROWS = dict(Input=(5000, 4), Label=ints(5000, 1, high=7))


# ---- draws ----


def check_sampling_id(outputs, inputs, attrs):
    (x,), (out,) = inputs["X"], outputs["Out"]
    assert out.dtype == "int64" and out.shape == (len(x),)
    sums = np.concatenate([np.zeros((len(x), 1)), np.cumsum(np.asarray(x, "float64"), 1)], 1)
    rows = np.arange(len(x))
    assert (sums[rows, out] <= attrs["max"] + 1e-6).all()
    assert ((sums[rows, out + 1] > attrs["min"] - 1e-6) | (out == x.shape[1] - 1)).all()
    if len(x) >= MANY and attrs["min"] == 0 and attrs["max"] == 1:
        np.testing.assert_allclose(np.bincount(out) / len(x), np.asarray(x).mean(0), atol=0.015)


def check_sample_logits(outputs, inputs, attrs):
    x, labels = np.asarray(inputs["Logits"][0], "float64"), np.asarray(inputs["Labels"][0])
    (rows, truths), classes, n = labels.shape, x.shape[1], attrs["num_samples"]
    samples, p = (np.asarray(outputs[slot][0]) for slot in ("Samples", "Probabilities"))
    assert samples.shape == p.shape == (rows, truths + n)
    tolerance = 1e-5 if p.dtype == "float32" else 1e-10
    if attrs["use_customized_samples"]:
        np.testing.assert_array_equal(samples, inputs["CustomizedSamples"][0])
        np.testing.assert_array_equal(p, inputs["CustomizedProbabilities"][0])
    elif rows:
        np.testing.assert_array_equal(samples[:, :truths], labels)
        drawn = samples[0, truths:]
        assert (samples[:, truths:] == drawn).all() and (drawn >= 0).all() and (drawn < classes).all()
        c = np.arange(classes)
        q = np.log((c + 2) / (c + 1)) / np.log(classes + 1)
        if attrs["uniq"]:
            assert len(set(drawn)) == n
            tries = np.log1p(-p[0, 0]) / np.log1p(-q[samples[0, 0]])
            assert tries > n - 1e-3 and abs(tries - round(tries)) < 0.02
            wanted = 1 - (1 - q[samples]) ** round(tries)
        else:
            wanted = n * q[samples]
            if n >= MANY:
                np.testing.assert_allclose(np.bincount(drawn, minlength=classes) / n, q, atol=0.015)
        np.testing.assert_allclose(p, wanted, rtol=tolerance)
    hits = (samples[:, :, None] == labels[:, None, :]).any(2) & (np.arange(truths + n) >= truths) & attrs["remove_accidental_hits"]
    logits = np.take_along_axis(x, samples, 1) - 1e20 * hits - np.log(p.astype("float64"))
    np.testing.assert_allclose(np.asarray(outputs["SampledLogits"][0]), logits, rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(outputs["SampledLabels"][0], np.tile(np.arange(truths), (rows, 1)))
    assert outputs["LogitsDim"][0].shape == x.shape + (0,) and outputs["LabelsDim"][0].shape == labels.shape + (0,)


CHOSEN = dict(
    Logits=(2, 8),
    Labels=np.array([[0], [5]]),
    CustomizedSamples=np.array([[0, 1, 0, 3], [5, 1, 2, 5]]),
    CustomizedProbabilities=positive(2, 4),
    use_customized_samples=True,
    num_samples=3,
    seed=1,
)

test = op_tests(
    Op(
        "hierarchical_sigmoid",
        cases=[
            TREE,
            changed(TREE, Bias=(5, 1)),
            changed(TREE, Bias=(5,), is_sparse=True),
            changed(CUSTOM, Bias=(1, 5)),
            changed(CUSTOM, is_sparse=True),
            dict(X=uniform(2, 3, low=-50, high=50), W=(8, 3), Label=np.array([7, 1], "int32"), num_classes=9),
            dict(X=(2, 3), W=(1, 3), Label=np.array([[0], [1]]), num_classes=2),
            changed(TREE, X=(0, 3), Label=ints(0, 1, high=6)),
        ],
        reference=hierarchical_sigmoid,
        grad=("X", "W", "Bias"),
        grad_from="Out",
        bad=[
            changed(TREE, Label=np.array([[0], [6], [3], [2]]), match=r"Label\[1\] is 6"),
            changed(TREE, W=(4, 3), match="at least the 5 rows"),
            changed(TREE, Bias=(4, 1), match=r"Bias .*\[4, 1\]"),
            changed(TREE, num_classes=1, match="num_classes is 1"),
            changed(TREE, epmap=["a:1"], match="parameter servers"),
            changed(CUSTOM, PathCode=None, match="PathCode is missing"),
            changed(CUSTOM, PathTable=np.where(TABLE == 4, 5, TABLE), match=r"PathTable\[8\] is 5"),
            changed(CUSTOM, PathCode=CODE + 1, match=r"PathCode\[1\] is 2; expected 0 or 1"),
            changed(CUSTOM, PathTable=TABLE[:3], PathCode=CODE[:3], match=r"PathTable .*\[3, 4\]"),
        ],
    ),
    Op(
        "nce",
        cases=[
            changed(NOISY),
            changed(NOISY, sampler=1, Bias=(7, 1), seed=0),
            changed(NOISY, **FIXED, Bias=(7,), SampleWeight=positive(3, 1)),
            changed(NOISY, **FIXED, sampler=1, Label=np.array([[0, 3], [5, 5], [6, 6]], "int32"), is_sparse=True, Bias=(7, 1)),
            changed(NOISY, **CUSTOM_NOISE, Bias=(7, 1)),
            changed(NOISY, Label=np.array([1, 2, 3]), is_sparse=True),
            changed(NOISY, **MANY_ROWS, smooth=False),
            changed(NOISY, **MANY_ROWS, sampler=1, smooth=False),
            changed(NOISY, **MANY_ROWS, **CUSTOM_NOISE, smooth=False),
            changed(NOISY, Input=(0, 4), Label=ints(0, 1, high=7)),
        ],
        check=check_nce,
        grad=("Input", "Weight", "Bias"),
        grad_from="Cost",
        bad=[
            changed(NOISY, Label=np.array([[0], [7], [6]]), match=r"Label\[1\] is 7"),
            changed(NOISY, Weight=(6, 4), match=r"Weight .*\[6, 4\]"),
            changed(NOISY, sampler=3, match="sampler is 3"),
            changed(NOISY, sampler=2, match="CustomDistProbs is missing"),
            changed(NOISY, **{**CUSTOM_NOISE, "CustomDistAlias": ALIAS + 7}, num_neg_samples=100, match=r"CustomDistAlias\[\d\] is"),
            changed(NOISY, custom_neg_classes=[1, 2], match="custom_neg_classes has 2 entries"),
            changed(NOISY, custom_neg_classes=[1, 2, 3, 7], match="custom_neg_classes holds 7"),
            changed(NOISY, num_neg_samples=0, match="num_neg_samples is 0"),
            changed(NOISY, SampleWeight=(2, 1), match=r"SampleWeight .*\[2, 1\]"),
            changed(NOISY, epmap=["a:1"], match="parameter servers"),
        ],
    ),
    Op(
        "sampling_id",
        cases=[
            dict(X=simplex(4, 5)),
            dict(X=np.tile([0.1, 0.6, 0.0, 0.3], (MANY, 1)), seed=5),
            dict(X=np.tile(np.array([0.5, 0.2, 0.3], "float32"), (100, 1)), seed=6, min=0.55, max=0.65),
            dict(X=simplex(3, 2), seed=7, min=2.0, max=2.0),
            dict(X=(0, 3)),
        ],
        check=check_sampling_id,
        bad=[
            dict(X=(3, 0), match="at least one column"),
            dict(X=simplex(3, 2), min=1.0, max=0.5, match="min is 1 and max is 0.5"),
            dict(X=(3,), match=r"\[3\]"),
        ],
    ),
    Op(
        "sample_logits",
        cases=[
            changed(CHOSEN, smooth=False),
            changed(CHOSEN, remove_accidental_hits=False),
            dict(Logits=(2, 8), Labels=np.array([[0], [5]]), num_samples=4),
            dict(Logits=(3, 9), Labels=np.array([[0, 2], [5, 6], [8, 8]], "int32"), num_samples=9, remove_accidental_hits=False, seed=2),
            dict(Logits=(2, 7), Labels=np.array([[1], [2]]), num_samples=MANY, uniq=False, remove_accidental_hits=False, seed=3),
            dict(Logits=(0, 8), Labels=ints(0, 1, high=8), num_samples=4, seed=4),
        ],
        check=check_sample_logits,
        grad="Logits",
        grad_from="SampledLogits",
        bad=[
            dict(Logits=(2, 8), Labels=np.array([[0], [8]]), num_samples=4, match=r"Labels\[1\] is 8"),
            dict(Logits=(2, 8), Labels=np.array([[0], [5]]), num_samples=9, match="at most the 8 classes"),
            dict(Logits=(2, 8), Labels=np.array([[0], [5]]), num_samples=0, match="num_samples is 0"),
            changed(CHOSEN, CustomizedSamples=None, match="CustomizedSamples is missing"),
            changed(CHOSEN, CustomizedSamples=np.full((2, 4), 8), match=r"CustomizedSamples\[0\] is 8"),
            changed(CHOSEN, num_samples=4, match="does not fit"),
        ],
    ),
)

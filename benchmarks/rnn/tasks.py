"""The tasks that all implementations compute: their data and initial weights, made from the case alone.

Every script makes the same arrays from the same case, so nothing is handed over but the case. Runs under Python 3.7 too.

A case has: ``task`` ("classifier" or "language_model"), ``cell`` ("lstm" or "gru"), ``hidden``, ``batch``, ``lengths``
("fixed", "varying": uniform in 10..steps, or "bucketed": the varying texts sorted by length before they are cut into
batches, the batches in random order), ``steps`` (longest text), ``words`` (size of the dictionary), ``count`` (batches in
a pass), ``train``.
"""

import numpy as np

LAYERS = 2
CLASSES = 2
LEARNING_RATE = {"classifier": 0.001, "language_model": 1.0}  # Adam; SGD under a global norm of CLIP_NORM
CLIP_NORM = 5.0
SHORTEST = 10


def _lengths(case, random):
    texts = case["batch"] * case["count"]
    if case["lengths"] == "fixed":
        return np.full([case["count"], case["batch"]], case["steps"])
    lengths = random.randint(SHORTEST, case["steps"] + 1, texts)
    if case["lengths"] == "bucketed":
        return np.sort(lengths).reshape([case["count"], -1])[random.permutation(case["count"])]
    return lengths.reshape([case["count"], -1])


def batches(case):
    """A dict for each batch: ``word`` (int64, all texts one after another), ``length`` (int64, a text) and ``label``
    (int64: a class for each text, or the next word for each word)."""
    random = np.random.RandomState(7)
    out = []
    for length in _lengths(case, random):
        rows = int(length.sum())
        # Words are drawn as in texts: the k-th most frequent one about as often as 1/k (Zipf).
        word = np.minimum(case["words"] - 1, np.exp(random.uniform(0, np.log(case["words"]), rows)) - 1).astype("int64")
        if case["task"] == "classifier":
            label = random.randint(0, CLASSES, len(length))
        else:
            label = np.roll(word, -1)
        out.append({"word": word, "length": length.astype("int64"), "label": label.astype("int64")})
    return out


def tokens(case):
    """Words in a pass over all batches."""
    return int(sum(batch["length"].sum() for batch in batches(case)))


def gates(case):
    """Number of gates of the cell, the candidate among them."""
    return {"lstm": 4, "gru": 3}[case["cell"]]


def weights(case):
    """Initial weights by name, float32.

    ``embedding`` [words, hidden]; for each layer k ``input_k`` and ``recurrent_k`` [hidden, gates * hidden] and ``bias_k``
    [gates * hidden], with the gates of an LSTM in the order input, forget, candidate, output and those of a GRU in the order
    update, reset, candidate (the reset gate multiplies the state before the product); ``out`` [hidden, classes], ``out_bias``.
    """
    random = np.random.RandomState(11)
    hidden, bound = case["hidden"], case["hidden"] ** -0.5
    classes = CLASSES if case["task"] == "classifier" else case["words"]

    def draw(*shape):
        return random.uniform(-bound, bound, shape).astype("float32")

    out = {"embedding": draw(case["words"], hidden)}
    for k in range(LAYERS):
        width = gates(case) * hidden
        out.update({"input_%d" % k: draw(hidden, width), "recurrent_%d" % k: draw(hidden, width), "bias_%d" % k: draw(width)})
    out.update({"out": draw(hidden, classes), "out_bias": draw(classes)})
    return out


def reorder(array, order):
    """The array with its last axis cut into ``len(order)`` gates, and these put into another order."""
    parts = np.split(array, len(order), axis=-1)
    return np.concatenate([parts[i] for i in order], axis=-1)


def padded(values, length, steps=None):
    """[batch, steps] of the texts' values, zeros behind the end of each; steps: the longest text of the batch by default."""
    out = np.zeros([len(length), steps or int(length.max())], values.dtype)
    begin = 0
    for i, n in enumerate(length):
        out[i, :n] = values[begin : begin + n]
        begin += n
    return out

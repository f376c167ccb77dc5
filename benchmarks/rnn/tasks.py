"""The tasks that all implementations compute: their data and initial weights, made from the case alone.

Every script makes the same arrays from the same case, so nothing is handed over but the case. Runs under Python 3.7 too.

A case has: ``task``, ``cell`` ("lstm", "gru", or for the classifier "coupled": an LSTM whose input gate is one minus the forget
gate; no framework has an op for it), ``hidden``, ``batch``, ``lengths`` ("fixed", "varying": uniform between the
task's shortest text and ``steps``, or "bucketed": the varying texts sorted by length before they are cut into batches, the
batches in random order), ``steps`` (longest text), ``words`` (size of the dictionary), ``count`` (batches in a pass), ``train``.

The tasks, each with a mean of cross entropies as its loss:

- "classifier": embedding, two recurrent layers, the last state of each text to two classes.
- "language_model": embedding, two recurrent layers, each state to the next word.
- "seq2seq": embedding and two recurrent layers over the source text, the same with other weights over the target text. The
  first layer of the decoder starts from the last state of the encoder's upper layer (and zero cells), the second from zeros.
  Each state of the decoder attends to the encoder's states of its own text: softmax of dot products, weighted sum; tanh of a
  full layer over state and sum; each to the next word. "bucketed" sorts by the target texts' lengths, on which those of the
  source texts do not depend.
- "ocr": images of IMAGE_HEIGHT x ``width`` pixels; CONVOLUTIONS, each 3x3 with ReLU and a maximum pool; the columns of the
  result as the steps of two recurrent layers, one in each direction; CTC loss of each text over ``words`` symbols, the blank
  behind them. ``steps`` is the longest label; ``lengths`` is "fixed", as all images are equally wide: labels vary all the same.
"""

import numpy as np

LAYERS = 2
CLASSES = 2
LEARNING_RATE = {"classifier": 0.001, "language_model": 1.0, "seq2seq": 0.001, "ocr": 0.001}  # SGD where clipped, else Adam
CLIP_NORM = {"language_model": 5.0}  # global norm of the gradients
SHORTEST = {"classifier": 10, "seq2seq": 5, "ocr": 5}
IMAGE_HEIGHT = 32
CONVOLUTIONS = ((16, (2, 2)), (32, (2, 2)), (64, (2, 1)))  # filters, pool
COLUMN = 64, 4  # filters and rows of the last of them


def _lengths(case, random, count):
    if case["lengths"] == "fixed" and case["task"] != "ocr":
        return np.full(count, case["steps"])
    return random.randint(SHORTEST[case["task"]], case["steps"] + 1, count)


def _batches_of_lengths(case, random):
    """[count, batch]: the length of each text of each batch."""
    lengths = _lengths(case, random, case["batch"] * case["count"])
    if case["lengths"] == "bucketed":
        return np.sort(lengths).reshape([case["count"], -1])[random.permutation(case["count"])]
    return lengths.reshape([case["count"], -1])


def _text(case, random, rows):
    """Words drawn as in texts: the k-th most frequent one about as often as 1/k (Zipf)."""
    word = np.exp(random.uniform(0, np.log(case["words"]), rows)) - 1
    return np.minimum(case["words"] - 1, word).astype("int64")


def batches(case):
    """A dict for each batch. ``length`` (int64): a text's length; ``label`` (int64): a class for each text, the next word for
    each word, or the symbols of each image; but for "ocr" ``word`` (int64), all texts one after another. "seq2seq" has
    ``source`` and ``source_length`` besides; "ocr" has ``image`` [batch, 1, IMAGE_HEIGHT, width] (float32)."""
    random = np.random.RandomState(7)
    out = []
    for length in _batches_of_lengths(case, random):
        batch, rows = {"length": length.astype("int64")}, int(length.sum())
        if case["task"] == "ocr":
            batch["image"] = random.uniform(0, 1, [len(length), 1, IMAGE_HEIGHT, case["width"]]).astype("float32")
            batch["label"] = random.randint(0, case["words"], rows)
        else:
            batch["word"] = _text(case, random, rows)
            batch["label"] = random.randint(0, CLASSES, len(length)) if case["task"] == "classifier" else np.roll(batch["word"], -1)
        if case["task"] == "seq2seq":
            batch["source_length"] = _lengths(case, random, len(length)).astype("int64")
            batch["source"] = _text(case, random, int(batch["source_length"].sum()))
        batch["label"] = batch["label"].astype("int64")
        out.append(batch)
    return out


def units(case):
    """Words in a pass over all batches, those of source texts too; images of "ocr"."""
    if case["task"] == "ocr":
        return case["batch"] * case["count"]
    return int(sum(batch[name].sum() for batch in batches(case) for name in ("length", "source_length") if name in batch))


def gates(case):
    """Number of gates of the cell, the candidate among them."""
    return {"lstm": 4, "gru": 3, "coupled": 3}[case["cell"]]


def stacks(case):
    """The recurrent layers' names: a list for each stack of layers, or of the two directions."""
    if case["task"] == "ocr":
        return [["forward", "backward"]]
    sides = ["encoder_", "decoder_"] if case["task"] == "seq2seq" else [""]
    return [["%s%d" % (side, k) for k in range(LAYERS)] for side in sides]


def classes(case):
    """Width of the output."""
    if case["task"] == "classifier":
        return CLASSES
    return case["words"] + (case["task"] == "ocr")


def weights(case):
    """Initial weights, float32, as pairs of name and array, one after the other: the peak memory is measured.

    "ocr": ``filter_k`` [filters, channels, 3, 3] and ``filter_bias_k`` for each convolution; "seq2seq": ``source_embedding``;
    all others: ``embedding`` [words, hidden], of the target words with "seq2seq". For each recurrent layer of ``stacks``:
    ``input_NAME`` [inputs, gates * hidden], ``recurrent_NAME`` [hidden, gates * hidden] and ``bias_NAME`` [gates * hidden], with
    the gates of an LSTM in the order input, forget, candidate, output, those of "coupled" in the order forget, candidate,
    output and those of a GRU in the order update, reset, candidate (the reset gate multiplies the state before the product); a
    column of "ocr" is an input with its rows innermost.
    "seq2seq": ``attention`` [2 * hidden, hidden] (the state comes first) and ``attention_bias``. ``out`` [width, classes] and
    ``out_bias``, where the width with "ocr" is that of both directions, forward first.
    """
    random = np.random.RandomState(11)
    hidden, bound = case["hidden"], case["hidden"] ** -0.5

    def draw(*shape):
        out = np.empty(shape, "float32")
        for row in out.reshape([-1, shape[-1]]):  # never all of them in double precision
            row[:] = random.uniform(-bound, bound, len(row))
        return out

    inputs, outputs = hidden, hidden
    if case["task"] == "ocr":
        channels = 1
        for k, (filters, _) in enumerate(CONVOLUTIONS):
            yield "filter_%d" % k, draw(filters, channels, 3, 3)
            yield "filter_bias_%d" % k, draw(filters)
            channels = filters
        inputs, outputs = COLUMN[0] * COLUMN[1], 2 * hidden
    else:
        yield "embedding", draw(case["words"], hidden)
    width = gates(case) * hidden
    for name in sum(stacks(case), []):
        yield "input_" + name, draw(inputs, width)
        yield "recurrent_" + name, draw(hidden, width)
        yield "bias_" + name, draw(width)
    if case["task"] == "seq2seq":
        yield "source_embedding", draw(case["words"], hidden)
        yield "attention", draw(2 * hidden, hidden)
        yield "attention_bias", draw(hidden)
    yield "out", draw(outputs, classes(case))
    yield "out_bias", draw(classes(case))


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


def true_rows(length):
    """Where the texts' words are among the rows of a padded batch."""
    return np.flatnonzero(padded(np.ones(int(length.sum()), bool), length))


def channels_last(weight):
    """The input weight of "ocr" for columns whose channels are innermost."""
    return weight.reshape(COLUMN + (-1,)).transpose(1, 0, 2).reshape(weight.shape)

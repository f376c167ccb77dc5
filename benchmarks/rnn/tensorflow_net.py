"""The tasks in TensorFlow: Keras layers over padded texts with a mask, one tf.function a step, with XLA or without."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
import measure  # noqa: E402
import numpy as np  # noqa: E402
import tasks  # noqa: E402
import tensorflow as tf  # noqa: E402

keras = tf.keras


def recurrent(case, **more):
    if case["cell"] == "lstm":
        return keras.layers.LSTM(case["hidden"], **more)
    return keras.layers.GRU(case["hidden"], reset_after=False, **more)


def cross_entropy(out, x, mask, label, rows):
    """Mean over what is true of a padded batch: the given rows of it, what the mask says, or all.

    Every batch has another number of rows, for each of which XLA would compile anew: it gets masks only.
    """
    if rows is not None:
        x = tf.gather(tf.reshape(x, [-1, x.shape[-1]]), rows)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(label, out(x))
    if mask is None or rows is not None:
        return tf.reduce_mean(losses)
    mask = tf.cast(mask, "float32")
    return tf.reduce_sum(losses * mask) / tf.reduce_sum(mask)


class Texts(keras.Model):
    """The classifier and the language model; returns the loss, as the other nets do."""

    def __init__(self, case):
        super().__init__()
        self.classifier = case["task"] == "classifier"
        self.embedding = keras.layers.Embedding(case["words"], case["hidden"])
        self.cells = [recurrent(case, return_sequences=k + 1 < tasks.LAYERS or not self.classifier) for k in range(tasks.LAYERS)]
        self.stacks = [self.cells]
        self.out = keras.layers.Dense(tasks.classes(case))

    def call(self, word, mask, label, rows=None):
        x = self.embedding(word)
        for cell in self.cells:
            x = cell(x, mask=mask)
        return cross_entropy(self.out, x, None if self.classifier else mask, label, rows)


class Translator(keras.Model):
    def __init__(self, case):
        super().__init__()
        hidden = case["hidden"]
        self.source_embedding = keras.layers.Embedding(case["words"], hidden)
        self.embedding = keras.layers.Embedding(case["words"], hidden)
        self.encoder = [recurrent(case, return_sequences=True, return_state=True) for _ in range(tasks.LAYERS)]
        self.decoder = [recurrent(case, return_sequences=True) for _ in range(tasks.LAYERS)]
        self.stacks = [self.encoder, self.decoder]
        self.dot = keras.layers.Attention()
        self.attention = keras.layers.Dense(hidden, activation="tanh")
        self.out = keras.layers.Dense(tasks.classes(case))

    def call(self, source, source_mask, word, mask, label, rows=None):
        encoded = self.source_embedding(source)
        for cell in self.encoder:
            encoded, last, _ = cell(encoded, mask=source_mask)
        state, start = self.embedding(word), [last, tf.zeros_like(last)]
        for cell in self.decoder:
            state, start = cell(state, mask=mask, initial_state=start), None
        context = self.dot([state, encoded], mask=[None, source_mask])
        return cross_entropy(lambda x: self.out(self.attention(x)), tf.concat([state, context], -1), mask, label, rows)


class Reader(keras.Model):
    def __init__(self, case):
        super().__init__()
        self.convolutions = keras.Sequential()
        for filters, pool in tasks.CONVOLUTIONS:
            self.convolutions.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
            self.convolutions.add(keras.layers.MaxPool2D(pool))
        self.cells = keras.layers.Bidirectional(recurrent(case, return_sequences=True))
        self.stacks = [[self.cells.forward_layer, self.cells.backward_layer]]
        self.out = keras.layers.Dense(tasks.classes(case))
        self.blank = case["words"]

    def call(self, image, label, length=None):
        x = self.convolutions(image)
        columns = tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [x.shape[0], x.shape[2], x.shape[1] * x.shape[3]])
        x = self.out(self.cells(columns))
        steps = tf.fill([x.shape[0]], x.shape[1])
        return tf.reduce_mean(tf.nn.ctc_loss(label, x, length, steps, logits_time_major=False, blank_index=self.blank))


def set_weights(net, case):
    values = dict(tasks.weights(case))
    if case["task"] == "ocr":
        for k in range(len(tasks.CONVOLUTIONS)):
            filters = values["filter_%d" % k].transpose(2, 3, 1, 0)
            net.convolutions.layers[2 * k].set_weights([filters, values["filter_bias_%d" % k]])
    for cells, names in zip(net.stacks, tasks.stacks(case)):
        for cell, name in zip(cells, names):
            inputs = tasks.channels_last(values["input_" + name]) if case["task"] == "ocr" else values["input_" + name]
            cell.set_weights([inputs, values["recurrent_" + name], values["bias_" + name]])
    for name in {"embedding", "source_embedding"} & set(values):
        getattr(net, name).set_weights([values[name]])
    for name in {"attention", "out"} & set(values):
        getattr(net, name).set_weights([values[name], values[name + "_bias"]])


def images(case):
    """Arguments of the reader by name, for each batch; with sparse labels the CTC loss is several times as fast, but has no XLA."""
    for batch in tasks.batches(case):
        out = dict(image=tf.constant(batch["image"].transpose(0, 2, 3, 1)))
        length, label = batch["length"], batch["label"].astype("int32")
        if case.get("xla"):
            yield dict(out, label=tf.constant(tasks.padded(label, length)), length=tf.constant(length, "int32"))
        else:
            shape = [len(length), int(length.max())]
            where = np.stack(np.unravel_index(tasks.true_rows(length), shape), axis=1)
            yield dict(out, label=tf.SparseTensor(where, label, shape))


def texts(case):
    """Arguments of the other nets by name, for each batch."""
    for batch in tasks.batches(case):
        length = batch.pop("length")
        for name, count in (("word", length), ("source", batch.pop("source_length", None))):
            if name in batch:
                batch[name] = tasks.padded(batch[name], count)
                # Texts of all lengths equal are no sequences to mask, and the kernel without a mask is faster.
                batch[{"word": "mask", "source": "source_mask"}[name]] = None if case["lengths"] == "fixed" else tf.sequence_mask(count)
        if case["task"] != "classifier":
            if case["lengths"] == "fixed" or case.get("xla"):
                batch["label"] = tasks.padded(batch["label"], length)
            else:
                batch["rows"] = tasks.true_rows(length)
        yield {name: value if value is None else tf.constant(value) for name, value in batch.items()}


def main():
    case = measure.case()
    measure.check_gpu(case, "TensorFlow", bool(tf.config.list_physical_devices("GPU")))
    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    net = {"seq2seq": Translator, "ocr": Reader}.get(case["task"], Texts)(case)
    data = list(images(case) if case["task"] == "ocr" else texts(case))
    net(**data[0])
    set_weights(net, case)
    rate = tasks.LEARNING_RATE[case["task"]]
    if case["task"] in tasks.CLIP_NORM:
        descent = keras.optimizers.SGD(rate, global_clipnorm=tasks.CLIP_NORM[case["task"]])
    else:
        descent = keras.optimizers.Adam(rate, epsilon=1e-8)

    @tf.function(reduce_retracing=True, jit_compile=bool(case.get("xla")))
    def train(batch):
        with tf.GradientTape() as tape:
            loss = net(**batch)
        parameters = net.trainable_variables
        # Dense: Keras' Adam squares the rows of a word that occurs twice one by one, not their sum.
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, parameters)]
        descent.apply_gradients(zip(gradients, parameters))
        return loss

    infer = tf.function(lambda batch: net(**batch), reduce_retracing=True, jit_compile=bool(case.get("xla")))
    measure.run_passes(case, train if case["train"] else infer, data, tasks.units(case))


main()

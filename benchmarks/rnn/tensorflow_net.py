"""The tasks in TensorFlow: Keras layers over padded texts with a mask, one tf.function a step, with XLA or without."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
import measure  # noqa: E402
import tasks  # noqa: E402
import tensorflow as tf  # noqa: E402

keras = tf.keras


class Net(keras.Model):
    def __init__(self, case):
        super().__init__()
        hidden = case["hidden"]
        self.classifier = case["task"] == "classifier"
        self.embedding = keras.layers.Embedding(case["words"], hidden)
        self.cells = [self.cell(case["cell"], hidden, k) for k in range(tasks.LAYERS)]
        self.out = keras.layers.Dense(tasks.CLASSES if self.classifier else case["words"])

    def cell(self, kind, hidden, k):
        sequences = not self.classifier or k + 1 < tasks.LAYERS
        if kind == "lstm":
            return keras.layers.LSTM(hidden, return_sequences=sequences)
        return keras.layers.GRU(hidden, return_sequences=sequences, reset_after=False)

    def call(self, word, mask):
        x = self.embedding(word)
        for cell in self.cells:
            x = cell(x, mask=mask)
        return self.out(x)


def set_weights(net, case):
    values = tasks.weights(case)
    net.embedding.set_weights([values["embedding"]])
    for k, cell in enumerate(net.cells):
        cell.set_weights([values[name % k] for name in ("input_%d", "recurrent_%d", "bias_%d")])
    net.out.set_weights([values["out"], values["out_bias"]])


def inputs(case):
    out = []
    for batch in tasks.batches(case):
        label = batch["label"]
        if case["task"] != "classifier":
            label = tasks.padded(label, batch["length"])
        # Texts of all lengths equal are no sequences to mask, and the kernel without a mask is faster.
        mask = None if case["lengths"] == "fixed" else tf.sequence_mask(batch["length"])
        out.append((tf.constant(tasks.padded(batch["word"], batch["length"])), mask, tf.constant(label)))
    return out


def main():
    case = measure.case()
    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    net = Net(case)
    data = inputs(case)
    net(data[0][0], data[0][1])
    set_weights(net, case)
    rate = tasks.LEARNING_RATE[case["task"]]
    if case["task"] == "classifier":
        descent = keras.optimizers.Adam(rate, epsilon=1e-8)
    else:
        descent = keras.optimizers.SGD(rate, global_clipnorm=tasks.CLIP_NORM)

    def loss_of(word, mask, label):
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(label, net(word, mask)))

    @tf.function(reduce_retracing=True, jit_compile=bool(case.get("xla")))
    def train(word, mask, label):
        with tf.GradientTape() as tape:
            loss = loss_of(word, mask, label)
        parameters = net.trainable_variables
        descent.apply_gradients(zip(tape.gradient(loss, parameters), parameters))
        return loss

    infer = tf.function(loss_of, reduce_retracing=True, jit_compile=bool(case.get("xla")))
    step, losses = train if case["train"] else infer, []

    def one_pass(_):
        losses.extend(float(step(*batch)) for batch in data)

    ms = measure.time_steps(one_pass, case["warmup"], case["passes"])
    measure.finish(ms, tasks.tokens(case), losses=losses[: len(data)])


main()

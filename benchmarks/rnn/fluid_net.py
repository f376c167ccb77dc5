"""The tasks as a Fluid 1.x script: run by this package and, unchanged, by paddlepaddle 1.8.5.

With "by_hand" in the case the steps of the recurrent layers are written in a DynamicRNN, as those of "coupled" always are. With
"bf16" the optimizer trains in mixed precision of bfloat16, and the switches of "flags" are set: only this package has these.
"place": "gpu" runs on the first GPU.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
import measure  # noqa: E402
import numpy as np  # noqa: E402
import paddle.fluid as fluid  # noqa: E402
import tasks  # noqa: E402

layers = fluid.layers
MASKED = -1e9  # added to the scores of what is no word


def place_of(case):
    return fluid.CUDAPlace(0) if measure.on_gpu(case) else fluid.CPUPlace()


def named(name):
    return fluid.ParamAttr(name=name)


def fc(x, size, name, act=None):
    return layers.fc(x, size, param_attr=named(name), bias_attr=named(name + "_bias"), act=act)


def by_hand(case):
    """Whether the steps of the recurrent layers are ops of the program; if not, a layer is one op."""
    return case["cell"] == "coupled" or case.get("by_hand", False)


def lstm(gates, c):
    i, f, candidate, o = gates
    c = layers.sigmoid(f) * c + layers.sigmoid(i) * layers.tanh(candidate)
    return layers.sigmoid(o) * layers.tanh(c), c


def coupled(gates, c):
    f, candidate, o = gates
    f = layers.sigmoid(f)
    c = f * c + (1.0 - f) * layers.tanh(candidate)
    return layers.sigmoid(o) * layers.tanh(c), c


def loop(case, x, name):
    """One recurrent layer over sequences, written by hand as in a textbook."""
    count, hidden = tasks.gates(case), case["hidden"]
    weights = [named("input_" + name), named("recurrent_" + name)]
    rnn = layers.DynamicRNN()
    with rnn.block():
        word = rnn.step_input(x)
        h, c = rnn.memory(shape=[hidden]), rnn.memory(shape=[hidden])
        wide = layers.fc([word, h], count * hidden, param_attr=weights, bias_attr=named("bias_" + name))
        new_h, new_c = {"lstm": lstm, "coupled": coupled}[case["cell"]](layers.split(wide, count, dim=1), c)
        rnn.update_memory(h, new_h)
        rnn.update_memory(c, new_c)
        rnn.output(new_h)
    return rnn()


def recurrent(case, x, name, start=None, is_reverse=False):
    """One recurrent layer without peepholes over sequences; ``start``: the first hidden state of each (an LSTM's cells: zero)."""
    hidden = case["hidden"]
    if by_hand(case):
        assert start is None and not is_reverse
        return loop(case, x, name)
    projected = layers.fc(x, tasks.gates(case) * hidden, param_attr=named("input_" + name), bias_attr=False)
    attrs = dict(param_attr=named("recurrent_" + name), bias_attr=named("bias_" + name), is_reverse=is_reverse)
    if case["cell"] == "gru":
        return layers.dynamic_gru(projected, hidden, origin_mode=True, **attrs)
    if start is not None:
        attrs.update(h_0=start, c_0=layers.fill_constant_batch_size_like(start, [-1, hidden], "float32", 0))
    return layers.dynamic_lstm(projected, 4 * hidden, use_peepholes=False, **attrs)[0]


def text(case, names, word="word", embedding="embedding", start=None):
    """The states of a stack of recurrent layers over embedded words."""
    data = fluid.data(word, [None, 1], "int64", lod_level=1)
    x = layers.embedding(data, [case["words"], case["hidden"]], param_attr=named(embedding))
    for k, name in enumerate(names):
        x = recurrent(case, x, name, start if k == 0 else None)
    return x


def attended(state, encoded):
    """For each state the sum of the encoded ones of its own text, weighted by the softmax of the dot products."""
    pad = layers.fill_constant([1], "float32", 0)
    queries, length = layers.sequence_pad(state, pad)
    keys, key_length = layers.sequence_pad(encoded, pad)
    mask = layers.scale(layers.sequence_mask(key_length, dtype="float32"), -MASKED, MASKED)  # 0 or MASKED
    scores = layers.elementwise_add(layers.matmul(queries, keys, transpose_y=True), layers.unsqueeze(mask, [1]))
    return layers.sequence_unpad(layers.matmul(layers.softmax(scores), keys), length)


def translator(case):
    encoder, decoder = tasks.stacks(case)
    encoded = text(case, encoder, "source", "source_embedding")
    state = text(case, decoder, start=layers.sequence_last_step(encoded))
    return fc(layers.concat([state, attended(state, encoded)], axis=1), case["hidden"], "attention", act="tanh")


def reader(case):
    x = fluid.data("image", [None, 1, tasks.IMAGE_HEIGHT, case["width"]])
    for k, (filters, pool) in enumerate(tasks.CONVOLUTIONS):
        attrs = dict(param_attr=named("filter_%d" % k), bias_attr=named("filter_bias_%d" % k))
        x = layers.conv2d(x, filters, 3, padding=1, act="relu", **attrs)
        x = layers.pool2d(x, pool, "max", pool_stride=pool)
    columns = layers.im2sequence(x, filter_size=[x.shape[2], 1])
    return layers.concat([recurrent(case, columns, "forward"), recurrent(case, columns, "backward", is_reverse=True)], axis=1)


def loss_of(case):
    task = case["task"]
    x = {"seq2seq": translator, "ocr": reader}.get(task, lambda case: text(case, *tasks.stacks(case)))(case)
    if task == "classifier":
        x = layers.sequence_last_step(x)
    out = fc(x, tasks.classes(case), "out")
    label = fluid.data("label", [None, 1], "int32" if task == "ocr" else "int64", lod_level=0 if task == "classifier" else 1)
    if task == "ocr":
        return layers.mean(layers.warpctc(out, label, blank=case["words"]))
    return layers.mean(layers.softmax_with_cross_entropy(out, label))


def optimizer(case):
    rate = tasks.LEARNING_RATE[case["task"]]
    if case["task"] in tasks.CLIP_NORM:
        made = fluid.optimizer.SGD(rate, grad_clip=fluid.clip.GradientClipByGlobalNorm(tasks.CLIP_NORM[case["task"]]))
    else:
        made = fluid.optimizer.Adam(rate)
    return fluid.contrib.mixed_precision.decorate(made, dtype="bfloat16") if case.get("bf16") else made


def set_weights(case):
    """The task's weights into the parameters; the gates of dynamic_lstm in its order: candidate, input, forget, output."""
    order = [2, 0, 1, 3] if case["cell"] == "lstm" and not by_hand(case) else range(tasks.gates(case))
    scope = fluid.global_scope()
    for name, value in tasks.weights(case):
        kind = name.split("_")[0]
        if kind in ("input", "recurrent", "bias"):
            value = tasks.reorder(value, order)
        if kind == "bias" and not by_hand(case):
            value = value.reshape([1, -1])
        if kind == "recurrent" and case["cell"] == "gru":  # two products, stored one after the other
            gate, candidate = np.split(value, [2 * case["hidden"]], axis=1)
            value = np.concatenate([gate.ravel(), candidate.ravel()]).reshape(value.shape)
        scope.find_var(name).get_tensor().set(value, place_of(case))


def feeds(case):
    def sequences(values, length):
        return fluid.create_lod_tensor(values.reshape([-1, 1]), [length.tolist()], fluid.CPUPlace())

    for batch in tasks.batches(case):
        feed = {"label": batch["label"].reshape([-1, 1])}
        if case["task"] != "classifier":
            feed["label"] = sequences(batch["label"].astype("int32" if case["task"] == "ocr" else "int64"), batch["length"])
        if "image" in batch:
            feed["image"] = batch["image"]
        else:
            feed["word"] = sequences(batch["word"], batch["length"])
        if "source" in batch:
            feed["source"] = sequences(batch["source"], batch["source_length"])
        yield feed


def main():
    case = measure.case()
    for name, value in case.get("flags", {}).items():
        fluid.core.set_flag(name, value)
    loss = loss_of(case)
    if case["train"]:
        optimizer(case).minimize(loss)
    exe = fluid.Executor(place_of(case))
    exe.run(fluid.default_startup_program())
    set_weights(case)

    def step(feed):
        return exe.run(feed=feed, fetch_list=[loss])[0][0]

    measure.run_passes(case, step, list(feeds(case)), tasks.units(case))


if __name__ == "__main__":
    main()

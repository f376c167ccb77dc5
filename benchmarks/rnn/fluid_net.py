"""The tasks as a Fluid 1.x script: run by this package and, unchanged, by paddlepaddle 1.8.5.

With "bf16" in the case the optimizer trains in mixed precision of bfloat16, which only this package has.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
import measure  # noqa: E402
import numpy as np  # noqa: E402
import paddle.fluid as fluid  # noqa: E402
import tasks  # noqa: E402

layers = fluid.layers


def named(name):
    return fluid.ParamAttr(name=name)


def recurrent(cell, x, hidden, k):
    """One recurrent layer without peepholes over sequences."""
    projected = layers.fc(x, tasks.gates({"cell": cell}) * hidden, param_attr=named("input_%d" % k), bias_attr=False)
    attrs = dict(param_attr=named("recurrent_%d" % k), bias_attr=named("bias_%d" % k))
    if cell == "lstm":
        return layers.dynamic_lstm(projected, 4 * hidden, use_peepholes=False, **attrs)[0]
    return layers.dynamic_gru(projected, hidden, origin_mode=True, **attrs)


def loss_of(case):
    hidden = case["hidden"]
    classifier = case["task"] == "classifier"
    word = fluid.data("word", [None, 1], "int64", lod_level=1)
    label = fluid.data("label", [None, 1], "int64", lod_level=0 if classifier else 1)
    x = layers.embedding(word, [case["words"], hidden], param_attr=named("embedding"))
    for k in range(tasks.LAYERS):
        x = recurrent(case["cell"], x, hidden, k)
    if classifier:
        x = layers.sequence_last_step(x)
    out = layers.fc(x, tasks.CLASSES if classifier else case["words"], param_attr=named("out"), bias_attr=named("out_bias"))
    return layers.mean(layers.softmax_with_cross_entropy(out, label))


def optimizer(case):
    rate = tasks.LEARNING_RATE[case["task"]]
    if case["task"] == "classifier":
        made = fluid.optimizer.Adam(rate)
    else:
        made = fluid.optimizer.SGD(rate, grad_clip=fluid.clip.GradientClipByGlobalNorm(tasks.CLIP_NORM))
    return fluid.contrib.mixed_precision.decorate(made, dtype="bfloat16") if case.get("bf16") else made


def set_weights(case):
    """The task's weights into the parameters, gates in Fluid's order: candidate, input, forget, output."""
    order = [2, 0, 1, 3] if case["cell"] == "lstm" else [0, 1, 2]
    scope = fluid.global_scope()
    for name, value in tasks.weights(case).items():
        gated = name.split("_")[0] in ("input", "recurrent", "bias")
        value = tasks.reorder(value, order) if gated else value
        if name.startswith("bias"):
            value = value.reshape([1, -1])
        if name.startswith("recurrent") and case["cell"] == "gru":  # two products, stored one after the other
            gate, candidate = np.split(value, [2 * case["hidden"]], axis=1)
            value = np.concatenate([gate.ravel(), candidate.ravel()]).reshape(value.shape)
        scope.find_var(name).get_tensor().set(value, fluid.CPUPlace())


def feeds(case):
    place = fluid.CPUPlace()

    def rows(values, length):
        return fluid.create_lod_tensor(values.reshape([-1, 1]), [length.tolist()], place)

    for batch in tasks.batches(case):
        label = batch["label"].reshape([-1, 1])
        if case["task"] != "classifier":
            label = rows(label, batch["length"])
        yield {"word": rows(batch["word"], batch["length"]), "label": label}


def main():
    case = measure.case()
    loss = loss_of(case)
    if case["train"]:
        optimizer(case).minimize(loss)
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(fluid.default_startup_program())
    set_weights(case)
    data = list(feeds(case))
    losses = []

    def one_pass(_):
        losses.extend(float(exe.run(feed=feed, fetch_list=[loss])[0][0]) for feed in data)

    ms = measure.time_steps(one_pass, case["warmup"], case["passes"])
    measure.finish(ms, tasks.tokens(case), losses=losses[: len(data)])


main()

"""The tasks in Paddle 3: its recurrent layers over padded texts, eager or as a static graph."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
import measure  # noqa: E402
import paddle  # noqa: E402
import tasks  # noqa: E402

# Its GRU multiplies the product by the reset gate, not the state: it costs the same, and its losses differ.


class Net(paddle.nn.Layer):
    def __init__(self, case):
        super().__init__()
        hidden = case["hidden"]
        self.classifier, self.masked = case["task"] == "classifier", case["lengths"] != "fixed"
        self.embedding = paddle.nn.Embedding(case["words"], hidden)
        kind = paddle.nn.LSTM if case["cell"] == "lstm" else paddle.nn.GRU
        self.cells = kind(hidden, hidden, tasks.LAYERS)
        self.out = paddle.nn.Linear(hidden, tasks.CLASSES if self.classifier else case["words"])

    def forward(self, word, length):
        x, state = self.cells(self.embedding(word), sequence_length=length if self.masked else None)
        if self.classifier:
            x = (state[0] if isinstance(state, tuple) else state)[-1]
        return self.out(x)


def set_weights(net, case):
    """The task's weights into the net's; it adds a second bias to the gates, which stays zero."""
    values = tasks.weights(case)
    order = range(4) if case["cell"] == "lstm" else [1, 0, 2]  # a GRU's gates: reset, update, candidate
    net.embedding.weight.set_value(values["embedding"])
    net.out.weight.set_value(values["out"])
    net.out.bias.set_value(values["out_bias"])
    for k in range(tasks.LAYERS):
        for theirs, mine in (("weight_ih_l%d", "input_%d"), ("weight_hh_l%d", "recurrent_%d"), ("bias_ih_l%d", "bias_%d")):
            value = tasks.reorder(values[mine % k], order)
            getattr(net.cells, theirs % k).set_value(value.T if value.ndim == 2 else value)
        getattr(net.cells, "bias_hh_l%d" % k).set_value(0 * values["bias_%d" % k])


def inputs(case):
    out = []
    for batch in tasks.batches(case):
        label = batch["label"]
        if case["task"] != "classifier":
            label = tasks.padded(label, batch["length"])
        word = tasks.padded(batch["word"], batch["length"])
        out.append([paddle.to_tensor(value) for value in (word, batch["length"], label)])
    return out


def main():
    case = measure.case()
    paddle.set_device("cpu")
    net = Net(case)
    set_weights(net, case)
    run = paddle.jit.to_static(net) if case.get("static") else net
    rate = tasks.LEARNING_RATE[case["task"]]
    idle = [getattr(net.cells, "bias_hh_l%d" % k) for k in range(tasks.LAYERS)]
    parameters = [value for value in net.parameters() if all(value is not other for other in idle)]
    if case["task"] == "classifier":
        descent = paddle.optimizer.Adam(rate, parameters=parameters)
    else:
        descent = paddle.optimizer.SGD(rate, parameters=parameters, grad_clip=paddle.nn.ClipGradByGlobalNorm(tasks.CLIP_NORM))
    data, losses = inputs(case), []

    def train(word, length, label):
        loss = paddle.nn.functional.cross_entropy(run(word, length), label)
        loss.backward()
        descent.step()
        descent.clear_grad()
        return float(loss)

    def infer(word, length, label):
        with paddle.no_grad():
            return float(paddle.nn.functional.cross_entropy(run(word, length), label))

    net.train() if case["train"] else net.eval()
    step = train if case["train"] else infer

    def one_pass(_):
        losses.extend(step(*batch) for batch in data)

    ms = measure.time_steps(one_pass, case["warmup"], case["passes"])
    measure.finish(ms, tasks.tokens(case), losses=losses[: len(data)])


main()

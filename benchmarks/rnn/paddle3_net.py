"""The tasks in Paddle 3: its recurrent layers over padded texts, eager or as a static graph."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
import measure  # noqa: E402
import paddle  # noqa: E402
import tasks  # noqa: E402
from paddle import nn  # noqa: E402
from paddle.nn import functional as F  # noqa: E402

# Its GRU multiplies the product by the reset gate, not the state: it costs the same, and its losses differ.


def recurrent(case, inputs, **more):
    return {"lstm": nn.LSTM, "gru": nn.GRU}[case["cell"]](inputs, case["hidden"], **more)


def of_words(x, rows):
    """The rows of a padded batch that stand for words; all of them without ``rows``."""
    return x if rows is None else paddle.gather(x.flatten(0, 1), rows)


class Texts(nn.Layer):
    """The classifier and the language model; returns the loss, as the other nets do."""

    def __init__(self, case):
        super().__init__()
        self.classifier = case["task"] == "classifier"
        self.embedding = nn.Embedding(case["words"], case["hidden"])
        self.cells = recurrent(case, case["hidden"], num_layers=tasks.LAYERS)
        self.stacks = [self.cells]
        self.out = nn.Linear(case["hidden"], tasks.classes(case))

    def forward(self, word, label, length=None, rows=None):
        x, state = self.cells(self.embedding(word), sequence_length=length)
        if self.classifier:
            x = (state[0] if isinstance(state, tuple) else state)[-1]
        return F.cross_entropy(self.out(of_words(x, rows)), label)


class Translator(nn.Layer):
    def __init__(self, case):
        super().__init__()
        hidden = case["hidden"]
        self.source_embedding = nn.Embedding(case["words"], hidden)
        self.embedding = nn.Embedding(case["words"], hidden)
        self.encoder = recurrent(case, hidden, num_layers=tasks.LAYERS)
        self.decoder = recurrent(case, hidden, num_layers=tasks.LAYERS)
        self.stacks = [self.encoder, self.decoder]
        self.attention = nn.Linear(2 * hidden, hidden)
        self.out = nn.Linear(hidden, tasks.classes(case))

    def forward(self, source, word, label, source_length=None, length=None, rows=None):
        encoded, (last, _) = self.encoder(self.source_embedding(source), sequence_length=source_length)
        start = paddle.stack([last[-1], paddle.zeros_like(last[-1])])
        state, _ = self.decoder(self.embedding(word), (start, paddle.zeros_like(start)), sequence_length=length)
        scores = paddle.matmul(state, encoded, transpose_y=True)
        if source_length is not None:
            mask = F.sequence_mask(source_length, source.shape[1], "float32").unsqueeze(1)
            scores = scores + 1e9 * (mask - 1)
        context = paddle.matmul(F.softmax(scores), encoded)
        both = of_words(paddle.concat([state, context], -1), rows)
        return F.cross_entropy(self.out(F.tanh(self.attention(both))), label)


class Reader(nn.Layer):
    def __init__(self, case):
        super().__init__()
        channels, parts = 1, []
        for filters, pool in tasks.CONVOLUTIONS:
            parts += [nn.Conv2D(channels, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2D(pool, pool)]
            channels = filters
        self.convolutions = nn.Sequential(*parts)
        self.cells = recurrent(case, tasks.COLUMN[0] * tasks.COLUMN[1], direction="bidirect")
        self.stacks = [self.cells]
        self.out = nn.Linear(2 * case["hidden"], tasks.classes(case))
        self.blank = case["words"]

    def forward(self, image, label, length):
        columns = self.convolutions(image).flatten(1, 2).transpose([0, 2, 1])
        x = self.out(self.cells(columns)[0]).transpose([1, 0, 2])
        steps = paddle.full([x.shape[1]], x.shape[0], "int64")
        return F.ctc_loss(x, label, steps, length, self.blank, reduction="none").mean()


def set_weights(net, case):
    """The task's weights into the net's; it adds a second bias to the gates, which stays zero."""
    values = dict(tasks.weights(case))
    order = range(4) if case["cell"] == "lstm" else [1, 0, 2]  # a GRU's gates: reset, update, candidate
    suffixes = ["_l0", "_l0_reverse"] if case["task"] == "ocr" else ["_l%d" % k for k in range(tasks.LAYERS)]
    for cells, names in zip(net.stacks, tasks.stacks(case)):
        for suffix, name in zip(suffixes, names):
            for theirs, mine in (("weight_ih", "input_"), ("weight_hh", "recurrent_"), ("bias_ih", "bias_")):
                getattr(cells, theirs + suffix).set_value(tasks.reorder(values[mine + name], order).T)
            getattr(cells, "bias_hh" + suffix).set_value(0 * values["bias_" + name])
    for name in {"embedding", "source_embedding"} & set(values):
        getattr(net, name).weight.set_value(values[name])
    for name in {"attention", "out"} & set(values):
        getattr(net, name).weight.set_value(values[name])
        getattr(net, name).bias.set_value(values[name + "_bias"])
    if case["task"] == "ocr":
        for k in range(len(tasks.CONVOLUTIONS)):
            net.convolutions[3 * k].weight.set_value(values["filter_%d" % k])
            net.convolutions[3 * k].bias.set_value(values["filter_bias_%d" % k])


def inputs(case):
    """Arguments of the net by name, for each batch; no lengths where the texts are equally long."""
    out = []
    for batch in tasks.batches(case):
        length, varying = batch["length"], case["lengths"] != "fixed"
        if case["task"] == "ocr":
            batch["label"] = tasks.padded(batch["label"], length).astype("int32")
        elif case["task"] != "classifier" and varying:
            batch["rows"] = tasks.true_rows(length)
        elif case["task"] != "classifier":
            batch["label"] = tasks.padded(batch["label"], length)
        for name, count in (("word", "length"), ("source", "source_length")):
            if name in batch:
                batch[name] = tasks.padded(batch[name], batch[count])
                if not varying:
                    del batch[count]
        out.append({name: paddle.to_tensor(value) for name, value in batch.items()})
    return out


def optimizer(net, case):
    idle = [value for cells in net.stacks for name, value in cells.named_parameters() if "bias_hh" in name]
    parameters = [value for value in net.parameters() if all(value is not other for other in idle)]
    rate = tasks.LEARNING_RATE[case["task"]]
    if case["task"] not in tasks.CLIP_NORM:
        return paddle.optimizer.Adam(rate, parameters=parameters)
    clip = paddle.nn.ClipGradByGlobalNorm(tasks.CLIP_NORM[case["task"]])
    return paddle.optimizer.SGD(rate, parameters=parameters, grad_clip=clip)


def main():
    case = measure.case()
    paddle.set_device("gpu" if measure.on_gpu(case) else "cpu")
    net = {"seq2seq": Translator, "ocr": Reader}.get(case["task"], Texts)(case)
    set_weights(net, case)
    run = paddle.jit.to_static(net) if case.get("static") else net
    descent = optimizer(net, case)
    data = inputs(case)

    def train(batch):
        loss = run(**batch)
        loss.backward()
        descent.step()
        descent.clear_grad()
        return float(loss)

    def infer(batch):
        with paddle.no_grad():
            return float(run(**batch))

    net.train() if case["train"] else net.eval()
    measure.run_passes(case, train if case["train"] else infer, data, tasks.units(case))


main()

"""The tasks in PyTorch: padded (oneDNN's LSTM), packed, compiled, or images with channels last."""

import itertools
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
import measure  # noqa: E402
import tasks  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

# PyTorch's GRU multiplies the product by the reset gate, not the state: it costs the same, and its losses differ.


def recurrent(case, inputs, **more):
    return {"lstm": nn.LSTM, "gru": nn.GRU}[case["cell"]](inputs, case["hidden"], batch_first=True, **more)


def states(case, cells, x, length, start=None):
    """The states of the upper layer at each step of the padded texts, and the last one of each text."""
    if case.get("packed"):
        x = nn.utils.rnn.pack_padded_sequence(x, length.cpu(), batch_first=True, enforce_sorted=False)
        x, last = cells(x, start)
        last = last[0] if case["cell"] == "lstm" else last
        return nn.utils.rnn.pad_packed_sequence(x, batch_first=True)[0], last[-1]
    x = cells(x, start)[0]
    return x, x[torch.arange(len(length)), length - 1]


def of_words(x, rows):
    """The rows of a padded batch that stand for words; all of them without ``rows``."""
    x = x.flatten(0, 1)
    return x if rows is None else x.index_select(0, rows)


class Texts(nn.Module):
    """The classifier and the language model; returns the loss, as the other nets do."""

    def __init__(self, case):
        super().__init__()
        self.case = case
        self.embedding = nn.Embedding(case["words"], case["hidden"])
        self.cells = recurrent(case, case["hidden"], num_layers=tasks.LAYERS)
        self.stacks = [self.cells]
        self.out = nn.Linear(case["hidden"], tasks.classes(case))

    def forward(self, word, length, label, rows=None):
        x, last = states(self.case, self.cells, self.embedding(word), length)
        x = last if self.case["task"] == "classifier" else of_words(x, rows)
        return F.cross_entropy(self.out(x), label)


class Translator(nn.Module):
    def __init__(self, case):
        super().__init__()
        self.case, hidden = case, case["hidden"]
        self.source_embedding = nn.Embedding(case["words"], hidden)
        self.embedding = nn.Embedding(case["words"], hidden)
        self.encoder = recurrent(case, hidden, num_layers=tasks.LAYERS)
        self.decoder = recurrent(case, hidden, num_layers=tasks.LAYERS)
        self.stacks = [self.encoder, self.decoder]
        self.attention = nn.Linear(2 * hidden, hidden)
        self.out = nn.Linear(hidden, tasks.classes(case))

    def forward(self, source, source_length, word, length, label, rows=None):
        encoded, last = states(self.case, self.encoder, self.source_embedding(source), source_length)
        start = torch.stack([last, torch.zeros_like(last)])
        state, _ = states(self.case, self.decoder, self.embedding(word), length, (start, torch.zeros_like(start)))
        mask = torch.arange(source.shape[1]) < source_length[:, None]
        context = F.scaled_dot_product_attention(state, encoded, encoded, attn_mask=mask[:, None], scale=1.0)
        both = of_words(torch.cat([state, context], -1), rows)
        return F.cross_entropy(self.out(torch.tanh(self.attention(both))), label)


class Reader(nn.Module):
    def __init__(self, case):
        super().__init__()
        channels, parts = 1, []
        for filters, pool in tasks.CONVOLUTIONS:
            parts += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(pool)]
            channels = filters
        self.convolutions = nn.Sequential(*parts)
        self.cells = recurrent(case, tasks.COLUMN[0] * tasks.COLUMN[1], bidirectional=True)
        self.stacks = [self.cells]
        self.out = nn.Linear(2 * case["hidden"], tasks.classes(case))
        self.blank = case["words"]

    def forward(self, image, label, length):
        columns = self.convolutions(image).flatten(1, 2).transpose(1, 2)
        chances = F.log_softmax(self.out(self.cells(columns)[0]), -1)
        steps = torch.full([len(image)], chances.shape[1])
        return F.ctc_loss(chances.transpose(0, 1), label, steps, length, self.blank, reduction="sum") / len(image)


def set_weights(net, case):
    """The task's weights into the net's; it adds a second bias to the gates, which stays zero."""
    values = {name: torch.from_numpy(value) for name, value in tasks.weights(case)}
    order = range(4) if case["cell"] == "lstm" else [1, 0, 2]  # a GRU's gates: reset, update, candidate
    suffixes = ["_l0", "_l0_reverse"] if case["task"] == "ocr" else ["_l%d" % k for k in range(tasks.LAYERS)]
    with torch.no_grad():
        for cells, names in zip(net.stacks, tasks.stacks(case)):
            for suffix, name in zip(suffixes, names):
                for theirs, mine in (("weight_ih", "input_"), ("weight_hh", "recurrent_"), ("bias_ih", "bias_")):
                    value = torch.from_numpy(tasks.reorder(values[mine + name].numpy(), order))
                    getattr(cells, theirs + suffix).copy_(value.T if value.dim() == 2 else value)
                getattr(cells, "bias_hh" + suffix).zero_()
        for name in {"embedding", "source_embedding"} & set(values):
            getattr(net, name).weight.copy_(values[name])
        for name in {"attention", "out"} & set(values):
            getattr(net, name).weight.copy_(values[name].T)
            getattr(net, name).bias.copy_(values[name + "_bias"])
        if case["task"] == "ocr":
            for k in range(len(tasks.CONVOLUTIONS)):
                net.convolutions[3 * k].weight.copy_(values["filter_%d" % k])
                net.convolutions[3 * k].bias.copy_(values["filter_bias_%d" % k])


def optimizer(net, case):
    parameters = [value for name, value in net.named_parameters() if "bias_hh" not in name]
    kind = torch.optim.SGD if case["task"] in tasks.CLIP_NORM else torch.optim.Adam
    return kind(parameters, tasks.LEARNING_RATE[case["task"]], fused=True)


def inputs(case):
    """Arguments of the net by name, for each batch."""
    out = []
    for batch in tasks.batches(case):
        for name, length in (("word", "length"), ("source", "source_length")):
            if name in batch:
                batch[name] = tasks.padded(batch[name], batch[length])
        if case["task"] in ("language_model", "seq2seq") and case["lengths"] != "fixed":
            batch["rows"] = tasks.true_rows(batch["length"])
        out.append({name: torch.from_numpy(value).to(torch.get_default_device()) for name, value in batch.items()})
    return out


def main():
    case = measure.case()
    if measure.on_gpu(case):
        torch.set_default_device("cuda")
    net = {"seq2seq": Translator, "ocr": Reader}.get(case["task"], Texts)(case)
    set_weights(net, case)
    descent, steps = optimizer(net, case), itertools.count(1)
    data = inputs(case)
    if case.get("channels_last"):
        net.convolutions.to(memory_format=torch.channels_last)
        data = [dict(batch, image=batch["image"].contiguous(memory_format=torch.channels_last)) for batch in data]
    run = torch.compile(net, dynamic=case["lengths"] != "fixed") if case.get("compile") else net

    def train(batch):
        loss = run(**batch)
        descent.zero_grad(set_to_none=True)
        loss.backward()
        if case["task"] in tasks.CLIP_NORM:
            nn.utils.clip_grad_norm_(net.parameters(), tasks.CLIP_NORM[case["task"]])
        else:  # all others add epsilon to the second moment's root before that is corrected
            descent.param_groups[0]["eps"] = 1e-8 / (1 - 0.999 ** next(steps)) ** 0.5
        descent.step()
        return loss.item()

    def infer(batch):
        with torch.inference_mode():
            return run(**batch).item()

    measure.run_passes(case, train if case["train"] else infer, data, tasks.units(case))


main()

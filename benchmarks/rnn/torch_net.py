"""The tasks in PyTorch: padded (oneDNN's LSTM), packed, or compiled."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
import measure  # noqa: E402
import tasks  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402

# PyTorch's GRU multiplies the product by the reset gate, not the state: it costs the same, and its losses differ.


class Net(nn.Module):
    def __init__(self, case):
        super().__init__()
        hidden = case["hidden"]
        self.case = case
        self.embedding = nn.Embedding(case["words"], hidden)
        kind = nn.LSTM if case["cell"] == "lstm" else nn.GRU
        self.cells = kind(hidden, hidden, tasks.LAYERS, batch_first=True)
        self.out = nn.Linear(hidden, tasks.CLASSES if case["task"] == "classifier" else case["words"])

    def forward(self, word, length):
        x = self.embedding(word)
        if self.case.get("packed"):
            x = nn.utils.rnn.pack_padded_sequence(x, length, batch_first=True, enforce_sorted=False)
            if self.case["task"] == "classifier":
                return self.out(self.cells(x)[1][0][-1] if self.case["cell"] == "lstm" else self.cells(x)[1][-1])
            x = nn.utils.rnn.pad_packed_sequence(self.cells(x)[0], batch_first=True)[0]
        else:
            x = self.cells(x)[0]
        if self.case["task"] == "classifier":
            return self.out(x[torch.arange(len(length)), length - 1])
        return self.out(x).flatten(0, 1)


def set_weights(net, case):
    """The task's weights into the net's; it adds a second bias to the gates, which stays zero."""
    values = {name: torch.from_numpy(value) for name, value in tasks.weights(case).items()}
    order = range(4) if case["cell"] == "lstm" else [1, 0, 2]  # a GRU's gates: reset, update, candidate
    with torch.no_grad():
        net.embedding.weight.copy_(values["embedding"])
        net.out.weight.copy_(values["out"].T)
        net.out.bias.copy_(values["out_bias"])
        for k in range(tasks.LAYERS):
            for name, mine in (("weight_ih_l%d", "input_%d"), ("weight_hh_l%d", "recurrent_%d"), ("bias_ih_l%d", "bias_%d")):
                value = torch.from_numpy(tasks.reorder(values[mine % k].numpy(), order))
                getattr(net.cells, name % k).copy_(value.T if value.dim() == 2 else value)
            getattr(net.cells, "bias_hh_l%d" % k).zero_()


def optimizer(net, case):
    idle = {"cells.bias_hh_l%d" % k for k in range(tasks.LAYERS)}
    parameters = [value for name, value in net.named_parameters() if name not in idle]
    rate = tasks.LEARNING_RATE[case["task"]]
    if case["task"] == "classifier":
        return torch.optim.Adam(parameters, rate, fused=True)
    return torch.optim.SGD(parameters, rate, fused=True)


def inputs(case):
    out = []
    for batch in tasks.batches(case):
        label = batch["label"]
        if case["task"] != "classifier":
            label = tasks.padded(label, batch["length"]).ravel()
        word = tasks.padded(batch["word"], batch["length"])
        out.append((torch.from_numpy(word), torch.from_numpy(batch["length"]), torch.from_numpy(label)))
    return out


def main():
    case = measure.case()
    net = Net(case)
    set_weights(net, case)
    descent = optimizer(net, case)
    run = torch.compile(net, dynamic=case["lengths"] != "fixed") if case.get("compile") else net
    data, losses = inputs(case), []

    def train(word, length, label):
        loss = nn.functional.cross_entropy(run(word, length), label)
        descent.zero_grad(set_to_none=True)
        loss.backward()
        if case["task"] == "language_model":
            nn.utils.clip_grad_norm_(net.parameters(), tasks.CLIP_NORM)
        descent.step()
        return loss.item()

    def infer(word, length, label):
        with torch.inference_mode():
            return nn.functional.cross_entropy(run(word, length), label).item()

    step = train if case["train"] else infer

    def one_pass(_):
        losses.extend(step(*batch) for batch in data)

    ms = measure.time_steps(one_pass, case["warmup"], case["passes"])
    measure.finish(ms, tasks.tokens(case), losses=losses[: len(data)])


main()

"""Trains the same network in PyTorch, with its fused Adam."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import batches  # noqa: E402
import measure  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402

HIDDEN, BUCKETS = 76, 50000  # of docs/examples/reviews.py


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 20, 5), nn.Conv2d(20, 50, 5)
        self.hidden, self.out = nn.Linear(800, 256), nn.Linear(256, 10)

    def forward(self, image):
        image = nn.functional.max_pool2d(torch.relu(self.first(image)), 2)
        image = nn.functional.max_pool2d(torch.relu(self.second(image)), 2)
        hidden = torch.relu(self.hidden(image.flatten(1)))
        return self.out(nn.functional.dropout(hidden, 0.5))


class Reader(nn.Module):
    """One of the two LSTMs; that which reads backwards gets the texts turned round: the maximum knows no order."""

    def __init__(self, tokens, packed):
        super().__init__()
        self.packed = packed
        self.embedding = nn.Embedding(tokens, HIDDEN)
        self.gates = nn.LSTM(HIDDEN, HIDDEN, batch_first=True)
        self.out = nn.Linear(HIDDEN, 2)

    def forward(self, word, length):
        embedded = nn.functional.dropout(self.embedding(word), 0.5)
        if self.packed:
            packed = nn.utils.rnn.pack_padded_sequence(embedded, length, batch_first=True, enforce_sorted=False)
            hidden, _ = nn.utils.rnn.pad_packed_sequence(self.gates(packed)[0], batch_first=True, padding_value=-2.0)
        else:
            hidden, _ = self.gates(embedded)
            past_end = torch.arange(word.shape[1])[None] >= length[:, None]
            hidden = hidden.masked_fill(past_end[:, :, None], -2.0)  # below any output of the LSTM
        pooled = nn.functional.dropout(hidden.amax(1), 0.5)
        return self.out(pooled)


class Bigrams(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.out = nn.Embedding(BUCKETS, 4), nn.Linear(4, 2)

    def forward(self, word, length):
        second = nn.functional.pad(word[:, 1:], (0, 1))  # behind the end of a text is token 0, as in the example
        embedded = nn.functional.dropout(self.embedding((7919 * word + second) % BUCKETS), 0.5)
        inside = torch.arange(word.shape[1])[None] < length[:, None]
        return self.out((embedded * inside[:, :, None]).sum(1) / length[:, None].sqrt())


class Reviews(nn.Module):
    def __init__(self, tokens, packed):
        super().__init__()
        self.forwards, self.backwards, self.bigrams = Reader(tokens, packed), Reader(tokens, packed), Bigrams()

    def forward(self, word, turned, length):
        return torch.cat([self.forwards(word, length), self.backwards(turned, length), self.bigrams(word, length)])


def inputs(case):
    """The network's arguments and the labels of each batch."""
    out = []
    for batch in batches.read(case["data"]):
        label = torch.from_numpy(batch["label"][:, 0].copy())
        if case["net"] == "digits":
            image = torch.from_numpy(batch["image"])
            out.append(([image.contiguous(memory_format=torch.channels_last) if case.get("channels_last") else image], label))
        else:
            length = torch.from_numpy(batch["length"])
            texts = torch.split(torch.from_numpy(batch["word"]), batch["length"].tolist())
            words = [nn.utils.rnn.pad_sequence(order, batch_first=True) for order in (texts, [text.flip(0) for text in texts])]
            out.append((words + [length], torch.cat([label, label, label])))
    return out


def main():
    case = measure.case()
    torch.manual_seed(1)
    net = Digits() if case["net"] == "digits" else Reviews(batches.tokens(case["data"]), case.get("packed", False))
    if case.get("channels_last"):
        net = net.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(net.parameters(), 0.001 if case["net"] == "digits" else 0.005, fused=True)
    run = torch.compile(net) if case.get("compile") else net
    data = inputs(case)

    def one_pass(_):
        for arguments, label in data:
            loss = nn.functional.cross_entropy(run(*arguments), label)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            loss.item()

    measure.finish(measure.time_steps(one_pass, case["warmup"], case["steps"]), batches.units(batches.read(case["data"])))


main()

"""The network of encoder_decoder.py in PyTorch: padded words, its GRUs written out, as PyTorch's apply the reset gate elsewhere."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import measure  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
import words  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

BEGIN, END, BEAM, MOST_LETTERS = 0, 1, 4, 40  # as in the example


def padded(texts):
    """Token lists as int64 [N, longest], and their lengths [N]."""
    rows = [torch.from_numpy(np.asarray(text)) for text in texts]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True), torch.tensor([len(text) for text in texts])


class Cell(nn.Module):
    """The GRU of Fluid: h = (1 - u) h + u c with c = tanh(x_c + (r h) W_c); its weight holds [H, 2H] and then [H, H]."""

    def __init__(self, weight, bias):
        super().__init__()
        hidden, values = weight.shape[0], weight.flatten()
        self.gates = nn.Parameter(values[: 2 * hidden * hidden].reshape(hidden, 2 * hidden).clone())
        self.candidate = nn.Parameter(values[2 * hidden * hidden :].reshape(hidden, hidden).clone())
        self.bias = nn.Parameter(bias.clone())

    def forward(self, x, h):
        hidden = h.shape[1]
        x = x + self.bias
        u, r = torch.sigmoid(x[:, : 2 * hidden] + h @ self.gates).chunk(2, 1)
        c = torch.tanh(x[:, 2 * hidden :] + (r * h) @ self.candidate)
        return (1 - u) * h + u * c


class Speller(nn.Module):
    def __init__(self, values):
        super().__init__()
        values = {name: torch.from_numpy(value) for name, value in values.items()}
        self.hidden = values["forwards.w"].shape[0]
        self.cells = nn.ModuleDict({name: Cell(values.pop(name + ".w"), values.pop(name + ".b")) for name in ("forwards", "backwards", "decoder")})
        self.values = nn.ParameterDict({name.replace(".", "_"): nn.Parameter(value) for name, value in values.items()})

    def linear(self, x, name):
        out = x @ self.values[name + "_w"]
        return out + self.values[name + "_b"] if name + "_b" in self.values else out

    def read(self, name, embedded):
        gates, states = self.linear(embedded, name + "_gates"), []
        state = embedded.new_zeros(len(embedded), self.hidden)
        for x in gates.unbind(1):
            state = self.cells[name](x, state)
            states.append(state)
        return torch.stack(states, 1)

    def encode(self, word, length):
        """States [N, T, 2H], their part of the attention [N, T, H], the decoder's start [N, H]; the mask of what is padding."""
        at = torch.arange(word.shape[1])[None]
        turned = (length[:, None] - 1 - at) % word.shape[1]  # swaps first and last; padding stays behind the word's end
        rows = torch.arange(len(word))[:, None]
        embedded = self.values["characters"][word]
        backwards = self.read("backwards", embedded[rows, turned])
        encoded = torch.cat([self.read("forwards", embedded), backwards[rows, turned]], 2)
        start = torch.tanh(self.linear(backwards[rows[:, 0], length - 1], "start"))
        return encoded, self.linear(encoded, "keys"), start, (at >= length[:, None])

    def step(self, letter, state, encoded, keys, padding):
        """The new state, and what the next letter is guessed from: [N, 3H]."""
        both = torch.tanh(keys + self.linear(state, "query")[:, None])
        weight = self.linear(both, "weight")[:, :, 0].masked_fill(padding, -np.inf).softmax(1)
        context = (weight[:, None] @ encoded)[:, 0]
        gates = self.linear(torch.cat([self.values["letters"][letter], context], 1), "decoder_gates")
        state = self.cells["decoder"](gates, state)
        return state, torch.cat([state, context], 1)

    def forward(self, pairs):
        """The loss of a batch."""
        known = self.encode(*padded([word for word, _ in pairs]))
        before, length = padded([np.append([BEGIN], spelling) for _, spelling in pairs])
        letter, _ = padded([np.append(spelling, [END]) for _, spelling in pairs])
        encoded, keys, state, padding = known
        seen = []
        for given in before.unbind(1):
            state, out = self.step(given, state, encoded, keys, padding)
            seen.append(out)
        counts = torch.arange(before.shape[1])[None] < length[:, None]
        return F.cross_entropy(self.linear(torch.stack(seen, 1)[counts], "guess"), letter[counts])

    def spell(self, texts):
        """The likeliest spelling of each word that ``BEAM`` pursued ones lead to."""
        encoded, keys, state, padding = [one.repeat_interleave(BEAM, 0) for one in self.encode(*padded(texts))]
        scores = torch.full([len(texts), BEAM], -np.inf)
        scores[:, 0] = 0
        spellings = torch.full([len(texts) * BEAM, 1], BEGIN)
        for _ in range(MOST_LETTERS):
            last = spellings[:, -1]
            state, seen = self.step(last, state, encoded, keys, padding)
            more = self.linear(seen, "guess").log_softmax(1)
            letters = more.shape[1]
            more[last == END] = -np.inf  # a spelling that has ended stays as it is
            more[last == END, END] = 0
            scores, picked = (scores[:, :, None] + more.view(len(texts), BEAM, -1)).flatten(1).topk(BEAM, 1)
            rows = (torch.arange(len(texts))[:, None] * BEAM + picked // letters).flatten()
            spellings = torch.cat([spellings[rows], (picked % letters).view(-1, 1)], 1)
            state = state[rows]
            if (spellings[:, -1] == END).all():
                break
        best = spellings.view(len(texts), BEAM, -1)[torch.arange(len(texts)), scores.argmax(1)]
        return [[letter for letter in row if letter not in (BEGIN, END)] for row in best.tolist()]


@torch.no_grad()
def exact(net, pairs, size=250):
    """Share of words that are spelled without a mistake."""
    right = 0
    for at in range(0, len(pairs), size):
        texts, truth = zip(*pairs[at : at + size])
        right += sum(got == want.tolist() for got, want in zip(net.spell(texts), truth))
    return right / len(pairs)


def main():
    case = measure.case()
    data = words.Words(case["data"])
    net = Speller(data.parameters)
    optimizer = torch.optim.Adam(net.parameters(), 0.002, fused=True)
    losses, shares, ms = [], [], []

    def one_epoch(number):
        for pairs in data.batches(number):
            loss = net(pairs)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            # Fluid adds epsilon to the second moment's root before that is corrected.
            optimizer.param_groups[0]["eps"] = 1e-8 / (1 - 0.999 ** (len(losses) + 1)) ** 0.5
            optimizer.step()
            losses.append(loss.item())

    for number in range(len(data.orders)):
        ms += measure.time_steps(lambda _: one_epoch(number), 0, 1)
        shares.append(exact(net, data.test))
    measure.finish(ms, len(data.train), losses=losses, exact=shares)


if __name__ == "__main__":
    main()

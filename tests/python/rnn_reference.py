"""Recurrent cells in NumPy, and nets run with chosen parameters, for the tests of cells and decoders."""

import warnings
import zlib

import numpy as np

import paddle.fluid as fluid

WORDS, START, END = 5, 0, 1  # of sentences: how many there are, the first and the last of one


def log_softmax(x):
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_step(parameters, prefix, x, h):
    gate_w, candidate_w, gate_b, candidate_b = (parameters[prefix + end] for end in (".w_0", ".w_1", ".b_0", ".b_1"))
    r, u = np.split(sigmoid(np.concatenate([x, h], -1) @ gate_w + gate_b), 2, -1)
    c = np.tanh(np.concatenate([x, r * h], -1) @ candidate_w + candidate_b)
    return u * h + (1 - u) * c


def lstm_step(parameters, prefix, x, h, c, forget_bias=1.0):
    sums = np.concatenate([x, h], -1) @ parameters[prefix + ".w_0"] + parameters[prefix + ".b_0"]
    i, candidate, f, o = np.split(sums, 4, -1)
    c = c * sigmoid(f + forget_bias) + sigmoid(i) * np.tanh(candidate)
    return np.tanh(c) * sigmoid(o), c


def unroll(step, x, states, lengths=None, reverse=False, hold=False):
    """Outputs (N, T, D) and last states of `step`, from (x, *states) to the new states, the first being the output;
    behind the end of a row its output may be held, as its states are."""
    outputs, order = [None] * x.shape[1], range(x.shape[1])
    for t in reversed(order) if reverse else order:
        new = step(x[:, t], *states)
        goes_on = np.ones(len(x), bool) if lengths is None else t < lengths
        states = [np.where(goes_on[:, None], after, before) for before, after in zip(states, new)]
        outputs[t] = states[0] if hold else new[0]
    return np.stack(outputs, 1), states


class Beam:
    def __init__(self, score, words, h):
        self.score, self.words, self.h = score, words, h

    @property
    def ended(self):
        return self.words[-1:] == [END]


def search(log_probs, h, beams, steps):
    """The best beams of one row after each step. `log_probs`: from a word and a state to those of all words, and a state."""
    history = [[Beam(0.0, [], h)]]
    for _ in range(steps):
        if history[-1] and all(beam.ended for beam in history[-1]):
            break
        found = []
        for beam in history[-1]:
            if beam.ended:
                found.append(Beam(beam.score, beam.words + [END], beam.h))
                continue
            logs, after = log_probs(beam.words[-1] if beam.words else START, beam.h)
            found += [Beam(beam.score + logs[word], beam.words + [word], after) for word in range(WORDS)]
        history.append(sorted(found, key=lambda beam: -beam.score)[:beams])
    return history[1:]


def length_of(words):
    return words.index(END) + 1 if END in words else len(words)


class Net:
    """A program and its parameters: of a distribution that depends on their names alone."""

    def __init__(self, build, scale=1.0):
        """`build` makes the net and returns what to fetch, in lists and tuples within each other."""
        self.main, self.startup, self.scope = fluid.Program(), fluid.Program(), fluid.Scope()
        with fluid.program_guard(self.main, self.startup), fluid.unique_name.guard():
            self.fetch = list(leaves(build()))
        self.executor = fluid.Executor(fluid.CPUPlace())
        self.parameters = {}
        with fluid.scope_guard(self.scope), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a net may have no parameters
            self.executor.run(self.startup)
        for parameter in self.main.all_parameters():
            rng = np.random.RandomState(zlib.crc32(parameter.name.encode()) % 2**31)
            held = np.array(self.scope.find_var(parameter.name).get_tensor())
            self.set(parameter.name, (scale * rng.uniform(-1, 1, parameter.shape)).astype(held.dtype))

    def set(self, name, value):
        self.parameters[name] = value
        self.scope.find_var(name).get_tensor().set(value, fluid.CPUPlace())

    def run(self, feed, fetch=None):
        fetch = self.fetch if fetch is None else fetch
        with fluid.scope_guard(self.scope):
            return [np.array(value) for value in self.executor.run(self.main, feed, fetch, return_numpy=False)]

    def check_gradients(self, loss, feed, wanted):
        """The gradients of `loss`, appended already, by parameters and feeds against central differences."""
        gradients = self.run(feed, [name + "@GRAD" for name in wanted])
        rng = np.random.RandomState(1)
        for name, gradient in zip(wanted, gradients):
            value = feed[name] if name in feed else self.parameters[name]
            for flat in rng.choice(value.size, min(6, value.size), replace=False):
                losses = []
                for step in (1e-6, -1e-6):
                    changed = value.copy()
                    changed.flat[flat] += step
                    if name in feed:
                        losses.append(self.run({**feed, name: changed}, [loss])[0].item())
                    else:
                        self.set(name, changed)
                        losses.append(self.run(feed, [loss])[0].item())
                        self.set(name, value)
                slope = (losses[0] - losses[1]) / 2e-6
                np.testing.assert_allclose(gradient.flat[flat], slope, rtol=1e-5, atol=1e-7, err_msg=name)


def leaves(structure):
    if isinstance(structure, (list, tuple)):
        for part in structure:
            yield from leaves(part)
    else:
        yield structure


def data(name, shape, dtype="float32"):
    var = fluid.data(name, shape, dtype)
    var.stop_gradient = not dtype.startswith("float")
    return var

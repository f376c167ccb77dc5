"""Stacked LSTM layers over padded sequences."""

import numpy as np
from harness import Op, op_tests, uniform
from recurrences import ACTIVATIONS

sigmoid = ACTIVATIONS["sigmoid"]


def weights_size(width, units, layers, directions):
    return sum(directions * 4 * units * ((directions * units if layer else width) + units + 2) for layer in range(layers))


def unpack(flat, width, units, layers, directions):
    """(W, R, b, r) of each layer and direction, each of the four gates i, f, c~, o, read from first to last element."""
    at = 0

    def take(*shape):
        nonlocal at
        at += int(np.prod(shape))
        return flat[at - int(np.prod(shape)) : at].reshape(shape)

    found = [[] for _ in range(layers * directions)]
    for p, parts in enumerate(found):
        parts += [take(4, units, width if p < directions else directions * units), take(4, units, units)]
    for parts in found:
        parts += [take(4, units), take(4, units)]
    assert at == len(flat)
    return found


def run_direction(x, h, c, parameters, reverse):
    """Hidden states of all steps, and the last hidden and cell state."""
    of_input, of_state, first_bias, second_bias = parameters
    out = np.zeros(x.shape[:2] + h.shape[1:])
    for t in reversed(range(len(x))) if reverse else range(len(x)):
        i, f, candidate, o = (x[t] @ W.T + h @ R.T + b + r for W, R, b, r in zip(of_input, of_state, first_bias, second_bias))
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(candidate)
        h = out[t] = sigmoid(o) * np.tanh(c)
    return out, h, c


def cudnn_lstm(Input, InitH, InitC, W, dropout_prob, is_bidirec, input_size, hidden_size, num_layers, is_test):
    x, flat, directions = np.asarray(Input), np.asarray(W), 1 + is_bidirec
    parameters = unpack(flat, input_size, hidden_size, num_layers, directions)
    last_h, last_c = [], []
    for layer in range(num_layers):
        if layer and dropout_prob and not is_test:
            if dropout_prob != 1:
                return {}  # what is dropped is random: tests/python/test_padded_lstm.py
            x = 0 * x
        outs = []
        for p in range(layer * directions, (layer + 1) * directions):
            out, h, c = run_direction(x, np.asarray(InitH)[p], np.asarray(InitC)[p], parameters[p], p % directions == 1)
            outs.append(out)
            last_h.append(h)
            last_c.append(c)
        x = np.concatenate(outs, axis=-1)
    return {"Out": x, "last_h": np.array(last_h), "last_c": np.array(last_c)}


def case(steps, batch, width, units, layers=1, bidirec=False, seed=7, **more):
    """Without a ``seed`` (None), runs drop different elements."""
    states = (layers * (1 + bidirec), batch, units)
    return dict(
        Input=uniform(steps, batch, width),
        InitH=uniform(*states),
        InitC=uniform(*states),
        W=uniform(weights_size(width, units, layers, 1 + bidirec), low=-0.7, high=0.7),
        is_bidirec=bidirec,
        input_size=width,
        hidden_size=units,
        num_layers=layers,
        **({} if seed is None else {"seed": seed}),
        **more,
    )


GOOD = case(3, 2, 3, 2, layers=2)

test = op_tests(
    Op(
        "cudnn_lstm",
        cases=[
            case(3, 2, 3, 2),
            case(4, 3, 2, 3, bidirec=True, Cache=(1,)),
            case(3, 2, 3, 2, layers=3),
            case(3, 2, 3, 2, layers=3, bidirec=True),
            case(2, 3, 5, 17, layers=2, bidirec=True),
            case(1, 1, 1, 1, layers=4),
            case(20, 2, 1, 2, max_len=20),
            case(3, 2, 3, 2, layers=2, dropout_prob=1.0),
            case(3, 2, 3, 2, layers=2, dropout_prob=0.4),
            case(2, 2, 3, 3, layers=4, bidirec=True, dropout_prob=0.4, seed=-7),
            case(3, 2, 3, 2, layers=2, dropout_prob=0.4, is_test=True),
            case(3, 2, 3, 2, layers=2, dropout_prob=0.4, seed=None),
            case(3, 2, 3, 2, layers=2, seed=-1),
            case(0, 2, 3, 2, layers=2, bidirec=True),
            case(3, 0, 3, 2, layers=2),
        ],
        reference=cudnn_lstm,
        grad=("Input", "InitH", "InitC", "W"),
        bad=[
            {**GOOD, "Input": (3, 2, 4), "match": r"Input .*\[3, 2, 4\].*\[-1, -1, 3\]"},
            {**GOOD, "Input": (3, 6), "match": r"Input .*\[3, 6\]"},
            {**GOOD, "max_len": 2, "match": "3 steps, but max_len is 2"},
            {**GOOD, "InitH": (1, 2, 2), "match": r"InitH .*\[1, 2, 2\].*\[2, 2, 2\]"},
            {**GOOD, "InitC": (2, 3, 2), "match": r"InitC .*\[2, 3, 2\].*\[2, 2, 2\]"},
            {**GOOD, "is_bidirec": True, "match": r"InitH .*\[4, 2, 2\]"},
            {**GOOD, "W": (87,), "match": r"W .*\[87\]; expected \[\d+\]"},
            {**GOOD, "hidden_size": 0, "match": "hidden_size is 0"},
            {**GOOD, "num_layers": -1, "match": "num_layers is -1"},
            {**GOOD, "input_size": 0, "match": "input_size is 0"},
            {**GOOD, "dropout_prob": 1.5, "match": "dropout_prob is 1.5"},
        ],
    ),
)

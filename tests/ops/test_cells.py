"""One step of a recurrent cell, and cells that look at whole sequences."""

import numpy as np
from harness import LodArray, Op, lod, op_tests, uniform
from recurrences import ACTIVATIONS, walk

UNIT_ACTIVATIONS = [ACTIVATIONS[name] for name in ("identity", "sigmoid", "tanh", "relu")]
sigmoid = ACTIVATIONS["sigmoid"]


def lstm_unit(X, C_prev, forget_bias):
    i, f, o, candidate = np.split(np.asarray(X), 4, axis=1)
    cell = sigmoid(f + forget_bias) * C_prev + sigmoid(i) * np.tanh(candidate)
    return {"C": cell, "H": sigmoid(o) * np.tanh(cell)}


def gru_unit(Input, HiddenPrev, Weight, Bias, activation, gate_activation, origin_mode):
    size = HiddenPrev.shape[1]
    flat, x = np.asarray(Weight).reshape(-1), np.asarray(Input) + (0 if Bias is None else Bias)
    of_gates, of_candidate = flat[: 2 * size * size].reshape(size, -1), flat[2 * size * size :].reshape(size, size)
    u, r = np.split(UNIT_ACTIVATIONS[gate_activation](x[:, : 2 * size] + HiddenPrev @ of_gates), 2, axis=1)
    c = UNIT_ACTIVATIONS[activation](x[:, 2 * size :] + (r * HiddenPrev) @ of_candidate)
    hidden = u * HiddenPrev + (1 - u) * c if origin_mode else (1 - u) * HiddenPrev + u * c
    return {"Gate": np.concatenate([u, r, c], axis=1), "ResetHiddenPrev": r * HiddenPrev, "Hidden": hidden}


def gru_unit_case(rows, size, bias=True, **attrs):
    case = dict(Input=uniform(rows, 3 * size), HiddenPrev=uniform(rows, size), Weight=uniform(size, 3 * size), **attrs)
    return {**case, "Bias": uniform(1, 3 * size)} if bias else case


def attention_lstm(
    X,
    C0,
    H0,
    AttentionWeight,
    AttentionBias,
    AttentionScalar,
    AttentionScalarBias,
    LSTMWeight,
    LSTMBias,
    gate_activation,
    cell_activation,
    candidate_activation,
):
    (rows, width), size = X.shape, C0.shape[1]
    gate, show, propose = ACTIVATIONS[gate_activation], ACTIVATIONS[cell_activation], ACTIVATIONS[candidate_activation]
    hidden, cell, scores = np.zeros((rows, size)), np.zeros((rows, size)), np.asarray(X) @ AttentionWeight[:width]
    if AttentionBias is not None:
        scores = scores + AttentionBias
    weights, attended, gates = np.zeros(max(X.lengths[-1], default=0)), np.zeros(width), np.zeros(4 * size)
    for s, sequence in enumerate(walk(X.lengths, False)):
        h, c = np.zeros(size) if H0 is None else H0[s], C0[s]
        for row in sequence:
            score = np.maximum(scores[sequence, 0] + c @ AttentionWeight[width:, 0], 0)
            if AttentionScalar is not None:
                score = np.maximum(score * AttentionScalar[0, 0] + (0 if AttentionScalarBias is None else AttentionScalarBias[0, 0]), 0)
            weights[:] = 0
            weights[: len(sequence)] = np.exp(score) / np.exp(score).sum()
            attended = weights[: len(sequence)] @ np.asarray(X)[sequence]
            f, i, o, candidate = np.split(np.concatenate([h, attended]) @ LSTMWeight + LSTMBias[0], 4)
            gates = np.concatenate([gate(f), gate(i), gate(o), propose(candidate)])
            c = gate(f) * c + gate(i) * propose(candidate)
            h = gate(o) * show(c)
            hidden[row], cell[row] = h, c
    kept = {"AttentionedX": scores, "AttentionFCOut": weights[:, None], "LSTMX": attended[None], "LSTMOUT": gates[None]}
    return {**kept, "Hidden": LodArray(hidden, X.lengths), "Cell": LodArray(cell, X.lengths)}


def attention_case(lengths, width, size, optional=(), **attrs):
    rows, sequences = sum(lengths[-1]), len(lengths[-1])
    case = dict(
        X=lod(uniform(rows, width), *lengths),
        C0=uniform(sequences, size),
        AttentionWeight=uniform(width + size, 1),
        LSTMWeight=uniform(width + size, 4 * size),
        LSTMBias=uniform(1, 4 * size),
        **attrs,
    )
    shapes = dict(H0=(sequences, size), AttentionBias=(1, 1), AttentionScalar=(1, 1), AttentionScalarBias=(1, 1))
    return {**case, **{slot: uniform(*shapes[slot]) for slot in optional}}


GOOD_GRU, GOOD_ATTENTION = gru_unit_case(3, 2), attention_case([[2, 3]], 3, 2)

test = op_tests(
    Op(
        "lstm_unit",
        cases=[
            dict(X=uniform(3, 8), C_prev=uniform(3, 2), forget_bias=0.5),
            dict(X=uniform(2, 68), C_prev=uniform(2, 17)),
            dict(X=(0, 8), C_prev=(0, 2)),
            dict(X=(3, 0), C_prev=(3, 0)),
        ],
        reference=lstm_unit,
        grad=("X", "C_prev"),
        bad=[
            dict(X=(3, 8), C_prev=(3, 3), match=r"\[3, 8\] .*\[3, 3\]; expected \[N, 4 D\]"),
            dict(X=(3, 8), C_prev=(2, 2), match=r"\[3, 8\] .*\[2, 2\]"),
            dict(X=(3, 9), C_prev=(3, 2), match=r"\[3, 9\]"),
        ],
    ),
    Op(
        "gru_unit",
        cases=[
            gru_unit_case(3, 2),
            gru_unit_case(3, 2, bias=False),
            gru_unit_case(2, 19, origin_mode=True),
            gru_unit_case(2, 3, activation=1, gate_activation=2),
            gru_unit_case(2, 3, activation=0, gate_activation=0, origin_mode=True),
            gru_unit_case(2, 3, activation=3, gate_activation=3),
            gru_unit_case(0, 2),
        ],
        reference=gru_unit,
        grad=("Input", "HiddenPrev", "Weight", "Bias"),
        bad=[
            {**GOOD_GRU, "Input": (3, 4), "match": r"Input .*\[3, 4\].*\[3, 6\]"},
            {**GOOD_GRU, "HiddenPrev": (2, 2), "match": r"Input .*\[3, 6\].*\[2, 6\]"},
            {**GOOD_GRU, "Weight": (2, 4), "match": r"Weight .*\[2, 4\].*\[2, 6\]"},
            {**GOOD_GRU, "Bias": (1, 4), "match": r"Bias .*\[1, 4\].*\[1, 6\]"},
            {**GOOD_GRU, "activation": 4, "match": "activation is 4"},
            {**GOOD_GRU, "gate_activation": -1, "match": "gate_activation is -1"},
        ],
    ),
    Op(
        "attention_lstm",
        cases=[
            attention_case([[2, 3, 1]], 3, 2),
            attention_case([[3, 0, 4]], 2, 3, ["H0", "AttentionBias"]),
            attention_case([[1, 2], [2, 1, 3]], 1, 2, ["AttentionBias", "AttentionScalar"]),
            attention_case([[5, 2, 0]], 19, 17, ["H0", "AttentionBias", "AttentionScalar", "AttentionScalarBias"]),
            attention_case([[2, 3]], 3, 2, gate_activation="tanh", cell_activation="sigmoid", candidate_activation="relu"),
            attention_case([[2, 3]], 3, 2, gate_activation="sigmoid", cell_activation="identity", candidate_activation="sigmoid"),
            attention_case([[0, 0]], 3, 2, ["H0"]),
            attention_case([[]], 3, 2),
        ],
        reference=attention_lstm,
        bad=[
            {**GOOD_ATTENTION, "X": (5, 3), "match": "no LoD"},
            {**GOOD_ATTENTION, "C0": (3, 2), "match": r"C0 .*\[2, 2\]: a row for each sequence"},
            {**GOOD_ATTENTION, "H0": (2, 3), "match": r"H0 .*, 2\]"},
            {**GOOD_ATTENTION, "AttentionWeight": (4, 1), "match": r"AttentionWeight .*\[4, 1\].*\[5, 1\]"},
            {**GOOD_ATTENTION, "AttentionBias": (1, 2), "match": r"AttentionBias .*\[1, 2\].*\[1, 1\]"},
            {**GOOD_ATTENTION, "AttentionScalarBias": (1, 1), "match": "AttentionScalar"},
            {**GOOD_ATTENTION, "LSTMWeight": (5, 7), "match": r"LSTMWeight .*\[5, 7\].*\[5, 8\]"},
            {**GOOD_ATTENTION, "LSTMBias": (1, 7), "match": r"LSTMBias .*\[1, 7\].*\[1, 8\]"},
            {**GOOD_ATTENTION, "cell_activation": "gelu", "match": "cell_activation is 'gelu'"},
        ],
    ),
)

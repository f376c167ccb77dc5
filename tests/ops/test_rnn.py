"""Recurrent layers over sequences."""

import numpy as np
from harness import LodArray, Op, lod, op_tests, uniform
from recurrences import ACTIVATIONS, by_step, gru, lstm, walk


def clip(x, limit):
    return np.clip(x, -limit, limit) if limit > 0 else x


def lstmp(
    Input,
    H0,
    C0,
    Weight,
    ProjWeight,
    Bias,
    use_peepholes,
    is_reverse,
    cell_clip,
    proj_clip,
    gate_activation,
    cell_activation,
    candidate_activation,
    proj_activation,
):
    units, projected = ProjWeight.shape
    gate, show, propose = ACTIVATIONS[gate_activation], ACTIVATIONS[cell_activation], ACTIVATIONS[candidate_activation]
    peephole = Bias[0, 4 * units :].reshape(3, units) if use_peepholes else np.zeros((3, units))
    projection, cell, gates, hidden = (np.zeros((len(Input), n)) for n in (projected, units, 4 * units, units))
    for s, rows in enumerate(walk(Input.lengths, is_reverse)):
        p, c = np.zeros(projected) if H0 is None else H0[s], np.zeros(units) if C0 is None else C0[s]
        for row in rows:
            x_c, x_i, x_f, x_o = np.split(np.asarray(Input)[row] + p @ Weight + Bias[0, : 4 * units], 4)
            candidate, i, f = propose(x_c), gate(x_i + peephole[0] * c), gate(x_f + peephole[1] * c)
            c = clip(f * c + i * candidate, cell_clip)
            o = gate(x_o + peephole[2] * c)
            h = o * show(c)
            p = clip(ACTIVATIONS[proj_activation](h @ ProjWeight), proj_clip)
            projection[row], cell[row], hidden[row], gates[row] = p, c, h, np.concatenate([candidate, i, f, o])
    order = np.array(by_step(Input.lengths, is_reverse), dtype=int)
    stepped = {"BatchGate": gates[order], "BatchCellPreAct": show(cell)[order], "BatchHidden": hidden[order]}
    return {**stepped, **{slot: LodArray(x, Input.lengths) for slot, x in (("Projection", projection), ("Cell", cell))}}


def lstm_case(lengths, size, initial=False, bias=None, use_peepholes=True, **attrs):
    rows, sequences = sum(lengths[-1]), len(lengths[-1])
    case = dict(
        Input=lod(uniform(rows, 4 * size), *lengths),
        Weight=uniform(size, 4 * size, low=-0.5, high=0.5),
        Bias=uniform(1, (7 if use_peepholes else 4) * size),
        use_peepholes=use_peepholes,
        **attrs,
    )
    if initial:
        case.update(H0=uniform(sequences, size), C0=uniform(sequences, size))
    return case


def lstmp_case(lengths, size, projected, states="", use_peepholes=True, **attrs):
    """`states`: which of H0 and C0 there are."""
    rows, sequences = sum(lengths[-1]), len(lengths[-1])
    case = dict(
        Input=lod(uniform(rows, 4 * size), *lengths),
        Weight=uniform(projected, 4 * size, low=-0.5, high=0.5),
        ProjWeight=uniform(size, projected),
        Bias=uniform(1, (7 if use_peepholes else 4) * size),
        use_peepholes=use_peepholes,
        **attrs,
    )
    if "h" in states:
        case.update(H0=uniform(sequences, projected))
    if "c" in states:
        case.update(C0=uniform(sequences, size))
    return case


def gru_case(lengths, size, initial=False, bias=True, **attrs):
    rows, sequences = sum(lengths[-1]), len(lengths[-1])
    case = dict(Input=lod(uniform(rows, 3 * size), *lengths), Weight=uniform(size, 3 * size, low=-0.5, high=0.5), **attrs)
    if bias:
        case.update(Bias=uniform(1, 3 * size))
    if initial:
        case.update(H0=uniform(sequences, size))
    return case


GOOD_LSTM, GOOD_GRU, GOOD_LSTMP = lstm_case([[2, 3]], 2), gru_case([[2, 3]], 2), lstmp_case([[2, 3]], 2, 3)

test = op_tests(
    Op(
        "lstm",
        cases=[
            lstm_case([[2, 3, 1]], 2),
            lstm_case([[2, 3, 1]], 3, initial=True, is_reverse=True),
            lstm_case([[3, 0, 1, 4]], 5, initial=True, use_peepholes=False),
            lstm_case([[1, 2], [2, 1, 3]], 1, use_peepholes=False, is_reverse=True),
            lstm_case([[1, 1, 1]], 2, initial=True),
            lstm_case([[6, 2, 9, 4, 4, 1, 7]], 33),
            lstm_case([[2, 3]], 3, gate_activation="tanh", cell_activation="sigmoid", candidate_activation="identity"),
            lstm_case([[2, 3]], 3, gate_activation="identity", cell_activation="identity", candidate_activation="sigmoid"),
            lstm_case([[2, 3]], 3, cell_activation="relu", candidate_activation="relu"),
            lstm_case([[0, 0]], 2, initial=True),
            lstm_case([[]], 2),
        ],
        reference=lstm,
        grad=("Input", "H0", "C0", "Weight", "Bias"),
        bad=[
            {**GOOD_LSTM, "Input": (5, 8), "match": "no LoD"},
            {**GOOD_LSTM, "Input": lod((5, 6), [2, 3]), "match": r"Input .*\[5, 6\].* 8"},
            {**GOOD_LSTM, "Weight": (2, 6), "match": r"Weight .*\[2, 6\]"},
            {**GOOD_LSTM, "Bias": (1, 8), "match": r"\[1, 14\] with peepholes"},
            {**GOOD_LSTM, "use_peepholes": False, "match": r"\[1, 8\] without peepholes"},
            {**GOOD_LSTM, "H0": (2, 2), "match": "H0 and C0"},
            {**GOOD_LSTM, "H0": (3, 2), "C0": (3, 2), "match": "a row for each sequence"},
            {**GOOD_LSTM, "gate_activation": "gelu", "match": "gate_activation is 'gelu'"},
        ],
    ),
    Op(
        "gru",
        cases=[
            gru_case([[2, 3, 1]], 2),
            gru_case([[2, 3, 1]], 3, initial=True, is_reverse=True),
            gru_case([[3, 0, 1, 4]], 5, initial=True, origin_mode=True),
            gru_case([[1, 2], [2, 1, 3]], 1, is_reverse=True, bias=False),
            gru_case([[1, 1, 1]], 2, initial=True),
            gru_case([[6, 2, 9, 4, 4, 1, 7]], 33),
            gru_case([[2, 3]], 3, gate_activation="tanh", activation="identity"),
            gru_case([[2, 3]], 3, gate_activation="identity", activation="sigmoid"),
            gru_case([[2, 3]], 3, activation="relu", origin_mode=True),
            gru_case([[0, 0]], 2, initial=True),
            gru_case([[]], 2),
        ],
        reference=gru,
        grad=("Input", "H0", "Weight", "Bias"),
        bad=[
            {**GOOD_GRU, "Input": (5, 6), "match": "no LoD"},
            {**GOOD_GRU, "Input": lod((5, 8), [2, 3]), "match": r"Input .*\[5, 8\].* 6"},
            {**GOOD_GRU, "Weight": (2, 4), "match": r"Weight .*\[2, 4\]"},
            {**GOOD_GRU, "Bias": (1, 4), "match": r"Bias .*\[1, 4\].*\[1, 6\]"},
            {**GOOD_GRU, "H0": (3, 2), "match": "a row for each sequence"},
            {**GOOD_GRU, "activation": "gelu", "match": "activation is 'gelu'"},
        ],
    ),
    Op(
        "lstmp",
        cases=[
            lstmp_case([[2, 3, 1]], 2, 3),
            lstmp_case([[2, 3, 1]], 3, 2, states="hc", is_reverse=True),
            lstmp_case([[3, 0, 1, 4]], 5, 2, states="hc", use_peepholes=False),
            lstmp_case([[1, 2], [2, 1, 3]], 2, 1, states="c", use_peepholes=False, is_reverse=True),
            lstmp_case([[1, 1, 1]], 2, 4, states="h"),
            lstmp_case([[6, 2, 9, 4, 4, 1, 7]], 33, 17),
            lstmp_case([[2, 3]], 3, 2, states="hc", cell_clip=0.25),
            lstmp_case([[2, 3]], 3, 2, states="hc", use_peepholes=False, proj_clip=0.25, proj_activation="identity"),
            lstmp_case([[2, 3]], 3, 2, cell_clip=-0.1, proj_clip=-0.1),
            lstmp_case([[2, 3]], 3, 2, gate_activation="tanh", cell_activation="sigmoid", candidate_activation="identity"),
            lstmp_case([[2, 3]], 3, 2, gate_activation="identity", cell_activation="identity", proj_activation="sigmoid"),
            lstmp_case([[2, 3]], 3, 2, cell_activation="relu", candidate_activation="relu", proj_activation="relu"),
            lstmp_case([[0, 0]], 2, 3, states="hc"),
            lstmp_case([[]], 2, 3),
        ],
        reference=lstmp,
        grad=("Input", "H0", "C0", "Weight", "ProjWeight", "Bias"),
        bad=[
            {**GOOD_LSTMP, "Input": (5, 8), "match": "no LoD"},
            {**GOOD_LSTMP, "Input": lod((5, 6), [2, 3]), "match": r"Input .*\[5, 6\].* 8"},
            {**GOOD_LSTMP, "Weight": (2, 8), "match": r"Weight .*\[2, 8\].*\[3, 8\]"},
            {**GOOD_LSTMP, "ProjWeight": (3, 3), "match": r"Weight .*\[3, 8\].*\[3, 12\]"},
            {**GOOD_LSTMP, "Bias": (1, 8), "match": r"\[1, 14\] with peepholes"},
            {**GOOD_LSTMP, "use_peepholes": False, "match": r"\[1, 8\] without peepholes"},
            {**GOOD_LSTMP, "H0": (2, 2), "match": r"H0 .*, 3\]: a row for each sequence"},
            {**GOOD_LSTMP, "C0": (3, 2), "match": r"C0 .*\[2, 2\]: a row for each sequence"},
            {**GOOD_LSTMP, "proj_activation": "gelu", "match": "proj_activation is 'gelu'"},
        ],
    ),
)

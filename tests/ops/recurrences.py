"""What references of recurrent ops share: functions on gates, the order of rows, and the layers that several ops are made of."""

import numpy as np
from values import LodArray

ACTIVATIONS = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "identity": lambda x: x,
}


def walk(lengths, reverse):
    """For each sequence of the last level: its rows in the order in which they are read."""
    ends = np.cumsum(lengths[-1]).astype(int)
    for end, length in zip(ends, lengths[-1]):
        rows = range(end - length, end)
        yield list(reversed(rows) if reverse else rows)


def by_step(lengths, reverse):
    """Rows in the order of computation: first steps of all sequences, the longest sequence first, then second steps, ..."""
    walks = sorted(walk(lengths, reverse), key=len, reverse=True)
    return [rows[t] for t in range(max(map(len, walks), default=0)) for rows in walks if t < len(rows)]


def lstm(Input, H0, C0, Weight, Bias, use_peepholes, is_reverse, gate_activation, cell_activation, candidate_activation):
    size = Weight.shape[0]
    gate, show, propose = ACTIVATIONS[gate_activation], ACTIVATIONS[cell_activation], ACTIVATIONS[candidate_activation]
    bias, peephole = Bias[0, : 4 * size], np.zeros((3, size))
    if use_peepholes:
        peephole = Bias[0, 4 * size :].reshape(3, size)
    hidden, cell, gates = (np.zeros((len(Input), n * size)) for n in (1, 1, 4))
    for s, rows in enumerate(walk(Input.lengths, is_reverse)):
        h, c = (np.zeros(size) if start is None else start[s] for start in (H0, C0))
        for row in rows:
            x_c, x_i, x_f, x_o = np.split(np.asarray(Input)[row] + h @ Weight + bias, 4)
            candidate, i, f = propose(x_c), gate(x_i + peephole[0] * c), gate(x_f + peephole[1] * c)
            c = f * c + i * candidate
            o = gate(x_o + peephole[2] * c)
            h = o * show(c)
            hidden[row], cell[row], gates[row] = h, c, np.concatenate([candidate, i, f, o])
    outputs = {"Hidden": hidden, "Cell": cell, "BatchGate": gates, "BatchCellPreAct": show(cell)}
    return {slot: LodArray(value, Input.lengths) for slot, value in outputs.items()}


def gru(Input, H0, Weight, Bias, activation, gate_activation, is_reverse, origin_mode):
    size = Weight.shape[0]
    gate, propose = ACTIVATIONS[gate_activation], ACTIVATIONS[activation]
    flat = np.asarray(Weight).reshape(-1)
    of_gates, of_candidate = flat[: 2 * size * size].reshape(size, 2 * size), flat[2 * size * size :].reshape(size, size)
    bias = np.zeros(3 * size) if Bias is None else Bias[0]
    hidden, gates, reset = (np.zeros((len(Input), n * size)) for n in (1, 3, 1))
    for s, rows in enumerate(walk(Input.lengths, is_reverse)):
        h = np.zeros(size) if H0 is None else H0[s]
        for row in rows:
            x = np.asarray(Input)[row] + bias
            u, r = np.split(gate(x[: 2 * size] + h @ of_gates), 2)
            c = propose(x[2 * size :] + (r * h) @ of_candidate)
            gates[row], reset[row] = np.concatenate([u, r, c]), r * h
            h = u * h + (1 - u) * c if origin_mode else (1 - u) * h + u * c
            hidden[row] = h
    order = np.array(by_step(Input.lengths, is_reverse), dtype=int)
    stepped = {"BatchGate": gates[order], "BatchResetHiddenPrev": reset[order], "BatchHidden": hidden[order]}
    return {**stepped, "Hidden": LodArray(hidden, Input.lengths)}

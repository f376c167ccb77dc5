"""What references of recurrent ops share: functions on gates, and the order of rows."""

import numpy as np

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

"""Sequences of a LoD level taken apart and put together, for references."""

import numpy as np

from values import LodArray


def units_of(x, level=0):
    """(rows, lengths below) of each sequence of a LoD level; of each row where there is no LoD."""
    rows, lengths = np.asarray(x), getattr(x, "lengths", [])
    if not lengths:
        return [(rows[i : i + 1], []) for i in range(len(rows))]
    units, row, places = [], 0, [0] * len(lengths)
    for length in lengths[level]:
        below, count = [[length]], length
        for k in range(level + 1, len(lengths)):
            below.append(list(lengths[k][places[k] : places[k] + count]))
            places[k] += count
            count = sum(below[-1])
        units.append((rows[row : row + count], below))
        row += count
    return units


def join(units, like, levels, above=()):
    """The units one after another, with as many LoD levels, behind those of ``above``."""
    rows = np.concatenate([np.asarray(like)[:0]] + [unit[0] for unit in units])
    lengths = [sum((unit[1][k] for unit in units), []) for k in range(levels)]
    return LodArray(rows, [list(level) for level in above] + lengths)

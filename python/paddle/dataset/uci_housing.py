"""Boston housing: 506 districts with 13 numbers each and the median price.

File, in the folder ``uci_housing``: ``housing.data``. Source: Harrison and Rubinfeld, "Hedonic prices and the demand
for clean air", 1978.
"""

import numpy as np

from paddle.dataset import common

__all__ = ["train", "test"]

feature_names = ["CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT"]

_SOURCE = "https://archive.ics.uci.edu/ml/machine-learning-databases/housing/"
_TRAIN_SHARE = 0.8


def _load():
    """All rows; numbers brought to mean 0 and a range of 1."""
    path = common.find("uci_housing", "housing.data", _SOURCE)
    values = np.fromfile(path, sep=" ")
    columns = len(feature_names) + 1
    if not values.size or values.size % columns:
        raise ValueError(
            "the file %s should hold rows of %d numbers, it holds %d numbers" % (path, columns, values.size)
        )
    rows = values.reshape(-1, columns)
    for i in range(columns - 1):
        column = rows[:, i]
        spread = column.max() - column.min()
        rows[:, i] = (column - column.mean()) / (spread if spread else 1.0)
    return rows


def _reader(choose):
    def reader():
        rows = _load()
        for row in choose(rows, int(len(rows) * _TRAIN_SHARE)):
            yield row[:-1], row[-1:]

    return reader


def train():
    """A reader of the first 80 %: features, float64 (13,), and the price in 1000 dollars, (1,)."""
    return _reader(lambda rows, count: rows[:count])


def test():
    """A reader of the last 20 %; see ``train``."""
    return _reader(lambda rows, count: rows[count:])

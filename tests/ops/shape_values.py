"""What the references of ops that move elements have in common."""

import numpy as np

from values import LodArray


def i32(*values):
    return np.array(values, "int32")


def i64(*values):
    return np.array(values, "int64")


def one(tensor, otherwise):
    """The integer in a tensor, where it is there."""
    return otherwise if tensor is None else int(np.asarray(tensor).reshape(-1)[0])


def integers(each, whole, attr):
    """The list of integers that an op takes as tensors of one, as one tensor, or as an attribute."""
    if each:
        return [int(np.asarray(e).reshape(-1)[0]) for e in each]
    return list(attr) if whole is None else np.asarray(whole).tolist()


def with_lod(array, lengths):
    """Compared with exactly this LoD."""
    return LodArray(np.asarray(array), lengths)


def reshaped_rows(X, out):
    """``out`` with the LoD of X where it has as many rows."""
    return with_lod(out, X.lengths if out.shape[0] == X.shape[0] else [])

"""Tensors of sequences from Python data."""

import numpy as np

from paddle.fluid import core

__all__ = ["create_lod_tensor", "create_random_int_lodtensor"]


def create_lod_tensor(data, recursive_seq_lens, place):
    """Make a ``LoDTensor`` from rows and the lengths of the sequences that they form.

    Args:
        data: an array of rows; a list of sequences, each a list of numbers, whose lengths must be those given; or a
            ``LoDTensor`` whose rows get other lengths.
        recursive_seq_lens (list): one list of lengths a level, the outermost first. ``[[2, 1], [3, 2, 4]]``: two
            groups of 2 and 1 sequences, of 3, 2 and 4 rows.
        place: the device.

    Raises:
        TypeError: data of another kind.
        ValueError: the lengths do not fit the rows.
    """
    if isinstance(data, core.LoDTensor):
        return create_lod_tensor(np.array(data), recursive_seq_lens, place)
    if isinstance(data, list):
        lengths = [len(sequence) for sequence in data]
        if [lengths] != [list(level) for level in recursive_seq_lens[-1:]]:
            raise ValueError(
                "the lists have lengths %s, but the last level of recursive_seq_lens is %s"
                % (lengths, list(recursive_seq_lens[-1]) if recursive_seq_lens else None)
            )
        rows = [value for sequence in data for value in sequence]
        rows = np.array(rows)
        data = rows.reshape(len(rows), -1)
    if not isinstance(data, np.ndarray):
        raise TypeError("data must be an array, a list of lists or a LoDTensor, got %s" % type(data).__name__)
    tensor = core.LoDTensor()
    tensor.set(data, place)
    tensor.set_recursive_sequence_lengths(recursive_seq_lens)
    if not tensor.has_valid_recursive_sequence_lengths():
        raise ValueError("the lengths %s do not fit %d rows" % (recursive_seq_lens, len(data)))
    return tensor


def create_random_int_lodtensor(recursive_seq_lens, base_shape, place, low, high):
    """A ``LoDTensor`` of random integers from low to high, both included; each row has shape ``base_shape``."""
    if not isinstance(base_shape, (list, tuple)):
        raise TypeError("base_shape must be a list, got %s" % type(base_shape).__name__)
    rows = sum(recursive_seq_lens[-1])
    data = np.random.randint(low, high + 1, [rows] + list(base_shape)).astype("int64")
    return create_lod_tensor(data, recursive_seq_lens, place)

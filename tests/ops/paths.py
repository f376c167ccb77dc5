"""All paths of a conditional random field and of connectionist temporal classification, one by one: for small cases."""

import itertools

import numpy as np


def ranges(x, length=None):
    """The sequences of an input, padded with ``length`` or grouped by its LoD: (slice of tokens, in the flat order)."""
    if length is None:
        ends = np.cumsum([0] + list(x.lengths[-1]))
        return [slice(int(a), int(b)) for a, b in zip(ends, ends[1:])]
    size = x.shape[1]
    return [slice(s * size, s * size + int(n)) for s, n in enumerate(np.asarray(length).reshape(-1))]


def crf_score(emission, transition, path):
    score = transition[0, path[0]] + transition[1, path[-1]]
    score += sum(emission[k, tag] for k, tag in enumerate(path))
    return score + sum(transition[2 + a, b] for a, b in zip(path, path[1:]))


def crf_scores(emission, transition):
    """path -> score."""
    length, tags = emission.shape
    return {path: crf_score(emission, transition, path) for path in itertools.product(range(tags), repeat=length)}


def log_sum(values):
    most = max(values)
    return most + np.log(sum(np.exp(np.asarray(values) - most)))


def collapse(path, blank):
    """The labels that a path stands for."""
    return tuple(k for k, _ in itertools.groupby(path) if k != blank)


def ctc_loss(logits, labels, blank):
    """0 where no path stands for the labels."""
    length, classes = logits.shape
    log_softmax = logits - np.array([log_sum(row) for row in logits]).reshape(-1, 1)
    found = [
        sum(log_softmax[t, k] for t, k in enumerate(path))
        for path in itertools.product(range(classes), repeat=length)
        if collapse(path, blank) == tuple(labels)
    ]
    return -log_sum(found) if found else 0.0

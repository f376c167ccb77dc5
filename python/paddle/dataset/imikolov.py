"""Penn Treebank text, as prepared by Mikolov, for language models.

File, in the folder ``imikolov``: ``simple-examples.tgz``. Source: Mikolov et al., "Recurrent neural network based
language model", 2010.
"""

import collections
import tarfile

from paddle.dataset import common

__all__ = ["train", "test", "build_dict"]

_SOURCE = "http://www.fit.vutbr.cz/~imikolov/rnnlm/"
_TRAIN = "./simple-examples/data/ptb.train.txt"
_TEST = "./simple-examples/data/ptb.valid.txt"


class DataType:
    """What the samples are: runs of n words, or sentences."""

    NGRAM = 1
    SEQ = 2


def _lines(name):
    path = common.find("imikolov", "simple-examples.tgz", _SOURCE)
    with tarfile.open(path) as archive:
        try:
            file = archive.extractfile(name)
        except KeyError:
            raise ValueError("the file %s holds no %s" % (path, name)) from None
        for line in file:
            yield line.decode("utf-8").strip().split()


def build_dict(min_word_freq=50):
    """Numbers for the words that occur more than ``min_word_freq`` times; ``<unk>`` is the last."""
    counts = collections.Counter()
    for name in (_TEST, _TRAIN):
        for words in _lines(name):
            counts.update(words)
            counts.update(["<s>", "<e>"])
    counts.pop("<unk>", None)
    words = sorted(((w, n) for w, n in counts.items() if n > min_word_freq), key=lambda item: (-item[1], item[0]))
    numbers = {word: i for i, (word, _) in enumerate(words)}
    numbers["<unk>"] = len(numbers)
    return numbers


def _reader(name, word_idx, n, data_type):
    unknown = word_idx["<unk>"]

    def reader():
        for words in _lines(name):
            if data_type == DataType.NGRAM:
                if n <= 0:
                    raise ValueError("runs of words need n > 0, got %d" % n)
                ids = [word_idx.get(word, unknown) for word in ["<s>"] + words + ["<e>"]]
                for end in range(n, len(ids) + 1):
                    yield tuple(ids[end - n : end])
            elif data_type == DataType.SEQ:
                ids = [word_idx.get(word, unknown) for word in words]
                source = [word_idx["<s>"]] + ids
                if n > 0 and len(source) > n:
                    continue
                yield source, ids + [word_idx["<e>"]]
            else:
                raise ValueError("data_type must be DataType.NGRAM or DataType.SEQ, got %r" % (data_type,))

    return reader


def train(word_idx, n, data_type=DataType.NGRAM):
    """A reader of the training text: tuples of ``n`` numbers; or, for ``DataType.SEQ``, sentences and the same one word
    further on, of at most ``n`` words (0: any)."""
    return _reader(_TRAIN, word_idx, n, data_type)


def test(word_idx, n, data_type=DataType.NGRAM):
    """A reader of the validation text; see ``train``."""
    return _reader(_TEST, word_idx, n, data_type)

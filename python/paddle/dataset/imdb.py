"""IMDB: 50,000 film reviews, good or bad.

File, in the folder ``imdb``: ``aclImdb_v1.tar.gz``. Source: Maas et al., "Learning Word Vectors for Sentiment
Analysis", 2011.
"""

import collections
import re
import string
import tarfile

from paddle.dataset import common

__all__ = ["build_dict", "train", "test", "word_dict"]

_SOURCE = "http://ai.stanford.edu/~amaas/data/sentiment/"
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def tokenize(pattern):
    """The words of each text whose name matches a pattern, in small letters and without punctuation."""
    path = common.find("imdb", "aclImdb_v1.tar.gz", _SOURCE)
    with tarfile.open(path) as archive:
        # in the order of the archive: seeking in a compressed file is slow
        for member in archive:
            if member.isfile() and pattern.match(member.name):
                text = archive.extractfile(member).read().decode("utf-8", "replace")
                yield text.rstrip("\n\r").translate(_PUNCTUATION).lower().split()


def build_dict(pattern, cutoff):
    """Numbers for the words that occur more than ``cutoff`` times in the texts that match, the most frequent first;
    ``<unk>`` is the last."""
    counts = collections.Counter(word for text in tokenize(pattern) for word in text)
    words = sorted(((word, n) for word, n in counts.items() if n > cutoff), key=lambda item: (-item[1], item[0]))
    numbers = {word: i for i, (word, _) in enumerate(words)}
    numbers["<unk>"] = len(numbers)
    return numbers


def _reader(part, word_idx):
    unknown = word_idx["<unk>"]

    def reader():
        for label, kind in ((0, "pos"), (1, "neg")):
            pattern = re.compile(r"aclImdb/%s/%s/.*\.txt$" % (part, kind))
            for text in tokenize(pattern):
                yield [word_idx.get(word, unknown) for word in text], label

    return reader


def train(word_idx):
    """A reader of the 25,000 training reviews: numbers of the words, and 0 for good or 1 for bad."""
    return _reader("train", word_idx)


def test(word_idx):
    """A reader of the 25,000 test reviews; see ``train``."""
    return _reader("test", word_idx)


def word_dict():
    """Numbers for the words that occur more than 150 times."""
    return build_dict(re.compile(r"aclImdb/((train)|(test))/((pos)|(neg))/.*\.txt$"), 150)

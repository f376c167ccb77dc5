"""WMT 14: English and French sentences, as prepared for machine translation.

File, in the folder ``wmt14``: ``wmt14.tgz``, with ``src.dict`` and ``trg.dict`` (a word a line, the most frequent first)
and ``train/train``, ``test/test`` (a pair a line, divided by a tab). Source: Bojar et al., "Findings of the 2014 Workshop on
Statistical Machine Translation", 2014.
"""

import tarfile

from paddle.dataset import common

__all__ = ["train", "test", "get_dict"]

_SOURCE = "http://paddlemodels.bj.bcebos.com/wmt/"
_MAX_WORDS = 80

START = "<s>"
END = "<e>"
UNK = "<unk>"
UNK_IDX = 2


def _path():
    return common.find("wmt14", "wmt14.tgz", _SOURCE)


def _member(archive, suffix):
    found = [member for member in archive if member.name.endswith(suffix)]
    if len(found) != 1:
        raise ValueError("the file %s should hold one file '...%s', it holds %d" % (_path(), suffix, len(found)))
    return archive.extractfile(found[0])


def _read_dict(suffix, size):
    with tarfile.open(_path()) as archive:
        words = (line.decode("utf-8").strip() for line in _member(archive, suffix))
        return {word: i for i, word in zip(range(size), words)}


def get_dict(dict_size, reverse=True):
    """The ``dict_size`` most frequent words of both languages: dicts from numbers to words, or with ``reverse`` False
    from words to numbers."""
    source, target = _read_dict("src.dict", dict_size), _read_dict("trg.dict", dict_size)
    if reverse:
        return {i: word for word, i in source.items()}, {i: word for word, i in target.items()}
    return source, target


def _reader(suffix, dict_size):
    def reader():
        source, target = get_dict(dict_size, reverse=False)
        with tarfile.open(_path()) as archive:
            for line in _member(archive, suffix):
                parts = line.decode("utf-8").strip().split("\t")
                if len(parts) != 2:
                    continue
                words = [[START] + parts[0].split() + [END], parts[1].split()]
                ids = [source.get(word, UNK_IDX) for word in words[0]]
                out = [target.get(word, UNK_IDX) for word in words[1]]
                if len(ids) > _MAX_WORDS or len(out) > _MAX_WORDS:
                    continue
                yield ids, [target[START]] + out, out + [target[END]]

    return reader


def train(dict_size):
    """A reader of the training sentences: numbers of the English words, of the French ones with a start in front, and
    of the French ones with an end behind. Sentences of more than 80 words are left out."""
    return _reader("train/train", dict_size)


def test(dict_size):
    """A reader of the test sentences; see ``train``."""
    return _reader("test/test", dict_size)

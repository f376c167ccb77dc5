"""WMT 16 multimodal task: English and German descriptions of pictures.

File, in the folder ``wmt16``: ``wmt16.tar.gz``, with ``wmt16/train``, ``wmt16/val`` and ``wmt16/test`` (a pair a line,
divided by a tab). Source: Elliott et al., "Multi30K: Multilingual English-German Image Descriptions", 2016.
"""

import collections
import functools
import tarfile

from paddle.dataset import common

__all__ = ["train", "test", "validation", "get_dict", "fetch"]

_SOURCE = "http://paddlemodels.bj.bcebos.com/wmt/"

START_MARK = "<s>"
END_MARK = "<e>"
UNK_MARK = "<unk>"


def fetch():
    """The path of the file, which must be there already."""
    return common.find("wmt16", "wmt16.tar.gz", _SOURCE)


def _pairs(name):
    with tarfile.open(fetch()) as archive:
        try:
            file = archive.extractfile(name)
        except KeyError:
            raise ValueError("the file %s holds no %s" % (fetch(), name)) from None
        for line in file:
            parts = line.decode("utf-8").strip().split("\t")
            if len(parts) == 2:
                yield parts


@functools.lru_cache(maxsize=8)
def _numbers(path, lang, size):
    """Numbers for the ``size`` most frequent words of the training sentences, the three marks first."""
    column = 0 if lang == "en" else 1
    counts = collections.Counter(word for pair in _pairs("wmt16/train") for word in pair[column].split())
    words = [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    marks = [START_MARK, END_MARK, UNK_MARK]
    return {word: i for i, word in enumerate((marks + words)[:size])}


def get_dict(lang, dict_size, reverse=False):
    """A dict from words to numbers for ``'en'`` or ``'de'``; ``reverse``: from numbers to words.

    Raises:
        ValueError: another language.
    """
    if lang not in ("en", "de"):
        raise ValueError("the languages are 'en' and 'de', got %r" % (lang,))
    numbers = _numbers(fetch(), lang, dict_size)
    return {i: word for word, i in numbers.items()} if reverse else dict(numbers)


def _reader(name, src_dict_size, trg_dict_size, src_lang):
    if src_lang not in ("en", "de"):
        raise ValueError("the languages are 'en' and 'de', got %r" % (src_lang,))

    def reader():
        source = get_dict(src_lang, src_dict_size)
        target = get_dict("de" if src_lang == "en" else "en", trg_dict_size)
        start, end, unknown = (source[mark] for mark in (START_MARK, END_MARK, UNK_MARK))
        column = 0 if src_lang == "en" else 1
        for pair in _pairs(name):
            ids = [source.get(word, unknown) for word in pair[column].split()]
            out = [target.get(word, unknown) for word in pair[1 - column].split()]
            yield [start] + ids + [end], [start] + out, out + [end]

    return reader


def train(src_dict_size, trg_dict_size, src_lang="en"):
    """A reader of the training sentences: numbers of the source words with start and end, of the target words with a
    start in front, and of the target words with an end behind."""
    return _reader("wmt16/train", src_dict_size, trg_dict_size, src_lang)


def test(src_dict_size, trg_dict_size, src_lang="en"):
    """A reader of the test sentences; see ``train``."""
    return _reader("wmt16/test", src_dict_size, trg_dict_size, src_lang)


def validation(src_dict_size, trg_dict_size, src_lang="en"):
    """A reader of the validation sentences; see ``train``."""
    return _reader("wmt16/val", src_dict_size, trg_dict_size, src_lang)

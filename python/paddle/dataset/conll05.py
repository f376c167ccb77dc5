"""CoNLL 2005: sentences with the roles that their parts play to a verb (semantic role labelling).

Files, in the folder ``conll05st``: ``conll05st-tests.tar.gz`` (the public test set), ``wordDict.txt``, ``verbDict.txt``,
``targetDict.txt`` (a word, verb or tag a line) and ``emb`` (word vectors). Source: Carreras and Marquez, "Introduction to the
CoNLL-2005 Shared Task: Semantic Role Labeling", 2005.
"""

import gzip
import tarfile

from paddle.dataset import common

__all__ = ["test", "get_dict", "get_embedding"]

_SOURCE = "http://paddlemodels.bj.bcebos.com/conll05st/"
_WORDS = "conll05st-release/test.wsj/words/test.wsj.words.gz"
_PROPS = "conll05st-release/test.wsj/props/test.wsj.props.gz"
UNK_IDX = 0


def _lines(name):
    with open(common.find("conll05st", name, _SOURCE), encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip()]


def get_dict():
    """The dictionaries of words, of verbs and of tags: three dicts to numbers.

    Each role of ``targetDict.txt`` gets two tags, ``B-`` where it begins and ``I-`` inside; ``O`` is the last one.
    """
    words, verbs = ({word: i for i, word in enumerate(_lines(name))} for name in ("wordDict.txt", "verbDict.txt"))
    roles = dict.fromkeys(tag[2:] for tag in _lines("targetDict.txt") if tag[:2] in ("B-", "I-"))
    tags = [prefix + role for role in roles for prefix in ("B-", "I-")] + ["O"]
    return words, verbs, {tag: i for i, tag in enumerate(tags)}


def get_embedding():
    """The path of the file with the word vectors."""
    return common.find("conll05st", "emb", _SOURCE)


def _sentences(words, props):
    """The words of each sentence, and its columns: the verbs, then for each of them the brackets of the roles."""
    sentence, rows = [], []
    for word, prop in zip(words, props):
        word, columns = word.decode("utf-8").strip(), prop.decode("utf-8").split()
        if columns:
            sentence.append(word)
            rows.append(columns)
        elif sentence:
            yield sentence, list(zip(*rows))
            sentence, rows = [], []
    if sentence:
        yield sentence, list(zip(*rows))


def _tags(column):
    """Tags from brackets: ``(A0* * *)`` becomes ``B-A0 I-A0 I-A0``."""
    tags, role = [], None
    for text in column:
        if text.startswith("("):
            role = text[1 : text.index("*")]
            tags.append("B-" + role)
        else:
            tags.append("O" if role is None else "I-" + role)
        if text.endswith(")"):
            role = None
    return tags


def _corpus():
    """(words, verb, tags) of each verb of each sentence."""
    with tarfile.open(common.find("conll05st", "conll05st-tests.tar.gz", _SOURCE)) as archive:
        with gzip.open(archive.extractfile(_WORDS)) as words, gzip.open(archive.extractfile(_PROPS)) as props:
            for sentence, columns in _sentences(words, props):
                verbs = [verb for verb in columns[0] if verb != "-"]
                if len(verbs) != len(columns) - 1:
                    raise ValueError("'%s' has %d verbs and %d columns of roles" % (sentence, len(verbs), len(columns) - 1))
                for verb, column in zip(verbs, columns[1:]):
                    yield sentence, verb, _tags(column)


def _sample(sentence, verb, tags, dicts):
    words, verbs, numbers = dicts
    if "B-V" not in tags or verb not in verbs:
        raise ValueError("'%s' has no tag B-V, or its verb '%s' is not in verbDict.txt" % (" ".join(sentence), verb))
    at, count = tags.index("B-V"), len(sentence)
    mark = [int(abs(i - at) <= 2) for i in range(count)]
    padded = ["bos", "bos"] + sentence + ["eos", "eos"]
    context = [[words.get(padded[at + k], UNK_IDX)] * count for k in range(5)]
    return [
        [words.get(word, UNK_IDX) for word in sentence],
        *context,
        [verbs[verb]] * count,
        mark,
        [numbers[tag] for tag in tags],
    ]


def test():
    """A reader of the test set, a sample for each verb of a sentence: nine lists of numbers, all as long as the sentence.

    The words; the word two before the verb, one before, the verb itself, one and two behind it, repeated; the verb's number
    in the dictionary of verbs, repeated; 1 within two words of the verb, else 0; the tags.
    """

    def reader():
        dicts = get_dict()
        for sentence, verb, tags in _corpus():
            yield tuple(_sample(sentence, verb, tags, dicts))

    return reader

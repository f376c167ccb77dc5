"""The batches that all implementations train on, taken from the examples' data and handed over in a file."""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs" / "examples"))


def write(net, batch_size, count):
    """Writes ``count`` batches of the net's data, drawn without order, to a file that NumPy reads; returns its path."""
    import datasets

    random = np.random.RandomState(0)
    if net == "digits":
        (images, labels), _ = datasets.digits()
        picked = random.permutation(len(images))[: batch_size * count]
        content = {"image": images[picked], "label": labels[picked]}
    else:
        reviews, _, tokens = datasets.reviews()
        picked = [reviews[i] for i in random.permutation(len(reviews))[: batch_size * count]]
        content = {
            "word": np.concatenate([text for text, _ in picked]),
            "length": np.array([len(text) for text, _ in picked]),
            "label": np.array([[label] for _, label in picked], dtype="int64"),
            "tokens": np.array(tokens),
        }
    path = ROOT / "build" / "bench" / (net + ".npz")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, batch_size=np.array(batch_size), **content)
    return path


def read(path):
    """A dict of arrays for each batch: ``image`` and ``label``, or ``word``, ``length`` and ``label``."""
    content = np.load(path)
    size = int(content["batch_size"])
    out = []
    if "image" in content:
        images, labels = content["image"], content["label"]
        return [{"image": images[i : i + size], "label": labels[i : i + size]} for i in range(0, len(labels), size)]
    lengths, labels, words = content["length"], content["label"], content["word"]
    ends = np.concatenate([[0], np.cumsum(lengths)])
    for i in range(0, len(labels), size):
        last = min(i + size, len(labels))
        out.append({"word": words[ends[i] : ends[last]], "length": lengths[i:last], "label": labels[i:last]})
    return out


def units(data):
    """What a pass over the batches holds: tokens or images."""
    return sum(len(batch["word"]) if "word" in batch else len(batch["image"]) for batch in data)


def tokens(path):
    """Number of different tokens of the reviews."""
    return int(np.load(path)["tokens"])

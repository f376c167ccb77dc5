"""What both implementations train on, handed over in a file: words with their letters, the batches' order, the first parameters."""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
BATCH_SIZE = 64


def example():
    """The example as a module, with the two that it uses."""
    sys.path[:0] = [str(EXAMPLES), str(EXAMPLES / "book")]
    import datasets
    import encoder_decoder
    import training

    return encoder_decoder, datasets, training


def _parameters(net, characters, letters):
    """Those that the example's startup program makes: name to array."""
    import paddle.fluid as fluid

    (main, startup), _, _ = net.build(1, characters, letters)
    exe, scope = fluid.Executor(fluid.CPUPlace()), fluid.Scope()
    with fluid.scope_guard(scope):
        exe.run(startup)
        return {one.name: np.array(scope.find_var(one.name).get_tensor()) for one in main.all_parameters()}


def write(epochs, small):
    """Write what ``epochs`` passes of the example with seed 1 begin with and read, to a file that NumPy reads; returns its path."""
    net, datasets, training = example()
    train, test, characters, letters = datasets.pronunciations(small)
    content = {"characters": np.array(len(characters)), "letters": np.array(len(letters))}
    for name, pairs in ("train", train), ("test", test):
        for kind, texts in zip(("word", "spelling"), zip(*pairs)):
            content["%s_%s" % (name, kind)] = np.concatenate(texts)
            content["%s_%s_length" % (name, kind)] = np.array([len(text) for text in texts])
    orders = [np.concatenate([numbers for numbers, _ in training.drawn(1, epoch, len(train))]) for epoch in range(epochs)]
    content["orders"] = np.stack(orders)
    for name, value in _parameters(net, len(characters), len(letters)).items():
        content["parameter " + name] = value
    path = ROOT / "build" / "bench" / ("book_small.npz" if small else "book.npz")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **content)
    return path


class Words:
    """The file's content.

    Attributes:
        train, test: pairs of the tokens of a word's characters and of its letters, int64 [length] each.
        orders: for each epoch the numbers of the words to train, in their order.
        characters, letters: how many tokens there are.
        parameters: name to array.
    """

    def __init__(self, path):
        content = np.load(path)
        self.train, self.test = self._pairs(content, "train"), self._pairs(content, "test")
        self.orders, self.characters, self.letters = content["orders"], int(content["characters"]), int(content["letters"])
        prefix = "parameter "
        self.parameters = {name[len(prefix) :]: content[name] for name in content.files if name.startswith(prefix)}

    @staticmethod
    def _pairs(content, name):
        def texts(kind):
            ends = np.cumsum(content["%s_%s_length" % (name, kind)])
            return np.split(content["%s_%s" % (name, kind)], ends[:-1])

        return list(zip(texts("word"), texts("spelling")))

    def batches(self, epoch):
        """The batches of an epoch, lists of pairs."""
        order = self.orders[epoch]
        return [[self.train[number] for number in order[at : at + BATCH_SIZE]] for at in range(0, len(order), BATCH_SIZE)]

"""What surrounds the training loop of an example: options, progress, checkpoints, learning curve, results."""

import argparse
import json
import os
import sys
import time

import numpy as np

import paddle.fluid as fluid

BATCH_SIZE = 64


def options(description, out, epochs, **choices):
    """Read the command line that all examples have.

    Args:
        choices: what else the example lets choose: name of the option to a list of values, the first being the default.
    """
    parser = argparse.ArgumentParser(description=description)
    for name, values in choices.items():
        parser.add_argument("--" + name, choices=values, default=values[0], help="(%s)" % values[0])
    parser.add_argument("--epochs", type=int, help="passes over the training data (%d; small: 2)" % epochs)
    parser.add_argument("--seed", type=int, default=1, help="of the parameters and of the order of the data (1)")
    parser.add_argument("--small", action="store_true", help="little data: a trial of a few seconds")
    parser.add_argument("--validate", action="store_true", help="for trials: hold back and test on a tenth of the training data")
    parser.add_argument("--out", default=out, metavar="DIR", help="where everything is written (%(default)s)")
    parser.add_argument("--save", type=int, default=0, metavar="N", help="write a checkpoint every N batches (never)")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint, if there is one")
    args = parser.parse_args()
    args.epochs = args.epochs or (2 if args.small else epochs)
    os.makedirs(args.out, exist_ok=True)
    return args


def batches(samples, batch_size=BATCH_SIZE):
    """How many batches an epoch has; the last one may be smaller."""
    return -(-samples // batch_size)


def drawn(seed, epoch, samples, batch_size=BATCH_SIZE, first=0, shuffle=True):
    """The batches of an epoch from number ``first`` on, drawn from the seed and the number of the epoch.

    Without ``shuffle`` the samples come in their order.

    Yields:
        Numbers of the samples of a batch, and a ``RandomState`` of its own.
    """
    order = np.random.RandomState([seed, epoch]).permutation(samples) if shuffle else np.arange(samples)
    for start in range(first * batch_size, samples, batch_size):
        yield order[start : start + batch_size], np.random.RandomState([seed, epoch, start])


def sequences(arrays):
    """Sequences of tokens, int64 [length] each, as one tensor: end to end [T, 1], with their lengths."""
    tokens = np.concatenate(arrays).reshape([-1, 1])
    return fluid.create_lod_tensor(tokens, [[len(array) for array in arrays]], fluid.CPUPlace())


def parts(samples, size=250):
    """Consecutive parts of a list; the last may be shorter."""
    return [samples[at : at + size] for at in range(0, len(samples), size)]


class Training:
    """Leads through epochs and batches, shows how it goes, and keeps what a killed training needs to go on.

    Args:
        args: what ``options`` returned.
        program: the training program.
        samples: how many there are to train.
        batch_size: samples in a batch; the last of an epoch may have fewer.
        measure: name of what is measured after each epoch.
        percent: whether that is a share, to be shown in per cent.
        shuffle: whether each epoch draws the samples in a new order.
    """

    def __init__(self, args, program, samples, batch_size=BATCH_SIZE, measure="accuracy", percent=True, shuffle=True):
        self._args, self._samples, self._batch_size, self._shuffle = args, samples, batch_size, shuffle
        self._measure, self._percent = "test " + measure, percent
        self._batches = batches(samples, batch_size)
        self._state = {"epoch": 0, "batch": 0, "seconds": 0.0, "waited": 0.0, "losses": [], "measured": []}
        self._checkpoint = None
        if args.save or args.resume:
            if not hasattr(fluid.io, "Checkpoint"):
                raise SystemExit("--save and --resume need fluid.io.Checkpoint, which this package does not have")
            self._checkpoint = fluid.io.Checkpoint(os.path.join(args.out, "checkpoint"), program)
        if args.resume:
            self._state = self._checkpoint.restore() or self._state
        self._first = self._step()
        self._earlier = self._state["seconds"]
        self._start = time.time()

    def _step(self):
        return self._state["epoch"] * self._batches + self._state["batch"]

    def epochs(self):
        """The numbers of the epochs to come."""
        return range(self._state["epoch"], self._args.epochs)

    def batches(self, loader, make_batch):
        """The rest of this epoch's batches, as ``drawn`` gives them.

        Args:
            loader: a ``DataLoader`` made by ``from_generator``; it prepares batches in the background.
            make_batch: function(sample numbers, ``RandomState``) -> a dict from name to array, in the order of the loader's variables.
        """
        state = self._state
        rest = drawn(self._args.seed, state["epoch"], self._samples, self._batch_size, state["batch"], self._shuffle)

        def generate():
            for numbers, random in rest:
                yield list(make_batch(numbers, random).values())

        loader.set_batch_generator(generate, places=fluid.cpu_places(1))
        asked = time.time()
        for batch in loader():
            state["waited"] += time.time() - asked
            yield batch
            asked = time.time()

    def step(self, loss):
        """Count a batch as trained."""
        state = self._state
        state["batch"] += 1
        state["seconds"] = self._earlier + time.time() - self._start
        state["losses"].append(round(loss.item(), 6))
        if self._args.save and self._step() % self._args.save == 0:
            self._checkpoint.save(state)
        if sys.stdout.isatty():
            print("\r" + self._progress(), end="", flush=True)

    def tested(self, value):
        """Count an epoch as done, with what was measured after it (a share: 0 to 1)."""
        state = self._state
        state["measured"].append(float(value))
        shown = "%.2f %%" % (100 * value) if self._percent else "%.2f" % value
        print("%s%s, %s %s" % ("\r" * sys.stdout.isatty(), self._progress(), self._measure, shown), flush=True)
        state["epoch"], state["batch"] = state["epoch"] + 1, 0
        if self._args.save:
            self._checkpoint.save(state)

    def _rates(self):
        """Samples a second since this process began, share of the time spent waiting for data."""
        seconds = max(time.time() - self._start, 1e-9)
        done = self._step() - self._first
        per_second = done * self._samples / self._batches / seconds
        return per_second, self._state["waited"] / max(self._state["seconds"], 1e-9)

    def _progress(self):
        """One line: bar of the epoch, loss, rates, time to go."""
        state = self._state
        per_second, waiting = self._rates()
        left = (self._args.epochs * self._batches - self._step()) * self._samples / self._batches / max(per_second, 1e-9)
        filled = 20 * state["batch"] // self._batches
        recent = np.mean(state["losses"][-20:])
        return "epoch %d/%d [%s] loss %.4f, %s samples/s, %.0f %% waiting for data, ETA %d:%02d" % (
            state["epoch"] + 1,
            self._args.epochs,
            "#" * filled + "." * (20 - filled),
            recent,
            format(int(per_second), ","),
            100 * waiting,
            left // 60,
            left % 60,
        )

    def finish(self):
        """Write ``result.json`` and, where matplotlib is installed, the learning curve ``curve.png``."""
        state = self._state
        per_second, waiting = self._rates()
        result = {
            self._measure.replace(" ", "_"): state["measured"][-1],
            "epochs": state["epoch"],
            "training_seconds": round(state["seconds"], 3),
            "samples_per_second": round(per_second, 1),
            "waiting_for_data": round(waiting, 4),
        }
        with open(os.path.join(self._args.out, "result.json"), "w") as file:
            json.dump(result, file, indent=2)
        try:
            import matplotlib
        except ImportError:
            return
        matplotlib.use("Agg")
        measured = np.array(state["measured"]) * (100 if self._percent else 1)
        label = self._measure + ", %" * self._percent
        _plot(os.path.join(self._args.out, "curve.png"), state["losses"], measured, label, self._batches)


def _plot(path, losses, measured, label, batches):
    """Draw the loss of each batch with its running mean, and what was measured after each epoch."""
    from matplotlib import pyplot

    figure, left = pyplot.subplots(figsize=(8, 4.5))
    at = np.arange(1, len(losses) + 1) / batches
    window = min(20, len(losses))
    left.plot(at, losses, color="tab:blue", alpha=0.25)
    left.plot(at[window - 1 :], np.convolve(losses, np.ones(window) / window, "valid"), color="tab:blue")
    left.set_xlabel("epoch")
    left.set_ylabel("training loss", color="tab:blue")
    left.set_ylim(bottom=0)
    right = left.twinx()
    right.plot(np.arange(1, len(measured) + 1), measured, "o-", color="tab:orange")
    right.set_ylabel(label, color="tab:orange")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)

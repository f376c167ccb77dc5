"""Trains a small network with the installed package; checks that it learns and which shared libraries are mapped."""

import os
import sys

import numpy as np
import paddle
import paddle.fluid as fluid


def train():
    """First and last loss of a linear regression."""
    x = fluid.data("x", [None, 4])
    y = fluid.data("y", [None, 1])
    hidden = fluid.layers.fc(x, 8, act="tanh")
    error = fluid.layers.square(fluid.layers.elementwise_sub(fluid.layers.fc(hidden, 1), y))
    loss = fluid.layers.mean(error)
    fluid.optimizer.SGD(learning_rate=0.1).minimize(loss)
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(fluid.default_startup_program())
    random = np.random.RandomState(0)
    inputs = random.rand(64, 4).astype("float32")
    feed = {"x": inputs, "y": inputs.sum(1, keepdims=True).astype("float32")}
    losses = [float(np.asarray(exe.run(feed=feed, fetch_list=[loss])[0]).reshape(-1)[0]) for _ in range(50)]
    return losses[0], losses[-1]


def mapped():
    with open("/proc/self/maps") as maps:
        return sorted({line.split(None, 5)[5].strip() for line in maps if line.rstrip().endswith(".so") or ".so." in line})


def main():
    first, last = train()
    assert last < 0.1 * first, (first, last)
    prefix = os.path.realpath(sys.prefix)
    assert os.path.realpath(paddle.__file__).startswith(prefix), paddle.__file__
    for bundled in sys.argv[1:]:
        copies = [path for path in mapped() if bundled in os.path.basename(path)]
        assert copies, "%s is not loaded: %s" % (bundled, mapped())
        # NumPy carries libraries of its own inside the same environment.
        assert all(os.path.realpath(path).startswith(prefix) for path in copies), copies
    print("loss %.4f -> %.4f" % (first, last))


main()

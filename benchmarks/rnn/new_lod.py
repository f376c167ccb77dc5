"""What a LoD that was never seen costs: steps over texts of other lengths each time, as many words in all, in turn with steps
over the same texts; in microseconds. The net is small, so that little else happens."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
import measure  # noqa: E402
import numpy as np  # noqa: E402

import paddle.fluid as fluid  # noqa: E402

layers = fluid.layers
HIDDEN = 4


def main():
    case = measure.case()
    x = fluid.data("x", [None, 4 * HIDDEN], lod_level=1)
    hidden, _ = layers.dynamic_lstm(x, 4 * HIDDEN, use_peepholes=False)
    loss = layers.mean(layers.sequence_last_step(hidden))
    fluid.optimizer.SGD(0.1).minimize(loss)
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(fluid.default_startup_program())
    random = np.random.RandomState(1)
    lengths = random.randint(10, 101, case["batch"])
    rows = random.rand(lengths.sum(), 4 * HIDDEN).astype("float32")
    feeds = [
        fluid.create_lod_tensor(rows, [random.permutation(lengths).tolist()], fluid.CPUPlace())
        for _ in range(1 + case["warmup"] + case["steps"])
    ]

    def step(i):
        exe.run(feed={"x": feeds[0 if i % 2 else 1 + i // 2]}, fetch_list=[])

    times = measure.time_steps(step, 2 * case["warmup"], 2 * case["steps"])
    new, same = times[::2], times[1::2]
    measure.finish(new, 1, us=1000.0 * (np.median(new) - np.median(same)))


main()

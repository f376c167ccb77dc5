"""The machine's best square product: GFLOP/s of `matmul`, the largest of three sizes."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
import measure  # noqa: E402
import numpy as np  # noqa: E402

import paddle.fluid as fluid  # noqa: E402


def rate(size):
    program = fluid.Program()
    with fluid.program_guard(program):
        a, b = (fluid.data(name, [size, size]) for name in "ab")
        product = fluid.layers.reduce_mean(fluid.layers.matmul(a, b))
    exe = fluid.Executor(fluid.CPUPlace())
    feed = {name: np.random.rand(size, size).astype("float32") for name in "ab"}
    ms = measure.time_steps(lambda _: exe.run(program, feed, [product]), 2, 10)
    return 2 * size**3 / min(ms) / 1e6


measure.finish([0.0], 0, gflops=max(rate(size) for size in (768, 1536, 3072)))

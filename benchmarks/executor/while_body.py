"""A While that runs a body of elementwise_add over 16 floats 1,000 times; also counts allocations."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import measure  # noqa: E402

import paddle.fluid as fluid  # noqa: E402
from paddle.fluid import core  # noqa: E402

layers = fluid.layers
RUNS = 1000


def build(length):
    """Each run adds ``x`` ``length`` times to the state that the run before left."""
    program = fluid.Program()
    with fluid.program_guard(program, fluid.Program()):
        x = fluid.data("x", [16])
        state = layers.scale(x, 1.0)
        i, runs = layers.fill_constant([1], "int64", 0), layers.fill_constant([1], "int64", RUNS)
        going = layers.less_than(i, runs)
        loop = layers.While(going)
        with loop.block():
            y = state
            for _ in range(length):
                y = layers.elementwise_add(y, x)
            layers.assign(y, state)
            layers.increment(i, 1)
            layers.less_than(i, runs, cond=going)
    return program, state.name


def main():
    case = measure.case()
    program, state = build(case["length"])
    executor, scope = core.Executor(core.CPUPlace()), core.Scope()
    feed = {"x": core.from_numpy(np.ones(16, "float32"))}

    def step(_):
        executor.run(program.desc, scope, feed, [state])

    ms = measure.time_steps(step, case["warmup"], case["steps"])
    before = core.memory_stats()["allocations"]
    for i in range(10):
        step(i)
    measure.finish(ms, case["length"] * RUNS, allocations=core.memory_stats()["allocations"] - before)


main()

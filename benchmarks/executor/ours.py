"""A chain of elementwise_add over 16 floats through the executor; also counts allocations and instructions."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import measure  # noqa: E402

import paddle.fluid as fluid  # noqa: E402
from paddle.fluid import core  # noqa: E402


def build(length):
    program = fluid.Program()
    with fluid.program_guard(program, fluid.Program()):
        x = fluid.data("x", [16])
        y = x
        for _ in range(length):
            y = fluid.layers.elementwise_add(y, x)
    return program, y.name


def main():
    case = measure.case()
    program, last = build(case["length"])
    executor, scope = core.Executor(core.CPUPlace()), core.Scope()
    feed = {"x": core.from_numpy(np.ones(16, "float32"))}

    def step(_):
        executor.run(program.desc, scope, feed, [last])

    ms = measure.time_steps(step, case["warmup"], case["steps"])
    before = core.memory_stats()["allocations"]
    for i in range(10):
        step(i)
    allocations = core.memory_stats()["allocations"] - before
    text = executor.plan_text(program.desc, ["x"], [last], scope)
    instructions = sum(1 for line in text.splitlines() if line.startswith("  ["))
    measure.finish(ms, case["length"], allocations=allocations, instructions=instructions)


main()

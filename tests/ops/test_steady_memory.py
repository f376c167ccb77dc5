"""Thousands of runs of loops and recurrent networks, each with other lengths: after the largest batch no memory is taken any more."""

import gc
import resource

import numpy as np
import pytest
import sanitizer
from loop_nets import NETS, LoopNet

import paddle.fluid as fluid
from paddle.fluid import core

WARM_UP, RUNS = (100, 200) if sanitizer.ACTIVE else (5000, 10000)  # until states for the shapes that recur are prepared
SLACK = 3 << 19  # bytes: the heap of a process settles slowly


class Greatest:
    """A random generator that draws the greatest integers: with it, a network draws its largest batch."""

    def integers(self, low, high, size=None):
        return high - 1 if size is None else np.full(size, high - 1)

    def uniform(self, low, high, size):
        return np.random.default_rng(0).uniform(low, high, size)


def resident():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


@pytest.mark.parametrize("build", NETS, ids=lambda build: build.__name__)
def test_runs_of_random_lengths_take_no_more_memory(build):
    net, scope, random = LoopNet(build), fluid.Scope(), np.random.default_rng(5)
    executor = core.Executor(core.CPUPlace())
    executor.run(net.startup.desc, scope, {}, [], seed=1)

    def run(source, times):
        for _ in range(times):
            executor.run(net.main.desc, scope, net.draw(source), net.fetch, seed=1)
        gc.collect()
        return resident(), core.memory_stats()["in_use"], executor.stats()

    run(Greatest(), 2)
    rss, in_use, stats = run(random, WARM_UP)
    rss_after, in_use_after, stats_after = run(random, RUNS)
    assert stats_after["plans_built"] == stats["plans_built"]
    if sanitizer.ACTIVE:  # so few runs are no warm-up
        return
    # Which rows take which branch makes sizes that the largest batch need not have: once more a mark may be passed.
    for before, after in ((in_use, in_use_after), (stats["arena_bytes"], stats_after["arena_bytes"])):
        assert after <= before * 9 // 8, f"memory for tensors grew from {before} to {after} bytes in {RUNS} runs"
    assert rss_after - rss < SLACK, f"the process grew from {rss} to {rss_after} bytes in {RUNS} runs"

"""Damaged programs, loaded and run: exceptions only, no crash, no endless loop but one that Ctrl-C ends, no huge allocation.

The seeds are the programs of all entries of this folder, with gradients, and networks of loops, arrays, branches and
labels. Each mutation runs in a forked worker. `FUZZ_RUNS=10000` says how many.
"""

import mmap
import os
import random
import select
import signal
import time
import traceback

import numpy as np
import pytest
import sanitizer
from checks import Gradient, cases_of, gradient_cases
from error_checks import little_memory
from harness import ENTRIES, Op
from loop_nets import NETS, LoopNet
from mutations import mutate
from one_op import EXECUTOR, OneOp
from test_coverage import import_all

from paddle import _core as core

RUNS = int(os.environ.get("FUZZ_RUNS", 200 if sanitizer.ACTIVE else 2000))
FIRST = int(os.environ.get("FUZZ_FIRST", 0))  # the number of the first mutation
A_WORKER = 500  # mutations at most
PATIENCE = 10  # seconds for a run, and for its end by Ctrl-C
LOOP_PATIENCE = 0.5  # for the run of a program with a loop
CASES = 3  # of an entry


class OneOpSeed:
    """The program of a case of an entry, or of its gradient."""

    loops = False

    def __init__(self, case, one, fetch):
        self.name, self.case, self.fetch, self.feed = str(case), case, fetch, one.feed
        self.data = one.program.serialize_to_string()

    def run(self, data):
        scope = OneOp(self.case).scope  # holds SelectedRows
        EXECUTOR.run(core.ProgramDesc(data), scope, self.feed, self.fetch, seed=1)


class NetSeed:
    """The program of a network. A damaged one with a loop may go round for ever."""

    def __init__(self, build):
        net = LoopNet(build)
        self.name, self.fetch, self.feed = net.name, net.fetch, net.draw(np.random.default_rng(1))
        self.startup, self.data = net.startup.desc, net.main.desc.serialize_to_string()
        self.loops = b"while" in self.data

    def run(self, data):
        scope = core.Scope()
        EXECUTOR.run(self.startup, scope, {}, [], seed=1)
        program = core.ProgramDesc(data)
        for _ in range(2):  # the second run uses what the first prepared
            EXECUTOR.run(program, scope, self.feed, self.fetch, seed=1)


def seeds_of_ops():
    import_all()
    for entry in ENTRIES.values():
        if isinstance(entry, Op):
            for case in list(cases_of(entry))[:CASES]:
                one = OneOp(case)
                yield OneOpSeed(case, one, [name for names in one.output_names.values() for name in names])
            for case in gradient_cases(entry)[: CASES if entry.grad else 0]:
                gradient = Gradient(case)
                if gradient.grads:
                    yield OneOpSeed(case, gradient.one, list(gradient.grads.values()))


class Progress:
    """Which mutation a worker is at, seen by the process that started it."""

    def __init__(self):
        self.memory = mmap.mmap(-1, 8)

    def set(self, number):
        self.memory[:] = number.to_bytes(8, "little")

    def get(self):
        return int.from_bytes(self.memory[:], "little")


def attempt(seed, number):
    """Runs one mutation; returns what is wrong with how it ended, or '', and whether memory ran out."""
    data = mutate(seed.data, random.Random(number))
    try:
        seed.run(data)
    except core.EnforceNotMet as error:
        return "", isinstance(error, MemoryError)
    except KeyboardInterrupt:
        return "" if seed.loops else "did not end", False
    except BaseException:
        return traceback.format_exc(), False
    return "", False


def work(seeds, numbers, progress, pipe):
    """A worker: it writes what is wrong into the pipe, and ends without Python's clean-up, which is its parent's.

    It ends when memory ran out: what is free then is not the system's, and oneDNN does not check what the system gives it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    status = 1
    try:
        with little_memory():
            for number in numbers:
                progress.set(number)
                wrong, no_memory = attempt(seeds[number % len(seeds)], number)
                if wrong:
                    os.write(pipe, f"mutation {number} of {seeds[number % len(seeds)].name}\n{wrong}\n".encode())
                if wrong or no_memory:
                    break
        status = 0
    except KeyboardInterrupt:  # it came when the run had just ended
        status = 0
    finally:
        os._exit(status)


def watch(pid, seeds, progress, reader):
    """What a worker writes until it ends, interrupted where it does not come forward; its exit status."""
    written, last, since, signals = b"", None, time.monotonic(), []
    while True:
        if select.select([reader], [], [], 0.1)[0]:
            part = os.read(reader, 65536)
            if not part:
                return written.decode(), os.waitpid(pid, 0)[1]
            written += part
        if progress.get() != last:
            last, since = progress.get(), time.monotonic()
            loops = seeds[last % len(seeds)].loops
            signals = [(LOOP_PATIENCE if loops else PATIENCE, signal.SIGINT), (PATIENCE, signal.SIGKILL)]
        elif signals and time.monotonic() - since > signals[0][0]:
            os.kill(pid, signals.pop(0)[1])
            since = time.monotonic()


def run_in_worker(seeds, numbers):
    """What went wrong, or '', and the mutation that was the last."""
    progress = Progress()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        work(seeds, numbers, progress, writer)
    os.close(writer)
    written, status = watch(pid, seeds, progress, reader)
    os.close(reader)
    number = progress.get()
    if status == 0 or written:
        return written, number
    how = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"status {os.WEXITSTATUS(status)}"
    return f"{how} ends mutation {number} of {seeds[number % len(seeds)].name}", number


@pytest.mark.parametrize("kind, share", [("ops", 0.8), ("nets", 0.2)])
def test_mutated_programs_end_in_exceptions_only(kind, share):
    seeds = list(seeds_of_ops()) if kind == "ops" else [NetSeed(build) for build in NETS]
    for seed in seeds:
        seed.run(seed.data)
    next_one, end = FIRST, FIRST + int(RUNS * share)
    while next_one < end:
        wrong, last = run_in_worker(seeds, range(next_one, min(next_one + A_WORKER, end)))
        assert not wrong, wrong
        next_one = last + 1

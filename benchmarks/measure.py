"""What every measured script shares: timing of steps and the line it prints."""

import json
import platform
import resource
import sys
import time


def case():
    """The case, as the harness handed it over."""
    return json.loads(sys.argv[1])


def on_gpu(case):
    """Whether the case is to run on the first GPU, not on the processor."""
    return case.get("place", "cpu") == "gpu"


def check_gpu(case, framework, found):
    """Ends the process where the case asks for a GPU and the framework, which would run on the processor then, found none."""
    if on_gpu(case) and not found:
        sys.exit("%s finds no GPU, or was built for the processor only" % framework)


def time_steps(step, warmup, steps):
    """Milliseconds of each of ``steps`` calls of ``step(i)``, after ``warmup`` calls that are not counted."""
    for i in range(warmup):
        step(i)
    times = []
    for i in range(steps):
        begin = time.perf_counter()
        step(warmup + i)
        times.append(1000.0 * (time.perf_counter() - begin))
    return times


def versions():
    """Those of Python and of the frameworks that this process has loaded."""
    out = {"python": platform.python_version()}
    for name in ("numpy", "paddle", "torch", "tensorflow", "jax", "jaxlib", "optax"):
        if name in sys.modules:
            out[name] = str(sys.modules[name].__version__)
    return out


def finish(ms, per_step, **more):
    """Prints the result line. ``ru_maxrss`` is in KiB on Linux."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    print(json.dumps(dict({"ms": ms, "per_step": per_step, "peak_rss_mb": peak, "versions": versions()}, **more)))


def run_passes(case, step, data, per_step):
    """Times ``case["passes"]`` passes over the batches, after ``case["warmup"]`` that are not counted, and prints the result line.

    ``step(batch)`` returns the batch's loss; those of all passes are in the line.
    """
    losses = []

    def one_pass(_):
        losses.extend(float(step(batch)) for batch in data)

    ms = time_steps(one_pass, case["warmup"], case["passes"])
    finish(ms, per_step, losses=losses)

"""Runs one task in several implementations, each in a process of its own, in turn, and reports them side by side.

An implementation is a Python script that takes the case as JSON in its first argument and prints one JSON line:
``{"ms": [...], "per_step": n, "peak_rss_mb": x}``: milliseconds of each measured step, units of work in a step, peak
memory of the process. The rounds alternate between implementations, so that a slow minute of the machine hits all.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def interpreter(peer):
    """The Python of a peer's environment (see benchmarks/peers); our own for ``ours``."""
    if peer == "ours":
        return sys.executable
    path = ROOT / "build" / "peers" / peer / "bin" / "python"
    if not path.exists():
        sys.exit("the environment of %s is missing: run benchmarks/peers %s" % (peer, peer))
    return str(path)


class Row:
    """One case in one implementation, over all rounds."""

    def __init__(self, case, implementation, unit):
        self.case, self.implementation, self.unit = case, implementation, unit
        self.ms, self.per_step, self.peak_rss_mb, self.extra = [], 0, 0.0, {}

    def add(self, result):
        self.ms += result["ms"]
        self.per_step = result["per_step"]
        self.extra = result  # what else the script printed
        self.peak_rss_mb = max(self.peak_rss_mb, result["peak_rss_mb"])

    @property
    def least(self):
        return min(self.ms)

    @property
    def median(self):
        return statistics.median(self.ms)

    @property
    def rate(self):
        """Units a second, by the median step."""
        return 1000.0 * self.per_step / self.median

    def as_dict(self):
        return {
            "case": self.case,
            "implementation": self.implementation,
            "ms_min": self.least,
            "ms_median": self.median,
            "rate": self.rate,
            "unit": self.unit,
            "peak_rss_mb": self.peak_rss_mb,
        }


def run_once(peer, script, case, threads):
    """One process of one implementation; returns what it printed."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), BENCH_THREADS=str(threads), CUDA_VISIBLE_DEVICES="")
    environment["TF_CPP_MIN_LOG_LEVEL"] = "3"
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        environment.pop(name, None)
    if peer != "ours":
        environment.pop("PYTHONPATH", None)  # where our package is
    cores = ",".join(str(core) for core in sorted(os.sched_getaffinity(0))[:threads])
    command = ["taskset", "-c", cores, interpreter(peer), str(script), json.dumps(case)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    if done.returncode != 0:
        sys.exit("%s failed on %s:\n%s" % (script, case, done.stderr[-3000:]))
    return json.loads(done.stdout.strip().splitlines()[-1])


def compare(cases, implementations, unit, rounds, threads=2):
    """Rows of each case in each implementation.

    ``cases``: name -> dict handed to the scripts. ``implementations``: name -> (peer, script, extra dict for the case).
    """
    rows = {}
    for case_name, case in cases.items():
        for _ in range(rounds):
            for name, (peer, script, extra) in implementations.items():
                row = rows.setdefault((case_name, name), Row(case_name, name, unit))
                row.add(run_once(peer, script, dict(case, **extra), threads))
                print("  %-24s %-28s %10.3f ms" % (case_name, name, row.median), file=sys.stderr, flush=True)
    return list(rows.values())


def cpu_name():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def parser(description):
    out = argparse.ArgumentParser(description=description)
    out.add_argument("--json", metavar="FILE", help="write machine, rows and ratios there")
    out.add_argument("--plot", metavar="FILE", help="write a bar chart (PNG) there")
    out.add_argument("--peers", default=None, help="comma-separated peers to run (default: all)")
    out.add_argument("--quick", action="store_true", help="few steps, one round: to see that it works")
    out.add_argument("--bars", action="store_true", help="print each stated bar with its figure; exit non-zero when one is missed")
    return out


class Bar:
    """A stated aim: a figure and the least (or most) it may be."""

    def __init__(self, text, figure, bound, at_least=True):
        self.text, self.figure, self.bound, self.at_least = text, figure, bound, at_least

    @property
    def met(self):
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    def __str__(self):
        sign = ">=" if self.at_least else "<="
        return "%-4s %s: %.3f (bar %s %g)" % ("ok" if self.met else "MISS", self.text, self.figure, sign, self.bound)


def report(rows, bars, args):
    """Prints the table; writes JSON and plot; with --bars exits non-zero when a bar is missed."""
    print("%-24s %-28s %10s %10s %14s %9s" % ("case", "implementation", "min ms", "median", "rate", "RSS MB"))
    for row in rows:
        print(
            "%-24s %-28s %10.3f %10.3f %10.0f %s/s %7.0f"
            % (row.case, row.implementation, row.least, row.median, row.rate, row.unit, row.peak_rss_mb)
        )
    if args.json:
        content = {
            "machine": {"cpu": cpu_name(), "cores": os.cpu_count(), "python": platform.python_version()},
            "rows": [row.as_dict() for row in rows],
            "bars": [{"text": bar.text, "figure": bar.figure, "bound": bar.bound, "met": bar.met} for bar in bars],
        }
        Path(args.json).write_text(json.dumps(content, indent=2) + "\n")
    if args.plot:
        plot(rows, args.plot)
    for bar in bars:
        print(bar)
    if args.bars and not all(bar.met for bar in bars):
        sys.exit(1)


def plot(rows, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    labels = ["%s\n%s" % (row.case, row.implementation) for row in rows]
    figure, axis = pyplot.subplots(figsize=(max(6, 1.4 * len(rows)), 4))
    axis.bar(range(len(rows)), [row.rate for row in rows], color=["tab:blue" if "ours" in row.implementation else "tab:gray" for row in rows])
    axis.set_xticks(range(len(rows)), labels, rotation=30, ha="right", fontsize=7)
    axis.set_ylabel("%s a second" % rows[0].unit)
    figure.tight_layout()
    figure.savefig(path, dpi=120)

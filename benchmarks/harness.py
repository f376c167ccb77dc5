"""Runs one task in several implementations, each in a process of its own, in turn, and reports them side by side.

An implementation is a Python script that takes the case as JSON in its first argument and prints one JSON line:
``{"ms": [...], "per_step": n, "peak_rss_mb": x, "versions": {...}}``: milliseconds of each measured step, units of work in a
step, peak memory of the process, versions of what it loaded (measure.py writes it). The rounds alternate between implementations, so
that a slow minute of the machine hits all.
"""

import argparse
import datetime
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
THREADS = 2


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

    def __init__(self, case, implementation, peer, unit):
        self.case, self.implementation, self.peer, self.unit = case, implementation, peer, unit
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
            "peer": self.peer,
            "ms_min": self.least,
            "ms_median": self.median,
            "rate": self.rate,
            "unit": self.unit,
            "peak_rss_mb": self.peak_rss_mb,
        }


def run_once(peer, script, case, threads):
    """One process of one implementation; returns what it printed."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), BENCH_THREADS=str(threads))
    if case.get("place", "cpu") == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = ""
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


def compare(cases, implementations, unit, rounds, threads=THREADS):
    """Rows of each case in each implementation.

    ``cases``: name -> dict handed to the scripts. ``implementations``: name -> (peer, script, extra dict for the case).
    """
    rows = {}
    for case_name, case in cases.items():
        for _ in range(rounds):
            for name, (peer, script, extra) in implementations.items():
                row = rows.setdefault((case_name, name), Row(case_name, name, peer, unit))
                row.add(run_once(peer, script, dict(case, **extra), threads))
                print("  %-24s %-28s %10.3f ms" % (case_name, name, row.median), file=sys.stderr, flush=True)
    return list(rows.values())


def cpu_name():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def system_name():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


def first_line(*command):
    """Of what a command prints; None where there is no such command or it fails."""
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return None
    return (done.stdout.splitlines() or [None])[0] if done.returncode == 0 else None


def machine(place):
    """What the figures depend on besides the programs; with place "gpu" the GPU as well."""
    out = {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "threads": THREADS,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": system_name(),
    }
    if place == "gpu":
        out["gpu"] = first_line("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
    return out


def versions(rows, commit):
    """Peer -> what its processes had loaded; ours by its commit, as its ``__version__`` is that of the interface."""
    out = {}
    for row in rows:
        out.setdefault(row.peer, {}).update(row.extra["versions"])
    if "ours" in out:
        out["ours"].pop("paddle", None)
        out["ours"]["commit"] = commit
    return out


def command():
    """The command line, seen from the repository's root, without the files that it writes."""
    given, words = iter(sys.argv[1:]), [Path(sys.argv[0]).resolve().relative_to(ROOT).as_posix()]
    for word in given:
        if word in ("--json", "--plot"):
            next(given, None)
        elif not word.startswith(("--json=", "--plot=")):
            words.append(word)
    return " ".join(shlex.quote(word) for word in words)


def parser(description):
    out = argparse.ArgumentParser(description=description)
    out.add_argument("--json", metavar="FILE", help="write machine, versions, rows and ratios there")
    out.add_argument("--plot", metavar="FILE", help="write a chart (PNG) there: speed over ours, case by case")
    out.add_argument("--peers", default=None, help="comma-separated peers to run (default: all)")
    out.add_argument("--quick", action="store_true", help="few steps, one round: to see that it works")
    out.add_argument("--rounds", type=int, default=3, help="how often each implementation runs, in turn with the others (3)")
    out.set_defaults(commit=first_line("git", "describe", "--always", "--dirty"))  # now: a run takes hours
    out.add_argument("--bars", action="store_true", help="print each stated bar with its figure; exit non-zero when one is missed")
    return out


class Bar:
    """A stated aim: a figure and the least (or most) it may be."""

    def __init__(self, text, figure, bound, at_least=True):
        self.text, self.figure, self.bound, self.at_least = text, figure, bound, at_least

    @property
    def met(self):
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    def as_dict(self):
        return {"text": self.text, "figure": self.figure, "bound": self.bound, "at_least": self.at_least, "met": self.met}

    def __str__(self):
        sign = ">=" if self.at_least else "<="
        return "%-4s %s: %.3f (bar %s %g)" % ("ok" if self.met else "MISS", self.text, self.figure, sign, self.bound)


def content_of(rows, bars, args, wrong):
    """All that is known of a run, for JSON. ``ours_over_this`` of a row: our rate in its case over this one."""
    ours = {row.case: row.rate for row in rows if row.implementation == "ours"}
    place = getattr(args, "place", "cpu")
    return {
        "benchmark": Path(sys.argv[0]).resolve().parent.name,
        "command": command(),
        "date": datetime.date.today().isoformat(),
        "quick": args.quick,
        "wrong": wrong,
        "place": place,
        "machine": machine(place),
        "versions": versions(rows, args.commit),
        "rows": [dict(row.as_dict(), ours_over_this=ours[row.case] / row.rate) for row in rows],
        "bars": [bar.as_dict() for bar in bars],
    }


def report(rows, bars, args, wrong=0):
    """Prints the table; writes JSON and plot; with --bars exits non-zero when a bar is missed.

    ``wrong``: how many implementations computed something else.
    """
    print("%-24s %-28s %10s %10s %14s %9s" % ("case", "implementation", "min ms", "median", "rate", "RSS MB"))
    for row in rows:
        print(
            "%-24s %-28s %10.3f %10.3f %10.0f %s/s %7.0f"
            % (row.case, row.implementation, row.least, row.median, row.rate, row.unit, row.peak_rss_mb)
        )
    content = content_of(rows, bars, args, wrong)
    if args.json:
        Path(args.json).write_text(json.dumps(content, indent=1) + "\n")
    if args.plot:
        plot(content["rows"], args.plot)
    for bar in bars:
        print(bar)
    if args.bars and not all(bar.met for bar in bars):
        sys.exit(1)


def plot(rows, path, source=""):
    """A line for each case, a dot for each implementation: its rate over ours. ``rows``: as in the JSON; ``source``: kept in the PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot, ticker

    cases = list(dict.fromkeys(row["case"] for row in rows))
    figure, axis = pyplot.subplots(figsize=(9, 1.8 + 0.3 * len(cases)), layout="constrained")
    colors = pyplot.get_cmap("tab20").colors
    for k, name in enumerate(dict.fromkeys(row["implementation"] for row in rows if row["implementation"] != "ours")):
        dots = [(1 / row["ours_over_this"], cases.index(row["case"])) for row in rows if row["implementation"] == name]
        axis.scatter(*zip(*dots), color=colors[k % len(colors)], marker="D" if name.startswith("ours") else "o", label=name, zorder=3)
    axis.axvline(1, color="black", label="ours")
    axis.set(xscale="log", xlabel="speed, ours = 1", yticks=range(len(cases)), yticklabels=cases, ylim=(len(cases) - 0.5, -0.5))
    axis.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_locator(ticker.NullLocator())
    axis.grid(color="lightgray")
    figure.legend(loc="outside right upper", fontsize=8)
    figure.savefig(path, dpi=110, metadata={"Source": source})
    pyplot.close(figure)

"""Trains both examples, predicts and trains with their files from C++, and prints a table of what was reached.

Exits non-zero when a bar is missed or a program fails.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time

# Least test accuracy, most seconds (on 2 cores, from start to end of the script).
BARS = {"digits": (0.97, 60), "reviews": (0.84, 100)}
AGREEMENT = 1e-6
HERE = os.path.dirname(os.path.abspath(__file__))


def train(name, folder, options):
    """Run an example; returns its test accuracy and the seconds that it took."""
    start = time.time()
    subprocess.check_call([sys.executable, os.path.join(HERE, name + ".py"), "--out", folder] + options)
    seconds = time.time() - start
    with open(os.path.join(folder, "result.json")) as file:
        return json.load(file)["test_accuracy"], seconds


def difference(program, folder):
    """Run a C++ program; returns the largest difference from Python that it reports."""
    done = subprocess.run([program, folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    print(done.stdout, end="", flush=True)
    reported = re.search(r"largest difference from Python (\S+)", done.stdout)
    return float(reported.group(1)) if reported else float("inf")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", required=True, metavar="DIR", help="where the C++ programs were built")
    parser.add_argument("--out", default="out", metavar="DIR", help="where everything is written (%(default)s)")
    parser.add_argument("--small", action="store_true", help="a trial with a tenth of the data; its accuracy has no bar")
    args = parser.parse_args()
    options = ["--small"] if args.small else []
    rows, missed = [], False
    for name, (least, most) in sorted(BARS.items()):
        folder = os.path.join(args.out, name)
        print("\n%s" % name, flush=True)
        accuracy, seconds = train(name, folder, options)
        worst = [difference(os.path.join(args.programs, program), folder) for program in ("predict", "train")]
        marks = [accuracy < least and not args.small, seconds > most] + [not value <= AGREEMENT for value in worst]
        missed |= any(marks)
        cells = ["%.2f %% (>= %.0f %%)" % (100 * accuracy, 100 * least), "%.1f s (<= %d s)" % (seconds, most)]
        cells += ["%.1e (<= %.0e)" % (value, AGREEMENT) for value in worst]
        rows.append([name] + [cell + " MISSED" * mark for cell, mark in zip(cells, marks)])
    head = ["example", "test accuracy", "time", "C++ predicts, difference", "C++ trains, difference"]
    widths = [max(len(row[i]) for row in rows + [head]) for i in range(len(head))]
    print()
    for row in [head, ["-" * width for width in widths]] + rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

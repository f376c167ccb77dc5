"""Runs the C++ program built from loop.cc; the environment variable PADDLE_BUILD names the build folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import measure  # noqa: E402


def main():
    case = measure.case()
    binary = Path(os.environ.get("PADDLE_BUILD", "build/release")) / "executor_loop"
    done = subprocess.run(
        [str(binary), str(case["length"]), str(case["warmup"]), str(case["steps"])], stdout=subprocess.PIPE, check=True, text=True
    )
    measure.finish(json.loads(done.stdout)["ms"], case["length"])


main()

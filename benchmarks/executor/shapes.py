"""Runs the C++ program built from shapes.cc; the environment variable PADDLE_BUILD names the build folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import measure  # noqa: E402


def main():
    case = measure.case()
    binary = Path(os.environ.get("PADDLE_BUILD", "build/release")) / "executor_shapes"
    done = subprocess.run([str(binary), str(case["sizes"]), str(case["steps"])], stdout=subprocess.PIPE, check=True, text=True)
    result = json.loads(done.stdout)
    measure.finish(result["ms"], 1000, allocations=result["allocations"])


main()

"""The same chain in PyTorch, eager."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import measure  # noqa: E402
import torch  # noqa: E402


def main():
    case = measure.case()
    torch.set_num_threads(case.get("threads", 2))
    x = torch.ones(16)

    def step(_):
        with torch.inference_mode():
            y = x
            for _ in range(case["length"]):
                y = torch.add(y, x)
        return y.numpy()

    measure.finish(measure.time_steps(step, case["warmup"], case["steps"]), case["length"])


main()

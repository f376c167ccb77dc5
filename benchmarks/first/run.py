"""Training of the two example networks, on the examples' data: images and tokens a second, and peak memory, ours and PyTorch's in one run.

A step of the table is one pass over the batches. PyTorch runs in each of its modes; a bar is held against its best one.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import batches  # noqa: E402
import harness  # noqa: E402

FEW = {"warmup": 1, "steps": 3}  # passes, where each takes many seconds
MODES = {  # PyTorch's, by case
    "digits": {
        "PyTorch": {},
        "PyTorch channels-last": {"channels_last": True},
        "PyTorch compiled": {"compile": True},
    },
    "reviews": {"PyTorch padded": FEW, "PyTorch packed": dict(FEW, packed=True)},
}
UNITS = {"digits": "image", "reviews": "token"}
SPEED = {"digits": 1.2, "reviews": 1.5}
MEMORY = 0.7


def main():
    args = harness.parser(__doc__).parse_args()
    passes = dict(warmup=1, steps=1) if args.quick else dict(warmup=2, steps=8)
    peers = args.peers.split(",") if args.peers is not None else ["torch"]
    rows, bars = [], []
    for name in MODES:
        data = batches.write(name, batch_size=64, count=20)
        implementations = {"ours": ("ours", HERE / "ours.py", {})}
        if "torch" in peers:
            for mode, extra in MODES[name].items():
                fewer = {key: min(value, passes[key]) if key in passes else value for key, value in extra.items()}
                implementations[mode] = ("torch", HERE / "torch_twin.py", fewer)
        case = dict(net=name, data=str(data), **passes)
        found = harness.compare({name: case}, implementations, UNITS[name], 1 if args.quick else args.rounds)
        rows += found
        ours, others = found[0], found[1:]
        if others:
            best = max(others, key=lambda row: row.rate)
            text = "%s, ours over %s, %ss/s" % (name, best.implementation, UNITS[name])
            bars.append(harness.Bar(text, ours.rate / best.rate, SPEED[name]))
            lightest = min(row.peak_rss_mb for row in others)
            bars.append(harness.Bar("%s, peak memory of ours over PyTorch's least" % name, ours.peak_rss_mb / lightest, MEMORY, at_least=False))
    harness.report(rows, bars, args)


main()

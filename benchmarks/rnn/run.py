"""Recurrent networks, trained and run by every framework in turn on the same batches from the same weights: words (or images) a
second, peak memory.

A step of the table is one pass over a case's batches. Peers run in each of their modes; a bar is held against the best one of its
case. The losses of the first pass must agree with ours: all compute the same thing. On a processor with tile units (amx_bf16) ours is
also trained in mixed precision of bfloat16, which no peer is compared with.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import harness  # noqa: E402

LOSS_TOLERANCE = 2e-3  # relative; rounding grows from step to step
# Peers whose losses are not compared. GRU: they multiply the product by the reset gate, not the state. LSTM: the gradient of
# 1.8.5's kernel is wrong where the number of units is a multiple of 8.
OTHER_CELL = {"gru": {"torch", "paddle3"}, "lstm": {"paddle1"}}

PEERS = {  # peer -> script and its modes: name in the table -> what is added to the case
    "torch": (
        "torch_net.py",
        {
            "PyTorch padded": {},
            "PyTorch packed": {"packed": True},
            "PyTorch compiled": {"compile": True},
            "PyTorch channels-last": {"channels_last": True},
        },
    ),
    "tensorflow": ("tensorflow_net.py", {"TensorFlow": {}, "TensorFlow XLA": {"xla": True}}),
    "jax": ("jax_net.py", {"JAX": {}}),
    "paddle3": ("paddle3_net.py", {"Paddle 3": {}, "Paddle 3 static": {"static": True}}),
    "paddle1": ("fluid_net.py", {"Paddle 1.8.5": {}}),
}
SLOW = {("torch", "PyTorch packed"), ("paddle3", "Paddle 3"), ("paddle3", "Paddle 3 static")}  # one pass is enough


def classifier(cell, hidden, lengths, batch=64, train=True):
    few = hidden > 512
    return dict(
        task="classifier", cell=cell, hidden=hidden, batch=batch, lengths=lengths, steps=100, words=30000, train=train,
        count=2 if few else 4, warmup=1, passes=2 if few else 5,
    )  # fmt: skip


def language_model(hidden, steps):
    return dict(
        task="language_model", cell="lstm", hidden=hidden, batch=20, lengths="fixed", steps=steps, words=10000, train=True,
        count=4, warmup=1, passes=5,
    )  # fmt: skip


def seq2seq(lengths, train=True):
    return dict(
        task="seq2seq", cell="lstm", hidden=512, batch=64, lengths=lengths, steps=30, words=10000, train=train,
        count=4, warmup=1, passes=5,
    )  # fmt: skip


def ocr(train=True):
    return dict(
        task="ocr", cell="gru", hidden=200, batch=32, lengths="fixed", steps=20, words=96, width=256, train=train,
        count=4, warmup=1, passes=5,
    )  # fmt: skip


def all_cases():
    cases = {}
    for cell in ("lstm", "gru"):
        for hidden in (256, 512, 1280) if cell == "lstm" else (256, 512):
            for lengths in ("fixed", "varying", "bucketed") if cell == "lstm" else ("fixed", "varying"):
                cases["%s %d %s" % (cell, hidden, lengths)] = classifier(cell, hidden, lengths)
    for batch in (16, 128, 256):
        cases["lstm 256 varying, batch %d" % batch] = classifier("lstm", 256, "varying", batch)
    for hidden in (256, 512):
        cases["lstm %d varying, inference" % hidden] = classifier("lstm", hidden, "varying", train=False)
        cases["lstm %d fixed, inference" % hidden] = classifier("lstm", hidden, "fixed", train=False)
    for hidden, steps in ((200, 20), (650, 35), (1500, 35)):
        cases["language model %d" % hidden] = language_model(hidden, steps)
    for lengths in ("varying", "bucketed"):
        cases["seq2seq 512 %s" % lengths] = seq2seq(lengths)
    cases["seq2seq 512 varying, inference"] = seq2seq("varying", train=False)
    cases["ocr 200"], cases["ocr 200, inference"] = ocr(), ocr(train=False)
    return cases


SPEED = {  # ours over the best peer, words or images a second
    "lstm 256 fixed": 1.3, "lstm 512 fixed": 1.3, "lstm 1280 fixed": 1.1,
    "lstm 256 varying": 2.0, "lstm 512 varying": 2.0, "lstm 1280 varying": 1.7,
    "lstm 256 bucketed": 1.2, "lstm 512 bucketed": 1.2, "lstm 1280 bucketed": 1.2,
    "gru 256 fixed": 1.7, "gru 512 fixed": 1.7, "gru 256 varying": 2.5, "gru 512 varying": 2.5,
    "language model 200": 2.0, "language model 650": 1.4, "language model 1500": 1.3,
    "seq2seq 512 varying": 2.0, "ocr 200": 1.3,
}  # fmt: skip
OVER_PACKED = 3.5  # of a classifier
LOW, LOW_LOSS_TOLERANCE = "ours bf16", 0.02
LOW_SPEED = {"lstm 512 varying": 1.6, "lstm 1280 varying": 1.6}  # over ours in float32
MEMORY = 0.6
PEAK_SHARE = {"lstm 256 fixed": 0.80, "lstm 512 fixed": 0.85, "lstm 1280 fixed": 0.85}


def has_tile_unit():
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def implementations(case, wanted):
    """Name in the table -> (peer, script, extra), ours first."""
    out = {"ours": ("ours", HERE / "fluid_net.py", {})}
    if case["train"] and has_tile_unit():
        out[LOW] = ("ours", HERE / "fluid_net.py", {"bf16": True})
    for peer in wanted:
        script, modes = PEERS[peer]
        for name, extra in modes.items():
            if extra.get("packed") and case["lengths"] == "fixed":
                continue  # nothing to pack
            if extra.get("channels_last") and case["task"] != "ocr":
                continue  # no channels
            passes = dict(passes=1) if (peer, name) in SLOW else {}
            out[name] = (peer, HERE / script, dict(extra, **passes))
    return out


def check_losses(case, found, peer_of):
    """Says which implementation's first losses are not ours; returns the number of such."""
    ours, wrong = found[0].extra["losses"][: case["count"]], 0
    for row in found[1:]:
        if peer_of[row.implementation] in OTHER_CELL.get(case["cell"], ()):
            continue
        theirs = row.extra["losses"][: case["count"]]
        far = max(abs(a - b) / max(abs(a), 1e-3) for a, b in zip(ours, theirs))
        if far > (LOW_LOSS_TOLERANCE if row.implementation == LOW else LOSS_TOLERANCE):
            wrong += 1
            print("%s, %s: the first losses differ by %.1e: %s, ours %s" % (row.case, row.implementation, far, theirs, ours))
    return wrong


def flops(case, words):
    """Of one training pass over both layers: two products a layer and three passes over them, 2 * 4 H^2 each."""
    return 3 * 2 * 2 * 2 * 4 * case["hidden"] ** 2 * words


def bars_of(name, found, case, peak):
    bars, ours, others = [], found[0], [row for row in found[1:] if row.implementation != LOW]
    for row in found:
        if row.implementation == LOW and name in LOW_SPEED:
            bars.append(harness.Bar("%s, bfloat16 over float32" % name, row.rate / ours.rate, LOW_SPEED[name]))
    if others and name in SPEED:
        best = max(others, key=lambda row: row.rate)
        bars.append(harness.Bar("%s, ours over %s" % (name, best.implementation), ours.rate / best.rate, SPEED[name]))
        least = min(others, key=lambda row: row.peak_rss_mb)
        memory = ours.peak_rss_mb / least.peak_rss_mb
        bars.append(harness.Bar("%s, peak memory of ours over %s" % (name, least.implementation), memory, MEMORY, at_least=False))
    packed = [row for row in others if row.implementation == "PyTorch packed"]
    if packed and name in SPEED and case["lengths"] == "varying" and case["cell"] == "lstm" and case["task"] == "classifier":
        bars.append(harness.Bar("%s, ours over PyTorch packed" % name, ours.rate / packed[0].rate, OVER_PACKED))
    if name in PEAK_SHARE and peak:
        share = flops(case, ours.per_step) / ours.median / 1e6 / peak
        bars.append(harness.Bar("%s, share of the best square product (%.0f GFLOP/s)" % (name, peak), share, PEAK_SHARE[name]))
    return bars


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--cases", default="", metavar="REGEX", help="only the cases whose names match")
    args = parser.parse_args()
    cases = {name: case for name, case in all_cases().items() if re.search(args.cases, name)}
    if args.quick and not args.cases:
        cases = {name: cases[name] for name in ("lstm 256 fixed", "lstm 256 varying")}
    wanted = [peer for peer in (args.peers.split(",") if args.peers is not None else PEERS) if peer]
    peak = harness.run_once("ours", HERE / "peak.py", {}, 2)["gflops"] if set(cases) & set(PEAK_SHARE) else 0
    rows, bars, wrong = [], [], 0
    for name, case in cases.items():
        if args.quick:
            case["passes"] = 1
        modes = implementations(case, wanted)
        found = harness.compare({name: case}, modes, "image" if case["task"] == "ocr" else "word", 1 if args.quick else 3)
        wrong += check_losses(case, found, {mode: peer for mode, (peer, _, _) in modes.items()})
        bars += bars_of(name, found, case, peak)
        rows += found
    if not args.cases:
        case = dict(batch=64, warmup=20, steps=50 if args.quick else 300)
        cost = harness.run_once("ours", HERE / "new_lod.py", case, 2)["us"]
        bars.append(harness.Bar("preparing for a LoD that was never seen, us", cost, 100, at_least=False))
    harness.report(rows, bars, args)
    if wrong:
        sys.exit("%d implementations computed something else" % wrong)


main()

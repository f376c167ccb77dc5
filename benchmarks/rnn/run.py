"""Recurrent networks, trained and run by every framework in turn on the same batches from the same weights: words (or images) a
second, peak memory.

A step of the table is one pass over a case's batches. Peers run in each of their modes; a bar is held against the best one of its
case. The losses of the first pass must agree with ours: all compute the same thing. On a processor with products of bfloat16 ours is
also trained in mixed precision of it, which no peer is compared with. "coupled" is a cell that nobody has an op for, in a
loop over the steps. Without arguments the cases that have a bar run.
"""

import itertools
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


HIDDEN, BATCHES, LENGTHS = (128, 256, 512, 1280), (64, 16, 128, 256), ("fixed", "varying", "bucketed")


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
    for cell, batch, hidden, lengths in itertools.product(("lstm", "gru"), BATCHES, HIDDEN, LENGTHS):
        name = "%s %d %s" % (cell, hidden, lengths) + (", batch %d" % batch if batch != 64 else "")
        cases[name] = classifier(cell, hidden, lengths, batch)
    for hidden in (256, 512):
        cases["coupled %d varying" % hidden] = classifier("coupled", hidden, "varying")
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
OVER = {  # ours over one mode of one peer
    **{"lstm %d varying" % hidden: {"PyTorch packed": 3.5} for hidden in (256, 512, 1280)},
    **{"coupled %d varying" % hidden: {"JAX": 1.0, "Paddle 1.8.5": 2.0} for hidden in (256, 512)},
}
BY_HAND = "ours by hand"  # the steps of dynamic_lstm written in a DynamicRNN, a row of the cases below
BY_HAND_TIME = {"lstm 256 varying": 1.1, "lstm 512 varying": 1.1}  # over that of dynamic_lstm
COUPLED_PEERS = ("jax", "paddle1")
LOW_MEMORY = "ours low memory"  # recurrent layers that keep no gates, a row of the cases below
LOW_MEMORY_CASES = ("lstm 512 fixed", "lstm 1280 fixed", "lstm 1280 varying", "lstm 1280 bucketed")
LOW, LOW_LOSS_TOLERANCE = "ours bf16", 0.02
LOW_SPEED = {"lstm 512 varying": 1.6, "lstm 1280 varying": 1.6}  # over ours in float32
MEMORY = 0.6
EACH_WORD = "ours, each word"  # multiplied, however often it occurs: what the FLOPs are counted for
PEAK_SHARE = {"lstm 256 fixed": 0.80, "lstm 512 fixed": 0.85, "lstm 1280 fixed": 0.85}


def multiplies_bfloat16():
    try:
        features = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "amx_bf16" in features or "avx512_bf16" in features


def implementations(name, case, wanted):
    """Name in the table -> (peer, script, extra), ours first."""
    coupled = case["cell"] == "coupled"
    out = {"ours": ("ours", HERE / "fluid_net.py", {})}
    if name in BY_HAND_TIME:
        out[BY_HAND] = ("ours", HERE / "fluid_net.py", {"by_hand": True})
    if name in PEAK_SHARE and case["place"] == "cpu":
        out[EACH_WORD] = ("ours", HERE / "fluid_net.py", {"flags": {"skip_passes": "fuse_embedding_mul"}})
    if name in LOW_MEMORY_CASES and case["place"] == "cpu":
        out[LOW_MEMORY] = ("ours", HERE / "fluid_net.py", {"flags": {"recompute_gates": "1"}})
    if case["train"] and not coupled and case["place"] == "cpu" and multiplies_bfloat16():
        out[LOW] = ("ours", HERE / "fluid_net.py", {"bf16": True})
    for peer in wanted:
        if coupled and peer not in COUPLED_PEERS:
            continue
        script, modes = PEERS[peer]
        for mode, extra in modes.items():
            if extra.get("packed") and case["lengths"] == "fixed":
                continue  # nothing to pack
            if extra.get("channels_last") and case["task"] != "ocr":
                continue  # no channels
            passes = dict(passes=1) if (peer, mode) in SLOW else {}
            out[mode] = (peer, HERE / script, dict(extra, **passes))
    return out


def check_losses(case, found):
    """Says which implementation's first losses are not ours; returns the number of such."""
    ours, wrong = found[0].extra["losses"][: case["count"]], 0
    for row in found[1:]:
        if row.peer in OTHER_CELL.get(case["cell"], ()):
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
    bars, ours, others = [], found[0], [row for row in found if row.peer != "ours"]
    for row in found:
        if row.implementation == LOW and name in LOW_SPEED:
            bars.append(harness.Bar("%s, bfloat16 over float32" % name, row.rate / ours.rate, LOW_SPEED[name]))
        if row.implementation == EACH_WORD and peak:
            share = flops(case, row.per_step) / row.median / 1e6 / peak
            text = "%s, share of the best square product (%.0f GFLOP/s)" % (name, peak)
            bars.append(harness.Bar(text, share, PEAK_SHARE[name]))
        if row.implementation == BY_HAND:
            text = "%s, time of the steps written by hand over dynamic_lstm" % name
            bars.append(harness.Bar(text, row.median / ours.median, BY_HAND_TIME[name], at_least=False))
        if row.implementation in OVER.get(name, {}):
            text = "%s, ours over %s" % (name, row.implementation)
            bars.append(harness.Bar(text, ours.rate / row.rate, OVER[name][row.implementation]))
    if others and name in SPEED:
        best = max(others, key=lambda row: row.rate)
        bars.append(harness.Bar("%s, ours over %s" % (name, best.implementation), ours.rate / best.rate, SPEED[name]))
        least = min(others, key=lambda row: row.peak_rss_mb)
        memory = ours.peak_rss_mb / least.peak_rss_mb
        bars.append(harness.Bar("%s, peak memory of ours over %s" % (name, least.implementation), memory, MEMORY, at_least=False))
    return bars


def chosen(args):
    """The cases to run, by name."""
    cases = all_cases()
    if args.cases:
        picked = [name for name in cases if re.search(args.cases, name)]
    elif args.quick and not args.all:
        picked = ["lstm 256 fixed", "lstm 256 varying"]
    else:
        picked = [name for name in cases if args.all or any(name in bars for bars in (SPEED, OVER, BY_HAND_TIME, LOW_SPEED))]
    if not picked:
        sys.exit("no case matches '%s'; --all --list prints all" % args.cases)
    return {name: dict(cases[name], place=args.place, **(dict(passes=1) if args.quick else {})) for name in picked}


def arguments():
    parser = harness.parser(__doc__)
    parser.add_argument("--cases", default="", metavar="REGEX", help="the cases whose names match, with a bar or without")
    parser.add_argument("--all", action="store_true", help="all cases: every batch size and width, inference")
    parser.add_argument("--list", action="store_true", help="print the names of the cases that would run, and end")
    parser.add_argument(
        "--place",
        choices=("cpu", "gpu"),
        default="cpu",
        help="gpu: all frameworks on the first GPU; the bars are the CPU's and not held. Nobody has run this on a GPU yet: an op that"
        " the plug-in lacks there is a NotImplementedError. The environments of benchmarks/peers are for the CPU: a framework that"
        " was not built for GPUs ends with an error",
    )
    return parser.parse_args()


def main():
    args = arguments()
    cases, on_cpu = chosen(args), args.place == "cpu"
    if args.list:
        print("\n".join(cases))
        return
    wanted = [peer for peer in (args.peers.split(",") if args.peers is not None else PEERS) if peer]
    peak = harness.run_once("ours", HERE / "peak.py", {}, 2)["gflops"] if on_cpu and set(cases) & set(PEAK_SHARE) else 0
    rows, bars, wrong = [], [], 0
    for name, case in cases.items():
        unit = "image" if case["task"] == "ocr" else "word"
        found = harness.compare({name: case}, implementations(name, case, wanted), unit, 1 if args.quick else args.rounds)
        wrong += check_losses(case, found)
        bars += bars_of(name, found, case, peak) if on_cpu else []
        rows += found
    if on_cpu and not args.cases:
        case = dict(batch=64, warmup=20, steps=50 if args.quick else 300)
        cost = harness.run_once("ours", HERE / "new_lod.py", case, 2)["us"]
        bars.append(harness.Bar("preparing for a LoD that was never seen, us", cost, 100, at_least=False))
    harness.report(rows, bars, args, wrong)
    if wrong:
        sys.exit("%d implementations computed something else" % wrong)


if __name__ == "__main__":
    main()

"""What an op costs beyond its kernel: 1,000 chained elementwise_add over 16 floats, ours and the peers in one run; the same in
the body of a loop; and what it costs to infer 1,000 ops again because shapes changed."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import harness  # noqa: E402

LENGTH = 1000


def main():
    args = harness.parser(__doc__).parse_args()
    steps = dict(warmup=3, steps=10) if args.quick else dict(warmup=50, steps=300)
    cases = {"chain of 1": dict(length=1, **steps), "chain of %d" % LENGTH: dict(length=LENGTH, **steps)}
    implementations = {"ours": ("ours", HERE / "ours.py", {}), "ours, kernel loop": ("ours", HERE / "loop.py", {})}
    peers = {"torch": ("PyTorch eager", "torch_eager.py"), "tensorflow": ("TensorFlow graph", "tensorflow_graph.py")}
    wanted = args.peers.split(",") if args.peers is not None else list(peers)
    for peer in [p for p in wanted if p]:
        name, script = peers[peer]
        implementations[name] = (peer, HERE / script, {})
    rows = harness.compare(cases, implementations, "op", 1 if args.quick else args.rounds)
    by = {(row.case, row.implementation): row for row in rows}
    one, many = "chain of 1", "chain of %d" % LENGTH

    def op_us(name):  # the minimum: the question is what an op costs, not what the machine did meanwhile
        return 1000.0 * (by[many, name].least - by[one, name].least) / (LENGTH - 1)

    overhead = op_us("ours") - op_us("ours, kernel loop")
    bars = [harness.Bar("overhead of an op, us", overhead, 0.3, at_least=False)]
    for name in implementations:
        print("%-28s %8.3f us an op" % (name, op_us(name)))
        if name in ("PyTorch eager", "TensorFlow graph"):
            bars.append(harness.Bar("%s over ours, whole op" % name, op_us(name) / op_us("ours"), 3.0))
    counted = harness.run_once("ours", HERE / "ours.py", cases[many], 2)
    bars.append(harness.Bar("instructions in the plan", counted["instructions"], LENGTH))
    bars.append(harness.Bar("allocations in ten steady steps", counted["allocations"], 0, at_least=False))
    short, long = (harness.run_once("ours", HERE / "while_body.py", dict(steps, length=length), 2) for length in (1, 21))
    in_loop = 1000.0 * (min(long["ms"]) - min(short["ms"])) / (long["per_step"] - short["per_step"])
    kernel = op_us("ours, kernel loop")
    bars.append(harness.Bar("overhead of an op in a loop's body, us", in_loop - kernel, 0.5, at_least=False))
    bars.append(harness.Bar("allocations in ten steady loops", long["allocations"], 0, at_least=False))
    same, turns = (harness.run_once("ours", HERE / "shapes.py", dict(steps, sizes=sizes), 2) for sizes in (1, 7))
    inferring = 1000.0 * (min(turns["ms"]) - min(same["ms"])) / turns["per_step"]
    bars.append(harness.Bar("inferring an op again for other shapes, us", inferring, 0.1, at_least=False))
    bars.append(harness.Bar("allocations while shapes take turns", turns["allocations"], 0, at_least=False))
    harness.report(rows, bars, args)


main()

"""What encoder_decoder.py learns, ours and PyTorch's in one run: the same network, words, batches, first parameters and training.

After each epoch both spell the words that were held back, by the same beam search. A step of the table is an epoch of training.
PyTorch's GRUs are written out here, as its own compute something else.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import harness  # noqa: E402
import words  # noqa: E402

NAME = "encoder_decoder"
FIRST = 10  # batches whose losses must agree: later ones part by rounding
TOLERANCE = 100  # millionths
SPREAD = 1.0  # points of accuracy; chance alone makes 0.45 (one standard deviation, 94 % of 5,282 words)


def print_epochs(found):
    print("words spelled without a mistake, after each epoch:")
    for row in found:
        print("  %-8s %s" % (row.implementation, ", ".join("%.2f %%" % (100 * share) for share in row.extra["exact"])))


def main():
    args = harness.parser(__doc__).parse_args()
    peers = args.peers.split(",") if args.peers is not None else ["torch"]
    data = words.write(epochs=1 if args.quick else 4, small=args.quick)
    implementations = {"ours": ("ours", HERE / "ours.py", {})}
    if "torch" in peers:
        implementations["PyTorch"] = ("torch", HERE / "torch_twin.py", {})
    found = harness.compare({NAME: {"data": str(data)}}, implementations, "word", 1)
    print_epochs(found)
    bars, wrong = [], 0
    for other in found[1:]:
        ours, theirs = (row.extra["losses"][:FIRST] for row in (found[0], other))
        apart = 1e6 * max(abs(a - b) for a, b in zip(ours, theirs))
        wrong += apart > TOLERANCE
        text = "largest difference of the first %d losses from %s's, millionths" % (FIRST, other.implementation)
        bars.append(harness.Bar("%s, %s" % (NAME, text), apart, TOLERANCE, at_least=False))
        ours, theirs = (100 * row.extra["exact"][-1] for row in (found[0], other))
        text = "%s, accuracy %.2f %%, %s's %.2f %%: difference in points" % (NAME, ours, other.implementation, theirs)
        bars.append(harness.Bar(text, abs(ours - theirs), SPREAD, at_least=False))
    harness.report(found, bars, args, wrong)
    if wrong:
        sys.exit("%d implementations computed something else" % wrong)


if __name__ == "__main__":
    main()

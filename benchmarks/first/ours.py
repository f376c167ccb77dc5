"""Trains an example's network, as the example describes it."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "docs" / "examples")]
import batches  # noqa: E402
import measure  # noqa: E402

import paddle.fluid as fluid  # noqa: E402


def build(case):
    """Programs to train and to start, the loss, and a feed for each batch."""
    data = batches.read(case["data"])
    if case["net"] == "digits":
        import digits

        (main, startup, _), _, _, loss = digits.build(1, 1, 1)
        return main, startup, loss, data
    import reviews

    (main, startup, _), _, _, loss, _ = reviews.build(1, batches.tokens(case["data"]))
    place = fluid.CPUPlace()
    feeds = []
    for batch in data:
        word = fluid.create_lod_tensor(batch["word"].reshape([-1, 1]), [batch["length"].tolist()], place)
        feeds.append({"word": word, "label": batch["label"]})
    return main, startup, loss, feeds


def main():
    case = measure.case()
    program, startup, loss, feeds = build(case)
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(startup)

    def one_pass(_):
        for feed in feeds:
            exe.run(program, feed, [loss])

    measure.finish(measure.time_steps(one_pass, case["warmup"], case["steps"]), batches.units(batches.read(case["data"])))


main()

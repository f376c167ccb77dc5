"""The same chain as a TensorFlow graph (tf.function), with Grappler's arithmetic rewriting off so that every add runs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import measure  # noqa: E402
import tensorflow as tf  # noqa: E402


def main():
    case = measure.case()
    tf.config.threading.set_inter_op_parallelism_threads(case.get("threads", 2))
    tf.config.threading.set_intra_op_parallelism_threads(case.get("threads", 2))
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    x = tf.ones([16])

    @tf.function
    def chain(x):
        y = x
        for _ in range(case["length"]):
            y = tf.add(y, x)
        return y

    measure.finish(measure.time_steps(lambda _: chain(x).numpy(), case["warmup"], case["steps"]), case["length"])


main()

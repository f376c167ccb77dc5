"""Fits a line to the prices of houses in Boston: linear regression."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

import datasets
import export
import paddle.fluid as fluid
import training

BATCH_SIZE = 20


def build(seed):
    """Describe the line and how it is fitted.

    Returns:
        Three programs (to train, to start, to predict), the loader of the data, the predicted prices, the loss.
    """
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = seed
    with fluid.program_guard(main, startup):
        numbers = fluid.data("numbers", [None, 13], "float32")
        price = fluid.data("price", [None, 1], "float32")
        loader = fluid.io.DataLoader.from_generator([numbers, price], capacity=8)
        predicted = fluid.layers.fc(numbers, 1)
        predict = main.clone(for_test=True)
        loss = fluid.layers.mean(fluid.layers.square_error_cost(predicted, price))
        fluid.optimizer.SGD(0.01).minimize(loss)
    return (main, startup, predict), loader, predicted, loss


def train():
    args = training.options(__doc__, "out/fit_a_line", epochs=50)
    (numbers, prices), (test_numbers, test_prices) = datasets.housing()
    (main, startup, predict), loader, predicted, loss = build(args.seed)

    def batch(at, random=None):
        return {"numbers": numbers[at], "price": prices[at]}

    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(startup)
    run = training.Training(args, main, len(numbers), BATCH_SIZE, measure="squared error", percent=False)
    for _ in run.epochs():
        for feed in run.batches(loader, batch):
            run.step(exe.run(main, feed, [loss])[0])
        (guesses,) = exe.run(predict, {"numbers": test_numbers}, [predicted])
        run.tested(np.mean((guesses - test_prices) ** 2))
    run.finish()

    export.save_model(args.out, exe, predict, [predicted], {"numbers": test_numbers[:8]})
    first = [batch(part) for part in training.parts(range(5 * BATCH_SIZE), BATCH_SIZE)]
    export.save_training(args.out, exe, main, startup, loss, first)


if __name__ == "__main__":
    train()

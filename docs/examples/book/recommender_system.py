"""Predicts how people rate films: the angle between a vector of the person and a vector of the film (MovieLens 1M).

The data comes with no package: get ml-1m.zip from grouplens.org and put it where ``paddle.dataset`` looks for it.
"""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

import export
import paddle.fluid as fluid
import training
from paddle.dataset import movielens

BATCH_SIZE = 256
NUMBERS = ["user", "gender", "age", "job", "film"]
LISTS = ["categories", "title"]
VECTOR = 120


def sizes():
    """How many values each of the inputs can have."""
    counts = [movielens.max_user_id() + 1, 2, len(movielens.age_table), movielens.max_job_id() + 1]
    counts += [movielens.max_movie_id() + 1, len(movielens.movie_categories()), len(movielens.get_movie_title_dict())]
    return dict(zip(NUMBERS + LISTS, counts))


def feature(value, count, size):
    """What is learned of a number, [N, size]."""
    embedded = fluid.layers.embedding(value, [count, size], is_sparse=True)
    return fluid.layers.fc(embedded, size)


def person(inputs, counts):
    """The vector of a person, [N, VECTOR]."""
    features = [feature(inputs[name], counts[name], size) for name, size in zip(NUMBERS, [30, 14, 14, 14])]
    return fluid.layers.fc(fluid.layers.concat(features, axis=1), VECTOR, act="tanh")


def film(inputs, counts):
    """The vector of a film, [N, VECTOR]: its number, its categories in any order, the words of its title in theirs."""
    number = feature(inputs["film"], counts["film"], 30)
    categories = fluid.layers.embedding(inputs["categories"], [counts["categories"], 30], is_sparse=True)
    categories = fluid.layers.sequence_pool(categories, "sum")
    title = fluid.layers.embedding(inputs["title"], [counts["title"], 30], is_sparse=True)
    title = fluid.nets.sequence_conv_pool(title, 30, 3, act="tanh", pool_type="sum")
    return fluid.layers.fc(fluid.layers.concat([number, categories, title], axis=1), VECTOR, act="tanh")


def build(seed, counts):
    """Describe the network and its training.

    Args:
        counts: what ``sizes`` returns.

    Returns:
        Three programs (to train, to start, to predict), the loader of the data, the predicted rating, the loss.
    """
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = seed
    with fluid.program_guard(main, startup):
        inputs = {name: fluid.data(name, [None, 1], "int64") for name in NUMBERS}
        inputs.update((name, fluid.data(name, [None, 1], "int64", lod_level=1)) for name in LISTS)
        rating = fluid.data("rating", [None, 1], "float32")
        loader = fluid.io.DataLoader.from_generator([inputs[name] for name in NUMBERS + LISTS] + [rating], capacity=8)
        alike = fluid.layers.cos_sim(person(inputs, counts), film(inputs, counts))
        predicted = fluid.layers.scale(alike, 5.0)
        predict = main.clone(for_test=True)
        loss = fluid.layers.mean(fluid.layers.square_error_cost(predicted, rating))
        fluid.optimizer.SGD(0.2).minimize(loss)
    return (main, startup, predict), loader, predicted, loss


def batch(ratings):
    """What to feed for a list of samples of ``movielens``."""
    columns = list(zip(*ratings))
    feed = {name: np.array(column, "int64").reshape([-1, 1]) for name, column in zip(NUMBERS, columns)}
    for name, column in zip(LISTS, columns[len(NUMBERS) :]):
        feed[name] = training.sequences([np.array(one, "int64") for one in column])
    feed["rating"] = np.array(columns[-1], "float32")
    return feed


def without_rating(feed):
    return {name: feed[name] for name in NUMBERS + LISTS}


def squared_error(exe, predict, predicted, ratings):
    """Mean squared difference between the predicted and the true ratings, which are from -3 to 5."""
    total = 0.0
    for part in training.parts(ratings, 1000):
        feed = batch(part)
        (guesses,) = exe.run(predict, without_rating(feed), [predicted])
        total += np.sum((guesses - feed["rating"]) ** 2)
    return total / len(ratings)


def train():
    args = training.options(__doc__.splitlines()[0], "out/recommender_system", epochs=5)
    every = 10 if args.small else 1
    ratings, test_ratings = [list(reader())[::every] for reader in (movielens.train(), movielens.test())]
    if args.validate:
        ratings, test_ratings = ratings[: len(ratings) * 9 // 10], ratings[len(ratings) * 9 // 10 :]
    (main, startup, predict), loader, predicted, loss = build(args.seed, sizes())

    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(startup)
    run = training.Training(args, main, len(ratings), BATCH_SIZE, measure="squared error", percent=False)
    for _ in run.epochs():
        for feed in run.batches(loader, lambda numbers, random: batch([ratings[number] for number in numbers])):
            run.step(exe.run(main, feed, [loss])[0])
        run.tested(squared_error(exe, predict, predicted, test_ratings))
    run.finish()

    export.save_model(args.out, exe, predict, [predicted], without_rating(batch(test_ratings[:8])))
    first = [batch(part) for part in training.parts(ratings[: 5 * BATCH_SIZE], BATCH_SIZE)]
    export.save_training(args.out, exe, main, startup, loss, first)


if __name__ == "__main__":
    train()

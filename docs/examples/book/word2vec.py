"""Learns vectors for Chinese characters by predicting each from the four before it: an n-gram language model."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

import datasets
import export
import paddle.fluid as fluid
import training

BATCH_SIZE = 256
CONTEXT = 4
EMBEDDING = 60
HIDDEN = 120
TABLE = "vectors"


def network(context, tokens):
    """Probabilities of the next character, [N, tokens], from those before it, a list of [N, 1]; all share one table."""
    table = fluid.ParamAttr(TABLE)
    vectors = [fluid.layers.embedding(one, [tokens, EMBEDDING], is_sparse=True, param_attr=table) for one in context]
    hidden = fluid.layers.fc(fluid.layers.concat(vectors, axis=1), HIDDEN, act="tanh")
    return fluid.layers.fc(hidden, tokens, act="softmax")


def build(seed, tokens):
    """Describe the network and its training.

    Returns:
        Three programs (to train, to start, to predict), the loader of the data, the probabilities, the loss.
    """
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = seed
    with fluid.program_guard(main, startup):
        context = [fluid.data("before_%d" % distance, [None, 1], "int64") for distance in range(CONTEXT, 0, -1)]
        following = fluid.data("next", [None, 1], "int64")
        loader = fluid.io.DataLoader.from_generator(context + [following], capacity=8)
        probability = network(context, tokens)
        loss = fluid.layers.mean(fluid.layers.cross_entropy(probability, following))
        predict = main.clone(for_test=True)
        fluid.optimizer.Adam(0.002).minimize(loss)
    return (main, startup, predict), loader, probability, loss


def context_of(runs):
    """What to feed to predict the last characters of some runs, [N, CONTEXT + 1]."""
    return {"before_%d" % distance: runs[:, -1 - distance][:, None] for distance in range(CONTEXT, 0, -1)}


def batch(runs):
    """What to feed to train on some runs."""
    return dict(context_of(runs), next=runs[:, -1:])


def perplexity(exe, predict, loss, runs):
    """Among how many characters, all equally likely, it would be as hard to guess the next one."""
    total = 0.0
    for part in training.parts(runs, 1000):
        total += len(part) * exe.run(predict, batch(part), [loss])[0].item()
    return np.exp(total / len(runs))


def neighbours(vectors, token, count=8):
    """The tokens whose vectors have the smallest angles with the vector of a token."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    nearest = np.argsort(-unit.dot(unit[token]))
    return [other for other in nearest if other != token][:count]


def train():
    args = training.options(__doc__, "out/word2vec", epochs=5)
    runs, test_runs, characters = datasets.ngrams(args.small, args.validate, CONTEXT + 1)
    (main, startup, predict), loader, probability, loss = build(args.seed, len(characters))

    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(startup)
    run = training.Training(args, main, len(runs), BATCH_SIZE, measure="perplexity", percent=False)
    for _ in run.epochs():
        for feed in run.batches(loader, lambda numbers, random: batch(runs[numbers])):
            run.step(exe.run(main, feed, [loss])[0])
        run.tested(perplexity(exe, predict, loss, test_runs))
    run.finish()

    vectors = np.array(fluid.global_scope().find_var(TABLE).get_tensor())
    for character in "好差我书房三":
        near = neighbours(vectors, characters.index(character))
        print("%s: %s" % (character, " ".join(characters[token] for token in near)))
    export.save_model(args.out, exe, predict, [probability], context_of(test_runs[:8]))
    first = [batch(part) for part in training.parts(runs[: 5 * BATCH_SIZE], BATCH_SIZE)]
    export.save_training(args.out, exe, main, startup, loss, first)


if __name__ == "__main__":
    train()

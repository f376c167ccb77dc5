"""Trains two LSTMs and a bag of bigrams to tell praise from complaint in Chinese reviews, over sequences without padding."""

import numpy as np

import datasets
import export
import paddle.fluid as fluid
import training


HIDDEN = 76
BUCKETS = 50000  # rows of the table of bigrams


def reader(word, tokens, is_reverse, dropout):
    """Probabilities of complaint and praise, [N, 2], from reading the texts forwards or backwards."""
    embedded = fluid.layers.embedding(word, [tokens, HIDDEN], is_sparse=True)
    embedded = fluid.layers.dropout(embedded, dropout, dropout_implementation="upscale_in_train")
    gates = fluid.layers.fc(embedded, 4 * HIDDEN)
    hidden, _ = fluid.layers.dynamic_lstm(gates, 4 * HIDDEN, use_peepholes=False, is_reverse=is_reverse)
    pooled = fluid.layers.sequence_pool(hidden, "max")
    pooled = fluid.layers.dropout(pooled, dropout, dropout_implementation="upscale_in_train")
    return fluid.layers.fc(pooled, 2, act="softmax")


def bag_of_bigrams(word, dropout):
    """Probabilities of complaint and praise, [N, 2], from the pairs of neighbours that the texts have, wherever.

    The pair of tokens a and b is row (7919 a + b) mod BUCKETS of the table: a hash, so some pairs share a row.
    """
    first, second = fluid.layers.split(fluid.layers.sequence_enumerate(word, 2), 2, dim=1)
    buckets = fluid.layers.fill_constant([1], "int64", BUCKETS)
    bigram = fluid.layers.elementwise_mod(fluid.layers.scale(first, 7919.0) + second, buckets)
    embedded = fluid.layers.embedding(bigram, [BUCKETS, 4], is_sparse=True)
    embedded = fluid.layers.dropout(embedded, dropout, dropout_implementation="upscale_in_train")
    return fluid.layers.fc(fluid.layers.sequence_pool(embedded, "sqrt"), 2, act="softmax")


def network(word, tokens, dropout=0.5):
    """Three networks that share nothing: the mean of what they say is better than each.

    Returns:
        Their probabilities for N texts, [N, 2] each; ``word`` holds the tokens of the texts end to end, [T, 1].
    """
    return [reader(word, tokens, is_reverse, dropout) for is_reverse in (False, True)] + [bag_of_bigrams(word, dropout)]


def build(seed, tokens, dropout=0.5):
    """Describe the network and its training.

    Returns:
        Three programs (to train, to start, to predict), the loader of the data, the probabilities, the loss, and the
        average of the parameters over the last steps, with which to predict.
    """
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = seed
    with fluid.program_guard(main, startup):
        word = fluid.data("word", [None, 1], "int64", lod_level=1)
        label = fluid.data("label", [None, 1], "int64")
        loader = fluid.io.DataLoader.from_generator([word, label], capacity=8)
        each = network(word, tokens, dropout)
        probability = fluid.layers.scale(fluid.layers.sum(each), 1 / 3)
        predict = main.clone(for_test=True)
        loss = fluid.layers.mean(fluid.layers.sum([fluid.layers.cross_entropy(one, label) for one in each]))
        fluid.optimizer.Adam(0.005).minimize(loss)
        average = fluid.optimizer.ModelAverage(0.5, min_average_window=20, max_average_window=500)
    return (main, startup, predict), loader, probability, loss, average


def part(text, random):
    """A fifth of a text, the whole, or anything between, from anywhere: so the network learns more from few texts."""
    length = max(8, int(len(text) * random.uniform(0.2, 1)))
    start = random.randint(0, max(1, len(text) - length + 1))
    return text[start : start + length]


def batch(reviews):
    """What to feed for a list of reviews: the texts end to end with their lengths, and the labels."""
    texts, labels = zip(*reviews)
    return {"word": training.sequences(texts), "label": np.array(labels, dtype="int64").reshape([-1, 1])}


def accuracy(exe, predict, probability, reviews):
    """Share of reviews whose more probable label is the right one."""
    right = 0
    for at in range(0, len(reviews), 250):
        feed = batch(reviews[at : at + 250])
        (values,) = exe.run(predict, {"word": feed["word"]}, [probability])
        right += np.sum(values.argmax(1) == feed["label"][:, 0])
    return right / len(reviews)


def train():
    args = training.options(__doc__, "out/reviews", epochs=8)
    reviews, test_reviews, tokens = datasets.reviews(args.small, args.validate)
    programs, loader, probability, loss, average = build(args.seed, tokens)
    main, startup, predict = programs

    def parts(numbers, random):
        return batch([(part(reviews[number][0], random), reviews[number][1]) for number in numbers])

    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(startup)
    run = training.Training(args, main, len(reviews))
    for _ in run.epochs():
        for feed in run.batches(loader, parts):
            run.step(exe.run(main, feed, [loss])[0])
        with average.apply(exe):
            run.tested(accuracy(exe, predict, probability, test_reviews))
    run.finish()

    samples = {"word": batch(test_reviews[:8])["word"]}
    first = [batch(reviews[at : at + 64]) for at in range(0, 320, 64)]
    with average.apply(exe):
        export.save_model(args.out, exe, predict, [probability], samples)
    export.save_training(args.out, exe, main, startup, loss, first)


if __name__ == "__main__":
    train()

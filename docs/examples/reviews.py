"""Trains a recurrent network to tell praise from complaint in Chinese reviews, over sequences without padding."""

import numpy as np

import datasets
import export
import paddle.fluid as fluid
import training


def network(word, tokens, dropout=0.5):
    """Probabilities of complaint and praise, [N, 2], for N texts: ``word`` holds their tokens end to end, [T, 1]."""
    embedded = fluid.layers.embedding(word, [tokens, 64], is_sparse=True)
    gates = fluid.layers.fc(embedded, 4 * 60)
    hidden, _ = fluid.layers.dynamic_lstm(gates, 4 * 60, use_peepholes=False)
    pooled = fluid.layers.sequence_pool(hidden, "max")
    pooled = fluid.layers.dropout(pooled, dropout, dropout_implementation="upscale_in_train")
    return fluid.layers.fc(pooled, 2, act="softmax")


def build(seed, tokens, epochs, batches, dropout=0.5):
    """Describe the network and its training; the learning rate decays over so many epochs of so many batches.

    Returns:
        Three programs (to train, to start, to predict), the loader of the data, the probabilities, the loss.
    """
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = seed
    with fluid.program_guard(main, startup):
        word = fluid.data("word", [None, 1], "int64", lod_level=1)
        label = fluid.data("label", [None, 1], "int64")
        loader = fluid.io.DataLoader.from_generator([word, label], capacity=8)
        probability = network(word, tokens, dropout)
        predict = main.clone(for_test=True)
        loss = fluid.layers.mean(fluid.layers.cross_entropy(probability, label))
        fluid.optimizer.Adam(fluid.layers.cosine_decay(0.005, batches, epochs)).minimize(loss)
    return (main, startup, predict), loader, probability, loss


def batch(reviews):
    """What to feed for a list of reviews: the texts end to end with their lengths, and the labels."""
    texts, labels = zip(*reviews)
    words = np.concatenate(texts).reshape([-1, 1])
    lengths = [len(text) for text in texts]
    return {
        "word": fluid.create_lod_tensor(words, [lengths], fluid.CPUPlace()),
        "label": np.array(labels, dtype="int64").reshape([-1, 1]),
    }


def accuracy(exe, predict, probability, reviews):
    """Share of reviews whose more probable label is the right one."""
    right = 0
    for at in range(0, len(reviews), 250):
        feed = batch(reviews[at : at + 250])
        (values,) = exe.run(predict, {"word": feed["word"]}, [probability])
        right += np.sum(values.argmax(1) == feed["label"][:, 0])
    return right / len(reviews)


def train():
    args = training.options(__doc__, "out/reviews", epochs=6)
    reviews, test_reviews, tokens = datasets.reviews(args.small)
    programs, loader, probability, loss = build(args.seed, tokens, args.epochs, training.batches(len(reviews)))
    main, startup, predict = programs

    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(startup)
    run = training.Training(args, main, len(reviews))
    for _ in run.epochs():
        for feed in run.batches(loader, lambda numbers, random: batch([reviews[number] for number in numbers])):
            run.step(exe.run(main, feed, [loss])[0])
        run.tested(accuracy(exe, predict, probability, test_reviews))
    run.finish()

    samples = {"word": batch(test_reviews[:8])["word"]}
    first = [batch(reviews[at : at + 64]) for at in range(0, 320, 64)]
    export.save(args.out, exe, programs, [probability], loss, samples, first)


if __name__ == "__main__":
    train()

"""Cuts Chinese text into words: each character gets a tag, and a conditional random field makes the tags fit together."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

import datasets
import export
import paddle.fluid as fluid
import training

BATCH_SIZE = 32
EMBEDDING = 60
HIDDEN = 60
TAGS = len(datasets.SEGMENTATION_TAGS)


def reader(embedded, is_reverse):
    """What is known at each character from reading the text up to it, forwards or backwards."""
    gates = fluid.layers.fc(embedded, 3 * HIDDEN)
    return fluid.layers.dynamic_gru(gates, HIDDEN, is_reverse=is_reverse)


def build(seed, tokens, dropout=0.3):
    """Describe the network and its training.

    Returns:
        Three programs (to train, to start, to predict), the loader of the data, the predicted tags, the loss, and what
        the evaluation counts: words predicted, words in truth, and words in both.
    """
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = seed
    with fluid.program_guard(main, startup):
        character = fluid.data("character", [None, 1], "int64", lod_level=1)
        tag = fluid.data("tag", [None, 1], "int64", lod_level=1)
        loader = fluid.io.DataLoader.from_generator([character, tag], capacity=8)
        embedded = fluid.layers.embedding(character, [tokens, EMBEDDING], is_sparse=True)
        embedded = fluid.layers.dropout(embedded, dropout, dropout_implementation="upscale_in_train")
        read = [reader(embedded, is_reverse) for is_reverse in (False, True)]
        scores = fluid.layers.fc(read, TAGS)
        transitions = fluid.ParamAttr("transitions")
        loss = fluid.layers.mean(fluid.layers.linear_chain_crf(scores, tag, transitions))
        predicted = fluid.layers.crf_decoding(scores, transitions)
        # The tags are those of a scheme with names: IOBES, of which O (outside of words) does not occur.
        counts = fluid.layers.chunk_eval(predicted, tag, "IOBES", 1)[3:]
        predict = main.clone(for_test=True)
        fluid.optimizer.Adam(0.003).minimize(loss)
    return (main, startup, predict), loader, predicted, loss, list(counts)


def batch(paragraphs):
    """What to feed for a list of paragraphs."""
    characters, tags = zip(*paragraphs)
    return {"character": training.sequences(characters), "tag": training.sequences(tags)}


def f1(exe, predict, counts, feeds):
    """Harmonic mean of two shares: predicted words that are right, and right words that were predicted."""
    evaluator = fluid.metrics.ChunkEvaluator()
    for feed in feeds:
        evaluator.update(*exe.run(predict, feed, counts))
    return evaluator.eval()[2]


def train():
    args = training.options(__doc__, "out/segmentation", epochs=4)
    paragraphs, test_paragraphs, tokens = datasets.segmentation(args.small, args.validate)
    (main, startup, predict), loader, predicted, loss, counts = build(args.seed, tokens)
    tests = [batch(part) for part in training.parts(test_paragraphs)]

    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(startup)
    run = training.Training(args, main, len(paragraphs), BATCH_SIZE, measure="F1")
    for _ in run.epochs():
        for feed in run.batches(loader, lambda numbers, random: batch([paragraphs[number] for number in numbers])):
            run.step(exe.run(main, feed, [loss])[0])
        run.tested(f1(exe, predict, counts, tests))
    run.finish()

    export.save_model(args.out, exe, predict, [predicted], {"character": batch(test_paragraphs[:8])["character"]})
    first = [batch(part) for part in training.parts(paragraphs[: 5 * BATCH_SIZE], BATCH_SIZE)]
    export.save_training(args.out, exe, main, startup, loss, first)


if __name__ == "__main__":
    train()

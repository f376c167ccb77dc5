"""Finds who did what to whom: eight LSTMs one upon the other, then a conditional random field (CoNLL 2005).

The data comes with no package: put its files where ``paddle.dataset.conll05`` looks for them. Only the test set is public;
nine tenths of it are to train.
"""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

import export
import paddle.fluid as fluid
import segmentation
import training
from paddle.dataset import conll05

BATCH_SIZE = 32
WORD, MARK, HIDDEN = 32, 5, 60
DEPTH = 8
TABLE = "word_vectors"  # not trained: they come with the data
WORDS = ["word", "before_2", "before_1", "verb", "after_1", "after_2"]
INPUTS = WORDS + ["predicate", "mark"]


def network(inputs, words, predicates, tags):
    """Scores of the tags at each word, [T, tags]; the LSTMs read the sentence forwards and backwards by turns."""
    table = fluid.ParamAttr(TABLE, trainable=False)
    embedded = [fluid.layers.embedding(inputs[name], [words, WORD], param_attr=table) for name in WORDS]
    embedded.append(fluid.layers.embedding(inputs["predicate"], [predicates, WORD]))
    embedded.append(fluid.layers.embedding(inputs["mark"], [2, MARK]))
    below = embedded
    for number in range(DEPTH):
        gates = fluid.layers.fc(below, 4 * HIDDEN)
        hidden, _ = fluid.layers.dynamic_lstm(gates, 4 * HIDDEN, is_reverse=number % 2 == 1)
        below = [gates, hidden]
    return fluid.layers.fc(below, tags)


def build(seed, words, predicates, tags):
    """Describe the network and its training, for so many words, predicates and tags.

    Returns:
        Three programs (to train, to start, to predict), the loader of the data, the predicted tags, the loss, and what
        the evaluation counts: parts predicted, parts in truth, and parts in both.
    """
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = seed
    with fluid.program_guard(main, startup):
        inputs = {name: fluid.data(name, [None, 1], "int64", lod_level=1) for name in INPUTS}
        tag = fluid.data("tag", [None, 1], "int64", lod_level=1)
        loader = fluid.io.DataLoader.from_generator([inputs[name] for name in INPUTS] + [tag], capacity=8)
        scores = network(inputs, words, predicates, tags)
        transitions = fluid.ParamAttr("transitions")
        loss = fluid.layers.mean(fluid.layers.linear_chain_crf(scores, tag, transitions))
        predicted = fluid.layers.crf_decoding(scores, transitions)
        counts = fluid.layers.chunk_eval(predicted, tag, "IOB", tags // 2)[3:]
        predict = main.clone(for_test=True)
        fluid.optimizer.Adam(0.002).minimize(loss)
    return (main, startup, predict), loader, predicted, loss, list(counts)


def load_vectors(words):
    """Put the vectors that come with the data where the network looks words up."""
    with open(conll05.get_embedding(), "rb") as file:
        file.seek(16)  # its head
        vectors = np.frombuffer(file.read(), "float32").reshape([words, WORD])
    fluid.global_scope().find_var(TABLE).get_tensor().set(vectors, fluid.CPUPlace())


def batch(sentences):
    """What to feed for a list of samples of ``conll05``."""
    columns = zip(*sentences)
    return {
        name: training.sequences([np.array(one, "int64") for one in column])
        for name, column in zip(INPUTS + ["tag"], columns)
    }


def train():
    args = training.options(__doc__.splitlines()[0], "out/label_semantic_roles", epochs=10)
    samples = list(conll05.test()())[:: 10 if args.small else 1]
    sentences, test_sentences = [one for number, one in enumerate(samples) if number % 10], samples[::10]
    if args.validate:
        sentences, test_sentences = sentences[: len(sentences) * 9 // 10], sentences[len(sentences) * 9 // 10 :]
    sizes = [len(numbers) for numbers in conll05.get_dict()]
    (main, startup, predict), loader, predicted, loss, counts = build(args.seed, *sizes)
    tests = [batch(part) for part in training.parts(test_sentences)]

    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(startup)
    load_vectors(sizes[0])
    run = training.Training(args, main, len(sentences), BATCH_SIZE, measure="F1")
    for _ in run.epochs():
        for feed in run.batches(loader, lambda numbers, random: batch([sentences[number] for number in numbers])):
            run.step(exe.run(main, feed, [loss])[0])
        run.tested(segmentation.f1(exe, predict, counts, tests))
    run.finish()

    feed = batch(test_sentences[:8])
    export.save_model(args.out, exe, predict, [predicted], {name: feed[name] for name in INPUTS})
    first = [batch(part) for part in training.parts(sentences[: 5 * BATCH_SIZE], BATCH_SIZE)]
    export.save_training(args.out, exe, main, startup, loss, first)


if __name__ == "__main__":
    train()

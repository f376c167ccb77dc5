"""Three other networks that tell praise from complaint in Chinese reviews; ../reviews.py has the batches and the measure."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

import datasets
import export
import paddle.fluid as fluid
import reviews
import training

MOST_CHARACTERS = 100  # of a text
EMBEDDING = 60
HIDDEN = 60


def conv(embedded):
    """Windows of three and of four characters, each kind with filters of its own."""
    return [fluid.nets.sequence_conv_pool(embedded, HIDDEN, size, act="tanh", pool_type="sqrt") for size in (3, 4)]


def stacked(embedded, layers=3):
    """LSTMs one upon the other, which read the text forwards and backwards by turns."""
    below = [embedded]
    for number in range(layers):
        gates = fluid.layers.fc(below, 4 * HIDDEN)
        hidden, _ = fluid.layers.dynamic_lstm(gates, 4 * HIDDEN, use_peepholes=False, is_reverse=number % 2 == 1)
        below = [gates, hidden]
    return [fluid.layers.sequence_pool(one, "max") for one in below]


def dynamic_rnn(embedded):
    """An LSTM whose step is written out: the block runs once for each position, over the texts that reach so far."""
    rnn = fluid.layers.DynamicRNN()
    with rnn.block():
        word = rnn.step_input(embedded)
        hidden, cell = rnn.memory(shape=[HIDDEN]), rnn.memory(shape=[HIDDEN])
        gates = fluid.layers.fc([word, hidden], 4 * HIDDEN)
        forget, let_in, let_out, candidate = fluid.layers.split(gates, 4, dim=1)
        kept = fluid.layers.elementwise_mul(cell, fluid.layers.sigmoid(forget))
        added = fluid.layers.elementwise_mul(fluid.layers.tanh(candidate), fluid.layers.sigmoid(let_in))
        new_cell = fluid.layers.elementwise_add(kept, added)
        new_hidden = fluid.layers.elementwise_mul(fluid.layers.tanh(new_cell), fluid.layers.sigmoid(let_out))
        rnn.update_memory(hidden, new_hidden)
        rnn.update_memory(cell, new_cell)
        rnn.output(new_hidden)
    return [fluid.layers.sequence_pool(rnn(), "max")]


NETS = {"conv": conv, "stacked": stacked, "dynamic_rnn": dynamic_rnn}


def build(seed, net, tokens, dropout=0.5):
    """Describe a network, one of ``NETS``, and its training.

    Returns:
        Three programs (to train, to start, to predict), the loader of the data, the probabilities, the loss.
    """
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = seed
    with fluid.program_guard(main, startup):
        word = fluid.data("word", [None, 1], "int64", lod_level=1)
        label = fluid.data("label", [None, 1], "int64")
        loader = fluid.io.DataLoader.from_generator([word, label], capacity=8)
        embedded = fluid.layers.embedding(word, [tokens, EMBEDDING], is_sparse=True)
        embedded = fluid.layers.dropout(embedded, dropout, dropout_implementation="upscale_in_train")
        probability = fluid.layers.fc(NETS[net](embedded), 2, act="softmax")
        predict = main.clone(for_test=True)
        loss = fluid.layers.mean(fluid.layers.cross_entropy(probability, label))
        fluid.optimizer.Adam(0.002).minimize(loss)
    return (main, startup, predict), loader, probability, loss


def train():
    args = training.options(__doc__, "out/sentiment", epochs=4, net=sorted(NETS))
    texts, test_texts, tokens = datasets.reviews(args.small, args.validate, max_length=MOST_CHARACTERS)
    (main, startup, predict), loader, probability, loss = build(args.seed, args.net, tokens)

    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(startup)
    run = training.Training(args, main, len(texts))
    for _ in run.epochs():
        for feed in run.batches(loader, lambda numbers, random: reviews.batch([texts[number] for number in numbers])):
            run.step(exe.run(main, feed, [loss])[0])
        run.tested(reviews.accuracy(exe, predict, probability, test_texts))
    run.finish()

    export.save_model(args.out, exe, predict, [probability], {"word": reviews.batch(test_texts[:8])["word"]})
    first = [reviews.batch(part) for part in training.parts(texts[:320], 64)]
    export.save_training(args.out, exe, main, startup, loss, first)


if __name__ == "__main__":
    train()

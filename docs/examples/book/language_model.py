"""Learns to write Chinese reviews character by character: a recurrent language model, whose state runs on from batch to batch."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

import datasets
import export
import paddle.fluid as fluid
import training

STREAMS = 32  # places of the text that are read at a time
STEPS = 30  # characters of each in a batch: so far back go the gradients
LAYERS = 2
EMBEDDING = 100
HIDDEN = 140
DROPOUT = 0.2
STATE = "state"


def network(word, state, tokens, dropout):
    """Read on, from each of N states.

    Args:
        word: tokens, [T, 1] in N sequences of one length.
        state: hidden state and cell of each layer, [N, LAYERS * 2 * HIDDEN].

    Returns:
        Probabilities of the character behind each, [T, tokens], and the new state.
    """
    layers = fluid.layers
    read = layers.embedding(word, [tokens, EMBEDDING])
    starts, ends = layers.split(state, LAYERS * 2, dim=1), []
    for hidden, cell in zip(starts[::2], starts[1::2]):
        read = layers.dropout(read, dropout, dropout_implementation="upscale_in_train")
        gates = layers.fc(read, 4 * HIDDEN)
        read, cells = layers.dynamic_lstm(gates, 4 * HIDDEN, hidden, cell, use_peepholes=False)
        ends += [layers.sequence_last_step(read), layers.sequence_last_step(cells)]
    read = layers.dropout(read, dropout, dropout_implementation="upscale_in_train")
    return layers.fc(read, tokens, act="softmax"), layers.concat(ends, axis=1)


def kept_state(main, startup):
    """A variable that outlives the batch, zero at first. Of ``dynamic_lstm`` it must leave open how many states there are."""
    shape = [LAYERS * 2 * HIDDEN]
    with fluid.program_guard(startup, startup):
        fluid.layers.create_global_var([STREAMS] + shape, 0.0, "float32", persistable=True, name=STATE)
    return main.global_block().create_var(name=STATE, shape=[-1] + shape, dtype="float32", persistable=True, stop_gradient=True)


def build(seed, tokens, dropout=DROPOUT):
    """Describe the network and its training, in which the state is a variable that outlives the batch.

    Returns:
        Two programs (to train, to start), the loader of the data, the loss.
    """
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = seed
    with fluid.program_guard(main, startup), fluid.unique_name.guard():
        word = fluid.data("word", [None, 1], "int64", lod_level=1)
        following = fluid.data("next", [None, 1], "int64", lod_level=1)
        loader = fluid.io.DataLoader.from_generator([word, following], capacity=8)
        state = kept_state(main, startup)
        probability, new_state = network(word, state, tokens, dropout)
        loss = fluid.layers.mean(fluid.layers.cross_entropy(probability, following))
        fluid.optimizer.Adam(0.003, grad_clip=fluid.clip.GradientClipByGlobalNorm(1.0)).minimize(loss)
        fluid.layers.assign(new_state, state)  # now, as the gradients are made of the old one
    return (main, startup), loader, loss


def build_reader(tokens):
    """Describe the same network, with the parameters of the same names, for which the state is fed.

    Returns:
        The program; probabilities, the new state, and the loss of each character, [T, 1].
    """
    program = fluid.Program()
    with fluid.program_guard(program, fluid.Program()), fluid.unique_name.guard():
        word = fluid.data("word", [None, 1], "int64", lod_level=1)
        following = fluid.data("next", [None, 1], "int64", lod_level=1)
        state = fluid.data(STATE, [None, LAYERS * 2 * HIDDEN], "float32")
        probability, new_state = network(word, state, tokens, 0.0)
        loss = fluid.layers.cross_entropy(probability, following)
    return program.clone(for_test=True), probability, new_state, loss


def windows(text, streams=STREAMS):
    """Cut a text into streams, and these into windows that overlap by one character: int64 [count, streams, STEPS + 1]."""
    count = (len(text) - 1) // streams // STEPS
    starts = np.arange(count)[:, None] * STEPS + np.arange(streams) * count * STEPS
    return text[starts[:, :, None] + np.arange(STEPS + 1)]


def batch(window):
    """What to feed to train on a window of each stream, [N, STEPS + 1]."""
    return {"word": training.sequences(window[:, :-1]), "next": training.sequences(window[:, 1:])}


def nothing_read(streams):
    return np.zeros([streams, LAYERS * 2 * HIDDEN], "float32")


def read_on(exe, reader, window, state, wanted):
    """What is wanted of a window of each stream, and the new state."""
    program, _, new_state, _ = reader
    return [np.array(one) for one in exe.run(program, dict(batch(window), state=state), [wanted, new_state], return_numpy=False)]


def perplexity(exe, reader, text, ends):
    """Among how many characters, all equally likely, it would be as hard to guess those that stand at ``ends``."""
    streams = 50
    rest = np.append(text, np.zeros(-(len(text) - 1) % (streams * STEPS), "int64"))
    state, losses = nothing_read(streams), []
    for window in windows(rest, streams):
        loss, state = read_on(exe, reader, window, state, reader[3])
        losses.append(loss.reshape([streams, STEPS]))
    return np.exp(np.concatenate(losses, axis=1).ravel()[ends - 1].mean())


def write(exe, reader, starts, count, seed):
    """Go on with some characters, int64 [N], drawing each next one by its probability: int64 [N, count + 1]."""
    random, state, text = np.random.RandomState(seed), nothing_read(len(starts)), [starts]
    for _ in range(count):
        # What would be next is fed for the loss alone, which is not wanted here.
        chances, state = read_on(exe, reader, np.repeat(text[-1][:, None], 2, axis=1), state, reader[1])
        drawn = np.argmax(np.cumsum(chances, axis=1) > random.uniform(0, 1, [len(starts), 1]), axis=1)
        text.append(drawn.astype("int64"))
    return np.stack(text, axis=1)


def train():
    args = training.options(__doc__, "out/language_model", epochs=6)
    text, test_text, ends, characters = datasets.running_text(args.small, args.validate)
    (main, startup), loader, loss = build(args.seed, len(characters))
    reader = build_reader(len(characters))

    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(startup)
    read = windows(text)
    run = training.Training(args, main, read.size // (STEPS + 1), STREAMS, measure="perplexity", percent=False, shuffle=False)
    for _ in run.epochs():
        for feed in run.batches(loader, lambda numbers, random: batch(read[numbers[0] // STREAMS])):
            run.step(exe.run(main, feed, [loss])[0])
        run.tested(perplexity(exe, reader, test_text, ends))
    run.finish()

    starts = np.array([characters.index(character) for character in "书房送"])
    for line in write(exe, reader, starts, 40, args.seed):
        print("".join(characters[token] for token in line).split("\n")[0])
    begun = {"word": training.sequences(test_text[:40].reshape([8, 5])), STATE: nothing_read(8)}
    export.save_model(args.out, exe, reader[0], list(reader[1:3]), begun)
    export.save_training(args.out, exe, main, startup, loss, [batch(window) for window in read[:5]])


if __name__ == "__main__":
    train()

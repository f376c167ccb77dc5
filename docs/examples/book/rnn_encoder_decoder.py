"""Reads English aloud: an encoder reads the letters of a word, a decoder that starts from what it knows writes the phonemes."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

import datasets
import export
import paddle.fluid as fluid
import training

EMBEDDING = 60
READ = 100  # hidden size of the encoder, in each direction
HIDDEN = 150  # that of the decoder
BEGIN, END = 0, 1  # phonemes that occur in no word
MOST_PHONEMES = 24


def named(name):
    """Arguments that name a layer's parameters, so that the programs that train and that speak share them."""
    return {"param_attr": name + ".w", "bias_attr": name + ".b"}


def encode(word, letters):
    """Read words, tokens [T, 1], forwards and backwards: hidden state and cell of the decoder's start, [N, HIDDEN] each.

    They are made of the last hidden states alone: 1.8.5 passes no gradient through the cells of ``dynamic_lstm``.
    """
    embedded = fluid.layers.embedding(word, [letters, EMBEDDING], param_attr="letters")
    last = []
    for name, end in ("forwards", fluid.layers.sequence_last_step), ("backwards", fluid.layers.sequence_first_step):
        gates = fluid.layers.fc(embedded, 4 * READ, **named(name + "_gates"))
        reverse = name == "backwards"
        hidden, _ = fluid.layers.dynamic_lstm(gates, 4 * READ, use_peepholes=False, is_reverse=reverse, **named(name))
        last.append(end(hidden))
    known = fluid.layers.concat(last, axis=1)
    hidden = fluid.layers.fc(known, HIDDEN, act="tanh", **named("start_hidden"))
    return hidden, fluid.layers.fc(known, HIDDEN, **named("start_cell"))


def step(embedded, hidden, cell):
    """One step of the decoder, after a phoneme, [N, EMBEDDING]: the new hidden state and cell, [N, HIDDEN] each."""
    return fluid.layers.lstm_unit(embedded, hidden, cell, forget_bias=1.0, **named("decoder"))


def embed(phoneme, phonemes):
    return fluid.layers.embedding(phoneme, [phonemes, EMBEDDING], param_attr="phonemes")


def guess(hidden, phonemes):
    """Probabilities of the next phoneme, [N, phonemes]."""
    return fluid.layers.fc(hidden, phonemes, act="softmax", **named("guess"))


def build(seed, letters, phonemes):
    """Describe the network and its training: the decoder is given the right phonemes up to each that it guesses.

    Returns:
        Two programs (to train, to start), the loader of the data, the loss.
    """
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = seed
    with fluid.program_guard(main, startup):
        word = fluid.data("word", [None, 1], "int64", lod_level=1)
        before = fluid.data("before", [None, 1], "int64", lod_level=1)
        phoneme = fluid.data("phoneme", [None, 1], "int64", lod_level=1)
        loader = fluid.io.DataLoader.from_generator([word, before, phoneme], capacity=8)
        start_hidden, start_cell = encode(word, letters)
        embedded = embed(before, phonemes)
        rnn = fluid.layers.DynamicRNN()
        with rnn.block():
            given = rnn.step_input(embedded)
            hidden = rnn.memory(init=start_hidden, need_reorder=True)
            cell = rnn.memory(init=start_cell, need_reorder=True)
            new_hidden, new_cell = step(given, hidden, cell)
            rnn.update_memory(hidden, new_hidden)
            rnn.update_memory(cell, new_cell)
            rnn.output(new_hidden)
        loss = fluid.layers.mean(fluid.layers.cross_entropy(guess(rnn(), phonemes), phoneme))
        fluid.optimizer.Adam(0.002, grad_clip=fluid.clip.GradientClipByGlobalNorm(1.0)).minimize(loss)
    return (main, startup), loader, loss


def build_speaker(letters, phonemes):
    """Describe how words are spoken: in each step goes on what was likeliest in the last one.

    Returns:
        The program; the phonemes of each word, [N, MOST_PHONEMES], of which those count that stand before an ``END``.
    """
    layers, program = fluid.layers, fluid.Program()
    with fluid.program_guard(program, fluid.Program()):
        word = fluid.data("word", [None, 1], "int64", lod_level=1)
        hidden, cell = encode(word, letters)
        phoneme = layers.fill_constant_batch_size_like(hidden, [-1, 1], "int64", BEGIN)
        count = layers.fill_constant([1], "int64", 0)
        most = layers.fill_constant([1], "int64", MOST_PHONEMES)
        spoken = layers.create_array("int64")
        go_on = layers.less_than(count, most)
        loop = layers.While(go_on)
        with loop.block():
            new_hidden, new_cell = step(embed(phoneme, phonemes), hidden, cell)
            likeliest = layers.topk(guess(new_hidden, phonemes), k=1)[1]
            layers.array_write(likeliest, count, spoken)
            for new, old in (likeliest, phoneme), (new_hidden, hidden), (new_cell, cell):
                layers.assign(new, old)
            layers.increment(count)
            layers.less_than(count, most, cond=go_on)
        phonemes_of_words, _ = layers.tensor_array_to_tensor(spoken, axis=1)
    return program, phonemes_of_words


def build_distance():
    """Describe how many phonemes are to be changed, left out or put in, in what was spoken: the program, and [N, 1]."""
    program = fluid.Program()
    with fluid.program_guard(program, fluid.Program()):
        sequences = [fluid.data(name, [None, 1], "int64", lod_level=1) for name in ("spoken", "right")]
        distance, _ = fluid.layers.edit_distance(*sequences, normalized=False)
    return program, distance


def batch(pairs):
    """What to feed to train on some words with their phonemes."""
    words, spoken = zip(*pairs)
    return {
        "word": training.sequences(words),
        "before": training.sequences([np.append([BEGIN], phonemes) for phonemes in spoken]),
        "phoneme": training.sequences([np.append(phonemes, [END]) for phonemes in spoken]),
    }


def speak(exe, speaker, words):
    """The phonemes of each word, a list of int64 [length]."""
    program, phonemes = speaker
    (table,) = exe.run(program, {"word": training.sequences(words)}, [phonemes])
    ended = np.concatenate([table == END, np.ones([len(table), 1], bool)], axis=1)
    return [row[:length] for row, length in zip(table, np.argmax(ended, axis=1))]


def measure(exe, speaker, pairs):
    """Share of words without a mistake, and mistakes for each phoneme that there should be."""
    program, distance = build_distance()
    mistakes = []
    for part in training.parts(pairs):
        words, right = zip(*part)
        # An END behind each: the op takes no empty sequence.
        spoken = [np.append(phonemes, [END]) for phonemes in speak(exe, speaker, words)]
        right = [np.append(phonemes, [END]) for phonemes in right]
        feed = {"spoken": training.sequences(spoken), "right": training.sequences(right)}
        mistakes += exe.run(program, feed, [distance])[0].ravel().tolist()
    return np.mean(np.array(mistakes) == 0), np.sum(mistakes) / sum(len(phonemes) for _, phonemes in pairs)


def train():
    args = training.options(__doc__, "out/rnn_encoder_decoder", epochs=8)
    pairs, test_pairs, letters, phonemes = datasets.phonemes(args.small, args.validate)
    (main, startup), loader, loss = build(args.seed, len(letters), len(phonemes))
    speaker = build_speaker(len(letters), len(phonemes))

    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(startup)
    run = training.Training(args, main, len(pairs))
    for _ in run.epochs():
        for feed in run.batches(loader, lambda numbers, random: batch([pairs[number] for number in numbers])):
            run.step(exe.run(main, feed, [loss])[0])
        exact, mistakes = measure(exe, speaker, test_pairs)
        run.tested(exact)
    run.finish()

    print("mistakes in 100 phonemes: %.1f" % (100 * mistakes))
    words = [word for word, _ in test_pairs[:8]]
    for word, spoken in zip(words, speak(exe, speaker, words)):
        print("%s: %s" % ("".join(letters[token] for token in word), " ".join(phonemes[token] for token in spoken)))
    export.save_model(args.out, exe, speaker[0], [speaker[1]], {"word": training.sequences(words)})
    export.save_training(args.out, exe, main, startup, loss, [batch(part) for part in training.parts(pairs[:320], 64)])


if __name__ == "__main__":
    train()

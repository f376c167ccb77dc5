"""Spells Chinese words: an encoder reads the characters, a decoder with attention writes the letters of their pinyin."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

import datasets
import export
import paddle.fluid as fluid
import training

EMBEDDING = 60
HIDDEN = 100
BEGIN, END = 0, 1  # letters that occur in no word
BEAM = 4  # spellings of a word that are pursued at a time
MOST_LETTERS = 40


def named(name, bias=True):
    """Arguments that name a layer's parameters, so that the programs that train and that spell share them."""
    return {"param_attr": name + ".w", "bias_attr": name + ".b" if bias else False}


def encode(word, characters):
    """Read words, tokens [T, 1], forwards and backwards.

    Returns:
        What is known at each character, [T, 2 * HIDDEN], the part of the attention that no step changes, [T, HIDDEN],
        and where the decoder starts, [N, HIDDEN].
    """
    embedded = fluid.layers.embedding(word, [characters, EMBEDDING], param_attr="characters")
    read = []
    for name in "forwards", "backwards":
        gates = fluid.layers.fc(embedded, 3 * HIDDEN, **named(name + "_gates"))
        read.append(fluid.layers.dynamic_gru(gates, HIDDEN, is_reverse=name == "backwards", **named(name)))
    encoded = fluid.layers.concat(read, axis=1)
    keys = fluid.layers.fc(encoded, HIDDEN, **named("keys", bias=False))
    start = fluid.layers.fc(fluid.layers.sequence_first_step(read[1]), HIDDEN, act="tanh", **named("start"))
    return encoded, keys, start


def embed(letter, letters):
    return fluid.layers.embedding(letter, [letters, EMBEDDING], param_attr="letters")


def attend(state, encoded, keys):
    """The mean of what is known at the characters, weighted by how much each matters in this state: [N, 2 * HIDDEN]."""
    query = fluid.layers.fc(state, HIDDEN, **named("query", bias=False))
    both = fluid.layers.elementwise_add(keys, fluid.layers.sequence_expand(query, keys))
    weight = fluid.layers.sequence_softmax(fluid.layers.fc(fluid.layers.tanh(both), 1, **named("weight", bias=False)))
    return fluid.layers.sequence_pool(fluid.layers.elementwise_mul(encoded, weight, axis=0), "sum")


def step(letter, state, encoded, keys):
    """One step of the decoder, after a letter, [N, EMBEDDING].

    Returns:
        The new state, [N, HIDDEN], and what the next letter is guessed from, [N, 3 * HIDDEN].
    """
    context = attend(state, encoded, keys)
    gates = fluid.layers.fc(fluid.layers.concat([letter, context], axis=1), 3 * HIDDEN, **named("decoder_gates"))
    state, _, _ = fluid.layers.gru_unit(gates, state, 3 * HIDDEN, **named("decoder"))
    return state, fluid.layers.concat([state, context], axis=1)


def guess(seen, letters):
    """Probabilities of the next letter, [N, letters]."""
    return fluid.layers.fc(seen, letters, act="softmax", **named("guess"))


def build(seed, characters, letters):
    """Describe the network and its training: the decoder is given the right letters up to each that it guesses.

    Returns:
        Two programs (to train, to start), the loader of the data, the loss.
    """
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = seed
    with fluid.program_guard(main, startup):
        word = fluid.data("word", [None, 1], "int64", lod_level=1)
        before = fluid.data("before", [None, 1], "int64", lod_level=1)
        letter = fluid.data("letter", [None, 1], "int64", lod_level=1)
        loader = fluid.io.DataLoader.from_generator([word, before, letter], capacity=8)
        encoded, keys, start = encode(word, characters)
        embedded = embed(before, letters)
        rnn = fluid.layers.DynamicRNN()
        with rnn.block():
            given = rnn.step_input(embedded)
            state = rnn.memory(init=start, need_reorder=True)
            new_state, seen = step(given, state, rnn.static_input(encoded), rnn.static_input(keys))
            rnn.update_memory(state, new_state)
            rnn.output(seen)
        loss = fluid.layers.mean(fluid.layers.cross_entropy(guess(rnn(), letters), letter))
        fluid.optimizer.Adam(0.002, grad_clip=fluid.clip.GradientClipByGlobalNorm(1.0)).minimize(loss)
    return (main, startup), loader, loss


def likelier(ids, scores, probability):
    """The best continuations of each spelling, and the logarithms of the probabilities with them."""
    best, letters = fluid.layers.topk(probability, k=BEAM)
    so_far = fluid.layers.reshape(scores, [-1])
    totals = fluid.layers.elementwise_add(fluid.layers.log(best), so_far, axis=0)
    return fluid.layers.beam_search(ids, scores, letters, totals, BEAM, END)


def build_speller(characters, letters):
    """Describe how words are spelled: in each step the ``BEAM`` likeliest beginnings of spellings of each word go on.

    Returns:
        The program; the spellings of each word, and the logarithm of their probability up to each letter.
    """
    layers, program = fluid.layers, fluid.Program()
    with fluid.program_guard(program, fluid.Program()):
        word = fluid.data("word", [None, 1], "int64", lod_level=1)
        begin = fluid.data("begin", [None, 1], "int64", lod_level=2)
        begin_score = fluid.data("begin_score", [None, 1], "float32", lod_level=2)
        count = layers.fill_constant([1], "int64", 0)
        most = layers.fill_constant([1], "int64", MOST_LETTERS)
        kept = [layers.array_write(first, count) for first in (begin, begin_score) + encode(word, characters)]
        go_on = layers.less_than(count, most)
        loop = layers.While(go_on)
        with loop.block():
            ids, scores, encoded, keys, state = [layers.array_read(array, count) for array in kept]
            # The last step's survivors: each spelling is there as often as it is continued.
            encoded, keys, state = [layers.sequence_expand(one, scores) for one in (encoded, keys, state)]
            state, seen = step(embed(ids, letters), state, encoded, keys)
            probability = guess(layers.lod_reset(seen, scores), letters)
            new_ids, new_scores = likelier(ids, scores, probability)
            layers.increment(count)
            for new, array in zip((new_ids, new_scores, encoded, keys, state), kept):
                layers.array_write(new, count, array)
            some_left = layers.logical_not(layers.is_empty(new_ids))
            layers.logical_and(layers.less_than(count, most), some_left, out=go_on)
        spellings = layers.beam_search_decode(kept[0], kept[1], BEAM, END)
    return program, list(spellings)


def batch(pairs):
    """What to feed to train on some words with their letters."""
    words, spellings = zip(*pairs)
    return {
        "word": training.sequences(words),
        "before": training.sequences([np.append([BEGIN], letters) for letters in spellings]),
        "letter": training.sequences([np.append(letters, [END]) for letters in spellings]),
    }


def beginnings(words):
    """What to feed to spell some words: each starts with one beginning, of logarithmic probability 0."""
    ones = [[1] * len(words)] * 2
    return {
        "word": training.sequences(words),
        "begin": fluid.create_lod_tensor(np.full([len(words), 1], BEGIN, "int64"), ones, fluid.CPUPlace()),
        "begin_score": fluid.create_lod_tensor(np.zeros([len(words), 1], "float32"), ones, fluid.CPUPlace()),
    }


def spell(exe, speller, spellings, words):
    """The likeliest spelling of each word, a list of letters."""
    ids, scores = exe.run(speller, beginnings(words), spellings, return_numpy=False)
    per_word, per_spelling = ids.lod()
    ids, scores = np.array(ids).ravel(), np.array(scores).ravel()
    best = []
    for first, end in zip(per_word, per_word[1:]):
        number = max(range(first, end), key=lambda number: scores[per_spelling[number + 1] - 1])
        letters = ids[per_spelling[number] : per_spelling[number + 1]].tolist()
        best.append([letter for letter in letters if letter not in (BEGIN, END)])
    return best


def exact(exe, speller, spellings, pairs):
    """Share of words that are spelled without a mistake."""
    right = 0
    for part in training.parts(pairs):
        words, truth = zip(*part)
        right += sum(got == want.tolist() for got, want in zip(spell(exe, speller, spellings, words), truth))
    return right / len(pairs)


def train():
    args = training.options(__doc__, "out/encoder_decoder", epochs=4)
    pairs, test_pairs, characters, letters = datasets.pronunciations(args.small, args.validate)
    (main, startup), loader, loss = build(args.seed, len(characters), len(letters))
    speller, spellings = build_speller(len(characters), len(letters))

    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(startup)
    run = training.Training(args, main, len(pairs))
    for _ in run.epochs():
        for feed in run.batches(loader, lambda numbers, random: batch([pairs[number] for number in numbers])):
            run.step(exe.run(main, feed, [loss])[0])
        run.tested(exact(exe, speller, spellings, test_pairs))
    run.finish()

    words = [word for word, _ in test_pairs[:8]]
    for word, spelled in zip(words, spell(exe, speller, spellings, words)):
        print("%s: %s" % ("".join(characters[token] for token in word), "".join(letters[token] for token in spelled)))
    export.save_model(args.out, exe, speller, spellings, beginnings(words))
    export.save_training(args.out, exe, main, startup, loss, [batch(part) for part in training.parts(pairs[:320], 64)])


if __name__ == "__main__":
    train()

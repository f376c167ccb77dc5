"""Decoders against NumPy: given inputs, greedy choice, drawing, beam search."""

import itertools

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers
from rnn_reference import END, START, WORDS, Net, data, gru_step, length_of, log_softmax, lstm_step, search

WIDTH, UNITS, ROWS = 3, 4, 6
CELL = "GRUCell/BasicGRUUnit_0"


def embed(ids):
    return fluid.embedding(ids, [WORDS, WIDTH], param_attr="words")


def to_logits(h):
    return layers.fc(h, WORDS, num_flatten_dims=len(h.shape) - 1, param_attr="out_w", bias_attr="out_b")


def with_ends(net):
    """The net, with a bias for the word that ends sentences."""
    net.set("out_b", net.parameters["out_b"] + 2 * np.eye(WORDS, dtype="float32")[END])
    return net


def first_states(rows=ROWS, seed=3):
    return np.random.RandomState(seed).uniform(-2, 2, (rows, UNITS)).astype("float32")


class Model:
    """What a net of a GRU, ``embed`` and ``to_logits`` computes."""

    def __init__(self, net):
        self.parameters = {name: value.astype("float64") for name, value in net.parameters.items()}

    def step(self, word, h):
        """Logits and states after a word, or words."""
        h = gru_step(self.parameters, CELL, self.parameters["words"][word], h)
        return h @ self.parameters["out_w"] + self.parameters["out_b"], h

    def log_probs(self, word, h):
        logits, h = self.step(word, h)
        return log_softmax(logits), h


def greedy_net(helper=None, cell=None, inits=None, scale=2.0, **options):
    def build():
        start = data("start", [None], "int64")
        chosen = helper(start) if helper else layers.GreedyEmbeddingHelper(embed, start, END)
        decoder = layers.BasicDecoder(cell() if cell else layers.GRUCell(UNITS), chosen, to_logits)
        states = inits() if inits else data("h", [None, UNITS])
        (outputs, ids), *rest = layers.dynamic_decode(decoder, inits=states, **options)
        return outputs, ids, rest

    return with_ends(Net(build, scale))


def greedy_feed():
    return {"h": first_states(), "start": np.full(ROWS, START)}


def greedy_reference(net, steps, impute):
    """Logits (T, N, words), ids (T, N), last states, lengths."""
    model, h, word = Model(net), greedy_feed()["h"].astype("float64"), np.full(ROWS, START)
    done, lengths, all_logits, all_ids = np.zeros(ROWS, bool), np.zeros(ROWS, int), [], []
    for _ in range(steps):
        logits, after = model.step(word, h)
        h = np.where(done[:, None] & impute, h, after)
        word, lengths = logits.argmax(-1), lengths + ~done
        done = done | (word == END)
        all_logits.append(logits)
        all_ids.append(word)
        if done.all():
            break
    return np.array(all_logits), np.array(all_ids), h, lengths


@pytest.mark.parametrize("impute, is_test, time_major", list(itertools.product([False, True], repeat=3)))
def test_greedy(impute, is_test, time_major):
    net = greedy_net(max_step_num=7, impute_finished=impute, is_test=is_test, output_time_major=time_major, return_length=True)
    logits, ids, h, lengths = net.run(greedy_feed())
    wanted_logits, wanted_ids, wanted_h, wanted_lengths = greedy_reference(net, 8, impute)
    assert len(set(wanted_lengths)) > 1 and wanted_lengths.max() == len(wanted_ids)  # rows end at different steps
    np.testing.assert_array_equal(ids if time_major else ids.T, wanted_ids)
    np.testing.assert_allclose(logits if time_major else logits.swapaxes(0, 1), wanted_logits, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(h, wanted_h, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(lengths, wanted_lengths)


def test_imputing_changes_the_states_of_ended_rows():
    states = [greedy_reference(greedy_net(), 8, impute)[2] for impute in (False, True)]
    assert np.abs(states[0] - states[1]).max() > 0.1


def test_without_a_limit_decoding_goes_on_until_all_rows_end():
    net = greedy_net(return_length=True)
    _, ids, _, lengths = net.run(greedy_feed())
    _, wanted, _, wanted_lengths = greedy_reference(net, 1000, False)
    np.testing.assert_array_equal(ids.T, wanted)
    np.testing.assert_array_equal(lengths, wanted_lengths)


def test_a_limit_lets_one_step_more_start():
    net = greedy_net(max_step_num=2, scale=0.01)  # nothing is ever chosen but the greatest bias
    net.set("out_b", np.eye(WORDS, dtype="float32")[3])
    assert net.run(greedy_feed())[1].tolist() == [[3, 3, 3]] * ROWS


def test_parameters_stay_as_they_are_in_tests():
    def learned():
        return layers.expand(layers.create_parameter([1, UNITS], "float32", name="learned"), [1, 1])

    nets = []
    for is_test in (False, True):
        inits = lambda: fluid.default_main_program().global_block().var(learned().name)  # noqa: E731
        nets.append(greedy_net(inits=inits, max_step_num=3, is_test=is_test))
    feed = {"start": np.array([START])}
    (_, ids, state), (_, same_ids, same_state) = [net.run(feed) for net in nets]
    np.testing.assert_array_equal(ids, same_ids)
    np.testing.assert_array_equal(state, same_state)

    def parameter_itself():
        return layers.create_parameter([1, UNITS], "float32", name="learned")

    net = greedy_net(inits=parameter_itself, max_step_num=3, is_test=True)
    first = net.run(feed)
    np.testing.assert_array_equal(np.array(net.scope.find_var("learned").get_tensor()), net.parameters["learned"])
    np.testing.assert_array_equal(net.run(feed)[2], first[2])


def test_one_variable_for_two_states_in_tests():
    def twice():
        h = data("h", [None, UNITS])
        return [h, h]

    results = [
        greedy_net(cell=lambda: layers.LSTMCell(UNITS), inits=twice, max_step_num=3, is_test=is_test).run(greedy_feed())
        for is_test in (False, True)
    ]
    for value, same in zip(*results):
        np.testing.assert_array_equal(value, same)


def test_states_that_change_places_in_tests():
    class Swap(layers.RNNCell):
        def call(self, inputs, states):
            return layers.concat([inputs, states[0]], 1), [states[1], states[0]]

    def twice():
        return [data("h", [None, UNITS]), data("c", [None, UNITS])]

    feed = {**greedy_feed(), "c": first_states(seed=9)}
    results = [greedy_net(cell=Swap, inits=twice, max_step_num=2, is_test=is_test).run(feed) for is_test in (False, True)]
    for value, same in zip(*results):
        np.testing.assert_array_equal(value, same)


# Given inputs

STEPS, LENGTHS = 5, np.array([3, 5, 1, 4, 2, 5])


def given_inputs(dtype="float32"):
    return np.random.RandomState(4).uniform(-1, 1, (ROWS, STEPS, WIDTH)).astype(dtype)


@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("length_dtype", ["int32", "int64"])
def test_given_inputs(time_major, length_dtype):
    def helper(_):
        x = data("x", [STEPS, None, WIDTH] if time_major else [None, STEPS, WIDTH])
        return layers.TrainingHelper(x, data("lengths", [None], length_dtype), time_major)

    net = greedy_net(helper, impute_finished=True, return_length=True)
    x = given_inputs()
    feed = {"h": first_states(), "x": x.swapaxes(0, 1) if time_major else x, "lengths": LENGTHS.astype(length_dtype)}
    logits, ids, last, lengths = net.run(feed)
    parameters, h, wanted = Model(net).parameters, first_states().astype("float64"), []
    for t in range(STEPS):
        after = gru_step(parameters, CELL, x[:, t], h)
        wanted.append(after @ parameters["out_w"] + parameters["out_b"])
        h = np.where((t < LENGTHS)[:, None], after, h)
    np.testing.assert_allclose(logits, np.stack(wanted, 1), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(ids, np.argmax(wanted, -1).T)
    np.testing.assert_allclose(last, h, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(lengths, LENGTHS)


def test_gradients_of_a_decoder():
    def build():
        x, lengths = data("x", [None, STEPS, WIDTH], "float64"), data("lengths", [None], "int64")
        states = [data(name, [None, UNITS], "float64") for name in ("h", "c")]
        decoder = layers.BasicDecoder(layers.LSTMCell(UNITS, dtype="float64"), layers.TrainingHelper(x, lengths), to_logits)
        outputs, last = layers.dynamic_decode(decoder, inits=states, impute_finished=True)
        parts = [outputs.cell_outputs, *last]
        loss = layers.sums([layers.reduce_sum(part * part) for part in parts])
        fluid.backward.append_backward(loss)
        return loss

    net = Net(build)
    feed = {"x": given_inputs("float64"), "h": first_states().astype("float64"), "c": first_states(seed=5).astype("float64")}
    net.check_gradients(net.fetch[0], {**feed, "lengths": LENGTHS}, list(feed) + list(net.parameters))


# Drawn words


def test_drawn_words():
    def build(temperature):
        return greedy_net(lambda start: layers.SampleEmbeddingHelper(embed, start, END, temperature), max_step_num=5)

    cold = build(1e-6).run(greedy_feed())[1]
    wanted = greedy_reference(build(None), 6, False)[1].T
    np.testing.assert_array_equal(cold[:, : wanted.shape[1]], wanted[:, : cold.shape[1]])
    net, drawn = build(None), []
    for _ in range(200):
        drawn.append(net.run(greedy_feed())[1][:, 0])
    probs = np.exp(Model(net).log_probs(np.full(ROWS, START), first_states().astype("float64"))[0])
    counts = np.array([[np.mean(np.array(drawn)[:, row] == word) for word in range(WORDS)] for row in range(ROWS)])
    np.testing.assert_allclose(counts, probs, atol=0.15)


# Beam search


def beam_net(beams, is_test=False, max_step_num=6, scale=2.0, **options):
    def build():
        decoder = layers.BeamSearchDecoder(layers.GRUCell(UNITS), START, END, beams, embed, to_logits)
        ids, states, lengths = layers.dynamic_decode(
            decoder, data("h", [None, UNITS]), max_step_num, is_test=is_test, return_length=True, **options
        )
        return ids, states.log_probs, states.finished, states.lengths, states.cell_states, lengths

    return with_ends(Net(build, scale))


@pytest.mark.parametrize("is_test", [False, True])
@pytest.mark.parametrize("beams", [1, 2, 3])
def test_beam_search(beams, is_test):
    net = beam_net(beams, is_test, impute_finished=is_test)
    model, moved = Model(net), 0
    for seed in range(20):
        h = first_states(1, seed)
        history = search(model.log_probs, h[0].astype("float64"), beams, 7)
        ids, scores, finished, lengths, _, returned = net.run({"h": h})
        best = history[-1]
        np.testing.assert_array_equal(ids[0].T, [beam.words for beam in best])
        np.testing.assert_allclose(scores[0], [beam.score for beam in best], rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(finished[0], [beam.ended for beam in best])
        np.testing.assert_array_equal(lengths[0], [length_of(beam.words) for beam in best])
        np.testing.assert_array_equal(returned, lengths)
        ended = np.array([[beam.ended for beam in step] for step in history])
        moved += (ended[:-1] & ~ended[1:]).any()  # the place of a beam that ended went to one that had not
    assert moved or beams == 1


def test_beam_search_with_improbable_words():
    """Probabilities below the smallest float32, also for beams that ended."""
    net = beam_net(3)
    net.set("out_w", 400 * net.parameters["out_w"])
    for row, h in enumerate(first_states()):
        best = search(Model(net).log_probs, h.astype("float64"), 3, 7)[-1]
        ids, scores = net.run({"h": h[None]})[:2]
        np.testing.assert_array_equal(ids[0].T[:1], [best[0].words])
        np.testing.assert_allclose(scores[0], [beam.score for beam in best], rtol=1e-3, atol=1e-2)


def test_beam_search_of_a_batch():
    net = beam_net(3)
    model, h = Model(net), first_states()
    histories = [search(model.log_probs, row, 3, 7) for row in h.astype("float64")]
    ids, scores, _, lengths, _, _ = net.run({"h": h})
    steps = max(map(len, histories))
    assert min(map(len, histories)) < steps == ids.shape[1]  # rows that are done wait for the others
    for row, history in enumerate(histories):
        padded = [beam.words + [END] * (steps - len(beam.words)) for beam in history[-1]]
        np.testing.assert_array_equal(ids[row].T, padded)
        np.testing.assert_allclose(scores[row], [beam.score for beam in history[-1]], rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(lengths[row], [length_of(beam.words) for beam in history[-1]])


def test_a_beam_search_that_keeps_everything_finds_the_best_sentences():
    steps, net = 3, beam_net(WORDS**2, max_step_num=2)
    model, h = Model(net), first_states()
    ids, scores = net.run({"h": h})[:2]
    for row in range(ROWS):
        sentences = {}
        for words in itertools.product(range(WORDS), repeat=steps):
            words = words[: length_of(list(words))]
            score, state = 0.0, h[row].astype("float64")
            for before, word in zip((START,) + words, words):
                log_probs, state = model.log_probs(before, state)
                score += log_probs[word]
            sentences[words + (END,) * (steps - len(words))] = score
        best = sorted(sentences, key=sentences.get, reverse=True)[: WORDS**2]
        assert [tuple(words) for words in ids[row].T] == best
        np.testing.assert_allclose(scores[row], [sentences[words] for words in best], rtol=1e-4, atol=1e-5)


def test_beam_search_with_states_in_lists_and_other_inputs():
    """An LSTM, no embedding, attention to something that every beam gets a copy of, float64."""
    beams = 2

    class Cell(layers.RNNCell):
        def __init__(self):
            self.lstm = layers.LSTMCell(UNITS, dtype="float64")

        def call(self, inputs, states, memory):
            words = layers.one_hot(layers.unsqueeze(inputs, [1]), WORDS)
            return self.lstm(layers.concat([layers.cast(words, "float64"), memory], axis=1), states)

    def build():
        memory = data("memory", [None, 2], "float64")
        states = [data(name, [None, UNITS], "float64") for name in ("h", "c")]
        decoder = layers.BeamSearchDecoder(Cell(), START, END, beams, output_fn=to_logits)
        tiled = decoder.tile_beam_merge_with_batch(memory, beams)
        ids, last = layers.dynamic_decode(decoder, states, max_step_num=2, memory=tiled)
        return ids, last.log_probs

    net = Net(build, 2.0)
    rng = np.random.RandomState(6)
    feed = {name: rng.uniform(-1, 1, (ROWS, size)) for name, size in (("memory", 2), ("h", UNITS), ("c", UNITS))}
    ids, scores = net.run(feed)
    for row in range(ROWS):
        model = Model(net)

        def log_probs(word, states, model=model, row=row):
            x = np.concatenate([np.eye(WORDS)[word], feed["memory"][row]])
            h, c = lstm_step(model.parameters, "LSTMCell/BasicLSTMUnit_0", x, *states)
            logits = h @ model.parameters["out_w"] + model.parameters["out_b"]
            return log_softmax(logits), (h, c)

        best = search(log_probs, (feed["h"][row], feed["c"][row]), beams, 3)[-1]
        np.testing.assert_array_equal(ids[row].T[:, : len(best[0].words)], [beam.words for beam in best])
        np.testing.assert_allclose(scores[row], [beam.score for beam in best], rtol=1e-6)


# Errors

CELLS = {"cell": lambda: layers.GRUCell(UNITS)}
ERRORS = {
    "decoder": (lambda h: layers.dynamic_decode(3), TypeError, "decoder of dynamic_decode"),
    "cell": (lambda h: layers.BeamSearchDecoder(3, START, END, 2), TypeError, "cell of BeamSearchDecoder"),
    "basic cell": (lambda h: layers.BasicDecoder(None, None), TypeError, "cell of BasicDecoder"),
    "no beams": (lambda h: layers.BeamSearchDecoder(layers.GRUCell(UNITS), 0, 1, 0), ValueError, "beam_size .*0"),
    "no states": (
        lambda h: layers.dynamic_decode(layers.BeamSearchDecoder(layers.GRUCell(UNITS), 0, 1, 2, embed, to_logits)),
        TypeError,
        "initial states of BeamSearchDecoder",
    ),
    "end token": (
        lambda h: layers.dynamic_decode(layers.BeamSearchDecoder(layers.GRUCell(UNITS), 0, 9, 2, embed, to_logits), h),
        ValueError,
        "end_token 9 .* 5 words",
    ),
    "tile": (lambda h: layers.BeamSearchDecoder.tile_beam_merge_with_batch(3, 2), TypeError, "tile_beam_merge"),
    "embedding": (lambda h: layers.GreedyEmbeddingHelper(3, h, END), TypeError, "embedding_fn"),
    "start": (lambda h: layers.GreedyEmbeddingHelper(embed, 0, END), TypeError, "start_tokens"),
    "lengths": (lambda h: layers.TrainingHelper(h, 3), TypeError, "sequence_length of TrainingHelper"),
    "given": (lambda h: layers.TrainingHelper(3, h), TypeError, "inputs of TrainingHelper"),
    "helper": (lambda h: layers.DecodeHelper().sample(h, h, h), NotImplementedError, "DecodeHelper must implement sample"),
    "abstract": (lambda h: layers.dynamic_decode(layers.Decoder()), NotImplementedError, "Decoder must implement initialize"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    function, kind, match = ERRORS[name]
    with fluid.program_guard(fluid.Program(), fluid.Program()):
        h = data("h", [None, UNITS])
        with pytest.raises(kind, match=match):
            function(h)
        assert fluid.default_main_program().current_block().idx == 0


def test_a_step_must_keep_the_structure_of_the_states():
    class Cell(layers.RNNCell):
        def call(self, inputs, states):
            return states[0], states[0]

    with fluid.program_guard(fluid.Program(), fluid.Program()):
        h = data("h", [None, UNITS])
        decoder = layers.BasicDecoder(Cell(), layers.GreedyEmbeddingHelper(embed, data("start", [None], "int64"), END), to_logits)
        with pytest.raises(ValueError, match=r"structures of variables differ: .*\['array_"):
            layers.dynamic_decode(decoder, [h])

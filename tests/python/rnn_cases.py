"""Nets of recurrent cells and decoders in plain Fluid code; their programs are compared with recorded ones.

CASES maps names to functions. What a function returns, a list of names, is compared too.
"""

import paddle.fluid as fluid
from paddle.fluid import contrib, layers
from paddle.fluid.backward import append_backward
from paddle.fluid.contrib.decoder.beam_search_decoder import BeamSearchDecoder, InitState, StateCell, TrainingDecoder
from paddle.fluid.layers import dynamic_decode

from backward_cases import data, pairs

CASES = {}
RESULTS = True  # whether what the functions return is of interest


def case(function):
    CASES[function.__name__] = function
    return function


def names(structure):
    if isinstance(structure, dict):
        return {key: names(part) for key, part in structure.items()}
    return [names(part) for part in structure] if isinstance(structure, (list, tuple)) else structure.name


@case
def lstm_trained():
    outputs, states = layers.rnn(layers.LSTMCell(3), data("x", [None, 5, 4]))
    loss = layers.mean(outputs) + layers.mean(states[0]) + layers.mean(states[1])
    return names([outputs, states]) + pairs(append_backward(loss))


@case
def gru_reversed():
    return names(layers.rnn(layers.GRUCell(3, name="g"), data("x", [None, 5, 4]), is_reverse=True))


@case
def gru_time_major():
    cell = layers.GRUCell(3, gate_activation=layers.relu, activation=layers.softsign)
    return names(layers.rnn(cell, data("x", [5, None, 4]), data("h", [None, 3]), time_major=True))


@case
def lstm_lengths():
    cell = layers.LSTMCell(3, forget_bias=0.5)
    x, length = data("x", [None, 5, 4]), data("length", [None], "int64")
    return names(layers.rnn(cell, x, sequence_length=length, is_reverse=True))


@case
def cells_with_names():
    x, h, c = data("x", [None, 4]), data("h", [None, 3]), data("c", [None, 3])
    weight, bias = fluid.ParamAttr(name="w", learning_rate=0.5), fluid.ParamAttr(name="b")
    first, second = layers.GRUCell(3, weight, bias), layers.GRUCell(3)
    return names([second(x, h), first(x, h), first(x, h), layers.LSTMCell(3, weight, bias)(x, [h, c])])


class Pair(layers.RNNCell):
    """Two states and inputs in structures."""

    def __init__(self):
        self.gru = layers.GRUCell(3)

    def call(self, inputs, states, scale=1.0):
        state, _ = self.gru(inputs[0] + inputs[1], states[0][0])
        count = layers.scale(states[1], scale)
        return (state, [count]), [[state], count]

    @property
    def state_shape(self):
        return [[[3]], [-1, 1]]


@case
def structures():
    inputs = [data("a", [None, 5, 4]), data("b", [None, 5, 4])]
    cell = Pair()
    states = cell.get_initial_states(inputs[0], init_value=2)
    return names(layers.rnn(cell, inputs, states, scale=2.0))


def embed(ids):
    return fluid.embedding(ids, [10, 4], param_attr="words")


def logits(h):
    return layers.fc(h, 10, num_flatten_dims=len(h.shape) - 1, param_attr="out_w", bias_attr="out_b")


def decoded(helper=None, cell=None, states=None, **options):
    helper = helper or layers.GreedyEmbeddingHelper(embed, data("start", [None], "int64"), 1)
    decoder = layers.BasicDecoder(cell or layers.GRUCell(3), helper, output_fn=logits)
    return names(dynamic_decode(decoder, inits=states or data("h", [None, 3]), **options))


@case
def greedy():
    return decoded(max_step_num=5)


@case
def greedy_lengths():
    return decoded(max_step_num=5, return_length=True, output_time_major=True)


@case
def greedy_test():
    return decoded(is_test=True, impute_finished=True)


@case
def greedy_imputed():
    states = [data("h", [None, 3]), data("c", [None, 3])]
    return decoded(cell=layers.LSTMCell(3), states=states, impute_finished=True, max_step_num=5)


@case
def sampled():
    start = data("start", [None], "int64")
    return decoded(layers.SampleEmbeddingHelper(embed, start, 1, softmax_temperature=0.5, seed=7), max_step_num=5)


@case
def given():
    helper = layers.TrainingHelper(data("x", [None, 6, 4]), data("length", [None], "int64"))
    return decoded(helper, return_length=True)


@case
def given_time_major():
    helper = layers.TrainingHelper(data("x", [6, None, 4]), data("length", [None], "int32"), time_major=True)
    return decoded(helper, max_step_num=3, impute_finished=True)


@case
def tiled():
    tile = layers.BeamSearchDecoder.tile_beam_merge_with_batch
    return names([tile(data("x", [None, 4]), 2), tile(data("y", [None, 3, 5]), 3)])


@case
def basic_gru():
    x, start = data("x", [6, None, 4]), data("start", [4, None, 3])
    return names(contrib.layers.basic_gru(x, start, 3, 2, dropout_prob=0.25, bidirectional=True, batch_first=False))


@case
def basic_gru_lengths():
    x, length = data("x", [None, 6, 4]), data("length", [None], "int64")
    weight, bias = fluid.ParamAttr(name="w"), fluid.ParamAttr(name="b")
    return names(contrib.layers.basic_gru(x, None, 3, 2, length, param_attr=weight, bias_attr=bias, bidirectional=True))


@case
def basic_lstm():
    x = data("x", [None, 6, 4])
    outputs, h, c = contrib.layers.basic_lstm(x, None, None, 3, num_layers=2, dropout_prob=0.5, forget_bias=0.5)
    return names([outputs, h, c]) + pairs(append_backward(layers.mean(outputs) + layers.mean(h) + layers.mean(c)))


@case
def basic_lstm_lengths():
    x, length = data("x", [6, None, 4]), data("length", [None], "int64")
    h, c = data("h", [2, None, 3]), data("c", [2, None, 3])
    weight, bias = fluid.ParamAttr(name="w"), fluid.ParamAttr(name="b")
    options = dict(sequence_length=length, bidirectional=True, batch_first=False, param_attr=weight, bias_attr=bias)
    return names(contrib.layers.basic_lstm(x, h, c, 3, **options))


@case
def units():
    x, h, c = data("x", [None, 4]), data("h", [None, 3]), data("c", [None, 3])
    hidden, cell = layers.lstm_unit(x, h, c, forget_bias=0.5)
    state, reset, gate = layers.gru_unit(layers.fc(x, 9), h, 9, origin_mode=True)
    loss = layers.mean(hidden) + layers.mean(cell) + layers.mean(state)
    return names([hidden, cell, state, reset, gate]) + pairs(append_backward(loss))


@case
def similarities():
    x, y = data("x", [None, 4]), data("y", [None, 4])
    found = [layers.cos_sim(x, y), layers.bilinear_tensor_product(x, y, 5, act="tanh")]
    return names(found) + pairs(append_backward(layers.mean(found[0]) + layers.mean(found[1])))


def state_cell(start, more=False):
    """A StateCell; with ``more`` a second state and a second input."""
    states = {"h": InitState(init=start, need_reorder=not more)}
    if more:
        states["n"] = InitState(shape=[-1, 3], value=0.5, init_boot=start)
    cell = StateCell(inputs={"x": None, "more": None} if more else {"x": None}, states=states, out_state="h")

    @cell.state_updater
    def update(cell):
        parts = [cell.get_state("h"), cell.get_input("x")]
        if more:
            cell.set_state("n", layers.scale(cell.get_state("n"), 2.0))
            parts.append(cell.get_input("more"))
        cell.set_state("h", layers.fc(parts, 3, act="tanh"))

    return cell


@case
def training_decoder():
    start, words = data("start", [None, 3]), data("words", [None, 4], lod_level=1)
    decoder = TrainingDecoder(state_cell(start))
    with decoder.block():
        word = decoder.step_input(words)
        decoder.state_cell.compute_state(inputs={"x": word})
        decoder.output(layers.fc(decoder.state_cell.get_state("h"), 10, act="softmax"))
        decoder.state_cell.update_states()
    return [decoder().name] + pairs(append_backward(layers.mean(decoder())))


@case
def training_decoder_more():
    start, words, more = data("start", [None, 3]), data("words", [None, 4], lod_level=1), data("more", [None, 2])
    decoder = TrainingDecoder(state_cell(start, more=True))
    with decoder.block():
        word, same = decoder.step_input(words), decoder.static_input(more)
        decoder.state_cell.compute_state(inputs={"x": word, "more": same})
        decoder.output(decoder.state_cell.out_state(), decoder.state_cell.get_state("n"))
        decoder.state_cell.update_states()
    return names(decoder())


def first_words():
    return data("ids", [None, 1], "int64", 2), data("scores", [None, 1], lod_level=2)


def states(count):
    return [layers.scale(data(name, [count, None, 3]), 2.0) for name in ("h", "c")]


@case
def padded_lstm():
    x = layers.scale(data("x", [None, None, 4]), 2.0)
    out, h, c = layers.lstm(x, *states(2), max_len=20, hidden_size=3, num_layers=2)
    return names([out, h, c]) + pairs(append_backward(layers.mean(out)))


@case
def padded_lstm_both_ways():
    x = layers.scale(data("x", [5, None, 4]), 2.0)
    init = fluid.initializer.Constant(0.5)
    out, h, c = layers.lstm(x, *states(6), 5, 3, 3, 0.25, True, name="deep", default_initializer=init, seed=3)
    return names([out, h, c]) + pairs(append_backward(layers.mean(h) + layers.mean(c)))


@case
def padded_lstm_in_tests():
    return names(layers.lstm(data("x", [5, None, 4]), *states(1), 5, 3, 1, dropout_prob=0.5, is_test=True))


@case
def search_decoder():
    decoder = BeamSearchDecoder(
        state_cell(data("start", [None, 3])), *first_words(), target_dict_dim=10, word_dim=4, topk_size=5, beam_size=2
    )
    decoder.decode()
    return names(decoder())


@case
def search_decoder_more():
    more = data("more", [None, 2], lod_level=1)
    decoder = BeamSearchDecoder(
        state_cell(data("start", [None, 3]), more=True),
        *first_words(),
        target_dict_dim=10,
        word_dim=4,
        input_var_dict={"more": more},
        topk_size=5,
        sparse_emb=False,
        max_len=6,
    )
    decoder.decode()
    return names(decoder())


@case
def search_decoder_by_hand():
    start, (ids, scores) = data("start", [None, 3]), first_words()
    decoder = BeamSearchDecoder(state_cell(start), ids, scores, 10, 4, max_len=6, beam_size=2)
    with decoder.block():
        ids, scores = decoder.read_array(init=ids, is_ids=True), decoder.read_array(init=scores, is_scores=True)
        other = decoder.read_array(init=start)
        decoder.state_cell.compute_state(inputs={"x": layers.embedding(ids, [10, 4])})
        probs = layers.fc(decoder.state_cell.out_state(), 10, act="softmax")
        new_ids, new_scores = layers.beam_search(ids, scores, None, probs, 2, 1, is_accumulated=False)
        decoder.state_cell.update_states()
        decoder.update_array(ids, new_ids)
        decoder.update_array(scores, new_scores)
        decoder.update_array(other, layers.scale(other, 2.0))
        decoder.early_stop()
    return names(decoder())

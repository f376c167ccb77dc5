"""Small networks of sequences, loops, arrays, branches and labels, with batches of random lengths: for tests that run many."""

import numpy as np

import paddle.fluid as fluid
from paddle.fluid import layers
from values import LodArray, to_core

WORDS, WIDTH, UNITS, END = 12, 4, 3, 0


class LoopNet:
    """``build`` makes the network and returns (what to fetch, a function of a random generator that draws a feed)."""

    def __init__(self, build):
        self.name = build.__name__
        self.main, self.startup = fluid.Program(), fluid.Program()
        self.main.random_seed = self.startup.random_seed = 1
        with fluid.program_guard(self.main, self.startup), fluid.unique_name.guard():
            fetch, self.draw = build()
        self.fetch = [var.name for var in fetch]


def lengths_of(random, count=None, empty=True):
    """Sequence lengths, some of them 0."""
    return random.integers(0 if empty else 1, 8, random.integers(1, 6) if count is None else count).tolist()


def ids_of(random, lengths, high=WORDS):
    return to_core(LodArray(random.integers(0, high, (sum(lengths), 1)), [lengths]))


def rows_of(random, lengths, width):
    return to_core(LodArray(random.uniform(-1, 1, (sum(lengths), width)).astype("float32"), [lengths]))


def train(loss):
    fluid.optimizer.Adam(0.01).minimize(loss)
    return [loss]


def recurrent_layers():
    """dynamic_lstm, dynamic_lstmp, dynamic_gru, a DynamicRNN with a static input, and a StaticRNN over one step a sequence."""
    words = fluid.data("words", [None, 1], "int64", lod_level=1)
    rows = fluid.embedding(words, [WORDS, WIDTH], is_sparse=True)
    rows = layers.reshape(rows, [-1, WIDTH])
    rows = layers.lod_reset(rows, words)
    hidden, _ = layers.dynamic_lstm(layers.fc(rows, 4 * UNITS), 4 * UNITS)
    projected, _ = layers.dynamic_lstmp(layers.fc(hidden, 4 * UNITS), 4 * UNITS, 2)
    gated = layers.dynamic_gru(layers.fc(projected, 3 * UNITS), UNITS)
    loop = layers.DynamicRNN()
    with loop.block():
        row, whole = loop.step_input(gated), loop.static_input(hidden)
        state = loop.memory(shape=[UNITS], value=0.5)
        now = layers.fc([row, state, layers.sequence_pool(whole, "sum")], UNITS, act="tanh")
        loop.update_memory(state, now)
        loop.output(now)
    last = layers.sequence_pool(loop(), "last")
    steps = static_steps(layers.stack([last, last * 0.5]))
    loss = layers.mean(layers.square(steps))
    return train(loss), lambda random: {"words": ids_of(random, lengths_of(random) + [1])}


def static_steps(steps):
    rnn = layers.StaticRNN()
    with rnn.step():
        step = rnn.step_input(steps)
        state = rnn.memory(shape=[-1, UNITS], batch_ref=step)
        now = layers.fc([step, state], UNITS, act="tanh")
        rnn.update_memory(state, now)
        rnn.step_output(now)
    return rnn()


def arrays():
    """A While that reads the steps of sequences from an array and writes another, trained."""
    rows = fluid.data("rows", [None, WIDTH], lod_level=1)
    table = layers.control_flow.lod_rank_table(rows)
    inputs = layers.control_flow.lod_tensor_to_array(layers.fc(rows, UNITS), table)
    outputs = layers.create_array("float32")
    i, end = layers.fill_constant([1], "int64", 0), layers.control_flow.max_sequence_len(table)
    go_on = layers.less_than(i, end)
    loop = layers.While(go_on)
    with loop.block():
        step = layers.array_read(inputs, i)
        layers.array_write(layers.fc(step, UNITS, act="tanh"), i, outputs)
        layers.increment(i)
        layers.less_than(i, end, cond=go_on)
    together = layers.control_flow.array_to_lod_tensor(outputs, table)
    loss = layers.mean(layers.sequence_pool(together, "sqrt"))
    return train(loss), lambda random: {"rows": rows_of(random, lengths_of(random, empty=False), WIDTH)}


def beam_search():
    """Sentences of a beam search in a While whose states are in arrays."""
    start = fluid.data("start", [None, 1], "int64", lod_level=2)
    before = fluid.data("before", [None, 1], "float32", lod_level=2)
    at, most = layers.fill_constant([1], "int64", 0), layers.fill_constant([1], "int64", 5)
    ids, scores = layers.array_write(start, at), layers.array_write(before, at)
    go_on = layers.less_than(at, most)
    loop = layers.While(go_on)
    with loop.block():
        words, totals = layers.array_read(ids, at), layers.array_read(scores, at)
        rows = layers.reshape(fluid.embedding(words, [WORDS, WIDTH]), [-1, WIDTH])
        chances = layers.softmax(layers.fc(rows, WORDS))
        best, numbers = layers.topk(chances, 4)
        sums = layers.lod_reset(layers.elementwise_add(layers.log(best), layers.reshape(totals, [-1]), axis=0), totals)
        chosen, values = layers.beam_search(words, totals, numbers, sums, 3, END)
        layers.increment(at)
        layers.array_write(chosen, at, ids)
        layers.array_write(values, at, scores)
        layers.logical_and(layers.less_than(at, most), layers.logical_not(layers.is_empty(chosen)), out=go_on)
    found, values = layers.beam_search_decode(ids, scores, 3, END)

    def draw(random):
        count = int(random.integers(1, 4))
        ones = [[1] * count, [1] * count]
        return {
            "start": to_core(LodArray(random.integers(1, WORDS, (count, 1)), ones)),
            "before": to_core(LodArray(np.zeros((count, 1), "float32"), ones)),
        }

    return [found, values], draw


def branches():
    """cond, Switch and IfElse around a trained layer."""
    x, label = fluid.data("x", [None, WIDTH]), fluid.data("label", [None, 1], "int64")
    h = layers.fc(x, UNITS, act="relu")
    total = layers.reduce_sum(h)
    h = layers.cond(total > 1.0, lambda: h * 2.0, lambda: layers.tanh(h))
    choice = layers.IfElse(layers.less_than(label, layers.fill_constant_batch_size_like(label, [-1, 1], "int64", 1)))
    with choice.true_block():
        choice.output(layers.fc(choice.input(h), 2))
    with choice.false_block():
        choice.output(layers.fc(choice.input(h), 2) * 0.5)
    loss = layers.mean(layers.softmax_with_cross_entropy(choice()[0], label))
    rate = layers.piecewise_decay([4, 7], [0.05, 0.02, 0.01])  # a Switch
    fluid.optimizer.SGD(rate).minimize(loss)

    def draw(random):
        count = int(random.integers(1, 9))
        return {
            "x": to_core(random.uniform(-1, 1, (count, WIDTH)).astype("float32")),
            "label": to_core(random.integers(0, 2, (count, 1))),
        }

    return [loss], draw


def labels():
    """The losses of labelling and of many classes: CRF, CTC, nce and hsigmoid, added up; and what they decode to."""
    rows, tags = fluid.data("rows", [None, WIDTH], lod_level=1), fluid.data("tags", [None, 1], "int64", lod_level=1)
    text = fluid.data("text", [None, 1], "int64", lod_level=1)
    scores = layers.fc(rows, 5)
    crf = layers.linear_chain_crf(scores, tags, param_attr=fluid.ParamAttr("transition"))
    ctc = layers.warpctc(scores, text, blank=0)
    nce = layers.nce(rows, tags, 5, num_neg_samples=2, seed=3)
    tree = layers.hsigmoid(rows, tags, 5)
    loss = sum((layers.mean(one) for one in (crf, ctc, nce, tree)), layers.fill_constant([1], "float32", 0))
    path = layers.crf_decoding(scores, fluid.ParamAttr("transition"))
    decoded = layers.ctc_greedy_decoder(scores, blank=0)
    distance, _ = layers.edit_distance(decoded, text)
    chunks = layers.chunk_eval(path, tags, "IOB", 2)

    def draw(random):
        lengths = lengths_of(random, empty=False)
        return {
            "rows": rows_of(random, lengths, WIDTH),
            "tags": ids_of(random, lengths, 5),
            "text": to_core(LodArray(random.integers(1, 5, (len(lengths), 1)), [[1] * len(lengths)])),
        }

    return train(loss) + [distance, chunks[0]], draw


NETS = [recurrent_layers, arrays, beam_search, branches, labels]

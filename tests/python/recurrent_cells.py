"""Cells as users write them in the block of a recurrent network, and a net around one."""

import numpy as np

import paddle.fluid as fluid
from paddle.fluid import layers
from paddle.fluid.layer_helper import LayerHelper

D, H = 3, 4


def affine(inputs, size, bias=True):
    return layers.fc(inputs, size, bias_attr=None if bias else False)


def tanh(x):
    return layers.tanh(x)


def sigmoid(x):
    return layers.sigmoid(x)


def raw_op(type, inputs, outputs, like, **attrs):
    helper = LayerHelper(type)
    results = [helper.create_variable_for_type_inference(like.dtype) for _ in outputs]
    helper.append_op(type=type, inputs=inputs, outputs=dict(zip(outputs, results)), attrs=attrs)
    return results


# ---- LSTMs: (step inputs, h, c) -> h, c ----


def lstm_of(gates, c):
    i, f, o, j = gates
    c = sigmoid(f) * c + sigmoid(i) * tanh(j)
    return sigmoid(o) * tanh(c), c


def wide_lstm(x, h, c):
    return lstm_of(layers.split(affine(x + [h], 4 * H), 4, dim=1), c)


def lstm_in_the_order_of_the_op(x, h, c):
    j, i, f, o = layers.split(affine(x + [h], 4 * H), 4, dim=1)
    return lstm_of([i, f, o, j], c)


def lstm_with_a_product_a_gate(x, h, c):
    i, f, o = [layers.fc(x + [h], H, act="sigmoid") for _ in range(3)]
    j = layers.fc(x + [h], H, act="tanh")
    c = layers.elementwise_add(layers.elementwise_mul(j, i), layers.elementwise_mul(c, f))
    return layers.elementwise_mul(tanh(c), o), c


def lstm_of_two_sums(x, h, c):
    gates = [affine(h, H) + affine(x, H, bias=False) for _ in range(4)]
    return lstm_of(gates, c)


def lstm_of_a_concat(x, h, c):
    i, j, f, o = layers.split(affine(layers.concat(x + [h], axis=1), 4 * H), 4, dim=1)
    return lstm_of([i, f + 0.7, o, j], c)


def lstm_of_slices(x, h, c):
    wide = affine(x, 4 * H) + affine(h, 4 * H)
    gates = [layers.slice(wide, [1], [k * H], [(k + 1) * H]) for k in (2, 0, 3, 1)]
    return lstm_of(gates, c)


def lstm_with_parameters(x, h, c):
    dtype = h.dtype
    w = layers.create_parameter([D, 4 * H], dtype)
    u = layers.create_parameter([H, 4 * H], dtype)
    b = layers.create_parameter([1, 4 * H], dtype)
    wide = layers.elementwise_add(layers.matmul(x[0], w) + layers.matmul(h, u), b)
    return lstm_of(layers.split(wide, [H, H, H, H], dim=1), c)


def lstm_with_relu(x, h, c):
    i, f, o, j = layers.split(affine(x + [h], 4 * H), 4, dim=1)
    c = sigmoid(i) * layers.relu(j) + c * sigmoid(f)
    return layers.relu(c) * sigmoid(o), c


def lstm_projected_before(x, h, c):
    wide = layers.elementwise_add(x[0], affine(h, 4 * H, bias=False))
    return lstm_of(layers.split(wide, 4, dim=1), c)


def lstm_with_a_forget_bias(x, h, c):
    """As BasicLSTMUnit: the number that is added to the forget gate is made once, outside."""
    main = fluid.default_main_program()
    inside, main.current_block_idx = main.current_block_idx, 0
    forget_bias = layers.fill_constant([1], h.dtype, 0.1)
    forget_bias.stop_gradient = False
    main.current_block_idx = inside
    i, j, f, o = layers.split(affine(layers.concat(x + [h], axis=1), 4 * H), 4, dim=-1)
    return lstm_of([i, layers.elementwise_add(f, forget_bias), o, j], c)


def lstm_without_bias(x, h, c):
    return lstm_of(layers.split(affine(x + [h], 4 * H, bias=False), 4, dim=1), c)


def lstm_unit(x, h, c):
    wide = affine(layers.concat(x + [h], axis=1), 4 * H)
    (h, c) = raw_op("lstm_unit", {"X": wide, "C_prev": c}, ["H", "C"], h, forget_bias=0.5)
    return h, c


LSTMS = [
    wide_lstm,
    lstm_in_the_order_of_the_op,
    lstm_with_a_product_a_gate,
    lstm_of_two_sums,
    lstm_of_a_concat,
    lstm_of_slices,
    lstm_with_parameters,
    lstm_with_relu,
    lstm_projected_before,
    lstm_with_a_forget_bias,
    lstm_without_bias,
    lstm_unit,
]


# ---- GRUs: (step inputs, h) -> h ----


def gru_with_a_product_a_gate(x, h):
    u, r = [layers.fc(x + [h], H, act="sigmoid") for _ in range(2)]
    c = tanh(affine(x + [r * h], H))
    return u * h + (1.0 - u) * c


def wide_gru(x, h):
    r, u = layers.split(sigmoid(affine(x + [h], 2 * H)), 2, dim=1)
    c = tanh(affine(x, H) + affine(r * h, H, bias=False))
    return (1.0 - u) * h + u * c


def gru_of_a_difference(x, h):
    u, r = layers.split(affine(x + [h], 2 * H), 2, dim=1)
    u = sigmoid(u)
    c = tanh(affine(x + [layers.elementwise_mul(h, sigmoid(r))], H))
    return h + u * (c - h)


def gru_of_a_concat(x, h):
    u, r = layers.split(affine(layers.concat(x + [h], axis=1), 2 * H), 2, dim=1)
    u = sigmoid(u)
    c = tanh(affine(layers.concat(x + [sigmoid(r) * h], axis=1), H))
    one = layers.fill_constant_batch_size_like(u, [-1, H], h.dtype, 1.0)
    return layers.elementwise_sub(one, u) * c + u * h


def gru_projected_before(x, h):
    parts = layers.split(x[0], 3, dim=1)
    u, r = [sigmoid(parts[k] + affine(h, H, bias=False)) for k in (1, 0)]
    return (1.0 - u) * h + u * tanh(parts[2] + affine(r * h, H))


def gru_unit(x, h, origin_mode=False):
    weight = layers.create_parameter([H, 3 * H], h.dtype)
    bias = layers.create_parameter([1, 3 * H], h.dtype)
    inputs = {"Input": affine(x, 3 * H), "HiddenPrev": h, "Weight": weight, "Bias": bias}
    _, _, h = raw_op("gru_unit", inputs, ["Gate", "ResetHiddenPrev", "Hidden"], h, origin_mode=origin_mode)
    return h


def gru_unit_of_the_paper(x, h):
    return gru_unit(x, h, origin_mode=True)


GRUS = [
    gru_with_a_product_a_gate,
    wide_gru,
    gru_of_a_difference,
    gru_of_a_concat,
    gru_projected_before,
    gru_unit,
    gru_unit_of_the_paper,
]


# ---- what looks like a cell, but is none ----


def lstm_without_tanh(x, h, c):
    i, f, o, j = layers.split(affine(x + [h], 4 * H), 4, dim=1)
    c = sigmoid(f) * c + sigmoid(i) * j
    return sigmoid(o) * tanh(c), c


def lstm_that_shows_the_cell(x, h, c):
    i, f, o, j = layers.split(affine(x + [h], 4 * H), 4, dim=1)
    c = sigmoid(f) * c + sigmoid(i) * tanh(j)
    return sigmoid(o) * c, c


def lstm_with_a_gate_twice(x, h, c):
    i, f, o, j = layers.split(affine(x + [h], 4 * H), 4, dim=1)
    c = sigmoid(f) * c + sigmoid(i) * tanh(j)
    return sigmoid(o) * sigmoid(o) * tanh(c), c


def lstm_of_coupled_gates(x, h, c):
    f, o, j = layers.split(affine(x + [h], 3 * H), 3, dim=1)
    f = sigmoid(f)
    c = f * c + (1.0 - f) * tanh(j)
    return sigmoid(o) * tanh(c), c


def lstm_of_twice_the_sum(x, h, c):
    return lstm_of(layers.split(2.0 * affine(x + [h], 4 * H), 4, dim=1), c)


def lstm_with_a_peephole(x, h, c):
    i, f, o, j = layers.split(affine(x + [h, c], 4 * H), 4, dim=1)
    return lstm_of([i, f, o, j], c)


def lstm_with_dropout(x, h, c):
    h, c = wide_lstm(x, h, c)
    return layers.dropout(h, 0.5, seed=3), c


def lstm_with_a_scaled_output(x, h, c):
    h, c = wide_lstm(x, h, c)
    return 2.0 * h, c


def lstm_that_prints(x, h, c):
    h, c = wide_lstm(x, h, c)
    layers.Print(h, first_n=1)
    return h, c


def lstm_of_half_a_parameter(x, h, c):
    wide = layers.slice(affine(x + [h], 5 * H), [1], [0], [4 * H])
    return lstm_of(layers.split(wide, 4, dim=1), c)


def lstm_of_part_of_a_word(x, h, c):
    return wide_lstm([layers.slice(x[0], [1], [0], [2])], h, c)


def gru_that_resets_behind_the_product(x, h):
    u, r = layers.split(sigmoid(affine(x + [h], 2 * H)), 2, dim=1)
    return u * h + (1.0 - u) * tanh(affine(x, H) + r * affine(h, H))


def gru_without_a_reset(x, h):
    u = sigmoid(affine(x + [h], H))
    return u * h + (1.0 - u) * tanh(affine(x + [h], H))


def gru_with_two_updates(x, h):
    u, v, r = layers.split(sigmoid(affine(x + [h], 3 * H)), 3, dim=1)
    return u * h + (1.0 - v) * tanh(affine(x + [r * h], H))


MISSES = [
    (lstm_without_tanh, "no LSTM"),
    (lstm_that_shows_the_cell, "no LSTM"),
    (lstm_with_a_gate_twice, "no LSTM"),
    (lstm_of_coupled_gates, "no LSTM"),
    (lstm_of_twice_the_sum, "no sum of products"),
    (lstm_with_a_peephole, "more than step inputs and the hidden state"),
    (lstm_with_dropout, "'dropout'"),
    (lstm_with_a_scaled_output, "no LSTM"),
    (lstm_that_prints, "'print'"),
    (lstm_of_half_a_parameter, "in part"),
    (lstm_of_part_of_a_word, "part of a step input"),
    (gru_that_resets_behind_the_product, "a reset gate"),
    (gru_without_a_reset, "a reset gate"),
    (gru_with_two_updates, "no GRU"),
]


# ---- a net around a cell ----


def names_of(case):
    return getattr(case, "__name__", None)


def is_lstm(cell):
    return "lstm" in cell.__name__


class Net:
    """A cell in a loop, a loss, and all gradients.

    Args:
        cell: one of the above.
        start (list): of each state a number, "init" (in a DynamicRNN: in the order in which the sequences run) or
            "reordered".
        outputs (str): states that are outputs, letters of "hc".
        last (bool): only the last steps go into the loss.
        steps (int): of a StaticRNN; None: a DynamicRNN.
        known (bool): whether the StaticRNN is told the number of its steps.
    """

    def __init__(
        self, cell, dtype="float32", start=(0.0, 0.0), outputs="h", last=False, steps=None, train=True, known=True
    ):
        self.cell, self.dtype, self.steps, self.known, self.given = cell, dtype, steps, known, []
        self.main, self.startup = fluid.Program(), fluid.Program()
        with fluid.program_guard(self.main, self.startup), fluid.unique_name.guard():
            x = self._words()
            if cell.__name__.endswith("projected_before"):
                size = (4 if is_lstm(cell) else 3) * H
                x = layers.fc(x, size, num_flatten_dims=2 if steps else 1)
            results = self._loop(x, start[: 2 if is_lstm(cell) else 1], outputs)
            results = results if isinstance(results, list) else [results]
            self.fetches = list(results)
            if last:
                results = [result[-1] if steps else layers.sequence_last_step(result) for result in results]
            self.loss = layers.sums([layers.mean(result * self._weight(k)) for k, result in enumerate(results)])
            self.fetches.append(self.loss)
            if train:
                pairs = fluid.backward.append_backward(self.loss)
                self.fetches += [grad for _, grad in pairs] + [name + "@GRAD" for name in self.given]

    def _weight(self, k):
        return layers.cast(layers.assign(np.linspace(-1, 1.5 + k, H).astype("float32")), self.dtype)

    def _variable(self, name, shape, lod_level=0):
        self.given.append(name)
        var = fluid.data(name, shape, self.dtype, lod_level=lod_level)
        var.stop_gradient = False
        return var

    def _words(self):
        if not self.steps:
            return self._variable("x", [None, D], 1)
        return self._variable("x", [self.steps if self.known else None, None, D])

    def _state(self, rnn, name, start, word):
        if isinstance(start, str):
            more = {} if self.steps else {"need_reorder": start == "reordered"}
            return rnn.memory(init=self._variable(name, [None, H]), **more)
        if self.steps:
            return rnn.memory(shape=[-1, H], batch_ref=word, init_value=start)
        return rnn.memory(shape=[H], value=start, dtype=self.dtype)

    def _loop(self, sequences, start, outputs):
        rnn = layers.StaticRNN() if self.steps else layers.DynamicRNN()
        with rnn.step() if self.steps else rnn.block():
            word = rnn.step_input(sequences)
            before = [self._state(rnn, name, how, word) for name, how in zip("hc", start)]
            after = self.cell([word], *before)
            after = after if isinstance(after, tuple) else (after,)
            for old, new in zip(before, after):
                rnn.update_memory(old, new)
            rnn.output(*[after["hc".index(name)] for name in outputs])
        return rnn()

    def feed(self, lengths):
        random = np.random.RandomState(7)
        feed = {}
        for name in self.given:
            shape = [len(lengths), H] if name != "x" else [self.steps, len(lengths), D] if self.steps else [sum(lengths), D]
            feed[name] = random.uniform(-1, 1, shape).astype(self.dtype)
            if name == "x" and not self.steps:
                feed[name] = fluid.create_lod_tensor(feed[name], [list(lengths)], fluid.CPUPlace())
        return feed

    def run(self, lengths, fused, program=None, fetches=None):
        """What is fetched, and the plan."""
        program, fetches = program or self.main, fetches or self.fetches
        exe = fluid.Executor(fluid.CPUPlace())
        fluid.core.set_flag("skip_passes", "" if fused else "fuse_recurrent_cells")
        try:
            feed = self.feed(lengths)
            values = exe.run(program, feed=feed, fetch_list=fetches, return_numpy=False)
            return values, exe.plan(program, feed=feed, fetch_list=fetches)
        finally:
            fluid.core.set_flag("skip_passes", "")

    def start(self):
        self.startup.random_seed = 3
        fluid.Executor(fluid.CPUPlace()).run(self.startup)


def instructions(plan):
    return [line.split(" = ")[1].split("(")[0] for line in plan.splitlines() if line.lstrip().startswith("[")]

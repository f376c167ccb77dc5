"""Recurrent networks of several layers, in one or both directions, over padded sequences."""

import copy

from paddle.fluid.layers._op import check_variable
from paddle.fluid.layers.cell_units import BasicGRUUnit, BasicLSTMUnit
from paddle.fluid.layers.nn import dropout, reshape, shape, transpose
from paddle.fluid.layers.rnn_cell import keep_where_over, swap_batch_and_time
from paddle.fluid.layers.sequence_lod import sequence_mask
from paddle.fluid.layers.static_rnn import StaticRNN
from paddle.fluid.layers.tensor import concat, reverse
from paddle.fluid.param_attr import ParamAttr

__all__ = ["BasicGRUUnit", "basic_gru", "BasicLSTMUnit", "basic_lstm"]


class _Network:
    """Layers of units, one above the other, in each direction.

    Args:
        make_unit (callable): from a unit's name, the attribute of its weights and that of its biases to the unit.
        initial: for each kind of state the values before the first step, (layers * directions, N, D), or None.
        options (dict): arguments of the layer: name, num_layers, hidden_size, bidirectional, param_attr, bias_attr.
        drop (callable): what the output of a unit goes through on its way up.
    """

    def __init__(self, make_unit, initial, drop, options):
        self.layers, self.hidden_size = options["num_layers"], options["hidden_size"]
        self.initial, self.drop = initial, drop
        parts = ["", "_reverse"] if options["bidirectional"] else [""]
        self.units = [
            [
                make_unit(
                    "%s%s_layers_%d" % (options["name"], part, i),
                    _numbered(options["param_attr"], "_bw_w_" if part else "_fw_w_", i),
                    _numbered(options["bias_attr"], "_bw_b_" if part else "_fw_b_", i),
                )
                for i in range(self.layers)
            ]
            for part in parts
        ]

    def run(self, inputs, mask):
        """The outputs, (T, N, D * directions), and the last states, (layers * directions, N, D) each."""
        sizes = [self.layers, len(self.units), -1, self.hidden_size]
        self.initial = [None if state is None else reshape(state, shape=sizes) for state in self.initial]
        outputs, states = self._one_direction(inputs, mask, 0)
        if len(self.units) == 1:
            return outputs, states
        inputs, mask = reverse(inputs, axis=[0]), None if mask is None else reverse(mask, axis=[0])
        back, back_states = self._one_direction(inputs, mask, 1)
        outputs = concat([outputs, reverse(back, axis=[0])], axis=2)
        sizes = [self.layers * len(self.units), -1, self.hidden_size]
        return outputs, [reshape(concat(list(pair), axis=1), shape=sizes) for pair in zip(states, back_states)]

    def _one_direction(self, inputs, mask, direction):
        starts = [[None if s is None else s[i, direction] for s in self.initial] for i in range(self.layers)]
        kinds, network = len(self.initial), StaticRNN()
        with network.step():
            step = network.step_input(inputs)
            here = None if mask is None else network.step_input(mask)
            for unit, start in zip(self.units[direction], starts):
                old = [network.memory(s) if s is not None else self._zeros(network, inputs) for s in start]
                new = unit(step, *old)
                new = list(new) if isinstance(new, tuple) else [new]
                if here is not None:
                    new = [keep_where_over(before, after, here) for before, after in zip(old, new)]
                for before, after in zip(old, new):
                    network.update_memory(before, after)
                    network.step_output(after)
                step = self.drop(new[0])
            network.step_output(step)
        results = network()
        last = [states[-1] for states in results[:-1]]
        sizes = [self.layers, -1, self.hidden_size]
        return results[-1], [reshape(concat(last[kind::kinds], axis=0), shape=sizes) for kind in range(kinds)]

    def _zeros(self, network, inputs):
        return network.memory(shape=[-1, self.hidden_size], batch_ref=inputs)


def _numbered(attr, suffix, number):
    """The attribute of one unit of several."""
    attr = copy.deepcopy(ParamAttr._to_attr(attr))
    if attr and attr.name is not None:
        attr.name += suffix + str(number)
    return attr


def _run(network, input, sequence_length, batch_first, dtype):
    if batch_first:
        input = swap_batch_and_time(input)
    mask = None
    if sequence_length is not None:
        check_variable(sequence_length, "sequence_length")
        mask = transpose(sequence_mask(sequence_length, maxlen=shape(input)[0], dtype=dtype), [1, 0])
    outputs, states = network.run(input, mask)
    return (swap_batch_and_time(outputs) if batch_first else outputs, *states)


def _check(layer, input, states, num_layers):
    check_variable(input, "input of " + layer)
    for state in states:
        if state is not None:
            check_variable(state, "an initial state of " + layer)
    if not isinstance(num_layers, int) or num_layers < 1:
        raise ValueError("num_layers of %s must be an integer from 1 on, got %r" % (layer, num_layers))


def _dropout(prob, implementation):
    if not prob:
        return lambda x: x
    return lambda x: dropout(x, dropout_prob=prob, dropout_implementation=implementation)


def basic_gru(
    input,
    init_hidden,
    hidden_size,
    num_layers=1,
    sequence_length=None,
    dropout_prob=0.0,
    bidirectional=False,
    batch_first=True,
    param_attr=None,
    bias_attr=None,
    gate_activation=None,
    activation=None,
    dtype="float32",
    name="basic_gru",
):
    """Layers of GRUs, each a ``BasicGRUUnit``, in one or both directions.

    Args:
        input (Variable): (N, T, K).
        init_hidden (Variable): (num_layers * directions, N, D), the states before the first step; None: 0.
        hidden_size (int): D.
        num_layers (int): how many layers, one above the other.
        sequence_length (Variable): int32 or int64, (N,): steps behind the end leave the states as they are.
        dropout_prob (float): of the outputs of each layer, whose elements are dropped in training, scaled in tests.
        bidirectional (bool): also from the last step to the first, with layers of its own.
        batch_first (bool): False: ``input`` and outputs are (T, N, ...).
        param_attr, bias_attr: of weights and biases; a name is followed by ``_fw_w_0_gate`` and so on.
        gate_activation, activation (callable): ``layers.sigmoid`` and ``layers.tanh`` by default.
        dtype (str): of the parameters.
        name (str): first part of the parameters' names.

    Returns:
        (Variable, Variable): outputs (N, T, D * directions); last states (num_layers * directions, N, D).

    Raises:
        TypeError: ``input`` or a state is not a Variable.
        ValueError: ``num_layers`` is not positive, or shapes do not fit.
    """
    _check("basic_gru", input, [init_hidden], num_layers)

    def make_unit(unit_name, weight, bias):
        return BasicGRUUnit(unit_name, hidden_size, weight, bias, gate_activation, activation, dtype)

    network = _Network(make_unit, [init_hidden], _dropout(dropout_prob, "downgrade_in_infer"), locals())
    return _run(network, input, sequence_length, batch_first, dtype)


def basic_lstm(
    input,
    init_hidden,
    init_cell,
    hidden_size,
    num_layers=1,
    sequence_length=None,
    dropout_prob=0.0,
    bidirectional=False,
    batch_first=True,
    param_attr=None,
    bias_attr=None,
    gate_activation=None,
    activation=None,
    forget_bias=1.0,
    dtype="float32",
    name="basic_lstm",
):
    """Layers of LSTMs, each a ``BasicLSTMUnit``, in one or both directions.

    Args:
        input (Variable): (N, T, K).
        init_hidden, init_cell (Variable): (num_layers * directions, N, D), the states before the first step; None: 0.
        hidden_size (int): D.
        num_layers (int): how many layers, one above the other.
        sequence_length (Variable): int32 or int64, (N,): steps behind the end leave the states as they are.
        dropout_prob (float): of the outputs of each layer, whose elements are dropped, the others scaled, in training.
        bidirectional (bool): also from the last step to the first, with layers of its own.
        batch_first (bool): False: ``input`` and outputs are (T, N, ...).
        param_attr, bias_attr: of weights and biases; a name is followed by ``_fw_w_0`` and so on.
        gate_activation, activation (callable): ``layers.sigmoid`` and ``layers.tanh`` by default.
        forget_bias (float): added to the forget gate.
        dtype (str): of the parameters.
        name (str): first part of the parameters' names.

    Returns:
        (Variable, Variable, Variable): outputs (N, T, D * directions); last hidden and cell states
        (num_layers * directions, N, D).

    Raises:
        TypeError: ``input`` or a state is not a Variable.
        ValueError: ``num_layers`` is not positive, or shapes do not fit.
    """
    _check("basic_lstm", input, [init_hidden, init_cell], num_layers)

    def make_unit(unit_name, weight, bias):
        return BasicLSTMUnit(unit_name, hidden_size, weight, bias, gate_activation, activation, forget_bias, dtype)

    drop = _dropout(dropout_prob, "upscale_in_train")
    network = _Network(make_unit, [init_hidden, init_cell], drop, locals())
    return _run(network, input, sequence_length, batch_first, dtype)

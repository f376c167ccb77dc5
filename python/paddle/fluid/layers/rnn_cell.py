"""Recurrent cells, and the layer that takes one through padded sequences."""

from paddle.fluid.framework import VarType
from paddle.fluid.layers._blocks import flatten, map_structure, pack_like
from paddle.fluid.layers._op import check_variable
from paddle.fluid.layers.cell_units import BasicGRUUnit, BasicLSTMUnit
from paddle.fluid.layers.fill import fill_constant_batch_size_like
from paddle.fluid.layers.nn import elementwise_mul, shape, transpose
from paddle.fluid.layers.sequence_lod import sequence_mask
from paddle.fluid.layers.static_rnn import StaticRNN
from paddle.fluid.layers.tensor import reverse

__all__ = ["RNNCell", "GRUCell", "LSTMCell", "rnn"]


def _is_shape(value):
    return isinstance(value, (list, tuple)) and all(isinstance(size, int) for size in value)


def _map_shapes(function, structure):
    """``structure`` with ``function`` of its shapes, which are lists of integers, for shapes."""
    if _is_shape(structure):
        return function(structure)
    if isinstance(structure, dict):
        return {key: _map_shapes(function, structure[key]) for key in sorted(structure)}
    if isinstance(structure, (list, tuple)):
        parts = [_map_shapes(function, part) for part in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    raise TypeError("a shape of get_initial_states must be a list of integers, got %r" % (structure,))


class RNNCell:
    """One step of a recurrent network. A subclass says what it does in ``call``, and ``state_shape`` where
    ``get_initial_states`` shall know it."""

    def call(self, inputs, states, **kwargs):
        """The step.

        Args:
            inputs: a variable, or lists, tuples and dicts of them.
            states: the states before the step, structured like ``state_shape``.
            kwargs: what ``rnn`` and ``dynamic_decode`` were given for it.

        Returns:
            A pair: outputs, and the states after the step, structured like ``states``.
        """
        raise NotImplementedError("%s must implement call" % type(self).__name__)

    def __call__(self, inputs, states, **kwargs):
        return self.call(inputs, states, **kwargs)

    def get_initial_states(self, batch_ref, shape=None, dtype="float32", init_value=0, batch_dim_idx=0):
        """States before the first step, all of one value.

        Args:
            batch_ref (Variable): its size in dimension ``batch_dim_idx`` is the number of rows; or lists, tuples and
                dicts of variables, whose first counts.
            shape: of a state without the rows, a list of integers, or lists, tuples and dicts of those; ``state_shape``
                by default.
            dtype (str): element type, or one for each state; ``state_dtype`` if None.
            init_value (float): the value.
            batch_dim_idx (int): see ``batch_ref``.

        Returns:
            Variables (rows, ...), structured like ``shape``.

        Raises:
            TypeError: ``batch_ref`` is no Variable or ``shape`` no list of integers.
            NotImplementedError: no ``shape`` is given and the cell has no ``state_shape``.
        """
        batch_ref = (flatten(batch_ref) or [None])[0]
        check_variable(batch_ref, "batch_ref of get_initial_states")
        shape = self.state_shape if shape is None else shape
        shapes = []
        structure = _map_shapes(lambda each: shapes.append(list(each)), shape)
        dtypes = flatten(self.state_dtype if dtype is None else dtype)
        if len(dtypes) == 1:
            dtypes = dtypes * len(shapes)
        if len(dtypes) != len(shapes):
            raise ValueError("get_initial_states got %d shapes and %d dtypes" % (len(shapes), len(dtypes)))
        states = [
            fill_constant_batch_size_like(
                input=batch_ref,
                shape=sizes if sizes[:1] == [-1] else [-1] + sizes,
                dtype=each,
                value=init_value,
                input_dim_idx=batch_dim_idx,
            )
            for sizes, each in zip(shapes, dtypes)
        ]
        for state in states:
            state.stop_gradient = False
        return pack_like(structure, states)

    @property
    def state_shape(self):
        """Shapes of the states without the rows, each a list of integers."""
        raise NotImplementedError("%s must implement state_shape" % type(self).__name__)

    @property
    def state_dtype(self):
        """Element types of the states."""
        raise NotImplementedError("%s must implement state_dtype" % type(self).__name__)


class GRUCell(RNNCell):
    """A GRU, see ``BasicGRUUnit``; its one state, (N, D), is its output::

        cell = fluid.layers.GRUCell(hidden_size=64)
        outputs, state = fluid.layers.rnn(cell, inputs=fluid.data("x", [None, 20, 32]))

    Args:
        hidden_size (int): D.
        param_attr, bias_attr: of the weights and biases; a name gets ``_gate`` and ``_candidate`` behind it.
        gate_activation, activation (callable): ``layers.sigmoid`` and ``layers.tanh`` by default.
        dtype (str): of the parameters.
        name (str): first part of the parameters' names.
    """

    def __init__(
        self,
        hidden_size,
        param_attr=None,
        bias_attr=None,
        gate_activation=None,
        activation=None,
        dtype="float32",
        name="GRUCell",
    ):
        self.hidden_size = hidden_size
        self.gru_unit = BasicGRUUnit(name, hidden_size, param_attr, bias_attr, gate_activation, activation, dtype)

    def call(self, inputs, states):
        """The step: ``inputs`` (N, K), ``states`` (N, D); returns the new state twice."""
        new_hidden = self.gru_unit(inputs, states)
        return new_hidden, new_hidden

    @property
    def state_shape(self):
        """``[D]``."""
        return [self.hidden_size]


class LSTMCell(RNNCell):
    """An LSTM, see ``BasicLSTMUnit``; its states are ``[h, c]``, both (N, D), its output is h::

        cell = fluid.layers.LSTMCell(hidden_size=64)
        outputs, [h, c] = fluid.layers.rnn(cell, inputs=fluid.data("x", [None, 20, 32]))

    Args:
        hidden_size (int): D.
        param_attr, bias_attr: of the weight and the bias.
        gate_activation, activation (callable): ``layers.sigmoid`` and ``layers.tanh`` by default.
        forget_bias (float): added to the forget gate.
        dtype (str): of the parameters.
        name (str): first part of the parameters' names.
    """

    def __init__(
        self,
        hidden_size,
        param_attr=None,
        bias_attr=None,
        gate_activation=None,
        activation=None,
        forget_bias=1.0,
        dtype="float32",
        name="LSTMCell",
    ):
        self.hidden_size = hidden_size
        self.lstm_unit = BasicLSTMUnit(
            name, hidden_size, param_attr, bias_attr, gate_activation, activation, forget_bias, dtype
        )

    def call(self, inputs, states):
        """The step: ``inputs`` (N, K), ``states`` [h, c]; returns h and the new states."""
        pre_hidden, pre_cell = states
        new_hidden, new_cell = self.lstm_unit(inputs, pre_hidden, pre_cell)
        return new_hidden, [new_hidden, new_cell]

    @property
    def state_shape(self):
        """``[[D], [D]]``."""
        return [[self.hidden_size], [self.hidden_size]]


def swap_batch_and_time(x):
    """``x`` with its first two dimensions exchanged."""
    return transpose(x, [1, 0] + list(range(2, len(x.shape))))


def keep_where_over(state, new_state, mask):
    """``new_state`` in the rows where ``mask`` is 1, ``state`` where it is 0."""
    return elementwise_mul(new_state, mask, axis=0) - elementwise_mul(state, mask - 1, axis=0)


def rnn(
    cell, inputs, initial_states=None, sequence_length=None, time_major=False, is_reverse=False, **kwargs
):
    """A recurrent network over padded sequences, whose steps a cell computes.

    Args:
        cell (RNNCell): one step.
        inputs (Variable): (N, T, ...), or lists, tuples and dicts of such.
        initial_states: the states before the first step, structured like the cell's; ``cell.get_initial_states`` by
            default.
        sequence_length (Variable): int32 or int64, (N,): steps behind the end of a sequence leave its states as they
            are; outputs go on. All T steps by default.
        time_major (bool): ``inputs`` and outputs are (T, N, ...).
        is_reverse (bool): from the last step, padding included, to the first.
        kwargs: for the cell.

    Returns:
        A pair: the outputs of all steps, (N, T, ...), structured like the cell's, and the states after the last.

    Raises:
        TypeError: ``cell`` cannot be called, an input is no Variable.
        ValueError: the cell's states are structured otherwise than the initial ones.
    """
    if not callable(cell):
        raise TypeError("cell of rnn must be an RNNCell, got %s: %.80r" % (type(cell).__name__, cell))
    for each in flatten(inputs):
        check_variable(each, "inputs of rnn")
    if initial_states is None:
        first = flatten(inputs)[0]
        dtype = {"dtype": first.dtype} if first.dtype == VarType.FP64 else {}
        initial_states = cell.get_initial_states(batch_ref=first, batch_dim_idx=1 if time_major else 0, **dtype)
    for each in flatten(initial_states):
        check_variable(each, "initial_states of rnn")
    if not time_major:
        inputs = map_structure(swap_batch_and_time, inputs)
    mask = None
    if sequence_length is not None:
        check_variable(sequence_length, "sequence_length of rnn")
        steps = shape(flatten(inputs)[0])[0]
        mask = transpose(sequence_mask(sequence_length, maxlen=steps, dtype=flatten(initial_states)[0].dtype), [1, 0])
    if is_reverse:
        inputs = map_structure(lambda x: reverse(x, axis=[0]), inputs)
        mask = reverse(mask, axis=[0]) if mask is not None else None
    outputs, states, results = _unroll(cell, inputs, initial_states, mask, kwargs)
    number = len(flatten(outputs))
    outputs = pack_like(outputs, results[:number])
    states = pack_like(states, [each[-1] for each in results[number:]])
    if is_reverse:
        outputs = map_structure(lambda x: reverse(x, axis=[0]), outputs)
    if not time_major:
        outputs = map_structure(swap_batch_and_time, outputs)
    return outputs, states


def _unroll(cell, inputs, initial_states, mask, kwargs):
    """Outputs and states of one step, and their values in all steps."""
    network = StaticRNN()
    with network.step():
        inputs = map_structure(network.step_input, inputs)
        states = map_structure(lambda state: network.memory(init=state), initial_states)
        outputs, new_states = cell(inputs, states, **kwargs)
        if mask is not None:
            here = network.step_input(mask)
            new_states = map_structure(lambda old, new: keep_where_over(old, new, here), states, new_states)
        map_structure(network.update_memory, states, new_states)
        for each in flatten(outputs) + flatten(new_states):
            network.step_output(each)
    results = network()
    return outputs, new_states, results if isinstance(results, list) else [results]

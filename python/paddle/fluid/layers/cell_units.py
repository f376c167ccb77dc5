"""One step of the recurrent cells that are made of common layers, with their parameters."""

import copy

from paddle.fluid import unique_name
from paddle.fluid.framework import default_main_program
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import check_variable
from paddle.fluid.layers.fill import fill_constant
from paddle.fluid.layers.nn import elementwise_add, elementwise_mul, matmul, split
from paddle.fluid.layers.ops import sigmoid, tanh
from paddle.fluid.layers.tensor import concat
from paddle.fluid.param_attr import ParamAttr

__all__ = ["BasicGRUUnit", "BasicLSTMUnit"]


def _function(value, default, what):
    if value is None:
        return default
    if not callable(value):
        raise TypeError("%s must be a function like layers.tanh, got %s: %.80r" % (what, type(value).__name__, value))
    return value


class _Unit:
    """What the units share: a name, and parameters that the first call makes."""

    def __init__(self, name_scope, hidden_size, param_attr, bias_attr, gate_activation, activation, dtype):
        if not isinstance(name_scope, str):
            raise TypeError("name_scope of %s must be a string, got %r" % (type(self).__name__, name_scope))
        self._name = unique_name.generate(name_scope + "/" + type(self).__name__)
        self._hidden_size, self._dtype = hidden_size, dtype
        self._param_attr, self._bias_attr = ParamAttr._to_attr(param_attr), ParamAttr._to_attr(bias_attr)
        self._gate_activation = _function(gate_activation, sigmoid, "gate_activation of " + type(self).__name__)
        self._activation = _function(activation, tanh, "activation of " + type(self).__name__)
        self._attrs = {}  # of the parameters made so far, by role, with their names
        self._parameters, self._program = {}, None

    def full_name(self):
        """The name that the parameters' names start with."""
        return self._name

    def _parameter(self, role, shape, is_bias=False, suffix=""):
        """The parameter of a role; None where its attribute is False. A program has one, and all programs the same name."""
        if self._program is not default_main_program():
            self._parameters, self._program = {}, default_main_program()
        if role in self._parameters:
            found = self._parameters[role]
            if found is not None and list(found.shape) != shape:
                raise ValueError(
                    "%s has a parameter '%s' of shape %s; this input needs %s"
                    % (self._name, found.name, list(found.shape), shape)
                )
            return found
        attr = self._attrs.get(role)
        if attr is None:
            attr = copy.deepcopy(self._bias_attr if is_bias else self._param_attr)
            if attr and attr.name is not None:
                attr.name += suffix
        helper = LayerHelper(type(self).__name__, name=self._name)
        made = helper.create_parameter(attr=attr, shape=shape, dtype=self._dtype, is_bias=is_bias)
        if made is not None:
            attr.name = made.name
        self._attrs[role], self._parameters[role] = attr, made
        return made

    def _input_size(self, input):
        check_variable(input, "input of " + type(self).__name__)
        if len(input.shape) != 2 or input.shape[-1] < 0:
            raise ValueError(
                "input of %s must have shape (N, size), but '%s' has %s"
                % (type(self).__name__, input.name, list(input.shape))
            )
        return input.shape[-1]

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)


def _affine(x, weight, bias):
    product = matmul(x=x, y=weight)
    return product if bias is None else elementwise_add(product, bias)


class BasicGRUUnit(_Unit):
    """One step of a GRU. With h' of the step before: r, u = gate_activation([x, h'] W_g + b_g),
    c = activation([x, r h'] W_c + b_c), h = u h' + (1 - u) c.

    Args:
        name_scope (str): first part of the parameters' names.
        hidden_size (int): D.
        param_attr (ParamAttr): of the weights (K + D, 2 D) of the gates r, u and (K + D, D) of the candidate; a name
            gets ``_gate`` and ``_candidate`` behind it.
        bias_attr (ParamAttr): of the biases, the same way; False: none.
        gate_activation (callable): ``layers.sigmoid`` by default.
        activation (callable): ``layers.tanh`` by default.
        dtype (str): of the parameters.

    Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014.
    """

    def __init__(
        self,
        name_scope,
        hidden_size,
        param_attr=None,
        bias_attr=None,
        gate_activation=None,
        activation=None,
        dtype="float32",
    ):
        super().__init__(name_scope, hidden_size, param_attr, bias_attr, gate_activation, activation, dtype)

    def forward(self, input, pre_hidden):
        """The state after a step.

        Args:
            input (Variable): x, (N, K).
            pre_hidden (Variable): h', (N, D).

        Returns:
            Variable: (N, D).
        """
        rows, size = self._input_size(input) + self._hidden_size, self._hidden_size
        check_variable(pre_hidden, "pre_hidden of BasicGRUUnit")
        gate_weight = self._parameter("gate_weight", [rows, 2 * size], suffix="_gate")
        candidate_weight = self._parameter("candidate_weight", [rows, size], suffix="_candidate")
        gate_bias = self._parameter("gate_bias", [2 * size], True, "_gate")
        candidate_bias = self._parameter("candidate_bias", [size], True, "_candidate")
        gates = self._gate_activation(_affine(concat([input, pre_hidden], 1), gate_weight, gate_bias))
        reset, update = split(gates, num_or_sections=2, dim=1)
        inner = concat([input, reset * pre_hidden], 1)
        candidate = self._activation(_affine(inner, candidate_weight, candidate_bias))
        return update * pre_hidden + (1 - update) * candidate


class BasicLSTMUnit(_Unit):
    """One step of an LSTM. With h', c' of the step before: i, c~, f, o = [x, h'] W + b,
    c = c' gate_activation(f + forget_bias) + gate_activation(i) activation(c~), h = activation(c) gate_activation(o).

    Args:
        name_scope (str): first part of the parameters' names.
        hidden_size (int): D.
        param_attr (ParamAttr): of the weight, (K + D, 4 D).
        bias_attr (ParamAttr): of the bias, (4 D,); False: none.
        gate_activation (callable): ``layers.sigmoid`` by default.
        activation (callable): ``layers.tanh`` by default.
        forget_bias (float): added to the forget gate.
        dtype (str): of the parameters.

    Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997.
    """

    def __init__(
        self,
        name_scope,
        hidden_size,
        param_attr=None,
        bias_attr=None,
        gate_activation=None,
        activation=None,
        forget_bias=1.0,
        dtype="float32",
    ):
        super().__init__(name_scope, hidden_size, param_attr, bias_attr, gate_activation, activation, dtype)
        self._forget_bias_value, self._forget_bias = forget_bias, None
        self._forget_bias_variable()

    def _forget_bias_variable(self):
        block, made = default_main_program().current_block(), self._forget_bias
        if made is None or block._find_var_recursive(made.name) is not made:  # of another program or block
            made = self._forget_bias = fill_constant([1], dtype=self._dtype, value=self._forget_bias_value)
            made.stop_gradient = False
        return made

    def forward(self, input, pre_hidden, pre_cell):
        """The states after a step.

        Args:
            input (Variable): x, (N, K).
            pre_hidden (Variable): h', (N, D).
            pre_cell (Variable): c', (N, D).

        Returns:
            (Variable, Variable): h and c, (N, D).
        """
        rows, size = self._input_size(input) + self._hidden_size, self._hidden_size
        check_variable(pre_hidden, "pre_hidden of BasicLSTMUnit")
        check_variable(pre_cell, "pre_cell of BasicLSTMUnit")
        weight = self._parameter("weight", [rows, 4 * size])
        bias = self._parameter("bias", [4 * size], True)
        gates = _affine(concat([input, pre_hidden], 1), weight, bias)
        i, candidate, f, o = split(gates, num_or_sections=4, dim=-1)
        gate, activation = self._gate_activation, self._activation
        kept = elementwise_mul(pre_cell, gate(elementwise_add(f, self._forget_bias_variable())))
        cell = elementwise_add(kept, elementwise_mul(gate(i), activation(candidate)))
        return activation(cell) * gate(o), cell

"""Recurrent layers: over sequences without padding, their steps, and what decoders and cells are made of."""

from paddle.fluid.framework import VarType
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable
from paddle.fluid.layers.decode import beam_search, beam_search_decode  # noqa: F401
from paddle.fluid.layers.decode_helper import (  # noqa: F401
    DecodeHelper,
    GreedyEmbeddingHelper,
    SampleEmbeddingHelper,
    TrainingHelper,
)
from paddle.fluid.layers.decoder import BasicDecoder, BeamSearchDecoder, Decoder, dynamic_decode  # noqa: F401
from paddle.fluid.layers.rnn_cell import GRUCell, LSTMCell, RNNCell, rnn  # noqa: F401
from paddle.fluid.param_attr import ParamAttr

__all__ = [
    "RNNCell",
    "GRUCell",
    "LSTMCell",
    "Decoder",
    "BeamSearchDecoder",
    "rnn",
    "dynamic_decode",
    "DecodeHelper",
    "TrainingHelper",
    "GreedyEmbeddingHelper",
    "SampleEmbeddingHelper",
    "BasicDecoder",
    "dynamic_lstm",
    "dynamic_lstmp",
    "dynamic_gru",
    "gru_unit",
    "lstm",
    "lstm_unit",
    "beam_search",
    "beam_search_decode",
]


def dynamic_lstm(
    input,
    size,
    h_0=None,
    c_0=None,
    param_attr=None,
    bias_attr=None,
    use_peepholes=True,
    is_reverse=False,
    gate_activation="sigmoid",
    cell_activation="tanh",
    candidate_activation="tanh",
    dtype="float32",
    name=None,
):
    """An LSTM over sequences of any length.

    Args:
        input (Variable): sequences of rows (4 D,), lod_level 1: the projected input of candidate, input gate, forget
            gate and output gate; a ``fc`` of size 4 D makes it.
        size (int): 4 D.
        h_0, c_0 (Variable): (sequences, D), the states before the first row; 0 by default, both or neither.
        param_attr (ParamAttr): of the recurrent weight, (D, 4 D).
        bias_attr (ParamAttr): of the bias, (1, 4 D), or (1, 7 D) with the weights of the peepholes.
        use_peepholes (bool): the gates see the cell.
        is_reverse (bool): from the last row to the first.
        gate_activation, cell_activation, candidate_activation (str): ``'sigmoid'``, ``'tanh'``, ``'relu'``,
            ``'identity'``.
        dtype: of the weights.
        name (str): name of the layer.

    Returns:
        A tuple: hidden states and cell states, both (rows, D), the same sequences.

    Raises:
        ValueError: ``size`` is not 4 D; only one state is given.

    Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997; Gers et al., "Learning Precise Timing with
    LSTM Recurrent Networks", 2002.
    """
    if bias_attr is False:
        raise ValueError("dynamic_lstm needs a bias, bias_attr is False")
    if size % 4:
        raise ValueError("size of dynamic_lstm must be 4 times the hidden size, got %d" % size)
    if (h_0 is None) != (c_0 is None):
        raise ValueError("dynamic_lstm takes h_0 and c_0 both or neither")
    helper = LayerHelper("lstm", param_attr=param_attr, bias_attr=bias_attr, name=name)
    hidden = size // 4
    weight = helper.create_parameter(attr=helper.param_attr, shape=[hidden, 4 * hidden], dtype=dtype)
    bias = helper.create_parameter(
        attr=helper.bias_attr, shape=[1, (7 if use_peepholes else 4) * hidden], dtype=dtype, is_bias=True
    )
    inputs = {"Input": input, "Weight": weight, "Bias": bias, "H0": h_0, "C0": c_0}
    outputs = {"Hidden": dtype, "Cell": dtype, "BatchGate": dtype, "BatchCellPreAct": dtype}
    attrs = {
        "use_peepholes": use_peepholes,
        "is_reverse": is_reverse,
        "gate_activation": gate_activation,
        "cell_activation": cell_activation,
        "candidate_activation": candidate_activation,
    }
    return tuple(append_op("lstm", inputs, outputs, attrs, helper=helper)[:2])


def dynamic_lstmp(
    input,
    size,
    proj_size,
    param_attr=None,
    bias_attr=None,
    use_peepholes=True,
    is_reverse=False,
    gate_activation="sigmoid",
    cell_activation="tanh",
    candidate_activation="tanh",
    proj_activation="tanh",
    dtype="float32",
    name=None,
    h_0=None,
    c_0=None,
    cell_clip=None,
    proj_clip=None,
):
    """An LSTM whose hidden state is projected to ``proj_size`` numbers before it goes on; see ``dynamic_lstm``.

    Args:
        input (Variable): sequences of rows (4 D,), as of ``dynamic_lstm``.
        size (int): 4 D.
        proj_size (int): length of the projection.
        param_attr: of the recurrent weight, (proj_size, 4 D), and the projection, (D, proj_size).
        bias_attr (ParamAttr): of the bias, as of ``dynamic_lstm``.
        use_peepholes (bool): the gates see the cell.
        is_reverse (bool): from the last row to the first.
        gate_activation (str): of the gates.
        cell_activation (str): of the cell.
        candidate_activation (str): of the candidate.
        proj_activation (str): of the projection.
        dtype: of the weights.
        name (str): name of the layer.
        h_0 (Variable): (sequences, proj_size), the projections before the first row.
        c_0 (Variable): (sequences, D), the cell states before the first row.
        cell_clip, proj_clip (float): limits of the cell and of the projection.

    Returns:
        A tuple: projections (rows, proj_size) and cell states (rows, D).

    Raises:
        ValueError: there is no bias, or shapes do not fit.

    Source: Sak et al., "Long Short-Term Memory Recurrent Neural Network Architectures for Large Scale Acoustic
    Modeling", 2014.
    """
    if bias_attr is False:
        raise ValueError("dynamic_lstmp needs a bias, bias_attr is False")
    helper = LayerHelper("lstmp", param_attr=param_attr, bias_attr=bias_attr, name=name)
    hidden = size // 4
    weight = helper.create_parameter(attr=helper.param_attr, shape=[proj_size, 4 * hidden], dtype=dtype)
    projection = helper.create_parameter(attr=helper.param_attr, shape=[hidden, proj_size], dtype=dtype)
    bias = helper.create_parameter(
        attr=helper.bias_attr, shape=[1, (7 if use_peepholes else 4) * hidden], dtype=dtype, is_bias=True
    )
    inputs = {"Input": input, "Weight": weight, "ProjWeight": projection, "Bias": bias, "H0": h_0, "C0": c_0}
    slots = ("Projection", "Cell", "BatchHidden", "BatchGate", "BatchCellPreAct")
    attrs = {
        "use_peepholes": use_peepholes,
        "cell_clip": float(cell_clip) if cell_clip else 0.0,
        "proj_clip": float(proj_clip) if proj_clip else 0.0,
        "is_reverse": is_reverse,
        "gate_activation": gate_activation,
        "cell_activation": cell_activation,
        "candidate_activation": candidate_activation,
        "proj_activation": proj_activation,
    }
    return tuple(append_op("lstmp", inputs, {slot: dtype for slot in slots}, attrs, helper=helper)[:2])


def dynamic_gru(
    input,
    size,
    param_attr=None,
    bias_attr=None,
    is_reverse=False,
    gate_activation="sigmoid",
    candidate_activation="tanh",
    h_0=None,
    origin_mode=False,
):
    """A GRU over sequences of any length.

    Args:
        input (Variable): sequences of rows (3 D,), lod_level 1: the projected input of update gate, reset gate and
            candidate; a ``fc`` of size 3 D makes it.
        size (int): D.
        param_attr (ParamAttr): of the recurrent weight, (D, 3 D).
        bias_attr (ParamAttr): of the bias, (1, 3 D).
        is_reverse (bool): from the last row to the first.
        gate_activation, candidate_activation (str): ``'sigmoid'``, ``'tanh'``, ``'relu'``, ``'identity'``.
        h_0 (Variable): (sequences, D), the states before the first row; 0 by default.
        origin_mode (bool): h = u h' + (1 - u) c as in the first paper; else h = (1 - u) h' + u c.

    Returns:
        Variable: hidden states, (rows, D), the same sequences.

    Raises:
        ValueError: shapes do not fit, or there is no such activation.

    Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014; Chung et al., "Empirical
    Evaluation of Gated Recurrent Neural Networks on Sequence Modeling", 2014.
    """
    check_variable(input, "input of dynamic_gru")
    helper = LayerHelper("gru", input=input, param_attr=param_attr, bias_attr=bias_attr)
    weight = helper.create_parameter(attr=helper.param_attr, shape=[size, 3 * size], dtype=input.dtype)
    bias = helper.create_parameter(attr=helper.bias_attr, shape=[1, 3 * size], dtype=input.dtype, is_bias=True)
    inputs = {"Input": input, "Weight": weight, "Bias": bias, "H0": h_0}
    slots = ("Hidden", "BatchGate", "BatchResetHiddenPrev", "BatchHidden")
    attrs = {
        "is_reverse": is_reverse,
        "gate_activation": gate_activation,
        "activation": candidate_activation,
        "origin_mode": origin_mode,
    }
    return append_op("gru", inputs, {slot: "Input" for slot in slots}, attrs, helper=helper)[0]


def gru_unit(
    input,
    hidden,
    size,
    param_attr=None,
    bias_attr=None,
    activation="tanh",
    gate_activation="sigmoid",
    origin_mode=False,
):
    """One step of a GRU.

    Args:
        input (Variable): (N, 3 D), the projected input, see ``dynamic_gru``.
        hidden (Variable): (N, D), the state before.
        size (int): 3 D.
        param_attr (ParamAttr): of the recurrent weight, (D, 3 D).
        bias_attr (ParamAttr): of the bias, (1, 3 D); False: none.
        activation (str): of the candidate: ``'identity'``, ``'sigmoid'``, ``'tanh'`` or ``'relu'``.
        gate_activation (str): of the gates.
        origin_mode (bool): see ``dynamic_gru``.

    Returns:
        A tuple: the state after, (N, D); the reset state before, (N, D); the gates, (N, 3 D).

    Raises:
        ValueError: there is no such activation, or shapes do not fit.
    """
    check_variable(input, "input of gru_unit")
    codes = {"identity": 0, "sigmoid": 1, "tanh": 2, "relu": 3}
    for name in (activation, gate_activation):
        if name not in codes:
            raise ValueError("activations of gru_unit are %s, got %r" % (", ".join(codes), name))
    helper = LayerHelper("gru_unit", input=input, hidden=hidden, param_attr=param_attr, bias_attr=bias_attr)
    width = size // 3
    weight = helper.create_parameter(attr=helper.param_attr, shape=[width, 3 * width], dtype=input.dtype)
    inputs = {"Input": input, "HiddenPrev": hidden, "Weight": weight}
    if helper.bias_attr:
        inputs["Bias"] = helper.create_parameter(
            attr=helper.bias_attr, shape=[1, 3 * width], dtype=input.dtype, is_bias=True
        )
    outputs = {"Gate": "Input", "ResetHiddenPrev": "Input", "Hidden": "Input"}
    attrs = {"activation": codes[activation], "gate_activation": codes[gate_activation], "origin_mode": origin_mode}
    gate, reset, new = append_op("gru_unit", inputs, outputs, attrs, helper=helper)
    return new, reset, gate


def lstm(
    input,
    init_h,
    init_c,
    max_len,
    hidden_size,
    num_layers,
    dropout_prob=0.0,
    is_bidirec=False,
    is_test=False,
    name=None,
    default_initializer=None,
    seed=-1,
):
    """Layers of LSTM, one on top of the other, over padded sequences of one length, time first: what cuDNN computes.

    All parameters are one vector in cuDNN's layout, which the op ``cudnn_lstm`` describes. Sequences of different
    lengths need no padding with ``dynamic_lstm``.

    Args:
        input (Variable): (T, B, I), T steps of B sequences.
        init_h, init_c (Variable): (L D, B, H), the states before the first step; D is 2 with ``is_bidirec``, else 1.
        max_len (int): the most steps that ``input`` may have.
        hidden_size (int): H, units of each LSTM.
        num_layers (int): L.
        dropout_prob (float): of each output of a layer but the last, the probability to be dropped in training; those
            kept are divided by 1 - ``dropout_prob``.
        is_bidirec (bool): each layer has a second LSTM, which runs from the last step to the first.
        is_test (bool): nothing is dropped.
        name (str): name of the layer.
        default_initializer (Initializer): of the vector of parameters; uniform of Xavier by default.
        seed (int): of what is dropped, the same in every run; -1: another one in every run.

    Returns:
        A tuple: hidden states of the last layer, (T, B, D H), and hidden and cell states behind the last step of all
        layers, both (L D, B, H).

    Raises:
        TypeError: ``input``, ``init_h`` or ``init_c`` is no variable.
        ValueError: shapes do not fit; there is no layer or no unit.

    Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997.
    """
    for what, var in (("input", input), ("init_h", init_h), ("init_c", init_c)):
        check_variable(var, what + " of lstm")
    if len(input.shape) != 3 or input.shape[2] < 1:
        raise ValueError("input of lstm must be (steps, sequences, width) with a known width, got %s" % (input.shape,))
    if num_layers < 1 or hidden_size < 1:
        raise ValueError("num_layers and hidden_size of lstm must be 1 or more, got %r, %r" % (num_layers, hidden_size))
    helper = LayerHelper("cudnn_lstm", name=name)
    directions, width, size = 1 + bool(is_bidirec), input.shape[2], 0
    for _ in range(num_layers):
        size += directions * 4 * hidden_size * (width + hidden_size + 2)
        width = directions * hidden_size
    weight = helper.create_parameter(
        attr=helper.param_attr, shape=[size], dtype=input.dtype, default_initializer=default_initializer
    )
    cache = helper.create_variable(persistable=True, type=VarType.RAW, stop_gradient=True)
    inputs = {"Input": input, "InitH": init_h, "InitC": init_c, "W": weight, "Cache": cache}
    attrs = {
        "max_len": max_len,
        "is_bidirec": is_bidirec,
        "input_size": input.shape[2],
        "hidden_size": hidden_size,
        "num_layers": num_layers,
        "is_test": is_test,
        "dropout_prob": dropout_prob,
        "seed": seed,
    }
    outputs = dict.fromkeys(("Out", "last_h", "last_c"), "Input")
    return tuple(append_op("cudnn_lstm", inputs, outputs, attrs, helper=helper))


def lstm_unit(x_t, hidden_t_prev, cell_t_prev, forget_bias=0.0, param_attr=None, bias_attr=None, name=None):
    """One step of an LSTM, with its own projection of input and state.

    Args:
        x_t (Variable): (N, K), the input.
        hidden_t_prev, cell_t_prev (Variable): (N, D), the states before.
        forget_bias (float): added to the forget gate.
        param_attr (ParamAttr): of the projection, (K + D, 4 D).
        bias_attr (ParamAttr): of its bias, (4 D,).
        name (str): name of the layer.

    Returns:
        A tuple: hidden and cell state after, both (N, D).

    Raises:
        ValueError: shapes do not fit.
    """
    check_variable(x_t, "x_t of lstm_unit")
    check_variable(hidden_t_prev, "hidden_t_prev of lstm_unit")
    check_variable(cell_t_prev, "cell_t_prev of lstm_unit")
    from paddle.fluid.layers.nn import fc
    from paddle.fluid.layers.tensor import concat

    for what, var in (("x_t", x_t), ("hidden_t_prev", hidden_t_prev), ("cell_t_prev", cell_t_prev)):
        if len(var.shape) != 2:
            raise ValueError("%s of lstm_unit takes 2 dimensions, got shape %s" % (what, var.shape))
    if hidden_t_prev.shape[1] != cell_t_prev.shape[1]:
        raise ValueError("hidden and cell state of lstm_unit differ: %s, %s" % (hidden_t_prev.shape, cell_t_prev.shape))
    if bias_attr is None:
        bias_attr = ParamAttr()
    size = cell_t_prev.shape[1]
    gates = fc(
        input=concat(input=[x_t, hidden_t_prev], axis=1), size=4 * size, param_attr=param_attr, bias_attr=bias_attr
    )
    inputs = {"X": gates, "C_prev": cell_t_prev}
    outputs = {"C": x_t.dtype, "H": x_t.dtype}
    cell, hidden = append_op("lstm_unit", inputs, outputs, {"forget_bias": forget_bias}, name=name)
    return hidden, cell

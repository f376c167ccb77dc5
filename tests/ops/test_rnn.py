"""Recurrent layers over sequences."""

import numpy as np
import pytest
from harness import LodArray, Op, lod, op_tests, uniform
from recurrences import ACTIVATIONS, by_step, gru, lstm, walk

import paddle.fluid as fluid


def projected(X, Y, YBias):
    """What fused_mul_lstm and fused_mul_gru give to their gates."""
    return LodArray(np.asarray(X) @ np.asarray(Y) + (0 if YBias is None else np.asarray(YBias)), X.lengths)


def fused_mul_lstm(
    X, Y, YBias, H0, C0, Weight, Bias, use_peepholes, is_reverse, gate_activation, cell_activation, candidate_activation
):
    attrs = (use_peepholes, is_reverse, gate_activation, cell_activation, candidate_activation)
    outputs = lstm(projected(X, Y, YBias), H0, C0, Weight, Bias, *attrs)
    return {slot: outputs[slot] for slot in ("Hidden", "Cell")}


def fused_mul_gru(X, Y, YBias, H0, Weight, Bias, activation, gate_activation, is_reverse, origin_mode):
    attrs = (activation, gate_activation, is_reverse, origin_mode)
    return {"Hidden": gru(projected(X, Y, YBias), H0, Weight, Bias, *attrs)["Hidden"]}


def clip(x, limit):
    return np.clip(x, -limit, limit) if limit > 0 else x


def lstmp(
    Input,
    H0,
    C0,
    Weight,
    ProjWeight,
    Bias,
    use_peepholes,
    is_reverse,
    cell_clip,
    proj_clip,
    gate_activation,
    cell_activation,
    candidate_activation,
    proj_activation,
):
    units, projected = ProjWeight.shape
    gate, show, propose = ACTIVATIONS[gate_activation], ACTIVATIONS[cell_activation], ACTIVATIONS[candidate_activation]
    peephole = Bias[0, 4 * units :].reshape(3, units) if use_peepholes else np.zeros((3, units))
    projection, cell, gates, hidden = (np.zeros((len(Input), n)) for n in (projected, units, 4 * units, units))
    for s, rows in enumerate(walk(Input.lengths, is_reverse)):
        p, c = np.zeros(projected) if H0 is None else H0[s], np.zeros(units) if C0 is None else C0[s]
        for row in rows:
            x_c, x_i, x_f, x_o = np.split(np.asarray(Input)[row] + p @ Weight + Bias[0, : 4 * units], 4)
            candidate, i, f = propose(x_c), gate(x_i + peephole[0] * c), gate(x_f + peephole[1] * c)
            c = clip(f * c + i * candidate, cell_clip)
            o = gate(x_o + peephole[2] * c)
            h = o * show(c)
            p = clip(ACTIVATIONS[proj_activation](h @ ProjWeight), proj_clip)
            projection[row], cell[row], hidden[row], gates[row] = p, c, h, np.concatenate([candidate, i, f, o])
    order = np.array(by_step(Input.lengths, is_reverse), dtype=int)
    stepped = {"BatchGate": gates[order], "BatchCellPreAct": show(cell)[order], "BatchHidden": hidden[order]}
    return {**stepped, **{slot: LodArray(x, Input.lengths) for slot, x in (("Projection", projection), ("Cell", cell))}}


def lstm_case(lengths, size, initial=False, bias=None, use_peepholes=True, **attrs):
    rows, sequences = sum(lengths[-1]), len(lengths[-1])
    case = dict(
        Input=lod(uniform(rows, 4 * size), *lengths),
        Weight=uniform(size, 4 * size, low=-0.5, high=0.5),
        Bias=uniform(1, (7 if use_peepholes else 4) * size),
        use_peepholes=use_peepholes,
        **attrs,
    )
    if initial:
        case.update(H0=uniform(sequences, size), C0=uniform(sequences, size))
    return case


def lstmp_case(lengths, size, projected, states="", use_peepholes=True, **attrs):
    """`states`: which of H0 and C0 there are."""
    rows, sequences = sum(lengths[-1]), len(lengths[-1])
    case = dict(
        Input=lod(uniform(rows, 4 * size), *lengths),
        Weight=uniform(projected, 4 * size, low=-0.5, high=0.5),
        ProjWeight=uniform(size, projected),
        Bias=uniform(1, (7 if use_peepholes else 4) * size),
        use_peepholes=use_peepholes,
        **attrs,
    )
    if "h" in states:
        case.update(H0=uniform(sequences, projected))
    if "c" in states:
        case.update(C0=uniform(sequences, size))
    return case


def gru_case(lengths, size, initial=False, bias=True, **attrs):
    rows, sequences = sum(lengths[-1]), len(lengths[-1])
    case = dict(Input=lod(uniform(rows, 3 * size), *lengths), Weight=uniform(size, 3 * size, low=-0.5, high=0.5), **attrs)
    if bias:
        case.update(Bias=uniform(1, 3 * size))
    if initial:
        case.update(H0=uniform(sequences, size))
    return case


def with_product(make, lengths, size, width, y_bias=False, **attrs):
    """A case of ``make``, behind a product of rows of that width."""
    case, columns = make(lengths, size, **attrs), (4 if make is lstm_case else 3) * size
    del case["Input"]
    case.update(X=lod(uniform(sum(lengths[-1]), width), *lengths), Y=uniform(width, columns))
    if y_bias:
        case.update(YBias=uniform(columns))
    return case


GOOD_LSTM, GOOD_GRU, GOOD_LSTMP = lstm_case([[2, 3]], 2), gru_case([[2, 3]], 2), lstmp_case([[2, 3]], 2, 3)
GOOD_FUSED_LSTM, GOOD_FUSED_GRU = with_product(lstm_case, [[2, 3]], 2, width=3), with_product(gru_case, [[2, 3]], 2, width=3)

test = op_tests(
    Op(
        "lstm",
        cases=[
            lstm_case([[2, 3, 1]], 2),
            lstm_case([[2, 3, 1]], 3, initial=True, is_reverse=True),
            lstm_case([[3, 0, 1, 4]], 5, initial=True, use_peepholes=False),
            lstm_case([[1, 2], [2, 1, 3]], 1, use_peepholes=False, is_reverse=True),
            lstm_case([[1, 1, 1]], 2, initial=True),
            lstm_case([[6, 2, 9, 4, 4, 1, 7]], 33),
            lstm_case([[2, 3]], 3, gate_activation="tanh", cell_activation="sigmoid", candidate_activation="identity"),
            lstm_case([[2, 3]], 3, gate_activation="identity", cell_activation="identity", candidate_activation="sigmoid"),
            lstm_case([[2, 3]], 3, cell_activation="relu", candidate_activation="relu"),
            lstm_case([[0, 0]], 2, initial=True),
            lstm_case([[]], 2),
        ],
        reference=lstm,
        grad=("Input", "H0", "C0", "Weight", "Bias"),
        bad=[
            {**GOOD_LSTM, "Input": (5, 8), "match": "no LoD"},
            {**GOOD_LSTM, "Input": lod((5, 6), [2, 3]), "match": r"Input .*\[5, 6\].* 8"},
            {**GOOD_LSTM, "Weight": (2, 6), "match": r"Weight .*\[2, 6\]"},
            {**GOOD_LSTM, "Bias": (1, 8), "match": r"\[1, 14\] with peepholes"},
            {**GOOD_LSTM, "use_peepholes": False, "match": r"\[1, 8\] without peepholes"},
            {**GOOD_LSTM, "H0": (2, 2), "match": "H0 and C0"},
            {**GOOD_LSTM, "H0": (3, 2), "C0": (3, 2), "match": "a row for each sequence"},
            {**GOOD_LSTM, "gate_activation": "gelu", "match": "gate_activation is 'gelu'"},
        ],
    ),
    Op(
        "gru",
        cases=[
            gru_case([[2, 3, 1]], 2),
            gru_case([[2, 3, 1]], 3, initial=True, is_reverse=True),
            gru_case([[3, 0, 1, 4]], 5, initial=True, origin_mode=True),
            gru_case([[1, 2], [2, 1, 3]], 1, is_reverse=True, bias=False),
            gru_case([[1, 1, 1]], 2, initial=True),
            gru_case([[6, 2, 9, 4, 4, 1, 7]], 33),
            gru_case([[2, 3]], 3, gate_activation="tanh", activation="identity"),
            gru_case([[2, 3]], 3, gate_activation="identity", activation="sigmoid"),
            gru_case([[2, 3]], 3, activation="relu", origin_mode=True),
            gru_case([[0, 0]], 2, initial=True),
            gru_case([[]], 2),
        ],
        reference=gru,
        grad=("Input", "H0", "Weight", "Bias"),
        bad=[
            {**GOOD_GRU, "Input": (5, 6), "match": "no LoD"},
            {**GOOD_GRU, "Input": lod((5, 8), [2, 3]), "match": r"Input .*\[5, 8\].* 6"},
            {**GOOD_GRU, "Weight": (2, 4), "match": r"Weight .*\[2, 4\]"},
            {**GOOD_GRU, "Bias": (1, 4), "match": r"Bias .*\[1, 4\].*\[1, 6\]"},
            {**GOOD_GRU, "H0": (3, 2), "match": "a row for each sequence"},
            {**GOOD_GRU, "activation": "gelu", "match": "activation is 'gelu'"},
        ],
    ),
    Op(
        "fused_mul_lstm",
        cases=[
            with_product(lstm_case, [[2, 3, 1]], 2, width=3),
            with_product(lstm_case, [[2, 3, 1]], 3, initial=True, is_reverse=True, width=2, y_bias=True),
            with_product(lstm_case, [[3, 0, 1, 4]], 5, initial=True, use_peepholes=False, width=1),
            with_product(lstm_case, [[1, 2], [2, 1, 3]], 1, use_peepholes=False, is_reverse=True, width=4, y_bias=True),
            with_product(lstm_case, [[1, 1, 1]], 2, initial=True, width=3),
            with_product(lstm_case, [[6, 2, 9, 4, 4, 1, 7]], 17, width=5, y_bias=True),
            with_product(lstm_case, [[3, 0, 5]], 3, initial=True, gate_activation="tanh", candidate_activation="identity", width=2),
            with_product(lstm_case, [[2, 3]], 3, cell_activation="relu", candidate_activation="relu", width=3),
            with_product(lstm_case, [[0, 0]], 2, initial=True, width=3, y_bias=True),
            with_product(lstm_case, [[]], 2, width=3),
        ],
        reference=fused_mul_lstm,
        grad=("X", "Y", "YBias", "H0", "C0", "Weight", "Bias"),
        bad=[
            {**GOOD_FUSED_LSTM, "X": (5, 3), "match": "no LoD"},
            {**GOOD_FUSED_LSTM, "X": lod((5, 4), [2, 3]), "match": r"X \[5, 4\].*Y \[3, 8\]"},
            {**GOOD_FUSED_LSTM, "Y": (3, 6), "match": r"Y .*\[3, 6\].* 8 columns"},
            {**GOOD_FUSED_LSTM, "YBias": (6,), "match": r"YBias .*\[6\].*\[8\]"},
            {**GOOD_FUSED_LSTM, "Bias": (1, 8), "match": r"\[1, 14\] with peepholes"},
            {**GOOD_FUSED_LSTM, "H0": (2, 2), "match": "H0 and C0"},
            {**GOOD_FUSED_LSTM, "H0": (3, 2), "C0": (3, 2), "match": "a row for each sequence"},
        ],
    ),
    Op(
        "fused_mul_gru",
        cases=[
            with_product(gru_case, [[2, 3, 1]], 2, width=3),
            with_product(gru_case, [[2, 3, 1]], 3, initial=True, is_reverse=True, width=2, y_bias=True),
            with_product(gru_case, [[3, 0, 1, 4]], 5, initial=True, origin_mode=True, width=1, y_bias=True),
            with_product(gru_case, [[1, 2], [2, 1, 3]], 1, is_reverse=True, bias=False, width=4, y_bias=True),
            with_product(gru_case, [[1, 1, 1]], 2, initial=True, bias=False, width=3),
            with_product(gru_case, [[6, 2, 9, 4, 4, 1, 7]], 17, width=5),
            with_product(gru_case, [[3, 0, 5]], 3, gate_activation="identity", activation="sigmoid", width=2),
            with_product(gru_case, [[2, 3]], 3, activation="relu", origin_mode=True, width=3),
            with_product(gru_case, [[0, 0]], 2, initial=True, width=3, y_bias=True),
            with_product(gru_case, [[]], 2, width=3),
        ],
        reference=fused_mul_gru,
        grad=("X", "Y", "YBias", "H0", "Weight", "Bias"),
        bad=[
            {**GOOD_FUSED_GRU, "X": (5, 3), "match": "no LoD"},
            {**GOOD_FUSED_GRU, "X": lod((5, 4), [2, 3]), "match": r"X \[5, 4\].*Y \[3, 6\]"},
            {**GOOD_FUSED_GRU, "Y": (3, 8), "match": r"Y .*\[3, 8\].* 6 columns"},
            {**GOOD_FUSED_GRU, "YBias": (2, 6), "match": r"YBias .*\[2, 6\].*\[6\]"},
            {**GOOD_FUSED_GRU, "H0": (3, 2), "match": "a row for each sequence"},
        ],
    ),
    Op(
        "lstmp",
        cases=[
            lstmp_case([[2, 3, 1]], 2, 3),
            lstmp_case([[2, 3, 1]], 3, 2, states="hc", is_reverse=True),
            lstmp_case([[3, 0, 1, 4]], 5, 2, states="hc", use_peepholes=False),
            lstmp_case([[1, 2], [2, 1, 3]], 2, 1, states="c", use_peepholes=False, is_reverse=True),
            lstmp_case([[1, 1, 1]], 2, 4, states="h"),
            lstmp_case([[6, 2, 9, 4, 4, 1, 7]], 33, 17),
            lstmp_case([[2, 3]], 3, 2, states="hc", cell_clip=0.25),
            lstmp_case([[2, 3]], 3, 2, states="hc", use_peepholes=False, proj_clip=0.25, proj_activation="identity"),
            lstmp_case([[2, 3]], 3, 2, cell_clip=-0.1, proj_clip=-0.1),
            lstmp_case([[2, 3]], 3, 2, gate_activation="tanh", cell_activation="sigmoid", candidate_activation="identity"),
            lstmp_case([[2, 3]], 3, 2, gate_activation="identity", cell_activation="identity", proj_activation="sigmoid"),
            lstmp_case([[2, 3]], 3, 2, cell_activation="relu", candidate_activation="relu", proj_activation="relu"),
            lstmp_case([[0, 0]], 2, 3, states="hc"),
            lstmp_case([[]], 2, 3),
        ],
        reference=lstmp,
        grad=("Input", "H0", "C0", "Weight", "ProjWeight", "Bias"),
        bad=[
            {**GOOD_LSTMP, "Input": (5, 8), "match": "no LoD"},
            {**GOOD_LSTMP, "Input": lod((5, 6), [2, 3]), "match": r"Input .*\[5, 6\].* 8"},
            {**GOOD_LSTMP, "Weight": (2, 8), "match": r"Weight .*\[2, 8\].*\[3, 8\]"},
            {**GOOD_LSTMP, "ProjWeight": (3, 3), "match": r"Weight .*\[3, 8\].*\[3, 12\]"},
            {**GOOD_LSTMP, "Bias": (1, 8), "match": r"\[1, 14\] with peepholes"},
            {**GOOD_LSTMP, "use_peepholes": False, "match": r"\[1, 8\] without peepholes"},
            {**GOOD_LSTMP, "H0": (2, 2), "match": r"H0 .*, 3\]: a row for each sequence"},
            {**GOOD_LSTMP, "C0": (3, 2), "match": r"C0 .*\[2, 2\]: a row for each sequence"},
            {**GOOD_LSTMP, "proj_activation": "gelu", "match": "proj_activation is 'gelu'"},
        ],
    ),
)


@pytest.mark.parametrize("name,exact", [("sigmoid", lambda x: 1 / (1 + np.exp(-x))), ("tanh", np.tanh)])
def test_gates_are_right_to_a_few_units_in_the_last_place(name, exact):
    x = np.concatenate([np.linspace(-90, 90, 20001), np.linspace(-1, 1, 20001), [0, 1e-30, -1e-30, 1e30, -1e30, np.nan]])
    x = x.astype("float32").reshape([-1, 1])
    with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.scope_guard(fluid.core.Scope()):
        block = fluid.default_main_program().global_block()
        rows = fluid.data("x", [None, 4], lod_level=1)
        weight, bias = fluid.layers.fill_constant([1, 4], "float32", 0), fluid.layers.fill_constant([1, 4], "float32", 0)
        outputs = {slot: block.create_var(name=slot) for slot in ("Hidden", "Cell", "BatchGate", "BatchCellPreAct")}
        attrs = dict(use_peepholes=False, gate_activation=name, candidate_activation=name)
        block.append_op("lstm", {"Input": rows, "Weight": weight, "Bias": bias}, outputs, attrs)
        feed = fluid.create_lod_tensor(np.repeat(x, 4, 1), [[1] * len(x)], fluid.CPUPlace())
        (gates,) = fluid.Executor().run(feed={"x": feed}, fetch_list=["BatchGate"], return_numpy=False)
    with np.errstate(over="ignore"):
        wanted = exact(x.astype("float64"))
    gates = np.array(gates)
    assert np.isnan(gates[-1]).all()
    error = np.abs(gates - wanted)[:-1] / np.maximum(np.abs(wanted[:-1]), 1e-30)
    assert error.max() < 4 * 2**-23, x[error.max(1).argmax()]

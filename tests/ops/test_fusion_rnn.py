"""Recurrent layers with the input projection in them, for inference."""

import numpy as np
from harness import LodArray, Op, ints, lod, op_tests, uniform
from recurrences import gru, lstm

NOTHING = np.zeros(0)
LSTM_EMPTY = dict.fromkeys(("BatchedInput", "BatchedHidden", "BatchedCell", "ReorderedH0", "ReorderedC0"), NOTHING)


def as_fused(states):
    return {"Hidden": states["Hidden"], "Cell": states["Cell"], "XX": states["BatchGate"], **LSTM_EMPTY}


def fusion_lstm(X, WeightX, WeightH, Bias, H0, C0, use_peepholes, is_reverse, gate_activation, cell_activation, candidate_activation):
    projected = LodArray(np.asarray(X) @ WeightX, X.lengths)
    attrs = (use_peepholes, is_reverse, gate_activation, cell_activation, candidate_activation)
    return {**as_fused(lstm(projected, H0, C0, WeightH, Bias, *attrs)), "CheckedCell": NOTHING}


def fused_embedding_fc_lstm(
    Ids, Embeddings, WeightH, Bias, H0, C0, use_peepholes, is_reverse, gate_activation, cell_activation, candidate_activation
):
    rows = LodArray(np.asarray(Embeddings)[np.asarray(Ids)[:, 0]], Ids.lengths)
    bias = np.array(Bias)
    bias[:, : 4 * WeightH.shape[0]] = 0  # 1.8.5 reads that of the peepholes alone: the others are in the table
    attrs = (use_peepholes, is_reverse, gate_activation, cell_activation, candidate_activation)
    return as_fused(lstm(rows, H0, C0, WeightH, bias, *attrs))


def fusion_gru(X, H0, WeightX, WeightH, Bias, activation, gate_activation, is_reverse):
    projected = np.asarray(X) @ WeightX
    # 1.8.5 does not look at origin_mode
    states = gru(LodArray(projected, X.lengths), H0, WeightH, Bias, activation, gate_activation, is_reverse, False)
    empty = dict.fromkeys(("ReorderedH0", "BatchedInput", "BatchedOut"), NOTHING)
    return {"Hidden": states["Hidden"], "XX": LodArray(projected, X.lengths), **empty}


def states(case, sequences, units, slots):
    return {**case, **{slot: uniform(sequences, units) for slot in slots}}


def recurrent(units, use_peepholes, attrs):
    """What the two ops of LSTM have in common."""
    bias = uniform(1, (7 if use_peepholes else 4) * units)
    return dict(WeightH=uniform(units, 4 * units, low=-0.5, high=0.5), Bias=bias, use_peepholes=use_peepholes, **attrs)


def lstm_case(lengths, width, units, initial=False, use_peepholes=True, **attrs):
    case = dict(X=lod(uniform(sum(lengths[-1]), width), *lengths), WeightX=uniform(width, 4 * units), **recurrent(units, use_peepholes, attrs))
    return states(case, len(lengths[-1]), units, ("H0", "C0") if initial else ())


def embedding_case(lengths, size, units, initial=False, use_peepholes=True, dtype="int64", **attrs):
    ids = lod(ints(sum(lengths[-1]), 1, high=size, dtype=dtype), *lengths)
    case = dict(Ids=ids, Embeddings=uniform(size, 4 * units), **recurrent(units, use_peepholes, attrs))
    return states(case, len(lengths[-1]), units, ("H0", "C0") if initial else ())


def gru_case(lengths, width, units, initial=False, bias=True, **attrs):
    case = dict(X=lod(uniform(sum(lengths[-1]), width), *lengths), WeightX=uniform(width, 3 * units), **attrs)
    case.update(WeightH=uniform(units, 3 * units, low=-0.5, high=0.5))
    if bias:
        case.update(Bias=uniform(1, 3 * units))
    return states(case, len(lengths[-1]), units, ("H0",) if initial else ())


GOOD_LSTM, GOOD_EMBEDDING, GOOD_GRU = lstm_case([[2, 3]], 3, 2), embedding_case([[2, 3]], 6, 2), gru_case([[2, 3]], 3, 2)

# Each is a keyword's worth of arguments to any of the two LSTM cases.
LSTM_VARIANTS = [
    dict(lengths=[[2, 3, 1]], units=2),
    dict(lengths=[[2, 3, 1]], units=3, initial=True, is_reverse=True),
    dict(lengths=[[3, 0, 1, 4]], units=5, initial=True, use_peepholes=False),
    dict(lengths=[[1, 2], [2, 0, 3]], units=2, use_peepholes=False, use_seq=False),
    dict(lengths=[[6, 2, 9, 4, 4, 1, 7]], units=33, use_seq=False),
    dict(lengths=[[2, 3]], units=3, gate_activation="tanh", cell_activation="sigmoid", candidate_activation="relu"),
    dict(lengths=[[2, 3]], units=3, gate_activation="identity", cell_activation="relu", candidate_activation="identity"),
    dict(lengths=[[2, 3]], units=3, gate_activation="relu", cell_activation="identity", candidate_activation="sigmoid"),
    dict(lengths=[[0, 0]], units=2, initial=True),
    dict(lengths=[[]], units=2),
]

BAD_OF_BOTH = [
    {"WeightH": (2, 6), "match": r"WeightH .*\[2, 6\].*\[2, 8\]"},
    {"Bias": (1, 8), "match": r"\[1, 14\] with peepholes"},
    {"use_peepholes": False, "match": r"\[1, 8\] without peepholes"},
    {"H0": (2, 2), "match": "H0 and C0"},
    {"H0": (3, 2), "C0": (3, 2), "match": "a row for each sequence"},
    {"cell_activation": "gelu", "match": "cell_activation is 'gelu'"},
]

test = op_tests(
    Op(
        "fusion_lstm",
        cases=[lstm_case(width=3, **variant) for variant in LSTM_VARIANTS] + [lstm_case([[3, 2]], 40, 2)],
        reference=fusion_lstm,
        bad=[
            {**GOOD_LSTM, "X": (5, 3), "match": "no LoD"},
            {**GOOD_LSTM, "WeightX": (4, 8), "match": r"WeightX .*\[4, 8\].*\[3, 8\]"},
            {**GOOD_LSTM, "WeightX": (3, 6), "match": r"WeightX .*\[3, 6\].*\[3, 8\]"},
        ]
        + [{**GOOD_LSTM, **bad} for bad in BAD_OF_BOTH],
    ),
    Op(
        "fused_embedding_fc_lstm",
        cases=[embedding_case(size=6, **variant) for variant in LSTM_VARIANTS] + [embedding_case([[3, 2]], 4, 2, dtype="int32")],
        reference=fused_embedding_fc_lstm,
        bad=[
            {**GOOD_EMBEDDING, "Ids": ints(5, 1, high=6), "match": "no LoD"},
            {**GOOD_EMBEDDING, "Ids": lod(ints(5, 2, high=6), [2, 3]), "match": r"Ids .*\[5, 2\].*\[-1, 1\]"},
            {**GOOD_EMBEDDING, "Ids": lod(np.array([[0], [1], [6], [0], [0]]), [2, 3]), "match": r"Ids\[2\] is 6, but Embeddings has 6 rows"},
            {**GOOD_EMBEDDING, "Ids": lod(np.array([[0], [1], [-1], [0], [0]]), [2, 3]), "match": r"Ids\[2\] is -1"},
            {**GOOD_EMBEDDING, "Embeddings": (6, 6), "match": r"Embeddings .*\[6, 6\].*\[-1, 8\]"},
        ]
        + [{**GOOD_EMBEDDING, **bad} for bad in BAD_OF_BOTH],
    ),
    Op(
        "fusion_gru",
        cases=[
            gru_case([[2, 3, 1]], 3, 2),
            gru_case([[2, 3, 1]], 3, 3, initial=True, is_reverse=True),
            gru_case([[3, 0, 1, 4]], 2, 5, initial=True, bias=False),
            gru_case([[1, 2], [2, 0, 3]], 3, 2, use_seq=False, bias=False),
            gru_case([[6, 2, 9, 4, 4, 1, 7]], 3, 33, use_seq=False),
            gru_case([[2, 3]], 3, 2, initial=True, origin_mode=True),
            gru_case([[2, 3]], 3, 3, gate_activation="tanh", activation="identity"),
            gru_case([[2, 3]], 3, 3, gate_activation="identity", activation="sigmoid"),
            gru_case([[2, 3]], 40, 2, gate_activation="relu", activation="relu"),
            gru_case([[0, 0]], 3, 2, initial=True),
            gru_case([[]], 3, 2),
        ],
        reference=fusion_gru,
        bad=[
            {**GOOD_GRU, "X": (5, 3), "match": "no LoD"},
            {**GOOD_GRU, "WeightX": (4, 6), "match": r"WeightX .*\[4, 6\].*\[3, 6\]"},
            {**GOOD_GRU, "WeightH": (2, 4), "match": r"WeightH .*\[2, 4\].*\[2, 6\]"},
            {**GOOD_GRU, "Bias": (1, 4), "match": r"Bias .*\[1, 4\].*\[1, 6\]"},
            {**GOOD_GRU, "H0": (3, 2), "match": "a row for each sequence"},
            {**GOOD_GRU, "activation": "gelu", "match": "activation is 'gelu'"},
        ],
    ),
)

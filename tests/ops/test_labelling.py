"""Ops that label sequences: conditional random fields, connectionist temporal classification, and how good labels are."""

import itertools

import numpy as np
import pytest
from checks import Gradient
from harness import ENTRIES, LodArray, Op, ints, lod, op_tests, uniform
from one_op import Case, OneOp
from paddle import _core as core
from paths import collapse, crf_score, crf_scores, ctc_loss, log_sum, ranges
from values import changed

INTS = ("int32", "int64")


def flat(x):
    """The tokens of padded or grouped sequences, one a row."""
    return np.asarray(x).reshape(-1, x.shape[-1])


# ---- conditional random fields ----


def linear_chain_crf(Emission, Transition, Label, Length):
    emission, transition, labels = flat(Emission), np.asarray(Transition), np.asarray(Label).reshape(-1)
    alpha, cost = np.zeros(emission.shape), []
    for tokens in ranges(Emission, Length):
        x, tags = emission[tokens], tuple(labels[tokens])
        cost.append(log_sum(list(crf_scores(x, transition).values())) - crf_score(x, transition, tags) if len(x) else 0.0)
        for k in range(len(x)):
            ends = np.zeros((len(transition) - 2, len(transition)))
            ends[:, 2:] = -np.inf  # no last tag yet
            prefix = {path: s - transition[1, path[-1]] for path, s in crf_scores(x[: k + 1], transition).items()}
            row = [log_sum([s for path, s in prefix.items() if path[-1] == tag]) for tag in range(x.shape[1])]
            alpha[tokens.start + k] = np.exp(np.array(row) - log_sum(row))
    outer = Emission.lengths[:-1] if Length is None else []
    return {
        "Alpha": alpha.reshape(Emission.shape),
        "EmissionExps": np.exp(np.asarray(Emission) - np.asarray(Emission).max(-1, keepdims=True)),
        "TransitionExps": np.exp(transition),
        "LogLikelihood": LodArray(np.array(cost).reshape(-1, 1), outer),
    }


def crf_decoding(Emission, Transition, Label, Length):
    emission, transition = flat(Emission), np.asarray(Transition)
    out = np.zeros(len(emission), "int64")
    for tokens in ranges(Emission, Length):
        scores = crf_scores(emission[tokens], transition) if tokens.stop > tokens.start else {(): 0}
        best = np.array(max(scores, key=scores.get), "int64")
        out[tokens] = best if Label is None else best == np.asarray(Label).reshape(-1)[tokens]
    if Length is not None:
        return out.reshape(Emission.shape[:2])
    return LodArray(out.reshape(-1, 1), Emission.lengths)


TAGS = np.array([[0], [1], [2], [2], [1], [0]])
# Unlikely tags that alone lead on: all products of exponentials underflow, and yet three paths are about as good.
STEEP = np.zeros((5, 3)) + np.arange(15.0).reshape(5, 3) / 7
STEEP[2] -= 850
FAR = np.array([[0.0, -850.3, -849.5], [-850, 0, 1], [0, -849, -851], [1, 2, 3], [0.5, 0, 1], [-1, 0, 0]])
CRF_CASES = [
    dict(Emission=lod((6, 3), [3, 0, 1, 2]), Transition=(5, 3), Label=lod(TAGS, [3, 0, 1, 2])),
    dict(Emission=lod((6, 3), [1, 2], [3, 1, 2]), Transition=uniform(5, 3, high=2), Label=lod(TAGS.reshape(-1), [3, 1, 2])),
    dict(Emission=(2, 4, 3), Transition=(5, 3), Label=ints(2, 4, 1, high=3), Length=np.array([[4], [2]])),
    dict(Emission=(3, 3, 2), Transition=(4, 2), Label=ints(3, 3, high=2, dtype="int32"), Length=np.array([0, 3, 1], "int32")),
    dict(Emission=lod(FAR, [4, 2]), Transition=STEEP, Label=lod(TAGS, [4, 2])),
    dict(Emission=lod(FAR.astype("float32"), [4, 2]), Transition=STEEP.astype("float32"), Label=lod(TAGS, [4, 2]), smooth=False),
    dict(Emission=lod((2, 1), [2]), Transition=(3, 1), Label=lod(np.zeros((2, 1), "int32"), [2])),
    dict(Emission=lod((0, 3), [0, 0]), Transition=(5, 3), Label=lod(np.zeros((0, 1), "int64"), [0, 0])),
    dict(Emission=(0, 4, 3), Transition=(5, 3), Label=ints(0, 4, high=3), Length=ints(0, high=3)),
]


CRF_BAD = [
    changed(CRF_CASES[0], Emission=(6, 3), match="Emission .*no LoD"),
    changed(CRF_CASES[0], Label=TAGS, match="Label .*no LoD"),
    changed(CRF_CASES[0], Label=lod(TAGS, [3, 3]), match="same sequences"),
    changed(CRF_CASES[0], Label=lod(TAGS + 1, [3, 0, 1, 2]), match=r"Label\[2\] is 3; expected 0 <= tag < 3"),
    changed(CRF_CASES[0], Label=lod(-TAGS, [3, 0, 1, 2]), match=r"Label\[1\] is -1"),
    changed(CRF_CASES[0], Transition=(4, 3), match=r"Transition .*\[4, 3\]"),
    changed(CRF_CASES[2], Length=np.array([[5], [2]]), match=r"Length\[0\] is 5; expected 0 <= length <= 4"),
    changed(CRF_CASES[2], Length=np.array([4, -1]), match=r"Length\[1\] is -1"),
    changed(CRF_CASES[2], Length=np.array([4, 2, 1]), match=r"Length .*\[3\]"),
    changed(CRF_CASES[2], Label=ints(2, 3, high=3), match=r"Label .*\[2, 3\]"),
]

# ---- connectionist temporal classification ----


def warpctc(Logits, Label, LogitsLength, LabelLength, blank):
    labels = np.asarray(Label).reshape(-1)
    if LogitsLength is None:
        logits = [flat(Logits)[tokens] for tokens in ranges(Logits)]
    else:
        logits = [np.asarray(Logits)[:n, s] for s, n in enumerate(LogitsLength.reshape(-1))]
    loss = [ctc_loss(x, labels[tokens], blank) for x, tokens in zip(logits, ranges(Label, LabelLength))]
    return {"Loss": np.array(loss).reshape(-1, 1)}


def ctc_align(Input, InputLength, blank, merge_repeated, padding_value):
    paths = [np.asarray(Input).reshape(-1)[tokens] for tokens in ranges(Input, InputLength)]
    left = [collapse(path, blank) if merge_repeated else tuple(path[path != blank]) for path in paths]
    counts = np.array([len(tokens) for tokens in left], "int64").reshape(-1, 1)
    if InputLength is None:
        tokens = np.array(sum(left, ()), Input.dtype).reshape(-1, 1)
        return {"Output": LodArray(tokens, Input.lengths[:-1] + [[int(n) for n in counts[:, 0]]]), "OutputLength": counts}
    out = np.full(Input.shape, padding_value, Input.dtype)
    for row, tokens in zip(out, left):
        row[: len(tokens)] = tokens
    return {"Output": out, "OutputLength": counts}


CTC_CASES = [
    dict(Logits=lod((9, 3), [4, 2, 3]), Label=lod(np.array([[1], [2], [1], [2], [2]]), [2, 1, 2])),
    dict(Logits=lod(uniform(8, 4, low=-3, high=3), [4, 4]), Label=lod(np.array([0, 0, 1, 2], "int32"), [2, 2]), blank=3),
    dict(Logits=lod((7, 3), [1, 1], [5, 2]), Label=lod(np.array([[1]]), [1, 0]), norm_by_times=False),
    dict(Logits=lod((5, 2), [2, 0, 3]), Label=lod(np.array([[1], [1], [1], [1]]), [2, 1, 1])),
    dict(
        Logits=(4, 3, 3),
        Label=np.array([[1, 2, 1], [2, -7, 9], [0, 0, 0]], "int32"),
        LogitsLength=np.array([4, 3, 2]),
        LabelLength=np.array([[3], [1], [0]]),
    ),
    dict(Logits=lod(np.array([[0.0, 900, -900], [900, -900, 0], [0, -900, 900]]), [3]), Label=lod(np.array([[2], [1]]), [2])),
    dict(Logits=lod((0, 3), [0, 0]), Label=lod(np.zeros((0, 1), "int32"), [0, 0])),
    dict(Logits=(0, 2, 3), Label=ints(2, 2, high=3), LogitsLength=np.zeros(2, "int64"), LabelLength=np.zeros(2, "int64")),
]
PATHS = np.array([0, 1, 1, 0, 2, 2, 4, 0, 4, 5, 0, 6, 6, 0, 0, 7, 7, 7, 0]).reshape(-1, 1)
PADDED = np.array([[0, 1, 1, 0, 2, 2], [4, 0, 4, 4, 5, 0], [6, 6, 0, 0, 0, 0]], "int32")

# ---- edit distance ----


def distance(a, b):
    """By the definition: the last tokens are changed, or one of them goes."""
    if not len(a) or not len(b):
        return len(a) + len(b)
    if a[-1] == b[-1]:
        return distance(a[:-1], b[:-1])
    return 1 + min(distance(a[:-1], b[:-1]), distance(a[:-1], b), distance(a, b[:-1]))


def edit_distance(Hyps, Refs, HypsLength, RefsLength, normalized):
    pairs = zip(ranges(Hyps, HypsLength), ranges(Refs, RefsLength))
    hyps, refs = np.asarray(Hyps).reshape(-1), np.asarray(Refs).reshape(-1)
    out = [distance(hyps[a], refs[b]) / (b.stop - b.start if normalized else 1) for a, b in pairs]
    return {"SequenceNum": np.array([len(out)]), "Out": np.array(out, "float64").reshape(-1, 1)}


HYPS, REFS = np.array([1, 2, 3, 4, 5, 1, 2]).reshape(-1, 1), np.array([1, 3, 3, 7, 1, 2]).reshape(-1, 1)
HYPS_PADDED, REFS_PADDED = np.array([[1, 2, 3, 4], [1, 2, 0, 0]]), np.array([[1, 3, 3], [1, 2, 3]])

# ---- chunks ----

PARTS = {"IOB": "BI", "IOE": "IE", "IOBES": "BIES", "plain": "P"}


def chunks(tags, scheme, types, excluded):
    """The set of (begin, end, type). A tag goes on with the chunk before it when both may be neighbours in one."""
    parts, found, begin = PARTS[scheme], set(), None
    marks = [(tag // len(parts), parts[tag % len(parts)]) if tag < types * len(parts) else None for tag in tags] + [None]
    for i, mark in enumerate(marks):
        before = marks[i - 1] if i else None
        inside = before and mark and before[0] == mark[0] and before[1] in "BIP" and mark[1] in "IEP"
        if before and not inside and before[0] not in excluded:
            found.add((begin, i, before[0]))
        begin = begin if inside else i
    return found


def chunk_eval(Inference, Label, SeqLength, num_chunk_types, chunk_scheme, excluded_chunk_types):
    hyps, refs = np.asarray(Inference).reshape(-1), np.asarray(Label).reshape(-1)
    totals = np.zeros(3)
    for tokens in ranges(Inference, SeqLength):
        a, b = (chunks(x[tokens], chunk_scheme, num_chunk_types, excluded_chunk_types) for x in (hyps, refs))
        totals += [len(a), len(b), len(a & b)]
    infer, label, correct = totals
    precision, recall = correct / max(infer, 1), correct / max(label, 1)
    f1 = 2 * precision * recall / (precision + recall) if correct else 0.0
    names = ("Precision", "Recall", "F1-Score", "NumInferChunks", "NumLabelChunks", "NumCorrectChunks")
    values = [precision, recall, f1] + [int(n) for n in totals]
    return {name: np.array([value]) for name, value in zip(names, values)}


def chunk_case(scheme, **more):
    high = 2 * len(PARTS[scheme]) + 1
    return dict(
        Inference=lod(ints(300, 1, high=high), [0, 1, 99, 200]),
        Label=lod(ints(300, 1, high=high), [0, 1, 99, 200]),
        num_chunk_types=2,
        chunk_scheme=scheme,
        **more,
    )


SHORT = np.array([[0], [1], [1], [2], [3], [4]])


def short(**parts):
    return {**dict(Inference=lod(SHORT, [4, 2]), Label=lod(SHORT, [4, 2]), num_chunk_types=2), **parts}


test = op_tests(
    Op(
        "linear_chain_crf",
        cases=CRF_CASES,
        reference=linear_chain_crf,
        grad=("Emission", "Transition"),
        grad_from="LogLikelihood",
        bad=CRF_BAD,
    ),
    Op(
        "crf_decoding",
        cases=[changed(case, Label=None) for case in CRF_CASES] + CRF_CASES,
        reference=crf_decoding,
        bad=CRF_BAD,
    ),
    Op(
        "warpctc",
        cases=CTC_CASES,
        reference=warpctc,
        grad="Logits",
        grad_from="Loss",
        bad=[
            changed(CTC_CASES[0], Logits=(9, 3), match="Logits .*no LoD"),
            changed(CTC_CASES[0], Label=np.ones((5, 1), "int32"), match="Label .*no LoD"),
            changed(CTC_CASES[0], Label=lod(np.ones((5, 1), "int32"), [2, 3]), match="3 sequences and Label 2"),
            changed(CTC_CASES[0], Label=lod(np.full((5, 1), 3), [2, 1, 2]), match=r"Label\[0\] is 3"),
            changed(CTC_CASES[0], Label=lod(np.zeros((5, 1), "int64"), [2, 1, 2]), match="not the blank 0"),
            changed(CTC_CASES[0], blank=3, match="blank is 3"),
            changed(CTC_CASES[4], LabelLength=None, match="LabelLength is missing"),
            changed(CTC_CASES[4], LogitsLength=np.array([5, 3, 2]), match=r"LogitsLength\[0\] is 5"),
            changed(CTC_CASES[4], LabelLength=np.array([3, 1, 4]), match=r"LabelLength\[2\] is 4"),
        ],
    ),
    Op(
        "ctc_align",
        cases=[dict(Input=lod(PATHS.astype(t), [11, 0, 8]), merge_repeated=m) for t in INTS for m in (True, False)]
        + [
            dict(Input=lod(PATHS.reshape(-1), [1, 1], [12, 7]), blank=7),
            dict(Input=lod(PATHS * 0, [19])),
            dict(Input=lod(PATHS, [19]), outputs={"OutputLength": 0}),
            dict(Input=lod(PATHS[:0], [0, 0])),
            dict(Input=PADDED, InputLength=np.array([[5], [6], [0]], "int32"), padding_value=-1),
            dict(Input=PADDED.astype("int64"), InputLength=np.array([5, 6, 0]), merge_repeated=False),
        ],
        reference=ctc_align,
        bad=[
            dict(Input=PATHS, match="no LoD"),
            dict(Input=PADDED, InputLength=np.array([5, 7, 0]), match=r"InputLength\[1\] is 7"),
            dict(Input=PADDED, InputLength=np.array([5, 6]), match=r"InputLength .*\[2\]"),
            dict(Input=lod(PADDED, [3]), match=r"\[3, 6\]"),
        ],
    ),
    Op(
        "edit_distance",
        cases=[
            dict(Hyps=lod(HYPS, [5, 2]), Refs=lod(REFS, [4, 2]), normalized=True),
            dict(Hyps=lod(HYPS, [5, 2, 0, 0]), Refs=lod(REFS, [4, 0, 2, 0])),
            dict(Hyps=lod(HYPS.reshape(-1).astype("int32"), [1, 1], [2, 5]), Refs=lod(REFS.astype("int32"), [3, 3])),
            dict(Hyps=HYPS_PADDED, Refs=REFS_PADDED, HypsLength=np.array([4, 2]), RefsLength=np.array([[3], [2]]), normalized=True),
            dict(Hyps=HYPS_PADDED, Refs=REFS_PADDED, HypsLength=np.array([0, 2], "int32"), RefsLength=np.array([3, 0])),
            dict(Hyps=lod(HYPS[:0], []), Refs=lod(REFS[:0], [])),
        ],
        reference=edit_distance,
        bad=[
            dict(Hyps=HYPS, Refs=lod(REFS, [4, 2]), match="Hyps .*no LoD"),
            dict(Hyps=lod(HYPS, [5, 2]), Refs=lod(REFS, [6]), match="2 sequences and Refs 1"),
            dict(Hyps=lod(HYPS, [5, 2]), Refs=lod(REFS, [6, 0]), normalized=True, match="sequence 1 of Refs is empty"),
            dict(Hyps=HYPS_PADDED, Refs=REFS_PADDED, HypsLength=np.array([4, 2]), match="RefsLength is missing"),
            dict(Hyps=HYPS_PADDED, Refs=REFS_PADDED, HypsLength=np.array([4, 5]), RefsLength=np.array([3, 3]), match=r"HypsLength\[1\] is 5"),
        ],
    ),
    Op(
        "chunk_eval",
        cases=[chunk_case(scheme) for scheme in PARTS]
        + [chunk_case("IOB", excluded_chunk_types=[1]), chunk_case("IOBES", excluded_chunk_types=[0, 1])]
        + [
            short(Inference=lod(SHORT.reshape(-1), [1, 1], [4, 2])),
            short(Inference=SHORT.reshape(2, 3), Label=SHORT.astype("int32").reshape(2, 3, 1), SeqLength=np.array([[3], [1]])),
            short(Inference=SHORT.reshape(2, 3, 1), Label=SHORT.reshape(2, 3), SeqLength=np.array([0, 2], "int32")),
            short(Inference=lod(SHORT[:0], [0]), Label=lod(SHORT[:0], [0])),
        ],
        reference=chunk_eval,
        bad=[
            short(Inference=SHORT, match="Inference .*no LoD"),
            short(Label=lod(SHORT, [3, 3]), match="same sequences"),
            short(Label=lod(SHORT[:5], [3, 2]), match=r"Label .*\[5, 1\]"),
            short(Label=lod(SHORT + 1, [4, 2]), match=r"Label\[5\] is 5; expected 0 <= tag <= 4"),
            short(Inference=lod(SHORT - 1, [4, 2]), match=r"Inference\[0\] is -1"),
            short(chunk_scheme="iob", match="chunk_scheme is 'iob'"),
            short(excluded_chunk_types=[2], match="excluded_chunk_types holds 2"),
            short(num_chunk_types=0, match="num_chunk_types is 0"),
            short(Inference=SHORT.reshape(2, 3), Label=SHORT.reshape(2, 3), SeqLength=np.array([4, 2]), match=r"SeqLength\[0\] is 4"),
        ],
    ),
)


# ---- long sequences: too long for all paths, so by recurrences of NumPy ----

LONG = 10000


@pytest.fixture(scope="module")
def long_chain():
    rng = np.random.default_rng(0)
    values = dict(Emission=rng.normal(0, 2, (LONG + 1, 6)), Transition=rng.normal(0, 2, (8, 6)))
    return {**values, "Label": rng.integers(0, 6, (LONG + 1, 1))}


def run_long(kind, values, dtype, lengths, threads=None):
    """The outputs of an op for one sequence of LONG steps and others."""
    value = {k: v.astype(dtype) if v.dtype.kind == "f" else v for k, v in values.items()}
    inputs = {k: v if k == "Transition" else lod(v, lengths[k]) for k, v in value.items()}
    before = core.get_num_threads()
    core.set_num_threads(threads or before)
    try:
        return OneOp(Case(ENTRIES[kind], 0, inputs, dtype)).run()
    finally:
        core.set_num_threads(before)


def chain_lengths(*lengths):
    return {"Emission": list(lengths), "Label": list(lengths)}


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-5), ("float64", 1e-11)])
def test_long_chain(long_chain, dtype, tolerance):
    (cost,) = run_long("linear_chain_crf", long_chain, dtype, chain_lengths(LONG, 1))["LogLikelihood"]
    (path,) = run_long("crf_decoding", {k: v for k, v in long_chain.items() if k != "Label"}, dtype, chain_lengths(LONG, 1))["ViterbiPath"]
    x, w, tags = (long_chain[k].astype(dtype).astype("float64") if k != "Label" else long_chain[k] for k in ("Emission", "Transition", "Label"))
    sums, best = w[0] + x[0], w[0] + x[0]
    for row in x[1:LONG]:
        most = sums.max()
        sums = most + np.log(np.exp(sums - most) @ np.exp(w[2:])) + row
        best = (best[:, None] + w[2:]).max(0) + row
    wanted = np.logaddexp.reduce(sums + w[1]) - crf_score(x[:LONG], w, tags[:LONG, 0])
    assert cost[0, 0] == pytest.approx(wanted, rel=tolerance)
    found = crf_score(x[:LONG], w, np.asarray(path)[:LONG, 0])
    assert found == pytest.approx((best + w[1]).max(), rel=tolerance)


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-5), ("float64", 1e-11)])
def test_long_ctc(dtype, tolerance):
    rng = np.random.default_rng(1)
    x, labels = rng.normal(0, 3, (LONG, 5)), rng.integers(1, 5, (40, 1))
    outputs = run_long("warpctc", {"Logits": x, "Label": labels}, dtype, {"Logits": [LONG], "Label": [40]})
    x = x.astype(dtype).astype("float64")
    log_softmax = x - np.logaddexp.reduce(x, axis=1, keepdims=True)
    states = np.zeros(81, int)
    states[1::2] = labels[:, 0]
    skips = np.concatenate([[False, False], (states[2:] != 0) & (states[2:] != states[:-2])])
    alpha = np.full(81, -np.inf)
    alpha[:2] = log_softmax[0, states[:2]]
    for row in log_softmax[1:]:
        one, two = np.concatenate([[-np.inf], alpha[:-1]]), np.concatenate([[-np.inf] * 2, alpha[:-2]])
        alpha = np.logaddexp(np.logaddexp(alpha, one), np.where(skips, two, -np.inf)) + row[states]
    assert outputs["Loss"][0][0, 0] == pytest.approx(-np.logaddexp(*alpha[-2:]), rel=tolerance)
    gradient = np.asarray(outputs["WarpCTCGrad"][0])
    assert np.isfinite(gradient).all() and abs(gradient.sum(-1)).max() < 1e-4  # of probabilities that sum to 1


def test_same_bits_on_any_number_of_threads(long_chain):
    many = chain_lengths(*[500] * 20, 1)
    lengths = {"Logits": many["Emission"], "Label": [3] * 21}
    ctc = {"Logits": long_chain["Emission"], "Label": np.tile([[1], [2], [2]], (21, 1))}
    for kind, values, lengths in (("linear_chain_crf", long_chain, many), ("warpctc", ctc, lengths)):
        one, two = (run_long(kind, values, "float32", lengths, threads) for threads in (1, 2))
        for slot, (value,) in one.items():
            assert value.tobytes() == two[slot][0].tobytes(), slot


def test_gradient_of_chain_on_any_number_of_threads(long_chain):
    lengths = [500] * 20 + [1]
    inputs = {k: v if k == "Transition" else lod(v, lengths) for k, v in long_chain.items()}
    before = core.get_num_threads()
    bits = []
    for threads in (1, 2):
        core.set_num_threads(threads)
        try:
            bits.append([grad.tobytes() for grad in Gradient(Case(ENTRIES["linear_chain_crf"], 0, inputs, "float64")).run()])
        finally:
            core.set_num_threads(before)
    assert bits[0] == bits[1] and len(bits[0]) == 2


def test_norm_by_times():
    """The gradient is divided by the time steps; the loss is not."""
    case = dict(Logits=lod((9, 3), [4, 0, 5]), Label=lod(np.array([[1], [2], [1], [2]]), [2, 0, 2]))
    plain, divided = (Gradient(Case(ENTRIES["warpctc"], 0, dict(case, norm_by_times=norm), "float64")) for norm in (False, True))
    assert plain.loss() == divided.loss()
    (whole,), (parts,) = plain.run(), divided.run()
    np.testing.assert_allclose(parts, whole / np.repeat([4, 5], [4, 5]).reshape(-1, 1), rtol=1e-12)


@pytest.mark.parametrize("scheme", PARTS)
def test_all_short_tag_sequences(scheme):
    """Each sequence of three tags of two types, in one batch."""
    tags = range(2 * len(PARTS[scheme]) + 1)
    rows = np.array(list(itertools.product(tags, repeat=3)))
    case = dict(Inference=rows, Label=rows[::-1].copy(), SeqLength=np.full(len(rows), 3), num_chunk_types=2, chunk_scheme=scheme)
    outputs = OneOp(Case(ENTRIES["chunk_eval"], 0, case, "float32")).run()
    wanted = chunk_eval(case["Inference"], case["Label"], case["SeqLength"], 2, scheme, [])
    for slot, value in wanted.items():
        assert outputs[slot][0][0] == pytest.approx(value[0], rel=1e-6), slot

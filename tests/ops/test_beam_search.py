"""Beam search: one step, and the sentences of all steps."""

import itertools

import numpy as np
import pytest
from harness import Elsewhere, LodArray, Op, lod, op_tests
from values import Spec, to_core

import paddle.fluid as fluid
from paddle.fluid import layers

Elsewhere("beam_search_decode", "tests/ops/test_beam_search.py")
END = 0


def beam_search(pre_ids, pre_scores, ids, scores, level, beam_size, end_id, is_accumulated):
    """The candidates of each source sorted by score, of equal scores those of later beams first."""
    starts = np.concatenate([[0], np.cumsum(scores.lengths[level])]).astype(int)
    for below in scores.lengths[level + 1 :]:
        starts = np.concatenate([[0], np.cumsum(below)]).astype(int)[starts]
    scores, width = np.asarray(scores), scores.shape[1]
    selected = []
    for begin, end in zip(starts, starts[1:]):
        found = []
        for beam in range(begin, end):
            if pre_ids[beam, 0] == end_id:
                found.append((pre_scores[beam, 0], beam, end_id))
                continue
            for k in range(width):
                score = scores[beam, k] if is_accumulated else pre_scores[beam, 0] + np.log(scores[beam, k])
                found.append((score, beam, k if ids is None else ids[beam, k]))
        best = sorted(found, key=lambda one: (-one[0], -one[1]))[:beam_size]
        if all(word == end_id and pre_ids[beam, 0] == end_id for _, beam, word in best):
            continue
        selected += sorted(best, key=lambda one: one[1])
    continued = [sum(one[1] == beam for one in selected) for beam in range(len(scores))]
    lengths = [list(np.diff(starts)), continued]
    return {
        "selected_ids": LodArray(np.array([[one[2]] for one in selected], "int64").reshape(-1, 1), lengths),
        "selected_scores": LodArray(np.array([[one[0]] for one in selected]).reshape(-1, 1), lengths),
        "parent_idx": np.array([one[1] for one in selected], "int32"),
    }


def gather_tree(Ids, Parents):
    out = np.empty_like(Ids)
    steps, batch, beams = Ids.shape
    for b, k in itertools.product(range(batch), range(beams)):
        beam = k
        for t in reversed(range(steps)):
            out[t, b, k] = Ids[t, b, beam]
            beam = Parents[t, b, beam]
    return out


def column(*values, dtype="int64"):
    return np.array(values, dtype).reshape(-1, 1)


IDS = np.array([[4, 2, 5], [2, 1, 3], [3, 5, 2], [8, 2, 1]])
SCORES = np.array([[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.9, 0.5, 0.1], [0.7, 0.55, 0.15]])
TWO = ([2, 2], [1, 1, 1, 1])


def search(pre_ids=(1, 2, 3, 4), lengths=TWO, **more):
    """A case of four beams."""
    given = dict(beam_size=2, end_id=END, level=0, pre_ids=column(*pre_ids), pre_scores=(4, 1), ids=IDS)
    given.update(more)
    scores = given.pop("scores", None)
    return dict(given, scores=lod(typed(SCORES if scores is None else scores), *lengths))


def typed(array):
    """The array in the case's dtype."""
    return Spec(lambda rng, dtype: np.asarray(array, dtype), True)


test = op_tests(
    Op(
        "beam_search",
        cases=[
            search(),
            search(lengths=([4], [1, 1, 1, 1])),
            search(lengths=([1, 1, 2], [1, 1, 1, 1])),
            search(lengths=([1, 1], [2, 2])),
            search(lengths=([1, 1], [2, 2]), level=1),
            search(lengths=([2, 0, 2],)),
            search((END, 2, END, 4), pre_scores=typed(column(0.95, 0.2, 0.3, 0.4, dtype="float64"))),
            search((END, END, 3, 4), pre_scores=typed(column(0.95, 0.9, 0.3, 0.4, dtype="float64"))),
            search((END, END, END, END)),
            search((END, END, 3, 4), lengths=([3, 1], [1, 1, 1, 1]), pre_scores=typed(column(0.95, 0.92, 0, 0, dtype="float64"))),
            search(ids=np.where(IDS == 4, END, IDS)),
            search(is_accumulated=False),
            search(ids=None, is_accumulated=False),
            search(beam_size=7),
            search(beam_size=1),
            search(outputs={"parent_idx": 0}),
            dict(
                search(beam_size=3, lengths=([], [])), pre_ids=column(), pre_scores=(0, 1), ids=IDS[:0], scores=lod((0, 3), [], [])
            ),
        ],
        reference=beam_search,
        bad=[
            search(beam_size=0, match="beam_size is 0"),
            search(level=2, match="scores has 2 LoD levels, but level is 2"),
            search(level=-1, match="level is -1"),
            dict(search(), scores=(4, 3), match="scores has 0 LoD levels"),
            search((1, 2, 3), match=r"pre_ids has shape \[3, 1\]"),
            search(ids=IDS[:, :2], match=r"ids has shape \[4, 2\]"),
            search(ids=IDS.astype("int32"), match="ids is int32"),
        ],
    ),
    Op(
        "gather_tree",
        cases=[
            dict(Ids=np.arange(12).reshape(3, 2, 2), Parents=np.array([[[9, 9], [9, 9]], [[1, 0], [1, 1]], [[0, 1], [1, 0]]])),
            dict(Ids=np.arange(6, dtype="int32").reshape(1, 2, 3), Parents=np.full((1, 2, 3), -1, "int32")),
            dict(Ids=np.zeros((0, 2, 3), "int64"), Parents=np.zeros((0, 2, 3), "int64")),
            dict(Ids=np.zeros((4, 0, 3), "int64"), Parents=np.zeros((4, 0, 3), "int64")),
        ],
        reference=gather_tree,
        bad=[
            dict(Ids=np.zeros((3, 2, 2), "int64"), Parents=np.full((3, 2, 2), 2), match="Parents has 2 in step 2"),
            dict(Ids=np.zeros((3, 2, 2), "int64"), Parents=np.full((3, 2, 2), -1), match="Parents has -1"),
            dict(Ids=np.zeros((3, 2), "int64"), Parents=np.zeros((3, 2), "int64"), match="rank 2"),
            dict(Ids=np.zeros((3, 2, 2), "int64"), Parents=np.zeros((3, 2, 3), "int64"), match="same shape"),
            dict(Ids=np.zeros((3, 2, 2), "int64"), Parents=np.zeros((3, 2, 2), "int32"), match="same element type"),
            dict(Ids=(3, 2, 2), Parents=(3, 2, 2), match="Ids is float32"),
        ],
    ),
)


def decode(steps, beam_size=2, scores_steps=None):
    """Sentences with scores of each source, from (words, scores, lengths) of each step."""
    main, feed, arrays = fluid.Program(), {}, {}
    with fluid.program_guard(main, fluid.Program()):
        for t, (words, scores, lengths) in enumerate(steps):
            at = layers.fill_constant([1], "int64", t)
            for name, values, dtype in (("ids", words, "int64"), ("scores", scores, "float32")):
                if name == "scores" and scores_steps is not None and t >= scores_steps:
                    continue
                var = fluid.data("%s%d" % (name, t), [None, 1], dtype, len(lengths))
                feed[var.name] = to_core(LodArray(column(*values, dtype=dtype), lengths))
                arrays[name] = layers.array_write(var, at, arrays.get(name))
        out = layers.beam_search_decode(arrays["ids"], arrays["scores"], beam_size, END)
    ids, scores = fluid.Executor(fluid.CPUPlace()).run(main, feed=feed, fetch_list=list(out), return_numpy=False)
    assert ids.recursive_sequence_lengths() == scores.recursive_sequence_lengths()
    by_source, by_sentence = ids.recursive_sequence_lengths()
    sentences = LodArray(np.array(ids), [by_sentence]).sequences()
    values = LodArray(np.array(scores), [by_sentence]).sequences()
    assert [len(one) for one in sentences] == by_sentence and sum(by_source) == len(sentences)
    pairs = iter([(s.tolist(), [round(float(v), 4) for v in vs]) for s, vs in zip(sentences, values)])
    return [[next(pairs) for _ in range(n)] for n in by_source]


FIRST = ([1, 1], [0, 0], [[1, 1], [1, 1]])
SECOND = ([4, 2, 3, 5], [0.5, 0.3, 0.6, 0.4], [[1, 1], [2, 2]])


def test_sentences_that_ended_and_that_go_on():
    steps = [
        FIRST,
        SECOND,
        ([END, 7, 8, END], [0.9, 0.8, 0.7, 0.6], [[2, 2], [1, 1, 0, 2]]),
        ([END, 9, 6, END], [1.9, 1.8, 1.7, 1.6], [[2, 2], [1, 1, 2, 0]]),
    ]
    assert decode(steps) == [
        [([1, 4, END], [0, 0.5, 1.9]), ([1, 2, 7, 9], [0, 0.3, 0.8, 1.8])],
        [([1, 5, 8, 6], [0, 0.4, 0.7, 1.7]), ([1, 5, 8, END], [0, 0.4, 0.7, 1.6])],
    ]


def test_source_that_is_done_before_the_others():
    steps = [FIRST, ([END, END, 3, 5], [0.5, 0.3, 0.6, 0.4], [[1, 1], [2, 2]]), ([7, 8], [0.9, 0.8], [[2, 2], [0, 0, 1, 1]])]
    assert decode(steps) == [
        [([1, END], [0, 0.5]), ([1, END], [0, 0.3])],
        [([1, 3, 7], [0, 0.6, 0.9]), ([1, 5, 8], [0, 0.4, 0.8])],
    ]


def test_all_sources_done_and_better_sentence_first():
    steps = [FIRST, ([END, END, 3, 5], [0.3, 0.5, 0.6, 0.4], [[1, 1], [2, 2]]), ([], [], [[2, 2], [0, 0, 0, 0]])]
    assert decode(steps) == [
        [([1, END], [0, 0.5]), ([1, END], [0, 0.3])],
        [([1, 3], [0, 0.6]), ([1, 5], [0, 0.4])],
    ]


def test_one_step():
    assert decode([FIRST]) == [[([1], [0])], [([1], [0])]]


@pytest.mark.parametrize(
    "steps, more, message",
    [
        ([FIRST, ([4, 2], [1, 1], [[2]])], {}, "item 1 of Ids has 1 LoD levels"),
        ([FIRST, ([4, 2], [1, 1], [[2], [1, 1]])], {}, "item 1 of Ids has 1 sources, the one before has 2"),
        ([FIRST, SECOND, ([4, 2], [1, 1], [[1, 1], [1, 1]])], {}, "does not continue the one before"),
        ([FIRST, SECOND], {"beam_size": 1}, "source 0 has 2 sentences, but beam_size is 1"),
        ([FIRST, SECOND], {"scores_steps": 1}, "Ids has 2 items, but Scores has 1"),
        ([FIRST], {"beam_size": 0}, "beam_size is 0"),
    ],
)
def test_steps_that_do_not_fit(steps, more, message):
    with pytest.raises(ValueError, match=message):
        decode(steps, **more)


WORDS, STEPS = 4, 4


def search_all(table, beam_size):
    """Sentences of a search over log-probabilities table[last word, next word], from word 1."""
    main = fluid.Program()
    with fluid.program_guard(main, fluid.Program()):
        start = fluid.data("start", [None, 1], "int64", 2)
        before = fluid.data("before", [None, 1], "float32", 2)
        weights = fluid.data("table", [WORDS, WORDS], "float32")
        at = layers.fill_constant([1], "int64", 0)
        ids, scores = layers.array_write(start, at), layers.array_write(before, at)
        words, totals = start, before
        for t in range(STEPS):
            rows = layers.gather(weights, layers.reshape(words, [-1]))
            rows = layers.lod_reset(layers.elementwise_add(rows, totals, axis=0), words)
            words, totals = layers.beam_search(words, totals, None, rows, beam_size, END)
            at = layers.fill_constant([1], "int64", t + 1)
            layers.array_write(words, at, ids)
            layers.array_write(totals, at, scores)
        out = layers.beam_search_decode(ids, scores, beam_size, END)
    feed = {
        "start": to_core(LodArray(column(1), [[1], [1]])),
        "before": to_core(LodArray(column(0, dtype="float32"), [[1], [1]])),
        "table": table,
    }
    found, values = fluid.Executor(fluid.CPUPlace()).run(main, feed=feed, fetch_list=list(out), return_numpy=False)
    lengths = found.recursive_sequence_lengths()[1:]
    sentences = LodArray(np.array(found), lengths).sequences()
    totals = LodArray(np.array(values), lengths).sequences()
    return [(tuple(s.tolist()), float(v[-1])) for s, v in zip(sentences, totals)]


def test_wide_search_finds_the_best_of_all_sentences():
    table = np.log(np.random.default_rng(3).dirichlet(np.ones(WORDS), WORDS)).astype("float32")
    everything = {}
    for words in itertools.product(range(WORDS), repeat=STEPS):
        length = words.index(END) + 1 if END in words else STEPS
        sentence = (1,) + words[:length]
        everything[sentence] = float(sum(table[a, b] for a, b in zip(sentence, sentence[1:])))
    found = search_all(table, len(everything))
    assert dict(found).keys() == everything.keys()
    assert all(abs(everything[words] - score) < 1e-5 for words, score in found)
    assert [score for _, score in found] == sorted([score for _, score in found], reverse=True)
    narrow = search_all(table, 2)
    assert len(narrow) == 2 and all(abs(everything[words] - score) < 1e-5 for words, score in narrow)

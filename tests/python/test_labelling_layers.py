"""Layers that label sequences and losses over many classes at work: with metrics, evaluators and optimizers."""

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers


@pytest.fixture
def exe():
    return fluid.Executor(fluid.CPUPlace())


@pytest.fixture(autouse=True)
def programs():
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = 7
    with fluid.program_guard(main, startup), fluid.scope_guard(fluid.Scope()), fluid.unique_name.guard():
        yield


def data(name, shape, dtype="float32", lod_level=0):
    return fluid.data(name, shape, dtype, lod_level)


def grouped(values, lengths, dtype="int64"):
    return fluid.create_lod_tensor(np.array(values, dtype).reshape(-1, 1), [lengths], fluid.CPUPlace())


CHUNKS = [dict(x=grouped([0, 1, 1, 4, 2], [3, 2]), y=grouped([0, 1, 4, 4, 2], [3, 2])), dict(x=grouped([4, 4], [2]), y=grouped([0, 2], [2]))]
WORDS = [dict(x=grouped([1, 2, 3, 4], [2, 2]), y=grouped([1, 2, 3, 5], [2, 2])), dict(x=grouped([7], [1]), y=grouped([8], [1]))]


def test_chunks_measured_over_batches(exe):
    x, y = data("x", [None, 1], "int64", 1), data("y", [None, 1], "int64", 1)
    counts = list(layers.chunk_eval(x, y, "IOB", 2)[3:])
    with pytest.warns(Warning, match="deprecated"):
        evaluator = fluid.evaluator.ChunkEvaluator(x, y, "IOB", 2)
    metric = fluid.metrics.ChunkEvaluator()
    evaluator.reset(exe)
    for _ in range(2):
        for feed in CHUNKS:
            metric.update(*exe.run(feed=feed, fetch_list=counts))
        wanted = (1 / 2, 1 / 4, 1 / 3)  # found: 2 chunks, true: 4, right: 1
        np.testing.assert_allclose(metric.eval(), wanted)
        np.testing.assert_allclose(np.concatenate(evaluator.eval(exe)), wanted, rtol=1e-6)
    evaluator.reset(exe)
    np.testing.assert_array_equal(np.concatenate(evaluator.eval(exe)), np.zeros(3))


def test_distances_measured_over_batches(exe):
    x, y = data("x", [None, 1], "int64", 1), data("y", [None, 1], "int64", 1)
    results = list(layers.edit_distance(x, y))
    with pytest.warns(Warning, match="deprecated"):
        evaluator = fluid.evaluator.EditDistance(x, y)
    metric = fluid.metrics.EditDistance("distance")
    evaluator.reset(exe)
    assert np.isnan(evaluator.eval(exe)).all()
    for feed in WORDS:
        metric.update(*exe.run(feed=feed, fetch_list=results))
    wanted = ((0 + 0.5 + 1) / 3, 2 / 3)
    np.testing.assert_allclose(metric.eval(), wanted)
    np.testing.assert_allclose(np.concatenate(evaluator.eval(exe)), wanted, rtol=1e-6)


def test_evaluators_belong_to_the_main_block():
    x, y = data("x", [None, 1], "int64", 1), data("y", [None, 1], "int64", 1)
    loop = layers.While(layers.less_than(layers.fill_constant([1], "int64", 0), layers.fill_constant([1], "int64", 1)))
    with loop.block():
        for make in (lambda: fluid.evaluator.EditDistance(x, y), lambda: fluid.evaluator.ChunkEvaluator(x, y, "IOB", 2)):
            with pytest.warns(Warning), pytest.raises(ValueError, match="main block"):
                make()


def test_greedy_labels_and_their_distance(exe):
    """A sequence of blanks alone has no labels: its distance is the number of right ones."""
    scores, right = data("scores", [None, 3], "float32", 1), data("right", [None, 1], "int64", 1)
    found = layers.ctc_greedy_decoder(scores, blank=0)
    distance, count = layers.edit_distance(found, right, normalized=False)
    best = [0, 1, 1, 0, 1, 2] + [0, 0]
    feed = {"right": grouped([1, 2, 1, 2], [2, 2])}
    feed["scores"] = fluid.create_lod_tensor(np.eye(3, dtype="float32")[best], [[6, 2]], fluid.CPUPlace())
    labels, distances, counted = exe.run(feed=feed, fetch_list=[found, distance, count], return_numpy=False)
    assert labels.recursive_sequence_lengths() == [[3, 0]] and np.array(labels).tolist() == [[1], [1], [2]]
    assert np.array(distances).tolist() == [[1], [2]] and np.array(counted).tolist() == [2]


def test_tagger_learns(exe):
    """The next tag depends on the one before: only transitions can tell."""
    rng = np.random.default_rng(0)
    tags = [0]
    for _ in range(399):
        tags.append((tags[-1] + 1) % 3)
    signs = np.where(rng.random(400) < 0.6, np.array(tags), rng.integers(0, 3, 400))  # the rest is noise
    feed = {"word": grouped(signs, [10] * 40), "tag": grouped(tags, [10] * 40)}
    word, tag = data("word", [None, 1], "int64", 1), data("tag", [None, 1], "int64", 1)
    scores = layers.embedding(word, [3, 3])
    cost = layers.mean(layers.linear_chain_crf(scores, tag, fluid.ParamAttr(name="crfw")))
    right = layers.mean(layers.cast(layers.crf_decoding(scores, fluid.ParamAttr(name="crfw"), tag), "float32"))
    fluid.optimizer.Adam(0.1).minimize(cost)
    exe.run(fluid.default_startup_program())
    results = [exe.run(feed=feed, fetch_list=[cost, right]) for _ in range(150)]
    assert results[-1][0] < results[0][0] / 4
    assert results[-1][1] > 0.95 > results[0][1]


def test_recognizer_learns(exe):
    rng = np.random.default_rng(1)
    steps, labels = data("steps", [None, 4], "float32", 1), data("labels", [None, 1], "int32", 1)
    scores = layers.fc(steps, 4)
    loss = layers.mean(layers.warpctc(scores, labels, norm_by_times=True))
    found = layers.ctc_greedy_decoder(scores, blank=0)
    fluid.optimizer.Adam(0.1).minimize(loss)
    exe.run(fluid.default_startup_program())
    words = rng.integers(1, 4, 60)
    seen = np.eye(4, dtype="float32")[np.stack([words, words, 0 * words], 1).reshape(-1)]  # each twice, then a pause
    feed = {"labels": grouped(words, [6] * 10, "int32"), "steps": fluid.create_lod_tensor(seen, [[18] * 10], fluid.CPUPlace())}
    losses = [exe.run(feed=feed, fetch_list=[loss])[0][0] for _ in range(80)]
    assert losses[-1] < losses[0] / 20
    np.testing.assert_array_equal(np.array(exe.run(feed=feed, fetch_list=[found], return_numpy=False)[0])[:, 0], words)


def gradients(exe, loss, wrt, feed):
    grads = fluid.gradients([loss], wrt)
    exe.run(fluid.default_startup_program())
    return exe.run(feed=feed, fetch_list=[loss] + grads)


def test_tree_shared_by_two_losses_and_a_penalty(exe):
    """The op names its weights as an output; the gradients of all that read them still add up."""
    x, y = data("x", [None, 4]), data("y", [None, 1], "int64")
    total = layers.reduce_sum(layers.hsigmoid(x, y, 6, param_attr="w", bias_attr=False))
    w = fluid.default_main_program().global_block().var("w")
    one = gradients(exe, total, [w], feed := {"x": np.full((2, 4), 0.3, "float32"), "y": np.array([[1], [4]])})
    again = layers.reduce_sum(layers.hsigmoid(x, y, 6, param_attr="w", bias_attr=False))
    both = total + again + layers.reduce_sum(layers.square(w))
    values = exe.run(feed=feed, fetch_list=[w] + fluid.gradients([both], [w]))
    np.testing.assert_allclose(values[1], 2 * one[1] + 2 * values[0], rtol=1e-5)


def tree_of_eight():
    """The default tree of eight classes, as one's own."""
    paths = [[((c + 8) >> (k + 1)) - 1 for k in range(3)] for c in range(8)]
    return {"paths": np.array(paths), "codes": np.array([[(c + 8) >> k & 1 for k in range(3)] for c in range(8)])}


LOSSES = {
    "nce": lambda x, y: layers.nce(x, y, 8, num_neg_samples=5),
    "nce_sparse": lambda x, y: layers.nce(x, y, 8, num_neg_samples=5, sampler="log_uniform", is_sparse=True),
    "hsigmoid": lambda x, y: layers.hsigmoid(x, y, 8),
    "hsigmoid_sparse": lambda x, y: layers.hsigmoid(
        x,
        y,
        8,
        path_table=data("paths", [None, 3], "int64"),
        path_code=data("codes", [None, 3], "int64"),
        is_custom=True,
        is_sparse=True,
    ),
    "sampled": lambda x, y: layers.sampled_softmax_with_cross_entropy(layers.fc(x, 8), y, 4),
}


@pytest.mark.parametrize("name", LOSSES)
def test_classes_are_learnt(exe, name):
    x, y = data("x", [None, 8]), data("y", [None, 1], "int64")
    mean = layers.mean(LOSSES[name](layers.fc(x, 16, act="tanh"), y))
    fluid.optimizer.Adam(0.05, lazy_mode=name.endswith("sparse")).minimize(mean)
    exe.run(fluid.default_startup_program())
    feed = {"x": np.eye(8, dtype="float32"), "y": np.arange(8).reshape(8, 1)}
    feed.update(tree_of_eight() if name == "hsigmoid_sparse" else {})
    losses = [exe.run(feed=feed, fetch_list=[mean])[0][0] for _ in range(200)]
    least = 0.5 if name.startswith("nce") else 0.01  # a true class is drawn as noise now and then
    assert np.mean(losses[-10:]) < least * losses[0]


def test_own_tree_equals_default_tree(exe):
    x, y = data("x", [None, 4], "float64"), data("y", [None, 1], "int64")
    names = dict(param_attr="w", bias_attr="b")
    custom = dict(path_table=data("paths", [None, 3], "int64"), path_code=data("codes", [None, 3], "int64"), is_custom=True)
    default, own = layers.hsigmoid(x, y, 8, **names), layers.hsigmoid(x, y, 7, **names, **custom)
    exe.run(fluid.default_startup_program())
    feed = {"x": np.random.default_rng(4).normal(size=(8, 4)), "y": np.arange(8).reshape(8, 1), **tree_of_eight()}
    one, other = exe.run(feed=feed, fetch_list=[default, own])
    np.testing.assert_array_equal(one, other)


def test_distance_without_ignored_tokens(exe):
    x, y = data("x", [None, 1], "int64", 1), data("y", [None, 1], "int64", 1)
    distance = layers.edit_distance(x, y, normalized=False, ignored_tokens=[0, 9])[0]
    feed = {"x": grouped([1, 0, 2, 9, 9], [3, 2]), "y": grouped([0, 1, 2, 9], [3, 1])}
    assert exe.run(feed=feed, fetch_list=[distance])[0].tolist() == [[0], [0]]


def test_sampled_softmax_of_several_true_classes(exe):
    logits, label = data("logits", [None, 6], "float64"), data("label", [None, 2], "int64")
    chosen, probabilities = data("chosen", [None, 5], "int64"), data("probabilities", [None, 5], "float64")
    loss = layers.sampled_softmax_with_cross_entropy(logits, label, 3, 2, True, True, chosen, probabilities)
    rng = np.random.default_rng(2)
    x, p = rng.normal(size=(2, 6)), rng.uniform(0.1, 0.9, (2, 5))
    classes = np.array([[0, 3, 1, 3, 4], [5, 2, 1, 3, 4]])
    feed = {"logits": x, "label": classes[:, :2], "chosen": classes, "probabilities": p}
    (got,) = exe.run(feed=feed, fetch_list=[loss])
    z = np.take_along_axis(x, classes, 1) - np.log(p)
    z[0, 3] = -np.inf  # 3 is a true class of row 0
    wanted = np.logaddexp.reduce(z, axis=1) - z[:, :2].mean(1)
    np.testing.assert_allclose(got[:, 0], wanted, rtol=1e-9)


def test_custom_distribution_of_noise(exe):
    rng = np.random.default_rng(3)
    for probabilities in ([1.0, 0.0, 0.0], [0.25] * 4, rng.dirichlet(np.ones(20)), rng.dirichlet(np.full(7, 0.1))):
        with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.unique_name.guard():
            layers.nce(data("x", [None, 2]), data("y", [None, 1], "int64"), len(probabilities), sampler="custom_dist", custom_dist=list(probabilities))
            exe.run(fluid.default_startup_program())
            own, alias = (np.array(fluid.global_scope().find_var("nce_0.w_%d" % i).get_tensor()) for i in (3, 2))
        total = own.astype("float64")
        for c, other in enumerate(alias):
            if other >= 0:
                total[other] += 1 - own[c]
        np.testing.assert_allclose(total / len(total), probabilities, atol=1e-6)


def test_what_layers_refuse():
    x, y = data("x", [None, 4]), data("y", [None, 1], "int64")
    paths = data("paths", [None, 3], "int64")
    for message, make in (
        ("must be one of uniform", lambda: layers.nce(x, y, 5, sampler="gaussian")),
        ("goes with sampler='custom_dist'", lambda: layers.nce(x, y, 5, sampler="custom_dist")),
        ("5 probabilities that sum to 1", lambda: layers.nce(x, y, 5, sampler="custom_dist", custom_dist=[0.5, 0.5])),
        ("known D", lambda: layers.nce(data("u", [None, None]), y, 5)),
        ("at least 2", lambda: layers.hsigmoid(x, y, 1)),
        ("path_table and path_code", lambda: layers.hsigmoid(x, y, 5, is_custom=True, path_table=paths)),
        ("need is_custom=True", lambda: layers.hsigmoid(x, y, 5, path_table=paths, path_code=paths)),
        ("know the number of tags", lambda: layers.linear_chain_crf(data("v", [None, None], "float32", 1), y)),
        ("must name the transitions", lambda: layers.crf_decoding(x, fluid.ParamAttr())),
        ("LabelLength is missing", lambda: layers.warpctc(data("t", [5, None, 4]), paths, input_length=y)),
        ("RefsLength is missing", lambda: layers.edit_distance(paths, paths, input_length=y)),
        ("chunk_scheme is 'BIO'", lambda: layers.chunk_eval(y, y, "BIO", 2)),
    ):
        with pytest.raises(ValueError, match=message):
            make()

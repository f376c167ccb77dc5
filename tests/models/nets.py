"""Training programs whose losses were recorded with the 1.8.5 package, with their initial parameters and batches.

Plain Fluid 1.x code, so that the recorder (``record.py``) and the tests build the same nets.
"""

import functools
import itertools
import os
import sys
import zlib

import numpy as np

import paddle.fluid as fluid

STEPS = 10
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "docs", "examples"), os.path.join(ROOT, "docs", "examples", "book")]


def digits():
    """The example, its batches included, without dropout: its random numbers differ between packages."""
    import datasets
    import digits as example
    import training

    (images, labels), _ = datasets.digits()
    total = training.batches(len(images))
    (main, startup, _), _, _, loss = example.build(seed=1, epochs=10, batches=total, dropout=0.0)
    drawn = itertools.islice(training.drawn(1, 0, len(images)), STEPS)
    return main, startup, loss, [example.batch(images[at], labels[at], random) for at, random in drawn]


def reviews():
    """The example, its batches included, without dropout."""
    import datasets
    import reviews as example
    import training

    train, _, tokens = datasets.reviews()
    (main, startup, _), _, _, loss, _ = example.build(seed=1, tokens=tokens, dropout=0.0)
    drawn = itertools.islice(training.drawn(1, 0, len(train)), STEPS)
    parts = [[(example.part(train[n][0], random), train[n][1]) for n in at] for at, random in drawn]
    return main, startup, loss, [example.batch(reviews) for reviews in parts]


def mixed():
    """Images and words in one net: convolution, batch_norm, dropout, sparse embeddings; Momentum and Adam side by side."""
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = 1
    with fluid.unique_name.guard(), fluid.program_guard(main, startup):
        image = fluid.data("image", [None, 3, 12, 12], "float32")
        word = fluid.data("word", [None, 1], "int64", lod_level=1)
        label = fluid.data("label", [None, 1], "int64")
        hidden = fluid.layers.conv2d(image, 8, 3, padding=1, bias_attr=False)
        hidden = fluid.layers.batch_norm(hidden, act="relu", momentum=0.8)
        hidden = fluid.layers.pool2d(hidden, 2, "max", 2)
        hidden = fluid.layers.conv2d(hidden, 8, 3, groups=2, act="leaky_relu")
        hidden = fluid.layers.pool2d(hidden, pool_type="avg", global_pooling=True)
        hidden = fluid.layers.dropout(hidden, 0.0)
        # Weight decay on dense parameters only: 1.8.5 has none for sparse gradients of this kind.
        decay = fluid.ParamAttr(regularizer=fluid.regularizer.L2Decay(1e-3))
        seen = fluid.layers.fc(hidden, 16, param_attr=decay)
        table = fluid.ParamAttr(name="table")
        embedded = fluid.layers.embedding(word, [50, 16], is_sparse=True, padding_idx=0, param_attr=table)
        again = fluid.layers.embedding(word, [50, 16], is_sparse=True, param_attr=table)
        read = fluid.layers.sequence_pool(embedded * again, "sqrt")
        both = fluid.layers.concat([seen, read], axis=1)
        probability = fluid.layers.fc(fluid.layers.layer_norm(both, act="tanh"), 5, act="softmax")
        loss = fluid.layers.mean(fluid.layers.cross_entropy(probability, label))
        rate = fluid.layers.piecewise_decay([4, 7], [0.05, 0.02, 0.01])
        pairs = fluid.backward.append_backward(loss)
        sparse = [pair for pair in pairs if pair[0].name == "table"]
        dense = [pair for pair in pairs if pair[0].name != "table"]
        clip = fluid.clip.GradientClipByGlobalNorm(1.0)
        fluid.optimizer.Momentum(rate, 0.9, use_nesterov=True, grad_clip=clip).apply_gradients(dense)
        fluid.optimizer.Adam(rate, lazy_mode=True).apply_gradients(sparse)
    return main, startup, loss, _mixed_batches()


def _mixed_batches():
    random = np.random.RandomState(7)
    batches = []
    for _ in range(STEPS):
        lengths = random.randint(1, 9, 16)
        words = random.randint(0, 50, [lengths.sum(), 1]).astype("int64")
        batches.append(
            {
                "image": random.uniform(-1, 1, [16, 3, 12, 12]).astype("float32"),
                "word": fluid.create_lod_tensor(words, [lengths.tolist()], fluid.CPUPlace()),
                "label": random.randint(0, 5, [16, 1]).astype("int64"),
            }
        )
    return batches


def loops():
    """Cells in loops: ``rnn`` over padded steps of which some count, and a DynamicRNN over sequences with attention to a vector."""
    main, startup = fluid.Program(), fluid.Program()
    with fluid.unique_name.guard(), fluid.program_guard(main, startup):
        steps = fluid.data("steps", [None, 6, 5], "float32")
        length = fluid.data("length", [None], "int64")
        rows = fluid.data("rows", [None, 5], "float32", lod_level=1)
        label = fluid.data("label", [None, 1], "float32")
        _, (last, _) = fluid.layers.rnn(fluid.layers.LSTMCell(7), steps, sequence_length=length)
        loop = fluid.layers.DynamicRNN()
        with loop.block():
            row, vector = loop.step_input(rows), loop.static_input(last)
            state = loop.memory(init=last, need_reorder=True)
            weight = fluid.layers.sigmoid(fluid.layers.fc([row, state], 7))
            state_now = fluid.layers.tanh(fluid.layers.fc([row, state], 7)) * weight + vector * (1.0 - weight)
            loop.update_memory(state, state_now)
            loop.output(state_now)
        guess = fluid.layers.fc(fluid.layers.sequence_last_step(loop()), 1)
        loss = fluid.layers.mean(fluid.layers.square_error_cost(guess, label))
        fluid.optimizer.Adam(0.02).minimize(loss)
    return main, startup, loss, _loops_batches()


def _loops_batches():
    random = np.random.RandomState(8)
    batches = []
    for _ in range(STEPS):
        lengths = random.randint(1, 9, 12).tolist()
        rows = random.uniform(-1, 1, [sum(lengths), 5]).astype("float32")
        batches.append(
            {
                "steps": random.uniform(-1, 1, [12, 6, 5]).astype("float32"),
                "length": random.randint(1, 7, 12).astype("int64"),
                "rows": fluid.create_lod_tensor(rows, [lengths], fluid.CPUPlace()),
                "label": random.uniform(-1, 1, [12, 1]).astype("float32"),
            }
        )
    return batches


def _first(samples, count):
    """The first batches that an example draws, as lists of samples."""
    import training

    drawn = itertools.islice(training.drawn(1, 0, len(samples), count), STEPS)
    return [[samples[number] for number in numbers] for numbers, _ in drawn]


def fit_a_line():
    import datasets
    import fit_a_line as example

    (numbers, prices), _ = datasets.housing()
    (main, startup, _), _, _, loss = example.build(seed=1)
    batches = [zip(*pairs) for pairs in _first(list(zip(numbers, prices)), example.BATCH_SIZE)]
    return main, startup, loss, [{"numbers": np.array(x), "price": np.array(y)} for x, y in batches]


def segmentation():
    """The example, without dropout."""
    import datasets
    import segmentation as example

    paragraphs, _, tokens = datasets.segmentation(small=True)
    (main, startup, _), _, _, loss, _ = example.build(seed=1, tokens=tokens, dropout=0.0)
    return main, startup, loss, [example.batch(part) for part in _first(paragraphs, example.BATCH_SIZE)]


def word2vec():
    import datasets
    import word2vec as example

    runs, _, characters = datasets.ngrams(small=True)
    (main, startup, _), _, _, loss = example.build(seed=1, tokens=len(characters))
    return main, startup, loss, [example.batch(np.array(part)) for part in _first(runs, example.BATCH_SIZE)]


def sentiment(net):
    """A net of the example, without dropout."""
    import datasets
    import reviews as data
    import sentiment as example

    texts, _, tokens = datasets.reviews(small=True, max_length=example.MOST_CHARACTERS)
    (main, startup, _), _, _, loss = example.build(seed=1, net=net, tokens=tokens, dropout=0.0)
    return main, startup, loss, [data.batch(part) for part in _first(texts, 64)]


def encoder_decoder():
    import datasets
    import encoder_decoder as example

    pairs, _, characters, letters = datasets.pronunciations(small=True)
    (main, startup), _, loss = example.build(seed=1, characters=len(characters), letters=len(letters))
    return main, startup, loss, [example.batch(part) for part in _first(pairs, 64)]


def rnn_encoder_decoder():
    import datasets
    import rnn_encoder_decoder as example

    pairs, _, letters, phonemes = datasets.phonemes(small=True)
    (main, startup), _, loss = example.build(seed=1, letters=len(letters), phonemes=len(phonemes))
    return main, startup, loss, [example.batch(part) for part in _first(pairs, 64)]


def language_model():
    """The example, without dropout; the state runs on from batch to batch."""
    import datasets
    import language_model as example

    text, _, _, characters = datasets.running_text(small=True)
    (main, startup), _, loss = example.build(seed=1, tokens=len(characters), dropout=0.0)
    return main, startup, loss, [example.batch(window) for window in example.windows(text)[:STEPS]]


def label_semantic_roles():
    """The example, on sentences made at random: its data comes with no package."""
    import label_semantic_roles as example

    random = np.random.RandomState(7)

    def sentence():
        length = random.randint(1, 12)
        limits = [50] * len(example.WORDS) + [20, 2, 9]
        return [random.randint(0, limit, length) for limit in limits]

    (main, startup, _), _, _, loss, _ = example.build(seed=1, words=50, predicates=20, tags=9)
    return main, startup, loss, [example.batch([sentence() for _ in range(16)]) for _ in range(STEPS)]


def recommender_system():
    """The example, on ratings made at random: its data comes with no package."""
    import recommender_system as example

    random = np.random.RandomState(7)
    counts = dict(zip(example.NUMBERS + example.LISTS, [90, 2, 7, 21, 80, 18, 200]))

    def rating():
        numbers = [random.randint(0, counts[name]) for name in example.NUMBERS]
        lists = [random.randint(0, counts[name], random.randint(1, 6)) for name in example.LISTS]
        return numbers + lists + [[random.randint(-3, 6)]]

    (main, startup, _), _, _, loss = example.build(seed=1, counts=counts)
    return main, startup, loss, [example.batch([rating() for _ in range(32)]) for _ in range(STEPS)]


NETS = {
    "digits": digits,
    "reviews": reviews,
    "mixed": mixed,
    "loops": loops,
    "fit_a_line": fit_a_line,
    "segmentation": segmentation,
    "word2vec": word2vec,
    "sentiment_conv": functools.partial(sentiment, "conv"),
    "sentiment_stacked": functools.partial(sentiment, "stacked"),
    "sentiment_dynamic_rnn": functools.partial(sentiment, "dynamic_rnn"),
    "encoder_decoder": encoder_decoder,
    "rnn_encoder_decoder": rnn_encoder_decoder,
    "language_model": language_model,
    "label_semantic_roles": label_semantic_roles,
    "recommender_system": recommender_system,
}


def set_parameters(parameters, scope):
    """Set all matrices and filters among parameters to Xavier's uniform values, seeded by the parameter's name.

    Parameters of one dimension (biases, scales) stay as the startup program made them.
    """
    for parameter in parameters:
        shape = parameter.shape
        if len(shape) > 1:
            area = np.prod(shape[2:])
            bound = np.sqrt(6 / ((shape[0] + shape[1]) * area))
            values = np.random.RandomState(zlib.crc32(parameter.name.encode())).uniform(-bound, bound, shape)
            scope.find_var(parameter.name).get_tensor().set(values.astype("float32"), fluid.CPUPlace())


def train(main, startup, loss, batches, parameters):
    """The losses of the first steps, from the values that ``set_parameters`` gives to the parameters."""
    exe, scope = fluid.Executor(fluid.CPUPlace()), fluid.Scope()
    with fluid.scope_guard(scope):
        exe.run(startup)
        set_parameters(parameters, scope)
        return [float(np.ravel(exe.run(main, feed=batch, fetch_list=[loss])[0])[0]) for batch in batches]

"""Training on a GPU beside the same training on the CPU. Run it by tests/gpu/run."""

import os
import sys

import numpy as np
import paddle.fluid as fluid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "docs", "examples"))

import digits

GPU, CPU = fluid.CUDAPlace(0), fluid.CPUPlace()


def batches(count, size, seed=0):
    """Images whose label is where they are brightest."""
    rng = np.random.RandomState(seed)
    for _ in range(count):
        label = rng.randint(0, 10, (size, 1)).astype("int64")
        image = rng.rand(size, 1, 28, 28).astype("float32") - 0.5
        for one, k in zip(image, label[:, 0]):
            one[0, 2 * k : 2 * k + 5] += 1
        yield {"image": image, "label": label}


def train_digits(place, count):
    (main, startup, predict), _, probability, loss = digits.build(seed=1, epochs=1, batches=count, dropout=0.5)
    exe, scope = fluid.Executor(place), fluid.Scope()
    with fluid.scope_guard(scope):
        exe.run(startup)
        losses = [float(exe.run(main, feed, [loss])[0].item()) for feed in batches(count, 32)]
        test = next(batches(1, 200, seed=1))
        guess = exe.run(predict, {"image": test["image"]}, [probability])[0].argmax(1)
    return losses, np.mean(guess == test["label"][:, 0])


def test_digits_trains_as_on_the_cpu():
    gpu, gpu_accuracy = train_digits(GPU, 60)
    cpu, cpu_accuracy = train_digits(CPU, 60)
    np.testing.assert_allclose(gpu[:10], cpu[:10], rtol=1e-3, atol=1e-3)
    assert gpu_accuracy > 0.9 and abs(gpu_accuracy - cpu_accuracy) < 0.1


def sparse_embedding(optimizer):
    """Words to one of two classes by the mean of their embeddings; the table's gradient is sparse."""
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = 3
    with fluid.program_guard(main, startup), fluid.unique_name.guard():
        words = fluid.data("words", [None, 6], "int64")
        label = fluid.data("label", [None, 1], "int64")
        table = fluid.embedding(words, [50, 8], is_sparse=True, param_attr="table")
        hidden = fluid.layers.reduce_mean(table, dim=1)
        logits = fluid.layers.fc(hidden, 2)
        loss = fluid.layers.mean(fluid.layers.softmax_with_cross_entropy(logits, label))
        optimizer().minimize(loss)
    return main, startup, loss


def train_words(place, optimizer):
    main, startup, loss = sparse_embedding(optimizer)
    exe, scope = fluid.Executor(place), fluid.Scope()
    rng = np.random.RandomState(0)
    with fluid.scope_guard(scope):
        exe.run(startup)
        losses = []
        for _ in range(20):
            words = rng.randint(0, 50, (16, 6)).astype("int64")
            feed = {"words": words, "label": (words.sum(1, keepdims=True) > 147).astype("int64")}
            losses.append(exe.run(main, feed, [loss])[0].item())
        table = np.array(scope.find_var("table").get_tensor())
    return losses, table


def test_sparse_updates_as_on_the_cpu():
    for optimizer in (
        lambda: fluid.optimizer.SGD(0.1),
        lambda: fluid.optimizer.Momentum(0.1, 0.9),
        lambda: fluid.optimizer.Adam(0.01),
        lambda: fluid.optimizer.Adam(0.01, lazy_mode=True),
    ):
        (gpu, gpu_table), (cpu, cpu_table) = train_words(GPU, optimizer), train_words(CPU, optimizer)
        np.testing.assert_allclose(gpu, cpu, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(gpu_table, cpu_table, rtol=1e-3, atol=1e-4)


def test_a_bad_label_is_named():
    image = fluid.data("image", [None, 4], "float32")
    label = fluid.data("label", [None, 1], "int64")
    loss = fluid.layers.cross_entropy(fluid.layers.softmax(image), label)
    exe = fluid.Executor(GPU)
    feed = {"image": np.zeros((3, 4), "float32"), "label": np.array([[0], [9], [1]], "int64")}
    try:
        exe.run(feed=feed, fetch_list=[loss])
    except ValueError as error:
        assert "Label[1] is 9" in str(error) and os.path.basename(__file__) in str(error), error
    else:
        raise AssertionError("a label out of range was taken")
    feed["label"][1] = 3
    assert exe.run(feed=feed, fetch_list=[loss])[0].shape == (3, 1), "the GPU works on after an error"


def sequence_net():
    """Sentences to one of two classes: both recurrent layers, attention over the words, and pools of their states."""
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = 5
    layers = fluid.layers
    with fluid.program_guard(main, startup), fluid.unique_name.guard():
        words = fluid.data("words", [None, 1], "int64", lod_level=1)
        label = fluid.data("label", [None, 1], "int64")
        embedded = fluid.embedding(words, [40, 12])
        embedded = layers.lod_reset(layers.reduce_sum(embedded, dim=1), words)
        lstm, _ = layers.dynamic_lstm(layers.fc(embedded, 4 * 10), 4 * 10)
        gru = layers.dynamic_gru(layers.fc(embedded, 3 * 10), 10, is_reverse=True)
        both = layers.sequence_concat([lstm, gru])
        end = layers.sequence_expand(layers.sequence_last_step(lstm), both)
        weight = layers.sequence_softmax(layers.fc([both, end], 1, bias_attr=False))
        attended = layers.sequence_pool(layers.elementwise_mul(both, weight, axis=0), "sum")
        first = layers.sequence_first_step(layers.sequence_expand_as(attended, gru))
        logits = layers.fc([attended, first, layers.sequence_pool(both, "max")], 2)
        loss = layers.mean(layers.softmax_with_cross_entropy(logits, label))
        fluid.optimizer.Adam(0.02).minimize(loss)
    return main, startup, loss


def train_sequences(place):
    main, startup, loss = sequence_net()
    exe, scope = fluid.Executor(place), fluid.Scope()
    rng = np.random.RandomState(0)
    losses = []
    with fluid.scope_guard(scope):
        exe.run(startup)
        for _ in range(60):
            lengths = rng.randint(1, 9, 24).tolist()
            words = rng.randint(0, 40, (sum(lengths), 1)).astype("int64")
            ends = np.cumsum(lengths) - 1
            feed = {"words": fluid.create_lod_tensor(words, [lengths], fluid.CPUPlace()), "label": (words[ends] > 19).astype("int64")}
            losses.append(exe.run(main, feed, [loss])[0].item())
    return losses


def test_sequences_train_as_on_the_cpu():
    gpu, cpu = train_sequences(GPU), train_sequences(CPU)
    np.testing.assert_allclose(gpu[:20], cpu[:20], rtol=1e-3, atol=1e-3)
    assert np.mean(gpu[-10:]) < 0.5 * gpu[0], "it learns"


def recurrent_gradients(place, layer, gates, wanted):
    """Values and gradients of a recurrent layer over 200 sequences, more than one block's rows of a product."""
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = 7
    with fluid.program_guard(main, startup), fluid.unique_name.guard():
        x = fluid.data("x", [None, gates * 6], lod_level=1)
        x.stop_gradient = "x" not in wanted
        hidden = layer(x, param_attr=fluid.ParamAttr("w", trainable="w" in wanted), bias_attr="b")
        loss = fluid.layers.reduce_sum(fluid.layers.square(hidden))
        one = fluid.layers.fill_constant([1], "float32", 1.0)
        grads = fluid.gradients([loss], [main.global_block().var(name) for name in wanted], [one])
    rng = np.random.RandomState(0)
    lengths = rng.randint(0, 12, 200).tolist()
    feed = {"x": fluid.create_lod_tensor(rng.randn(sum(lengths), gates * 6).astype("float32"), [lengths], fluid.CPUPlace())}
    exe, scope = fluid.Executor(place), fluid.Scope()
    with fluid.scope_guard(scope):
        exe.run(startup)
        return [np.array(value) for value in exe.run(main, feed, [hidden] + grads, return_numpy=False)]


def lstm_states(x, **attrs):
    return fluid.layers.dynamic_lstm(x, 4 * 6, **attrs)[0]


def gru_states(x, **attrs):
    return fluid.layers.dynamic_gru(x, 6, **attrs)


def test_many_sequences_and_some_of_the_gradients():
    for layer, gates in ((lstm_states, 4), (gru_states, 3)):
        for wanted in (["x"], ["w"], ["b"], ["x", "w", "b"]):
            gpu, cpu = (recurrent_gradients(place, layer, gates, wanted) for place in (GPU, CPU))
            for a, b in zip(gpu, cpu, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)


def padded_lstm(wanted, directions=2, count=3, dropout=0.0, units=20):
    """Layers over a padded batch, and gradients of what is ``wanted`` of x, h, c and the parameters w."""
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = 9
    with fluid.program_guard(main, startup), fluid.unique_name.guard():
        x = fluid.data("x", [None, None, 6])
        h, c = (fluid.data(name, [count * directions, None, units]) for name in "hc")
        for variable in (x, h, c):
            variable.stop_gradient = variable.name not in wanted
        outs = fluid.layers.lstm(x, h, c, 30, units, count, dropout_prob=dropout, is_bidirec=directions == 2)
        loss = fluid.layers.sums([fluid.layers.reduce_sum(fluid.layers.square(out)) for out in outs])
        (w,) = main.global_block().all_parameters()
        one = fluid.layers.fill_constant([1], "float32", 1.0)
        grads = fluid.gradients([loss], [w if name == "w" else main.global_block().var(name) for name in wanted], [one])
    return main, startup, [*outs, *grads]


def padded_values(place, *net, **options):
    """Of two runs: without a seed of the layer's own, each drops other elements."""
    main, startup, fetch = padded_lstm(*net, **options)
    rng = np.random.RandomState(0)
    states = main.global_block().var("h").shape
    feed = {name: rng.randn(states[0], 8, states[2]).astype("float32") for name in "hc"}
    feed["x"] = rng.randn(25, 8, 6).astype("float32")
    exe, scope = fluid.Executor(place), fluid.Scope()
    with fluid.scope_guard(scope):
        exe.run(startup)
        return [value for _ in range(2) for value in exe.run(main, feed, fetch)]


def test_padded_lstm_and_some_of_the_gradients():
    for options in ({}, {"directions": 1}, {"dropout": 0.4}, {"dropout": 0.4, "directions": 1, "count": 2}):
        for wanted in (["x"], ["w"], ["h", "c"], ["x", "h", "c", "w"]):
            gpu, cpu = (padded_values(place, wanted, **options) for place in (GPU, CPU))
            for a, b in zip(gpu, cpu, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)


def train_padded(place):
    """Tells by the last states of a padded batch which of two features was the larger one in the last step."""
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = 5
    with fluid.program_guard(main, startup), fluid.unique_name.guard():
        x, label = fluid.data("x", [None, None, 2]), fluid.data("label", [None, 1], "int64")
        zero = fluid.layers.fill_constant([2, 32, 16], "float32", 0.0)
        _, last, _ = fluid.layers.lstm(x, zero, zero, 12, 16, 2, dropout_prob=0.2)
        logits = fluid.layers.fc(fluid.layers.reduce_sum(last, dim=0), 2)
        loss = fluid.layers.mean(fluid.layers.softmax_with_cross_entropy(logits, label))
        fluid.optimizer.Adam(0.02).minimize(loss)
    exe, scope, rng, losses = fluid.Executor(place), fluid.Scope(), np.random.RandomState(0), []
    with fluid.scope_guard(scope):
        exe.run(startup)
        for k in range(60):
            x = rng.rand(6 + k % 7, 32, 2).astype("float32")
            feed = {"x": x, "label": (x[-1, :, :1] > x[-1, :, 1:]).astype("int64")}
            losses.append(exe.run(main, feed, [loss])[0].item())
    return losses


def test_padded_lstm_trains_as_on_the_cpu():
    gpu, cpu = train_padded(GPU), train_padded(CPU)
    np.testing.assert_allclose(gpu[:20], cpu[:20], rtol=1e-3, atol=1e-3)
    assert np.mean(gpu[-10:]) < 0.8 * gpu[0], "it learns"

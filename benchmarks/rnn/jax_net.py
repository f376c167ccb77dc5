"""The tasks in JAX: a scan over padded texts, states of texts that have ended kept by a mask, one jitted step."""

import functools
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import measure  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402
import tasks  # noqa: E402

ROUND = 10  # texts are padded to a multiple of this, so that few shapes are compiled


def lstm(state, x, weight):
    h, c = state
    i, f, candidate, o = jnp.split(x + h @ weight, 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(candidate)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def coupled(state, x, weight):
    h, c = state
    f, candidate, o = jnp.split(x + h @ weight, 3, axis=-1)
    f = jax.nn.sigmoid(f)
    c = f * c + (1 - f) * jnp.tanh(candidate)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def gru(state, x, weight):
    (h,) = state
    width = h.shape[-1]
    u, r = jnp.split(jax.nn.sigmoid(x[:, : 2 * width] + h @ weight[:, : 2 * width]), 2, axis=-1)
    candidate = jnp.tanh(x[:, 2 * width :] + (r * h) @ weight[:, 2 * width :])
    return (u * h + (1 - u) * candidate,)


def layer(case, weights, name, x, length=None, start=None):
    """The hidden state at each step; x: [steps, batch, inputs]. States of texts that have ended stay. ``start``: the first h."""
    cell, weight = {"lstm": lstm, "gru": gru, "coupled": coupled}[case["cell"]], weights["recurrent_" + name]
    zero = jnp.zeros([x.shape[1], weight.shape[0]])
    start = zero if start is None else start

    def step(state, element):
        projected, t = element
        new = cell(state, projected, weight)
        if length is not None:
            new = tuple(jnp.where((t < length)[:, None], n, old) for n, old in zip(new, state))
        return new, new[0]

    projected = x @ weights["input_" + name] + weights["bias_" + name]
    return jax.lax.scan(step, (start,) if cell is gru else (start, zero), (projected, jnp.arange(x.shape[0])))[1]


def cross_entropy(weights, x, label, mask=None):
    """Mean over all, or over what the mask says."""
    chances = jax.nn.log_softmax(x @ weights["out"] + weights["out_bias"])
    losses = -jnp.take_along_axis(chances, label[..., None], axis=-1)[..., 0]
    return jnp.mean(losses) if mask is None else jnp.sum(losses * mask) / jnp.sum(mask)


def mask_of(word, length):
    """[batch, steps]: whether there is a word; None where the texts are equally long."""
    return None if length is None else jnp.arange(word.shape[1]) < length[:, None]


def texts_loss(case, weights, word, label, length=None):
    """The loss of the classifier and of the language model."""
    x = weights["embedding"][word.T]
    for name in tasks.stacks(case)[0]:
        x = layer(case, weights, name, x, length)
    if case["task"] == "classifier":
        return cross_entropy(weights, x[-1], label)
    return cross_entropy(weights, x.transpose(1, 0, 2), label, mask_of(word, length))


def translator_loss(case, weights, source, word, label, source_length=None, length=None):
    encoder, decoder = tasks.stacks(case)
    encoded, state = weights["source_embedding"][source.T], weights["embedding"][word.T]
    for name in encoder:
        encoded = layer(case, weights, name, encoded, source_length)
    start = encoded[-1]
    for name in decoder:
        state, start = layer(case, weights, name, state, length, start), None
    scores = jnp.einsum("tbh,sbh->bts", state, encoded)
    if source_length is not None:
        scores = jnp.where(mask_of(source, source_length)[:, None], scores, -1e9)
    context = jnp.einsum("bts,sbh->bth", jax.nn.softmax(scores), encoded)
    x = jnp.concatenate([state.transpose(1, 0, 2), context], axis=-1)
    return cross_entropy(weights, jnp.tanh(x @ weights["attention"] + weights["attention_bias"]), label, mask_of(word, length))


def reader_loss(case, weights, image, label, padding):
    """``padding``: 1 where a label has ended."""
    x = image
    for k, (filters, (high, wide)) in enumerate(tasks.CONVOLUTIONS):
        x = jax.lax.conv_general_dilated(x, weights["filter_%d" % k], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = jax.nn.relu(x + weights["filter_bias_%d" % k])
        # A maximum over new axes: reduce_window does the same, but its gradient is slow on CPUs.
        x = x.reshape(x.shape[0], x.shape[1] // high, high, x.shape[2] // wide, wide, filters).max(axis=(2, 4))
    x = x.transpose(2, 0, 1, 3).reshape(x.shape[2], x.shape[0], -1)
    x = jnp.concatenate([layer(case, weights, "forward", x), layer(case, weights, "backward", x[::-1])[::-1]], axis=-1)
    out = (x @ weights["out"] + weights["out_bias"]).transpose(1, 0, 2)
    return jnp.mean(optax.ctc_loss(out, jnp.zeros(out.shape[:2]), label, padding, blank_id=case["words"]))


def adam(weights, gradients, state, rate):
    step, first, second = state
    step = step + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
    rate = rate * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-8), weights, first, second)
    return weights, (step, first, second)


def clipped_sgd(weights, gradients, state, rate, limit):
    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(gradients)))
    scale = rate * limit / jnp.maximum(norm, limit)
    return jax.tree.map(lambda w, g: w - scale * g, weights, gradients), state


def weights_of(case):
    out = dict(tasks.weights(case))
    if case["task"] == "ocr":
        out.update({name: value.transpose(2, 3, 1, 0) for name, value in out.items() if value.ndim == 4})
        out.update({name: tasks.channels_last(value) for name, value in out.items() if name.startswith("input_")})
    return jax.tree.map(jnp.asarray, out)


def inputs(case):
    """Arguments of the loss by name, for each batch; no lengths where the texts are equally long."""
    out = []
    for batch in tasks.batches(case):
        length = batch["length"]
        if case["task"] == "ocr":
            label, true = (tasks.padded(value, length, case["steps"]) for value in (batch["label"], np.ones(length.sum())))
            image = batch["image"].transpose(0, 2, 3, 1)
            out.append(dict(image=jnp.asarray(image), label=jnp.asarray(label), padding=jnp.asarray(1 - true)))
            continue
        varying = case["lengths"] != "fixed"
        for name, count in (("word", "length"), ("source", "source_length"), ("label", "length")):
            if name not in batch or (name == "label" and case["task"] == "classifier"):
                continue
            steps = -(-int(batch[count].max()) // ROUND) * ROUND if varying else case["steps"]
            batch[name] = tasks.padded(batch[name], batch[count], steps)
        out.append({name: jnp.asarray(value) for name, value in batch.items() if varying or not name.endswith("length")})
    return out


def main():
    case = measure.case()
    measure.check_gpu(case, "JAX", jax.default_backend() == "gpu")
    loss = functools.partial({"seq2seq": translator_loss, "ocr": reader_loss}.get(case["task"], texts_loss), case)
    rate, clipped = tasks.LEARNING_RATE[case["task"]], case["task"] in tasks.CLIP_NORM
    update = functools.partial(clipped_sgd, limit=tasks.CLIP_NORM[case["task"]]) if clipped else adam

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def train(weights, state, batch):
        value, gradients = jax.value_and_grad(loss)(weights, **batch)
        weights, state = update(weights, gradients, state, rate)
        return value, weights, state

    infer = jax.jit(lambda weights, batch: loss(weights, **batch))
    weights = weights_of(case)
    zeros = [] if clipped or not case["train"] else [jax.tree.map(jnp.zeros_like, weights) for _ in range(2)]
    held = [weights, (0.0, *zeros)]

    def step(batch):
        if not case["train"]:
            return infer(held[0], batch)
        value, *held[:] = train(*held, batch)
        return value

    measure.run_passes(case, step, inputs(case), tasks.units(case))


main()

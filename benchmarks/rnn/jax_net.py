"""The tasks in JAX: a scan over padded texts, states of texts that have ended kept by a mask, one jitted step."""

import functools
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import measure  # noqa: E402
import tasks  # noqa: E402

ROUND = 10  # texts are padded to a multiple of this, so that few shapes are compiled


def lstm(state, x, weight):
    h, c = state
    i, f, candidate, o = jnp.split(x + h @ weight, 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(candidate)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def gru(state, x, weight):
    (h,) = state
    width = h.shape[-1]
    u, r = jnp.split(jax.nn.sigmoid(x[:, : 2 * width] + h @ weight[:, : 2 * width]), 2, axis=-1)
    candidate = jnp.tanh(x[:, 2 * width :] + (r * h) @ weight[:, 2 * width :])
    return (u * h + (1 - u) * candidate,)


def layer(cell, x, weight, length, masked):
    """x: [steps, batch, gates * hidden], the projected input. Returns the hidden state of each step."""
    zero = jnp.zeros([x.shape[1], weight.shape[0]])

    def step(state, element):
        projected, t = element
        new = cell(state, projected, weight)
        if masked:
            new = tuple(jnp.where((t < length)[:, None], n, old) for n, old in zip(new, state))
        return new, new[0]

    return jax.lax.scan(step, (zero, zero) if cell is lstm else (zero,), (x, jnp.arange(x.shape[0])))[1]


def loss_of(weights, word, length, label, kind, classifier, masked):
    x = weights["embedding"][word.T]
    for k in range(tasks.LAYERS):
        projected = x @ weights["input_%d" % k] + weights["bias_%d" % k]
        x = layer({"lstm": lstm, "gru": gru}[kind], projected, weights["recurrent_%d" % k], length, masked)
    x = x[-1] if classifier else x.transpose(1, 0, 2)
    chances = jax.nn.log_softmax(x @ weights["out"] + weights["out_bias"])
    return -jnp.mean(jnp.take_along_axis(chances, label[..., None], axis=-1))


def adam(weights, gradients, state, rate):
    step, first, second = state
    step = step + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
    rate = rate * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-8), weights, first, second)
    return weights, (step, first, second)


def clipped_sgd(weights, gradients, state, rate):
    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(gradients)))
    scale = rate * tasks.CLIP_NORM / jnp.maximum(norm, tasks.CLIP_NORM)
    return jax.tree.map(lambda w, g: w - scale * g, weights, gradients), state


def inputs(case):
    out = []
    for batch in tasks.batches(case):
        steps = -(-int(batch["length"].max()) // ROUND) * ROUND if case["lengths"] != "fixed" else case["steps"]
        label = batch["label"]
        if case["task"] != "classifier":
            label = tasks.padded(label, batch["length"], steps)
        out.append([jnp.asarray(value) for value in (tasks.padded(batch["word"], batch["length"], steps), batch["length"], label)])
    return out


def main():
    case = measure.case()
    classifier = case["task"] == "classifier"
    loss = functools.partial(loss_of, kind=case["cell"], classifier=classifier, masked=case["lengths"] != "fixed")
    rate, update = tasks.LEARNING_RATE[case["task"]], adam if classifier else clipped_sgd

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def train(weights, state, *batch):
        value, gradients = jax.value_and_grad(loss)(weights, *batch)
        weights, state = update(weights, gradients, state, rate)
        return value, weights, state

    infer = jax.jit(loss)
    weights = jax.tree.map(jnp.asarray, tasks.weights(case))
    zeros = [jax.tree.map(jnp.zeros_like, weights) for _ in range(2)] if classifier and case["train"] else []
    held = [weights, (0.0, *zeros)]
    data, losses = inputs(case), []

    def one_pass(_):
        for batch in data:
            if case["train"]:
                value, *held[:] = train(*held, *batch)
            else:
                value = infer(held[0], *batch)
            losses.append(float(value))

    ms = measure.time_steps(one_pass, case["warmup"], case["passes"])
    measure.finish(ms, tasks.tokens(case), losses=losses[: len(data)])


main()

"""Learning rates step by step."""

import math

import pytest

import paddle.fluid as fluid
from paddle.fluid import layers

STEPS = 25


def clipped(step):
    return min(step, 10)


def cycle(step):
    span = 10 * max(1, math.ceil(step / 10))
    return (0.1 - 0.01) * (1 - step / span) ** 2 + 0.01


CASES = {
    "noam": (lambda: layers.noam_decay(64, 10), lambda s: 64**-0.5 * min((s + 1) ** -0.5, (s + 1) * 10**-1.5)),
    "exponential": (lambda: layers.exponential_decay(0.1, 10, 0.5), lambda s: 0.1 * 0.5 ** (s / 10)),
    "staircase": (lambda: layers.exponential_decay(0.1, 10, 0.5, True), lambda s: 0.1 * 0.5 ** (s // 10)),
    "natural": (lambda: layers.natural_exp_decay(0.1, 10, 0.5), lambda s: 0.1 * math.exp(-0.5 * s / 10)),
    "inverse": (lambda: layers.inverse_time_decay(0.1, 10, 0.5), lambda s: 0.1 / (1 + 0.5 * s / 10)),
    "polynomial": (
        lambda: layers.polynomial_decay(0.1, 10, 0.01, 2.0),
        lambda s: (0.1 - 0.01) * (1 - clipped(s) / 10) ** 2 + 0.01,
    ),
    "polynomial_cycle": (lambda: layers.polynomial_decay(0.1, 10, 0.01, 2.0, cycle=True), cycle),
    "piecewise": (
        lambda: layers.piecewise_decay([5, 12], [0.3, 0.2, 0.1]),
        lambda s: 0.3 if s < 5 else 0.2 if s < 12 else 0.1,
    ),
    "cosine": (lambda: layers.cosine_decay(0.1, 5, 4), lambda s: 0.05 * (math.cos((s // 5) * math.pi / 4) + 1)),
    "warmup": (lambda: layers.linear_lr_warmup(0.5, 10, 0.0, 0.1), lambda s: 0.1 * s / 10 if s < 10 else 0.5),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_schedule(exe, name):
    build, formula = CASES[name]
    rate = build()
    exe.run(fluid.default_startup_program())
    got = [float(exe.run(fetch_list=[rate])[0][0]) for _ in range(STEPS)]
    assert got == pytest.approx([formula(step) for step in range(STEPS)], rel=1e-5)


def test_wrong_arguments():
    with pytest.raises(ValueError):
        layers.piecewise_decay([1, 2], [0.1])
    with pytest.raises(TypeError):
        layers.cosine_decay("fast", 1, 1)

"""Ops take every attribute that the 1.8.5 package writes for them, with the value that it gives when nobody sets one."""

import gzip
import json
from pathlib import Path

import pytest

from paddle.fluid import core

with gzip.open(Path(__file__).with_name("data") / "attributes.json.gz") as file:
    ATTRIBUTES = json.loads(file.read())
OURS = sorted(op for op in ATTRIBUTES if core.has_op(op))


def test_most_are_compared():
    assert len(OURS) > 250 and sum(bool(ATTRIBUTES[op]) for op in OURS) > 0.8 * len(OURS)


@pytest.mark.parametrize("op", OURS)
def test_attributes_of_1_8_5_are_taken(op):
    desc = core.OpDesc()
    desc.set_type(op)
    for name, value in ATTRIBUTES[op].items():
        desc._set_attr(name, value)
        assert desc.attr(name) == pytest.approx(value) if isinstance(value, float) else desc.attr(name) == value

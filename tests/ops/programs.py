"""What tests of programs with blocks share."""

import numpy as np
import pytest

import paddle.fluid as fluid


@pytest.fixture(autouse=True)
def programs():
    """Each test of a module that imports this starts with empty programs, an empty scope and fresh names."""
    scope = fluid.Scope()
    with fluid.scope_guard(scope), fluid.program_guard(fluid.Program(), fluid.Program()), fluid.unique_name.guard():
        yield scope


def numeric(function, at, step=1e-6):
    """Central differences of a number by each element of an array."""
    grad = np.zeros_like(at)
    for index in np.ndindex(*at.shape):
        sides = []
        for sign in (1, -1):
            moved = at.copy()
            moved[index] += sign * step
            sides.append(function(moved))
        grad[index] = (sides[0] - sides[1]) / (2 * step)
    return grad

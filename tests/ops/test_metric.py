"""Labels, and how well they are met."""

import numpy as np
from harness import Op, lod, op_tests


def smooth(X, PriorDist, epsilon):
    epsilon = float(np.float32(epsilon))
    return (1 - epsilon) * X + epsilon * (1 / X.shape[-1] if PriorDist is None else np.asarray(PriorDist).reshape(-1))


test = op_tests(
    Op(
        "label_smooth",
        cases=[
            dict(X=(2, 3), epsilon=0.1),
            dict(X=lod((3, 4), [1, 2]), epsilon=0.2),
            dict(X=(2, 3), PriorDist=(1, 3), epsilon=0.1),
            dict(X=(2, 2, 3), PriorDist=(3,), epsilon=0.3),
            dict(X=(2, 3)),
            dict(X=(0, 3), epsilon=0.1),
            dict(X=(0, 3), PriorDist=(3,), epsilon=0.1),
            dict(X=(1,), epsilon=0.5),
        ],
        reference=smooth,
        grad="X",
        bad=[
            dict(X=(2, 3), PriorDist=(4,), epsilon=0.1, match="expected 3 numbers"),
            dict(X=np.zeros((2, 3), "int64"), epsilon=0.1, match="int64"),
        ],
    ),
)

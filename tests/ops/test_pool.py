"""Pooling of images, written out window by window."""

import numpy as np
import pytest
from harness import LodArray, Op, lod, op_tests
from test_conv import as_format, first_channels, paddings_of

import paddle.fluid as fluid


def windows(size, kernel, stride, pads, ceil, adaptive):
    """(first, past the last) of each window along one dimension, which may reach over the edges."""
    if adaptive:  # kernel windows, as equal as whole numbers allow
        return [(int(np.floor(i * size / kernel)), int(np.ceil((i + 1) * size / kernel))) for i in range(kernel)]
    count = (size + sum(pads) - kernel + (stride - 1 if ceil else 0)) // stride + 1
    return [(i * stride - pads[0], i * stride - pads[0] + kernel) for i in range(count)]


def pool2d(X, pooling_type, ksize, global_pooling, strides, paddings, exclusive, adaptive, ceil_mode, data_format, padding_algorithm):
    x = first_channels(X, data_format)
    sizes = x.shape[2:]
    pads = paddings_of(padding_algorithm, paddings, sizes, ksize, strides)
    if global_pooling:
        axes = [[(0, n)] for n in sizes]
    else:
        axes = [windows(sizes[d], ksize[d], strides[d], pads[d], ceil_mode, adaptive) for d in (0, 1)]
    out = np.zeros(x.shape[:2] + tuple(len(axis) for axis in axes))
    for i, (top, bottom) in enumerate(axes[0]):
        for j, (left, right) in enumerate(axes[1]):
            seen = x[:, :, max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
            if pooling_type == "max":
                out[:, :, i, j] = seen.max((2, 3))
            else:
                inside = exclusive or adaptive or global_pooling
                out[:, :, i, j] = seen.sum((2, 3)) / (seen.shape[2] * seen.shape[3] if inside else ksize[0] * ksize[1])
    return LodArray(as_format(out, data_format), X.lengths)


WINDOWS = [
    dict(ksize=[3, 2]),
    dict(ksize=[2, 3], strides=[2, 1]),
    dict(ksize=[3, 3], paddings=[1, 2]),
    dict(ksize=[3, 3], paddings=[0, 2, 1, 0], strides=[2, 2]),
    dict(ksize=[3, 3], paddings=[1, 1], exclusive=False),
    dict(ksize=[2, 2], strides=[2, 3], ceil_mode=True),
    dict(ksize=[2, 2], strides=[2, 2], ceil_mode=True, exclusive=False),
    dict(ksize=[3, 3], strides=[2, 2], paddings=[1, 1], ceil_mode=True),
    dict(ksize=[3, 3], strides=[2, 2], padding_algorithm="SAME"),
    dict(ksize=[2, 2], strides=[2, 2], padding_algorithm="SAME", exclusive=False),
    dict(ksize=[3, 2], padding_algorithm="VALID", paddings=[1, 1]),
    dict(ksize=[1, 2], strides=[3, 3]),
    dict(ksize=[2, 2], strides=[2, 2]),
    dict(ksize=[3, 1], strides=[3, 1]),
    dict(ksize=[4, 2], strides=[4, 2], exclusive=False),
    dict(ksize=[3, 2], adaptive=True),
    dict(ksize=[7, 1], adaptive=True),
    dict(ksize=[1, 1], adaptive=True, exclusive=False),
    dict(ksize=[2, 2], global_pooling=True, paddings=[1, 1]),
    dict(ksize=[1, 1], is_test=True),
]
CASES = [
    dict(X=(2, 3, 5, 4) if layout == "NCHW" else (2, 5, 4, 3), pooling_type=kind, data_format=layout, **window)
    for layout in ("NCHW", "NHWC")
    for kind in ("max", "avg")
    for window in WINDOWS
]
GOOD = dict(X=(2, 3, 5, 4), pooling_type="max", ksize=[2, 2])

test = op_tests(
    Op(
        "pool2d",
        cases=CASES
        + [
            dict(X=lod((3, 1, 4, 4), [1, 2]), pooling_type="avg", ksize=[2, 2], data_format="AnyLayout"),
            dict(X=(0, 3, 4, 4), pooling_type="max", ksize=[2, 2]),
            dict(X=(0, 3, 4, 4), pooling_type="avg", ksize=[2, 2], adaptive=True),
            dict(X=(1, 1, 1, 1), pooling_type="avg", ksize=[1, 1]),
        ],
        reference=pool2d,
        grad="X",
        bad=[
            dict(GOOD, X=(2, 3, 5), match=r"X has shape \[2, 3, 5\] of rank 3; expected rank 4: \[N, C, H, W\]"),
            dict(GOOD, pooling_type="min", match="pooling_type is 'min'; expected max or avg"),
            dict(GOOD, ksize=[2], match=r"ksize is \[2\]; expected two numbers"),
            dict(GOOD, ksize=[2, 0], match=r"ksize is \[2, 0\]; expected two numbers of 1 or more"),
            dict(GOOD, strides=[0, 1], match=r"strides is \[0, 1\]; expected two numbers of 1 or more"),
            dict(GOOD, paddings=[1, 2, 3], match=r"paddings is \[1, 2, 3\]"),
            dict(GOOD, paddings=[0, -1], match=r"paddings is \[0, -1\]; expected no negative number"),
            dict(GOOD, padding_algorithm="FULL", match="padding_algorithm is 'FULL'; expected EXPLICIT, SAME or VALID"),
            dict(GOOD, data_format="HWC", match="data format is 'HWC'; expected NCHW or NHWC"),
            dict(GOOD, ksize=[6, 2], match=r"a window of 6 x 2 does not fit into X \[2, 3, 5, 4\].*would be empty"),
            dict(X=(2, 3, 5, 4), ksize=[2, 2], match="pooling_type"),
            dict(X=(2, 3, 5, 4), pooling_type="max", match="ksize"),
            dict(GOOD, X=(2, 3, 0, 4), global_pooling=True, match=r"X \[2, 3, 0, 4\] has images without pixels"),
            dict(GOOD, X=(2, 3, 0, 4), adaptive=True, match=r"X \[2, 3, 0, 4\] has images without pixels"),
            dict(GOOD, X=(2, 3, 0, 4), paddings=[1, 1], match=r"X \[2, 3, 0, 4\] has images without pixels"),
        ],
    ),
)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("width", [1, 2])
def test_the_first_of_several_largest_gets_the_gradient(width, dtype):
    x = np.random.RandomState(width).randint(0, 3, [2, 3, 9, 70]).astype(dtype)
    weight = np.random.RandomState(5).uniform(1, 2, [2, 3, 4, 70 // width]).astype(dtype)
    with fluid.program_guard(fluid.Program()):
        x_var = fluid.data("x", x.shape, dtype)
        x_var.stop_gradient = False
        out = fluid.layers.pool2d(x_var, [2, width], "max", pool_stride=[2, width])
        (gradient,) = fluid.gradients(out, x_var, fluid.data("weight", weight.shape, dtype))
        (got,) = fluid.Executor().run(feed={"x": x, "weight": weight}, fetch_list=[gradient])
    wanted = np.zeros_like(x)
    for at in np.ndindex(*weight.shape):
        n, c, i, j = at
        window = x[n, c, 2 * i : 2 * i + 2, width * j : width * j + width]
        k, m = np.unravel_index(window.argmax(), window.shape)
        wanted[n, c, 2 * i + k, width * j + m] = weight[at]
    np.testing.assert_array_equal(got, wanted)

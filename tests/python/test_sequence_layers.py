"""Layers on sequences in nets that learn: their gradients find the sequences again behind layers that know only rows."""

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers

LENGTHS = [3, 1, 5, 2]


def sequences(width):
    rows = np.random.RandomState(0).uniform(-1, 1, (sum(LENGTHS), width)).astype("float32")
    return fluid.create_lod_tensor(rows, [LENGTHS], fluid.CPUPlace())


def losses(pooled, feed, steps=60):
    fluid.default_startup_program().random_seed = 1
    target = layers.assign(np.array([[0.5], [-0.5], [1.0], [0.0]], "float32"))
    loss = layers.mean(layers.square_error_cost(layers.fc(pooled, 1), target))
    fluid.optimizer.Adam(0.02).minimize(loss)
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(fluid.default_startup_program())
    return [float(exe.run(feed=feed, fetch_list=[loss])[0].item()) for _ in range(steps)]


def reversed_then_rows(x):
    return layers.sequence_last_step(layers.fc(layers.sequence_reverse(layers.fc(x, 8, act="tanh")), 8))


def padded_and_back(x):
    dense, lengths = layers.sequence_pad(layers.fc(x, 8), layers.fill_constant([1], "float32", 0.0))
    rows = layers.sequence_unpad(layers.fc(dense, 8, num_flatten_dims=2, act="tanh"), lengths)
    return layers.sequence_pool(layers.fc(rows, 8), "sum")


def convolved(x):
    encoded = layers.add_position_encoding(layers.fc(x, 8), 1.0, 0.1)
    return fluid.nets.sequence_conv_pool(layers.row_conv(encoded, 2), 8, 3, act="tanh")


@pytest.mark.parametrize("net", [reversed_then_rows, padded_and_back, convolved])
def test_learns(net):
    found = losses(net(fluid.data("x", [None, 4], lod_level=1)), {"x": sequences(4)})
    assert found[-1] < 0.1 * found[0], found


def test_learns_on_images_of_several_sizes():
    image, sizes = fluid.data("image", [None, 2, 6, 6]), fluid.data("sizes", [None, 2])
    windows = layers.im2sequence(layers.conv2d(image, 4, 3, padding=1), 2, 2, input_image_size=sizes, out_stride=2)
    feed = {"image": np.random.RandomState(0).uniform(-1, 1, (4, 2, 6, 6)).astype("float32")}
    feed["sizes"] = np.array([[12, 12], [7, 9], [4, 12], [12, 5]], "float32")
    found = losses(layers.sequence_pool(layers.fc(windows, 8, act="tanh"), "average"), feed)
    assert found[-1] < 0.1 * found[0], found


@pytest.mark.parametrize("padding", [[1, 2, 3], [0] * 5, "1"])
def test_im2sequence_refuses_other_paddings(padding):
    with pytest.raises(ValueError, match="padding of im2sequence"):
        layers.im2sequence(fluid.data("image", [None, 2, 6, 6]), 2, padding=padding)

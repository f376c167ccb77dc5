"""A weight that was written, whichever way, is the one that the next prediction uses."""

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import core, layers

IMAGE = np.linspace(-1, 1, 2 * 8 * 9 * 9, dtype="float32").reshape(2, 8, 9, 9)
FEED = {"image": IMAGE, "label": np.array([[1], [2]], "int64")}


class Net:
    """Convolutions of each kind and a product, with a training program beside the one that predicts."""

    def __init__(self, exe):
        self.exe, self.train, self.startup = exe, fluid.Program(), fluid.Program()
        with fluid.program_guard(self.train, self.startup):
            image = fluid.data("image", [None, 8, 9, 9])
            label = fluid.data("label", [None, 1], "int64")
            x = layers.conv2d(image, 16, 3, padding=1, act="relu", param_attr="conv.w")
            x = layers.conv2d(x, 16, 3, groups=16, padding=1, use_cudnn=False, param_attr="depthwise.w")
            x = layers.conv2d_transpose(x, 8, filter_size=3, padding=1, param_attr="transposed.w")
            self.out = layers.fc(x, 64, param_attr="fc.w")
            loss = layers.mean(layers.softmax_with_cross_entropy(self.out, label))
            self.predict = self.train.clone(for_test=True)
            fluid.optimizer.SGD(0.5).minimize(loss)
        self.startup.random_seed = 1  # weights with which every channel of the first layer has an influence
        exe.run(self.startup)

    def run(self, scope=None):
        return self.exe.run(self.predict, feed=FEED, fetch_list=[self.out], scope=scope)[0]

    def run_afresh(self):
        """The same with copies of all that is persistable, in memory that nothing was packed from."""
        scope = core.Scope()
        for var in self.predict.list_vars():
            if var.persistable:
                value = np.array(fluid.global_scope().find_var(var.name).get_tensor())
                scope.var(var.name).get_tensor().set(value, fluid.CPUPlace())
        return self.run(scope)


def tensor(name):
    return fluid.global_scope().find_var(name).get_tensor()


def other(name):
    value = np.array(tensor(name))
    return (np.cos(np.arange(value.size, dtype="float32")) / 8).reshape(value.shape)


def write_by_training(net, name, tmp_path):
    net.exe.run(net.train, feed=FEED)


def write_by_set(net, name, tmp_path):
    tensor(name).set(other(name), fluid.CPUPlace())


def write_by_an_element(net, name, tmp_path):
    tensor(name)._set_float_element(5, 3.0)


def write_by_loading(net, name, tmp_path):
    before = np.array(tensor(name))
    tensor(name).set(other(name), fluid.CPUPlace())
    fluid.io.save_params(net.exe, str(tmp_path), net.predict)
    tensor(name).set(before, fluid.CPUPlace())
    net.run()
    fluid.io.load_params(net.exe, str(tmp_path), net.predict)


def write_by_assign(net, name, tmp_path):
    program = fluid.Program()
    with fluid.program_guard(program):
        var = program.global_block().create_var(name=name, shape=other(name).shape, dtype="float32", persistable=True)
        layers.assign(layers.scale(var, scale=2.0), output=var)
    net.exe.run(program)


def write_by_startup(net, name, tmp_path):
    program = fluid.Program()
    with fluid.program_guard(program):
        var = program.global_block().create_var(name=name, shape=other(name).shape, dtype="float32", persistable=True)
        layers.fill_constant(list(other(name).shape), "float32", 0.25, out=var)
    net.exe.run(program)


def write_by_a_feed(net, name, tmp_path):
    program = fluid.Program()
    with fluid.program_guard(program):
        var = program.global_block().create_var(name=name, shape=other(name).shape, dtype="float32", persistable=True)
        total = layers.reduce_sum(var)
    net.exe.run(program, feed={name: other(name)}, fetch_list=[total])


def write_in_a_block(net, name, tmp_path):
    program = fluid.Program()
    with fluid.program_guard(program):
        var = program.global_block().create_var(name=name, shape=other(name).shape, dtype="float32", persistable=True)
        one, two = layers.fill_constant([1], "float32", 1.0), layers.fill_constant([1], "float32", 2.0)

        def double():
            layers.assign(layers.scale(var, scale=2.0), output=var)

        layers.cond(layers.less_than(one, two), double, None)
    net.exe.run(program)


WRITERS = [value for name, value in sorted(globals().items()) if name.startswith("write_")]
SHAPES = {"conv.w": (16, 8, 3, 3), "depthwise.w": (16, 1, 3, 3), "transposed.w": (16, 8, 3, 3), "fc.w": (648, 64)}
NAMES = list(SHAPES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__[6:])
def test_the_next_prediction_sees(exe, write, name, tmp_path):
    net = Net(exe)
    before = net.run()
    np.testing.assert_array_equal(net.run(), before)
    write(net, name, tmp_path)
    after = net.run()
    assert np.abs(after - before).max() > 1e-4
    np.testing.assert_array_equal(after, net.run_afresh())
    np.testing.assert_array_equal(after, net.run())


def numpy_view(name):
    view = np.array(tensor(name), copy=False)
    return lambda i, value: view.reshape(-1).__setitem__(i, value)


def dlpack_view(name):
    view = core.from_dlpack(tensor(name)._to_dlpack())
    return view._set_float_element


def borrowed_array(name):
    array = other(name)
    tensor(name).set(array, fluid.CPUPlace(), zero_copy=True)
    return lambda i, value: array.reshape(-1).__setitem__(i, value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("view_of", [numpy_view, dlpack_view, borrowed_array])
def test_a_view_is_written_any_time(exe, view_of, name):
    net = Net(exe)
    net.run()
    write = view_of(name)
    last = net.run()
    for value in (2.0, -3.0, 4.0):
        write(4, value)
        now = net.run()
        assert np.abs(now - last).max() > 1e-4
        np.testing.assert_array_equal(now, net.run_afresh())
        last = now


def test_plans_share_the_copies_which_go_with_the_weights(exe):
    net = Net(exe)
    first = net.run()
    exe.close()
    in_use = core.memory_stats()["in_use"]
    for _ in range(3):
        again = fluid.Executor(fluid.CPUPlace())
        np.testing.assert_array_equal(again.run(net.predict.clone(), feed=FEED, fetch_list=[net.out.name])[0], first)
        again.close()
    assert core.memory_stats()["in_use"] == in_use
    for var in net.train.list_vars():
        if var.persistable:
            fluid.global_scope().erase([var.name])
    kept = core.memory_stats()["in_use"]
    assert kept <= in_use - sum(np.prod(shape) * 4 for shape in SHAPES.values())

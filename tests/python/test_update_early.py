"""The pass that updates each parameter as soon as its gradient is there: same parameters, less memory."""

import re

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import core

layers = fluid.layers
pytestmark = pytest.mark.usefixtures("all_passes")
LAYERS, WIDTH = 12, 64

OPTIMIZERS = {
    "sgd": lambda: fluid.optimizer.SGD(0.1),
    "momentum": lambda: fluid.optimizer.Momentum(0.1, 0.9, regularization=fluid.regularizer.L2Decay(0.01)),
    "adam": lambda: fluid.optimizer.Adam(layers.exponential_decay(0.01, 2, 0.5)),
    "clipped": lambda: fluid.optimizer.Adam(0.01, grad_clip=fluid.clip.GradientClipByGlobalNorm(0.1)),
    "lamb": lambda: fluid.optimizer.Lamb(0.01),
}


def net():
    """Fully connected layers with a dropout; two share their weight."""
    x = fluid.data("x", [None, WIDTH])
    for k in range(LAYERS):
        weight = "shared" if k in (1, 4) else "weight_%d" % k
        x = layers.fc(x, WIDTH, act="tanh", param_attr=weight, bias_attr="bias_%d" % k)
        if k == 2:
            x = layers.dropout(x, 0.3)
    return layers.reduce_mean(layers.square(x))


def train(optimizer, skip=""):
    """Parameters after some steps, losses, and the plan's text."""
    core.set_flag("skip_passes", skip)
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = 5
    with fluid.program_guard(main, startup), fluid.scope_guard(core.Scope()), fluid.unique_name.guard():
        loss = net()
        OPTIMIZERS[optimizer]().minimize(loss)
        exe = fluid.Executor()
        exe.run(startup)
        random = np.random.RandomState(1)
        feeds = [{"x": random.uniform(-1, 1, [n, WIDTH]).astype("float32")} for n in (5, 8, 8, 3)]
        losses = [exe.run(feed=feed, fetch_list=[loss])[0] for feed in feeds]
        values = {var.name: np.array(fluid.global_scope().find_var(var.name).get_tensor()) for var in main.all_parameters()}
        return values, losses, exe.plan(feed=["x"], fetch_list=[loss])


def instructions(plan):
    """The plan's op types in order."""
    return re.findall(r"^ *\[\d+\] .*? = (\w+)\(", plan, re.MULTILINE)


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_parameters_are_the_same_bit_by_bit(optimizer):
    # With fuse_clip nothing is left to be moved where all gradients are clipped.
    (values, losses, plan), (plain, plain_losses, plain_plan) = train(optimizer, "fuse_clip"), train(optimizer, "fuse_clip,update_early")
    assert re.search(r"pass update_early: \d+ updates run as soon as their gradients are there", plan)
    assert "pass update_early" not in plain_plan
    assert losses == plain_losses
    assert values.keys() == plain.keys() and len(values) == 2 * LAYERS - 1
    for name in values:
        assert (values[name] == plain[name]).all(), name


def test_gradients_share_memory_one_after_another():
    def arena(plan):
        return int(re.search(r"arena (\d+) bytes", plan).group(1))

    early, late = arena(train("adam")[2]), arena(train("adam", "update_early")[2])
    weight = 4 * WIDTH * WIDTH
    assert late > (LAYERS - 1) * weight  # of so many different weights
    assert early < late / 2


def test_updates_stand_behind_the_gradient_ops_that_need_the_old_value():
    ops = instructions(train("sgd")[2])
    updates = [at for at, op in enumerate(ops) if op == "sgd"]
    backward = [at for at, op in enumerate(ops) if op == "mul_grad"]
    assert len(updates) == 2 * LAYERS - 1 and len(backward) == LAYERS
    assert updates[0] < backward[0] < updates[1] < backward[1]  # the last bias, the last weight
    assert ops[-1] == "sgd" and ops[-2] == "sum"  # of the weight that two layers share


def test_an_effect_is_not_passed():
    with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.scope_guard(core.Scope()):
        loss = net()
        gradients = fluid.backward.append_backward(loss)
        layers.Print(loss, message="between")
        fluid.optimizer.SGD(0.1).apply_gradients(gradients)
        exe = fluid.Executor()
        exe.run(fluid.default_startup_program())
        ops = instructions(exe.plan(feed=["x"], fetch_list=[loss]))
        assert "sgd" not in ops[: ops.index("print")]


def test_no_parameter_takes_in_a_nan_that_is_looked_for():
    core.set_flag("check_nan_inf", "1")
    main, startup = fluid.Program(), fluid.Program()
    with fluid.program_guard(main, startup), fluid.scope_guard(core.Scope()):
        x = fluid.data("x", [None, 4])
        hidden = layers.fc(x, 4, param_attr="first", bias_attr=False)
        rooted = layers.sqrt(hidden)  # its gradient is infinite at 0
        out = layers.fc(rooted, 4, param_attr="second", bias_attr=False)
        fluid.optimizer.SGD(0.1).minimize(layers.reduce_mean(out))
        exe = fluid.Executor()
        exe.run(startup)
        before = np.array(fluid.global_scope().find_var("second").get_tensor())
        with pytest.raises(RuntimeError, match="sqrt_grad"):
            exe.run(feed={"x": np.zeros([2, 4], "float32")}, fetch_list=[])
        assert (np.array(fluid.global_scope().find_var("second").get_tensor()) == before).all()

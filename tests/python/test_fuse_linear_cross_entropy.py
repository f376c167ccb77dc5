"""The pass that computes the output layer of a language model some rows at a time: same losses and parameters but for rounding."""

import re

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import core

layers = fluid.layers
pytestmark = pytest.mark.usefixtures("all_passes")
WIDTH, CLASSES = 6, 1 << 14  # more than 320 rows are cut into parts of 128
PASS = "pass fuse_linear_cross_entropy: the products with 'weight' are never all in memory"
NAME = "fuse_linear_cross_entropy"


def attr(name, seed):
    return fluid.ParamAttr(name, initializer=fluid.initializer.Uniform(-0.5, 0.5, seed=seed))


def net(dtype="float32", classes=CLASSES, bias=True, shape=(None, 1), lod_level=1, ignore_index=-100):
    """The logits, the losses of the rows and their mean."""
    x = fluid.data("x", [*shape[:-1], WIDTH], dtype, lod_level=lod_level)
    label = fluid.data("label", list(shape), "int64", lod_level=lod_level)
    hidden = layers.fc(x, WIDTH, len(shape) - 1, attr("inner", 1), False, "tanh")
    logits = layers.fc(hidden, classes, len(shape) - 1, attr("weight", 2), attr("bias", 3) if bias else False)
    losses = layers.softmax_with_cross_entropy(logits, label, ignore_index=ignore_index)
    return logits, losses, layers.mean(losses)


def batch(shape, dtype="float32", lengths=(), ignored=()):
    random = np.random.RandomState(1)
    x = random.uniform(-1, 1, [*shape, WIDTH]).astype(dtype)
    label = random.randint(0, CLASSES, [*shape, 1])
    label.reshape(-1)[list(ignored)] = -100
    if not lengths:
        return {"x": x, "label": label}
    return {name: fluid.create_lod_tensor(value, [list(lengths)], fluid.CPUPlace()) for name, value in (("x", x), ("label", label))}


def run_both(fetches, feeds):
    """What is fetched with the pass and without it, step by step, all parameters behind the steps, and the plan with the pass."""
    results, plans = [], []
    for skip in ("", NAME):
        core.set_flag("skip_passes", skip)
        with fluid.scope_guard(core.Scope()):
            exe = fluid.Executor()
            exe.run(fluid.default_startup_program())
            got = [np.array(value) for feed in feeds for value in exe.run(feed=feed, fetch_list=fetches, return_numpy=False)]
            got += [np.array(fluid.global_scope().find_var(p.name).get_tensor()) for p in fluid.default_main_program().all_parameters()]
            results.append(got)
            plans.append(exe.plan(feed=["x", "label"], fetch_list=fetches))
    assert "fused_linear_cross_entropy(" not in plans[1]
    return results, plans[0]


def assert_same(fetches, feeds, tolerance):
    (with_pass, without), plan = run_both(fetches, feeds)
    assert PASS in plan and "fused_linear_cross_entropy(" in plan
    assert not re.search(r"= (softmax_with_cross_entropy|mean|mean_grad|elementwise_add)\(", plan)
    for a, b in zip(with_pass, without):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def gradients_of(loss):
    return [gradient.name for _, gradient in fluid.backward.append_backward(loss)]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("rows", [1, 320, 330, 513])  # one part, three, and five, the last of which is shorter
def test_losses_and_gradients_are_the_same(rows, bias):
    _, losses, loss = net("float64", bias=bias)
    fetches = [loss.name, losses.name] + gradients_of(loss)
    assert len(fetches) == 4 + bias
    assert_same(fetches, [batch([rows], "float64", [rows - rows // 3, rows // 3])], 1e-12)


@pytest.mark.parametrize("optimizer", [fluid.optimizer.SGD, fluid.optimizer.Adam])
def test_training_ends_with_the_same_parameters(optimizer):
    _, _, loss = net()
    optimizer(0.01).minimize(loss)
    assert_same([loss], [batch([400], lengths=[100, 0, 300]), batch([7], lengths=[7]), batch([400], lengths=[400], ignored=[3, 399])], 1e-5)


def test_clipped_by_the_norm_of_all():
    _, _, loss = net(lod_level=0)
    fluid.optimizer.SGD(0.1, grad_clip=fluid.clip.GradientClipByGlobalNorm(0.1)).minimize(loss)
    assert_same([loss], [batch([350])], 1e-5)


def test_rows_in_several_dimensions():
    _, losses, loss = net("float64", shape=(None, 5, 1), lod_level=0)
    fetches = [losses.name] + gradients_of(loss)
    assert_same(fetches, [batch([70, 5], "float64")], 1e-12)


def test_a_class_that_is_ignored():
    _, losses, loss = net("float64", ignore_index=7)
    feed = batch([350], "float64", [350])
    labels = np.array(feed["label"])
    labels[10:20] = 7
    feed["label"] = fluid.create_lod_tensor(labels, [[350]], fluid.CPUPlace())
    assert_same([losses.name] + gradients_of(loss), [feed], 1e-12)


def test_losses_keep_their_lod():
    _, losses, loss = net()
    fluid.optimizer.SGD(0.1).minimize(loss)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    (value,) = exe.run(feed=batch([5], lengths=[2, 0, 3]), fetch_list=[losses], return_numpy=False)
    assert value.recursive_sequence_lengths() == [[2, 0, 3]]


def test_a_frozen_weight_gets_no_gradient():
    _, _, loss = net("float64")
    for name in ("weight", "bias"):
        var = fluid.default_main_program().global_block().var(name)
        var.stop_gradient, var.trainable = True, False
    fetches = [loss.name] + gradients_of(loss)
    assert fetches[1:] == ["inner@GRAD"]
    assert_same(fetches, [batch([350], "float64", [350])], 1e-12)


def test_a_weight_that_is_used_twice():
    _, _, first = net("float64", lod_level=0)
    x = fluid.layers.data("x", [WIDTH], dtype="float64")
    again = layers.fc(x, CLASSES, param_attr="weight", bias_attr=False)
    loss = layers.sums([layers.scale(first, 2.0), layers.mean(again)])
    assert PASS not in run_both([loss.name] + gradients_of(loss), [batch([130], "float64")])[1]  # the loss is read before its gradient

    with fluid.program_guard(fluid.Program(), fluid.Program()):
        _, _, loss = net("float64", lod_level=0)
        fluid.optimizer.SGD(0.1, regularization=fluid.regularizer.L2Decay(0.1)).minimize(loss)
        assert_same([loss], [batch([350], "float64")], 1e-12)


def test_less_memory():
    """Without the logits, most of what a step of 600 rows takes."""
    _, _, loss = net(lod_level=0)
    fluid.optimizer.SGD(0.1).minimize(loss)

    def arena(skip):
        core.set_flag("skip_passes", skip)
        exe = fluid.Executor()
        exe.run(fluid.default_startup_program())
        exe.run(feed=batch([600]), fetch_list=[loss])
        return int(re.search(r"arena (\d+) bytes", exe.plan(feed=["x", "label"], fetch_list=[loss])).group(1))

    logits = 4 * 600 * CLASSES
    assert arena("") < logits / 2 and arena(NAME) > logits


def test_a_class_that_does_not_exist_names_its_row_and_the_users_line():
    _, _, loss = net(lod_level=0)
    fluid.optimizer.SGD(0.1).minimize(loss)
    feed = batch([350])
    feed["label"][349] = CLASSES
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    with pytest.raises(ValueError, match=r"Label\[349\] is 16384; expected 0 <= label < 16384") as error:
        exe.run(feed=feed, fetch_list=[loss])
    assert "layers.softmax_with_cross_entropy(logits, label" in str(error.value)


def plan_of(*fetches):
    return fluid.Executor().plan(feed=["x", "label"], fetch_list=list(fetches))


@pytest.mark.parametrize("which", ["logits", "softmax", "gradient"])
def test_what_is_fetched_is_left_alone(which):
    _, losses, loss = net()
    fluid.optimizer.SGD(0.1).minimize(loss)
    (softmax,) = (op for op in fluid.default_main_program().global_block().ops if op.type == "softmax_with_cross_entropy")
    name = {"logits": softmax.input("Logits")[0], "softmax": softmax.output("Softmax")[0], "gradient": losses.name + "@GRAD"}[which]
    assert PASS not in plan_of(loss, name)
    assert PASS in plan_of(loss, losses)


def test_logits_that_others_read_are_left_alone():
    logits, _, loss = net()
    layers.argmax(logits, axis=1)
    fluid.optimizer.SGD(0.1).minimize(loss)
    assert PASS not in plan_of(loss)


@pytest.mark.parametrize("reader", [layers.Print, layers.mean])
def test_losses_that_are_read_before_their_gradient_are_left_alone(reader):
    _, losses, loss = net()
    reader(loss)
    fluid.optimizer.SGD(0.1).minimize(loss)
    assert PASS not in plan_of(loss)


def test_few_classes_are_left_alone():
    _, _, loss = net(classes=4095)
    fluid.optimizer.SGD(0.1).minimize(loss)
    assert PASS not in plan_of(loss)


def test_inference_is_left_alone():
    assert PASS not in plan_of(net()[2])


def test_soft_labels_are_left_alone():
    x, label = fluid.data("x", [None, WIDTH]), fluid.data("label", [None, CLASSES])
    loss = layers.mean(layers.softmax_with_cross_entropy(layers.fc(x, CLASSES, param_attr="weight"), label, soft_label=True))
    fluid.optimizer.SGD(0.1).minimize(loss)
    assert PASS not in plan_of(loss)


def test_a_weight_that_changes_in_between_is_left_alone():
    _, _, loss = net()
    fluid.optimizer.SGD(0.1).minimize(loss)
    assert PASS in plan_of(loss)
    block = fluid.default_main_program().global_block()
    weight, at = block.var("weight"), [op.type for op in block.ops].index("mean_grad")
    block._insert_op(at, type="scale", inputs={"X": [weight]}, outputs={"Out": [weight]}, attrs={"scale": 2.0})
    assert PASS not in plan_of(loss)


def test_ops_are_left_as_they_are_where_nan_is_looked_for():
    _, _, loss = net()
    fluid.optimizer.SGD(0.1).minimize(loss)
    core.set_flag("check_nan_inf", "1")
    assert PASS not in plan_of(loss)

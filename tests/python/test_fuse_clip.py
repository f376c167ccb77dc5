"""The pass that clips gradients without passes over them: same parameters, bit by bit where only updates are fused."""

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import core

layers = fluid.layers
pytestmark = pytest.mark.usefixtures("all_passes")
PASS = "pass fuse_clip: "
SUMS = PASS + "%d sums of squares are added up without the squares"
UPDATES = PASS + "%d updates scale their gradients themselves"

OPTIMIZERS = {
    "sgd": fluid.optimizer.SGD,
    "momentum": lambda rate, **rest: fluid.optimizer.Momentum(rate, 0.9, **rest),
    "nesterov": lambda rate, **rest: fluid.optimizer.Momentum(rate, 0.9, use_nesterov=True, **rest),
    "adam": fluid.optimizer.Adam,
}


def net():
    x, y = fluid.data("x", [None, 6]), fluid.data("y", [None, 1])
    return layers.reduce_mean(layers.square_error_cost(layers.fc(layers.fc(x, 100, act="tanh"), 1), y))


def batches():
    random = np.random.RandomState(1)
    return [{"x": random.rand(5, 6).astype("float32"), "y": random.rand(5, 1).astype("float32") * 9} for _ in range(5)]


def persistables():
    names = [var.name for var in fluid.default_main_program().list_vars() if var.persistable]
    return {name: np.array(fluid.global_scope().find_var(name).get_tensor()) for name in names}


def train(optimizer, skip, limit=0.1, constant=False):
    """The persistable variables after some steps, and the plan's text. `constant`: the common factor is no norm's."""
    core.set_flag("skip_passes", skip)
    with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.scope_guard(core.Scope()), fluid.unique_name.guard():
        fluid.default_startup_program().random_seed = 5
        loss = net()
        if constant:
            made = optimizer(0.1)
            factor = layers.fill_constant([1], "float32", 0.7)
            made.apply_gradients([(p, layers.elementwise_mul(g, factor)) for p, g in made.backward(loss)])
        else:
            optimizer(0.1, grad_clip=fluid.clip.GradientClipByGlobalNorm(limit)).minimize(loss)
        exe = fluid.Executor()
        exe.run(fluid.default_startup_program())
        for feed in batches():
            exe.run(feed=feed, fetch_list=[loss])
        return persistables(), exe.plan(feed=["x", "y"], fetch_list=[loss])


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_updates_are_the_same_bit_by_bit(optimizer):
    (values, plan), (plain, plain_plan) = (train(OPTIMIZERS[optimizer], skip, constant=True) for skip in ("", "fuse_clip"))
    assert UPDATES % 4 in plan and plan.count("= scaled_") == 4 and "= elementwise_mul(" not in plan and "sums of squares" not in plan
    assert PASS not in plain_plan and "scaled_" not in plain_plan and plain_plan.count("= elementwise_mul(") == 4
    assert values.keys() == plain.keys() and len(values) > 4
    for name in values:
        assert (values[name] == plain[name]).all(), name


@pytest.mark.parametrize("limit", [0.1, 1e6])
@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_clipping_is_the_same_but_for_rounding(optimizer, limit):
    (values, plan), (plain, plain_plan) = (train(OPTIMIZERS[optimizer], skip, limit) for skip in ("", "fuse_clip"))
    assert SUMS % 4 in plan and UPDATES % 4 in plan and plan.count("= squared_l2_norm(") == 4
    assert PASS not in plain_plan and plain_plan.count("= reduce_sum(") == 4
    for name in values:
        np.testing.assert_allclose(values[name], plain[name], rtol=1e-6, atol=1e-7, err_msg=name)


def test_updates_are_still_early():
    """Parameters that are not clipped are updated in the middle of the backward pass, those that are, behind the sum."""
    clip = fluid.clip.GradientClipByGlobalNorm(0.1, need_clip=lambda p: p.name.startswith("fc_0"))
    loss = net()
    fluid.optimizer.SGD(0.1, grad_clip=clip).minimize(loss)
    plan = fluid.Executor().plan(feed=["x", "y"], fetch_list=[loss])
    assert SUMS % 2 in plan and UPDATES % 2 in plan and "pass update_early: " in plan
    assert plan.index("fc_1.w_0 = sgd(") < plan.index("fc_0.w_0@GRAD = mul_grad(") < plan.index("fc_0.w_0 = scaled_sgd(")


def test_a_large_table_that_is_not_clipped_stays_sparse():
    ids = fluid.data("ids", [None, 1], "int64")
    loss = layers.reduce_mean(layers.fc(layers.embedding(ids, [1 << 16, 16], param_attr="table"), 4))
    clip = fluid.clip.GradientClipByGlobalNorm(0.1, need_clip=lambda p: p.name != "table")
    fluid.optimizer.SGD(0.1, grad_clip=clip).minimize(loss)
    plan = fluid.Executor().plan(feed=["ids"], fetch_list=[loss])
    assert "the gradient of 'table' holds only rows" in plan and "table = sgd(" in plan and UPDATES % 2 in plan


def test_sparse_gradients_are_left_alone():
    ids = fluid.data("ids", [None, 1], "int64")
    loss = layers.reduce_mean(layers.fc(layers.embedding(ids, [9, 4], is_sparse=True, param_attr="table"), 4))
    fluid.optimizer.SGD(0.1, grad_clip=fluid.clip.GradientClipByGlobalNorm(0.1)).minimize(loss)
    plan = fluid.Executor().plan(feed=["ids"], fetch_list=[loss])
    assert SUMS % 3 in plan and UPDATES % 2 in plan and "table = sgd(" in plan


def test_ops_are_left_as_they_are_where_nan_is_looked_for():
    core.set_flag("check_nan_inf", "1")
    assert PASS not in train(OPTIMIZERS["sgd"], "")[1]


def run(*fetches, x=((1, 2, 3), (4, 5, 6))):
    exe = fluid.Executor()
    feed = {"x": np.array(x, "float32")}
    return exe.run(feed=feed, fetch_list=list(fetches)), exe.plan(feed=["x"], fetch_list=list(fetches))


def squares(dtype="float32"):
    return layers.square(fluid.data("x", [None, 3], dtype))


@pytest.mark.parametrize("dim", [None, [0, 1], [-1, 0]])
def test_sums_over_all_axes(dim):
    (total,), plan = run(layers.reduce_sum(squares(), dim=dim))
    assert SUMS % 1 in plan and total.shape == (1,) and total[0] == 91


@pytest.mark.parametrize("options", [dict(dim=0), dict(dim=[1]), dict(keep_dim=True)])
def test_other_sums_are_left_alone(options):
    (total,), plan = run(layers.reduce_sum(squares(), **options))
    assert PASS not in plan and total.sum() == 91


def test_squares_that_others_see_are_left_alone():
    square = squares()
    total = layers.reduce_sum(square)
    (_, total_value), plan = run(square, total)
    assert PASS not in plan and total_value == 91
    assert SUMS % 1 in run(total)[1]
    assert PASS not in run(total, layers.relu(square))[1]


def test_squares_of_what_has_changed_since_are_left_alone():
    x = layers.relu(fluid.data("x", [None, 3]))
    square = layers.square(x)
    layers.increment(layers.reduce_sum(x))
    layers.assign(layers.zeros_like(x), x)
    (total,), plan = run(layers.reduce_sum(square))
    assert PASS not in plan and total == 91


def test_sums_of_another_type_are_left_alone():
    main = fluid.default_main_program().global_block()
    square, wide = squares(), main.create_var(name="wide", dtype="float64")
    main.append_op(type="reduce_sum", inputs={"X": [square]}, outputs={"Out": [wide]}, attrs={"reduce_all": True, "out_dtype": core.VarDesc.VarType.FP64})
    (total,), plan = run(wide)
    assert PASS not in plan and total == 91 and total.dtype == "float64"


def test_tensors_of_unknown_rank_are_left_alone():
    total = layers.reduce_sum(squares(), dim=[0, 1])
    assert SUMS % 1 in run(total)[1]
    fluid.default_main_program().global_block().var("x").desc.set_shape([])
    assert PASS not in fluid.Executor().plan(feed=["x"], fetch_list=[total])


def test_integers_are_left_alone():
    whole = layers.cast(fluid.data("x", [None, 3]), "int32")
    (total,), plan = run(layers.reduce_sum(layers.square(whole)))
    assert PASS not in plan and total == 91


def scaled_update(factor, change=None, **options):
    """One parameter of shape [3] updated by its gradient [1, 1, 1] times a factor; the product."""
    weight = layers.create_parameter([3], "float32", name="weight", default_initializer=fluid.initializer.Constant(1))
    optimizer = fluid.optimizer.SGD(0.5)
    [(param, grad)] = optimizer.backward(layers.reduce_sum(weight))
    product = layers.elementwise_mul(grad, factor(), **options)
    if change:
        change(grad)
    optimizer.apply_gradients([(param, product)])
    return grad, product


def weight_after(*fetches):
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    exe.run(fetch_list=list(fetches))
    return np.array(fluid.global_scope().find_var("weight").get_tensor()).tolist(), exe.plan(fetch_list=list(fetches))


def number(shape=(1,), value=0.5):
    return lambda: layers.fill_constant(list(shape), "float32", value)


def test_a_gradient_may_be_fetched_but_not_the_product():
    grad, product = scaled_update(number())
    weight, plan = weight_after(grad)
    assert weight == [0.75] * 3 and UPDATES % 1 in plan and "weight = scaled_sgd(" in plan
    weight, plan = weight_after(product)
    assert weight == [0.75] * 3 and PASS not in plan


@pytest.mark.parametrize(
    "factor, options",
    [(number([3]), {}), (number(), {"axis": 0}), (lambda: layers.create_global_var([1], 0.5, "float32", persistable=True), {})],
    ids=["elementwise", "axis", "persistable"],
)
def test_other_products_are_left_alone(factor, options):
    scaled_update(factor, **options)
    weight, plan = weight_after()
    assert weight == [0.75] * 3 and PASS not in plan


def test_a_product_that_is_read_is_left_alone():
    _, product = scaled_update(number())
    layers.Print(product)
    assert PASS not in weight_after()[1]


def test_a_gradient_that_changes_behind_the_product_is_left_alone():
    scaled_update(number(), change=lambda grad: layers.assign(layers.zeros_like(grad), grad))
    weight, plan = weight_after()
    assert weight == [0.75] * 3 and PASS not in plan


def test_a_rate_that_is_the_product_is_left_alone():
    weight = layers.create_parameter([1], "float32", name="weight", default_initializer=fluid.initializer.Constant(1))
    product = layers.elementwise_mul(number(value=2.0)(), number()())
    block = fluid.default_main_program().global_block()
    block.append_op(type="sgd", inputs={"Param": [weight], "Grad": [product], "LearningRate": [product]}, outputs={"ParamOut": [weight]})
    weight, plan = weight_after()
    assert weight == [0.0] and PASS not in plan


def test_other_optimizers_are_left_alone():
    loss = net()
    fluid.optimizer.Adagrad(0.1, grad_clip=fluid.clip.GradientClipByGlobalNorm(0.1)).minimize(loss)
    plan = fluid.Executor().plan(feed=["x", "y"], fetch_list=[loss])
    assert SUMS % 4 in plan and "updates scale" not in plan and plan.count("= adagrad(") == 4

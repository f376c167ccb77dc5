"""The pass that keeps gradients of large tables to the rows that were looked up: same parameters, bit by bit."""

import re

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import core

layers = fluid.layers
pytestmark = pytest.mark.usefixtures("all_passes")
ROWS, WIDTH = 1 << 16, 16  # as small as the pass takes

OPTIMIZERS = {
    "sgd": lambda: fluid.optimizer.SGD(0.1),
    "momentum": lambda: fluid.optimizer.Momentum(0.1, 0.9),
    "nesterov": lambda: fluid.optimizer.Momentum(0.1, 0.9, use_nesterov=True),
    "adagrad": lambda: fluid.optimizer.Adagrad(0.1),
    "adam": lambda: fluid.optimizer.Adam(0.01),
    "falling": lambda: fluid.optimizer.Adam(layers.exponential_decay(0.01, 2, 0.5), beta1=0.5, beta2=0.75),
    "lazy": lambda: fluid.optimizer.Adam(0.01, lazy_mode=True),  # which a dense gradient does not know
}
LEFT_ALONE = {
    "rmsprop": lambda: fluid.optimizer.RMSProp(0.1),
    "decayed": lambda: fluid.optimizer.SGD(0.1, regularization=fluid.regularizer.L2Decay(0.01)),
    "clipped by value": lambda: fluid.optimizer.Adam(0.01, grad_clip=fluid.clip.GradientClipByValue(0.1)),
}
CLIPPED = {
    "sgd": lambda clip: fluid.optimizer.SGD(0.1, grad_clip=clip),
    "momentum": lambda clip: fluid.optimizer.Momentum(0.1, 0.9, grad_clip=clip),
    "adam": lambda clip: fluid.optimizer.Adam(0.01, grad_clip=clip),
}
PASS = "pass sparse_table_grads: the gradient of 'table' holds only rows that were looked up"


def net(projected, rows=ROWS, is_sparse=False):
    ids = fluid.data("ids", [None, 1], "int64", lod_level=1)
    x = layers.embedding(ids, [rows, WIDTH], is_sparse=is_sparse, padding_idx=3, param_attr="table")
    x = layers.fc(x, 4, param_attr="weight", bias_attr=False) if projected else layers.tanh(x)
    return layers.reduce_mean(layers.square(layers.sequence_pool(x, "sum")))


def train(optimizer, skip="", **options):
    """The persistable variables after some steps, losses, and the plan's text."""
    core.set_flag("skip_passes", skip)
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = 5
    with fluid.program_guard(main, startup), fluid.scope_guard(core.Scope()), fluid.unique_name.guard():
        loss = net(**options)
        optimizer().minimize(loss)
        exe = fluid.Executor()
        exe.run(startup)
        random, losses = np.random.RandomState(1), []
        for lengths in ([3, 1], [40], [2, 0, 5], [1, 1]):
            ids = random.choice([0, 1, 2, 3, 5, ROWS - 1], [sum(lengths), 1])
            feed = {"ids": fluid.create_lod_tensor(ids.astype("int64"), [lengths], fluid.CPUPlace())}
            losses.append(exe.run(feed=feed, fetch_list=[loss])[0])
        values = {
            var.name: np.array(fluid.global_scope().find_var(var.name).get_tensor()) for var in main.list_vars() if var.persistable
        }
        return values, losses, exe.plan(feed=["ids"], fetch_list=[loss])


@pytest.mark.parametrize("projected", [False, True])
@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_everything_is_the_same_bit_by_bit(optimizer, projected):
    made = OPTIMIZERS[optimizer]
    (values, losses, plan), (plain, plain_losses, plain_plan) = (train(made, skip, projected=projected) for skip in ("", "sparse_table_grads"))
    assert PASS in plan and PASS not in plain_plan
    assert ("fused_embedding_mul_grad(" if projected else "lookup_table_grad(") in plan
    assert losses == plain_losses
    assert values.keys() == plain.keys() and (optimizer != "adam" or len(values) == 5 * (1 + projected) + 1)
    for name in values:
        assert (values[name] == plain[name]).all(), name


@pytest.mark.parametrize("projected", [False, True])
@pytest.mark.parametrize("optimizer", sorted(CLIPPED))
def test_clipped_by_the_norm_of_all(optimizer, projected):
    """The same but for the order in which squares are added up; rows that occur twice are one row of the gradient."""

    def made():
        return CLIPPED[optimizer](fluid.clip.GradientClipByGlobalNorm(0.1))

    (values, losses, plan), (plain, plain_losses, plain_plan) = (train(made, skip, projected=projected) for skip in ("", "sparse_table_grads"))
    assert PASS in plan and "scaled_%s(" % optimizer in plan and PASS not in plain_plan
    np.testing.assert_allclose(losses, plain_losses, rtol=1e-6)
    assert values.keys() == plain.keys()
    for name in values:
        np.testing.assert_allclose(values[name], plain[name], rtol=1e-5, atol=1e-9, err_msg=name)


def test_ids_of_any_shape():
    def run(skip):
        core.set_flag("skip_passes", skip)
        with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.scope_guard(core.Scope()), fluid.unique_name.guard():
            ids = fluid.data("ids", [None, 3], "int64")
            table = fluid.ParamAttr("table", initializer=fluid.initializer.Uniform(seed=3))
            loss = layers.reduce_mean(layers.square(fluid.embedding(ids, [ROWS, WIDTH], param_attr=table)))
            fluid.optimizer.Adam(0.01).minimize(loss)
            exe = fluid.Executor()
            exe.run(fluid.default_startup_program())
            for _ in range(2):
                exe.run(feed={"ids": np.array([[0, 6, 6], [1, 0, ROWS - 1]])}, fetch_list=[loss])
            assert (PASS in exe.plan(feed=["ids"], fetch_list=[loss])) == (not skip)
            return np.array(fluid.global_scope().find_var("table").get_tensor())

    assert (run("") == run("sparse_table_grads")).all()


def test_less_memory():
    def arena(skip):
        plan = train(OPTIMIZERS["adam"], skip, projected=True)[2]
        return int(re.search(r"arena (\d+) bytes", plan).group(1))

    assert arena("") < 4 * ROWS * WIDTH <= arena("sparse_table_grads")


@pytest.mark.parametrize("optimizer", sorted(LEFT_ALONE))
def test_optimizers_that_need_all_rows_get_them(optimizer):
    assert PASS not in train(LEFT_ALONE[optimizer], projected=False)[2]


def test_small_tables_and_sparse_gradients_are_left_alone():
    assert PASS not in train(OPTIMIZERS["sgd"], projected=False, is_sparse=True)[2]
    with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.scope_guard(core.Scope()):
        loss = net(projected=False, rows=ROWS // 2)
        fluid.optimizer.SGD(0.1).minimize(loss)
        assert PASS not in fluid.Executor().plan(feed=["ids"], fetch_list=[loss])


def test_a_gradient_that_is_fetched_or_read_stays_dense():
    with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.scope_guard(core.Scope()):
        loss = net(projected=False)
        _, [(_, gradient)] = fluid.optimizer.SGD(0.1).minimize(loss)
        exe = fluid.Executor()
        exe.run(fluid.default_startup_program())
        feed = {"ids": fluid.create_lod_tensor(np.array([[1], [7]]), [[2]], fluid.CPUPlace())}
        assert exe.run(feed=feed, fetch_list=[gradient])[0].shape == (ROWS, WIDTH)
        assert PASS not in exe.plan(feed=["ids"], fetch_list=[gradient])
        assert PASS in exe.plan(feed=["ids"], fetch_list=[loss])
        total = layers.reduce_sum(gradient)
        assert PASS not in exe.plan(feed=["ids"], fetch_list=[total])

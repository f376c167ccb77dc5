"""The pass that multiplies each different row of an embedding once: same results, and only where nothing else looks."""

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import core

layers = fluid.layers


@pytest.fixture
def skipped():
    """Switches the pass off and on again."""
    yield lambda skip: core.set_flag("skip_passes", "fuse_embedding_mul" if skip else "")
    core.set_flag("skip_passes", "")


def attr(name):
    return fluid.ParamAttr(name=name, initializer=fluid.initializer.Uniform(-0.5, 0.5, seed=3))


def words(lengths, high=7):
    ids = np.random.RandomState(1).randint(0, high, [sum(lengths), 1]).astype("int64")
    return fluid.create_lod_tensor(ids, [lengths], fluid.CPUPlace())


def net(is_sparse=False, padding_idx=None, dtype="float64", bias=True):
    ids = fluid.data("ids", [None, 1], "int64", lod_level=1)
    rows = layers.embedding(ids, [7, 5], is_sparse=is_sparse, padding_idx=padding_idx, dtype=dtype, param_attr=attr("table"))
    return rows, layers.fc(rows, 4, param_attr=attr("weight"), bias_attr=attr("bias") if bias else False)


def gradients_of(out, optimizer=None):
    loss = layers.reduce_mean(layers.square(layers.sequence_pool(out, "sum")))
    return [loss.name] + [gradient.name for _, gradient in fluid.backward.append_backward(loss)]


def run_both(fetches, skipped, **feed):
    """What is fetched with the pass and without, and the plan's text with it."""
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    results = []
    for skip in (False, True):
        skipped(skip)
        results.append(exe.run(feed=feed, fetch_list=fetches, return_numpy=False))
    skipped(False)
    return results, exe.plan(feed=list(feed), fetch_list=fetches)


def dense(value):
    if not isinstance(value, core.SelectedRows):
        return np.array(value)
    out = np.zeros([7, 5])
    np.add.at(out, value.rows(), np.array(value.get_tensor()))
    return out


@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("padding_idx", [None, 2])
def test_losses_and_gradients_are_the_same(is_sparse, padding_idx, skipped):
    _, out = net(is_sparse, padding_idx)
    fetches = gradients_of(out) + [out.name]
    (with_pass, without), plan = run_both(fetches, skipped, ids=words([3, 0, 6, 1]))
    assert "pass fuse_embedding_mul: rows of 'table' are multiplied once for each different id" in plan
    assert "lookup_table" not in plan and " = mul(" not in plan
    for name, a, b in zip(fetches, with_pass, without):
        np.testing.assert_allclose(dense(a), dense(b), rtol=1e-12, atol=1e-14, err_msg=name)
    assert with_pass[-1].recursive_sequence_lengths() == [[3, 0, 6, 1]]


def test_a_sparse_gradient_names_each_row_once(skipped):
    _, out = net(is_sparse=True)
    fetches = [name for name in gradients_of(out) if name.startswith("table")]
    (with_pass, without), _ = run_both(fetches, skipped, ids=words([30]))
    assert sorted(with_pass[0].rows()) == sorted(set(without[0].rows()))
    assert len(without[0].rows()) == 30


def test_inference_is_fused_too(skipped):
    _, out = net(dtype="float32")
    (with_pass, without), plan = run_both([out.name], skipped, ids=words([4, 2]))
    assert "fused_embedding_mul(" in plan
    np.testing.assert_allclose(np.array(with_pass[0]), np.array(without[0]), rtol=1e-5)


def test_embeddings_of_any_shape_of_ids(skipped):
    ids = fluid.data("ids", [None, 3], "int64")
    rows = fluid.embedding(ids, [7, 5], dtype="float64", param_attr=attr("table"))
    out = layers.fc(rows, 4, num_flatten_dims=2, param_attr=attr("weight"))
    loss = layers.reduce_mean(layers.square(out))
    fetches = [loss.name] + [gradient.name for _, gradient in fluid.backward.append_backward(loss)]
    (with_pass, without), plan = run_both(fetches, skipped, ids=np.array([[0, 6, 6], [1, 0, 6]]))
    assert "fused_embedding_mul_grad(" in plan
    for a, b in zip(with_pass, without):
        np.testing.assert_allclose(np.array(a), np.array(b), rtol=1e-12)


def test_a_frozen_table_or_weight_gets_no_gradient(skipped):
    for frozen in ("table", "weight"):
        with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.scope_guard(core.Scope()):
            _, out = net(bias=False)
            fluid.default_main_program().global_block().var(frozen).stop_gradient = True
            fluid.default_main_program().global_block().var(frozen).trainable = False
            fetches = gradients_of(out)
            assert frozen + "@GRAD" not in fetches
            (with_pass, without), plan = run_both(fetches, skipped, ids=words([4, 2]))
            assert "fused_embedding_mul_grad(" in plan
            for a, b in zip(with_pass, without):
                np.testing.assert_allclose(dense(a), dense(b), rtol=1e-12)


def test_training_ends_with_the_same_parameters(skipped):
    def train(skip):
        skipped(skip)
        with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.scope_guard(core.Scope()), fluid.unique_name.guard():
            _, out = net()
            loss = layers.reduce_mean(layers.square(layers.sequence_pool(out, "sum")))
            fluid.optimizer.Adam(0.01).minimize(loss)
            exe = fluid.Executor()
            exe.run(fluid.default_startup_program())
            for lengths in ([3, 2], [7], [1, 1, 1]):
                exe.run(feed={"ids": words(lengths)}, fetch_list=[loss])
            return [np.array(fluid.global_scope().find_var(name).get_tensor()) for name in ("table", "weight", "bias")]

    for a, b in zip(train(False), train(True)):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def assert_not_fused(fetches, skipped):
    (with_pass, without), plan = run_both(fetches, skipped, ids=words([4, 2]))
    assert "fused_embedding_mul" not in plan
    for a, b in zip(with_pass, without):
        assert (dense(a) == dense(b)).all()


def test_rows_that_are_fetched_stay(skipped):
    rows, out = net()
    assert_not_fused([rows.name] + gradients_of(out), skipped)


def test_rows_that_another_op_reads_stay(skipped):
    rows, out = net()
    both = layers.concat([layers.sequence_pool(rows, "sum"), layers.sequence_pool(out, "sum")], 1)
    loss = layers.reduce_mean(layers.square(both))
    assert_not_fused([loss.name] + [gradient.name for _, gradient in fluid.backward.append_backward(loss)], skipped)


def test_a_gradient_of_the_rows_that_is_fetched_stays(skipped):
    rows, out = net()
    assert_not_fused(gradients_of(out) + [rows.name + "@GRAD"], skipped)


def test_a_table_that_changes_between_the_two_ops_is_left_alone(skipped):
    ids = fluid.data("ids", [None, 1], "int64", lod_level=1)
    rows = layers.embedding(ids, [7, 5], dtype="float64", param_attr=attr("table"))
    table = fluid.default_main_program().global_block().var("table")
    layers.assign(layers.scale(table, 2.0), table)
    out = layers.fc(rows, 4, param_attr=attr("weight"), bias_attr=False)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    assert "fused_embedding_mul" not in exe.plan(feed=["ids"], fetch_list=[out])


def test_ids_out_of_range_name_the_line_and_the_table(skipped):
    _, out = net()
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    ids = fluid.create_lod_tensor(np.array([[1], [7]]), [[2]], fluid.CPUPlace())
    with pytest.raises(ValueError, match=r"(?s)Ids\[1\] is 7, but W has 7 rows.*test_fuse_embedding_mul.py"):
        exe.run(feed={"ids": ids}, fetch_list=[out])


def test_switching_the_pass_makes_another_plan(skipped):
    _, out = net()
    exe = fluid.Executor()
    texts = []
    for skip in (False, True, False):
        skipped(skip)
        texts.append("fused_embedding_mul(" in exe.plan(feed=["ids"], fetch_list=[out]))
    assert texts == [True, False, True]

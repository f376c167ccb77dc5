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
        array = np.array(value)
        return array if array.dtype != "uint16" else (array.astype("uint32") << 16).view("float32")  # bits of bfloat16
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


# ---- mixed precision: the rows are cast to bfloat16, their gradient back ----


def mixed_gradients_of(out):
    """The names of the loss and the gradients, once the program computes in bfloat16."""
    loss = layers.reduce_mean(layers.square(layers.sequence_pool(out, "sum")))
    optimizer = fluid.contrib.mixed_precision.decorate(fluid.optimizer.SGD(0.1), dtype="bfloat16")
    return [loss.name] + [gradient.name for _, gradient in optimizer.backward(loss)]


def assert_close(a, b, name):
    """Within some roundings to bfloat16 of the largest number."""
    a, b = dense(a), dense(b)
    assert a.shape == b.shape and np.abs(a - b).max() <= 4 * 2.0**-9 * np.abs(b).max(), name


@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("padding_idx", [None, 2])
def test_mixed_precision(is_sparse, padding_idx, skipped):
    _, out = net(is_sparse, padding_idx, "float32")
    fetches = mixed_gradients_of(out) + [out.name]
    (with_pass, without), plan = run_both(fetches, skipped, ids=words([3, 0, 6, 1]))
    assert "fused_embedding_mul(" in plan and "fused_embedding_mul_grad(" in plan
    assert "lookup_table" not in plan and " = mul(" not in plan and "embedding_0.tmp_0" not in plan
    assert {"table@GRAD", "weight@GRAD", "bias@GRAD"} <= set(fetches)
    for name, a, b in zip(fetches, with_pass, without):
        assert_close(a, b, name)
        if "@GRAD" in name:  # as the optimizer takes it
            assert np.array(a.get_tensor() if isinstance(a, core.SelectedRows) else a).dtype == "float32"
    assert np.array(with_pass[-1]).dtype == "uint16" and with_pass[-1].recursive_sequence_lengths() == [[3, 0, 6, 1]]
    if is_sparse:
        table = with_pass[fetches.index("table@GRAD")]
        assert len(table.rows()) == len(set(table.rows()))


def test_gradients_of_bfloat16_are_summed_in_float32(skipped):
    """One word 300 times; bfloat16 alone would stop counting at 256."""
    _, out = net(dtype="float32", bias=False)
    loss = layers.reduce_sum(layers.cast(out, "float32"))
    optimizer = fluid.contrib.mixed_precision.decorate(fluid.optimizer.SGD(0.1), dtype="bfloat16")
    optimizer.backward(loss)
    ids = fluid.create_lod_tensor(np.full([300, 1], 4, "int64"), [[300]], fluid.CPUPlace())
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    assert "fused_embedding_mul_grad(" in exe.plan(feed=["ids"], fetch_list=["table@GRAD", "weight@GRAD"])
    scope = fluid.global_scope()
    scope.find_var("table").get_tensor().set(np.full([7, 5], 0.5, "float32"), fluid.CPUPlace())
    scope.find_var("weight").get_tensor().set(np.full([5, 4], 0.25, "float32"), fluid.CPUPlace())
    table, weight = exe.run(feed={"ids": ids}, fetch_list=["table@GRAD", "weight@GRAD"])
    assert (table[4] == 300).all() and (np.delete(table, 4, 0) == 0).all()
    assert (weight == 150).all()


def test_mixed_precision_is_fused_where_nothing_is_trained(skipped):
    _, out = net(dtype="float32")
    mixed_gradients_of(out)
    test = fluid.default_main_program().clone(for_test=True)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    values = []
    for skip in (False, True):
        skipped(skip)
        assert ("fused_embedding_mul(" in exe.plan(test, feed=["ids"], fetch_list=[out.name])) != skip
        values += exe.run(test, feed={"ids": words([4, 2])}, fetch_list=[out.name], return_numpy=False)
    assert_close(*values, out.name)


def test_a_table_or_weight_frozen_in_mixed_precision(skipped):
    for frozen in ("table", "weight"):
        with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.scope_guard(core.Scope()):
            _, out = net(dtype="float32", bias=False)
            fluid.default_main_program().global_block().var(frozen).stop_gradient = True
            fluid.default_main_program().global_block().var(frozen).trainable = False
            fetches = mixed_gradients_of(out)
            assert frozen + "@GRAD" not in fetches and len(fetches) == 2
            (with_pass, without), plan = run_both(fetches, skipped, ids=words([4, 2]))
            assert "fused_embedding_mul_grad(" in plan and "lookup_table" not in plan
            for name, a, b in zip(fetches, with_pass, without):
                assert_close(a, b, name)


def test_training_in_mixed_precision_has_the_same_losses(skipped):
    def train(skip):
        skipped(skip)
        with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.scope_guard(core.Scope()), fluid.unique_name.guard():
            ids = fluid.data("ids", [None, 1], "int64", lod_level=1)
            rows = layers.embedding(ids, [50, 16], param_attr=attr("table"))
            gates = layers.fc(rows, 64, param_attr=attr("weight"), bias_attr=False)
            states, _ = layers.dynamic_lstm(gates, 64, use_peepholes=False, param_attr=attr("recurrent"), bias_attr=attr("lstm_bias"))
            out = layers.fc(layers.sequence_last_step(states), 2, param_attr=attr("out"), bias_attr=attr("out_bias"))
            label = layers.fill_constant_batch_size_like(out, [-1, 1], "int64", 1)
            loss = layers.mean(layers.softmax_with_cross_entropy(out, label))
            fluid.contrib.mixed_precision.decorate(fluid.optimizer.Adam(0.01), dtype="bfloat16").minimize(loss)
            exe = fluid.Executor()
            exe.run(fluid.default_startup_program())
            assert ("fused_embedding_mul(" in exe.plan(feed=["ids"], fetch_list=[loss])) != skip
            feed = {"ids": words([3, 12, 1, 30], high=50)}
            return np.concatenate([exe.run(feed=feed, fetch_list=[loss])[0] for _ in range(12)])

    fused, plain = train(False), train(True)
    assert plain[-1] < plain[0] / 2
    np.testing.assert_allclose(fused, plain, rtol=0.03)


@pytest.mark.parametrize("name", ["", ".cast_bf16", "@GRAD", ".cast_bf16@GRAD"])
def test_values_of_mixed_precision_that_are_fetched_stay(name, skipped):
    rows, out = net(dtype="float32")
    assert_not_fused(mixed_gradients_of(out) + [rows.name + name], skipped)


@pytest.mark.parametrize("other", ["sequence_pool", "fc"])
def test_rows_of_mixed_precision_that_another_op_reads_stay(other, skipped):
    """In float32 the first, in bfloat16 the second."""
    rows, out = net(dtype="float32")
    if other == "fc":
        more = layers.sequence_pool(layers.fc(rows, 4, param_attr=attr("more"), bias_attr=False), "sum")
    else:
        more = layers.sequence_pool(rows, "sum")
    both = layers.concat([more, layers.sequence_pool(out, "sum")], 1)
    loss = layers.reduce_mean(layers.square(both))
    optimizer = fluid.contrib.mixed_precision.decorate(fluid.optimizer.SGD(0.1), dtype="bfloat16")
    assert_not_fused([loss.name] + [gradient.name for _, gradient in optimizer.backward(loss)], skipped)


def test_a_cast_to_another_type_is_left_alone(skipped):
    ids = fluid.data("ids", [None, 1], "int64", lod_level=1)
    rows = layers.cast(layers.embedding(ids, [7, 5], param_attr=attr("table")), "float64")
    weight = layers.cast(layers.create_parameter([5, 4], "float32", attr=attr("weight")), "float64")
    assert_not_fused(gradients_of(layers.mul(rows, weight)), skipped)

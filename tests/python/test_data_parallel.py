"""Several replicas compute what one does."""

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers


def net():
    x, y = fluid.data("x", [None, 4]), fluid.data("y", [None, 1])
    constant = fluid.ParamAttr(initializer=fluid.initializer.Constant(0.1))
    out = layers.fc(x, 1, param_attr=constant)
    loss = layers.mean(layers.square_error_cost(out, y))
    fluid.optimizer.Momentum(layers.exponential_decay(0.1, 2, 0.9), 0.9).minimize(loss)
    return out, loss


def batch(seed, rows=8):
    random = np.random.RandomState(seed)
    return {"x": random.rand(rows, 4).astype("float32"), "y": random.rand(rows, 1).astype("float32")}


def train(exe, program):
    out, loss = program[1]
    with fluid.scope_guard(fluid.Scope()):
        exe.run(fluid.default_startup_program())
        fetched = [exe.run(program[0], feed=batch(i), fetch_list=[out, loss]) for i in range(4)]
        return fetched, fluid.executor._fetch_var("fc_0.w_0")


@pytest.mark.parametrize("count", [1, 2, 3])
def test_replicas(exe, count):
    variables = net()
    one, weight = train(exe, (fluid.default_main_program(), variables))
    places = [fluid.CPUPlace()] * count
    compiled = fluid.CompiledProgram(fluid.default_main_program()).with_data_parallel(variables[1].name, places=places)
    many, parallel_weight = train(exe, (compiled, variables))
    assert many[0][0].shape == (8, 1) and many[0][1].shape == (count,)
    if count != 3:  # 8 rows make 3 uneven parts: their means weigh the rows otherwise
        np.testing.assert_allclose(parallel_weight, weight, rtol=1e-5)
        for (out, loss), (all_out, losses) in zip(one, many):
            np.testing.assert_allclose(all_out, out, rtol=1e-5)
            np.testing.assert_allclose(losses.mean(), loss[0], rtol=1e-5)


def test_feed_lists_and_pieces(exe):
    out, loss = net()
    exe.run(fluid.default_startup_program())
    places = [fluid.CPUPlace()] * 2
    compiled = fluid.CompiledProgram(fluid.default_main_program()).with_data_parallel(loss.name, places=places)
    pieces = exe.run(compiled, feed=[batch(0, 3), batch(1, 5)], fetch_list=[out], return_merged=False)
    assert [piece.shape for piece in pieces[0]] == [(3, 1), (5, 1)]
    with pytest.raises(ValueError, match="2 replicas"):
        exe.run(compiled, feed=[batch(0)], fetch_list=[out])
    with pytest.raises(ValueError, match="cannot be split"):
        exe.run(compiled, feed=batch(0, 1), fetch_list=[out])
    with pytest.raises(ValueError):
        compiled.with_data_parallel(loss.name)


def test_statistics_are_those_of_the_first_replica(exe):
    x = fluid.data("x", [None, 2])
    out = layers.batch_norm(x, moving_mean_name="mean")
    exe.run(fluid.default_startup_program())
    compiled = fluid.CompiledProgram(fluid.default_main_program()).with_data_parallel(places=[fluid.CPUPlace()] * 2)
    value = np.array([[1, 1], [3, 3], [100, 100], [200, 200]], "float32")
    exe.run(compiled, feed={"x": value}, fetch_list=[out])
    np.testing.assert_allclose(fluid.executor._fetch_var("mean"), [0.2, 0.2], rtol=1e-5)


def test_parallel_executor(exe):
    out, loss = net()
    exe.run(fluid.default_startup_program())
    parallel = fluid.ParallelExecutor(use_cuda=False, loss_name=loss.name)
    assert parallel.device_count == 1
    before = fluid.executor._fetch_var("fc_0.w_0")
    (value,) = parallel.run([loss.name], feed=batch(0))
    assert np.isfinite(value).all() and not np.array_equal(before, fluid.executor._fetch_var("fc_0.w_0"))

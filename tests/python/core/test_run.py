"""Running programs through the core: lifetimes, threads, interrupts, errors."""

import gc
import os
import signal
import threading
import time

import numpy as np
import pytest

from paddle import _core as core

CPU = core.CPUPlace()


def scale_program(times=1, in_scope=False, size=3):
    """x * 2 ** times, as `times` ops; x is fed or persistable."""
    program = core.ProgramDesc()
    block = program.block(0)
    for i in range(times + 1):
        var = block.var(f"v{i}")
        var.set_shape([-1, size])
        var.set_dtype(core.VarDesc.VarType.FP32)
    block.var("v0").set_persistable(in_scope)
    for i in range(times):
        op = block.append_op()
        op.set_type("scale")
        op.set_input("X", [f"v{i}"])
        op.set_output("Out", [f"v{i + 1}"])
        op._set_attr("scale", 2.0)
        op.check_attrs()
        op.infer_shape(block)
    return program


def ones(rows=1, size=3):
    return core.from_numpy(np.ones((rows, size), "float32"))


def test_fetches_belong_to_the_caller():
    executor, scope, program = core.Executor(CPU), core.Scope(), scale_program()
    first = executor.run(program, scope, {"v0": ones()}, ["v1"])[0].numpy(copy=False)
    executor.run(program, scope, {"v0": core.from_numpy(np.full((1, 3), 5, "float32"))}, ["v1"])
    executor.close()
    del executor, scope
    gc.collect()
    assert first.tolist() == [[2, 2, 2]]


def test_one_plan_whatever_the_order_of_the_feed():
    executor, scope, program = core.Executor(CPU), core.Scope(), scale_program(2)
    executor.run(program, scope, {"v0": ones(), "v1": ones()}, ["v2"])
    executor.run(program, scope, {"v1": ones(), "v0": ones()}, ["v2"])
    assert executor.stats()["plans_built"] == 1
    program.block(0).op(0)._set_attr("scale", 3.0)
    assert np.array(executor.run(program, scope, {"v0": ones(), "v1": ones()}, ["v2"])[0]).tolist() == [[6, 6, 6]]
    assert executor.stats()["plans_built"] == 2


def test_scopes_that_come_and_go():
    executor, program = core.Executor(CPU), scale_program(in_scope=True)
    for i in range(20):
        scope = core.Scope()
        scope.var("v0").get_tensor().set(np.full((1, 3), i, "float32"), CPU)
        assert np.array(executor.run(program, scope, {}, ["v1"])[0]).tolist() == [[2.0 * i] * 3]
        del scope
        gc.collect()


def test_variables_made_again():
    executor, program, scope = core.Executor(CPU), scale_program(in_scope=True), core.Scope()
    for i in range(5):
        scope.var("v0").get_tensor().set(np.full((1 + i, 3), i, "float32"), CPU)
        assert np.array(executor.run(program, scope, {}, ["v1"])[0]).sum() == 2.0 * i * 3 * (1 + i)
        scope.erase(["v0"])
        with pytest.raises(ValueError, match="'v0' holds no value.*startup program"):
            executor.run(program, scope, {}, ["v1"])


def test_a_shorter_parameter_lets_go_of_the_array():
    array = np.ones((4, 3), "float32")
    scope = core.Scope()
    scope.var("x").get_tensor().set(array, CPU, zero_copy=True)
    assert np.shares_memory(np.asarray(scope.find_var("x").get_tensor().numpy(copy=False)), array)


def test_feeds_are_checked():
    executor, scope, program = core.Executor(CPU), core.Scope(), scale_program()
    with pytest.raises(ValueError, match="feed 'v0': expected a LoDTensor"):
        executor.run(program, scope, {"v0": np.ones(3)}, ["v1"])
    with pytest.raises(ValueError, match="'v0' holds no value"):
        executor.run(program, scope, {"v0": core.LoDTensor()}, ["v1"])
    with pytest.raises(ValueError, match="'v0'.*must be in the feed"):
        executor.run(program, scope, {}, ["v1"])
    with pytest.raises(KeyError, match="no variable 'nosuch' to fetch"):
        executor.run(program, scope, {"v0": ones()}, ["nosuch"])
    lod = core.LoDTensor([[2, 3]])
    lod.set(np.ones((4, 3), "float32"), CPU)
    with pytest.raises(ValueError, match="LoD of v0 ends at row 5 but the tensor has 4"):
        executor.run(program, scope, {"v0": lod}, ["v1"])


def test_many_threads_share_one_executor():
    executor, program = core.Executor(CPU), scale_program(50)
    failures = []

    def work(k):
        scope = core.Scope()
        try:
            for rows in (1, 7, 3):
                for _ in range(30):
                    feed = core.from_numpy(np.full((rows, 3), k, "float32"))
                    out = np.array(executor.run(program, scope, {"v0": feed}, ["v50"])[0])
                    assert out.shape == (rows, 3) and (out == k * 2.0**50).all()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_other_threads_run_meanwhile():
    executor, scope, program = core.Executor(CPU), core.Scope(), scale_program(200, size=1000)
    feed = {"v0": ones(300, 1000)}
    executor.run(program, scope, feed, ["v200"])
    ticks, stop = [0], threading.Event()

    def tick():
        while not stop.wait(0.0005):
            ticks[0] += 1

    thread = threading.Thread(target=tick)
    thread.start()
    for _ in range(3):
        executor.run(program, scope, feed, ["v200"])
    stop.set()
    thread.join()
    assert ticks[0] > 3


def run_until_interrupted(executor, program, feed, seconds=30):
    scope = core.Scope()
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        executor.run(program, scope, feed, ["v400"])
    timer.join()


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_a_run():
    executor, program = core.Executor(CPU), scale_program(400, size=1000)
    with pytest.raises(KeyboardInterrupt):
        run_until_interrupted(executor, program, {"v0": ones(1000, 1000)})
    time.sleep(0.01)  # a second KeyboardInterrupt would come here
    executor.run(scale_program(), core.Scope(), {"v0": ones()}, ["v1"])


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_the_wait_for_a_batch():
    queue = core.make_queue(2)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        queue.pop()
    assert time.monotonic() - start < 5
    timer.join()
    assert queue.push([ones()]) and len(queue.pop()) == 1


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_is_the_main_threads():
    """Runs of other threads go on, and do not use the request up."""
    executor, program = core.Executor(CPU), scale_program(400, size=1000)
    failures, stop = [], threading.Event()

    def work():
        scope = core.Scope()
        try:
            while not stop.is_set():
                executor.run(program, scope, {"v0": ones(10, 1000)}, ["v400"])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run_until_interrupted(executor, program, {"v0": ones(1000, 1000)})
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures


def test_variables_in_use():
    """What a run reads keeps its memory: another thread gives it new numbers in place, or is told to wait."""
    executor, scope, program = core.Executor(CPU), core.Scope(), scale_program(50, in_scope=True, size=1000)
    tensor = scope.var("v0").get_tensor()
    tensor.set(np.ones((100, 1000), "float32"), CPU)
    stop, refused, seen = threading.Event(), 0, set()

    def work():
        while not stop.is_set():
            out = np.array(executor.run(program, scope, {}, ["v50"])[0])
            seen.update((out[:, -1] / 2.0**50).tolist())

    def resize(rows):
        """Whether no run was in the way."""
        try:
            tensor.set(np.ones((rows, 1000), "float32"), CPU)
            return True
        except ValueError as error:
            assert "between runs" in str(error)
            return False

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for i in range(200):
            tensor.set(np.full((100, 1000), i, "float32"), CPU)  # in place, at any time
            if not resize(1 + i % 7):
                refused += 1
            else:
                while not resize(100):
                    time.sleep(0.0001)
            time.sleep(0.0005)
    finally:
        stop.set()
        thread.join()
    assert refused > 0 and len(seen) > 1
    tensor.set(np.ones((3, 1000), "float32"), CPU)
    assert np.array(executor.run(program, scope, {}, ["v50"])[0]).shape == (3, 1000)


@pytest.mark.skipif("'mul' not in core.op_types()", reason="the build has no ops")
def test_forked_children_run_alone():
    program = core.ProgramDesc()
    block = program.block(0)
    for name, shape in (("x", [-1, 512]), ("w", [512, 512]), ("y", [-1, 512])):
        block.var(name).set_shape(shape)
    op = block.append_op()
    op.set_type("mul")
    op.set_input("X", ["x"])
    op.set_input("Y", ["w"])
    op.set_output("Out", ["y"])
    op.check_attrs()
    executor, scope = core.Executor(CPU), core.Scope()
    feed = {"x": ones(300, 512), "w": ones(512, 512)}
    executor.run(program, scope, feed, ["y"])
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        right = (np.array(executor.run(program, scope, feed, ["y"])[0]) == 512).all()
        os._exit(0 if right and core.get_num_threads() == 1 else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_handler_of_the_scripts_own_is_left_alone():
    seen = []
    before = signal.signal(signal.SIGINT, lambda *args: seen.append(args))
    try:
        run_until_interrupted(core.Executor(CPU), scale_program(400, size=100), {"v0": ones(100, 100)}, seconds=0.6)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(seen) == 1


def test_exceptions_of_callbacks_come_out():
    program = scale_program()

    def fail(op):
        raise LookupError("from the callback")

    with pytest.raises(LookupError, match="from the callback"):
        core.append_backward(program, 0, ["v1"], [""], set(), [], [], fail)


def test_profiler(tmp_path, capfd):
    executor, scope, program = core.Executor(CPU), core.Scope(), scale_program(3)
    core.reset_profiler()
    core.enable_profiler(core.ProfilerState.kCPU)
    assert core.is_profiler_enabled()
    executor.run(program, scope, {"v0": ones()}, ["v3"])
    core.disable_profiler(core.EventSortingKey.kTotal, str(tmp_path / "trace.json"))
    assert not core.is_profiler_enabled()
    assert [event[0] for event in core.profiler_events()] == ["scale"] * 3
    assert "scale" in (tmp_path / "trace.json").read_text() and "scale" in capfd.readouterr().out
    core.reset_profiler()


def test_queue():
    scope = core.Scope()
    queue = scope.var("q").init_queue(2)
    assert queue.push([ones(), ones(2)]) and queue.size() == 1
    batch = queue.pop()
    assert [batch[i].shape() for i in range(len(batch))] == [[1, 3], [2, 3]]
    threading.Timer(0.05, queue.close).start()
    assert queue.pop() is None and not queue.push([ones()])
    queue.reopen()
    queue.kill("the disk is on fire")
    with pytest.raises(RuntimeError, match="the disk is on fire"):
        queue.pop()

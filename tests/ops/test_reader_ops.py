"""create_py_reader, create_double_buffer_reader, read: batches that come through a queue."""

import numpy as np
import pytest
from harness import Elsewhere
from script_op import append

from paddle import _core as core

for _type in ("create_py_reader", "create_double_buffer_reader", "read"):
    Elsewhere(_type, "tests/ops/test_reader_ops.py")

CPU, FP32, INT64 = core.CPUPlace(), int(core.VarDesc.VarType.FP32), int(core.VarDesc.VarType.INT64)
DESCRIPTION = dict(shape_concat=[-1, 2, -1, 1], ranks=[2, 2], lod_levels=[0, 1], dtypes=[FP32, INT64], need_check_feed=[1, 1])


class Pipeline:
    """A queue, the program that makes a reader of it, and the one that reads."""

    def __init__(self, outs=("x", "y"), place=None, **read):
        self.scope, self.executor = core.Scope(), core.Executor(CPU)
        self.queue = core.init_lod_tensor_blocking_queue(self.scope.var("queue"), 4, False)
        self.startup, self.main = core.ProgramDesc(), core.ProgramDesc()
        for program in (self.startup, self.main):
            for name in ("queue", "plain", "buffered"):
                var = program.block(0).var(name)
                var.set_type(core.VarDesc.VarType.RAW if name == "queue" else core.VarDesc.VarType.READER)
                var.set_persistable(True)
        append(self.startup.block(0), "create_py_reader", {"blocking_queue": ["queue"]}, {"Out": ["plain"]}, **DESCRIPTION)
        append(self.startup.block(0), "create_double_buffer_reader", {"UnderlyingReader": ["plain"]}, {"Out": ["buffered"]}, **({"place": place} if place else {}))
        for name in outs:
            var = self.main.block(0).var(name)
            var.set_dtype(core.VarDesc.VarType.INT64 if name == "y" else core.VarDesc.VarType.FP32)
            var.set_shape([-1, 1] if name == "y" else [-1, 2])
        append(self.main.block(0), "read", {"Reader": ["buffered"]}, {"Out": list(outs)}, **read)
        self.outs = list(outs)

    def start(self):
        self.executor.run(self.startup, self.scope, {}, [])
        return self

    def read(self):
        return self.executor.run(self.main, self.scope, {}, self.outs)


def batch(k, rows=3):
    x = core.from_numpy(np.full((rows, 2), k, "float32"))
    y = core.from_numpy(np.full((rows, 1), k, "int64"))
    y.set_recursive_sequence_lengths([[1, rows - 1]])
    return [x, y]


def test_batches_come_in_order_with_their_shapes_and_lod():
    pipeline = Pipeline().start()
    for k, rows in enumerate((3, 5, 2)):
        pipeline.queue.push(batch(k, rows))
    for k, rows in enumerate((3, 5, 2)):
        x, y = pipeline.read()
        assert np.array(x).tolist() == [[k, k]] * rows and np.array(y).tolist() == [[k]] * rows
        assert y.recursive_sequence_lengths() == [[1, rows - 1]]


def test_the_end_is_an_exception_and_the_queue_can_be_opened_again():
    pipeline = Pipeline().start()
    pipeline.queue.push(batch(1))
    pipeline.queue.close()
    pipeline.read()
    for _ in range(2):
        with pytest.raises(core.EOFException, match="no more data"):
            pipeline.read()
    pipeline.queue.reopen()
    pipeline.queue.push(batch(2))
    assert np.array(pipeline.read()[0])[0, 0] == 2


def test_the_end_can_be_empty_tensors():
    pipeline = Pipeline(throw_eof_exp=False).start()
    pipeline.queue.close()
    x, y = pipeline.read()
    assert np.array(x).size == 0 and np.array(y).size == 0


def test_a_batch_of_another_size_is_refused():
    pipeline = Pipeline(outs=("x",)).start()
    pipeline.queue.push(batch(1))
    with pytest.raises(core.EnforceNotMet, match="handed out 2 tensors, but the program reads 1") as error:
        pipeline.read()
    assert "'read'" in str(error.value) and 'File "script.py", line 7' in str(error.value)


def test_a_failure_of_the_writer_reaches_the_reader():
    pipeline = Pipeline().start()
    pipeline.queue.kill("the disk is gone")
    with pytest.raises(core.EnforceNotMet, match="the disk is gone"):
        pipeline.read()


def test_reading_before_the_startup_program_ran_is_refused():
    with pytest.raises(core.EnforceNotMet, match="startup program") as error:
        Pipeline().read()
    assert "'read'" in str(error.value) and 'File "script.py", line 7' in str(error.value)


def test_places_that_are_not_there_are_refused():
    assert Pipeline(place="CPU").start()
    with pytest.raises(core.EnforceNotMet, match="place is 'CUDA:0'") as error:
        Pipeline(place="CUDA:0").start()
    assert "'create_double_buffer_reader'" in str(error.value) and 'File "script.py", line 7' in str(error.value)


@pytest.mark.parametrize("missing", ["ranks", "lod_levels", "dtypes", "need_check_feed"])
def test_descriptions_of_different_lengths_are_refused(missing):
    program = core.ProgramDesc()
    program.block(0).var("queue").set_type(core.VarDesc.VarType.RAW)
    program.block(0).var("plain").set_type(core.VarDesc.VarType.READER)
    with pytest.raises(core.EnforceNotMet, match="as many entries") as error:
        append(program.block(0), "create_py_reader", {"blocking_queue": ["queue"]}, {"Out": ["plain"]}, **{**DESCRIPTION, missing: DESCRIPTION[missing][:1]})
    assert "'create_py_reader'" in str(error.value) and 'File "script.py", line 7' in str(error.value)

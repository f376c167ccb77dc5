"""Readers, batches and loaders."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import paddle
import paddle.fluid as fluid
from paddle import reader
from paddle.fluid import layers


def numbers(count):
    return lambda: iter(range(count))


def test_batch():
    assert list(paddle.batch(numbers(5), 2)()) == [[0, 1], [2, 3], [4]]
    assert list(paddle.batch(numbers(5), 2, drop_last=True)()) == [[0, 1], [2, 3]]
    with pytest.raises(ValueError):
        paddle.batch(numbers(5), 0)


def test_decorators():
    assert list(reader.map_readers(lambda a, b: a + b, numbers(3), numbers(3))()) == [0, 2, 4]
    assert list(reader.chain(numbers(2), numbers(3))()) == [0, 1, 0, 1, 2]
    assert list(reader.compose(numbers(2), lambda: iter([(5, 6), (7, 8)]))()) == [(0, 5, 6), (1, 7, 8)]
    assert list(reader.firstn(numbers(9), 3)()) == [0, 1, 2]
    assert list(reader.buffered(numbers(9), 2)()) == list(range(9))
    assert sorted(reader.shuffle(numbers(9), 4)()) == list(range(9))
    cached = reader.cache(numbers(4))
    assert list(cached()) == list(cached()) == [0, 1, 2, 3]
    with pytest.raises(reader.ComposeNotAligned):
        list(reader.compose(numbers(2), numbers(3))())
    assert list(reader.compose(numbers(2), numbers(3), check_alignment=False)()) == [(0, 0), (1, 1)]


@pytest.mark.parametrize("order", [True, False])
def test_xmap(order):
    def slow(x):
        time.sleep(0.001 * (x % 3))
        return 2 * x

    result = list(reader.xmap_readers(slow, numbers(20), 3, 5, order=order)())
    assert (result if order else sorted(result)) == [2 * i for i in range(20)]


def test_multiprocess():
    assert sorted(reader.multiprocess_reader([numbers(5), numbers(3)])()) == sorted([0, 1, 2, 3, 4, 0, 1, 2])


def failing():
    yield 1
    raise OSError("the disk is gone")


@pytest.mark.parametrize("wrap", [lambda r: reader.buffered(r, 2), lambda r: reader.xmap_readers(abs, r, 2, 2)])
def test_errors_reach_whoever_reads(wrap):
    with pytest.raises(OSError, match="the disk is gone"):
        list(wrap(failing)())


def samples(count=10):
    def read():
        for i in range(count):
            yield np.full(4, i, "float32"), [i]

    return read


def variables():
    return fluid.data("x", [None, 4]), fluid.data("y", [None, 1], "int64")


@pytest.mark.parametrize("source", ["sample", "sample_list", "batch"])
def test_iterable_loader(exe, source):
    x, y = variables()
    out = layers.elementwise_add(layers.reduce_sum(x, dim=1, keep_dim=True), layers.cast(y, "float32"))
    loader = fluid.io.DataLoader.from_generator([x, y], capacity=2)
    if source == "sample":
        loader.set_sample_generator(samples(), batch_size=3)
    elif source == "sample_list":
        loader.set_sample_list_generator(paddle.batch(samples(), 3, drop_last=True))
    else:

        def batches():
            for batch in paddle.batch(samples(), 3, drop_last=True)():
                yield np.stack([a for a, _ in batch]), np.array([b for _, b in batch])

        loader.set_batch_generator(batches)
    for _ in range(2):  # two epochs
        values = [exe.run(feed=feed, fetch_list=[out])[0] for feed in loader()]
        assert np.concatenate(values)[:, 0].tolist() == [5.0 * i for i in range(9)]


@pytest.mark.parametrize("double_buffer", [True, False])
def test_loader_in_the_program(exe, double_buffer):
    x, y = variables()
    loader = fluid.io.DataLoader.from_generator([x, y], 2, double_buffer, iterable=False)
    out = layers.reduce_sum(x)
    loader.set_sample_generator(samples(), batch_size=5)
    for _ in range(2):
        loader.start()
        values = []
        with pytest.raises(fluid.core.EOFException):
            while True:
                values.append(exe.run(fetch_list=[out])[0][0])
        assert values == [40.0, 140.0]
        loader.reset()
    loader.start()  # an epoch that is left early
    exe.run(fetch_list=[out])
    loader.reset()
    loader.start()
    assert exe.run(fetch_list=[out])[0][0] == 40.0
    loader.reset()


def test_py_reader(exe):
    source = layers.py_reader(4, [[-1, 4], [-1, 1]], ["float32", "int64"], name="train")
    x, y = layers.read_file(source)
    out = layers.reduce_sum(x)
    source.decorate_paddle_reader(paddle.batch(samples(), 5))
    exe.run(fluid.default_startup_program())
    for _ in range(2):
        source.start()
        values = []
        with pytest.raises(fluid.core.EOFException):
            while True:
                values.append(exe.run(fetch_list=[out])[0][0])
        assert values == [40.0, 140.0]
        source.reset()


@pytest.mark.parametrize("iterable", [True, False])
def test_loader_errors_arrive_within_a_second(exe, iterable):
    def broken():
        yield np.ones((2, 4), "float32"), np.ones((2, 1), "int64")
        raise OSError("the disk is gone")

    x, y = variables()
    loader = fluid.io.DataLoader.from_generator([x, y], 2, iterable=iterable)
    out = layers.reduce_sum(x)
    loader.set_batch_generator(broken)
    start = time.time()
    with pytest.raises(Exception, match="the disk is gone"):
        if iterable:
            for feed in loader():
                exe.run(feed=feed, fetch_list=[out])
        else:
            loader.start()
            while True:
                exe.run(fetch_list=[out])
    assert time.time() - start < 1.0
    if not iterable:
        loader.reset()


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_the_wait_for_the_first_batch(exe):
    x, y = variables()
    loader = fluid.io.DataLoader.from_generator([x, y], 2, iterable=False)
    out = layers.reduce_sum(x)
    gate = threading.Event()

    def slow():
        gate.wait(20)
        yield np.ones((2, 4), "float32"), np.ones((2, 1), "int64")

    loader.set_batch_generator(slow)
    loader.start()
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    start = time.time()
    with pytest.raises(KeyboardInterrupt):
        exe.run(fetch_list=[out])
    assert time.time() - start < 10
    timer.join()
    gate.set()
    assert exe.run(fetch_list=[out])[0][0] == 8
    loader.reset()


def test_loader_misuse():
    x, y = variables()
    with pytest.raises(ValueError):
        fluid.io.DataLoader.from_generator([x, y], capacity=None)
    loader = fluid.io.DataLoader.from_generator([x, y], capacity=2)
    with pytest.raises(RuntimeError, match="no data"):
        loader()
    with pytest.raises(RuntimeError, match="iterate"):
        loader.start()
    loader.set_batch_generator(lambda: iter([[np.ones((1, 4), "float32")]]))
    with pytest.raises(ValueError, match="1 fields"):
        list(loader())


def test_loader_of_a_dataset(exe):
    class Squares:
        def __len__(self):
            return 7

        def __getitem__(self, i):
            return np.full(4, i, "float32"), np.array([i * i])

    x, y = variables()
    loader = fluid.io.DataLoader(Squares(), feed_list=[x, y], batch_size=3, drop_last=True)
    values = [exe.run(feed=feed, fetch_list=[y])[0] for feed in loader]
    assert len(loader) == 2 and np.concatenate(values)[:, 0].tolist() == [0, 1, 4, 9, 16, 25]


class Squares(fluid.io.Dataset):
    def __getitem__(self, index):
        return np.array([index], "float32"), np.array([index**2], "float32")

    def __len__(self):
        return 7


def test_batch_sampler():
    assert list(fluid.io.BatchSampler(Squares(), batch_size=3)) == [[0, 1, 2], [3, 4, 5], [6]]
    sampler = fluid.io.BatchSampler(indices=[5, 1, 4, 2], batch_size=3, drop_last=True)
    assert list(sampler) == [[5, 1, 4]] and len(sampler) == 1
    shuffled = fluid.io.BatchSampler(Squares(), shuffle=True, batch_size=7)
    (first,), (second,) = list(shuffled), list(shuffled)
    assert sorted(first) == sorted(second) == list(range(7)) and first != second
    loader = fluid.io.DataLoader(Squares(), return_list=True, batch_sampler=sampler)
    (((_, squares),),) = list(loader)
    assert np.array(squares)[:, 0].tolist() == [25, 1, 16]
    for arguments, message in (
        ({}, "either dataset or indices"),
        ({"indices": [1], "dataset": Squares()}, "either dataset or indices"),
        ({"indices": [1], "batch_size": 0}, "positive integer, got 0"),
        ({"indices": 5}, "a list or tuple, got int"),
        ({"dataset": 5}, "must have a length, got int"),
        ({"indices": [1], "shuffle": 1}, "shuffle must be True or False"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            fluid.io.BatchSampler(**arguments)
    with pytest.raises(NotImplementedError, match="Dataset has no __len__"):
        len(fluid.io.Dataset())
    with pytest.raises(NotImplementedError, match="Dataset has no __getitem__"):
        fluid.io.Dataset()[0]

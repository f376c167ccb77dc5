"""Loaders: a thread reads and prepares batches while the program runs."""

import numpy as np

from paddle.batch import batch as make_batches
from paddle.fluid import core
from paddle.fluid.data_feeder import DataFeeder
from paddle.fluid.dataloader import BatchSampler
from paddle.fluid.framework import VarType, default_main_program
from paddle.fluid.prefetch import Prefetcher, QueueFiller, to_tensor
from paddle.fluid.unique_name import UniqueNameGenerator

__all__ = ["PyReader", "DataLoader", "default_collate_fn"]

_names = UniqueNameGenerator()  # readers stay in the scope, so their names are never given out twice


def _as_places(places):
    from paddle.fluid.framework import cpu_places, cuda_places

    if places is None:
        return cuda_places() if core.is_compiled_with_cuda() else cpu_places()
    return list(places) if isinstance(places, (list, tuple)) else [places]


class _GeneratorLoader:
    """What ``DataLoader.from_generator`` returns.

    Give it the data with ``set_sample_generator``, ``set_sample_list_generator`` or ``set_batch_generator``; then, if
    it is ``iterable``, iterate over it once an epoch; else call ``start`` before and ``reset`` after each epoch, which
    ends with ``fluid.core.EOFException``.
    """

    def __init__(self, feed_list, capacity, use_double_buffer=True, iterable=True, return_list=False, drop_last=True):
        if not isinstance(capacity, int) or capacity <= 0:
            raise ValueError("capacity must be a positive integer, got %r" % (capacity,))
        if not iterable and not feed_list:
            raise ValueError("a loader that is not iterable needs feed_list")
        self._feed_list = list(feed_list or [])
        self._capacity = capacity
        self._use_double_buffer = use_double_buffer
        self._iterable = iterable
        self._return_list = return_list
        self._drop_last = drop_last
        self._places = None
        self._batches = None
        self._filler = None
        if not iterable:
            self._append_ops()

    @property
    def iterable(self):
        return self._iterable

    @property
    def queue(self):
        """The queue between the thread and the program."""
        return None if self._filler is None else self._filler.queue

    def __call__(self):
        return self.__iter__()

    # Where the data comes from

    def set_sample_generator(self, reader, batch_size, drop_last=True, places=None):
        """``reader()`` yields samples, tuples with a value for each variable of ``feed_list``; returns this loader."""
        return self.set_sample_list_generator(make_batches(reader, batch_size, drop_last), places)

    def set_sample_list_generator(self, reader, places=None):
        """``reader()`` yields batches, lists of samples; returns this loader."""
        feeder = DataFeeder(self._feed_list, core.CPUPlace())

        def batches():
            for samples in reader():
                feed = feeder.feed(samples)
                yield [feed[name] for name in feeder.feed_names]

        return self.set_batch_generator(batches, places)

    def set_batch_generator(self, reader, places=None):
        """``reader()`` yields batches: lists of arrays or LoDTensors, one for each variable; returns this loader."""
        self._batches = reader
        if self._iterable:
            self._places = _as_places(places)
        return self

    def _tensors(self):
        """Batches as lists of tensors."""
        if self._batches is None:
            raise RuntimeError("the loader has no data: call set_batch_generator or one of its kin first")
        for batch in self._batches():
            if isinstance(batch, dict):
                batch = [batch[var.name] for var in self._feed_list]
            if not isinstance(batch, (list, tuple)):
                batch = [batch]
            if self._feed_list and len(batch) != len(self._feed_list):
                raise ValueError(
                    "a batch has %d fields, the loader has %d variables" % (len(batch), len(self._feed_list))
                )
            dtypes = [var.dtype for var in self._feed_list] or [None] * len(batch)
            yield [to_tensor(value, dtype) for value, dtype in zip(batch, dtypes)]

    # Iterable

    def _groups(self):
        """Lists of one feed a place."""
        count = len(self._places)
        group = []
        for tensors in self._tensors():
            names = [var.name for var in self._feed_list]
            group.append(tensors if self._return_list or not names else dict(zip(names, tensors)))
            if len(group) == count:
                yield group
                group = []
        if group and not self._drop_last:
            yield group

    def __iter__(self):
        if not self._iterable:
            raise RuntimeError("this loader is not iterable; call start and reset instead")
        if self._batches is None:
            raise RuntimeError("the loader has no data: call set_batch_generator or one of its kin first")
        return iter(Prefetcher(self._groups(), self._capacity))

    # Not iterable: ops of the program read from a queue

    def _append_ops(self):
        from paddle.fluid.executor import global_scope

        block = default_main_program().current_block()
        queue_name = _names("lod_tensor_blocking_queue")
        queue = core.init_lod_tensor_blocking_queue(global_scope().var(queue_name), self._capacity, False)
        self._filler = QueueFiller(queue, self._tensors)
        variables = self._feed_list
        reader = _reader_var(block, _names("create_py_reader"), variables)
        queue_var = block.create_var(name=queue_name, type=VarType.RAW, persistable=True)
        block.append_op(
            type="create_py_reader",
            inputs={"blocking_queue": [queue_var]},
            outputs={"Out": [reader]},
            attrs=reader_attrs(variables),
        )
        if self._use_double_buffer:
            inner, reader = reader, _reader_var(block, _names("double_buffer"), variables)
            block.append_op(
                type="create_double_buffer_reader", inputs={"UnderlyingReader": [inner]}, outputs={"Out": [reader]}
            )
        block.append_op(
            type="read", inputs={"Reader": [reader]}, outputs={"Out": variables}, attrs={"drop_last": self._drop_last}
        )

    def start(self):
        """Start the thread of an epoch.

        Raises:
            RuntimeError: it runs already, or the loader is iterable or has no data.
        """
        if self._iterable:
            raise RuntimeError("an iterable loader has no start; iterate over it")
        if self._batches is None:
            raise RuntimeError("the loader has no data: call set_batch_generator or one of its kin first")
        self._filler.start()

    def reset(self):
        """End an epoch: stop the thread and forget what it read ahead."""
        if self._iterable:
            raise RuntimeError("an iterable loader has no reset; iterate over it again")
        self._filler.reset()


def reader_attrs(variables):
    """The attributes by which a reader op knows the tensors that it hands out."""
    shapes = [list(var.shape) for var in variables]
    return {
        "shape_concat": [size for shape in shapes for size in shape],
        "ranks": [len(shape) for shape in shapes],
        "lod_levels": [var.lod_level for var in variables],
        "dtypes": [int(var.dtype) for var in variables],
        "need_check_feed": [int(var.desc.need_check_feed()) for var in variables],
    }


def _reader_var(block, name, variables):
    var = block.create_var(name=name, type=VarType.READER, persistable=True, stop_gradient=True)
    var.desc.set_shapes([list(v.shape) for v in variables])
    var.desc.set_dtypes([v.dtype for v in variables])
    var.desc.set_lod_levels([v.lod_level for v in variables])
    return var


class DataLoader:
    """Loads batches in a thread; see ``DataLoader.from_generator``, or give it a dataset.

    Args:
        dataset: has ``__getitem__`` and ``__len__``; each item is a tuple of arrays, one for each variable.
        feed_list (list): the variables that are fed.
        places: the devices; each gets a batch.
        return_list (bool): yield lists of arrays, not dicts to feed.
        batch_sampler: yields lists of indices; made from the next arguments by default.
        batch_size (int), shuffle (bool), drop_last (bool): how the dataset is cut into batches.
        collate_fn: makes arrays from a list of items; stacks them by default.

    ``num_workers``, ``use_buffer_reader``, ``use_shared_memory``, ``timeout`` and ``worker_init_fn`` are kept for old
    scripts: one thread loads.
    """

    def __init__(
        self,
        dataset,
        feed_list=None,
        places=None,
        return_list=False,
        batch_sampler=None,
        batch_size=1,
        shuffle=False,
        drop_last=False,
        collate_fn=None,
        num_workers=0,
        use_buffer_reader=True,
        use_shared_memory=True,
        timeout=0,
        worker_init_fn=None,
    ):
        if feed_list is None and not return_list:
            raise ValueError("DataLoader needs feed_list, or return_list=True")
        if batch_sampler is None:
            batch_sampler = BatchSampler(dataset, None, shuffle, batch_size, drop_last)
        self.dataset = dataset
        self.batch_sampler = batch_sampler
        self._collate = default_collate_fn if collate_fn is None else collate_fn
        self._loader = _GeneratorLoader(feed_list, 8, iterable=True, return_list=return_list)
        self._loader.set_batch_generator(self._read, places)

    def _read(self):
        for indices in self.batch_sampler:
            yield self._collate([self.dataset[i] for i in indices])

    def __len__(self):
        return len(self.batch_sampler)

    def __iter__(self):
        return iter(self._loader)

    def __call__(self):
        return iter(self)

    @staticmethod
    def from_generator(
        feed_list=None,
        capacity=None,
        use_double_buffer=True,
        iterable=True,
        return_list=False,
        use_multiprocess=False,
        drop_last=True,
    ):
        """A loader whose data comes from a generator.

        Args:
            feed_list (list): the variables that are fed.
            capacity (int): so many batches are read ahead.
            use_double_buffer (bool): kept for old scripts.
            iterable (bool): the loader is iterated over and gives what ``Executor.run`` takes as ``feed``; else ops of
                the program read from it, see ``start`` and ``reset``.
            return_list (bool): yield lists of tensors, not dicts to feed.
            use_multiprocess (bool): kept for old scripts.
            drop_last (bool): with several places: leave out batches left over at the end of an epoch.

        Returns:
            A loader with ``set_sample_generator``, ``set_sample_list_generator`` and ``set_batch_generator``.

        Raises:
            ValueError: a wrong capacity, or no ``feed_list`` where it is needed.

        Example:
            ::

                loader = fluid.io.DataLoader.from_generator(feed_list=[image, label], capacity=8)
                loader.set_sample_list_generator(paddle.batch(reader, 64), places=fluid.cpu_places())
                for feed in loader():
                    exe.run(feed=feed, fetch_list=[loss])
        """
        return _GeneratorLoader(feed_list, capacity, use_double_buffer, iterable, return_list, drop_last)


def default_collate_fn(batch):
    """One array for each field of the items of a batch, stacked."""
    first = batch[0]
    if isinstance(first, (list, tuple)):
        return [np.stack([np.asarray(item[i]) for item in batch]) for i in range(len(first))]
    return [np.stack([np.asarray(item) for item in batch])]


class PyReader(_GeneratorLoader):
    """The older form of ``DataLoader.from_generator``, with the same arguments."""

    def __init__(self, feed_list=None, capacity=None, use_double_buffer=True, iterable=True, return_list=False):
        super().__init__(feed_list, capacity, use_double_buffer, iterable, return_list)

    def decorate_sample_generator(self, sample_generator, batch_size, drop_last=True, places=None):
        """See ``set_sample_generator``."""
        self.set_sample_generator(sample_generator, batch_size, drop_last, places)

    def decorate_sample_list_generator(self, reader, places=None):
        """See ``set_sample_list_generator``."""
        self.set_sample_list_generator(reader, places)

    def decorate_batch_generator(self, reader, places=None):
        """See ``set_batch_generator``."""
        self.set_batch_generator(reader, places)

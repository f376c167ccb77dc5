"""Threads that read ahead."""

import queue
import threading

import numpy as np

from paddle.fluid import core
from paddle.fluid.framework import dtype_to_numpy


class _Failed:
    """An exception of the thread on its way to whoever reads."""

    def __init__(self, error):
        self.error = error


_END = object()


class Prefetcher:
    """Iterates in a thread, at most ``capacity`` items ahead."""

    def __init__(self, iterable, capacity):
        self._queue = queue.Queue(maxsize=capacity)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(iterable,), daemon=True)
        self._thread.start()

    def _put(self, item):
        while not self._stopped.is_set():
            try:
                self._queue.put(item, timeout=0.1)
                return True
            except queue.Full:
                pass
        return False

    def _work(self, iterable):
        try:
            for item in iterable:
                if not self._put(item):
                    return
            self._put(_END)
        except BaseException as error:
            self._put(_Failed(error))

    def __iter__(self):
        try:
            while True:
                item = self._queue.get()
                if item is _END:
                    return
                if isinstance(item, _Failed):
                    raise item.error
                yield item
        finally:
            self.stop()

    def stop(self):
        self._stopped.set()
        self._thread.join(timeout=1.0)


def to_tensor(value, dtype=None):
    """A tensor that keeps its value while it waits: arrays are copied, their maker may use them again."""
    if isinstance(value, core.LoDTensor):
        return value
    if not isinstance(value, np.ndarray):
        value = np.array(value, dtype=None if dtype is None else dtype_to_numpy(dtype))
    return core.from_numpy(value, False)


class QueueFiller:
    """A thread that pushes batches into a queue that ops of a program read; one thread an epoch.

    ``batches()`` yields lists of tensors. An error in it reaches the program that reads.
    """

    def __init__(self, queue, batches):
        self.queue = queue
        self._batches = batches
        self._thread = None

    def start(self):
        """Start the thread of an epoch.

        Raises:
            RuntimeError: it runs already.
        """
        if self._thread is not None:
            raise RuntimeError("the reader runs already; call reset after an epoch")
        self.queue.reopen()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        try:
            for tensors in self._batches():
                array = core.LoDTensorArray()
                for tensor in tensors:
                    array.append(tensor)
                if not self.queue.push(array):
                    return
            self.queue.close()
        except BaseException as error:
            self.queue.kill("the generator of a reader failed: %s: %s" % (type(error).__name__, error))

    def reset(self):
        """End an epoch: stop the thread and forget what it read ahead."""
        self.queue.close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.queue.reopen()

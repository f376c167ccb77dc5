"""Functions from readers to readers."""

import itertools
import random

__all__ = [
    "cache",
    "map_readers",
    "buffered",
    "compose",
    "chain",
    "shuffle",
    "ComposeNotAligned",
    "firstn",
    "xmap_readers",
    "multiprocess_reader",
]


class ComposeNotAligned(ValueError):
    """Readers that were put side by side have different lengths."""


def cache(reader):
    """Keep all samples of a reader in memory; it is read once, now."""
    samples = tuple(reader())

    def cached():
        return iter(samples)

    return cached


def map_readers(func, *readers):
    """A reader of ``func(a, b, ...)`` of the samples of several readers, as long as the shortest."""

    def mapped():
        return map(func, *[reader() for reader in readers])

    return mapped


def shuffle(reader, buf_size):
    """Read ``buf_size`` samples, hand them out in random order (of Python's ``random``), and so on."""

    def shuffled():
        samples = []
        for sample in reader():
            samples.append(sample)
            if len(samples) >= buf_size:
                random.shuffle(samples)
                yield from samples
                samples = []
        random.shuffle(samples)
        yield from samples

    return shuffled


def chain(*readers):
    """The samples of the first reader, then those of the second, and so on."""

    def chained():
        return itertools.chain.from_iterable(reader() for reader in readers)

    return chained


def compose(*readers, **kwargs):
    """Put the samples of several readers together: fields (a, b) and c make (a, b, c).

    Args:
        check_alignment (bool): True, the default: readers of different lengths are an error; False: the shortest
            decides.

    Raises:
        ComposeNotAligned: while reading, when one reader ends before the others.
    """
    check_alignment = kwargs.pop("check_alignment", True)
    if kwargs:
        raise TypeError("compose has no argument %s" % ", ".join(kwargs))
    missing = object()

    def fields(sample):
        return sample if isinstance(sample, tuple) else (sample,)

    def composed():
        iterators = [reader() for reader in readers]
        if not check_alignment:
            for samples in zip(*iterators):
                yield sum(map(fields, samples), ())
            return
        for samples in itertools.zip_longest(*iterators, fillvalue=missing):
            if any(sample is missing for sample in samples):
                raise ComposeNotAligned("the readers have different lengths")
            yield sum(map(fields, samples), ())

    return composed


def firstn(reader, n):
    """The first ``n`` samples of a reader."""

    def first():
        return itertools.islice(reader(), n)

    return first


class _Failed:
    """An exception on its way from a thread or process."""

    def __init__(self, error):
        self.error = error


class _End:
    pass


def buffered(reader, size):
    """Read up to ``size`` samples ahead in a thread. An error of the reader reaches whoever reads."""

    def ahead():
        import queue
        import threading

        buffer = queue.Queue(maxsize=size)
        stopped = threading.Event()

        def put(item):
            while not stopped.is_set():
                try:
                    buffer.put(item, timeout=0.1)
                    return
                except queue.Full:
                    pass

        def work():
            try:
                for sample in reader():
                    put(sample)
                    if stopped.is_set():
                        return
                put(_End)
            except BaseException as error:
                put(_Failed(error))

        threading.Thread(target=work, daemon=True).start()
        try:
            while True:
                item = buffer.get()
                if item is _End:
                    return
                if isinstance(item, _Failed):
                    raise item.error
                yield item
        finally:
            stopped.set()

    return ahead


def xmap_readers(mapper, reader, process_num, buffer_size, order=False):
    """Map the samples of a reader in ``process_num`` threads, reading up to ``buffer_size`` samples ahead.

    ``order`` keeps the order of the samples. An error of reader or mapper reaches whoever reads.
    """

    def mapped():
        from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

        with ThreadPoolExecutor(max_workers=process_num) as pool:
            samples = reader()
            pending = []
            limit = max(buffer_size, process_num)
            try:
                for sample in samples:
                    pending.append(pool.submit(mapper, sample))
                    if len(pending) < limit:
                        continue
                    if order:
                        yield pending.pop(0).result()
                    else:
                        done, left = wait(pending, return_when=FIRST_COMPLETED)
                        pending = list(left)
                        for future in done:
                            yield future.result()
                while pending:
                    yield pending.pop(0).result()
            finally:
                for future in pending:
                    future.cancel()

    return mapped


def _read_into(reader, queue):
    try:
        for sample in reader():
            if sample is None:
                raise ValueError("a sample is None")
            queue.put((True, sample))
        queue.put((True, None))
    except BaseException as error:
        queue.put((False, "%s: %s" % (type(error).__name__, error)))


def multiprocess_reader(readers, use_pipe=True, queue_size=1000):
    """Read several readers at once, each in a process of its own, in no certain order.

    ``use_pipe`` is kept for old scripts; up to ``queue_size`` samples wait in a queue.

    Raises:
        RuntimeError: while reading, when a reader failed.
    """
    if not isinstance(readers, (list, tuple)) or not readers:
        raise TypeError("multiprocess_reader takes a list of readers")

    def read():
        import multiprocessing

        context = multiprocessing.get_context("fork")
        queue = context.Queue(queue_size)
        processes = [context.Process(target=_read_into, args=(reader, queue), daemon=True) for reader in readers]
        for process in processes:
            process.start()
        left = len(processes)
        try:
            while left:
                good, sample = queue.get()
                if not good:
                    raise RuntimeError("a reader failed in its process: %s" % sample)
                if sample is None:
                    left -= 1
                else:
                    yield sample
        finally:
            for process in processes:
                process.terminate()
                process.join()

    return read

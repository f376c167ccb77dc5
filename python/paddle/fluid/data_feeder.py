"""From minibatches of samples to what the executor is fed."""

import numpy as np

from paddle.fluid import core
from paddle.fluid.framework import Variable, default_main_program, dtype_to_numpy

__all__ = ["DataFeeder"]


class FeedKind:
    """What a variable is fed: its name, shape, element type and levels of sequences."""

    def __init__(self, name, shape, dtype, lod_level):
        self.name = name
        self.shape = list(shape)
        self.dtype = dtype_to_numpy(dtype)
        self.lod_level = lod_level


def make_feed(kinds, samples, place):
    """The dict to feed from a list of samples, see ``DataFeeder.feed``."""
    fields = [_Field(kind, place) for kind in kinds]
    for sample in samples:
        if len(sample) != len(fields):
            raise ValueError(
                "a sample has %d fields, the feeder has %d variables: %s"
                % (len(sample), len(fields), ", ".join(kind.name for kind in kinds))
            )
        for field, value in zip(fields, sample):
            field.add(value)
    return {field.name: field.to_tensor() for field in fields}


class _Field:
    """Collects one field of the samples of a minibatch."""

    def __init__(self, kind, place):
        self.name, self.shape, self.dtype, self.lod_level = kind.name, kind.shape, kind.dtype, kind.lod_level
        self.place = place
        self.rows = []
        self.lengths = [[] for _ in range(self.lod_level)]

    def add(self, sample):
        self._add(sample, 0)

    def _add(self, item, level):
        if level == self.lod_level:
            self.rows.append(item)
            return
        self.lengths[level].append(len(item))
        if level == self.lod_level - 1:
            self.rows.extend(item)
        else:
            for part in item:
                self._add(part, level + 1)

    def to_tensor(self):
        try:
            array = np.array(self.rows, dtype=self.dtype)
        except (TypeError, ValueError) as error:
            raise ValueError(
                "the samples of field '%s' (%s, shape %s, lod_level %d) cannot be put into one array: %s"
                % (self.name, self.dtype, tuple(self.shape), self.lod_level, error)
            ) from None
        if array.ndim != len(self.shape):
            array = self._reshape(array)
        tensor = core.LoDTensor()
        tensor.set(array, self.place)
        if self.lod_level:
            tensor.set_recursive_sequence_lengths(self.lengths)
        return tensor

    def _reshape(self, array):
        shape = list(self.shape)
        if self.lod_level or shape.count(-1) > 1:
            shape[0] = len(self.rows)
        try:
            return array.reshape(shape)
        except ValueError:
            raise ValueError(
                "the samples of field '%s' make an array of shape %s, which does not fit the variable's shape %s"
                % (self.name, array.shape, tuple(self.shape))
            ) from None


class DataFeeder:
    """Makes what ``Executor.run`` takes as ``feed`` from a list of samples.

    Args:
        feed_list: data variables, or their names, one for each field of a sample.
        place: the device.
        program: where names are looked up; the default main program by default.
    """

    def __init__(self, feed_list, place, program=None):
        program = default_main_program() if program is None else program
        self.feed_vars = []
        for var in feed_list:
            if isinstance(var, str):
                var = program.block(0).var(var)
            if not isinstance(var, Variable):
                raise TypeError("feed_list takes variables or their names, got %s" % type(var).__name__)
            self.feed_vars.append(var)
        self.feed_names = [var.name for var in self.feed_vars]
        self.place = place

    def feed(self, iterable):
        """Make the dict to feed from a minibatch, a list of samples; each is a tuple with a value for each variable.

        Values take the type of their variable. A field without sequences is stacked and, where the dimensions differ,
        brought to the shape of the variable; of a variable with ``lod_level`` n each sample is a list nested n deep.

        Raises:
            ValueError: the samples have another number of fields, or do not fit the variables.
        """
        kinds = [FeedKind(var.name, var.shape, var.dtype, var.lod_level) for var in self.feed_vars]
        return make_feed(kinds, iterable, self.place)

    def feed_parallel(self, iterable, num_places=None):
        """Make a dict for each replica from as many minibatches."""
        places = self._places(num_places)
        batches = list(iterable)
        if len(batches) != len(places):
            raise ValueError("got %d minibatches for %d replicas" % (len(batches), len(places)))
        for batch, place in zip(batches, places):
            yield DataFeeder(self.feed_vars, place).feed(batch)

    def _places(self, num_places):
        from paddle.fluid.framework import cpu_places, cuda_places

        if isinstance(self.place, core.CUDAPlace):
            return cuda_places() if num_places is None else cuda_places(list(range(num_places)))
        return cpu_places(num_places)

    def decorate_reader(self, reader, multi_devices, num_places=None, drop_last=True):
        """Make a reader of dicts to feed from a reader of minibatches.

        ``multi_devices``: each item is a list of dicts, one a replica; minibatches left over at the end are dropped,
        or an error when ``drop_last`` is False.
        """

        def single():
            for batch in reader():
                yield self.feed(batch)

        def multiple():
            count = len(self._places(num_places))
            group = []
            for batch in reader():
                group.append(batch)
                if len(group) == count:
                    yield list(self.feed_parallel(group, num_places))
                    group = []
            if group and not drop_last:
                raise ValueError("%d minibatches are left over for %d replicas" % (len(group), count))

        return multiple if multi_devices else single

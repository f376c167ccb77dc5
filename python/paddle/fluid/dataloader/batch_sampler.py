"""Which samples make a batch."""

import numpy as np

__all__ = ["BatchSampler"]


class BatchSampler:
    """Lists of indices, one for each batch of an epoch.

    Args:
        dataset: its length says which indices there are.
        indices (list): the indices, instead of ``dataset``.
        shuffle (bool): in an order that ``numpy.random`` decides, another one each epoch.
        batch_size (int): indices in a list.
        drop_last (bool): leave out the last list where it is shorter.

    Raises:
        ValueError: neither or both of ``dataset`` and ``indices`` are given, or ``batch_size`` is not positive.
        TypeError: an argument is of another kind.
    """

    def __init__(self, dataset=None, indices=None, shuffle=False, batch_size=1, drop_last=False):
        if (dataset is None) == (indices is None):
            raise ValueError("BatchSampler takes either dataset or indices")
        if indices is None:
            if not hasattr(dataset, "__len__"):
                raise TypeError("the dataset of a BatchSampler must have a length, got %s" % type(dataset).__name__)
            indices = range(len(dataset))
        elif not isinstance(indices, (list, tuple)):
            raise TypeError("indices must be a list or tuple, got %s" % type(indices).__name__)
        for name, value in (("shuffle", shuffle), ("drop_last", drop_last)):
            if not isinstance(value, bool):
                raise TypeError("%s must be True or False, got %r" % (name, value))
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size <= 0:
            raise ValueError("batch_size must be a positive integer, got %r" % (batch_size,))
        self.sampler_iter = indices
        self.shuffle, self.batch_size, self.drop_last = shuffle, batch_size, drop_last

    def __iter__(self):
        indices = list(self.sampler_iter)
        order = np.random.permutation(len(indices)) if self.shuffle else range(len(indices))
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            yield [indices[i] for i in order[start : start + self.batch_size]]

    def __len__(self):
        full, rest = divmod(len(self.sampler_iter), self.batch_size)
        return full + (1 if rest and not self.drop_last else 0)

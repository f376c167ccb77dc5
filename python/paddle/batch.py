"""Grouping of samples into minibatches."""

__all__ = ["batch"]


def batch(reader, batch_size, drop_last=False):
    """Make a reader of lists of ``batch_size`` samples from a reader of samples.

    Args:
        reader: a function that returns an iterable of samples.
        batch_size (int): samples in a minibatch, at least 1.
        drop_last (bool): leave out the last minibatch when it has fewer samples.

    Returns:
        A function that returns an iterator of lists.

    Raises:
        ValueError: ``batch_size`` is not a positive integer.
    """
    if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
        raise ValueError("batch_size must be a positive integer, got %r" % (batch_size,))

    def batch_reader():
        samples = []
        for sample in reader():
            samples.append(sample)
            if len(samples) == batch_size:
                yield samples
                samples = []
        if samples and not drop_last:
            yield samples

    return batch_reader

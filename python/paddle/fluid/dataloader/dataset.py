"""Data sets that are read by index."""

__all__ = ["Dataset"]


class Dataset:
    """Base of data sets: a class of its own says what ``dataset[i]`` and ``len(dataset)`` are.

    Example:
        ::

            class Squares(fluid.io.Dataset):
                def __getitem__(self, index):
                    return np.array([index], "float32"), np.array([index**2], "float32")

                def __len__(self):
                    return 100
    """

    def __getitem__(self, idx):
        """The sample of an index: an array, or a tuple of them.

        Raises:
            NotImplementedError: the class does not say.
        """
        raise NotImplementedError("%s has no __getitem__" % type(self).__name__)

    def __len__(self):
        """The number of samples.

        Raises:
            NotImplementedError: the class does not say.
        """
        raise NotImplementedError("%s has no __len__" % type(self).__name__)

"""Data sets that are read by index."""

from paddle.fluid.dataloader.batch_sampler import BatchSampler
from paddle.fluid.dataloader.dataset import Dataset

__all__ = ["BatchSampler", "Dataset"]

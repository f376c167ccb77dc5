"""What stands beside the layers: training in mixed precision."""

from paddle.fluid.contrib import mixed_precision
from paddle.fluid.contrib.mixed_precision import *  # noqa: F403

__all__ = ["mixed_precision"] + mixed_precision.__all__

"""Layers and decoders beside those of ``fluid.layers``."""

from paddle.fluid.contrib import layers  # noqa: F401
from paddle.fluid.contrib.layers import *  # noqa: F401,F403

__all__ = list(layers.__all__)

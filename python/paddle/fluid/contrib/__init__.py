"""Layers and decoders beside those of ``fluid.layers``."""

from paddle.fluid.contrib import decoder, layers
from paddle.fluid.contrib.decoder import *  # noqa: F401,F403
from paddle.fluid.contrib.layers import *  # noqa: F401,F403

__all__ = decoder.__all__ + layers.__all__

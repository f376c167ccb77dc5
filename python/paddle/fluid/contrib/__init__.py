"""What stands beside ``fluid.layers``: more layers, decoders, training in mixed precision."""

from paddle.fluid.contrib import decoder, layers, mixed_precision
from paddle.fluid.contrib.decoder import *  # noqa: F401,F403
from paddle.fluid.contrib.layers import *  # noqa: F401,F403
from paddle.fluid.contrib.mixed_precision import *  # noqa: F401,F403

__all__ = ["mixed_precision"] + decoder.__all__ + layers.__all__ + mixed_precision.__all__

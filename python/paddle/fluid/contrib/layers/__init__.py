"""More layers."""

from paddle.fluid.contrib.layers import rnn_impl
from paddle.fluid.contrib.layers.rnn_impl import *  # noqa: F401,F403

__all__ = list(rnn_impl.__all__)

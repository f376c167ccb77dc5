"""Decoders whose one step is a ``StateCell``, for training and for beam search."""

from paddle.fluid.contrib.decoder import beam_search_decoder
from paddle.fluid.contrib.decoder.beam_search_decoder import *  # noqa: F401,F403

__all__ = list(beam_search_decoder.__all__)

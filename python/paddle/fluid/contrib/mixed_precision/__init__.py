"""Mixed precision: products in 16 bits, parameters and sums in float32."""

from paddle.fluid.contrib.mixed_precision.decorator import decorate
from paddle.fluid.contrib.mixed_precision.fp16_lists import AutoMixedPrecisionLists

__all__ = ["decorate", "AutoMixedPrecisionLists"]

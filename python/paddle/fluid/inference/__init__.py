"""Inference with saved models: the names that scripts know from ``fluid.core``.

::

    config = fluid.core.AnalysisConfig("digits.model")
    predictor = fluid.core.create_paddle_predictor(config)
    image = fluid.core.PaddleTensor(pixels)  # float32, of the shape that the model takes
    (probability,) = predictor.run([image])
    print(probability.as_ndarray())
"""

from paddle.fluid.inference.config import AnalysisConfig, MkldnnQuantizerConfig, NativeConfig
from paddle.fluid.inference.pass_builder import CpuPassStrategy, GpuPassStrategy, PaddlePassBuilder, PassStrategy
from paddle.fluid.inference.predictor import (
    AnalysisPredictor,
    NativePaddlePredictor,
    PaddlePredictor,
    create_paddle_predictor,
)
from paddle.fluid.inference.tensors import (
    PaddleBuf,
    PaddleDType,
    PaddlePlace,
    PaddleTensor,
    paddle_dtype_size,
    paddle_tensor_to_bytes,
)
from paddle.fluid.inference.zero_copy import ZeroCopyTensor

__all__ = [
    "AnalysisConfig",
    "AnalysisPredictor",
    "CpuPassStrategy",
    "GpuPassStrategy",
    "MkldnnQuantizerConfig",
    "NativeConfig",
    "NativePaddlePredictor",
    "PaddleBuf",
    "PaddleDType",
    "PaddlePassBuilder",
    "PaddlePlace",
    "PaddlePredictor",
    "PaddleTensor",
    "PassStrategy",
    "ZeroCopyTensor",
    "create_paddle_predictor",
    "paddle_dtype_size",
    "paddle_tensor_to_bytes",
]

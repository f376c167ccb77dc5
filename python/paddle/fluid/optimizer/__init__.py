"""Optimizers."""

from paddle.fluid.optimizer.adam import AdamaxOptimizer, AdamOptimizer, LambOptimizer
from paddle.fluid.optimizer.averages import ExponentialMovingAverage, ModelAverage
from paddle.fluid.optimizer.base import Optimizer
from paddle.fluid.optimizer.simple import (
    AdadeltaOptimizer,
    AdagradOptimizer,
    DecayedAdagradOptimizer,
    DpsgdOptimizer,
    FtrlOptimizer,
    LarsMomentumOptimizer,
    MomentumOptimizer,
    RMSPropOptimizer,
    SGDOptimizer,
)
from paddle.fluid.optimizer.wrappers import LookaheadOptimizer, RecomputeOptimizer

SGD = SGDOptimizer
Momentum = MomentumOptimizer
Adagrad = AdagradOptimizer
Adam = AdamOptimizer
Adamax = AdamaxOptimizer
Dpsgd = DpsgdOptimizer
DecayedAdagrad = DecayedAdagradOptimizer
Ftrl = FtrlOptimizer
Adadelta = AdadeltaOptimizer
RMSProp = RMSPropOptimizer
LarsMomentum = LarsMomentumOptimizer
Lamb = LambOptimizer

__all__ = [
    "SGD",
    "Momentum",
    "Adagrad",
    "Adam",
    "Adamax",
    "Dpsgd",
    "DecayedAdagrad",
    "Ftrl",
    "SGDOptimizer",
    "MomentumOptimizer",
    "AdagradOptimizer",
    "AdamOptimizer",
    "AdamaxOptimizer",
    "DpsgdOptimizer",
    "DecayedAdagradOptimizer",
    "RMSPropOptimizer",
    "FtrlOptimizer",
    "Adadelta",
    "AdadeltaOptimizer",
    "LarsMomentum",
    "LarsMomentumOptimizer",
    "LambOptimizer",
    "ModelAverage",
    "ExponentialMovingAverage",
    "LookaheadOptimizer",
    "RecomputeOptimizer",
]

"""Optimizers that are one op."""

from paddle.fluid.optimizer.base import Optimizer


class _OneOp(Optimizer):
    """An optimizer whose op, state and attributes are listed.

    ``_op``: type of the op. ``_state``: (input slot, output slot, name of the accumulator) each.
    """

    _op = None
    _state = ()
    _uses_learning_rate = True

    def _attrs(self):
        return {}

    def _create_accumulators(self, block, parameters):
        for param in parameters:
            for _, _, name in self._state:
                self._add_accumulator(name, param)

    def _append_optimize_op(self, block, param_and_grad):
        param, grad = param_and_grad
        inputs, outputs = {"Param": param, "Grad": grad}, {"ParamOut": param}
        for slot_in, slot_out, name in self._state:
            inputs[slot_in] = outputs[slot_out] = self._get_accumulator(name, param)
        if self._uses_learning_rate:
            inputs["LearningRate"] = self._create_param_lr(param_and_grad)
        return block.append_op(type=self._op, inputs=inputs, outputs=outputs, attrs=self._attrs())


class SGDOptimizer(_OneOp):
    """param -= learning_rate * grad. See ``Optimizer`` for the arguments."""

    type = _op = "sgd"

    def __init__(self, learning_rate, parameter_list=None, regularization=None, grad_clip=None, name=None):
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)


class MomentumOptimizer(_OneOp):
    """velocity = momentum * velocity + grad; param -= learning_rate * velocity.

    ``use_nesterov``: param -= learning_rate * (grad + momentum * velocity).
    """

    type = _op = "momentum"
    _state = (("Velocity", "VelocityOut", "velocity"),)

    def __init__(
        self,
        learning_rate,
        momentum,
        parameter_list=None,
        use_nesterov=False,
        regularization=None,
        grad_clip=None,
        name=None,
    ):
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._momentum = momentum
        self._use_nesterov = bool(use_nesterov)

    def _attrs(self):
        return {"mu": self._momentum, "use_nesterov": self._use_nesterov}


class LarsMomentumOptimizer(_OneOp):
    """Momentum whose learning rate for each parameter is lars_coeff * |param| / (|grad| + lars_weight_decay * |param|).

    Source: You et al., "Large Batch Training of Convolutional Networks", 2017.
    """

    type = _op = "lars_momentum"
    _state = (("Velocity", "VelocityOut", "velocity"),)

    def __init__(
        self,
        learning_rate,
        momentum,
        lars_coeff=0.001,
        lars_weight_decay=0.0005,
        parameter_list=None,
        regularization=None,
        grad_clip=None,
        name=None,
    ):
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._momentum = momentum
        self._lars_coeff = float(lars_coeff)
        self._lars_weight_decay = float(lars_weight_decay)

    def _attrs(self):
        return {"mu": self._momentum, "lars_coeff": self._lars_coeff, "lars_weight_decay": self._lars_weight_decay}


class AdagradOptimizer(_OneOp):
    """moment += grad^2; param -= learning_rate * grad / (sqrt(moment) + epsilon).

    Source: Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", 2011.
    """

    type = _op = "adagrad"
    _state = (("Moment", "MomentOut", "moment"),)

    def __init__(
        self,
        learning_rate,
        epsilon=1e-06,
        parameter_list=None,
        regularization=None,
        grad_clip=None,
        name=None,
        initial_accumulator_value=0.0,
    ):
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._epsilon = epsilon
        self.initial_accumulator_value = initial_accumulator_value

    def _create_accumulators(self, block, parameters):
        for param in parameters:
            self._add_accumulator("moment", param, fill_value=self.initial_accumulator_value)

    def _attrs(self):
        return {"epsilon": self._epsilon}


class DecayedAdagradOptimizer(_OneOp):
    """moment = decay * moment + (1 - decay) * grad^2; param -= learning_rate * grad / (sqrt(moment) + epsilon)."""

    type = _op = "decayed_adagrad"
    _state = (("Moment", "MomentOut", "moment"),)

    def __init__(
        self,
        learning_rate,
        decay=0.95,
        epsilon=1e-06,
        parameter_list=None,
        regularization=None,
        grad_clip=None,
        name=None,
    ):
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._decay = decay
        self._epsilon = epsilon

    def _attrs(self):
        return {"decay": self._decay, "epsilon": self._epsilon}


class AdadeltaOptimizer(_OneOp):
    """Updates in the proportion of the mean squares of past updates and gradients; the learning rate is not used.

    Source: Zeiler, "ADADELTA", 2012.
    """

    type = _op = "adadelta"
    _state = (
        ("AvgSquaredGrad", "AvgSquaredGradOut", "_avg_squared_grad"),
        ("AvgSquaredUpdate", "AvgSquaredUpdateOut", "_avg_squared_update"),
    )
    _uses_learning_rate = False

    def __init__(
        self,
        learning_rate,
        epsilon=1e-06,
        rho=0.95,
        parameter_list=None,
        regularization=None,
        grad_clip=None,
        name=None,
    ):
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._epsilon = epsilon
        self._rho = rho

    def _attrs(self):
        return {"epsilon": self._epsilon, "rho": self._rho}


class RMSPropOptimizer(_OneOp):
    """mean_square = rho * mean_square + (1 - rho) * grad^2;
    momentum_t = momentum * momentum_t + learning_rate * grad / sqrt(mean_square + epsilon); param -= momentum_t.

    ``centered``: the square of the mean gradient is subtracted from the mean square.
    Source: Hinton, lecture 6 of "Neural Networks for Machine Learning", 2012.
    """

    type = _op = "rmsprop"
    _state = (
        ("Moment", "MomentOut", "momentum"),
        ("MeanSquare", "MeanSquareOut", "mean_square"),
        ("MeanGrad", "MeanGradOut", "mean_grad"),
    )

    def __init__(
        self,
        learning_rate,
        rho=0.95,
        epsilon=1e-06,
        momentum=0.0,
        centered=False,
        parameter_list=None,
        regularization=None,
        grad_clip=None,
        name=None,
    ):
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        for what, value in (("rho", rho), ("epsilon", epsilon), ("momentum", momentum)):
            if value is None:
                raise ValueError("RMSProp needs %s" % what)
        self._rho = rho
        self._epsilon = epsilon
        self._momentum = momentum
        self._centered = centered

    def _attrs(self):
        return {"epsilon": self._epsilon, "decay": self._rho, "momentum": self._momentum, "centered": self._centered}


class FtrlOptimizer(_OneOp):
    """Follow the regularized leader, with weights ``l1`` and ``l2`` of the two norms.

    Source: McMahan et al., "Ad Click Prediction: a View from the Trenches", 2013.
    """

    type = _op = "ftrl"
    _state = (("SquaredAccumulator", "SquaredAccumOut", "squared"), ("LinearAccumulator", "LinearAccumOut", "linear"))

    def __init__(
        self,
        learning_rate,
        l1=0.0,
        l2=0.0,
        lr_power=-0.5,
        parameter_list=None,
        regularization=None,
        grad_clip=None,
        name=None,
    ):
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._l1 = l1
        self._l2 = l2
        self._lr_power = lr_power

    def _attrs(self):
        return {"l1": self._l1, "l2": self._l2, "lr_power": self._lr_power}


class DpsgdOptimizer(_OneOp):
    """SGD whose gradients are clipped to norm ``clip`` and get noise of ``sigma``, for differential privacy.

    Source: Abadi et al., "Deep Learning with Differential Privacy", 2016.
    """

    type = _op = "dpsgd"

    def __init__(self, learning_rate=0.001, clip=0.9, batch_size=0.999, sigma=1e-08, parameter_list=None):
        super().__init__(learning_rate, parameter_list)
        self._clip = clip
        self._batch_size = batch_size
        self._sigma = sigma
        self._seed = None  # of the noise; None: the program's

    def _attrs(self):
        return {
            "clip": self._clip,
            "batch_size": self._batch_size,
            "sigma": self._sigma,
            "seed": 0 if self._seed is None else self._seed,
        }

"""Adam and its kin."""

from paddle.fluid.framework import Variable, VarType, name_scope
from paddle.fluid.optimizer.base import Optimizer


class AdamOptimizer(Optimizer):
    """Adam: updates by the mean of the gradients over the root of the mean of their squares, both corrected for their
    start at 0.

    Args:
        beta1, beta2: decay of the two means, numbers or Variables of shape (1,).
        epsilon (float): added to the root.
        lazy_mode (bool): for sparse gradients update only the rows that they hold.

    See ``Optimizer`` for the other arguments. Source: Kingma and Ba, "Adam", 2014.
    """

    type = "adam"

    def __init__(
        self,
        learning_rate=0.001,
        beta1=0.9,
        beta2=0.999,
        epsilon=1e-08,
        parameter_list=None,
        regularization=None,
        grad_clip=None,
        name=None,
        lazy_mode=False,
    ):
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon
        self._lazy_mode = lazy_mode

    def _create_accumulators(self, block, parameters):
        for param in parameters:
            self._add_accumulator("moment1", param)
            self._add_accumulator("moment2", param)
            for name, beta, default in (("beta1_pow_acc", self._beta1, 0.9), ("beta2_pow_acc", self._beta2, 0.999)):
                start = default if isinstance(beta, Variable) else beta
                self._add_accumulator(name, param, fill_value=start, shape=[1], type=VarType.LOD_TENSOR)

    def _slots(self, param_and_grad):
        param, grad = param_and_grad
        inputs = {"Param": param, "Grad": grad, "LearningRate": self._create_param_lr(param_and_grad)}
        outputs = {"ParamOut": param}
        for slot, name in (
            ("Moment1", "moment1"),
            ("Moment2", "moment2"),
            ("Beta1Pow", "beta1_pow_acc"),
            ("Beta2Pow", "beta2_pow_acc"),
        ):
            inputs[slot] = outputs[slot + "Out"] = self._get_accumulator(name, param)
        return inputs, outputs

    def _append_optimize_op(self, block, param_and_grad):
        inputs, outputs = self._slots(param_and_grad)
        attrs = {"epsilon": self._epsilon, "lazy_mode": self._lazy_mode, "min_row_size_to_use_multithread": 1000}
        for slot, key, beta in (("Beta1Tensor", "beta1", self._beta1), ("Beta2Tensor", "beta2", self._beta2)):
            if isinstance(beta, Variable):
                inputs[slot] = beta
            else:
                attrs[key] = beta
        return block.append_op(type=self.type, inputs=inputs, outputs=outputs, attrs=attrs)


class LambOptimizer(AdamOptimizer):
    """Adam with weight decay, whose step for each parameter is in proportion to the parameter's norm.

    Args:
        lamb_weight_decay (float): the decay.
        exclude_from_weight_decay_fn: a function of a parameter; True: it has no decay.

    Source: You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", 2019.
    """

    type = "lamb"

    def __init__(
        self,
        learning_rate=0.001,
        lamb_weight_decay=0.01,
        beta1=0.9,
        beta2=0.999,
        epsilon=1e-06,
        parameter_list=None,
        regularization=None,
        grad_clip=None,
        exclude_from_weight_decay_fn=None,
        name=None,
    ):
        super().__init__(learning_rate, beta1, beta2, epsilon, parameter_list, regularization, grad_clip, name)
        self._weight_decay = lamb_weight_decay
        self._exclude_from_weight_decay_fn = exclude_from_weight_decay_fn

    def _append_optimize_op(self, block, param_and_grad):
        exclude = self._exclude_from_weight_decay_fn
        decay = 0.0 if exclude is not None and exclude(param_and_grad[0]) else self._weight_decay
        inputs, outputs = self._slots(param_and_grad)
        outputs = {slot: var for slot, var in outputs.items() if not slot.startswith("Beta")}
        attrs = {"beta1": self._beta1, "beta2": self._beta2, "epsilon": self._epsilon, "weight_decay": decay}
        return block.append_op(type="lamb", inputs=inputs, outputs=outputs, attrs=attrs)


class AdamaxOptimizer(Optimizer):
    """Adam with the greatest gradient (decaying with ``beta2``) instead of the root of the mean square.

    Source: Kingma and Ba, "Adam", 2014.
    """

    type = "adamax"

    def __init__(
        self,
        learning_rate=0.001,
        beta1=0.9,
        beta2=0.999,
        epsilon=1e-08,
        parameter_list=None,
        regularization=None,
        grad_clip=None,
        name=None,
    ):
        super().__init__(learning_rate, parameter_list, regularization, grad_clip, name)
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon

    def _create_accumulators(self, block, parameters):
        for param in parameters:
            self._add_accumulator("moment", param)
            self._add_accumulator("inf_norm", param)
            self._add_accumulator("beta1_pow_acc", param, fill_value=self._beta1, shape=[1])

    def _append_optimize_op(self, block, param_and_grad):
        param, grad = param_and_grad
        moment = self._get_accumulator("moment", param)
        inf_norm = self._get_accumulator("inf_norm", param)
        return block.append_op(
            type="adamax",
            inputs={
                "Param": param,
                "Grad": grad,
                "LearningRate": self._create_param_lr(param_and_grad),
                "Moment": moment,
                "InfNorm": inf_norm,
                "Beta1Pow": self._get_accumulator("beta1_pow_acc", param),
            },
            outputs={"ParamOut": param, "MomentOut": moment, "InfNormOut": inf_norm},
            attrs={"beta1": self._beta1, "beta2": self._beta2, "epsilon": self._epsilon},
        )

    def _finish_update(self, block, parameters_and_grads):
        for param, grad in parameters_and_grads:
            if grad is None or not param.trainable:
                continue
            with param.block.program._optimized_guard([param, grad]), name_scope("adamx"):
                power = self._get_accumulator("beta1_pow_acc", param)
                block.append_op(type="scale", inputs={"X": power}, outputs={"Out": power}, attrs={"scale": self._beta1})

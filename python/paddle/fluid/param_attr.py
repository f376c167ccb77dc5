"""What a layer shall know of its parameters."""

from paddle.fluid.initializer import Constant, Initializer, Xavier
from paddle.fluid.regularizer import WeightDecayRegularizer

__all__ = ["ParamAttr", "WeightNormParamAttr"]


class ParamAttr:
    """Name, initial value and training of a parameter.

    Args:
        name (str): the parameter's name; parameters of the same name are one. A unique name by default.
        initializer (Initializer): fills it; ``Xavier`` for weights and 0 for biases by default.
        learning_rate (float): factor on the optimizer's learning rate.
        regularizer (WeightDecayRegularizer): goes before the optimizer's.
        trainable (bool): whether it is trained.
        do_model_average (bool): whether ``ModelAverage`` averages it.
    """

    def __init__(
        self, name=None, initializer=None, learning_rate=1.0, regularizer=None, trainable=True, do_model_average=True
    ):
        self.name = name
        self.initializer = initializer
        self.learning_rate = learning_rate
        self.regularizer = regularizer
        self.trainable = trainable
        self.do_model_average = do_model_average

    def _set_default_initializer(self, initializer):
        if self.initializer is None:
            if initializer is None:
                raise ValueError("parameter %r has no initializer, and no default" % self.name)
            self.initializer = initializer

    def _set_default_param_initializer(self):
        self._set_default_initializer(Xavier())

    def _set_default_bias_initializer(self):
        self._set_default_initializer(Constant(0.0))

    @staticmethod
    def _to_attr(arg):
        """The ``ParamAttr`` that an argument means: one, a name, an initializer, a regularizer; True or None: the
        default; False: no parameter; a list: one for each.

        Raises:
            TypeError: anything else.
        """
        if arg is None:
            return ParamAttr()
        if isinstance(arg, (list, tuple)):
            return [ParamAttr._to_attr(item) for item in arg]
        if isinstance(arg, ParamAttr):
            return arg
        if isinstance(arg, str):
            return ParamAttr(name=arg)
        if isinstance(arg, Initializer):
            return ParamAttr(initializer=arg)
        if isinstance(arg, WeightDecayRegularizer):
            return ParamAttr(regularizer=arg)
        if isinstance(arg, bool):
            return ParamAttr() if arg else False
        raise TypeError("a parameter attribute cannot be made of %s: %r" % (type(arg).__name__, arg))

    def _to_kwargs(self, with_initializer=False):
        kwargs = {
            "name": self.name,
            "optimize_attr": {"learning_rate": self.learning_rate},
            "regularizer": self.regularizer,
            "trainable": self.trainable,
            "do_model_average": self.do_model_average,
        }
        if with_initializer:
            kwargs["initializer"] = self.initializer
        return kwargs


class WeightNormParamAttr(ParamAttr):
    """A weight as direction times length, ``w = g * v / ||v||``; both are parameters.

    The norm is taken over all dimensions but ``dim``; over all of them when ``dim`` is None.
    Source: Salimans and Kingma, "Weight Normalization", 2016.
    """

    params_with_weight_norm = []  # all weights made so

    def __init__(
        self,
        dim=None,
        name=None,
        initializer=None,
        learning_rate=1.0,
        regularizer=None,
        trainable=True,
        do_model_average=False,
    ):
        super().__init__(name, initializer, learning_rate, regularizer, trainable, do_model_average)
        self.dim = dim

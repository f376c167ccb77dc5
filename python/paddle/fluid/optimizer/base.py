"""What the optimizers have in common."""

from collections import defaultdict

from paddle.fluid import framework, unique_name
from paddle.fluid.backward import append_backward
from paddle.fluid.clip import GradientClipBase, append_gradient_clip_ops, error_clip_callback
from paddle.fluid.framework import Variable
from paddle.fluid.initializer import Constant
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.regularizer import append_regularization_ops


class Optimizer:
    """Base of the optimizers: ``minimize`` appends the ops that compute gradients and update the parameters.

    A subclass names its state in ``_create_accumulators`` and appends its op in ``_append_optimize_op``.

    Args:
        learning_rate: a number, or a float32 Variable of shape (1,), as from ``fluid.layers.exponential_decay``.
        parameter_list: what is trained, unless ``minimize`` says it; all trainable parameters by default.
        regularization (WeightDecayRegularizer): for the parameters that have none of their own.
        grad_clip (GradientClipBase): clips the gradients before the regularization is added.
        name (str): part of the names of the state.
    """

    def __init__(self, learning_rate, parameter_list=None, regularization=None, grad_clip=None, name=None):
        if isinstance(learning_rate, bool) or not isinstance(learning_rate, (int, float, Variable)):
            raise TypeError("learning_rate must be a number or a Variable, got %s" % type(learning_rate).__name__)
        if grad_clip is not None and not isinstance(grad_clip, GradientClipBase):
            raise TypeError("grad_clip must be a gradient clip, got %s" % type(grad_clip).__name__)
        self._parameter_list = list(parameter_list) if parameter_list is not None else None
        self.regularization = regularization
        self._grad_clip = grad_clip
        self._name = name
        self._learning_rate = learning_rate
        self._learning_rate_map = {}
        if isinstance(learning_rate, Variable):
            self._learning_rate_map[framework.default_main_program()] = learning_rate
        self._dtype = None
        self._accumulators = defaultdict(dict)  # name -> parameter's name -> variable
        self._opti_name_list = []
        self.helper = None

    def get_opti_var_name_list(self):
        """Names of the variables of the state."""
        return self._opti_name_list

    # Learning rate

    def _create_global_learning_rate(self):
        program = framework.default_main_program()
        if self._global_learning_rate(program) is not None:
            return
        if isinstance(self._learning_rate, Variable):
            raise ValueError("the learning rate is a variable of another program")
        from paddle.fluid import layers

        self._learning_rate_map[program] = layers.create_global_var(
            name=unique_name.generate("learning_rate"),
            shape=[1],
            value=float(self._learning_rate),
            dtype="float32" if self._dtype is None else self._dtype,
            persistable=True,
        )

    def _global_learning_rate(self, program=None):
        """The variable of the learning rate in a program, None if it has none yet."""
        return self._learning_rate_map.get(framework.default_main_program() if program is None else program)

    def _create_param_lr(self, param_and_grad):
        """The learning rate of one parameter."""
        factor = param_and_grad[0].optimize_attr["learning_rate"]
        if isinstance(factor, Variable):
            return factor
        if factor == 1.0:
            return self._global_learning_rate()
        with framework.default_main_program()._lr_schedule_guard(is_with_opt=True):
            with framework.name_scope("scale_with_param_lr"):
                return self._global_learning_rate() * factor

    # State

    def _create_accumulators(self, block, parameters):
        """Make the state of all parameters."""

    def _add_accumulator(self, name, param, dtype=None, fill_value=0.0, shape=None, type=None):
        """Make one variable of the state of a parameter, of its shape by default."""
        if self._name is not None:
            name = self._name + "_" + name
        if param.name in self._accumulators[name]:
            raise ValueError("parameter '%s' has state '%s' already" % (param.name, name))
        var_name = unique_name.generate(param.name + "_" + name)
        self._opti_name_list.append(var_name)
        var = self.helper.create_global_variable(
            name=var_name,
            persistable=True,
            dtype=dtype or param.dtype,
            type=param.type if type is None else type,
            shape=list(param.shape) if shape is None else shape,
            belong_to_optimizer=True,
        )
        self.helper.set_variable_initializer(var, initializer=Constant(value=float(fill_value)))
        self._accumulators[name][param.name] = var
        return var

    def _get_accumulator(self, name, param):
        if self._name is not None:
            name = self._name + "_" + name
        found = self._accumulators[name].get(param.name)
        if found is None:
            raise ValueError("parameter '%s' has no state '%s'" % (param.name, name))
        return found

    # Ops

    def _append_optimize_op(self, block, param_and_grad):
        """Append the op that updates a parameter and return it."""
        raise NotImplementedError("%s updates nothing" % type(self).__name__)

    def _finish_update(self, block, parameters_and_grads):
        """Append what comes behind all updates."""

    def _create_optimization_pass(self, parameters_and_grads):
        program = framework.default_main_program()
        block = program.current_block()
        start = len(block.ops)
        self.helper = LayerHelper(type(self).__name__)
        self._create_accumulators(block, [p for p, g in parameters_and_grads if p.trainable])
        self._create_global_learning_rate()
        for param_and_grad in parameters_and_grads:
            param, grad = param_and_grad
            if grad is None or not param.trainable:
                continue
            with param.block.program._optimized_guard(param_and_grad), framework.name_scope("optimizer"):
                self._append_optimize_op(block, param_and_grad)
        self._finish_update(block, parameters_and_grads)
        return block._slice_ops(start, len(block.ops))

    def backward(self, loss, startup_program=None, parameter_list=None, no_grad_set=None, callbacks=None):
        """The first half of ``minimize``: append gradients; returns a list of (parameter, gradient)."""
        self._dtype = loss.dtype
        startup_program = framework.default_startup_program() if startup_program is None else startup_program
        parameter_list = parameter_list if parameter_list else self._parameter_list
        with framework.program_guard(loss.block.program, startup_program):
            return append_backward(loss, parameter_list, no_grad_set, callbacks or [error_clip_callback])

    def apply_gradients(self, params_grads):
        """The second half of ``minimize``, in the default program: clip, regularize and update.

        Returns the list of ops that update.
        """
        params_grads = sorted(params_grads, key=lambda pair: pair[0].name)
        if self._grad_clip is not None:
            params_grads = self._grad_clip(params_grads)
        else:
            params_grads = append_gradient_clip_ops(params_grads)
        params_grads = append_regularization_ops(params_grads, self.regularization)
        return self._create_optimization_pass(params_grads)

    def apply_optimize(self, loss, startup_program, params_grads):
        """``apply_gradients`` in the program of the loss."""
        startup_program = framework.default_startup_program() if startup_program is None else startup_program
        with framework.program_guard(loss.block.program, startup_program):
            return self.apply_gradients(params_grads)

    def minimize(self, loss, startup_program=None, parameter_list=None, no_grad_set=None):
        """Append the ops that compute the gradients of ``loss`` and update the parameters.

        Args:
            loss (Variable): one number, shape (1,).
            startup_program (Program): fills the state; the default one by default.
            parameter_list: parameters or their names; those of the optimizer by default.
            no_grad_set (set): variables, or their names, that no gradient goes through.

        Returns:
            A tuple: the list of ops that update, and a list of (parameter, gradient).
        """
        if not isinstance(loss, Variable):
            raise TypeError("the loss must be a Variable, got %s" % type(loss).__name__)
        params_grads = self.backward(loss, startup_program, parameter_list, no_grad_set)
        return self.apply_optimize(loss, startup_program, params_grads), params_grads

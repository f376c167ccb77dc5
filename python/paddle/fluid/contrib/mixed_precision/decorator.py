"""Optimizers that train in mixed precision."""

from paddle.fluid import layers, unique_name
from paddle.fluid.contrib.mixed_precision.fp16_lists import AutoMixedPrecisionLists
from paddle.fluid.contrib.mixed_precision.fp16_utils import rewrite_program, update_role_var_grad
from paddle.fluid.framework import VarType, default_main_program, default_startup_program, dtype_name, program_guard

_INIT_LOSS_SCALING = 2**15


class OptimizerWithMixedPrecision:
    """What ``decorate`` returns: an optimizer around another one; see there for the arguments."""

    def __init__(
        self,
        optimizer,
        amp_lists,
        init_loss_scaling,
        use_dynamic_loss_scaling,
        incr_every_n_steps,
        decr_every_n_nan_or_inf,
        incr_ratio,
        decr_ratio,
        dtype="float16",
    ):
        if not all(hasattr(optimizer, method) for method in ("backward", "apply_gradients")):
            raise TypeError("optimizer must be an Optimizer, got %s" % type(optimizer).__name__)
        if dtype not in ("float16", "bfloat16"):
            raise ValueError("dtype must be 'float16' or 'bfloat16', got %r" % (dtype,))
        amp_lists._for_dtype(dtype)
        self._dtype = dtype
        # The range of bfloat16 is that of float32: no gradient is lost, unless scaling is asked for.
        defaults = init_loss_scaling == _INIT_LOSS_SCALING and use_dynamic_loss_scaling
        self._scaled = not (dtype == "bfloat16" and defaults)
        self._optimizer = optimizer
        self._amp_lists = amp_lists
        self._param_grads = None
        self._train_program = default_main_program()
        self._startup_prog = default_startup_program()
        self._scaled_loss = None
        self._loss_scaling = layers.create_global_var(
            name=unique_name.generate("loss_scaling"),
            shape=[1],
            value=float(init_loss_scaling if self._scaled else 1),
            dtype="float32",
            persistable=True,
        )
        self._use_dynamic_loss_scaling = bool(use_dynamic_loss_scaling) and self._scaled
        if self._use_dynamic_loss_scaling:
            self._incr_every_n_steps = layers.fill_constant([1], "int32", incr_every_n_steps)
            self._decr_every_n_nan_or_inf = layers.fill_constant([1], "int32", decr_every_n_nan_or_inf)
            self._incr_ratio, self._decr_ratio = incr_ratio, decr_ratio
            self._num_good_steps = _counter("num_good_steps")
            self._num_bad_steps = _counter("num_bad_steps")
        if hasattr(optimizer, "_create_global_learning_rate"):
            optimizer._create_global_learning_rate()

    def get_loss_scaling(self):
        """The variable, shape (1,) of float32, that the loss is multiplied by."""
        return self._loss_scaling

    def get_scaled_loss(self):
        """The loss as it is differentiated, of float32; None before ``backward`` or ``minimize``."""
        return self._scaled_loss

    def backward(self, loss, startup_program=None, parameter_list=None, no_grad_set=None, callbacks=None):
        """Rewrite the program, then append gradients: see ``Optimizer.backward``.

        Returns:
            A list of (parameter, gradient of float32), the gradients divided by the scaling.

        Raises:
            ValueError: the loss is of another program than the one in which ``decorate`` was called.
        """
        program = loss.block.program
        if program is not self._train_program:
            raise ValueError("the loss '%s' is not of the program in which decorate was called" % loss.name)
        startup_program = self._startup_prog if startup_program is None else startup_program
        with program_guard(program, startup_program):
            rewrite_program(program, self._amp_lists, self._dtype)
            if dtype_name(loss.dtype) == self._dtype:
                loss = layers.cast(loss, "float32")
            self._scaled_loss = loss * self._loss_scaling if self._scaled else loss
            self._param_grads = self._optimizer.backward(
                self._scaled_loss, startup_program, parameter_list, no_grad_set, callbacks
            )
            update_role_var_grad(program, self._param_grads)
            return [self._unscale(param, grad) for param, grad in self._param_grads]

    def _unscale(self, param, grad):
        if not self._scaled:
            return param, grad
        with self._train_program._optimized_guard([param, grad]):
            if grad.type == VarType.SELECTED_ROWS:  # rows are multiplied by numbers, but not divided
                return param, layers.elementwise_mul(grad, layers.reciprocal(self._loss_scaling))
            return param, grad / self._loss_scaling

    def apply_gradients(self, scaled_params_grads):
        """Update the parameters, in the default program; with dynamic scaling also the scaling.

        Args:
            scaled_params_grads: what ``backward`` returned.

        Returns:
            The list of ops that update.

        Raises:
            NotImplementedError: the scaling is dynamic and a gradient sparse.
        """
        if self._use_dynamic_loss_scaling:
            self._update_loss_scaling([grad for _, grad in scaled_params_grads])
        return self._optimizer.apply_gradients(scaled_params_grads)

    def _update_loss_scaling(self, grads):
        """Zero gradients that are not finite and let the scaling follow."""
        for grad in grads:
            if grad.type == VarType.SELECTED_ROWS:
                raise NotImplementedError(
                    "dynamic loss scaling takes no sparse gradients such as '%s': use_dynamic_loss_scaling=False, or "
                    "is_sparse=False of the embedding" % grad.name
                )
        sums = layers.concat([layers.reduce_sum(grad) for grad in grads])
        finite = layers.isfinite(layers.reduce_sum(sums))
        update_loss_scaling(
            finite,
            self._loss_scaling,
            self._num_good_steps,
            self._num_bad_steps,
            self._incr_every_n_steps,
            self._decr_every_n_nan_or_inf,
            self._incr_ratio,
            self._decr_ratio,
        )
        with layers.Switch() as switch:
            with switch.case(finite):
                pass
            with switch.default():
                for grad in grads:
                    layers.assign(layers.zeros_like(grad), grad)

    def minimize(self, loss, startup_program=None, parameter_list=None, no_grad_set=None):
        """Rewrite the program, append the ops that compute gradients and update: see ``Optimizer.minimize``.

        Returns:
            A tuple: the list of ops that update, and a list of (parameter, gradient).
        """
        scaled = self.backward(loss, startup_program, parameter_list, no_grad_set)
        with program_guard(self._train_program, self._startup_prog if startup_program is None else startup_program):
            return self.apply_gradients(scaled), scaled


def _counter(name):
    return layers.create_global_var(
        name=unique_name.generate(name), shape=[1], value=0, dtype="int32", persistable=True
    )


def update_loss_scaling(
    is_overall_finite,
    prev_loss_scaling,
    num_good_steps,
    num_bad_steps,
    incr_every_n_steps,
    decr_every_n_nan_or_inf,
    incr_ratio,
    decr_ratio,
):
    """Append the ops that let a scaling grow after good steps and shrink, to 1 at the least, after bad ones.

    Args:
        is_overall_finite (Variable): bool, shape (1,): whether the step was good.
        prev_loss_scaling (Variable): float32, shape (1,); is changed.
        num_good_steps, num_bad_steps (Variable): int32, shape (1,): how many there were in a row; are changed.
        incr_every_n_steps, decr_every_n_nan_or_inf (Variable): int32, shape (1,): more steps in a row than that change
            the scaling.
        incr_ratio, decr_ratio (float): what it is multiplied by.
    """
    zero = layers.fill_constant([1], "int32", 0)

    def restart():
        layers.assign(zero, num_good_steps)
        layers.assign(zero, num_bad_steps)

    with layers.Switch() as switch:
        with switch.case(is_overall_finite):
            enough = layers.less_than(incr_every_n_steps, num_good_steps + 1)
            with layers.Switch() as of_steps:
                with of_steps.case(enough):
                    larger = prev_loss_scaling * incr_ratio
                    with layers.Switch() as of_size:
                        with of_size.case(layers.isfinite(larger)):
                            layers.assign(larger, prev_loss_scaling)
                        with of_size.default():
                            pass
                    restart()
                with of_steps.default():
                    layers.increment(num_good_steps)
                    layers.assign(zero, num_bad_steps)
        with switch.default():
            enough = layers.less_than(decr_every_n_nan_or_inf, num_bad_steps + 1)
            with layers.Switch() as of_steps:
                with of_steps.case(enough):
                    smaller = prev_loss_scaling * decr_ratio
                    least = layers.fill_constant([1], "float32", 1.0)
                    with layers.Switch() as of_size:
                        with of_size.case(layers.less_than(smaller, least)):
                            layers.assign(least, prev_loss_scaling)
                        with of_size.default():
                            layers.assign(smaller, prev_loss_scaling)
                    restart()
                with of_steps.default():
                    layers.assign(zero, num_good_steps)
                    layers.increment(num_bad_steps)


def decorate(
    optimizer,
    amp_lists=None,
    init_loss_scaling=_INIT_LOSS_SCALING,
    incr_every_n_steps=1000,
    decr_every_n_nan_or_inf=2,
    incr_ratio=2.0,
    decr_ratio=0.8,
    use_dynamic_loss_scaling=True,
    dtype="float16",
):
    """An optimizer that trains in mixed precision: 16 bits for products and what lies between them, else float32.

    Its ``minimize`` puts casts into the program before the gradients: ops of the white list compute in ``dtype``, those
    of the black list and of none in float32, those of the gray list as what they read was computed. Parameters, their
    gradients as the optimizer sees them, and its state are float32, and so is what is saved. A variable of bfloat16 is
    fetched as an array of uint16, its bits.

    bfloat16 has kernels on the CPU for fully connected and recurrent nets: ``mul``, ``matmul``, ``lstm`` and ``gru``,
    and between them ``elementwise_add``, ``scale``, ``relu``, ``tanh``, ``sigmoid``, ``dropout``, ``concat``,
    ``reshape2``, ``transpose2`` and ``sequence_pool``. All sums, the cells of an LSTM and its bias are float32. It is faster than
    float32 on processors with tile units or dot products of it (amx_bf16, avx512_bf16); elsewhere the numbers are multiplied
    as float32, and only memory is saved. Gradients need no scaling: with the defaults of ``init_loss_scaling`` and ``use_dynamic_loss_scaling`` there
    is none.

    float16 has no kernels on the CPU: the program is rewritten, but running it raises an error.

    Args:
        optimizer (Optimizer): what updates the parameters.
        amp_lists (AutoMixedPrecisionLists): which ops compute in ``dtype``; see there for the default.
        init_loss_scaling (float): what the loss is multiplied by, at first; gradients are divided by it.
        incr_every_n_steps (int): so many steps in a row with finite gradients, and one more, let the scaling grow.
        decr_every_n_nan_or_inf (int): so many steps in a row with others, and one more, let it shrink.
        incr_ratio (float): what it is multiplied by to grow.
        decr_ratio (float): what it is multiplied by to shrink; it stays at 1 or above.
        use_dynamic_loss_scaling (bool): whether it changes. Gradients of a step that are not finite are then taken as
            zero. Sparse gradients are not taken.
        dtype (str): 'float16' or 'bfloat16'.

    Returns:
        OptimizerWithMixedPrecision: has ``minimize``, ``backward``, ``apply_gradients``, ``get_loss_scaling`` and
        ``get_scaled_loss``.

    Raises:
        TypeError: ``optimizer`` is none.
        ValueError: another ``dtype``; the custom white list names an op without a kernel for bfloat16.

    Example:

        >>> optimizer = fluid.optimizer.Adam(0.001)
        >>> optimizer = fluid.contrib.mixed_precision.decorate(optimizer, dtype="bfloat16")
        >>> optimizer.minimize(loss)
    """
    return OptimizerWithMixedPrecision(
        optimizer,
        AutoMixedPrecisionLists() if amp_lists is None else amp_lists,
        init_loss_scaling,
        use_dynamic_loss_scaling,
        incr_every_n_steps,
        decr_every_n_nan_or_inf,
        incr_ratio,
        decr_ratio,
        dtype,
    )

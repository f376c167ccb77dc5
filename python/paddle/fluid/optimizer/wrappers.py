"""Optimizers around another optimizer."""

from paddle.fluid import framework
from paddle.fluid.backward import append_backward
from paddle.fluid.clip import error_clip_callback
from paddle.fluid.framework import Variable, program_guard
from paddle.fluid.optimizer.base import Optimizer


class LookaheadOptimizer:
    """Every ``k`` steps slow weights go a share ``alpha`` of the way to the trained ones, which start from there again.

    Args:
        inner_optimizer (Optimizer): trains.
        alpha (float): from 0 to 1.
        k (int): positive.

    Source: Zhang et al., "Lookahead Optimizer: k steps forward, 1 step back", 2019.
    """

    def __init__(self, inner_optimizer, alpha=0.5, k=5):
        if inner_optimizer is None:
            raise ValueError("LookaheadOptimizer needs an inner optimizer")
        if not 0.0 <= alpha <= 1.0:
            raise ValueError("alpha must be from 0 to 1, got %r" % (alpha,))
        if not isinstance(k, int) or isinstance(k, bool) or k <= 0:
            raise ValueError("k must be a positive integer, got %r" % (k,))
        self.inner_optimizer = inner_optimizer
        self.alpha = alpha
        self.k = k
        self.type = "lookahead"

    def minimize(self, loss, startup_program=None):
        """See ``Optimizer.minimize``."""
        result = self.inner_optimizer.minimize(loss, startup_program=startup_program)
        if startup_program is None:
            startup_program = framework.default_startup_program()
        main, startup = loss.block, startup_program.global_block()
        pairs = []
        for fast in main.all_parameters():
            slow = self._slow_var(main, fast)
            startup.append_op(
                type="assign", inputs={"X": startup.var(fast.name)}, outputs={"Out": self._slow_var(startup, fast)}
            )
            pairs.append((fast, slow))
        with program_guard(main.program, startup_program):
            self._append_update(pairs)
        return result

    @staticmethod
    def _slow_var(block, fast):
        return block.create_var(name=fast.name + "@SLOW", shape=fast.shape, dtype=fast.dtype, persistable=True)

    def _append_update(self, pairs):
        from paddle.fluid import layers

        k = layers.create_global_var(name="lookahead_k", shape=[1], value=int(self.k), dtype="int32", persistable=True)
        alpha = layers.create_global_var(
            name="lookahead_alpha", shape=[1], value=float(self.alpha), dtype="float32", persistable=True
        )
        step = layers.create_global_var(name="lookahead_step", shape=[1], value=int(0), dtype="int32", persistable=True)
        layers.increment(x=step, value=1.0, in_place=True)
        zero = layers.fill_constant(shape=[1], dtype="float32", value=0.0)
        one = layers.fill_constant(shape=[1], dtype="float32", value=1.0)
        with layers.control_flow.Switch() as switch:
            with switch.case(layers.elementwise_mod(step, k) == zero):
                for fast, slow in pairs:
                    mixed = layers.elementwise_add(
                        layers.elementwise_mul(fast, alpha),
                        layers.elementwise_mul(slow, layers.elementwise_sub(one, alpha)),
                    )
                    layers.assign(input=mixed, output=slow)
                    layers.assign(input=mixed, output=fast)
            with switch.default():
                pass


class RecomputeOptimizer(Optimizer):
    """Saves memory: keeps only the variables set by ``_set_checkpoints``; the backward pass computes the others again.

    Args:
        optimizer (Optimizer): trains.

    Source: Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016.
    """

    def __init__(self, optimizer):
        self._optimizer = optimizer
        self._checkpoints = None
        self._learning_rate = optimizer._learning_rate
        self._learning_rate_map = optimizer._learning_rate_map

    def _set_checkpoints(self, checkpoints):
        if not isinstance(checkpoints, list) or not all(isinstance(c, (Variable, str)) for c in checkpoints):
            raise TypeError("checkpoints must be a list of variables or their names")
        self._checkpoints = checkpoints

    def load(self, stat_dict):
        """Not there: states are loaded by ``fluid.load``."""
        raise NotImplementedError("RecomputeOptimizer has no load; use fluid.load")

    def apply_gradients(self, params_grads):
        """See ``Optimizer.apply_gradients``."""
        return self._optimizer.apply_gradients(params_grads)

    def backward(self, loss, startup_program=None, parameter_list=None, no_grad_set=None, callbacks=None):
        """See ``Optimizer.backward``.

        Raises:
            ValueError: there are no checkpoints.
        """
        if self._checkpoints is None:
            raise ValueError("call _set_checkpoints before minimize")
        self._dtype = self._optimizer._dtype = loss.dtype
        startup_program = framework.default_startup_program() if startup_program is None else startup_program
        with program_guard(loss.block.program, startup_program):
            return append_backward(
                loss, parameter_list, no_grad_set, callbacks or [error_clip_callback], checkpoints=self._checkpoints
            )

    def apply_optimize(self, loss, startup_program, params_grads):
        """See ``Optimizer.apply_optimize``."""
        return self._optimizer.apply_optimize(loss, startup_program, params_grads)

"""Averages of the parameters over the steps, for evaluation."""

import contextlib

from paddle.fluid import framework, unique_name
from paddle.fluid.framework import Program, name_scope, program_guard
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.optimizer.base import Optimizer


class _Applied:
    """Puts averages in the place of the parameters, and the parameters back.

    A subclass has ``apply_program`` and ``restore_program``.
    """

    @contextlib.contextmanager
    def apply(self, executor, need_restore=True):
        """Inside the ``with`` block the parameters are the averages; ``need_restore`` False: behind it too."""
        executor.run(self.apply_program)
        try:
            yield
        finally:
            if need_restore:
                self.restore(executor)

    def restore(self, executor):
        """Put the parameters back, after ``apply`` without ``need_restore``."""
        executor.run(self.restore_program)


class ModelAverage(_Applied, Optimizer):
    """The mean of the parameters over the last steps.

    Make it behind ``minimize``: it appends to the default main program ops that sum up the parameters. For evaluation::

        with model_average.apply(exe):
            exe.run(test_program, ...)

    Args:
        average_window_rate (float): the window is this share of all steps,
        min_average_window, max_average_window (int): but at least and at most so many.
        regularization, name: kept for old scripts; part of the names of the state.
    """

    def __init__(
        self, average_window_rate, min_average_window=10000, max_average_window=10000, regularization=None, name=None
    ):
        super().__init__(0.0, regularization=regularization, name=name)
        self.average_window = average_window_rate
        self.min_average_window = min_average_window
        self.max_average_window = max_average_window
        self.params_grads = []
        for param in framework.default_main_program().global_block().all_parameters():
            if param.do_model_average is not False:
                backup = param.block.create_var(
                    name=unique_name.generate_with_ignorable_key(".".join([param.name, "tmp"])),
                    dtype=param.dtype,
                    persistable=False,
                    stop_gradient=True,
                )
                self.params_grads.append((param, backup))
        for param, backup in self.params_grads:
            with param.block.program._optimized_guard([param, backup]), name_scope("move_average"):
                self._append_average_accumulate_op(param)
        self.apply_program = Program()
        with program_guard(main_program=self.apply_program):
            for pair in self.params_grads:
                self._add_average_apply_op(self.apply_program.global_block(), pair)
        self.restore_program = Program()
        with program_guard(main_program=self.restore_program):
            block = self.restore_program.global_block()
            for param, backup in self.params_grads:
                block.append_op(
                    type="assign",
                    inputs={"X": block._clone_variable(backup)},
                    outputs={"Out": block._clone_variable(param)},
                )

    def _append_average_accumulate_op(self, param):
        self.helper = LayerHelper("average_accumulate")
        sums = [self._add_accumulator("sum_%d" % i, param) for i in (1, 2, 3)]
        names = ("num_accumulates", "old_num_accumulates", "num_updates")
        counts = [self._add_accumulator(name, param, dtype="int64", shape=[1]) for name in names]
        inputs, outputs = {"param": param}, {}
        for name, var in zip(("sum_1", "sum_2", "sum_3") + names, sums + counts):
            inputs["in_" + name] = outputs["out_" + name] = var
        attrs = {
            "average_window": self.average_window,
            "min_average_window": self.min_average_window,
            "max_average_window": self.max_average_window,
        }
        self.helper.append_op(type="average_accumulates", inputs=inputs, outputs=outputs, attrs=attrs)

    def _add_average_apply_op(self, block, param_backup):
        from paddle.fluid import layers

        original = param_backup[0]
        param, backup = (block._clone_variable(var) for var in param_backup)
        sums = [block._clone_variable(self._get_accumulator("sum_%d" % i, original)) for i in (1, 2, 3)]
        counts = [
            block._clone_variable(self._get_accumulator(name, original))
            for name in ("num_accumulates", "old_num_accumulates")
        ]
        layers.assign(input=param, output=backup)
        count = layers.cast(x=layers.sum(x=counts), dtype="float32" if self._dtype is None else self._dtype)
        total = layers.cast(x=layers.sum(x=sums), dtype="float32" if self._dtype is None else self._dtype)
        block.append_op(
            type="elementwise_div", inputs={"X": total, "Y": count}, outputs={"Out": param}, attrs={"axis": -1}
        )


class ExponentialMovingAverage(_Applied):
    """ema = decay * ema + (1 - decay) * parameter, corrected for its start at 0 when it is applied.

    Call ``update`` behind ``minimize``; see ``ModelAverage`` for ``apply``.

    Args:
        decay (float): the share of the old value.
        thres_steps (Variable): a step counter t, (1,); the decay is at most (t + 1) / (t + 10).
        name (str): part of the names of the state.
    """

    def __init__(self, decay=0.999, thres_steps=None, name=None):
        self._decay = decay
        self._thres_steps = thres_steps
        self._name = name if name is not None else ""
        self._decay_var = self._get_ema_decay()
        self._step_counter_name = "@EMA_STEP_COUNTER@"
        self._params_tmps = []
        for param in framework.default_main_program().global_block().all_parameters():
            if param.do_model_average is not False:
                tmp = param.block.create_var(
                    name=unique_name.generate(".".join([self._name + param.name, "ema_tmp"])),
                    dtype=param.dtype,
                    persistable=False,
                    stop_gradient=True,
                )
                self._params_tmps.append((param, tmp))
        self._ema_vars = {}
        for param, tmp in self._params_tmps:
            with param.block.program._optimized_guard([param, tmp]), name_scope("moving_average"):
                self._ema_vars[param.name] = self._create_ema_vars(param)
        self.apply_program = Program()
        with program_guard(main_program=self.apply_program):
            self._fill_apply_program(self.apply_program.global_block())
        self.restore_program = Program()
        with program_guard(main_program=self.restore_program):
            from paddle.fluid import layers

            block = self.restore_program.global_block()
            for param, tmp in self._params_tmps:
                layers.assign(input=block._clone_variable(tmp), output=block._clone_variable(param))

    def _get_ema_decay(self):
        from paddle.fluid import layers

        with framework.default_main_program()._lr_schedule_guard():
            decay_var = layers.create_global_var(
                shape=[1], value=self._decay, dtype="float32", persistable=True, name="scheduled_ema_decay_rate"
            )
            if self._thres_steps is not None:
                steps = layers.cast(self._thres_steps, "float32")
                limit = (steps + 1.0) / (steps + 10.0)
                with layers.control_flow.Switch() as switch:
                    with switch.case(limit < self._decay):
                        layers.assign(limit, decay_var)
                    with switch.default():
                        layers.assign(layers.fill_constant([1], "float32", self._decay), decay_var)
        return decay_var

    def _create_ema_vars(self, param):
        from paddle.fluid import layers

        return layers.create_global_var(
            name=unique_name.generate(self._name + param.name + "_ema"),
            shape=param.shape,
            value=0.0,
            dtype=param.dtype,
            persistable=True,
        )

    def _fill_apply_program(self, block):
        from paddle.fluid import layers

        step = layers.create_global_var(
            name=self._step_counter_name, shape=[1], value=0, dtype="int64", persistable=True
        )
        step = layers.cast(step, "float32")
        decay_power = layers.elementwise_pow(block._clone_variable(self._decay_var), step)
        for param, tmp in self._params_tmps:
            ema_var = self._ema_vars[param.name]
            param, tmp, ema = (block._clone_variable(var) for var in (param, tmp, ema_var))
            layers.assign(input=param, output=tmp)
            # the division goes into a temporary: the state must stay as it is
            corrected = layers.elementwise_div(ema, layers.elementwise_max(1.0 - decay_power, _tiny()))
            layers.assign(input=corrected, output=param)

    def update(self):
        """Append the ops that update the averages to the default main program. Call it once, behind ``minimize``."""
        from paddle.fluid import layers

        layers.autoincreased_step_counter(counter_name=self._step_counter_name, begin=1, step=1)
        for param, tmp in self._params_tmps:
            with param.block.program._optimized_guard([param, tmp]), name_scope("moving_average"):
                ema = self._ema_vars[param.name]
                layers.assign(input=ema * self._decay_var + param * (1 - self._decay_var), output=ema)


def _tiny():
    from paddle.fluid import layers

    return layers.fill_constant([1], "float32", 1e-30)

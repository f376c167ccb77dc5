"""A recurrence of a fixed number of steps, described by one step."""

from paddle.fluid import unique_name
from paddle.fluid.framework import VarType
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._blocks import OpGuard, outer_use
from paddle.fluid.layers._op import check_variable

__all__ = ["StaticRNN"]


class _Memory:
    """A state: its value before the first step, and the variables for before and after a step."""

    def __init__(self, init, before):
        self.init, self.before, self.after = init, before, None


class StaticRNN:
    """A recurrent network over sequences of one length, time first; its ``with`` block describes one step::

        x = fluid.data("x", [20, None, 32])
        rnn = fluid.layers.StaticRNN()
        with rnn.step():
            word = rnn.step_input(x)
            before = rnn.memory(shape=[-1, 64], batch_ref=word)
            after = fluid.layers.fc([word, before], 64, act="tanh")
            rnn.update_memory(before, after)
            rnn.step_output(after)
        states = rnn()  # (20, N, 64)

    Args:
        name (str): name of the layer; a unique one by default.
    """

    BEFORE_RNN_BLOCK, IN_RNN_BLOCK, AFTER_RNN_BLOCK = 0, 1, 2

    def __init__(self, name=None):
        self.helper = LayerHelper("static_rnn", name=name)
        self.status = StaticRNN.BEFORE_RNN_BLOCK
        self.seq_len = None
        self._memories, self._inputs, self._outputs, self._results = [], [], [], []

    def step(self):
        """The ``with`` statement that describes one step."""
        return _StepGuard(self)

    def _check_inside(self, method):
        if self.status != StaticRNN.IN_RNN_BLOCK:
            raise ValueError("You must invoke %s in rnn block: inside 'with rnn.step()'" % method)

    def _blocks(self):
        program = self.helper.main_program
        inner = program.current_block()
        return inner, program.block(inner.parent_idx)

    def memory(
        self, init=None, shape=None, batch_ref=None, init_value=0.0, init_batch_dim_idx=0, ref_batch_dim_idx=1
    ):
        """A state that goes from step to step; give ``init``, or ``shape`` and ``batch_ref``.

        Args:
            init (Variable): the value before the first step.
            shape (list|tuple): of the state; the size at ``init_batch_dim_idx`` is taken from ``batch_ref``.
            batch_ref (Variable): a step input, or a variable made before the block.
            init_value (float): what the state is before the first step.
            init_batch_dim_idx (int): which size of the state is that of the batch.
            ref_batch_dim_idx (int): which size of ``batch_ref``, of the whole sequence for a step input, that is.

        Returns:
            Variable: the state before a step.

        Raises:
            ValueError: it is called outside the block, or neither ``init`` nor ``shape`` and ``batch_ref`` are given.
        """
        self._check_inside("memory")
        inner, outer = self._blocks()
        if init is None:
            if shape is None or batch_ref is None:
                raise ValueError("if init is None, memory at least need shape and batch_ref")
            check_variable(batch_ref, "batch_ref of StaticRNN.memory")
            reference = outer._find_var_recursive(batch_ref.name)
            if reference is None:
                raise ValueError(
                    "batch_ref of StaticRNN.memory must be a step input or made before the block, but '%s' is made in it"
                    % batch_ref.name
                )
            init = outer.create_var(
                name=unique_name.generate("%s@memory_boot" % self.helper.name),
                shape=shape,
                dtype=batch_ref.dtype,
                persistable=False,
            )
            outer.append_op(
                type="fill_constant_batch_size_like",
                inputs={"Input": [reference]},
                outputs={"Out": [init]},
                attrs={
                    "value": float(init_value),
                    "shape": list(init.shape),
                    "dtype": init.dtype,
                    "input_dim_idx": ref_batch_dim_idx,
                    "output_dim_idx": init_batch_dim_idx,
                },
            )
        check_variable(init, "init of StaticRNN.memory")
        before = inner.create_var(
            name=unique_name.generate("%s@mem" % self.helper.name), dtype=init.dtype, shape=init.shape
        )
        self._memories.append(_Memory(init, before))
        return before

    def step_input(self, x):
        """One step of a sequence.

        Args:
            x (Variable): (steps, ...); all step inputs have the same number of steps.

        Returns:
            Variable: (...), of the type of ``x``.

        Raises:
            TypeError: ``x`` is not a Variable.
            ValueError: it is called outside the block, or ``x`` has another number of steps.
        """
        self._check_inside("step_input")
        check_variable(x, "x of StaticRNN.step_input")
        if not x.shape:
            raise ValueError("x of StaticRNN.step_input must have at least one dimension, the steps; '%s' has none" % x.name)
        if self.seq_len is None:
            self.seq_len = x.shape[0]
        elif -1 not in (x.shape[0], self.seq_len) and self.seq_len != x.shape[0]:
            raise ValueError(
                "all step inputs must have the same number of steps: '%s' has %d, one before it %d"
                % (x.name, x.shape[0], self.seq_len)
            )
        inner, _ = self._blocks()
        step = inner.create_var(name=x.name, dtype=x.dtype, shape=list(x.shape[1:]), type=x.type)
        self._inputs.append(x)
        return step

    def step_output(self, o):
        """Make the values of ``o`` in all steps an output of the network.

        Raises:
            TypeError: ``o`` is not a Variable.
            ValueError: it is called outside the block.
        """
        self._check_inside("step_output")
        check_variable(o, "o of StaticRNN.step_output")
        inner, outer = self._blocks()
        made = self.helper.create_variable_for_type_inference(o.dtype)
        self._remember(inner, o, made)
        result = outer.create_var(name=made.name, shape=[self.seq_len or -1] + list(made.shape), dtype=made.dtype)
        self._outputs.append(result)

    def output(self, *outputs):
        """``step_output`` of each."""
        for each in outputs:
            self.step_output(each)

    def update_memory(self, mem, var):
        """Say what a state is after the step.

        Args:
            mem (Variable): what ``memory`` returned.
            var (Variable): of the same shape and type.

        Raises:
            TypeError: one is not a Variable.
            ValueError: ``mem`` is no state of this network.
        """
        check_variable(mem, "mem of StaticRNN.update_memory")
        check_variable(var, "var of StaticRNN.update_memory")
        for memory in self._memories:
            if memory.before.name == mem.name:
                memory.after = var
                return
        raise ValueError("'%s' is no memory of this StaticRNN" % mem.name)

    def __call__(self, *args, **kwargs):
        """The outputs, (steps, ...) each: one variable, or a list in the order of ``step_output``.

        Raises:
            ValueError: it is called before the block ended, or the block has no output.
        """
        if self.status != StaticRNN.AFTER_RNN_BLOCK:
            raise ValueError("RNN output can only be retrieved after rnn block")
        if not self._outputs:
            raise ValueError("RNN has no output")
        return self._outputs[0] if len(self._outputs) == 1 else self._outputs

    @staticmethod
    def _remember(inner, var, made):
        inner.append_op(
            type="rnn_memory_helper", inputs={"X": [var]}, outputs={"Out": made}, attrs={"dtype": var.dtype}
        )

    def complete(self):
        """Append the op that runs the block that was just filled."""
        inner, outer = self._blocks()
        states = []
        for memory in self._memories:
            if memory.after is None:
                raise ValueError("the memory '%s' is never updated; call update_memory for it" % memory.before.name)
            made = self.helper.create_variable_for_type_inference(memory.after.dtype)
            self._remember(inner, memory.after, made)
            states.append(made.name)
        if not self._inputs:
            raise ValueError("a StaticRNN needs at least one step_input, which tells the number of steps")
        reads, _ = outer_use(inner)
        outer.append_op(
            type="recurrent",
            inputs={
                "inputs": self._inputs,
                "initial_states": [memory.init for memory in self._memories],
                "parameters": [outer._var_recursive(name) for name in reads],
            },
            outputs={"outputs": self._outputs, "step_scopes": [outer.create_var(type=VarType.STEP_SCOPES)]},
            attrs={
                "has_states": bool(self._memories),
                "ex_states": [memory.before.name for memory in self._memories],
                "states": states,
                "sub_block": inner,
            },
        )


class _StepGuard(OpGuard):
    def __enter__(self):
        self.owner.status = StaticRNN.IN_RNN_BLOCK
        return super().__enter__()

    def __exit__(self, kind, value, trace):
        self.owner.status = StaticRNN.AFTER_RNN_BLOCK
        return super().__exit__(kind, value, trace)

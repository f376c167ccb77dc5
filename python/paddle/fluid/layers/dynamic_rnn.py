"""A recurrence over sequences of varying length, described by one step."""

import sys

from paddle.fluid import unique_name
from paddle.fluid.framework import VarType, Variable
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import check_variable
from paddle.fluid.layers.loops import While

__all__ = ["DynamicRNN"]


class DynamicRNN:
    """A recurrent network over sequences of any lengths; its ``with`` block describes one step::

        x = fluid.data("x", [None, 32], lod_level=1)
        rnn = fluid.layers.DynamicRNN()
        with rnn.block():
            word = rnn.step_input(x)
            before = rnn.memory(shape=[64])
            after = fluid.layers.fc([word, before], 64, act="tanh")
            rnn.update_memory(before, after)
            rnn.output(after)
        last = fluid.layers.sequence_last_step(rnn())

    Sequences run side by side, the longest first; the batch shrinks as they end.

    Args:
        name (str): name of the layer; a unique one by default.
    """

    BEFORE_RNN, IN_RNN, AFTER_RNN = 0, 1, 2

    def __init__(self, name=None):
        self.helper = LayerHelper("dynamic_rnn", name=name)
        self.status = DynamicRNN.BEFORE_RNN
        self.lod_rank_table = self.max_seq_len = self.step_idx = self.zero_idx = None
        self.cond = self.helper.create_variable_for_type_inference("bool", stop_gradient=True)
        self.cond.desc.set_shape([1])
        self.while_op = While(self.cond)
        self._input_arrays, self._memories, self._output_arrays, self._outputs = [], {}, [], []

    def _check_inside(self, method):
        if self.status != DynamicRNN.IN_RNN:
            raise ValueError("%s can only be invoked inside rnn block." % method)

    def _around(self):
        program = self.helper.main_program
        return program.block(program.current_block().parent_idx)

    def _new(self, block, what, dtype, type=VarType.LOD_TENSOR, **more):
        return block.create_var(name=unique_name.generate(what), dtype=dtype, type=type, **more)

    def step_input(self, x, level=0):
        """One step of the sequences that have not ended.

        Args:
            x (Variable): (T, ...), with LoD; all step inputs have the same lengths.
            level (int): which level of the LoD tells the steps.

        Returns:
            Variable: (N, ...), N falls from step to step.

        Raises:
            TypeError: ``x`` is not a Variable.
            ValueError: it is called outside the block.
        """
        from paddle.fluid.layers.array import array_read

        self._check_inside("step_input")
        check_variable(x, "x of DynamicRNN.step_input")
        around = self._around()
        if self.lod_rank_table is None:
            self.lod_rank_table = around.create_var(
                name=unique_name.generate("lod_rank_table"), type=VarType.LOD_RANK_TABLE, stop_gradient=True
            )
            around.append_op(
                type="lod_rank_table",
                inputs={"X": x},
                outputs={"Out": self.lod_rank_table},
                attrs={"level": level},
            )
            self.max_seq_len = self._new(around, "dynamic_rnn_max_seq_len", "int64")
            around.append_op(
                type="max_sequence_len",
                inputs={"RankTable": self.lod_rank_table},
                outputs={"Out": self.max_seq_len},
            )
            around.append_op(
                type="less_than",
                inputs={"X": self.step_idx, "Y": self.max_seq_len},
                outputs={"Out": self.cond},
                attrs={"force_cpu": True},
            )
        steps = self._new(around, "dynamic_rnn_input_array", x.dtype, VarType.LOD_TENSOR_ARRAY)
        self._input_arrays.append((steps, x.dtype))
        around.append_op(
            type="lod_tensor_to_array",
            inputs={"X": x, "RankTable": self.lod_rank_table},
            outputs={"Out": steps},
        )
        return array_read(array=steps, i=self.step_idx)

    def static_input(self, x):
        """A variable that is the same in each step, with the rows of the sequences that have not ended.

        Args:
            x (Variable): (N, ...), or with LoD; one row, or sequence, for each sequence of the step input.

        Returns:
            Variable: the rows in the order in which the sequences run.

        Raises:
            RuntimeError: there is no step input yet.
            ValueError: it is called outside the block.
        """
        from paddle.fluid.layers.array import shrink_memory

        self._check_inside("static_input")
        check_variable(x, "x of DynamicRNN.static_input")
        if self.lod_rank_table is None:
            raise RuntimeError("static_input() must be called after step_input().")
        around = self._around()
        ordered = self._new(around, "dynamic_rnn_static_input_reordered", x.dtype)
        around.append_op(
            type="reorder_lod_tensor_by_rank",
            inputs={"X": [x], "RankTable": [self.lod_rank_table]},
            outputs={"Out": [ordered]},
        )
        return shrink_memory(ordered, self.step_idx, self.lod_rank_table)

    def block(self):
        """The ``with`` statement that describes one step.

        Raises:
            ValueError: the block was filled before.
        """
        if self.status != DynamicRNN.BEFORE_RNN:
            raise ValueError("rnn.block() can only be invoke once")
        return _StepGuard(self)

    def _begin(self):
        from paddle.fluid.layers.tensor import fill_constant

        self.step_idx = fill_constant(shape=[1], dtype="int64", value=0, force_cpu=True)
        self.step_idx.stop_gradient = False
        self.status = DynamicRNN.IN_RNN

    def _end_of_step(self):
        from paddle.fluid.layers.array import array_write
        from paddle.fluid.layers.control_flow import increment, less_than

        if self.lod_rank_table is None:
            raise ValueError("a DynamicRNN needs at least one step_input, whose lengths tell the steps")
        increment(x=self.step_idx, value=1.0, in_place=True)
        for new, array in self._memories.values():
            if new is not None:
                array_write(x=new, i=self.step_idx, array=array)
        less_than(x=self.step_idx, y=self.max_seq_len, force_cpu=True, cond=self.cond)

    def _end(self):
        from paddle.fluid.layers.array import array_to_lod_tensor

        self.status = DynamicRNN.AFTER_RNN
        for array in self._output_arrays:
            self._outputs.append(array_to_lod_tensor(x=array, table=self.lod_rank_table))

    def __call__(self, *args, **kwargs):
        """The outputs, (T, ...) with the LoD of the step input: one variable, or a list in the order of ``output``.

        Raises:
            ValueError: it is called inside the block.
        """
        if self.status != DynamicRNN.AFTER_RNN:
            raise ValueError("Output of the dynamic RNN can only be visited outside the rnn block.")
        return self._outputs[0] if len(self._outputs) == 1 else self._outputs

    def memory(self, init=None, shape=None, value=0.0, need_reorder=False, dtype="float32"):
        """A state that goes from step to step; give ``init`` or ``shape``.

        Args:
            init (Variable): (N, ...), what it is before the first step, one row a sequence.
            shape (list|tuple): of a row; every element is ``value`` before the first step.
            value (float): see ``shape``.
            need_reorder (bool): the rows of ``init`` are in the order of the sequences in the batch, not in that in
                which they run.
            dtype (str): element type, with ``shape``.

        Returns:
            Variable: the state before a step, for the sequences that have not ended.

        Raises:
            TypeError: ``init`` is not a Variable, or ``shape`` is no list.
            ValueError: it is called outside the block, or without any step input.
        """
        from paddle.fluid.layers.array import array_read, shrink_memory

        self._check_inside("memory")
        around = self._around()
        if init is None and not self._input_arrays:
            raise ValueError("step_input should be invoked before memory(shape=..., value=...)")
        zero = self._zero(around)
        if init is not None:
            check_variable(init, "init of DynamicRNN.memory")
            start = self._reordered(around, init) if need_reorder else init
        else:
            start = self._filled(around, shape, value, dtype)
        array = self._new(around, "dynamic_rnn_mem_array", start.dtype, VarType.LOD_TENSOR_ARRAY)
        around.append_op(
            type="write_to_array", inputs={"X": start, "I": zero}, outputs={"Out": array}
        )
        before = array_read(array=array, i=self.step_idx)
        before = shrink_memory(x=before, i=self.step_idx, table=self.lod_rank_table)
        self._memories[before.name] = (None, array)
        return before

    def _zero(self, around):
        if self.zero_idx is None:
            self.zero_idx = self._new(around, "zero_idx", "int64")
            around.append_op(
                type="fill_constant",
                outputs={"Out": [self.zero_idx]},
                attrs={"shape": [1], "dtype": self.zero_idx.dtype, "value": 0.0, "force_cpu": True},
            )
        return self.zero_idx

    def _reordered(self, around, init):
        if self.lod_rank_table is None:
            raise ValueError("If set need_reorder to True, make sure step_input be invoked before memory(init=..., need_reorder=True, ...).")
        ordered = self._new(around, "dynamic_rnn_mem_init_reordered", init.dtype)
        around.append_op(
            type="reorder_lod_tensor_by_rank",
            inputs={"X": [init], "RankTable": [self.lod_rank_table]},
            outputs={"Out": [ordered]},
        )
        return ordered

    def _filled(self, around, shape, value, dtype):
        if not isinstance(shape, (list, tuple)):
            raise TypeError("memory needs init, or shape as a list or tuple, got %s" % type(shape).__name__)
        steps, steps_dtype = self._input_arrays[0]
        zero = self._zero(around)
        first = self._new(around, "in0", steps_dtype)
        filled = self._new(around, "mem_init", dtype)
        around.append_op(type="read_from_array", inputs={"X": [steps], "I": [zero]}, outputs={"Out": [first]})
        around.append_op(
            type="fill_constant_batch_size_like",
            inputs={"Input": [first]},
            outputs={"Out": [filled]},
            attrs={"shape": [-1] + list(shape), "value": float(value), "dtype": filled.dtype},
        )
        return filled

    def update_memory(self, ex_mem, new_mem):
        """Say what a state is after the step.

        Args:
            ex_mem (Variable): what ``memory`` returned.
            new_mem (Variable): of the same shape and type.

        Raises:
            TypeError: one is not a Variable.
            ValueError: it is called outside the block, or ``ex_mem`` is no state of this network.
        """
        self._check_inside("update_memory")
        for what, var in ("ex_mem", ex_mem), ("new_mem", new_mem):
            if not isinstance(var, Variable):
                raise TypeError("The input arg `%s` of update_memory() must be a Variable" % what)
        if ex_mem.name not in self._memories:
            raise ValueError("Please invoke memory before update_memory: '%s' is no memory of this rnn" % ex_mem.name)
        array = self._memories.pop(ex_mem.name)[1]
        self._memories[ex_mem.name] = (new_mem, array)

    def output(self, *outputs):
        """Make the values of variables in all steps outputs of the network.

        Args:
            outputs: Variables, (N, ...).

        Raises:
            TypeError: one is not a Variable.
            ValueError: it is called outside the block.
        """
        from paddle.fluid.layers.array import array_write

        self._check_inside("output")
        around = self._around()
        for each in outputs:
            check_variable(each, "what DynamicRNN.output is given")
            name = "_".join([self.helper.name, "output_array", each.name])
            array = self._new(around, name, each.dtype, VarType.LOD_TENSOR_ARRAY)
            array_write(x=each, i=self.step_idx, array=array)
            self._output_arrays.append(array)


class _StepGuard:
    def __init__(self, rnn):
        self._rnn = rnn

    def __enter__(self):
        self._rnn._begin()
        self._loop = self._rnn.while_op.block()
        self._loop.__enter__()

    def __exit__(self, kind, value, trace):
        if kind is None:
            try:
                self._rnn._end_of_step()
            except BaseException:
                self._loop.__exit__(*sys.exc_info())
                raise
        self._loop.__exit__(kind, value, trace)
        if kind is None:
            self._rnn._end()
        return False

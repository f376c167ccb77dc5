"""Measures over many batches that a program adds up itself; ``fluid.metrics`` does the same outside the program."""

import warnings

import numpy as np

from paddle.fluid import layers, unique_name
from paddle.fluid.framework import Program, program_guard
from paddle.fluid.layer_helper import LayerHelper

__all__ = ["ChunkEvaluator", "EditDistance"]


class Evaluator:
    """Base of the evaluators: ``states`` are the variables that are added up, ``metrics`` those of one batch.

    ``reset`` must come before the first batch.
    """

    def __init__(self, name, **kwargs):
        warnings.warn("%s is deprecated, use fluid.metrics.%s" % ((type(self).__name__,) * 2), Warning)
        self.states = []
        self.metrics = []
        self.helper = LayerHelper(name, **kwargs)

    def reset(self, executor, reset_program=None):
        """Set the states to 0."""
        program = Program() if reset_program is None else reset_program
        block = program.global_block()
        for state in self.states:
            out = self._state_in(block, state)
            attrs = {"shape": list(state.shape), "dtype": int(state.dtype), "value": 0.0}
            block.append_op(type="fill_constant", outputs={"Out": [out]}, attrs=attrs)
        executor.run(program)

    def eval(self, executor, eval_program=None):
        """The measure of all batches since the last reset."""
        raise NotImplementedError("%s has no eval" % type(self).__name__)

    def _create_state(self, suffix, dtype, shape):
        name = "_".join([unique_name.generate(self.helper.name), suffix])
        state = self.helper.create_variable(name=name, persistable=True, dtype=dtype, shape=shape)
        self.states.append(state)
        return state

    def _add(self, state, value):
        self.helper.append_op(type="sum", inputs={"X": [state, value]}, outputs={"Out": [state]})

    @staticmethod
    def _state_in(block, state):
        return block.create_var(name=state.name, shape=state.shape, dtype=state.dtype, persistable=True)

    def _read(self, executor, program):
        program = Program() if program is None else program
        with program_guard(program):
            states = [layers.cast(self._state_in(program.global_block(), state), "float32") for state in self.states]
        return executor.run(program, fetch_list=states)


def _share(part, whole):
    return np.where(whole > 0, part / np.maximum(whole, 1), 0).astype("float32")


class ChunkEvaluator(Evaluator):
    """Precision, recall and F1 of chunks; the arguments are those of ``fluid.layers.chunk_eval``."""

    def __init__(self, input, label, chunk_scheme, num_chunk_types, excluded_chunk_types=None):
        super().__init__("chunk_eval")
        if self.helper.main_program.current_block().idx != 0:
            raise ValueError("ChunkEvaluator must be made in the main block, not within a loop or branch")
        self.num_infer_chunks = self._create_state("num_infer_chunks", "int64", [1])
        self.num_label_chunks = self._create_state("num_label_chunks", "int64", [1])
        self.num_correct_chunks = self._create_state("num_correct_chunks", "int64", [1])
        *metrics, infer, label, correct = layers.chunk_eval(
            input=input,
            label=label,
            chunk_scheme=chunk_scheme,
            num_chunk_types=num_chunk_types,
            excluded_chunk_types=excluded_chunk_types,
        )
        self._add(self.num_infer_chunks, infer)
        self._add(self.num_label_chunks, label)
        self._add(self.num_correct_chunks, correct)
        self.metrics.extend(metrics)

    def eval(self, executor, eval_program=None):
        """(precision, recall, F1), arrays of shape (1,)."""
        infer, label, correct = self._read(executor, eval_program)
        return _share(correct, infer), _share(correct, label), _share(2 * correct, infer + label)


class EditDistance(Evaluator):
    """The mean edit distance and the share of wrong sequences; the arguments are those of ``fluid.layers.edit_distance``."""

    def __init__(self, input, label, ignored_tokens=None, **kwargs):
        super().__init__("edit_distance", **kwargs)
        if self.helper.main_program.current_block().idx != 0:
            raise ValueError("EditDistance must be made in the main block, not within a loop or branch")
        self.total_distance = self._create_state("total_distance", "float32", [1])
        self.seq_num = self._create_state("seq_num", "int64", [1])
        self.instance_error = self._create_state("instance_error", "int64", [1])
        distances, count = layers.edit_distance(input=input, label=label, ignored_tokens=ignored_tokens)
        zero = layers.fill_constant(shape=[1], value=0.0, dtype="float32")
        right = layers.reduce_sum(layers.cast(layers.equal(distances, zero), dtype="int64"))
        wrong = layers.elementwise_sub(count, right)
        total = layers.reduce_sum(distances)
        self._add(self.total_distance, total)
        self._add(self.seq_num, count)
        self._add(self.instance_error, wrong)
        self.metrics.extend([total, wrong])

    def eval(self, executor, eval_program=None):
        """(mean distance, share of wrong sequences), arrays of shape (1,); NaN when there was none yet."""
        total, count, wrong = self._read(executor, eval_program)
        with np.errstate(invalid="ignore"):
            return total / count, wrong / count

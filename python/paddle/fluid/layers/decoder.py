"""Decoding: a cell that is fed, step by step, with what was chosen the step before."""

import collections

import numpy as np

from paddle.fluid.framework import VarType
from paddle.fluid.layers._blocks import flatten, map_structure
from paddle.fluid.layers._op import append_op, check_variable
from paddle.fluid.layers.array import array_read, array_write, create_array
from paddle.fluid.layers.control_flow import equal, increment, less_equal
from paddle.fluid.layers.decode import gather_tree
from paddle.fluid.layers.fill import fill_constant, fill_constant_batch_size_like, zeros_like
from paddle.fluid.layers.fill import range as number_range
from paddle.fluid.layers.loops import While
from paddle.fluid.layers.nn import (
    elementwise_add,
    elementwise_floordiv,
    elementwise_mod,
    elementwise_mul,
    expand,
    gather_nd,
    logical_and,
    logical_not,
    logical_or,
    reduce_all,
    reshape,
    shape,
    stack,
    topk,
    transpose,
    unsqueeze,
)
from paddle.fluid.layers.rnn_cell import keep_where_over, swap_batch_and_time
from paddle.fluid.layers.tensor import assign, cast, tensor_array_to_tensor

__all__ = ["Decoder", "BeamSearchDecoder", "BasicDecoder", "dynamic_decode"]


class Decoder:
    """What ``dynamic_decode`` runs: a first step, the steps, and what is made of their results."""

    # Whether `step` says of all rows, not only of those that were not done before it, whether they are done. The states
    # then have a member `lengths`: the number of words of each row.
    tracks_own_finished = False

    def initialize(self, inits):
        """Before the first step.

        Args:
            inits: what ``dynamic_decode`` was given.

        Returns:
            A tuple: the inputs and the states of the first step, and which rows are done already, bool.
        """
        raise NotImplementedError("%s must implement initialize" % type(self).__name__)

    def step(self, time, inputs, states, **kwargs):
        """One step.

        Args:
            time (Variable): the step, int64 (1,).
            inputs: of the step.
            states: before the step.
            kwargs: what ``dynamic_decode`` was given for it.

        Returns:
            A tuple: outputs, the states and the inputs of the next step, and which rows are done, bool.
        """
        raise NotImplementedError("%s must implement step" % type(self).__name__)

    def finalize(self, outputs, final_states, sequence_lengths):
        """What is made of the results; without it they stay as they are.

        Args:
            outputs: of all steps, time first.
            final_states: after the last step.
            sequence_lengths (Variable): int64, how many steps each row took.

        Returns:
            A pair: outputs and states.
        """
        raise NotImplementedError("%s must implement finalize" % type(self).__name__)


class BeamSearchDecoder(Decoder):
    """Keeps the ``beam_size`` most probable beginnings of a sentence and continues them, until all have ended::

        decoder = fluid.layers.BeamSearchDecoder(
            fluid.layers.GRUCell(64), start_token=0, end_token=1, beam_size=4,
            embedding_fn=lambda ids: fluid.embedding(ids, [10000, 64]),
            output_fn=lambda h: fluid.layers.fc(h, 10000, num_flatten_dims=2))
        ids, states = fluid.layers.dynamic_decode(decoder, inits=encoded, max_step_num=20)  # ids: (N, T, beam_size)

    A beam that has ended is a candidate with its own probability, and goes on with ``end_token``.

    Args:
        cell (RNNCell): gets inputs and states (N * beam_size, ...).
        start_token (int): the word before the first step.
        end_token (int): the word that ends a sentence.
        beam_size (int): how many beginnings.
        embedding_fn (callable): from ids (N, beam_size) to the cell's inputs; the ids themselves by default.
        output_fn (callable): from the cell's outputs (N, beam_size, ...) to unnormed logarithms of probabilities
            (N, beam_size, words); the outputs themselves by default.

    Source: Sutskever, Vinyals and Le, "Sequence to Sequence Learning with Neural Networks", 2014.
    """

    # What a step gives: the sums of the logarithms of probabilities, the words, and the beams that they continue.
    OutputWrapper = collections.namedtuple("OutputWrapper", ("scores", "predicted_ids", "parent_ids"))
    StateWrapper = collections.namedtuple("StateWrapper", ("cell_states", "log_probs", "finished", "lengths"))

    tracks_own_finished = True

    def __init__(self, cell, start_token, end_token, beam_size, embedding_fn=None, output_fn=None):
        if not callable(cell):
            raise TypeError("cell of BeamSearchDecoder must be an RNNCell, got %r" % (cell,))
        if beam_size < 1:
            raise ValueError("beam_size of BeamSearchDecoder must be at least 1, got %r" % (beam_size,))
        self.cell, self.embedding_fn, self.output_fn = cell, embedding_fn, output_fn
        self.start_token, self.end_token, self.beam_size = start_token, end_token, beam_size

    @staticmethod
    def tile_beam_merge_with_batch(x, beam_size):
        """Rows for each beam: (N, ...) becomes (N * beam_size, ...), a row's copies one after another.

        Args:
            x (Variable): what the cell reads besides inputs and states, like the encoder's outputs for attention.
            beam_size (int): how many copies.

        Returns:
            Variable: (N * beam_size, ...).

        Raises:
            TypeError: ``x`` is not a Variable.
        """
        check_variable(x, "x of tile_beam_merge_with_batch")
        tiled = _expand_to_beams(x, beam_size)
        rank = len(tiled.shape)
        tiled = transpose(tiled, [*range(2, rank), 0, 1])
        tiled = reshape(tiled, [0] * (rank - 2) + [-1])
        return transpose(tiled, [rank - 2, *range(0, rank - 2)])

    def _merge(self, x):
        return reshape(x, [-1] + list(x.shape[2:]))

    def _split(self, x):
        return reshape(x, [-1, self.beam_size] + list(x.shape[1:]))

    def _gather(self, x, indices):
        """The beams of ``x`` (N, beams, ...) that ``indices`` (N, beam_size) name."""
        rows = number_range(0, cast(self.batch_size, indices.dtype), 1, dtype=indices.dtype)
        rows = expand(unsqueeze(rows, [1]), [1, self.beam_size])
        return gather_nd(x, stack([rows, indices], axis=2))

    def initialize(self, initial_cell_states):
        """All beams begin with the start token. The first one's probability is 1, the others' nearly 0: they begin alike,
        and would be continued alike.

        Args:
            initial_cell_states: a variable (N, ...), or lists, tuples and dicts of such.

        Returns:
            A tuple: the inputs (N, beam_size, ...), the states as ``StateWrapper``, and which beams are done.
        """
        for each in flatten(initial_cell_states) or [None]:
            check_variable(each, "the initial states of BeamSearchDecoder")
        state = flatten(initial_cell_states)[0]
        self.batch_size = shape(state)[0]
        start = fill_constant([1], dtype="int64", value=self.start_token)
        self.end_token_variable = fill_constant([1], dtype="int64", value=self.end_token)
        cell_states = map_structure(lambda x: _expand_to_beams(x, self.beam_size), initial_cell_states)
        ids = _expand_to_beams(expand(start, [self.batch_size]), self.beam_size)
        log_probs = expand(
            _constant([[0.0] + [-_LARGE] * (self.beam_size - 1)], state.dtype), [self.batch_size, 1]
        )
        finished = fill_constant_batch_size_like(
            state, shape=[-1, self.beam_size], dtype="bool", value=False, force_cpu=True
        )
        lengths = zeros_like(ids)
        inputs = self.embedding_fn(ids) if self.embedding_fn else ids
        return inputs, self.StateWrapper(cell_states, log_probs, finished, lengths), finished

    def step(self, time, inputs, states, **kwargs):
        """Continue the beams and keep the best.

        Args:
            time (Variable): the step.
            inputs: (N, beam_size, ...).
            states: a ``StateWrapper``.
            kwargs: for the cell.

        Returns:
            A tuple: an ``OutputWrapper``, the next states and inputs, and which beams are done.
        """
        inputs, cell_states = map_structure(self._merge, inputs), map_structure(self._merge, states.cell_states)
        outputs, cell_states = self.cell(inputs, cell_states, **kwargs)
        outputs, cell_states = map_structure(self._split, outputs), map_structure(self._split, cell_states)
        if self.output_fn is not None:
            outputs = self.output_fn(outputs)
        output, state = self._search(outputs, cell_states, states)
        ids = output.predicted_ids
        return output, state, self.embedding_fn(ids) if self.embedding_fn else ids, state.finished

    def _search(self, logits, cell_states, states):
        words, beams = logits.shape[-1], self.beam_size
        if not 0 <= self.end_token < words:
            raise ValueError("end_token %d of BeamSearchDecoder is none of %d words" % (self.end_token, words))
        divisor = fill_constant([1], dtype="int64", value=words)
        log_probs = self._step_log_probs(logits, states.finished)
        log_probs = elementwise_add(log_probs, states.log_probs, axis=0)
        scores, places = topk(reshape(log_probs, [-1, beams * words]), k=beams)
        parents, ids = elementwise_floordiv(places, divisor), elementwise_mod(places, divisor)
        next_log_probs = self._gather(reshape(log_probs, [-1, beams * words]), places)
        cell_states = map_structure(lambda x: self._gather(x, parents), cell_states)
        finished, lengths = self._gather(states.finished, parents), self._gather(states.lengths, parents)
        lengths = lengths + cast(logical_not(finished), lengths.dtype)
        finished = logical_or(finished, equal(ids, self.end_token_variable))
        output = self.OutputWrapper(scores, ids, parents)
        return output, self.StateWrapper(cell_states, next_log_probs, finished, lengths)

    def _step_log_probs(self, logits, finished):
        """Logarithms of the words' probabilities; a beam that has ended goes on with the end token only."""
        words = logits.shape[-1]
        ended = [-_LARGE] * words
        ended[self.end_token] = 0.0
        ended = _constant(ended, logits.dtype)
        log_probs = append_op("log_softmax", {"X": logits}, {"Out": "X"})  # finite, whatever the logits are
        finished = cast(finished, log_probs.dtype)
        everywhere = expand(unsqueeze(finished, [2]), [1, 1, words])
        return elementwise_mul(everywhere, ended, axis=-1) - elementwise_mul(log_probs, finished - 1, axis=0)

    def finalize(self, outputs, final_states, sequence_lengths):
        """The words of the beams that were left, from first to last.

        Returns:
            A pair: ids (T, N, beam_size), int64, behind the end of a sentence ``end_token``; and ``final_states``.
        """
        return gather_tree(outputs.predicted_ids, outputs.parent_ids), final_states


class BasicDecoder(Decoder):
    """A cell, what a helper feeds it, and what is made of its outputs.

    Args:
        cell (RNNCell): one step.
        helper (DecodeHelper): chooses words and makes inputs of them.
        output_fn (callable): from the cell's outputs to the words' logits, (N, words).
    """

    OutputWrapper = collections.namedtuple("OutputWrapper", ("cell_outputs", "sample_ids"))

    def __init__(self, cell, helper, output_fn=None):
        if not callable(cell):
            raise TypeError("cell of BasicDecoder must be an RNNCell, got %r" % (cell,))
        self.cell, self.helper, self.output_fn = cell, helper, output_fn

    def initialize(self, initial_cell_states):
        """The helper's first inputs, the states as they are, and which rows the helper says are done."""
        inputs, finished = self.helper.initialize()
        return inputs, initial_cell_states, finished

    def step(self, time, inputs, states, **kwargs):
        """One step of the cell.

        Args:
            time (Variable): the step.
            inputs: of the cell.
            states: of the cell.
            kwargs: for the cell.

        Returns:
            A tuple: an ``OutputWrapper``, the next states and inputs, and which rows are done.
        """
        outputs, states = self.cell(inputs, states, **kwargs)
        if self.output_fn is not None:
            outputs = self.output_fn(outputs)
        ids = self.helper.sample(time=time, outputs=outputs, states=states)
        ids.stop_gradient = True
        finished, inputs, states = self.helper.next_inputs(time=time, outputs=outputs, states=states, sample_ids=ids)
        return self.OutputWrapper(outputs, ids), states, inputs, finished


_LARGE = 1e9  # its negative stands for the logarithm of 0


def _constant(values, dtype):
    """A variable of these numbers, of a floating type."""
    made = assign(np.array(values, dtype="float32"))
    return made if made.dtype == dtype else cast(made, dtype)


def _expand_to_beams(x, beam_size):
    """(N, ...) becomes (N, beam_size, ...)."""
    times = [1] * (len(x.shape) + 1)
    times[1] = beam_size
    return expand(unsqueeze(x, [1]), times)


class _Carried:
    """Variables that go from step to step of a loop: in arrays, which a backward pass can read, or, in tests, changed in
    place."""

    def __init__(self, initial, first, time, is_test):
        self.time, self.is_test = time, is_test
        seen = set()

        def own(x):
            taken = x.persistable or x.name in seen  # a parameter stays as it is; one variable holds one state
            seen.add(x.name)
            return assign(x) if taken else x

        self.held = map_structure(own if is_test else lambda x: array_write(x, first), initial)

    def read(self):
        return self.held if self.is_test else map_structure(lambda x: array_read(x, self.time), self.held)

    def write(self, values):
        if self.is_test:
            held = {var.name for var in flatten(self.held)}
            # a state that becomes another's next one: written as it was
            values = map_structure(
                lambda new, old: assign(new) if new.name in held and new.name != old.name else new, values, self.held
            )
            map_structure(assign, values, self.held)
        else:
            map_structure(lambda new, held: array_write(new, self.time, array=held), values, self.held)


def _keep_finished(state, new_state, finished):
    """``state`` in rows that were finished, ``new_state`` in the others."""
    is_bool = state.dtype == VarType.BOOL
    if is_bool:
        state, new_state = cast(state, "float32"), cast(new_state, "float32")
    mask = finished if finished.dtype == state.dtype else cast(finished, state.dtype)
    mask.stop_gradient = True
    kept = keep_where_over(new_state, state, mask)
    return cast(kept, "bool") if is_bool else kept


def dynamic_decode(
    decoder,
    inits=None,
    max_step_num=None,
    output_time_major=False,
    impute_finished=False,
    is_test=False,
    return_length=False,
    **kwargs
):
    """Step a decoder until all rows are done.

    Args:
        decoder (Decoder): a ``BasicDecoder``, ``BeamSearchDecoder`` or another.
        inits: what its ``initialize`` gets, usually the first states.
        max_step_num (int): no step starts whose number, counted from 0, is greater; no limit by default.
        output_time_major (bool): outputs are (T, N, ...).
        impute_finished (bool): rows that are done keep their states. A decoder that tracks by itself which rows are
            done, as ``BeamSearchDecoder`` does, keeps what matters without it; then this changes nothing.
        is_test (bool): there will be no backward pass, so nothing is kept for one; first inputs and states are
            overwritten.
        return_length (bool): return the lengths too.
        kwargs: for ``decoder.step``.

    Returns:
        A tuple: outputs (N, T, ...), structured like those of ``decoder.step`` or as ``decoder.finalize`` makes them;
        the states after the last step; with ``return_length`` also how many steps each row took, int64.

    Raises:
        TypeError: ``decoder`` is no ``Decoder``.
        ValueError: a step returns states or inputs structured otherwise than those before.
    """
    if not all(callable(getattr(decoder, method, None)) for method in ("initialize", "step")):
        raise TypeError("decoder of dynamic_decode must be a Decoder, got %s: %.80r" % (type(decoder).__name__, decoder))
    inputs, states, finished = decoder.initialize(inits)
    time = fill_constant([1], dtype="int64", value=0)
    going_on = logical_not(reduce_all(finished))
    last = None if max_step_num is None else fill_constant([1], dtype="int64", value=max_step_num)
    lengths = cast(zeros_like(finished), "int64")
    lengths.stop_gradient = True
    first = None if is_test else assign(time)  # gradients need it, and the loop changes `time`
    inputs, states = _Carried(inputs, first, time, is_test), _Carried(states, first, time, is_test)
    with While(going_on, is_test=is_test).block():
        here, before = inputs.read(), states.read()
        outputs, next_states, next_inputs, now = decoder.step(time, here, before, **kwargs)
        if getattr(decoder, "tracks_own_finished", False):
            next_lengths = next_states.lengths
        else:
            now = logical_or(now, finished)
            next_lengths = elementwise_add(lengths, cast(logical_not(finished), lengths.dtype))
            if impute_finished:
                next_states = map_structure(lambda old, new: _keep_finished(old, new, finished), before, next_states)
        arrays = _write_outputs(outputs, time)
        increment(time, value=1.0, in_place=True)
        inputs.write(next_inputs)
        states.write(next_states)
        assign(now, finished)
        assign(next_lengths, lengths)
        if last is None:
            logical_not(reduce_all(finished), out=going_on)
        else:
            logical_and(logical_not(reduce_all(finished)), less_equal(time, last), out=going_on)
    outputs = map_structure(lambda array: tensor_array_to_tensor(array, axis=0, use_stack=True)[0], arrays)
    final_states = states.read()
    return _results(decoder, outputs, final_states, lengths, output_time_major, return_length)


def _write_outputs(outputs, time):
    """Arrays of the outputs of all steps, in the block around the loop's."""
    program = time.block.program
    inner = program.current_block()
    program.current_block_idx = inner.parent_idx
    try:
        arrays = map_structure(lambda x: create_array(x.dtype), outputs)
    finally:
        program.current_block_idx = inner.idx
    map_structure(lambda x, array: array_write(x, time, array=array), outputs, arrays)
    return arrays


def _results(decoder, outputs, states, lengths, output_time_major, return_length):
    if getattr(type(decoder), "finalize", Decoder.finalize) is not Decoder.finalize:
        outputs, states = decoder.finalize(outputs, states, lengths)
    if not output_time_major:
        outputs = map_structure(swap_batch_and_time, outputs)
    return (outputs, states, lengths) if return_length else (outputs, states)

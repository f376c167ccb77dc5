"""What a ``BasicDecoder`` feeds to its cell: given inputs, or what it chose the step before."""

from paddle.fluid.framework import VarType
from paddle.fluid.layers._blocks import map_structure
from paddle.fluid.layers._op import check_variable
from paddle.fluid.layers.fill import fill_constant, fill_constant_batch_size_like
from paddle.fluid.layers.control_flow import equal, less_equal
from paddle.fluid.layers.nn import pad, sampling_id, slice, softmax, squeeze
from paddle.fluid.layers.tensor import argmax, cast

__all__ = ["DecodeHelper", "TrainingHelper", "GreedyEmbeddingHelper", "SampleEmbeddingHelper"]


class DecodeHelper:
    """Says what a ``BasicDecoder`` does first, how it chooses, and what it does next."""

    def initialize(self):
        """Before the first step.

        Returns:
            A pair: the first inputs, and which rows are done already, bool (N,).
        """
        raise NotImplementedError("%s must implement initialize" % type(self).__name__)

    def sample(self, time, outputs, states):
        """Choose.

        Args:
            time (Variable): the step, int64 (1,).
            outputs (Variable): of the cell, (N, words).
            states: of the cell after the step.

        Returns:
            Variable: ids, (N,).
        """
        raise NotImplementedError("%s must implement sample" % type(self).__name__)

    def next_inputs(self, time, outputs, states, sample_ids):
        """After a step.

        Args:
            time (Variable): the step, int64 (1,).
            outputs (Variable): of the cell.
            states: of the cell after the step.
            sample_ids (Variable): what ``sample`` chose.

        Returns:
            A tuple: which rows are done, bool (N,), the inputs and the states of the next step.
        """
        raise NotImplementedError("%s must implement next_inputs" % type(self).__name__)


class TrainingHelper(DecodeHelper):
    """Takes given inputs step by step, whatever was chosen: teacher forcing.

    Args:
        inputs (Variable): (N, T, ...), or lists, tuples and dicts of such.
        sequence_length (Variable): int32 or int64, (N,): how many steps each row has.
        time_major (bool): ``inputs`` are (T, N, ...).
    """

    def __init__(self, inputs, sequence_length, time_major=False):
        check_variable(sequence_length, "sequence_length of TrainingHelper")
        self.inputs, self.sequence_length, self.time_major = inputs, sequence_length, time_major
        # one step more, so that there are next inputs behind the last step
        self.inputs_ = map_structure(self._padded, inputs)

    def _padded(self, x):
        check_variable(x, "inputs of TrainingHelper")
        paddings = [0, 0] * len(x.shape)
        paddings[1 if self.time_major else 3] = 1
        return pad(x, paddings)

    def initialize(self):
        """The first step of the inputs; rows of length 0 are done."""
        zero = fill_constant([1], dtype=self.sequence_length.dtype, value=0)
        finished = equal(self.sequence_length, zero)
        return map_structure(lambda x: x[0] if self.time_major else x[:, 0], self.inputs), finished

    def sample(self, time, outputs, states):
        """The id of the greatest output."""
        return argmax(outputs, axis=-1)

    def next_inputs(self, time, outputs, states, sample_ids):
        """The next step of the inputs."""
        time = time if time.dtype == VarType.INT32 else cast(time, "int32")
        length = self.sequence_length
        length = length if length.dtype == VarType.INT32 else cast(length, "int32")
        after = time + 1
        finished = less_equal(length, after)
        axis = 0 if self.time_major else 1

        def step(x):
            return squeeze(slice(x, axes=[axis], starts=[after], ends=[after + 1]), axes=[axis])

        return finished, map_structure(step, self.inputs_), states


class GreedyEmbeddingHelper(DecodeHelper):
    """Chooses the most probable word and feeds its embedding to the next step.

    Args:
        embedding_fn (callable): from ids (N,) to the cell's inputs.
        start_tokens (Variable): int64, (N,): the words before the first step.
        end_token (int): the word that ends a sentence.
    """

    def __init__(self, embedding_fn, start_tokens, end_token):
        if not callable(embedding_fn):
            raise TypeError("embedding_fn of %s must be callable, got %r" % (type(self).__name__, embedding_fn))
        check_variable(start_tokens, "start_tokens of " + type(self).__name__)
        self.embedding_fn, self.start_tokens = embedding_fn, start_tokens
        self.end_token = fill_constant([1], dtype="int64", value=end_token)

    def initialize(self):
        """The embeddings of the start tokens; no row is done."""
        finished = fill_constant_batch_size_like(self.start_tokens, shape=[-1], dtype="bool", value=False, force_cpu=True)
        return self.embedding_fn(self.start_tokens), finished

    def sample(self, time, outputs, states):
        """The id of the greatest output."""
        return argmax(outputs, axis=-1)

    def next_inputs(self, time, outputs, states, sample_ids):
        """The embeddings of what was chosen; rows that chose the end token are done."""
        finished = equal(sample_ids, self.end_token)
        return finished, self.embedding_fn(sample_ids), states


class SampleEmbeddingHelper(GreedyEmbeddingHelper):
    """Draws words with the probabilities softmax(outputs / temperature).

    Args:
        embedding_fn (callable): from ids (N,) to the cell's inputs.
        start_tokens (Variable): int64, (N,): the words before the first step.
        end_token (int): the word that ends a sentence.
        softmax_temperature (float): low ones favour probable words; 1 by default.
        seed (int): of the random numbers; the program's by default.
    """

    def __init__(self, embedding_fn, start_tokens, end_token, softmax_temperature=None, seed=None):
        super().__init__(embedding_fn, start_tokens, end_token)
        self.softmax_temperature, self.seed = softmax_temperature, seed
        if softmax_temperature is not None:
            self.softmax_temperature = fill_constant([1], dtype="float32", value=softmax_temperature)

    def sample(self, time, outputs, states):
        """Ids drawn at random."""
        if self.softmax_temperature is not None:
            temperature = self.softmax_temperature
            temperature = temperature if temperature.dtype == outputs.dtype else cast(temperature, outputs.dtype)
            outputs = outputs / temperature
        probs = softmax(outputs)
        probs.stop_gradient = True
        return sampling_id(probs, seed=self.seed or 0, dtype=self.start_tokens.dtype)

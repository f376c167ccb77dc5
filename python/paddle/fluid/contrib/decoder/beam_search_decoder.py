"""Decoders over sequences without padding: a ``StateCell`` says what a step computes, ``TrainingDecoder`` steps through
given sequences, ``BeamSearchDecoder`` through those that it chooses."""

import contextlib

from paddle.fluid import unique_name
from paddle.fluid.framework import VarType
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import check_variable
from paddle.fluid.layers.array import array_read, array_write
from paddle.fluid.layers.control_flow import Switch, increment, is_empty, less_than
from paddle.fluid.layers.decode import beam_search, beam_search_decode
from paddle.fluid.layers.dynamic_rnn import DynamicRNN
from paddle.fluid.layers.fill import fill_constant, fill_constant_batch_size_like
from paddle.fluid.layers.loops import While
from paddle.fluid.layers.nn import elementwise_add, embedding, fc, lod_reset, log, reshape, topk
from paddle.fluid.layers.sequence_lod import sequence_expand

__all__ = ["InitState", "StateCell", "TrainingDecoder", "BeamSearchDecoder"]

TRAINING, BEAM_SEARCH = 1, 2  # what the property `type` of a decoder says


class InitState:
    """A state before the first step: ``init``, or a constant of ``shape``.

    Args:
        init (Variable): (N, ...), one row a sequence.
        shape (list): -1 and the sizes of a row.
        value (float): of a constant.
        init_boot (Variable): a constant has as many rows.
        need_reorder (bool): rows are in the order of the batch: what a ``TrainingDecoder`` needs to know where the
            lengths of its sequences differ.
        dtype (str): of a constant.

    Raises:
        TypeError: ``init`` or ``init_boot`` is no Variable.
        ValueError: neither is given.
    """

    def __init__(self, init=None, shape=None, value=0.0, init_boot=None, need_reorder=False, dtype="float32"):
        if init is None and init_boot is None:
            raise ValueError("an InitState needs init, or init_boot, whose rows it gets")
        if init is not None:
            check_variable(init, "init of InitState")
            self._value = init
        else:
            check_variable(init_boot, "init_boot of InitState")
            self._value = fill_constant_batch_size_like(input=init_boot, value=value, shape=shape, dtype=dtype)
        self._need_reorder = need_reorder

    @property
    def value(self):
        """The variable."""
        return self._value

    @property
    def need_reorder(self):
        """See the class."""
        return self._need_reorder


class StateCell:
    """What a step computes from inputs and states::

        cell = StateCell(inputs={"x": None}, states={"h": InitState(init=encoded)}, out_state="h")

        @cell.state_updater
        def update(cell):
            h = fluid.layers.fc([cell.get_input("x"), cell.get_state("h")], 64, act="tanh")
            cell.set_state("h", h)

    Args:
        inputs (dict): names to variables; None for those that each step is given.
        states (dict): names to ``InitState``.
        out_state (str): the state that the decoder's words are made of.
        name (str): name of the cell; a unique one by default.

    Raises:
        TypeError: a state is no ``InitState``.
        ValueError: there is no state ``out_state``.
    """

    def __init__(self, inputs, states, out_state, name=None):
        for each, state in states.items():
            if not isinstance(state, InitState):
                raise TypeError("state '%s' of StateCell must be an InitState, got %r" % (each, state))
        if out_state not in states:
            raise ValueError("out_state '%s' of StateCell is none of its states: %s" % (out_state, sorted(states)))
        self.helper = LayerHelper("state_cell", name=name)
        self._inputs, self._initial, self._out_state = dict(inputs), dict(states), out_state
        self._updater = self._decoder = None
        self._states, self._kept = {each: state.value for each, state in states.items()}, None

    def _enter(self, decoder):
        if self._decoder is not None:
            raise ValueError("a StateCell is in one decoder at a time")
        self._decoder = decoder

    def _leave(self):
        self._decoder = self._kept = None
        self._states = {name: state.value for name, state in self._initial.items()}

    def _in_step(self):
        return self._decoder is not None and self._decoder._status == "in"

    def _begin_step(self):
        """In a decoder's block: the states are those before its step, from the first time on that they are asked for."""
        if self._in_step() and self._kept is None:
            self._kept = {name: self._decoder._keep_state(state) for name, state in self._initial.items()}
            self._states = {name: kept.before for name, kept in self._kept.items()}

    @property
    def input_names(self):
        """The names of the inputs."""
        return list(self._inputs)

    @property
    def state_names(self):
        """The names of the states."""
        return list(self._initial)

    def get_state(self, state_name):
        """A state: that before the step, or what ``set_state`` made it.

        Raises:
            ValueError: there is no such state.
        """
        self._begin_step()
        if state_name not in self._states:
            raise ValueError("StateCell has no state '%s'; it has %s" % (state_name, sorted(self._states)))
        return self._states[state_name]

    def get_input(self, input_name):
        """An input of the step.

        Raises:
            ValueError: there is no such input, or nothing was given for it.
        """
        if self._inputs.get(input_name) is None:
            raise ValueError("StateCell was given no input '%s'; its inputs are %s" % (input_name, sorted(self._inputs)))
        return self._inputs[input_name]

    def set_state(self, state_name, state_value):
        """Say what a state is after the step.

        Raises:
            TypeError: the value is no Variable.
            ValueError: there is no such state.
        """
        check_variable(state_value, "state '%s' of StateCell" % state_name)
        self.get_state(state_name)
        self._states[state_name] = state_value

    def state_updater(self, updater):
        """Decorator of the function that computes a step: it gets the cell.

        Raises:
            TypeError: it cannot be called.
        """
        if not callable(updater):
            raise TypeError("the updater of a StateCell must be callable, got %r" % (updater,))
        self._updater = updater
        return updater

    def compute_state(self, inputs):
        """Compute a step.

        Args:
            inputs (dict): names to variables.

        Raises:
            ValueError: there is no such input, or no ``state_updater``.
        """
        if self._updater is None:
            raise ValueError("a StateCell needs a state_updater before compute_state")
        self._begin_step()
        for name, value in inputs.items():
            if name not in self._inputs:
                raise ValueError("StateCell has no input '%s'; its inputs are %s" % (name, sorted(self._inputs)))
            self._inputs[name] = value
        self._updater(self)

    def update_states(self):
        """Hand the states on to the next step.

        Raises:
            ValueError: it is called outside the block of a decoder.
        """
        if not self._in_step():
            raise ValueError("update_states of StateCell is called inside the block of a decoder")
        self._begin_step()
        for name, kept in self._kept.items():
            kept.update(self._states[name])

    def out_state(self):
        """The state that words are made of."""
        return self.get_state(self._out_state)


class _Decoder:
    """What the decoders share: a block that is filled once, and the cell inside it."""

    def __init__(self, layer_type, state_cell, name):
        if not isinstance(state_cell, StateCell):
            raise TypeError("state_cell of %s must be a StateCell, got %r" % (type(self).__name__, state_cell))
        self._helper = LayerHelper(layer_type, name=name)
        self._cell, self._status = state_cell, "before"
        state_cell._enter(self)

    @contextlib.contextmanager
    def _block(self, inner):
        if self._status != "before":
            raise ValueError("the block of a %s can be filled once" % type(self).__name__)
        self._status = "in"
        try:
            with inner:
                yield
        finally:
            self._status = "after"
            self._cell._leave()

    def _check_inside(self, method):
        if self._status != "in":
            raise ValueError("%s of %s is called inside its block" % (method, type(self).__name__))

    def _check_after(self):
        if self._status != "after":
            raise ValueError("the outputs of a %s are there when its block has ended" % type(self).__name__)

    @property
    def state_cell(self):
        """The cell."""
        return self._cell


class _Memory:
    """A state of a ``TrainingDecoder``."""

    def __init__(self, network, state):
        self.network = network
        self.before = network.memory(init=state.value, need_reorder=state.need_reorder)

    def update(self, value):
        self.network.update_memory(self.before, value)


class TrainingDecoder(_Decoder):
    """Steps a cell through sequences::

        decoder = TrainingDecoder(cell)
        with decoder.block():
            word = decoder.step_input(words)
            decoder.state_cell.compute_state(inputs={"x": word})
            decoder.output(fluid.layers.fc(decoder.state_cell.get_state("h"), 10000, act="softmax"))
            decoder.state_cell.update_states()
        scores = decoder()

    Args:
        state_cell (StateCell): one step.
        name (str): name of the decoder; a unique one by default.

    Raises:
        TypeError: ``state_cell`` is none.
        ValueError: it is in another decoder.
    """

    def __init__(self, state_cell, name=None):
        super().__init__("training_decoder", state_cell, name)
        self._network = DynamicRNN()

    def _keep_state(self, state):
        return _Memory(self._network, state)

    def block(self):
        """The ``with`` statement that describes one step.

        Raises:
            ValueError: the block was filled before.
        """
        return self._block(self._network.block())

    @property
    def dynamic_rnn(self):
        """The ``DynamicRNN`` that runs the block."""
        return self._network

    @property
    def type(self):
        """1."""
        return TRAINING

    def step_input(self, x):
        """One step of sequences; see ``DynamicRNN.step_input``."""
        self._check_inside("step_input")
        return self._network.step_input(x)

    def static_input(self, x):
        """A variable that is the same in each step; see ``DynamicRNN.static_input``."""
        self._check_inside("static_input")
        return self._network.static_input(x)

    def output(self, *outputs):
        """Make values of all steps outputs; see ``DynamicRNN.output``."""
        self._check_inside("output")
        self._network.output(*outputs)

    def __call__(self, *args, **kwargs):
        """The outputs, with the LoD of the step input: one variable, or a list.

        Raises:
            ValueError: the block has not ended.
        """
        self._check_after()
        return self._network(*args, **kwargs)


class _ArrayState:
    """A state of a ``BeamSearchDecoder``: the last item of an array."""

    def __init__(self, around, state):
        self.counter = around.create_var(
            name=unique_name.generate("array_state_counter"), dtype="int64", shape=[1], stop_gradient=True
        )
        around.append_op(
            type="fill_constant",
            outputs={"Out": [self.counter]},
            attrs={"shape": [1], "dtype": self.counter.dtype, "value": 0.0, "force_cpu": True},
        )
        self.array = around.create_var(
            name=unique_name.generate("array_state_array"), type=VarType.LOD_TENSOR_ARRAY, dtype=state.value.dtype
        )
        around.append_op(
            type="write_to_array", inputs={"X": state.value, "I": self.counter}, outputs={"Out": self.array}
        )
        self.before = array_read(array=self.array, i=self.counter)

    def update(self, value):
        increment(self.counter, value=1, in_place=True)
        array_write(value, i=self.counter, array=self.array)


class BeamSearchDecoder(_Decoder):
    """Continues the best beginnings of sentences with a cell, until all have ended::

        decoder = BeamSearchDecoder(cell, init_ids, init_scores, target_dict_dim=10000, word_dim=64, beam_size=4)
        decoder.decode()
        ids, scores = decoder()

    ``decode`` fills the block with what most nets need: embeddings of the words, ``fc`` and softmax of the cell's
    ``out_state``. Those who need something else fill it by hand.

    Args:
        state_cell (StateCell): one step; inputs that ``input_var_dict`` lacks are the embeddings of the last words.
        init_ids (Variable): int64, (N, 1), ``lod_level`` 2: the words before the first step, one for each source.
        init_scores (Variable): (N, 1), ``lod_level`` 2, the logarithms of their probabilities.
        target_dict_dim (int): number of words.
        word_dim (int): size of their embeddings.
        input_var_dict (dict): names of the cell's inputs to variables, one sequence for each source.
        topk_size (int): how many words continue a beginning at most.
        sparse_emb (bool): the embeddings' gradient is sparse.
        max_len (int): longest sentence, in words behind the first.
        beam_size (int): how many beginnings each source keeps.
        end_id (int): the word that ends a sentence.
        name (str): name of the decoder; a unique one by default.

    Raises:
        TypeError: ``state_cell``, ``init_ids`` or ``init_scores`` is none.
        ValueError: ``state_cell`` is in another decoder.
    """

    def __init__(
        self,
        state_cell,
        init_ids,
        init_scores,
        target_dict_dim,
        word_dim,
        input_var_dict={},
        topk_size=50,
        sparse_emb=True,
        max_len=100,
        beam_size=1,
        end_id=1,
        name=None,
    ):
        check_variable(init_ids, "init_ids of BeamSearchDecoder")
        check_variable(init_scores, "init_scores of BeamSearchDecoder")
        super().__init__("beam_search_decoder", state_cell, name)
        self._init_ids, self._init_scores, self._inputs = init_ids, init_scores, dict(input_var_dict)
        self._words, self._word_dim, self._sparse = target_dict_dim, word_dim, sparse_emb
        self._topk_size, self._beam_size, self._end_id = min(topk_size, target_dict_dim), beam_size, end_id
        self._counter = fill_constant(shape=[1], dtype="int64", value=0)
        self._counter.stop_gradient = True
        self._max_len = fill_constant(shape=[1], dtype="int64", value=max_len)
        self._cond = less_than(x=self._counter, y=fill_constant(shape=[1], dtype="int64", value=max_len))
        self._loop = While(self._cond)
        self._zero = self._ids_array = self._scores_array = None
        self._arrays, self._updates = {}, []  # arrays by the name of what was read; (array, value) to write

    def _around(self):
        program = self._helper.main_program
        return program.block(program.current_block().parent_idx)

    def _keep_state(self, state):
        return _ArrayState(self._around(), state)

    def block(self):
        """The ``with`` statement that describes one step.

        Raises:
            ValueError: the block was filled before.
        """
        return self._block(self._step())

    @contextlib.contextmanager
    def _step(self):
        self._zero = fill_constant(shape=[1], dtype="int64", value=0, force_cpu=True)
        with self._loop.block():
            yield
            with Switch() as switch:
                with switch.case(self._cond):
                    increment(self._counter, value=1.0, in_place=True)
                    for array, value in self._updates:
                        array_write(value, i=self._counter, array=array)
                    less_than(x=self._counter, y=self._max_len, cond=self._cond)

    @property
    def type(self):
        """2."""
        return BEAM_SEARCH

    def early_stop(self):
        """End the search behind this step, which adds nothing.

        Raises:
            ValueError: it is called outside the block.
        """
        self._check_inside("early_stop")
        fill_constant(shape=[1], value=0, dtype="bool", force_cpu=True, out=self._cond)

    def read_array(self, init, is_ids=False, is_scores=False):
        """What ``update_array`` wrote in the step before; in the first step ``init``.

        Args:
            init (Variable): any variable made before the block.
            is_ids (bool): these are the words of the sentences that the decoder returns.
            is_scores (bool): these are their scores.

        Returns:
            Variable: for ``update_array``.

        Raises:
            TypeError: ``init`` is no Variable.
            ValueError: it is called outside the block, or ids or scores were read before.
        """
        self._check_inside("read_array")
        check_variable(init, "init of read_array")
        if is_ids and is_scores:
            raise ValueError("read_array reads ids or scores, not both")
        if is_ids and self._ids_array is not None or is_scores and self._scores_array is not None:
            raise ValueError("the %s of a BeamSearchDecoder are read once" % ("ids" if is_ids else "scores"))
        around = self._around()
        array = around.create_var(
            name=unique_name.generate("beam_search_decoder_array"), type=VarType.LOD_TENSOR_ARRAY, dtype=init.dtype
        )
        around.append_op(type="write_to_array", inputs={"X": init, "I": self._zero}, outputs={"Out": array})
        if is_ids:
            self._ids_array = array
        if is_scores:
            self._scores_array = array
        read = array_read(array=array, i=self._counter)
        self._arrays[read.name] = array
        return read

    def update_array(self, array, value):
        """What ``read_array`` gives in the next step.

        Args:
            array (Variable): what ``read_array`` returned.
            value (Variable): the next value.

        Raises:
            TypeError: one is no Variable.
            ValueError: it is called outside the block, or ``array`` was not read.
        """
        self._check_inside("update_array")
        check_variable(array, "array of update_array")
        check_variable(value, "value of update_array")
        if array.name not in self._arrays:
            raise ValueError("update_array takes what read_array returned, which '%s' is not" % array.name)
        self._updates.append((self._arrays[array.name], value))

    def decode(self):
        """Fill the block: see the class.

        Raises:
            ValueError: the block was filled before, or ``input_var_dict`` names an input that the cell lacks.
        """
        unknown = sorted(set(self._inputs) - set(self._cell.input_names))
        if unknown:
            raise ValueError("input_var_dict of BeamSearchDecoder has %s, which the StateCell lacks" % ", ".join(unknown))
        with self.block():
            ids = self.read_array(init=self._init_ids, is_ids=True)
            scores = self.read_array(init=self._init_scores, is_scores=True)
            words = embedding(ids, size=[self._words, self._word_dim], dtype="float32", is_sparse=self._sparse)
            inputs, updates = {name: words for name in self._cell.input_names}, [ids, scores]
            for name, var in self._inputs.items():
                read = self.read_array(init=var)
                inputs[name] = sequence_expand(read, scores)  # a row of a beam for each that continues it
                updates.append(read)
            for name in self._cell.state_names:
                self._cell.set_state(name, sequence_expand(self._cell.get_state(name), scores))
            self._cell.compute_state(inputs=inputs)
            chosen = self._search(ids, scores) + [inputs[name] for name in self._inputs]
            with Switch() as switch:
                with switch.case(is_empty(chosen[0])):
                    self.early_stop()
                with switch.default():
                    self._cell.update_states()
                    for array, value in zip(updates, chosen):
                        self.update_array(array, value)

    def _search(self, ids, scores):
        out = lod_reset(x=self._cell.out_state(), y=scores)
        probs, words = topk(fc(out, size=self._words, act="softmax"), k=self._topk_size)
        sums = elementwise_add(x=log(probs), y=reshape(scores, shape=[-1]), axis=0)
        return list(beam_search(ids, scores, words, sums, self._beam_size, end_id=self._end_id, level=0))

    def __call__(self):
        """The sentences.

        Returns:
            (Variable, Variable): words and scores of all sentences, ``lod_level`` 2; see ``layers.beam_search_decode``.

        Raises:
            ValueError: the block has not ended, or it reads no ids and scores.
        """
        self._check_after()
        if self._ids_array is None or self._scores_array is None:
            raise ValueError("the block of a BeamSearchDecoder must read ids and scores with read_array")
        return beam_search_decode(
            ids=self._ids_array, scores=self._scores_array, beam_size=self._beam_size, end_id=self._end_id
        )

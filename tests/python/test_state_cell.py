"""``contrib.decoder``: a step trained on sequences without padding, and its beam search, against NumPy."""

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers
from paddle.fluid.contrib.decoder import BeamSearchDecoder, InitState, StateCell, TrainingDecoder
from rnn_reference import END, START, WORDS, Net, data, length_of, log_softmax, search

WIDTH, UNITS, LENGTHS = 3, 4, [2, 4, 1]
ROWS = len(LENGTHS)


def state_cell(need_reorder=True, more=False):
    states = {"h": InitState(init=data("start", [None, UNITS]), need_reorder=need_reorder)}
    if more:
        states["sum"] = InitState(shape=[-1, UNITS], value=0.5, init_boot=data("start", [None, UNITS]))
    cell = StateCell(inputs={"x": None, "more": None} if more else {"x": None}, states=states, out_state="h")

    @cell.state_updater
    def update(cell):
        parts, weights = [cell.get_state("h"), cell.get_input("x")], ["w_h", "w_x"]
        if more:
            parts += [cell.get_input("more"), cell.get_state("sum")]
            weights += ["w_more", "w_sum"]
        h = layers.fc(parts, UNITS, act="tanh", param_attr=weights, bias_attr="b")
        cell.set_state("h", h)
        if more:
            cell.set_state("sum", cell.get_state("sum") + h)

    return cell


def reference_step(parameters, x, h, more=None, total=None):
    sums = h @ parameters["w_h"] + x @ parameters["w_x"] + parameters["b"]
    if more is not None:
        sums = sums + more @ parameters["w_more"] + total @ parameters["w_sum"]
    h = np.tanh(sums)
    return h if more is None else (h, total + h)


def values(*shape, seed=1):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype("float32")


def sequences(array, lengths):
    return fluid.create_lod_tensor(array, lengths, fluid.CPUPlace())


def test_training():
    def build():
        words = fluid.data("words", [None, WIDTH], lod_level=1)
        decoder = TrainingDecoder(state_cell(more=True))
        with decoder.block():
            word, more = decoder.step_input(words), decoder.static_input(fluid.data("more", [None, 2]))
            decoder.state_cell.compute_state(inputs={"x": word, "more": more})
            decoder.output(decoder.state_cell.out_state(), decoder.state_cell.get_state("sum"))
            decoder.state_cell.update_states()
        assert decoder.type == 1 and isinstance(decoder.dynamic_rnn, layers.DynamicRNN)
        return decoder()

    net = Net(build)
    words, start, more = values(sum(LENGTHS), WIDTH), values(ROWS, UNITS), values(ROWS, 2)
    with fluid.scope_guard(net.scope):
        feed = {"words": sequences(words, [LENGTHS]), "start": start, "more": more}
        outputs = net.executor.run(net.main, feed, net.fetch, return_numpy=False)
    wanted, ends = [], np.cumsum(LENGTHS)
    for row, (end, length) in enumerate(zip(ends, LENGTHS)):
        h, total = start[row], np.full(UNITS, 0.5)
        for x in words[end - length : end]:
            h, total = reference_step(net.parameters, x, h, more[row], total)
            wanted.append((h, total))
    for output, want in zip(outputs, zip(*wanted)):
        assert output.recursive_sequence_lengths() == [LENGTHS]
        np.testing.assert_allclose(np.array(output), want, rtol=1e-5, atol=1e-6)


def search_net(beams, max_len, more):
    def build():
        ids, scores = fluid.data("ids", [None, 1], "int64", 2), fluid.data("scores", [None, 1], lod_level=2)
        inputs = {"more": fluid.data("more", [None, 2], lod_level=1)} if more else {}
        cell = state_cell(more=more)
        decoder = BeamSearchDecoder(cell, ids, scores, WORDS, WIDTH, inputs, max_len=max_len, beam_size=beams, end_id=END)
        decoder.decode()
        assert decoder.type == 2 and decoder.state_cell is cell
        return decoder()

    net = Net(build, scale=2.0)
    bias = [name for name in net.parameters if net.parameters[name].shape == (WORDS,)][0]
    net.set(bias, net.parameters[bias] + 2 * np.eye(WORDS, dtype="float32")[END])
    return net


def run_search(net, feed):
    """For each source its sentences and their scores, best first."""
    rows = [[1] * ROWS] * 2
    feed["ids"], feed["scores"] = sequences(np.full((ROWS, 1), START), rows), sequences(np.zeros((ROWS, 1), "float32"), rows)
    with fluid.scope_guard(net.scope):
        ids, scores = net.executor.run(net.main, feed, net.fetch, return_numpy=False)
    of_sources, of_sentences = ids.recursive_sequence_lengths()
    ends = np.cumsum(of_sentences)
    sentences = [list(np.array(ids).ravel()[end - length : end]) for end, length in zip(ends, of_sentences)]
    last = np.array(scores).ravel()[ends - 1]
    found, place = [], 0
    for count in of_sources:
        found.append((sentences[place : place + count], last[place : place + count]))
        place += count
    return found


@pytest.mark.parametrize("more", [False, True])
@pytest.mark.parametrize("beams, max_len", [(1, 6), (3, 6), (2, 2)])
def test_beam_search(beams, max_len, more):
    net = search_net(beams, max_len, more)
    parameters = {name: value.astype("float64") for name, value in net.parameters.items()}
    words, out_w, out_b = (parameters[name] for name in ("embedding_0.w_0", "fc_1.w_0", "fc_1.b_0"))
    lengths = set()
    for seed in range(8):
        start, extra = 2 * values(ROWS, UNITS, seed=seed), values(ROWS, 2, seed=seed)
        feed = {"start": start, **({"more": sequences(extra, [[1] * ROWS])} if more else {})}
        for row, (sentences, scores) in enumerate(run_search(net, feed)):

            def log_probs(word, state, row=row, extra=extra):
                if more:
                    state = reference_step(parameters, words[word], state[0], extra[row], state[1])
                else:
                    state = (reference_step(parameters, words[word], state[0]),)
                return log_softmax(state[0] @ out_w + out_b), state

            state = (start[row].astype("float64"), np.full(UNITS, 0.5))[: 1 + more]
            best = search(log_probs, state, beams, max_len)[-1]
            assert sentences == [[START] + beam.words[: length_of(beam.words)] for beam in best]
            np.testing.assert_allclose(scores, [beam.score for beam in best], rtol=1e-4, atol=1e-5)
            lengths.update(map(len, sentences))
    assert len(lengths) > 1


def test_one_cell_in_two_decoders_one_behind_the_other():
    with fluid.program_guard(fluid.Program(), fluid.Program()):
        cell, words = state_cell(), fluid.data("words", [None, WIDTH], lod_level=1)
        decoder = TrainingDecoder(cell)
        with pytest.raises(ValueError, match="one decoder at a time"):
            TrainingDecoder(cell)
        with decoder.block():
            cell.compute_state(inputs={"x": decoder.step_input(words)})
            cell.update_states()
            decoder.output(cell.out_state())
        assert cell.get_state("h").name == "start"
        search = BeamSearchDecoder(
            cell, fluid.data("ids", [None, 1], "int64", 2), fluid.data("scores", [None, 1], lod_level=2), WORDS, WIDTH
        )
        search.decode()
        assert [var.dtype for var in search()] == [fluid.core.VarDesc.VarType.INT64, fluid.core.VarDesc.VarType.FP32]


def no_cell(x):
    cell = state_cell()
    cell.compute_state(inputs={"x": x})
    cell.update_states()


def before_the_block(x):
    cell = state_cell()
    TrainingDecoder(cell)
    assert cell.get_state("h").name == "start"
    cell.update_states()


def bad_input(x):
    state_cell().compute_state(inputs={"y": x})


def new_search(x, **options):
    ids, scores = fluid.data("ids", [None, 1], "int64", 2), fluid.data("scores", [None, 1], lod_level=2)
    return BeamSearchDecoder(state_cell(), ids, scores, WORDS, WIDTH, **options)


def read_twice(x):
    decoder = new_search(x)
    with decoder.block():
        for _ in range(2):
            decoder.read_array(init=x, is_ids=True)


def fill_twice(x):
    decoder = new_search(x)
    for _ in range(2):
        decoder.decode()


def update_unread(x):
    decoder = new_search(x)
    with decoder.block():
        decoder.update_array(x, x)


def no_ids(x):
    decoder = new_search(x)
    with decoder.block():
        pass
    decoder()


ERRORS = {
    "no start": (lambda x: InitState(), ValueError, "init_boot"),
    "start": (lambda x: InitState(init=3), TypeError, "init of InitState"),
    "state": (lambda x: StateCell({}, {"h": x}, "h"), TypeError, "state 'h' of StateCell must be an InitState"),
    "out state": (lambda x: StateCell({}, {"h": InitState(init=x)}, "c"), ValueError, "out_state 'c'"),
    "no updater": (lambda x: StateCell({}, {"h": InitState(init=x)}, "h").compute_state({}), ValueError, "state_updater"),
    "updater": (lambda x: state_cell().state_updater(3), TypeError, "updater of a StateCell"),
    "unknown state": (lambda x: state_cell().get_state("c"), ValueError, "no state 'c'.*'h'"),
    "no variable": (lambda x: state_cell().set_state("h", 3), TypeError, "state 'h' of StateCell must be a Variable"),
    "unknown input": (bad_input, ValueError, "no input 'y'.*'x'"),
    "missing input": (lambda x: state_cell().get_input("x"), ValueError, "given no input 'x'"),
    "no decoder": (no_cell, ValueError, "inside the block of a decoder"),
    "before the block": (before_the_block, ValueError, "inside the block of a decoder"),
    "cell": (lambda x: TrainingDecoder(3), TypeError, "state_cell of TrainingDecoder"),
    "outside": (lambda x: TrainingDecoder(state_cell()).step_input(x), ValueError, "step_input .* inside its block"),
    "early": (lambda x: TrainingDecoder(state_cell())(), ValueError, "when its block has ended"),
    "ids": (lambda x: BeamSearchDecoder(state_cell(), 3, x, 5, 4), TypeError, "init_ids"),
    "inputs": (lambda x: new_search(x, input_var_dict={"y": x}).decode(), ValueError, "input_var_dict .* y, which"),
    "read twice": (read_twice, ValueError, "ids of a BeamSearchDecoder are read once"),
    "filled twice": (fill_twice, ValueError, "can be filled once"),
    "not read": (update_unread, ValueError, "update_array takes what read_array returned"),
    "no ids": (no_ids, ValueError, "must read ids and scores"),
    "stop outside": (lambda x: new_search(x).early_stop(), ValueError, "early_stop .* inside its block"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    function, kind, match = ERRORS[name]
    with fluid.program_guard(fluid.Program(), fluid.Program()):
        x = data("x", [None, WIDTH])
        with pytest.raises(kind, match=match):
            function(x)
        assert fluid.default_main_program().current_block().idx == 0

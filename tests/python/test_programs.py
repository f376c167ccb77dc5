"""The programs that layers and optimizers write are those of the 1.8.5 package, recorded by program_dump.py."""

import importlib
import json

import pytest

import program_dump

MODULES = ("program_cases", "backward_cases", "block_cases", "labelling_cases", "rnn_cases", "mixed_precision_cases")
RECORDED = {module: program_dump.recorded(module) for module in MODULES}


# The package drops the gradient that comes through lstm's cells.
ADDED_INPUTS = {"lstm_grad": ["Cell@GRAD"]}


# dynamic_decode writes its first inputs and states at a copy of the step's number: the loop changes the number itself,
# and gradients need it as it was.
COPIES_INDEX = {"greedy", "greedy_lengths", "greedy_imputed", "sampled", "given", "given_time_major"}


def without_copied_index(block):
    ops = block["ops"]
    at = next(k for k, op in enumerate(ops) if op[0] == "assign")
    (source,), (copy,) = ops[at][1]["X"], ops[at][2]["Out"]
    del ops[at], block["vars"][copy]
    for op in ops:
        if op[0] == "write_to_array" and op[1]["I"] == [copy]:
            op[1]["I"] = [source]


def compare_op(want, got, where):
    kind, inputs, outputs, attrs, role, role_var = want
    assert got[0] == kind, where
    added = ADDED_INPUTS.get(kind, ())
    assert {slot: names for slot, names in got[1].items() if slot not in added} == inputs, where + (kind, "inputs")
    assert got[2] == outputs, where + (kind, "outputs")
    # attributes that an op of the record leaves at their default
    assert {name: value for name, value in got[3].items() if name in attrs} == attrs, where + (kind, "attributes")
    if role is not None:
        assert got[4] == role, where + (kind, "op_role")
    if role_var is not None:
        assert (got[5] or []) == role_var, where + (kind, "op_role_var")


# Variables whose shape, type or LoD level ours know better than the record. But for the bools only gradient ops read them.
KNOWN_BETTER = {
    "has_inf": ["isinf_0.tmp_0"],
    "has_nan": ["isnan_0.tmp_0"],
    "dropout_seed": ["dropout_0.tmp_1"],
    "expand_as": ["expand_as_0.tmp_0"],
    "flatten": ["flatten_0.tmp_0"],
    "instance_norm": ["instance_norm_0.tmp_0", "instance_norm_0.tmp_1"],
    "dynamic_lstm": ["lstm_0.tmp_2", "lstm_0.tmp_3"],
    "dynamic_lstm_plain": ["lstm.tmp_2", "lstm.tmp_3"],
    "dynamic_gru": ["gru_0.tmp_1", "gru_0.tmp_2", "gru_0.tmp_3"],
    "train_reviews": ["lstm_0.tmp_2", "lstm_0.tmp_3"],
    "recurrent_cell": ["lstm_0.tmp_2", "lstm_0.tmp_3"],
    "recurrent_gates": ["gru_0.tmp_1", "gru_0.tmp_2", "gru_0.tmp_3", "fc_1.tmp_1@GRAD", "fc_1.tmp_0@GRAD"],
    "sequence_pad": ["sequence_pad_0.tmp_0"],
    "sequence_slice": ["sequence_slice_0.tmp_0"],
    "sequence_convolutions": ["fc_0.tmp_1@GRAD", "sequence_conv_0.tmp_1@GRAD", "sequence_reverse_0.tmp_0@GRAD"],
    "sequence_pieces": ["sequence_slice_0.tmp_0", "sequence_slice_0.tmp_0@GRAD", "fc_0.tmp_1@GRAD"],
    "recompute_dropout": [
        name + ".subprog_0"
        for name in ("dropout_0.tmp_0", "dropout_0.tmp_1", "dropout_1.tmp_1", "fc_1.tmp_0", "fc_1.tmp_1")
    ],
    "beam_search": [
        name + ".tmp_%d" % i for name in ("beam_search_0", "again", "beam_search_decode_0") for i in (0, 1)
    ]
    + ["array_write_0.out", "array_write_1.out"],
    **dict.fromkeys(
        ("search_decoder", "search_decoder_more", "search_decoder_by_hand"),
        ["%s_%d" % (name, i) for name in ("beam_search_decode_0.tmp", "beam_search_decoder_array", "beam_search_0.tmp") for i in (0, 1)],
    ),
    "rows_by_mask": [
        name + grad
        for name in ("split_lod_tensor_0.tmp_0", "split_lod_tensor_0.tmp_1", "relu_0.tmp_0", "merge_lod_tensor_0.tmp_0")
        for grad in ("", "@GRAD")
    ]
    + ["fc_0.tmp_1@GRAD"],
    "ctc": ["warpctc_0.tmp_1"],
    "ctc_padded": ["warpctc_0.tmp_1"],
    "distance": ["edit_distance_0.tmp_0", "edit_distance_1.tmp_0"],
    "distance_evaluator": ["edit_distance_1.tmp_0", "reduce_sum_1.tmp_0"],
    "greedy": ["ctc_greedy_decoder_0.tmp_0"],
    "sampled": ["sample_logits_0.tmp_6"],
    "sampled_customized": ["sample_logits_0.tmp_4"],
    "sampling_id": ["sampling_id_0.tmp_0"],
    "tree": ["hierarchical_sigmoid_0.tmp_1"],
    "tree_custom": ["hn.tmp_1"],
    "tree_shared": ["hierarchical_sigmoid_0.tmp_1", "hierarchical_sigmoid_1.tmp_1"],
    "padded_lstm_both_ways": ["deep.tmp_0", "deep.tmp_0@GRAD"],
    "sparse_trained": ["get_tensor_from_selected_rows_0.tmp_0", "square_0.tmp_0"],
}


# Gradients that the op gives its gradient block, which the record does not describe.
GIVEN = {
    "static_rnn": {"static_rnn_0.tmp_%d@GRAD" % i for i in range(3)},
    "lstm_trained": {"static_rnn_0.tmp_%d@GRAD" % i for i in range(5)},
    "basic_lstm": {"static_rnn_0.tmp_%d@GRAD" % i for i in range(9)},
}


def compare_vars(want, got, where):
    assert set(want) <= set(got) and set(got) - set(want) <= GIVEN.get(where[0], set()), where
    for name, var in want.items():
        is_index_of_pool = "sequence_pool" in name and name.endswith(".tmp_1")
        is_shape_of_target = name.endswith("_shape") and name[: -len("_shape")] in want
        is_index_of_array = name.startswith("tensor_array_to_tensor") and name.endswith(".tmp_1")
        known_better = name in KNOWN_BETTER.get(where[0], ()) or is_index_of_pool or is_shape_of_target or is_index_of_array
        if not known_better:
            assert got[name] == var, where + (name,)


@pytest.mark.parametrize("module,name", [(module, name) for module in RECORDED for name in sorted(RECORDED[module])])
def test_program(module, name):
    cases = importlib.import_module(module)
    got = json.loads(json.dumps(program_dump.build(cases.CASES[name], cases.RESULTS)))
    want = RECORDED[module][name]
    if module == "rnn_cases" and name in COPIES_INDEX:
        without_copied_index(got["main"][0])
    for part in ("main", "startup"):
        assert len(got[part]) == len(want[part])
        for i, (want_block, block) in enumerate(zip(want[part], got[part])):
            where = (name, part, i)
            types = [op[0] for op in want_block["ops"]]
            assert [op[0] for op in block["ops"]] == types, where
            for k, (want_op, op) in enumerate(zip(want_block["ops"], block["ops"])):
                compare_op(want_op, op, where + (k,))
            compare_vars(want_block["vars"], block["vars"], where)
    assert got.get("result") == want.get("result"), name


@pytest.mark.parametrize("module", sorted(RECORDED))
def test_all_cases_are_recorded(module):
    assert set(RECORDED[module]) == set(importlib.import_module(module).CASES)

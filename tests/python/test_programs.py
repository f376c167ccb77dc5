"""The programs that layers and optimizers write are those of the 1.8.5 package, recorded by program_dump.py."""

import gzip
import json
import os

import pytest

import program_cases
import program_dump

with gzip.open(os.path.join(os.path.dirname(__file__), "data", "programs.json.gz")) as _file:
    RECORDED = json.loads(_file.read().decode())


def compare_op(want, got, where):
    kind, inputs, outputs, attrs, role, role_var = want
    assert got[0] == kind, where
    assert got[1] == inputs, where + (kind, "inputs")
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
    "instance_norm": ["instance_norm_0.tmp_0", "instance_norm_0.tmp_1"],
    "dynamic_lstm": ["lstm_0.tmp_2", "lstm_0.tmp_3"],
    "dynamic_lstm_plain": ["lstm.tmp_2", "lstm.tmp_3"],
    "dynamic_gru": ["gru_0.tmp_1", "gru_0.tmp_2", "gru_0.tmp_3"],
    "train_reviews": ["lstm_0.tmp_2", "lstm_0.tmp_3"],
    "gradients_twice": ["square_0.tmp_0_shape", "square_1.tmp_0_shape"],
}


def compare_vars(want, got, where):
    assert set(got) == set(want), where
    for name, var in want.items():
        is_index_of_pool = "sequence_pool" in name and name.endswith(".tmp_1")
        if name not in KNOWN_BETTER.get(where[0], ()) and not is_index_of_pool:
            assert got[name] == var, where + (name,)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_program(name):
    got = json.loads(json.dumps(program_dump.build(program_cases.CASES[name])))
    for part in ("main", "startup"):
        assert len(got[part]) == len(RECORDED[name][part])
        for i, (want_block, block) in enumerate(zip(RECORDED[name][part], got[part])):
            where = (name, part, i)
            types = [op[0] for op in want_block["ops"]]
            assert [op[0] for op in block["ops"]] == types, where
            for k, (want, op) in enumerate(zip(want_block["ops"], block["ops"])):
                compare_op(want, op, where + (k,))
            compare_vars(want_block["vars"], block["vars"], where)


def test_all_cases_are_recorded():
    assert set(RECORDED) == set(program_cases.CASES)

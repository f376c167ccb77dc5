"""bfloat16, on the CPU: every op that computes in it against its float32 kernel on the same, rounded numbers.

Both kernels round what they keep, the one of bfloat16 to 8 bits, so results agree to some units of 2^-9 of the largest.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle import _core as core
from paddle.fluid.contrib.mixed_precision import fp16_lists
from paddle.fluid.contrib.mixed_precision.fp16_utils import _follows

BF16 = fluid.core.VarDesc.VarType.BF16
LENGTHS = [3, 0, 7, 1, 5, 2, 4, 4, 6, 1, 1, 2, 3, 9, 2, 5, 1, 1, 8, 2, 3, 1, 2, 6, 3, 1, 2, 4, 1, 1, 5, 3, 2, 1, 4, 2, 1, 3]
ROWS = sum(LENGTHS)


def rounded(array):
    """float32 numbers that bfloat16 holds, ties to even."""
    bits = np.ascontiguousarray(array, "float32").view("uint32").astype("uint64")
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype("uint32").view("float32")


def random(*shape):
    values = np.random.RandomState(sum(shape) + len(shape)).uniform(-1, 1, shape)
    return rounded(np.sign(values) * (0.05 + 0.95 * np.abs(values)))


class Sequences:
    def __init__(self, rows, lengths=LENGTHS):
        self.rows, self.lengths = rows, lengths


def lstm(size, initial=False, **attrs):
    peepholes = attrs.setdefault("use_peepholes", True)
    case = dict(Input=Sequences(random(ROWS, 4 * size)), Weight=random(size, 4 * size) / 8, Bias=random(1, (7 if peepholes else 4) * size))
    if initial:
        case.update(H0=random(len(LENGTHS), size), C0=random(len(LENGTHS), size))
    return dict(case, outputs=["Hidden", "Cell"], **attrs)


def gru(size, initial=False, bias=True, **attrs):
    case = dict(Input=Sequences(random(ROWS, 3 * size)), Weight=random(size, 3 * size) / 8)
    if bias:
        case.update(Bias=random(1, 3 * size))
    if initial:
        case.update(H0=random(len(LENGTHS), size))
    return dict(case, outputs=["Hidden"], **attrs)


def ids(*shape):
    return np.random.RandomState(sum(shape)).randint(0, 5, shape).astype("int64")


def with_product(case, width, bias=False):
    """The same layer behind a product."""
    gates = case.pop("Input").rows.shape[1]
    case.update(X=Sequences(random(ROWS, width)), Y=random(width, gates) / 4)
    if bias:
        case.update(YBias=random(gates))
    return case


# Slots that are not cast, of an op that only a pass makes.
STAYING = {"fused_embedding_mul": {"W", "Ids"}}


def follows(op, slot):
    """Whether the slot has the type that the op computes in."""
    return slot not in STAYING.get(op, ()) and _follows(op.removeprefix("fused_mul_"), slot)


CASES = {
    "mul": [
        dict(X=random(5, 7), Y=random(7, 3)),
        dict(X=random(2, 3, 4, 5), Y=random(4, 5, 6), x_num_col_dims=2, y_num_col_dims=2),
        dict(X=random(100, 96), Y=random(96, 130)),
        dict(X=random(0, 7), Y=random(7, 3)),
    ],
    "matmul": [
        dict(X=random(4, 6), Y=random(6, 5), alpha=0.5),
        dict(X=random(6, 4), Y=random(5, 6), transpose_X=True, transpose_Y=True),
        dict(X=random(3, 4, 6), Y=random(3, 5, 6), transpose_Y=True),
        dict(X=random(3, 6, 4), Y=random(6, 5), transpose_X=True),
        dict(X=random(4, 6), Y=random(3, 6, 5)),
        dict(X=random(7), Y=random(7)),
        dict(X=random(4, 6), Y=random(6, 5), head_number=3, no_grad=True),
    ],
    "fused_embedding_mul": [
        dict(W=random(5, 7), Ids=Sequences(ids(ROWS, 1)), Y=random(7, 3)),
        dict(W=random(40, 96), Ids=ids(30, 10), Y=random(96, 130), ids_column=False, padding_idx=2),
        dict(W=random(40, 96), Ids=ids(9, 1), Y=random(96, 1030)),
        dict(W=random(5, 7), Ids=ids(0, 1), Y=random(7, 3)),
    ],
    "lstm": [
        lstm(5),
        lstm(16, use_peepholes=False),
        lstm(70, initial=True, is_reverse=True),
        lstm(33, initial=True, use_peepholes=False),
        lstm(8, gate_activation="relu", cell_activation="identity", candidate_activation="sigmoid"),
    ],
    "gru": [gru(5), gru(16, bias=False, origin_mode=True), gru(70, initial=True, is_reverse=True), gru(33, initial=True, origin_mode=True)],
    "fused_mul_lstm": [
        with_product(lstm(5), 3, bias=True),
        with_product(lstm(70, initial=True, is_reverse=True), 9),
        with_product(lstm(33, initial=True, use_peepholes=False), 40, bias=True),
    ],
    "fused_mul_gru": [
        with_product(gru(5), 3, bias=True),
        with_product(gru(70, initial=True, is_reverse=True), 9),
        with_product(gru(33, bias=False, origin_mode=True), 40, bias=True),
    ],
    "elementwise_add": [
        dict(X=random(3, 4), Y=random(3, 4)),
        dict(X=random(300, 40), Y=random(40)),
        dict(X=random(3, 4, 5), Y=random(4), axis=1),
        dict(X=random(3, 4), Y=random(1)),
        dict(X=random(0, 4), Y=random(4)),
    ],
    "relu": [dict(X=random(7, 9))],
    "tanh": [dict(X=random(7, 9))],
    "sigmoid": [dict(X=random(7, 9))],
    "dropout": [
        dict(X=random(30, 9), seed=3, fix_seed=True, dropout_prob=0.3),
        dict(X=random(30, 9), seed=3, fix_seed=True, dropout_prob=0.3, dropout_implementation="upscale_in_train"),
        dict(X=random(30, 9), is_test=True, dropout_prob=0.3, no_grad=True),
    ],
    "reshape2": [dict(X=random(4, 6), shape=[3, 8])],
    "transpose2": [dict(X=random(4, 6, 3), axis=[2, 0, 1])],
    "concat": [dict(X=[random(4, 6), random(4, 3)], axis=1)],
    "sequence_pool": [dict(X=Sequences(random(ROWS, 11)), pooltype=kind) for kind in ("AVERAGE", "SUM", "SQRT", "MAX", "LAST", "FIRST")],
    "sum": [dict(X=[random(4, 6), random(4, 6) / 4]), dict(X=[random(40, 60), random(40, 60) / 3, random(40, 60) / 7])],
    "scale": [dict(X=random(4, 6), scale=0.75)],
    "cast": [dict(X=random(4, 6), in_dtype=5, out_dtype=5)],
}


class Net:
    """One op over fed numbers, those that are float32 computed in bfloat16 where ``low``, and the gradients of half the squares of its outputs."""

    def __init__(self, op, case, low):
        case = dict(case)
        wanted, no_grad = case.pop("outputs", ["Out"]), case.pop("no_grad", False)
        info = core.op_info(op)
        slots = {slot["name"] for slot in info["inputs"]}
        self.feed, self.main = {}, fluid.Program()
        with fluid.program_guard(self.main, fluid.Program()), fluid.unique_name.guard():
            inputs, fed = {}, []
            for slot in [name for name in case if name in slots]:
                values = case.pop(slot)
                inputs[slot] = []
                for i, value in enumerate(values if isinstance(values, list) else [values]):
                    var = self.data("%s%d" % (slot, i), value)
                    fed += [] if var.stop_gradient else [var]
                    inputs[slot].append(fluid.layers.cast(var, "bfloat16") if low and follows(op, slot) else var)
            block = self.main.global_block()
            outputs = {slot["name"]: block.create_var(name="out_" + slot["name"]) for slot in info["outputs"]}
            if op == "cast" and low:
                case.update(in_dtype=int(BF16), out_dtype=int(BF16))
            block.append_op(op, inputs, outputs, case)
            self.types = {slot: outputs[slot].dtype for slot in wanted}
            self.fetches = [fluid.layers.cast(outputs[slot], "float32") for slot in wanted]
            self.names = list(wanted)
            if no_grad:
                return
            loss = fluid.layers.sums([fluid.layers.reduce_sum(fluid.layers.square(out)) * 0.5 for out in self.fetches])
            self.fetches += fluid.gradients(loss, fed)
            self.names += [var.name + "@GRAD" for var in fed]

    def data(self, name, value):
        rows = value.rows if isinstance(value, Sequences) else value
        if isinstance(value, Sequences):
            var = fluid.data(name, [None] + list(rows.shape[1:]), str(rows.dtype), lod_level=1)
            self.feed[name] = fluid.create_lod_tensor(value.rows, [value.lengths], fluid.CPUPlace())
        else:
            var = fluid.data(name, list(rows.shape), str(rows.dtype))
            self.feed[name] = value
        var.stop_gradient = rows.dtype != "float32"
        return var

    def run(self):
        exe = fluid.Executor(fluid.CPUPlace())
        with fluid.scope_guard(fluid.Scope()):
            values = exe.run(self.main, self.feed, self.fetches, return_numpy=False)
        return {name: np.array(value) for name, value in zip(self.names, values)}


# In units of 2^-9 of the largest: sums of rounded terms and states that go through many steps.
UNITS = {"lstm": 16, "gru": 16, "fused_mul_lstm": 16, "fused_mul_gru": 16}


@pytest.mark.parametrize("op, index", [(op, i) for op in CASES for i in range(len(CASES[op]))])
def test_as_in_float32(op, index):
    case = CASES[op][index]
    low, wide = Net(op, case, True), Net(op, case, False)
    for slot, dtype in low.types.items():
        assert dtype == (BF16 if follows(op, slot) else fluid.core.VarDesc.VarType.FP32), slot
    got, wanted = low.run(), wide.run()
    for name in wanted:
        assert got[name].shape == wanted[name].shape, name
        scale = max(np.max(np.abs(wanted[name]), initial=0), 1e-3)
        error = np.max(np.abs(got[name] - wanted[name]), initial=0) / scale * 2**9
        assert error <= UNITS.get(op, 4), "%s of %s: off by %.1f units" % (name, op, error)
        if name == "Hidden":  # was rounded indeed
            assert np.array_equal(got[name], rounded(got[name]))


def test_every_op_of_the_lists_is_here():
    listed = fp16_lists.bfloat16_white_list | fp16_lists.bfloat16_gray_list
    assert listed <= set(CASES)


def test_without_the_tile_unit():
    """The same on a processor that has no products of bfloat16: PADDLE_SIMD turns them off."""
    if "PADDLE_SIMD" in os.environ:
        pytest.skip("this is it")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", "test_as_in_float32"]
    done = subprocess.run(command, env=dict(os.environ, PADDLE_SIMD="avx2"), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:]


def test_products_are_summed_in_float32():
    """257 ones: bfloat16 alone would stop counting at 256."""
    case = dict(X=np.ones((1, 257), "float32"), Y=np.concatenate([np.ones((256, 1)), [[4]]]).astype("float32"), no_grad=True)
    assert Net("mul", case, True).run()["Out"] == 260
    case = dict(X=np.full((520, 3), 1, "float32"), Y=np.zeros(3, "float32"))
    assert np.array_equal(Net("elementwise_add", case, True).run()["Y0@GRAD"], [520, 520, 520])


def test_nan_and_infinity_stay():
    x = np.array([[np.nan, np.inf, -np.inf, 3.4e38, 1e-40]], "float32")
    got = Net("scale", dict(X=x, scale=1.0, no_grad=True), True).run()["Out"][0]
    assert np.isnan(got[0]) and got[1] == np.inf and got[2] == -np.inf and got[3] == np.inf and abs(got[4]) < 1e-38
    case = dict(lstm(16, use_peepholes=False), no_grad=True)
    case["Input"] = Sequences(case["Input"].rows.copy())
    case["Input"].rows[0, 0] = np.nan
    hidden = Net("lstm", case, True).run()["Hidden"]
    assert np.isnan(hidden[:3]).any() and not np.isnan(hidden[3:]).any()


@pytest.mark.parametrize("op, slot", [("lstm", "Bias"), ("lstm", "C0"), ("gru", "Bias")])
def test_what_must_be_float32(op, slot):
    case = dict(lstm(5, initial=True) if op == "lstm" else gru(5))
    with fluid.program_guard(fluid.Program(), fluid.Program()):
        inputs = {}
        for name in ("Input", "Weight", "Bias", "H0", "C0"):
            if name in case:
                value = case[name]
                rows = value.rows if isinstance(value, Sequences) else value
                level = 1 if isinstance(value, Sequences) else 0
                var = fluid.data(name, list(rows.shape), "float32", lod_level=level)
                inputs[name] = fluid.layers.cast(var, "bfloat16") if name == slot or _follows(op, name) else var
        block = fluid.default_main_program().global_block()
        outputs = {name["name"]: block.create_var(name=name["name"]) for name in core.op_info(op)["outputs"]}
        attrs = {name: case[name] for name in ("use_peepholes",) if name in case}
        with pytest.raises(ValueError, match="%s is bfloat16.*expected float32" % slot):
            block.append_op(op, inputs, outputs, attrs)

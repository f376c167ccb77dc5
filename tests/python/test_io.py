"""Saving and loading: files of variables, models, states, checkpoints; damaged and hostile files."""

import io
import os
import pickle
import resource
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import layers
from paddle.fluid.io import state_file


def net():
    x = fluid.data("x", [None, 4])
    hidden = layers.batch_norm(layers.fc(x, 3, act="relu"))
    out = layers.fc(layers.dropout(hidden, 0.2), 2, act="softmax")
    loss = layers.mean(layers.cross_entropy(out, fluid.data("y", [None, 1], "int64")))
    test = fluid.default_main_program().clone(for_test=True)
    fluid.optimizer.Adam(0.05).minimize(loss)
    return x, out, loss, test


def batch(seed=0):
    random = np.random.RandomState(seed)
    return {"x": random.rand(8, 4).astype("float32"), "y": random.randint(0, 2, (8, 1)).astype("int64")}


def trained(exe, steps=3):
    x, out, loss, test = net()
    exe.run(fluid.default_startup_program())
    for i in range(steps):
        exe.run(feed=batch(i), fetch_list=[loss])
    return out, test, exe.run(test, feed=batch(), fetch_list=[out])[0]


@pytest.mark.parametrize("filename", [None, "all"])
@pytest.mark.parametrize("kind", ["params", "persistables"])
def test_variables(exe, tmp_path, kind, filename):
    out, test, value = trained(exe)
    save, load = getattr(fluid.io, "save_" + kind), getattr(fluid.io, "load_" + kind)
    save(exe, str(tmp_path / "d"), filename=filename)
    with fluid.scope_guard(fluid.Scope()):
        exe.run(fluid.default_startup_program())
        load(exe, str(tmp_path / "d"), filename=filename)
        np.testing.assert_array_equal(exe.run(test, feed=batch(), fetch_list=[out])[0], value)
    names = sorted(os.listdir(tmp_path / "d"))
    assert names == ["all"] if filename else "fc_0.w_0" in names


def test_load_checks_shapes_and_files(exe, tmp_path):
    trained(exe)
    fluid.io.save_params(exe, str(tmp_path / "d"), filename="all")
    with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.unique_name.guard():
        x = fluid.data("x", [None, 4])
        layers.fc(layers.batch_norm(layers.fc(x, 3, act="relu")), 7)
        exe.run(fluid.default_startup_program())
        with pytest.raises(ValueError, match="fc_1"):
            fluid.io.load_params(exe, str(tmp_path / "d"), filename="all")
        with pytest.raises((OSError, KeyError, ValueError, RuntimeError), match="nowhere"):
            fluid.io.load_params(exe, str(tmp_path / "nowhere"))


def test_inference_model(exe, tmp_path):
    out, test, value = trained(exe)
    ops = len(fluid.default_main_program().global_block().ops)
    names = fluid.io.save_inference_model(str(tmp_path), ["x"], [out], exe, params_filename="params")
    assert names == ["save_infer_model/scale_0.tmp_0"]
    assert len(fluid.default_main_program().global_block().ops) == ops
    with fluid.scope_guard(fluid.Scope()):
        program, feeds, fetches = fluid.io.load_inference_model(str(tmp_path), exe, params_filename="params")
        assert feeds == ["x"] and [var.name for var in fetches] == names
        types = [op.type for op in program.global_block().ops]
        assert types[0] == "feed" and types[-1] == "fetch" and "adam" not in types
        got = exe.run(program, feed={"x": batch()["x"]}, fetch_list=fetches)[0]
        np.testing.assert_allclose(got, value, rtol=1e-6)
    with open(tmp_path / "__model__", "rb") as model, open(tmp_path / "params", "rb") as params:
        parts = model.read(), params.read()
    with fluid.scope_guard(fluid.Scope()):
        program, feeds, fetches = fluid.io.load_inference_model(None, exe, *parts)
        got = exe.run(program, feed={"x": batch()["x"]}, fetch_list=fetches)[0]
        np.testing.assert_allclose(got, value, rtol=1e-6)


def test_inference_model_errors(exe, tmp_path):
    out, test, value = trained(exe)
    with pytest.raises(ValueError):
        fluid.io.save_inference_model(str(tmp_path), ["x"], [], exe)
    with pytest.raises(ValueError, match="'z'"):
        fluid.io.save_inference_model(str(tmp_path), ["x", "z"], [out], exe)
    with pytest.raises(ValueError, match="no folder"):
        fluid.io.load_inference_model(str(tmp_path / "nowhere"), exe)
    (tmp_path / "__model__").write_bytes(b"\x00\x01damaged")
    with pytest.raises(ValueError):
        fluid.io.load_inference_model(str(tmp_path), exe)


def test_models_with_io_ops_are_refused(exe, tmp_path):
    x = fluid.data("x", [None, 4])
    block = fluid.default_main_program().global_block()
    block.append_op("save", {"X": layers.relu(x)}, {}, {"file_path": str(tmp_path / "out")})
    data = fluid.default_main_program().desc.serialize_to_string()
    (tmp_path / "__model__").write_bytes(data)
    with pytest.raises(ValueError, match="'save'.*allow_io=True"):
        fluid.io.load_inference_model(str(tmp_path), exe)
    fluid.io.load_inference_model(str(tmp_path), exe, allow_io=True)


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
def test_variables_stay_in_the_folder(exe, tmp_path, name):
    w = layers.create_parameter([2], "float32", name=name)
    exe.run(fluid.default_startup_program())
    for move in (fluid.io.save_vars, fluid.io.load_vars):
        with pytest.raises(ValueError, match="outside of the folder"):
            move(exe, str(tmp_path / "folder"), vars=[w])
    assert os.listdir(str(tmp_path)) in ([], ["folder"])
    fluid.io.save_vars(exe, str(tmp_path / "folder"), vars=[w], filename="all")
    fluid.io.load_vars(exe, str(tmp_path / "folder"), vars=[w], filename="all")


def test_save_and_load(exe, tmp_path):
    out, test, value = trained(exe)
    prefix = str(tmp_path / "m" / "model")
    fluid.save(fluid.default_main_program(), prefix)
    assert sorted(os.listdir(tmp_path / "m")) == ["model.pdmodel", "model.pdopt", "model.pdparams"]
    with fluid.scope_guard(fluid.Scope()):
        fluid.load(fluid.default_main_program(), prefix)
        np.testing.assert_array_equal(exe.run(test, feed=batch(), fetch_list=[out])[0], value)
    state = fluid.load_program_state(prefix)
    assert state["fc_0.w_0"].shape == (4, 3) and "fc_0.w_0_moment1_0" in state
    with fluid.scope_guard(fluid.Scope()):
        exe.run(fluid.default_startup_program())
        with pytest.warns(UserWarning, match="no variables other"):
            fluid.set_program_state(fluid.default_main_program(), dict(state, other=np.ones(1)))
        np.testing.assert_array_equal(exe.run(test, feed=batch(), fetch_list=[out])[0], value)
        with pytest.raises(ValueError, match="fc_0.w_0"):
            fluid.set_program_state(fluid.default_main_program(), {"fc_0.w_0": np.ones((2, 2), "float32")})
    with pytest.raises(FileNotFoundError):
        fluid.load(fluid.default_main_program(), str(tmp_path / "nothing"))
    with pytest.raises(ValueError, match="startup"):
        with fluid.scope_guard(fluid.Scope()):
            fluid.save(fluid.default_main_program(), prefix)


ARRAYS = {
    "float": np.arange(6, dtype="float32").reshape(2, 3),
    "scalar": np.array(3.5),
    "empty": np.zeros((0, 4), "int64"),
    "half": np.ones(3, "float16"),
    "bool": np.array([True, False]),
    "unsigned": np.arange(5, dtype="uint8"),
    "transposed": np.arange(6, dtype="int32").reshape(2, 3).T,
    "big endian": np.arange(3, dtype=">i4"),
    "名": np.arange(300, dtype="float64"),
}


def test_load_takes_what_an_open_dimension_leaves_open(exe, tmp_path):
    main, startup = fluid.Program(), fluid.Program()
    with fluid.program_guard(startup, startup):
        layers.create_global_var([3, 2], 1.5, "float32", persistable=True, name="state")
    state = main.global_block().create_var(name="state", shape=[-1, 2], dtype="float32", persistable=True)
    exe.run(startup)
    fluid.save(main, str(tmp_path / "m"))
    checkpoint = fluid.io.Checkpoint(str(tmp_path / "kept"), main)
    checkpoint.save()
    saved = fluid.load_program_state(str(tmp_path / "m"))
    ways = [lambda: fluid.load(main, str(tmp_path / "m")), lambda: fluid.set_program_state(main, saved), checkpoint.restore]
    for load in ways:
        with fluid.scope_guard(fluid.Scope()):
            exe.run(startup)
            tensor = fluid.global_scope().find_var("state").get_tensor()
            tensor.set(np.zeros([3, 2], "float32"), fluid.CPUPlace())
            load()
            np.testing.assert_array_equal(np.array(tensor), np.full([3, 2], 1.5, "float32"))
    for shape in ([-1, 3], [-1, 2, 1]):
        state.desc.set_shape(shape)
        for load in ways:
            with pytest.raises(ValueError, match="'state' has shape .*holds shape"):
                load()


def test_array_files(tmp_path):
    path = str(tmp_path / "a.pdparams")
    state_file.save_arrays(path, ARRAYS)
    with open(path, "rb") as file:
        by_pickle = pickle.load(file)
    for read in (state_file.load_arrays(path), by_pickle):
        assert list(read) == list(ARRAYS)
        for name, array in ARRAYS.items():
            np.testing.assert_array_equal(read[name], array)
            assert read[name].dtype == array.dtype.newbyteorder("=") or read[name].dtype == array.dtype
    with open(path, "rb") as file:
        data = file.read()
    assert data[:2] == b"\x80\x02" and b"numpy._core" not in data  # protocol 2, names that NumPy 1 has


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_array_files_of_pickle(protocol):
    data = pickle.dumps(ARRAYS, protocol)
    read = state_file.read_arrays(io.BytesIO(data))
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(read[name], array)


class Hostile:
    def __reduce__(self):
        return os.system, ("touch /tmp/paddle_hostile_pickle",)


@pytest.mark.parametrize(
    "value",
    [
        {"a": Hostile()},
        {"a": np.array([Hostile()], dtype=object)},
        {"a": {1, 2}},
        [1, 2],
        {1: np.ones(2)},
        {"a": np.array(["text"])},
    ],
)
def test_hostile_array_files(value):
    with pytest.raises(ValueError):
        state_file.read_arrays(io.BytesIO(pickle.dumps(value, 2)))
    assert not os.path.exists("/tmp/paddle_hostile_pickle")


def state_files(tmp_path):
    """The bytes of .pdparams and .pdopt files: ours, and those of pickle's protocols."""
    optimizer = {"moment1_0": np.arange(6, dtype="float32").reshape(2, 3), "beta1_pow_acc_0": np.array([0.9]), "step": np.int64(7)}
    for name, arrays in (("a.pdparams", ARRAYS), ("a.pdopt", optimizer)):
        path = tmp_path / name
        state_file.save_arrays(str(path), arrays)
        yield path.read_bytes()
        for protocol in range(5):
            yield pickle.dumps(arrays, protocol)


def damage(data, random):
    """Flips, overwrites, cuts, inserts, removes or repeats a few bytes."""
    for _ in range(random.randint(1, 4)):
        at, other = random.randint(len(data) + 1), random.randint(len(data) + 1)
        few = bytes(random.randint(0, 256, random.randint(1, 9)).tolist())
        data = [
            data[:at] + few + data[at + len(few) :],
            data[:at] + few + data[at:],
            data[:at] + data[at + len(few) :],
            data[:at] + data[other : other + 64] + data[at:],
            data[:at],
            data[:at] + bytes([data[at] ^ 1 << random.randint(8)]) + data[at + 1 :] if at < len(data) else data,
        ][random.randint(6)]
    return data


TEXT = b"X" + (100000).to_bytes(4, "little") + b"x" * 100000


@pytest.mark.parametrize(
    "data",
    [
        b"(lp1000000000000\n.",
        b"\x80\x05\x96" + (1 << 40).to_bytes(8, "little") + b".",  # a bytearray of a TB
        b"\x80\x02\x8b" + (1 << 30).to_bytes(4, "little") + b".",
        b"L" + b"9" * 1000000 + b"L\n.",
        b"\x80\x02(c_codecs\nencode\nq\x000" + TEXT + b"q\x01" + b"h\x00h\x01X\x06\x00\x00\x00latin1\x86R" * 1000 + b"t.",
        b"\x80\x02cnumpy\ndtype\nN}X\x05\x00\x00\x00_callNs\x86b.",  # sets an attribute of what it may call
    ],
)
def test_array_files_that_stand_for_more_than_they_hold(data):
    start = time.time()
    with pytest.raises(ValueError):
        state_file.read_arrays(io.BytesIO(data))
    assert time.time() - start < 1.0


def test_one_array_under_many_names():
    array = np.arange(1000.0)
    read = state_file.read_arrays(io.BytesIO(pickle.dumps({str(i): array for i in range(100)}, 2)))
    assert all((read[str(i)] == array).all() for i in range(100))


def test_damaged_array_files(tmp_path):
    random = np.random.RandomState(0)
    files = list(state_files(tmp_path))
    read = 0
    for i in range(10000):
        try:
            arrays = state_file.read_arrays(io.BytesIO(damage(files[i % len(files)], random)))
        except ValueError:
            continue
        read += 1
        assert all(isinstance(name, str) for name in arrays)
    assert read


def twice(levels, end):
    """A pickle whose object holds itself twice, LEVELS times over."""
    return b"(lp0\n0g0\n" + b"".join(b"(g%d\ng%d\n%sp%d\n0" % (k, k, end, k + 1) for k in range(levels)) + b"g%d\n" % levels


def test_array_files_change_no_class():
    data = b"cnumpy\ndtype\n(N(dX\x05\x00\x00\x00dtypeI7\ns" + b"tb."  # a slot state for the class itself
    with pytest.raises(ValueError):
        state_file.read_arrays(io.BytesIO(data))
    assert "dtype" not in vars(state_file._DType)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02}r\x00\x00\x00\x04s.",  # the last of 67 million objects
        b"\x80\x02}\x8d" + b"\xff" * 7 + b"\x7f.",  # a text without end
        b"\x80\x05\x96" + b"\xff" * 6 + b"\x00\x00.",  # the same of bytes
        b"}X\x01\x00\x00\x00a" + twice(60, b"l") + b"s.",  # 2^60 lists
        b"}" + twice(60, b"t") + b"I1\ns.",  # 2^60 tuples to hash
        b"(" + twice(60, b"t") + b"I1\nd.",
        b"ccollections\nOrderedDict\n((l(" + twice(60, b"t") + b"I1\nlatR.",
        b"\x80\x04\x8f(" + twice(60, b"t") + b"\x90.",
    ],
)
def test_array_files_that_ask_for_too_much(data):
    started, most = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError):
        state_file.read_arrays(io.BytesIO(data))
    assert time.process_time() - started < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most < 256 << 10  # KiB


def test_atomic_write(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(file):
        file.write(b"new")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        state_file.atomic_write(str(path), fail)
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]


def test_checkpoint(exe, tmp_path):
    out, test, value = trained(exe)
    checkpoint = fluid.io.Checkpoint(str(tmp_path), keep=2)
    assert checkpoint.latest() is None and checkpoint.restore() is None
    paths = [checkpoint.save({"epoch": i}) for i in range(4)]
    assert checkpoint.latest() == paths[-1] and sorted(os.listdir(tmp_path)) == ["checkpoint_2", "checkpoint_3"]
    with fluid.scope_guard(fluid.Scope()):
        assert fluid.io.Checkpoint(str(tmp_path)).restore() == {"epoch": 3}
        np.testing.assert_array_equal(exe.run(test, feed=batch(), fetch_list=[out])[0], value)
    with fluid.program_guard(fluid.Program(), fluid.Program()):
        layers.fc(fluid.data("x", [None, 4]), 3, param_attr="other")
        with pytest.raises(ValueError, match="other"):
            fluid.io.Checkpoint(str(tmp_path)).restore()
    with pytest.raises(ValueError, match="startup"):
        with fluid.scope_guard(fluid.Scope()):
            checkpoint.save()


SCRIPT = """
import sys
import numpy as np
import paddle.fluid as fluid
from paddle.fluid import layers

x = fluid.data("x", [None, 4])
hidden = layers.dropout(layers.batch_norm(layers.fc(x, 16, act="relu")), 0.3)
loss = layers.mean(layers.cross_entropy(layers.fc(hidden, 2, act="softmax"), fluid.data("y", [None, 1], "int64")))
fluid.optimizer.Adam(layers.exponential_decay(0.05, 10, 0.9)).minimize(loss)
fluid.default_startup_program().random_seed = 7
exe = fluid.Executor()
exe.run(fluid.default_startup_program())
fluid.core.set_random_state(fluid.global_scope(), 11, 0)
checkpoint = fluid.io.Checkpoint(sys.argv[1])
step = (checkpoint.restore() or {"step": 0})["step"]
while step < 60:
    random = np.random.RandomState(step)
    exe.run(feed={"x": random.rand(8, 4).astype("float32"), "y": random.randint(0, 2, (8, 1)).astype("int64")})
    step += 1
    checkpoint.save({"step": step})
    print(step, flush=True)
fluid.save(fluid.default_main_program(), sys.argv[2])
"""


def test_killed_training_resumes_to_the_same_bits(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(SCRIPT))
    whole, killed = str(tmp_path / "whole"), str(tmp_path / "killed")
    subprocess.run([sys.executable, str(script), whole, whole + "_model"], check=True, stdout=subprocess.DEVNULL)
    random = np.random.RandomState(1)
    for _ in range(5):
        process = subprocess.Popen([sys.executable, str(script), killed, killed + "_model"], stdout=subprocess.PIPE)
        for _ in range(random.randint(2, 15)):
            if not process.stdout.readline():
                break
        time.sleep(random.rand() * 0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run([sys.executable, str(script), killed, killed + "_model"], check=True, stdout=subprocess.DEVNULL)
    for suffix in (".pdparams", ".pdopt"):
        one, two = (state_file.load_arrays(path + "_model" + suffix) for path in (whole, killed))
        assert list(one) == list(two)
        for name in one:
            np.testing.assert_array_equal(one[name], two[name], err_msg=name)

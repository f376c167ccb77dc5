"""The benchmarks compute what they say, in tiny sizes; no times are looked at."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import paddle.fluid as fluid

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
TEXTS = dict(hidden=12, batch=4, steps=12, words=50)
CASES = {
    "classifier lstm": dict(TEXTS, task="classifier", cell="lstm", lengths="varying"),
    "classifier lstm by hand": dict(TEXTS, task="classifier", cell="lstm", lengths="varying", by_hand=True),
    "classifier lstm, low memory": dict(TEXTS, task="classifier", cell="lstm", lengths="varying", flags={"recompute_gates": "1"}),
    "classifier coupled": dict(TEXTS, task="classifier", cell="coupled", lengths="varying"),
    "classifier gru": dict(TEXTS, task="classifier", cell="gru", lengths="bucketed"),
    "language model": dict(TEXTS, task="language_model", cell="lstm", lengths="fixed"),
    "seq2seq varying": dict(TEXTS, task="seq2seq", cell="lstm", lengths="varying"),
    "seq2seq bucketed": dict(TEXTS, task="seq2seq", cell="lstm", lengths="bucketed"),
    "ocr": dict(task="ocr", cell="gru", lengths="fixed", hidden=12, batch=3, steps=7, words=10, width=64),
}


def load(name):
    spec = importlib.util.spec_from_file_location("rnn_" + name, BENCHMARKS / "rnn" / (name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def python(*arguments):
    done = subprocess.run([sys.executable, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def run(case, train):
    case = dict(case, train=train, count=1, warmup=1, passes=5)
    result = json.loads(python(BENCHMARKS / "rnn" / "fluid_net.py", json.dumps(case)).splitlines()[-1])
    assert len(result["ms"]) == 5 and len(result["losses"]) == 6
    return result


@pytest.mark.parametrize("name", CASES)
def test_losses_fall_with_training_only(name):
    case = CASES[name]
    trained, ran = run(case, True), run(case, False)
    losses = trained["losses"]
    assert np.isfinite(losses).all()
    assert all(later < earlier for earlier, later in zip(losses, losses[1:])), losses
    assert ran["losses"] == pytest.approx([losses[0]] * 6, rel=1e-6)
    assert trained["per_step"] == ran["per_step"] > 0


def test_steps_written_by_hand_are_those_of_the_op():
    by_hand, op = (run(CASES[name], True)["losses"] for name in ("classifier lstm by hand", "classifier lstm"))
    assert by_hand == pytest.approx(op, rel=1e-5)


def test_layers_that_keep_no_gates_are_those_of_the_op():
    low, op = (run(CASES[name], True)["losses"] for name in ("classifier lstm, low memory", "classifier lstm"))
    assert low == pytest.approx(op, rel=1e-5)


def test_coupled_is_the_cell_described():
    case, losses = dict(CASES["classifier coupled"], count=1), []
    tasks = load("tasks")
    weights, (batch,) = {name: value.astype("float64") for name, value in tasks.weights(case)}, tasks.batches(case)
    for words, label in zip(np.split(batch["word"], np.cumsum(batch["length"])[:-1]), batch["label"]):
        x = weights["embedding"][words]
        for name in "01":
            h, c, out = np.zeros(case["hidden"]), np.zeros(case["hidden"]), []
            for row in x:
                f, j, o = np.split(row @ weights["input_" + name] + h @ weights["recurrent_" + name] + weights["bias_" + name], 3)
                c = sigmoid(f) * c + (1 - sigmoid(f)) * np.tanh(j)
                h = sigmoid(o) * np.tanh(c)
                out.append(h)
            x = np.array(out)
        scores = x[-1] @ weights["out"] + weights["out_bias"]
        losses.append(np.log(np.exp(scores).sum()) - scores[label])
    assert run(case, False)["losses"][0] == pytest.approx(np.mean(losses), rel=1e-5)


PRINT_PLAN = """
import json, sys
import fluid_net
from fluid_net import fluid
case = json.loads(sys.argv[1])
loss = fluid_net.loss_of(case)
fluid_net.optimizer(case).minimize(loss)
exe = fluid.Executor(fluid.CPUPlace())
exe.run(fluid.default_startup_program())
print(exe.plan(feed=next(fluid_net.feeds(case)), fetch_list=[loss]))
"""


def test_the_pass_takes_the_lstm_and_leaves_the_coupled_cell(monkeypatch):
    before = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(BENCHMARKS / "rnn")] + ([before] if before else [])))
    reports, ops = {}, {}
    for name in ("classifier lstm by hand", "classifier coupled"):
        plan = python("-c", PRINT_PLAN, json.dumps(dict(CASES[name], train=True, count=1)))
        reports[name] = [line.split(": ")[1] for line in plan.splitlines() if line.startswith("  pass fuse_recurrent_cells")]
        ops[name] = [line.split(" = ")[1].split("(")[0] for line in plan.splitlines() if line.startswith("  [")]
    taken, left = reports.values()
    assert len(taken) == 2 and all(line.startswith("lstm of 'bias_") for line in taken)
    assert len(left) == 2 and all(line.startswith("the loop stays") for line in left)
    of_lstm, of_coupled = ops.values()
    assert of_lstm.count("lstm") == of_lstm.count("lstm_grad") == 2 and "while" not in of_lstm
    assert of_coupled.count("while") == of_coupled.count("while_grad") == 2 and "lstm" not in of_coupled


def picked(*arguments):
    listing = python(BENCHMARKS / "rnn" / "run.py", "--list", *arguments)
    return listing.splitlines()


def test_cases_with_bars_run_by_default_and_all_on_request():
    default, everything = picked(), picked("--all")
    assert set(default) < set(everything)
    assert {"lstm 256 varying", "coupled 256 varying", "gru 512 varying", "ocr 200"} <= set(default)
    assert not any("batch" in name or "inference" in name for name in default)
    for cell in ("lstm", "gru"):
        for hidden in (128, 256, 512, 1280):
            for suffix in ("", ", batch 16", ", batch 128", ", batch 256"):
                assert "%s %d varying%s" % (cell, hidden, suffix) in everything
    assert picked("--cases", "^gru 128 fixed") == ["gru 128 fixed"] + ["gru 128 fixed, batch %d" % n for n in (16, 128, 256)]


def test_every_bar_has_its_case(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))  # which the script prepends its folders to
    run = load("run")
    for bars in (run.SPEED, run.OVER, run.BY_HAND_TIME, run.LOW_SPEED, run.PEAK_SHARE):
        assert set(bars) <= set(run.all_cases())
    names = {mode for _, modes in run.PEERS.values() for mode in modes}
    assert all(set(bars) <= names for bars in run.OVER.values())


def test_seq2seq_is_the_task_described():
    case = dict(CASES["seq2seq varying"], count=1)
    tasks = load("tasks")
    weights, (batch,) = {name: value.astype("float64") for name, value in tasks.weights(case)}, tasks.batches(case)

    def layer(name, x, h):
        c, out = np.zeros_like(h), []
        for row in x:
            gates = row @ weights["input_" + name] + h @ weights["recurrent_" + name] + weights["bias_" + name]
            i, f, candidate, o = np.split(gates, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(candidate)
            h = sigmoid(o) * np.tanh(c)
            out.append(h)
        return np.array(out)

    def texts(word, length):
        return np.split(batch[word], np.cumsum(batch[length])[:-1])

    losses, zero = [], np.zeros(case["hidden"])
    for source, word, label in zip(texts("source", "source_length"), texts("word", "length"), texts("label", "length")):
        encoded = layer("encoder_1", layer("encoder_0", weights["source_embedding"][source], zero), zero)
        state = layer("decoder_1", layer("decoder_0", weights["embedding"][word], encoded[-1]), zero)
        share = np.exp(state @ encoded.T)
        context = share / share.sum(axis=1, keepdims=True) @ encoded
        mixed = np.tanh(np.concatenate([state, context], axis=1) @ weights["attention"] + weights["attention_bias"])
        scores = mixed @ weights["out"] + weights["out_bias"]
        losses.extend(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(label)), label])
    assert run(case, False)["losses"][0] == pytest.approx(np.mean(losses), rel=1e-5)


@pytest.mark.skipif((Path(fluid.core._compiled.__file__).parent / "lib" / "libpaddle_cuda.so").exists(), reason="the plug-in is there")
def test_a_gpu_that_is_not_there_is_an_error():
    script = [sys.executable, str(BENCHMARKS / "rnn" / "run.py"), "--place", "gpu", "--peers", "", "--cases", "^gru 128 fixed$"]
    done = subprocess.run(script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode != 0 and "CUDAPlace needs the CUDA plug-in" in done.stdout


def test_run_writes_json(tmp_path):
    path = tmp_path / "rnn.json"
    pattern = "^(ocr 200|seq2seq 512 varying), inference$"
    table = python(BENCHMARKS / "rnn" / "run.py", "--quick", "--peers", "", "--cases", pattern, "--json", path)
    content = json.loads(path.read_text())
    assert content["benchmark"] == "rnn" and content["quick"] and content["wrong"] == 0
    assert content["machine"]["cpu"] and content["machine"]["threads"] == 2
    assert content["command"] == "benchmarks/rnn/run.py --quick --peers '' --cases '%s'" % pattern
    assert content["versions"]["ours"]["python"] and "commit" in content["versions"]["ours"]
    rows = {row["case"]: row for row in content["rows"]}
    assert {name: row["unit"] for name, row in rows.items()} == {
        "ocr 200, inference": "image",
        "seq2seq 512 varying, inference": "word",
    }
    for name, row in rows.items():
        assert name in table and row["implementation"] == "ours"
        assert row["peer"] == "ours" and row["ours_over_this"] == 1
        assert row["ms_min"] > 0 and row["rate"] > 0 and row["peak_rss_mb"] > 0


def result(path, **more):
    """A result as a benchmark writes it, with figures of no machine."""

    def row(case, implementation, peer, rate, memory):
        ratio = {"a": 3000.0, "b": 50.0}[case] / rate
        out = dict(case=case, implementation=implementation, peer=peer, ms_min=1.0, ms_median=1.5, unit="word")
        return dict(out, rate=rate, peak_rss_mb=memory, ours_over_this=ratio)

    rows = [row("a", "ours", "ours", 3000.0, 50.0), row("a", "JAX", "jax", 1000.0, 99.0), row("a", "PyTorch", "torch", 1500.0, 200.0)]
    rows += [row("b", "ours", "ours", 50.0, 51.0), row("b", "JAX", "jax", 80.0, 40.0)]
    bars = [dict(text="a, ours over PyTorch", figure=2.0, bound=1.3, at_least=True, met=True)]
    bars += [dict(text="b, ours over JAX", figure=0.625, bound=1.3, at_least=True, met=False)]
    machine = dict(cpu="Some CPU", cores=8, threads=2, memory_gb=16.0, system="Debian")
    versions = {"ours": {"commit": "0123abc", "python": "3.11.2"}, "jax": {"jax": "0.10.2"}, "torch": {"torch": "2.13.0"}}
    content = dict(benchmark="rnn", command="benchmarks/rnn/run.py --bars", date="2026-01-02", quick=False, wrong=0, place="cpu")
    content.update(machine=machine, versions=versions, rows=rows, bars=bars, **more)
    path.write_text(json.dumps(content))
    return path


def make_page(*arguments, fails=False):
    script = [sys.executable, str(BENCHMARKS / "page.py"), *map(str, arguments)]
    done = subprocess.run(script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert (done.returncode != 0) == fails, done.stdout
    return done.stdout


def test_pages_are_what_the_results_make():
    make_page("--check")


@pytest.fixture
def root(tmp_path):
    for name in ("README.md", "README_zh.md"):
        (tmp_path / name).write_bytes((BENCHMARKS.parent / name).read_bytes())
    make_page("--root", tmp_path)
    return tmp_path


def test_one_command_adds_a_result_and_its_pages(root, tmp_path_factory):
    before = (root / "README.md").read_text()
    path = result(tmp_path_factory.mktemp("out") / "rnn.json")
    make_page("--root", root, path)
    make_page("--root", root, "--check")
    kept = root / "benchmarks" / "results" / "rnn.json"
    assert kept.read_bytes() == path.read_bytes() and kept.with_suffix(".png").stat().st_size > 1000
    for language, readme in (("en", "README.md"), ("zh", "README_zh.md")):
        text = (root / "docs" / language / "speed.md").read_text()
        for figure in ("3,000", "1,500", "| PyTorch | 1,500 | 2.00 | 50 | 99 |", "| JAX | 80 | 0.62 |", "≥ 1.3"):
            assert figure in text, figure
        for words in ("benchmarks/rnn/run.py --bars", "Some CPU", "2026-01-02", "commit 0123abc, python 3.11.2", "torch 2.13.0"):
            assert words in text, words
        assert text.startswith("<!-- Made by benchmarks/page.py")
        links = re.findall(r"\]\((\.\./[^)]*)\)", text)
        assert {"../../benchmarks/results/rnn.json", "../../benchmarks/results/rnn.png"} < set(links)
        assert "(docs/%s/speed.md)" % language in (root / readme).read_text()
    kept.unlink()
    kept.with_suffix(".png").unlink()
    make_page("--root", root)
    assert (root / "README.md").read_text() == before and not (root / "docs" / "en" / "speed.md").exists()


@pytest.mark.parametrize("name", ["docs/zh/speed.md", "README.md", "benchmarks/results/rnn.json", "benchmarks/results/rnn.png"])
def test_an_edited_page_or_result_is_found(root, tmp_path_factory, name):
    make_page("--root", root, result(tmp_path_factory.mktemp("out") / "rnn.json"))
    path = root / name
    content = path.read_bytes()
    for old, new in ((b"3000.0", b"3001.0"), (b"3,000", b"3,001"), (b"page.py: end", b"page.py: ended"), (b"Source", b"Sourced")):
        content = content.replace(old, new)
    path.write_bytes(content if name != "benchmarks/results/rnn.png" else b"")
    make_page("--root", root, "--check", fails=True)


@pytest.mark.parametrize("old, new, why", [('"quick": false', '"quick": true', "--quick"), ('"wrong": 0', '"wrong": 2', "something else")])
def test_figures_that_say_nothing_are_refused(root, tmp_path_factory, old, new, why):
    path = result(tmp_path_factory.mktemp("out") / "rnn.json")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert why in make_page("--root", root, path, fails=True)
    assert not (root / "benchmarks").exists()


WORDS_OF_THE_FILE = """
import sys
sys.path.insert(0, sys.argv[1])
import words
path = words.write(epochs=2, small=True)
data, (net, datasets, training) = words.Words(path), words.example()
train, test, characters, letters = datasets.pronunciations(small=True)
pairs = lambda some: [(word.tolist(), spelling.tolist()) for word, spelling in some]
assert pairs(data.train) == pairs(train) and pairs(data.test) == pairs(test)
assert (data.characters, data.letters) == (len(characters), len(letters))
for epoch in range(2):
    drawn = [[train[number] for number in numbers] for numbers, _ in training.drawn(1, epoch, len(train))]
    assert [pairs(batch) for batch in data.batches(epoch)] == [pairs(batch) for batch in drawn]
(main, _), _, _ = net.build(1, len(characters), len(letters))
assert {name: list(value.shape) for name, value in data.parameters.items()} == {one.name: list(one.shape) for one in main.all_parameters()}
"""


def test_the_twin_of_the_example_gets_its_words_batches_and_parameters():
    python("-c", WORDS_OF_THE_FILE, BENCHMARKS / "book")


def test_the_example_in_the_benchmark_learns(tmp_path):
    path = tmp_path / "book.json"
    printed = python(BENCHMARKS / "book" / "run.py", "--quick", "--peers", "", "--json", path)
    assert re.search(r"ours +\d+\.\d\d %\n", printed)
    (row,) = json.loads(path.read_text())["rows"]
    assert row["case"] == "encoder_decoder" and row["unit"] == "word" and row["rate"] > 0
    data = str(BENCHMARKS.parent / "build" / "bench" / "book_small.npz")
    result = json.loads(python(BENCHMARKS / "book" / "ours.py", json.dumps({"data": data})).splitlines()[-1])
    assert result["per_step"] == 4753 and len(result["losses"]) == 75 and len(result["exact"]) == 1
    assert np.mean(result["losses"][-10:]) < 0.8 * result["losses"][0]

"""The benchmarks of recurrent networks compute what they say, in tiny sizes; no times are looked at."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
TEXTS = dict(hidden=12, batch=4, steps=12, words=50)
CASES = {
    "classifier lstm": dict(TEXTS, task="classifier", cell="lstm", lengths="varying"),
    "classifier gru": dict(TEXTS, task="classifier", cell="gru", lengths="bucketed"),
    "language model": dict(TEXTS, task="language_model", cell="lstm", lengths="fixed"),
    "seq2seq varying": dict(TEXTS, task="seq2seq", cell="lstm", lengths="varying"),
    "seq2seq bucketed": dict(TEXTS, task="seq2seq", cell="lstm", lengths="bucketed"),
    "ocr": dict(task="ocr", cell="gru", lengths="fixed", hidden=12, batch=3, steps=7, words=10, width=64),
}


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


def test_seq2seq_is_the_task_described():
    case = dict(CASES["seq2seq varying"], count=1)
    spec = importlib.util.spec_from_file_location("rnn_tasks", BENCHMARKS / "rnn" / "tasks.py")
    tasks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tasks)
    weights, (batch,) = {name: value.astype("float64") for name, value in tasks.weights(case).items()}, tasks.batches(case)

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

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


def test_run_writes_json(tmp_path):
    path = tmp_path / "rnn.json"
    pattern = "^(ocr 200|seq2seq 512 varying), inference$"
    table = python(BENCHMARKS / "rnn" / "run.py", "--quick", "--peers", "", "--cases", pattern, "--json", path)
    rows = {row["case"]: row for row in json.loads(path.read_text())["rows"]}
    assert {name: row["unit"] for name, row in rows.items()} == {
        "ocr 200, inference": "image",
        "seq2seq 512 varying, inference": "word",
    }
    for name, row in rows.items():
        assert name in table and row["implementation"] == "ours"
        assert row["ms_min"] > 0 and row["rate"] > 0 and row["peak_rss_mb"] > 0

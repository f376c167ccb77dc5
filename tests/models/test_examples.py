"""The examples in small: trained by Python, then predicted and trained by C++ programs built against the installed package."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import paddle
import pytest
import small_sets

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"

# Script and options; what it measures; what that must be after so many epochs in small.
SMALL = {
    "digits": (["digits.py"], "test_accuracy", lambda value: value > 0.5),
    "reviews": (["reviews.py"], "test_accuracy", lambda value: value > 0.5),
    "fit_a_line": (["book/fit_a_line.py"], "test_squared_error", lambda value: value < 250),
    "segmentation": (["book/segmentation.py"], "test_F1", lambda value: value > 0.75),
    "word2vec": (["book/word2vec.py"], "test_perplexity", lambda value: value < 700),
    "sentiment_conv": (["book/sentiment.py", "--net", "conv"], "test_accuracy", lambda value: value > 0.5),
    "sentiment_stacked": (["book/sentiment.py", "--net", "stacked"], "test_accuracy", lambda value: value > 0.5),
    "sentiment_dynamic_rnn": (["book/sentiment.py", "--net", "dynamic_rnn"], "test_accuracy", lambda value: value > 0.5),
    "encoder_decoder": (["book/encoder_decoder.py"], "test_accuracy", lambda value: value > 0.02),
    "rnn_encoder_decoder": (["book/rnn_encoder_decoder.py"], "test_accuracy", lambda value: value > 0.05),
    "language_model": (["book/language_model.py"], "test_perplexity", lambda value: value < 400),
    "label_semantic_roles": (["book/label_semantic_roles.py", "--epochs", "8"], "test_F1", lambda value: value > 0.9),
    "recommender_system": (["book/recommender_system.py"], "test_squared_error", lambda value: value < 1),
}


def run(*command, **environment):
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    command = [str(part) for part in command]
    environment = dict(os.environ, PATH=path, **environment)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The folder of the built C++ programs."""
    prefix = package = Path(paddle.__file__).parent
    if not (package / "lib" / "cmake").exists():  # not a wheel: the build folder
        prefix = tmp_path_factory.mktemp("install")
        run("cmake", "--install", package.parents[1], "--prefix", prefix)
    build = tmp_path_factory.mktemp("build")
    options = ["-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_PREFIX_PATH=%s" % prefix]
    run("cmake", "-S", EXAMPLES / "cpp", "-B", build, *options)
    run("cmake", "--build", build)
    return build


@pytest.fixture(scope="module", params=sorted(SMALL))
def trained(request, tmp_path_factory):
    """The folder that an example wrote, what it printed, and its name."""
    folder = tmp_path_factory.mktemp(request.param)
    script, *options = SMALL[request.param][0]
    home = tmp_path_factory.mktemp("home")
    small_sets.write_conll05(home)
    small_sets.write_movielens(home)
    command = [sys.executable, EXAMPLES / script, *options, "--small", "--out", folder]
    return folder, run(*command, PADDLE_DATA_HOME=str(home)), request.param


def test_python_trains(trained):
    folder, output, name = trained
    _, measure, good = SMALL[name]
    result = json.loads((folder / "result.json").read_text())
    assert good(result[measure]) and result["samples_per_second"] > 0
    progress = r"epoch \d/\d \[#{20}\] loss [\d.]+, [\d,]+ samples/s, \d+ % waiting for data, ETA 0:\d+, "
    progress += measure.replace("_", " ")
    assert len(re.findall(progress, output)) == result["epochs"]
    assert (folder / "curve.png").exists() == (importlib.util.find_spec("matplotlib") is not None)


def test_cpp_predicts_the_same(trained, programs):
    output = run(programs / "predict", trained[0])
    assert re.search(r"8 samples predicted, largest difference from Python \S+", output)


def test_cpp_trains_the_same(trained, programs):
    output = run(programs / "train", trained[0], 3)
    assert re.search(r"3 passes over 5 batches trained, loss [\d.]+ -> [\d.]+, largest difference from Python \S+", output)
    startup = paddle.fluid.Program.parse_from_string((trained[0] / "train" / "startup.pdmodel").read_bytes())
    assert {path.name for path in (trained[0] / "trained").iterdir()} == {var.name for var in startup.list_vars() if var.persistable}


@pytest.mark.parametrize("program", ["predict", "train"])
def test_cpp_reports_what_is_wrong(programs, program, tmp_path):
    done = subprocess.run([programs / program, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and str(tmp_path) in done.stderr
    assert subprocess.run([programs / program], stderr=subprocess.DEVNULL).returncode == 2

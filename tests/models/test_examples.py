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

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


def run(*command):
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    command = [str(part) for part in command]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ, PATH=path)
    )
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


@pytest.fixture(scope="module", params=["digits", "reviews"])
def trained(request, tmp_path_factory):
    """The folder that an example wrote, and what it printed."""
    folder = tmp_path_factory.mktemp(request.param)
    return folder, run(sys.executable, EXAMPLES / (request.param + ".py"), "--small", "--out", folder)


def test_python_trains(trained):
    folder, output = trained
    result = json.loads((folder / "result.json").read_text())
    assert result["test_accuracy"] > 0.5 and result["epochs"] == 2 and result["samples_per_second"] > 0
    assert len(re.findall(r"epoch \d/2 \[#{20}\] loss [\d.]+, [\d,]+ samples/s, \d+ % waiting for data, ETA 0:", output)) == 2
    assert (folder / "curve.png").exists() == (importlib.util.find_spec("matplotlib") is not None)


def test_cpp_predicts_the_same(trained, programs):
    output = run(programs / "predict", trained[0])
    assert re.search(r"8 samples predicted, largest difference from Python \S+", output)


def test_cpp_trains_the_same(trained, programs):
    output = run(programs / "train", trained[0], 3)
    assert re.search(r"3 passes over 5 batches trained, loss [\d.]+ -> [\d.]+, largest difference from Python \S+", output)
    assert {path.name for path in (trained[0] / "trained").iterdir()} >= {"fc_0.w_0", "fc_0.b_0"}


@pytest.mark.parametrize("program", ["predict", "train"])
def test_cpp_reports_what_is_wrong(programs, program, tmp_path):
    done = subprocess.run([programs / program, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and str(tmp_path) in done.stderr
    assert subprocess.run([programs / program], stderr=subprocess.DEVNULL).returncode == 2

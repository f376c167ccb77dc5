"""The digits example, killed at random moments and resumed each time, ends with the bits of an unbroken run."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "digits.py"
KILLS = 20
EPOCHS = 40


def start(out, *options):
    command = [sys.executable, EXAMPLE, "--small", "--epochs", EPOCHS, "--save", 1, "--out", out, *options]
    return subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process):
    output, _ = process.communicate()
    assert process.returncode == 0, output


def newest(out):
    """The number of the newest checkpoint, -1 when there is none."""
    numbers = [path.name.split("_")[1] for path in (out / "checkpoint").glob("checkpoint_*")]
    return max((int(number) for number in numbers), default=-1)


def kill_at_some_moment(out, number):
    """Start or resume, and send SIGKILL: every fourth time while it starts, else around the writing of a checkpoint."""
    before = newest(out)
    process = start(out, "--resume")
    began = time.time()
    if number % 4 == 0:
        time.sleep(random.uniform(0.0, 1.5))
    else:
        wanted = before + random.randint(1, 8)
        while newest(out) < wanted and process.poll() is None and time.time() < began + 60:
            time.sleep(0.001)
        time.sleep(random.uniform(0.0, 0.03))
    process.send_signal(signal.SIGKILL)
    output, _ = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), output
    return process.returncode != 0


def arrays(path):
    import paddle.fluid.io.state_file as state_file

    return state_file.load_arrays(str(path))


def test_killed_and_resumed_training_ends_with_the_same_bits(tmp_path):
    finish(start(tmp_path / "whole"))
    broken = tmp_path / "broken"
    random.seed(time.time_ns())
    killed = sum(kill_at_some_moment(broken, number) for number in range(KILLS))
    assert killed == KILLS, "the training is too short: only %d of %d kills met it" % (killed, KILLS)
    assert newest(broken) >= 0, "no kill came after a checkpoint"
    finish(start(broken, "--resume"))

    for name in ("main.pdparams", "main.pdopt"):
        want, got = (arrays(tmp_path / folder / "train" / name) for folder in ("whole", "broken"))
        assert sorted(want) == sorted(got) and want, name
        for key in want:
            np.testing.assert_array_equal(got[key].view(np.uint8), want[key].view(np.uint8), err_msg=key)
    want, got = (json.loads((tmp_path / name / "result.json").read_text()) for name in ("whole", "broken"))
    assert got["test_accuracy"] == want["test_accuracy"] and got["epochs"] == want["epochs"] == EPOCHS

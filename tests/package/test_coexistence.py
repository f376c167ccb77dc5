"""One process with another framework, imported before or after ours."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import paddle
import pytest

PEERS = Path(__file__).resolve().parents[2] / "build" / "peers"  # made by benchmarks/peers
OURS = """
import numpy as np, paddle.fluid as fluid
x = fluid.data(fluid.unique_name.generate("x"), [None, 3])
y = fluid.layers.matmul(x, x, transpose_y=True)
out, = fluid.Executor(fluid.CPUPlace()).run(feed={x.name: np.ones((2, 3), "float32")}, fetch_list=[y])
assert (np.asarray(out) == 3).all(), out
"""
THEIRS = {
    "torch": "import torch\na = torch.ones(64, 64)\nassert float((a @ a).sum()) == 64.0**3\n",
    "tensorflow": "import tensorflow as tf\na = tf.ones((64, 64))\nassert float(tf.reduce_sum(a @ a)) == 64.0**3\n",
}


def interpreter(peer):
    if importlib.util.find_spec(peer):
        return sys.executable
    own = PEERS / peer / "bin" / "python"
    if not own.exists():
        pytest.skip("%s is not installed (benchmarks/peers %s)" % (peer, peer))
    return str(own)


@pytest.mark.parametrize("peer", sorted(THEIRS))
@pytest.mark.parametrize("order", ["before", "after"])
def test_works_beside(peer, order):
    parts = [THEIRS[peer], OURS] if order == "before" else [OURS, THEIRS[peer]]
    script = "\n".join(parts + parts)  # each also after the other was used
    environment = dict(os.environ, PYTHONPATH=str(Path(paddle.__file__).parents[1]), TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    done = subprocess.run([interpreter(peer), "-c", script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-3000:]

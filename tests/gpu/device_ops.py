"""The op harness on a GPU: every entry of tests/ops whose op has a CUDA kernel. Run it by tests/gpu/run."""

import importlib
import os
import sys

import pytest

OPS = os.path.join(os.path.dirname(__file__), "..", "ops")
sys.path.insert(0, OPS)

import checks
import harness
import numpy as np
import one_op
from paddle import _core as core
from values import Rows, dtype_name

for file in sorted(os.listdir(OPS)):
    if file.startswith("test_") and file != "test_coverage.py" and file.endswith(".py"):
        importlib.import_module(file[:-3])

PLACE, HOST = core.CUDAPlace(0), core.CPUPlace()
ENTRIES = [e for e in harness.ENTRIES.values() if isinstance(e, harness.Op) and "CUDA" in e.info["devices"]]
# What attributes may be is the same on every device, and their check counts on the host's memory limit.
NAMES = [(e, name) for e in ENTRIES for name in checks.names(e) if name not in ("complete", "attributes")]


@pytest.fixture(autouse=True)
def on_the_gpu():
    one_op.EXECUTOR.use(PLACE)
    yield
    one_op.EXECUTOR.use(HOST)


@pytest.mark.parametrize("entry, name", NAMES, ids=[f"{e.type}-{name}" for e, name in NAMES])
def test_against_the_reference(entry, name):
    harness.run_check(entry, name)


def assert_close(device, host, tolerance, what):
    if isinstance(host, Rows):
        assert device.rows == host.rows and device.height == host.height, what
        device, host = device.value, host.value
    if isinstance(host, list):
        assert len(device) == len(host), what
        for a, b in zip(device, host):
            assert_close(a, b, tolerance, what)
        return
    assert device.dtype == host.dtype and getattr(device, "lengths", []) == getattr(host, "lengths", []), what
    np.testing.assert_allclose(np.asarray(device), np.asarray(host), rtol=tolerance, atol=tolerance, err_msg=what)


def outputs_of(case):
    """The outputs, then the gradients where there are some, on the place in use."""
    values = one_op.OneOp(case).run()
    if case.entry.grad and case.dtype in ("float32", "float64"):
        gradient = checks.Gradient(case)
        if gradient.wanted and gradient.targets:
            values["gradients"] = gradient.run()
    return values


@pytest.mark.parametrize("entry", ENTRIES, ids=[e.type for e in ENTRIES])
def test_against_the_cpu(entry):
    """Random numbers included: both sides count through the same streams."""
    for case in checks.cases_of(entry):
        device = outputs_of(case)
        one_op.EXECUTOR.use(HOST)
        host = outputs_of(case)
        one_op.EXECUTOR.use(PLACE)
        for slot, values in host.items():
            for a, b in zip(device[slot], values, strict=True):
                kind = "float64" if isinstance(b, list) or slot == "gradients" else dtype_name(b)
                tolerance = max(entry.tolerance.get(kind, 0), 1e-5 if case.dtype == "float32" else 0)
                assert_close(a, b, tolerance, f"{slot} of {case}")

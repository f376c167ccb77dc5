"""Loads an emulated GPU where asked to, and skips what needs a kernel that the plug-in does not have yet."""

import os
import re

import pytest

MISSING_KERNEL = re.compile(r"op '(\w+)' has no CUDA kernel")

if os.environ.get("PADDLE_EMULATED_GPU"):
    from paddle import _core

    _core.load_op_library(os.environ["PADDLE_EMULATED_GPU"])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    error = call.excinfo.value if call.excinfo else None
    while error is not None:
        missing = isinstance(error, NotImplementedError) and MISSING_KERNEL.search(str(error))
        if missing:
            report = outcome.get_result()
            report.outcome = "skipped"
            report.longrepr = (str(item.path), item.location[1] or 0, "Skipped: no CUDA kernel for " + missing.group(1))
            return
        error = error.__cause__

import signal

import numpy as np
import pytest

import paddle.fluid as fluid


@pytest.fixture(autouse=True)
def fresh():
    """Each test starts with empty programs, an empty scope and fresh names."""
    np.random.seed(0)
    with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.unique_name.guard():
        with fluid.scope_guard(fluid.Scope()):
            yield


@pytest.fixture
def all_passes():
    """Behind the test all passes run again."""
    yield
    fluid.core.set_flag("skip_passes", "")
    fluid.core.set_flag("check_nan_inf", "0")


@pytest.fixture
def exe():
    return fluid.Executor(fluid.CPUPlace())


@pytest.fixture
def ctrl_c():
    """Ctrl-C raises KeyboardInterrupt, also where the tests run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)

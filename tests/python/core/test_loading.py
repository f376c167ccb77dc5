"""What loading the compiled module does to its process."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("told", [{}, {"GOMP_SPINCOUNT": "77"}, {"OMP_WAIT_POLICY": "passive"}])
def test_the_environment_stays_as_it_was(told):
    names = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    environment = dict({name: value for name, value in os.environ.items() if name not in names}, **told)
    script = "import os, paddle.fluid; print({name: os.environ[name] for name in %r if name in os.environ})" % (names,)
    done = subprocess.run([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.strip() == repr(told)

"""Settings of all tests."""

import os

# Many small ops on two threads: without this, threads that wait would take the cores from those that work. Read once, by libgomp.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from harness import Elsewhere

for op in ("save", "load", "save_combine", "load_combine"):
    Elsewhere(op, "tests/python/core/test_save_load.py")

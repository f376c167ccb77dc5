"""Names that no other variable or layer has: ``fc_0``, ``fc_1``, ..."""

import contextlib

__all__ = ["generate", "switch", "guard"]


class UniqueNameGenerator:
    """Counts the names given out for each key; ``prefix`` comes before every name."""

    def __init__(self, prefix=""):
        self.ids = {}
        self.prefix = prefix

    def __call__(self, key):
        number = self.ids.get(key, 0)
        self.ids[key] = number + 1
        return "%s%s_%d" % (self.prefix, key, number)


_generator = UniqueNameGenerator()


def generate(key):
    """Return ``key`` followed by the number of times that it was asked for before."""
    return _generator(key)


def generate_with_ignorable_key(key):
    """Like ``generate``; for names of temporaries, whose key carries no meaning."""
    return _generator(key)


def switch(new_generator=None, new_para_name_checker=None):
    """Put another generator in place, a fresh one by default, and return the old one."""
    global _generator
    old = _generator
    _generator = UniqueNameGenerator() if new_generator is None else new_generator
    return old


@contextlib.contextmanager
def guard(new_generator=None):
    """Use another generator inside the ``with`` block; a string is the prefix of a fresh one."""
    if isinstance(new_generator, bytes):
        new_generator = new_generator.decode()
    if isinstance(new_generator, str):
        new_generator = UniqueNameGenerator(new_generator)
    old = switch(new_generator)
    try:
        yield
    finally:
        switch(old)

"""The default programs, and what is in force while ops are appended."""

import contextlib

from paddle.fluid.framework.program import Program

_main_program = Program()
_startup_program = Program()


class NameScope:
    """A named group of ops inside another."""

    def __init__(self, name="", parent=None):
        self.name = name
        self.parent = parent
        self._children = {}

    def child(self, prefix):
        """A new scope in this one; the second of a name gets a number."""
        number = self._children.get(prefix, 0)
        self._children[prefix] = number + 1
        return NameScope(prefix if number == 0 else "%s_%d" % (prefix, number), self)

    def full_name(self):
        return "/" if self.parent is None else self.parent.full_name() + self.name + "/"


_name_scope = NameScope()
_device = None


def default_main_program():
    """The program that layers append to."""
    return _main_program


def default_startup_program():
    """The program that fills the parameters; run it once before the main program."""
    return _startup_program


def switch_main_program(program):
    """Make another program the default main program; returns the old one."""
    global _main_program
    old, _main_program = _main_program, program
    return old


def switch_startup_program(program):
    """Make another program the default startup program; returns the old one."""
    global _startup_program
    old, _startup_program = _startup_program, program
    return old


@contextlib.contextmanager
def program_guard(main_program, startup_program=None):
    """Make these the default programs inside the ``with`` block.

    Raises:
        TypeError: one of them is not a ``Program``.
    """
    for program in (main_program,) if startup_program is None else (main_program, startup_program):
        if not isinstance(program, Program):
            raise TypeError("program_guard takes programs, got %s" % type(program).__name__)
    old_main = switch_main_program(main_program)
    old_startup = switch_startup_program(startup_program) if startup_program is not None else None
    try:
        yield
    finally:
        switch_main_program(old_main)
        if startup_program is not None:
            switch_startup_program(old_startup)


@contextlib.contextmanager
def name_scope(prefix=None):
    """Ops appended inside carry this name (attribute ``op_namescope``), for display.

    Raises:
        ValueError: ``prefix`` is empty.
    """
    global _name_scope
    if not prefix:
        raise ValueError("name_scope needs a name")
    outer = _name_scope
    _name_scope = outer.child(prefix)
    try:
        yield
    finally:
        _name_scope = outer


def full_name_scope():
    return _name_scope.full_name()


@contextlib.contextmanager
def device_guard(device=None):
    """Ops appended inside run on ``'cpu'`` or ``'gpu'`` (attribute ``op_device``).

    Raises:
        ValueError: another device.
    """
    global _device
    index = None
    kind = device
    if device and ":" in device:
        kind, index = device.split(":", 1)
        if kind == "cpu":
            raise ValueError("the device 'cpu' takes no number, got %r" % device)
    if kind not in (None, "", "cpu", "gpu") or (index is not None and not index.isdigit()):
        raise ValueError("device must be 'cpu', 'gpu' or 'gpu:N', got %r" % device)
    outer, _device = _device, device
    try:
        yield
    finally:
        _device = outer


def switch_device(device):
    """Set the device of the ops to come; returns the old one."""
    global _device
    old, _device = _device, device
    return old


def current_device():
    return _device or ""

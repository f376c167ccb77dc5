"""A stack of scopes for each thread."""

import threading

from paddle.fluid.core import Scope

__all__ = ["get_cur_scope", "enter_local_scope", "leave_local_scope", "var", "find_var", "scoped_function"]

_local = threading.local()


def _stack():
    if not hasattr(_local, "scopes"):
        _local.scopes = [Scope()]
    return _local.scopes


def get_cur_scope():
    """The innermost scope."""
    return _stack()[-1]


def enter_local_scope():
    """Make a scope inside the current one."""
    _stack().append(get_cur_scope().new_scope())


def leave_local_scope():
    """Go back to the scope around, and drop those made in it."""
    if len(_stack()) == 1:
        raise RuntimeError("leave_local_scope without enter_local_scope")
    _stack().pop()
    get_cur_scope().drop_kids()


def var(name):
    """The variable of the current scope; made when it is not there."""
    return get_cur_scope().var(name)


def find_var(name):
    """The variable of the current scope or one around; None when there is none."""
    return get_cur_scope().find_var(name)


def scoped_function(func):
    """Call a function in a scope of its own."""
    enter_local_scope()
    try:
        return func()
    finally:
        leave_local_scope()

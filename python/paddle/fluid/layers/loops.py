"""Loops: a block of ops that runs as long as a condition holds."""

from paddle.fluid.framework import VarType
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import check_variable
from paddle.fluid.layers._blocks import OpGuard, flatten, outer_use, same_structure
from paddle.fluid.layers.tensor import assign

__all__ = ["While", "while_loop"]


def _check_condition(cond, what):
    check_variable(cond, what)
    if cond.dtype != VarType.BOOL:
        raise TypeError("%s must be bool, but '%s' is %s" % (what, cond.name, cond.dtype))
    size = 1
    for each in cond.shape:
        size *= each
    if size != 1:
        raise TypeError("%s must have one element, but '%s' has shape %s" % (what, cond.name, list(cond.shape)))


class While:
    """Ops that run again and again, as long as a condition holds::

        i = fluid.layers.fill_constant([1], "int64", 0)
        n = fluid.layers.fill_constant([1], "int64", 10)
        cond = fluid.layers.less_than(i, n)
        loop = fluid.layers.While(cond)
        with loop.block():
            fluid.layers.increment(i)
            fluid.layers.less_than(i, n, cond=cond)

    What the loop leaves behind goes into variables made before it (``assign(new, old)``) or into arrays.

    Args:
        cond (Variable): bool, one element; the block must set it anew.
        is_test (bool): there will be no backward pass, so nothing is kept for one.
        name (str): name of the layer; a unique one by default.

    Raises:
        TypeError: ``cond`` is not a bool Variable of one element.
    """

    def __init__(self, cond, is_test=False, name=None):
        _check_condition(cond, "the condition of While")
        self.helper = LayerHelper("while", name=name)
        self.cond_var = cond
        self.is_test = is_test

    def block(self):
        """The ``with`` statement whose ops the loop runs."""
        return OpGuard(self)

    def complete(self):
        """Append the op that runs the block that was just filled."""
        inner = self.helper.main_program.current_block()
        outer = self.helper.main_program.block(inner.parent_idx)
        reads, writes = outer_use(inner)
        outer.append_op(
            type="while",
            inputs={
                "X": [outer._var_recursive(name) for name in reads if name != self.cond_var.name],
                "Condition": [self.cond_var],
            },
            outputs={
                "Out": [outer._var_recursive(name) for name in writes],
                "StepScopes": [outer.create_var(type=VarType.STEP_SCOPES)],
            },
            attrs={"sub_block": inner, "is_test": self.is_test},
        )


def while_loop(cond, body, loop_vars, is_test=False, name=None):
    """Call ``body`` on the loop variables again and again, as long as ``cond`` of them holds.

    Args:
        cond (callable): from the loop variables to a bool Variable of one element.
        body (callable): from the loop variables to their next values, as many and structured alike.
        loop_vars (list|tuple): variables, or lists, tuples and dicts of them; not empty.
        is_test (bool): there will be no backward pass, so nothing is kept for one.
        name (str): name of the layer; a unique one by default.

    Returns:
        list|tuple: ``loop_vars``, which hold the last values after the loop.

    Raises:
        TypeError: ``cond`` or ``body`` cannot be called, ``loop_vars`` is no list, or ``cond`` gives no bool Variable.
        ValueError: ``loop_vars`` is empty, or ``body`` returns something else than it got.
    """
    if not callable(cond):
        raise TypeError("cond of while_loop must be callable, got %s" % type(cond).__name__)
    if not callable(body):
        raise TypeError("body of while_loop must be callable, got %s" % type(body).__name__)
    if not isinstance(loop_vars, (list, tuple)):
        raise TypeError("loop_vars of while_loop must be a list or tuple, got %s" % type(loop_vars).__name__)
    if not loop_vars:
        raise ValueError("loop_vars of while_loop must not be empty")
    for var in flatten(loop_vars):
        check_variable(var, "a loop variable of while_loop")
    condition = cond(*loop_vars)
    _check_condition(condition, "what cond of while_loop returns")
    with While(condition, is_test, name).block():
        results = body(*loop_vars)
        if not isinstance(results, (list, tuple)):
            results = [results]
        if not same_structure(list(loop_vars), list(results)):
            raise ValueError(
                "body of while_loop must return as many variables as it takes (%d), structured alike" % len(loop_vars)
            )
        after = cond(*results)
        for old, new in zip(flatten(loop_vars), flatten(results)):
            check_variable(new, "what body of while_loop returns")
            if new.name != old.name:
                _carry(new, old)
        assign(after, condition)
    return loop_vars


def _carry(new, old):
    if new.type != old.type:
        raise ValueError("body of while_loop makes a %s of '%s', which is a %s" % (new.type, old.name, old.type))
    assign(new, old)

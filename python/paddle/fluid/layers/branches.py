"""Branches: one of several functions decides what is computed, when the program runs."""

from functools import partial

from paddle.fluid.framework import Variable, VarType
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._blocks import flatten, pack_like, same_structure
from paddle.fluid.layers._op import append_op, check_variable

__all__ = ["cond", "case", "switch_case"]


def _copy_to_parent(var, helper):
    """A variable around the current block that gets the value of ``var``."""
    from paddle.fluid.layers.tensor import assign

    check_variable(var, "what a branch returns")
    block = helper.main_program.current_block()
    around = helper.main_program.block(block.parent_idx)
    copy = around.create_var(dtype=var.dtype, shape=var.shape, type=var.type)
    assign(var, copy)
    return copy


def _branch(pred, function, helper):
    """What ``function`` returns, as variables around a block that runs when ``pred`` holds."""
    from paddle.fluid.layers.control_flow import ConditionalBlock

    with ConditionalBlock([pred], is_scalar_condition=True).block():
        result = function()
        if result is None:
            return None
        return pack_like(result, [_copy_to_parent(var, helper) for var in flatten(result)])


def _select(mask, if_false, if_true):
    if if_false.dtype != if_true.dtype or if_false.type != if_true.type:
        raise ValueError(
            "Incompatible return values of true_fn and false_fn in cond: a %s of %s and a %s of %s"
            % (if_true.type, if_true.dtype, if_false.type, if_false.dtype)
        )
    block = mask.block
    out = block.create_var(dtype=if_false.dtype, shape=_common_shape(if_false, if_true), type=if_false.type)
    append_op("select_input", {"X": [if_false, if_true], "Mask": mask}, {"Out": out})
    return out


def _common_shape(a, b):
    if len(a.shape) != len(b.shape):
        return b.shape
    return [x if x == y else -1 for x, y in zip(a.shape, b.shape)]


def cond(pred, true_fn=None, false_fn=None, name=None):
    """Call ``true_fn`` if a condition holds when the program runs, else ``false_fn``.

    Both are called when the program is built; the ops of one of them run.

    Args:
        pred (Variable): bool, one element.
        true_fn, false_fn (callable): without arguments; both return None, or variables (or lists, tuples and dicts of
            them) structured alike, of the same types.
        name (str): name of the layer; a unique one by default.

    Returns:
        What the functions return: None, or variables structured alike, with the values of the branch that ran.

    Raises:
        TypeError: ``pred`` is not a bool Variable, or a function cannot be called.
        ValueError: the functions return different things.
    """
    from paddle.fluid.layers.nn import logical_not
    from paddle.fluid.layers.tensor import cast

    check_variable(pred, "pred of cond")
    if pred.dtype != VarType.BOOL:
        raise TypeError("The data type of 'pred' in fluid.layers.cond must be bool, but '%s' is %s" % (pred.name, pred.dtype))
    helper = LayerHelper("cond", name=name)
    for what, function in ("true_fn", true_fn), ("false_fn", false_fn):
        if function is not None and not callable(function):
            raise TypeError("The %s in cond must be callable, but received %s" % (what, type(function).__name__))
    if_true = _branch(pred, true_fn, helper) if true_fn is not None else None
    if_false = _branch(logical_not(pred), false_fn, helper) if false_fn is not None else None
    if if_true is None and if_false is None:
        return None
    if if_true is None or if_false is None:
        which = ("true_fn", "false_fn") if if_false is None else ("false_fn", "true_fn")
        raise ValueError(
            "Incompatible return values of true_fn and false_fn in cond: %s returns non-None while %s returns None" % which
        )
    if not same_structure(if_true, if_false):
        raise ValueError(
            "Incompatible return values of true_fn and false_fn in cond: %d variables and %d, or structured differently"
            % (len(flatten(if_true)), len(flatten(if_false)))
        )
    mask = cast(pred, dtype="int32")
    merged = [_select(mask, *pair) for pair in zip(flatten(if_false), flatten(if_true))]
    return pack_like(if_false, merged)


def case(pred_fn_pairs, default=None, name=None):
    """Call the function of the first condition that holds when the program runs.

    Args:
        pred_fn_pairs (list|tuple): pairs of a bool Variable of one element and a function without arguments; the
            functions return variables structured alike.
        default (callable): what is called if none holds; the last pair's function if it is None.
        name (str): name of the layer; a unique one by default.

    Returns:
        What the functions return, with the values of the one that ran.

    Raises:
        TypeError: ``pred_fn_pairs`` is no list of such pairs, or ``default`` cannot be called.
        ValueError: there are no pairs, or the functions return different things.
    """
    if not isinstance(pred_fn_pairs, (list, tuple)):
        raise TypeError("pred_fn_pairs of case must be a list or tuple, got %s" % type(pred_fn_pairs).__name__)
    if not pred_fn_pairs:
        raise ValueError("pred_fn_pairs of case must not be empty")
    for pair in pred_fn_pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("The elements of pred_fn_pairs in case must be pairs (a tuple of 2), got %.80r" % (pair,))
        pred, function = pair
        if not isinstance(pred, Variable):
            raise TypeError("The pred of a pair in case must be a bool Variable, got %s" % type(pred).__name__)
        if not callable(function):
            raise TypeError("The fn for %s of pred_fn_pairs in case must be callable" % pred.name)
    pairs = list(pred_fn_pairs)
    if default is None:
        default = pairs.pop()[1]
    elif not callable(default):
        raise TypeError("The default in case must be callable, got %s" % type(default).__name__)
    for pred, function in reversed(pairs):
        default = partial(cond, pred=pred, true_fn=function, false_fn=default)
    return default()


def _numbered(branch_fns):
    if not isinstance(branch_fns, (list, tuple, dict)):
        raise TypeError("branch_fns of switch_case must be a list, tuple or dict, got %s" % type(branch_fns).__name__)
    if not branch_fns:
        raise ValueError("branch_fns of switch_case must not be empty")
    items = list(branch_fns.items() if isinstance(branch_fns, dict) else branch_fns)
    if all(callable(item) for item in items):
        items = list(enumerate(items))
    keys = set()
    for item in items:
        if not isinstance(item, tuple) or len(item) != 2:
            raise TypeError("The elements of branch_fns in switch_case must be (int, function), got %.80r" % (item,))
        key, function = item
        if not isinstance(key, int):
            raise TypeError("The key of branch_fns in switch_case must be an int, got %s" % type(key).__name__)
        if key in keys:
            raise ValueError("The key in 'branch_fns' must be unique, but '%d' appears more than once." % key)
        keys.add(key)
        if not callable(function):
            raise TypeError("The function for key %d in switch_case must be callable" % key)
    return sorted(items, key=lambda item: item[0])


def switch_case(branch_index, branch_fns, default=None, name=None):
    """Call the function with a number that is known when the program runs.

    Args:
        branch_index (Variable): uint8, int32 or int64, one element.
        branch_fns (dict|list|tuple): from numbers to functions without arguments, as a dict, as pairs, or as a list
            that is numbered from 0; the functions return variables structured alike.
        default (callable): what is called for any other number; the function of the largest one if it is None.
        name (str): name of the layer; a unique one by default.

    Returns:
        What the functions return, with the values of the one that ran.

    Raises:
        TypeError: an argument is of another type.
        ValueError: a number appears twice, there are no functions, or they return different things.
    """
    from paddle.fluid.layers.control_flow import equal
    from paddle.fluid.layers.tensor import cast, fill_constant

    check_variable(branch_index, "branch_index of switch_case")
    if branch_index.dtype not in (VarType.UINT8, VarType.INT32, VarType.INT64):
        raise TypeError(
            "The data type of 'branch_index' in switch_case must be uint8, int32 or int64, but '%s' is %s"
            % (branch_index.name, branch_index.dtype)
        )
    items = _numbered(branch_fns)
    if default is None:
        default = items.pop()[1]
    elif not callable(default):
        raise TypeError("The default in switch_case must be callable, got %s" % type(default).__name__)
    if branch_index.dtype != VarType.INT64:
        branch_index = cast(branch_index, "int64")
    for key, function in items:
        pred = equal(branch_index, fill_constant([1], "int64", key))
        default = partial(cond, pred=pred, true_fn=function, false_fn=default)
    return default()

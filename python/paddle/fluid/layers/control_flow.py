"""Comparisons, counters, and what runs only sometimes."""

from paddle.fluid.framework import Variable, VarType
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers import array
from paddle.fluid.layers._blocks import BlockGuard, OpGuard, outer_use  # noqa: F401  (Fluid names BlockGuard here)
from paddle.fluid.layers._op import append_op, check_variable
from paddle.fluid.layers.array import (  # noqa: F401  (Fluid names all of these here)
    array_length,
    array_read,
    array_to_lod_tensor,
    array_write,
    create_array,
    lod_rank_table,
    lod_tensor_to_array,
    max_sequence_len,
    merge_lod_tensor,
    reorder_lod_tensor_by_rank,
    select_input,
    select_output,
    shrink_memory,
    split_lod_tensor,
)
from paddle.fluid.layers.branches import case, cond, switch_case
from paddle.fluid.layers.dynamic_rnn import DynamicRNN
from paddle.fluid.layers.if_else import IfElse
from paddle.fluid.layers.loops import While, while_loop
from paddle.fluid.layers.static_rnn import StaticRNN

__all__ = array.__all__ + [
    "While",
    "Switch",
    "increment",
    "less_than",
    "less_equal",
    "greater_than",
    "greater_equal",
    "equal",
    "not_equal",
    "Print",
    "is_empty",
    "while_loop",
    "cond",
    "case",
    "switch_case",
    "StaticRNN",
    "DynamicRNN",
    "IfElse",
]


def _compare(op_type, what):
    def function(x, y, cond=None):
        return append_op(op_type, {"X": x, "Y": y}, {"Out": "bool" if cond is None else cond}, no_grad=("Out",))

    function.__name__ = function.__qualname__ = op_type
    function.__doc__ = (
        "Whether x %s y, for each element.\n\n    Args:\n        x, y (Variable): of one type; shapes as for "
        "``elementwise_add``.\n        cond (Variable): bool, where the result goes; a new one by default.\n\n"
        "    Returns:\n        Variable: bool.\n\n    Raises:\n        TypeError: an input is not a Variable.\n"
        "        ValueError: shapes or element types do not fit.\n    " % what
    )
    return function


less_equal = _compare("less_equal", "<=")
greater_than = _compare("greater_than", ">")
greater_equal = _compare("greater_equal", ">=")
equal = _compare("equal", "==")
not_equal = _compare("not_equal", "!=")


def less_than(x, y, force_cpu=None, cond=None):
    """Whether x < y, for each element; see ``less_equal``.

    Args:
        x (Variable): any shape.
        y (Variable): of the type of ``x``; its shape can be broadcast.
        force_cpu (bool): keep the result on the host.
        cond (Variable): bool, where the result goes; a new one by default.

    Returns:
        Variable: bool.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    attrs = {"force_cpu": force_cpu}
    return append_op("less_than", {"X": x, "Y": y}, {"Out": "bool" if cond is None else cond}, attrs, no_grad=("Out",))


def increment(x, value=1.0, in_place=True):
    """x + value, for a number.

    Args:
        x (Variable): (1,), a number.
        value (float): what is added.
        in_place (bool): write the result into ``x``.

    Returns:
        Variable: (1,), of the type of ``x``.

    Raises:
        ValueError: ``x`` has not one element.
    """
    return append_op("increment", {"X": x}, {"Out": x if in_place else "X"}, {"step": float(value)})


def is_empty(x, cond=None):
    """Whether x has no elements.

    Args:
        x (Variable): any shape.
        cond (Variable): bool, where the result goes; a new one by default.

    Returns:
        Variable: bool, (1,).

    Raises:
        TypeError: ``x`` is not a Variable.
    """
    return append_op("is_empty", {"X": x}, {"Out": "bool" if cond is None else cond}, no_grad=("Out",))


def Print(
    input,
    first_n=-1,
    message=None,
    summarize=20,
    print_tensor_name=True,
    print_tensor_type=True,
    print_tensor_shape=True,
    print_tensor_lod=True,
    print_phase="both",
):
    """Print a variable whenever it is computed, and its gradient; returns a variable with the same value.

    Args:
        input (Variable): any.
        first_n (int): print so many times only; -1: always.
        message (str): comes before.
        summarize (int): print so many elements; -1: all.
        print_tensor_name, print_tensor_type, print_tensor_shape, print_tensor_lod (bool): what is printed of it.
        print_phase (str): ``'forward'``, ``'backward'`` or ``'both'``.

    Returns:
        Variable: use it instead of ``input``, so that the gradient is printed.

    Raises:
        ValueError: there is no such phase.
    """
    check_variable(input, "input of Print")
    helper = LayerHelper("print_" + input.name)
    attrs = {
        "first_n": first_n,
        "summarize": summarize,
        "message": message or "",
        "print_tensor_name": print_tensor_name,
        "print_tensor_type": print_tensor_type,
        "print_tensor_shape": print_tensor_shape,
        "print_tensor_lod": print_tensor_lod,
        "print_phase": print_phase.upper(),
    }
    return append_op("print", {"In": input}, {"Out": "In"}, attrs, helper=helper)


class ConditionalBlock:
    """Ops that run when a condition holds::

        with ConditionalBlock([condition], is_scalar_condition=True).block():
            ...

    ``inputs``: bool variables; with ``is_scalar_condition`` one of shape (1,), else the block runs when they are not
    empty.
    """

    def __init__(self, inputs, is_scalar_condition=False, name=None):
        for each in inputs:
            if not isinstance(each, Variable):
                raise TypeError("a condition must be a Variable, got %s" % type(each).__name__)
        self.inputs = inputs
        self.is_scalar_condition = is_scalar_condition
        self.helper = LayerHelper("conditional_block", name=name)

    def block(self):
        return OpGuard(self)

    def complete(self):
        """Append the op that runs the block that was just filled."""
        inner = self.helper.main_program.current_block()
        outer = self.helper.main_program.block(inner.parent_idx)
        reads, writes = outer_use(inner)
        conditions = {var.name for var in self.inputs}
        inputs = [outer._var_recursive(name) for name in reads if name not in conditions]
        outputs = [outer._var_recursive(name) for name in writes]
        scope = outer.create_var(type=VarType.STEP_SCOPES)
        outer.append_op(
            type="conditional_block",
            inputs={"Cond": self.inputs, "Input": inputs},
            outputs={"Out": outputs, "Scope": [scope]},
            attrs={"sub_block": inner, "is_scalar_condition": self.is_scalar_condition},
        )


class Switch:
    """Run the first case whose condition holds, else the default::

        with fluid.layers.Switch() as switch:
            with switch.case(condition):
                fluid.layers.assign(a, out)
            with switch.default():
                fluid.layers.assign(b, out)

    Conditions are bool variables of shape (1,). Inside a case values go into variables made before.
    """

    def __init__(self, name=None):
        self.helper = LayerHelper("switch", name=name)
        self.inside_scope = False
        self.pre_not_conditions = []

    def case(self, condition):
        """A case; only inside ``with Switch()``.

        Raises:
            ValueError: it is outside.
        """
        from paddle.fluid.layers.nn import logical_and, logical_not

        if not self.inside_scope:
            raise ValueError("case must be called inside 'with Switch() as switch'")
        if not isinstance(condition, Variable):
            raise TypeError("the condition of a case must be a Variable, got %s" % type(condition).__name__)
        if not self.pre_not_conditions:
            block = ConditionalBlock([condition], is_scalar_condition=True)
            self.pre_not_conditions.append(logical_not(x=condition))
            return block.block()
        before = self.pre_not_conditions[-1]
        self.pre_not_conditions.append(logical_and(x=before, y=logical_not(x=condition)))
        block = ConditionalBlock([logical_and(x=before, y=condition)], is_scalar_condition=True)
        return block.block()

    def default(self):
        """What runs when no case does.

        Raises:
            ValueError: there is no case before.
        """
        if not self.pre_not_conditions:
            raise ValueError("default must come behind a case")
        return ConditionalBlock([self.pre_not_conditions[-1]], is_scalar_condition=True).block()

    def __enter__(self):
        self.inside_scope = True
        return self

    def __exit__(self, kind, value, trace):
        self.inside_scope = False
        return False

"""Two networks for the two kinds of rows of a batch."""

from paddle.fluid import unique_name
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import check_variable

__all__ = ["IfElse"]


class IfElse:
    """Split the rows of a batch by a condition, compute each part in its own way, and join the results::

        branch = fluid.layers.IfElse(condition)
        with branch.true_block():
            rows = branch.input(x)
            branch.output(fluid.layers.fc(rows, 10))
        with branch.false_block():
            rows = branch.input(x)
            branch.output(fluid.layers.fc(rows, 10))
        (out,) = branch()

    Args:
        cond (Variable): bool, (N, 1): which rows go into the true block.
        name (str): name of the layer; a unique one by default.

    Raises:
        TypeError: ``cond`` is not a Variable.
    """

    OUT_IF_ELSE_BLOCKS, IN_IF_ELSE_TRUE_BLOCKS, IN_IF_ELSE_FALSE_BLOCKS = 0, 1, 2

    def __init__(self, cond, name=None):
        from paddle.fluid.layers.control_flow import ConditionalBlock

        check_variable(cond, "cond of IfElse")
        self.helper = LayerHelper("ifelse", name=name)
        self.cond = cond
        self.status = IfElse.OUT_IF_ELSE_BLOCKS
        self.conditional_true_block = ConditionalBlock([cond])
        self.conditional_false_block = ConditionalBlock([cond])
        self._parts = {}
        self._outputs = {IfElse.IN_IF_ELSE_TRUE_BLOCKS: [], IfElse.IN_IF_ELSE_FALSE_BLOCKS: []}

    def _around(self):
        program = self.helper.main_program
        return program.block(program.current_block().parent_idx)

    def input(self, x):
        """The rows of a variable that belong to the block at hand.

        Args:
            x (Variable): (N, ...).

        Returns:
            Variable: some of the rows, (M, ...).

        Raises:
            ValueError: it is called outside the blocks.
        """
        if self.status == IfElse.OUT_IF_ELSE_BLOCKS:
            raise ValueError("input must in true/false blocks")
        check_variable(x, "x of IfElse.input")
        if x.name not in self._parts:
            block = self._around()
            parts = [
                block.create_var(
                    name=unique_name.generate("ifelse_input" + self.helper.name), dtype=x.dtype, shape=x.shape
                )
                for _ in range(2)
            ]
            block.append_op(
                type="split_lod_tensor",
                inputs={"X": x, "Mask": self.cond},
                outputs={"OutTrue": parts[0], "OutFalse": parts[1]},
                attrs={"level": 0},
            )
            self._parts[x.name] = parts
        return self._parts[x.name][0 if self.status == IfElse.IN_IF_ELSE_TRUE_BLOCKS else 1]

    def true_block(self):
        """The ``with`` statement for rows where the condition holds."""
        return _IfElseGuard(self, self.conditional_true_block, IfElse.IN_IF_ELSE_TRUE_BLOCKS)

    def false_block(self):
        """The ``with`` statement for the other rows."""
        return _IfElseGuard(self, self.conditional_false_block, IfElse.IN_IF_ELSE_FALSE_BLOCKS)

    def output(self, *outs):
        """Say what the block at hand computed, (M, ...) each; both blocks list as many.

        Raises:
            TypeError: one is not a Variable.
            ValueError: it is called outside the blocks.
        """
        from paddle.fluid.layers.tensor import assign

        if self.status == IfElse.OUT_IF_ELSE_BLOCKS:
            raise ValueError("output can only be invoked in the sub-block")
        block = self._around()
        for each in outs:
            check_variable(each, "what IfElse.output is given")
            copy = block.create_var(
                name=unique_name.generate("_".join([self.helper.name, "output"])), dtype=each.dtype, shape=each.shape
            )
            assign(each, copy)
            self._outputs[self.status].append(copy)

    def __call__(self):
        """The rows in the order of the condition.

        Returns:
            list: one variable for each that the blocks said.

        Raises:
            ValueError: no block was filled, or they list different numbers of variables.
        """
        from paddle.fluid.layers.control_flow import merge_lod_tensor

        if self.status != IfElse.OUT_IF_ELSE_BLOCKS:
            raise ValueError("IfElse::__call__ must be out of sub-block")
        if_true = self._outputs[IfElse.IN_IF_ELSE_TRUE_BLOCKS]
        if_false = self._outputs[IfElse.IN_IF_ELSE_FALSE_BLOCKS]
        if not if_true and not if_false:
            raise ValueError("Must invoke true_block/false_block before __call__")
        if if_true and if_false and len(if_true) != len(if_false):
            raise ValueError(
                "true_block and false_block must output as many variables, but they output %d and %d"
                % (len(if_true), len(if_false))
            )
        if not if_true or not if_false:
            return if_true or if_false
        return [
            merge_lod_tensor(in_true=a, in_false=b, mask=self.cond, x=self.cond, level=0)
            for a, b in zip(if_true, if_false)
        ]


class _IfElseGuard:
    def __init__(self, branch, conditional, status):
        if branch.status != IfElse.OUT_IF_ELSE_BLOCKS:
            raise ValueError("cannot nest blocks of one IfElse")
        self._branch, self._status = branch, status
        self._guard = conditional.block()

    def __enter__(self):
        self._branch.status = self._status
        self._guard.__enter__()

    def __exit__(self, kind, value, trace):
        ended = self._guard.__exit__(kind, value, trace)
        outputs = self._branch._outputs[self._status]
        self._branch.status = IfElse.OUT_IF_ELSE_BLOCKS
        if kind is None and not outputs:
            raise ValueError("Must set output inside block")
        return ended

"""A program: what to compute, described once and run many times."""

import contextlib

from paddle.fluid import core
from paddle.fluid.framework.block import Block
from paddle.fluid.op_role import OpRole
from paddle.fluid.framework.variable import Parameter, Variable


class Program:
    """Blocks of ops and variables. The first block is the global one; control flow ops have blocks of their own.

    A script uses two programs: the startup program fills the parameters, the main program computes. Layers append to
    the default ones, see ``program_guard``.
    """

    def __init__(self):
        self._init_from(core.ProgramDesc())
        self.blocks = [Block(self, 0)]

    def _init_from(self, desc):
        self.desc = desc
        self.blocks = []
        self.current_block_idx = 0
        self._seed = global_seed()
        self._current_role = OpRole.Forward
        self._op_role_vars = []
        self._appending_grad_times = 0  # how often a backward pass was appended: names of later ones differ
        self._lr_scheduler_step = None

    @classmethod
    def _construct_from_desc(cls, desc):
        program = cls.__new__(cls)
        program._init_from(desc)
        program.blocks = [Block(program, i) for i in range(desc.num_blocks())]
        program._sync_with_cpp()
        return program

    def global_seed(self, seed=0):
        """Set the seed that programs made from now on start with, and the one of this program."""
        set_global_seed(seed)
        self._seed = seed

    @property
    def random_seed(self):
        """The seed of the random ops; 0 means a fresh one in each process."""
        return self._seed

    @random_seed.setter
    def random_seed(self, seed):
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise ValueError("random_seed must be an integer, got %r" % (seed,))
        self._seed = seed

    # Blocks

    @property
    def num_blocks(self):
        return self.desc.num_blocks()

    def global_block(self):
        """The first block."""
        return self.blocks[0]

    def block(self, index):
        """The block with this index."""
        return self.blocks[index]

    def current_block(self):
        """The block that layers append to."""
        return self.blocks[self.current_block_idx]

    def _create_block(self, parent_idx=None):
        parent = self.current_block() if parent_idx is None else self.block(parent_idx)
        self.desc.append_block(parent.desc)
        self.current_block_idx = len(self.blocks)
        self.blocks.append(Block(self, self.current_block_idx))
        return self.current_block()

    def _rollback(self):
        """Go on in the parent of the current block."""
        self.current_block_idx = self.current_block().parent_idx

    def _sync_with_cpp(self):
        for i in range(len(self.blocks), self.desc.num_blocks()):
            self.blocks.append(Block(self, i))
        for block in self.blocks:
            block._sync_with_cpp()

    # What the next ops are for

    @property
    def _op_role(self):
        return self._current_role

    @_op_role.setter
    def _op_role(self, role):
        self._current_role = role

    @property
    def _op_role_var(self):
        return self._op_role_vars

    @contextlib.contextmanager
    def _role_guard(self, role, names=()):
        saved = self._current_role, self._op_role_vars
        self._current_role, self._op_role_vars = role, list(names)
        try:
            yield
        finally:
            self._current_role, self._op_role_vars = saved

    def _optimized_guard(self, param_and_grads):
        """Ops appended inside update these parameters."""
        return self._role_guard(OpRole.Optimize, [v.name if isinstance(v, Variable) else v for v in param_and_grads])

    def _lr_schedule_guard(self, is_with_opt=False):
        """Ops appended inside compute the learning rate."""
        return self._role_guard(OpRole.LRSched | OpRole.Optimize if is_with_opt else OpRole.LRSched)

    def _backward_role_guard(self):
        """Ops appended inside belong to the backward pass."""
        return self._role_guard(OpRole.Backward)

    # Variables

    def list_vars(self):
        """All variables of all blocks."""
        for block in self.blocks:
            yield from block.vars.values()

    def all_parameters(self):
        """A list of all parameters."""
        return [var for var in self.list_vars() if isinstance(var, Parameter)]

    # Copies

    def clone(self, for_test=False):
        """A copy of this program.

        Args:
            for_test (bool): a copy for evaluation: ops that behave otherwise in training (dropout, batch_norm) are
                set to evaluation, gradient and optimizer ops are left out. Parameters keep their names, so that both
                programs use the same values. Clone before ``minimize`` or after, the copy is the same.
        """
        desc = core.inference_clone(self.desc) if for_test else self.desc.copy()
        copy = Program._construct_from_desc(desc)
        copy._seed = self._seed
        if not for_test:
            copy.current_block_idx = self.current_block_idx
            copy._current_role, copy._op_role_vars = self._current_role, list(self._op_role_vars)
            copy._appending_grad_times = self._appending_grad_times
        copy._copy_param_info_from(self)
        copy._copy_data_info_from(self)
        return copy

    def _prune(self, targets):
        """A copy that holds only what the targets (variables or ops) need."""
        return self._prune_with_input([], targets)

    def _prune_with_input(self, feeded_var_names, targets):
        """Like ``_prune``, where the variables named first are given."""
        if not isinstance(targets, (list, tuple)):
            targets = [targets]
        places = []
        for target in targets:
            if isinstance(target, Variable):
                places.append(target.name)
            elif isinstance(target, str):
                places.append(target)
            else:
                places.append([target.block.idx, target.idx])
        copy = Program._construct_from_desc(core.prune(self.desc, set(feeded_var_names), places)[0])
        copy._seed = self._seed
        copy._copy_param_info_from(self)
        copy._copy_data_info_from(self)
        return copy

    def _inference_optimize(self, prune_read_op=True):
        """A copy set to evaluation; ``prune_read_op``: without the ops that read from a queue."""
        copy = Program._construct_from_desc(core.inference_clone(self.desc))
        if prune_read_op:
            block = copy.global_block()
            readers = ("read", "create_py_reader", "create_double_buffer_reader")
            for i in reversed(range(len(block.ops))):
                if block.ops[i].type in readers:
                    block._remove_op(i)
        copy._seed = self._seed
        return copy

    def _copy_param_info_from(self, other):
        self.global_block()._copy_param_info_from(other.global_block())

    def _copy_data_info_from(self, other):
        for ours, theirs in zip(self.blocks, other.blocks):
            for name, var in ours.vars.items():
                like = theirs.vars.get(name)
                if like is not None:
                    var.is_data = like.is_data
                    var.stop_gradient = like.stop_gradient
                    var.belong_to_optimizer = like.belong_to_optimizer

    @staticmethod
    def parse_from_string(binary_str):
        """A program from the bytes that ``program.desc.serialize_to_string()`` gave.

        Raises:
            ValueError: they are not a program.
        """
        return Program._construct_from_desc(core.ProgramDesc(binary_str))

    # Text

    def to_string(self, throw_on_error=True, with_details=False):
        """The program as text that a person can read, one op a line; ``with_details``: every attribute."""
        return self.desc.to_text(with_details)

    def __str__(self):
        return self.to_string(True)

    def __repr__(self):
        ops = sum(len(block.ops) for block in self.blocks)
        return "<Program: %d blocks, %d ops, %d parameters>" % (self.num_blocks, ops, len(self.all_parameters()))


_global_seed = 0


def global_seed():
    return _global_seed


def set_global_seed(seed):
    global _global_seed
    _global_seed = seed

"""A block: an ordered list of ops and the variables that they name."""

from collections import OrderedDict

from paddle.fluid.framework.dtype import VarType
from paddle.fluid.framework.operator import Operator
from paddle.fluid.framework.variable import Parameter, Variable


class Block:
    """A block of a program; ``vars`` maps names to variables, ``ops`` lists the ops in the order in which they run.

    A name that is not found in a block is looked for in its parent.
    """

    def __init__(self, program, idx):
        self.desc = program.desc.block(idx)
        self.program = program
        self.vars = OrderedDict()
        self.ops = []
        self.removed_vars = OrderedDict()

    @property
    def idx(self):
        return self.desc.id

    @property
    def parent_idx(self):
        return self.desc.parent

    @property
    def forward_block_idx(self):
        """For a block of gradient ops the index of its forward block, else -1."""
        return self.desc.get_forward_block_idx()

    @property
    def backward_block_idx(self):
        """For a forward block the index of the block of its gradient ops, else -1."""
        for block in self.program.blocks:
            if block.forward_block_idx == self.idx:
                return block.idx
        return -1

    def _set_forward_block_idx(self, idx):
        self.desc._set_forward_block_idx(idx)

    def __str__(self):
        return self.to_string(True)

    def to_string(self, throw_on_error=True, with_details=False):
        """The variables and ops, one a line."""
        lines = ["block %d (parent %d)" % (self.idx, self.parent_idx)]
        lines += ["  " + var.to_string(throw_on_error, with_details) for var in self.vars.values()]
        lines += ["  " + op.to_string(throw_on_error) for op in self.ops]
        return "\n".join(lines)

    # Variables

    def var(self, name):
        """The variable of this name in this block.

        Raises:
            ValueError: there is none.
        """
        if not isinstance(name, str):
            raise TypeError("the name of a variable is a string, got %s" % type(name).__name__)
        found = self.vars.get(name)
        if found is None:
            raise ValueError("block %d has no variable '%s'" % (self.idx, name))
        return found

    def has_var(self, name):
        """Whether this block, not its parents, has such a variable."""
        return name in self.vars

    def _find_var_recursive(self, name):
        block = self
        while block is not None:
            found = block.vars.get(name)
            if found is not None:
                return found
            block = self.program.block(block.parent_idx) if block.parent_idx >= 0 else None
        return None

    def _var_recursive(self, name):
        found = self._find_var_recursive(name)
        if found is None:
            raise ValueError("neither block %d nor one around it has a variable '%s'" % (self.idx, name))
        return found

    def all_parameters(self):
        """A list of the parameters of this block."""
        return list(self.iter_parameters())

    def iter_parameters(self):
        return (var for var in self.vars.values() if isinstance(var, Parameter))

    def create_var(self, *args, **kwargs):
        """Make a variable, see ``Variable``; ``initializer``: a function that appends the op that fills it."""
        initializer = kwargs.pop("initializer", None)
        var = Variable(self, *args, **kwargs)
        if initializer is not None:
            initializer(var, self)
        return var

    def create_parameter(self, *args, **kwargs):
        """Make a parameter in the global block; ``initializer`` appends the op that fills it, in this block."""
        initializer = kwargs.pop("initializer", None)
        stop_gradient = kwargs.pop("stop_gradient", False)
        param = Parameter(self.program.global_block(), *args, **kwargs)
        if initializer is not None:
            if any(param.name in op.output_arg_names for op in self.ops):
                return param  # shared with a layer that has filled it already
            initializer(param, self)
        param.stop_gradient = stop_gradient
        return param

    def _rename_var(self, name, new_name):
        """Give a variable another name, here and in the ops of this block."""
        var = self.var(name)
        self.desc._rename_var(name, new_name)
        self.vars.pop(name)
        var.desc = self.desc.find_var(new_name)
        self.vars[new_name] = var
        return var

    def _remove_var(self, name):
        self.desc._remove_var(name)
        self.vars.pop(name, None)

    def _clone_variable(self, var, force_persistable=True):
        """A variable like one of another program."""
        kinds = {"name": var.name, "type": var.type, "stop_gradient": var.stop_gradient}
        kinds["persistable"] = True if force_persistable else var.persistable
        if var.type in (VarType.LOD_TENSOR, VarType.LOD_TENSOR_ARRAY, VarType.SELECTED_ROWS):
            kinds.update(shape=var.shape, dtype=var.dtype)
        if var.type in (VarType.LOD_TENSOR, VarType.LOD_TENSOR_ARRAY):
            kinds.update(lod_level=var.lod_level, is_data=var.is_data, need_check_feed=var.desc.need_check_feed())
        return self.create_var(**kinds)

    # Ops

    def append_op(self, type=None, inputs=None, outputs=None, attrs=None, stop_gradient=False):
        """Append an op, see ``Operator``. An op that is refused leaves the block as it was."""
        return self._insert(len(self.ops), type, inputs, outputs, attrs)

    def _prepend_op(self, type=None, inputs=None, outputs=None, attrs=None):
        return self._insert(0, type, inputs, outputs, attrs)

    def _insert_op(self, index, type=None, inputs=None, outputs=None, attrs=None):
        return self._insert(index, type, inputs, outputs, attrs)

    def _insert(self, index, type, inputs, outputs, attrs):
        if type is None:
            raise ValueError("an op needs a type")
        if index == len(self.ops):
            desc = self.desc.append_op()
        else:
            desc = self.desc._prepend_op() if index == 0 else self.desc._insert_op(index)
        try:
            op = Operator(self, desc, type, inputs, outputs, attrs)
        except BaseException:
            self.desc._remove_op(index, index + 1)
            raise
        self.ops.insert(index, op)
        return op

    def _remove_op(self, index):
        self.desc._remove_op(index, index + 1)
        del self.ops[index]

    def _slice_ops(self, start, end):
        return self.ops[start:end]

    # Keeping up with the description

    def _sync_with_cpp(self):
        """Take over what was changed in the description itself: ops and variables added, moved or removed."""
        described = OrderedDict((desc.name(), desc) for desc in self.desc.all_vars())
        for name in [name for name in self.vars if name not in described]:
            self.removed_vars[name] = self.vars.pop(name)
        for name, desc in described.items():
            if name not in self.vars:
                self._adopt_var(name, desc)
        known = {op.desc.id(): op for op in self.ops}
        ops = []
        for i in range(self.desc.op_size()):
            desc = self.desc.op(i)
            op = known.get(desc.id())
            if op is None:
                op = Operator(self, desc)
                for name in op.output_arg_names:
                    if name in self.vars:
                        self.vars[name].op = op
            ops.append(op)
        self.ops = ops

    def _adopt_var(self, name, desc):
        if getattr(desc, "is_parameter", bool)():
            var = Parameter(self, desc.shape(), desc.dtype(), name=name, type=desc.type())
        else:
            var = Variable(self, name=name, type=desc.type())
        var.is_data = desc.need_check_feed()
        var.stop_gradient = getattr(desc, "stop_gradient", bool)() or var.is_data

    def _copy_param_info_from(self, other):
        """Take over what the descriptions do not hold of the parameters of a block like this one."""
        for theirs in other.iter_parameters():
            ours = self.vars.get(theirs.name)
            if ours is None:
                continue
            if ours.type != theirs.type or ours.shape != theirs.shape:
                raise ValueError("parameter '%s' differs between the two programs" % theirs.name)
            param = Parameter(
                self,
                shape=ours.shape,
                dtype=ours.dtype,
                type=ours.type,
                name=ours.name,
                lod_level=ours.lod_level if ours.type == VarType.LOD_TENSOR else None,
                stop_gradient=theirs.stop_gradient,
                trainable=theirs.trainable,
                optimize_attr=theirs.optimize_attr,
                regularizer=theirs.regularizer,
                do_model_average=theirs.do_model_average,
                is_distributed=theirs.is_distributed,
                gradient_clip_attr=theirs.gradient_clip_attr,
                error_clip=theirs.error_clip,
            )
            param.op = ours.op

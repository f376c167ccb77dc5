"""Passes: what is changed in a program before it runs. ``core.get_pass(name)`` gives one."""

from paddle.fluid import core

__all__ = ["Pass", "PassBuilder", "get_pass"]


def _ops(desc):
    for i in range(desc.num_blocks()):
        block = desc.block(i)
        for k in range(block.op_size()):
            yield block, k, block.op(k)


def _is_test(desc, attrs):
    """Evaluation instead of training: ``is_test`` is set on every op that has it."""
    for _, _, op in _ops(desc):
        if op.has_attr("is_test"):
            op._set_attr("is_test", True)


def _simplify(desc, attrs):
    """``dropout`` in evaluation becomes the ``scale`` that it is then."""
    read = {name for _, _, op in _ops(desc) for name in op.input_arg_names()}
    for block, k, op in list(_ops(desc)):
        if op.type() != "dropout" or not op.attr("is_test") or read.intersection(op.output("Mask")):
            continue
        kept = 1.0 if op.attr("dropout_implementation") == "upscale_in_train" else 1.0 - op.attr("dropout_prob")
        scale = core.OpDesc()
        scale.set_type("scale")
        scale.set_input("X", op.input("X"))
        scale.set_output("Out", op.output("Out"))
        scale._set_attr("scale", kept)
        for name in ("op_role", "op_callstack", "op_namescope"):
            if op.has_attr(name):
                scale._set_attr(name, op.attr(name))
        scale.check_attrs()
        op.copy_from(scale)


def _expand(desc, attrs):
    """Ops without a kernel are replaced by those that compute them, as every run does before it."""
    core._expand_ops(desc, attrs.get("place", core.CPUPlace()))


def _graph_viz(desc, attrs):
    """The graph of block 0 is written to the file ``graph_viz_path``, for dot."""
    from paddle.fluid.debugger import draw_block_graphviz
    from paddle.fluid.framework import Program

    if "graph_viz_path" not in attrs:
        raise ValueError("graph_viz_pass needs to know its file: set('graph_viz_path', path)")
    draw_block_graphviz(Program._construct_from_desc(desc).global_block(), path=attrs["graph_viz_path"])


_PASSES = {
    "expand_pass": _expand,
    "graph_viz_pass": _graph_viz,
    "is_test_pass": _is_test,
    "simplify_with_basic_ops_pass": _simplify,
}
INFERENCE_PASSES = ("is_test_pass", "simplify_with_basic_ops_pass")


class Pass:
    """A change of a program; ``get_pass(name)`` makes one. ``help`` of it tells what it does."""

    def __init__(self, type=None):
        if type is None:
            raise TypeError("a Pass is made by get_pass(name)")
        if type not in _PASSES:
            raise core.NotFoundError("there is no pass '%s'; there are: %s" % (type, ", ".join(sorted(_PASSES))))
        self._type = type
        self._attrs = {}
        self.__doc__ = _PASSES[type].__doc__

    def type(self):
        """Its name."""
        return self._type

    def has(self, name):
        """Whether the attribute was set."""
        return name in self._attrs

    def set(self, name, value):
        """Set an attribute: text, number, truth value, or a set.

        Raises:
            ValueError: it was set before.
        """
        if name in self._attrs:
            raise ValueError("the attribute '%s' of %s is set already" % (name, self._type))
        self._attrs[name] = value

    def set_not_owned(self, name, value):
        """Set an attribute to a ``ProgramDesc``."""
        self.set(name, value)

    def apply(self, graph):
        """Change a program in place.

        Args:
            graph: a ``core.ProgramDesc``, or a ``Program``.
        """
        desc = getattr(graph, "desc", graph)
        if not isinstance(desc, core.ProgramDesc):
            raise TypeError("apply takes a ProgramDesc or Program, got %s" % type(graph).__name__)
        _PASSES[self._type](desc, self._attrs)
        if desc is not graph:
            graph._sync_with_cpp()


def get_pass(pass_type):
    """The pass of that name.

    Raises:
        KeyError: there is none; the text lists those that there are.
    """
    return Pass(pass_type)


class PassBuilder:
    """A list of passes, in the order in which they are applied."""

    def __init__(self):
        self._passes = []

    def append_pass(self, pass_type):
        """Put a pass behind the others, and return it."""
        self._passes.append(get_pass(pass_type))
        return self._passes[-1]

    def insert_pass(self, idx, pass_type):
        """Put a pass before the one that is number ``idx`` now, and return it.

        Raises:
            IndexError: there are fewer passes.
        """
        if not 0 <= idx <= len(self._passes):
            raise IndexError("a pass cannot be inserted at %d, there are %d" % (idx, len(self._passes)))
        self._passes.insert(idx, get_pass(pass_type))
        return self._passes[idx]

    def remove_pass(self, idx):
        """Take the pass number ``idx`` out.

        Raises:
            IndexError: there is none of that number.
        """
        if not 0 <= idx < len(self._passes):
            raise IndexError("there is no pass %d, there are %d" % (idx, len(self._passes)))
        del self._passes[idx]

    def all_passes(self):
        """The passes, a list."""
        return list(self._passes)

"""Looking at programs."""

__all__ = ["pprint_program_codes", "pprint_block_codes", "draw_block_graphviz", "run_fast_nan_inf_debug"]


def _program_of(program):
    """A ``Program``, also of a ``core.ProgramDesc``."""
    from paddle.fluid.framework import Program

    return program if isinstance(program, Program) else Program._construct_from_desc(program)


def pprint_program_codes(program_desc):
    """Print a program, a ``Program`` or ``core.ProgramDesc``, one op a line."""
    print(_program_of(program_desc).to_string(True))


def pprint_block_codes(block_desc, show_backward=False):
    """Print the ops of a block one a line; ``show_backward``: gradient ops too."""
    for op in block_desc.ops:
        if show_backward or not op._is_backward_op():
            print(op.to_string())


def run_fast_nan_inf_debug(
    executor,
    program=None,
    feed=None,
    fetch_list=None,
    feed_var_name="feed",
    fetch_var_name="fetch",
    scope=None,
    return_numpy=True,
    use_program_cache=False,
    dump_core=True,
):
    """Run a program, and stop at the first op that makes a value which is not finite.

    Args:
        executor (Executor): runs it; the other arguments are those of ``Executor.run``.
        dump_core (bool): kept for old scripts: an exception says which op it was.

    Returns:
        A list of the values of ``fetch_list``.

    Raises:
        RuntimeError: a value is not finite; the text names op and line.
    """
    from paddle.fluid import core

    before = core.flag("check_nan_inf")
    core.set_flag("check_nan_inf", "1")
    try:
        return executor.run(program, feed, fetch_list, scope=scope, return_numpy=return_numpy)
    finally:
        core.set_flag("check_nan_inf", before)


def draw_block_graphviz(block, highlights=None, path="./temp.dot"):
    """Write the graph of a block as a dot file: ops as boxes, variables as ellipses, parameters filled.

    Args:
        block (Block): whose ops are drawn.
        highlights (list): regular expressions of the names of variables that are drawn in red.
        path (str): of the file; ``dot -Tsvg`` makes a picture of it.
    """
    import re

    patterns = [re.compile(pattern) for pattern in highlights or []]
    names = {name for op in block.ops for name in op.input_arg_names + op.output_arg_names}
    numbers = {name: "v%d" % i for i, name in enumerate(sorted(names))}
    lines = ["digraph block {", "  rankdir=TB;"]
    for name, number in numbers.items():
        var = block._find_var_recursive(name)
        style = ', style=filled, fillcolor="lightgrey"' if var is not None and var.persistable else ""
        if any(pattern.search(name) for pattern in patterns):
            style += ', color="red"'
        label = name if var is None else var._describe().replace('"', "'")
        lines.append('  %s [label="%s", shape=ellipse%s];' % (number, label, style))
    for i, op in enumerate(block.ops):
        lines.append('  op%d [label="%s", shape=box];' % (i, op.type))
        lines += ["  %s -> op%d;" % (numbers[name], i) for name in op.input_arg_names]
        lines += ["  op%d -> %s;" % (i, numbers[name]) for name in op.output_arg_names]
    with open(path, "w") as file:
        file.write("\n".join(lines + ["}", ""]))

"""Looking at programs."""

__all__ = ["pprint_program_codes", "pprint_block_codes", "draw_block_graphviz"]


def pprint_program_codes(program):
    """Print a program, one op a line."""
    print(program.to_string(True))


def pprint_block_codes(block, show_backward=True):
    """Print a block, one op a line; ``show_backward`` False: without gradient ops."""
    for op in block.ops:
        if show_backward or not op._is_backward_op():
            print(op.to_string())


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

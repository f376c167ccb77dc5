"""Ops as a script appends them, for tests that build a program by hand."""

LINE = '  File "script.py", line 7, in main'


def append(block, kind, inputs, outputs, **attrs):
    """Append the op with the call stack of LINE, checked and inferred; returns it."""
    op = block.append_op()
    op.set_type(kind)
    op._set_attr("op_callstack", [LINE, "    " + kind])
    for slot, names in inputs.items():
        op.set_input(slot, names)
    for slot, names in outputs.items():
        op.set_output(slot, names)
    for name, value in attrs.items():
        op._set_attr(name, value)
    op.check_attrs()
    op.infer_var_type(block)
    op.infer_shape(block)
    return op

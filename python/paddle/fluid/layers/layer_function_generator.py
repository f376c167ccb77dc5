"""Layer functions made from the declarations of ops."""

import functools
import re
import warnings

from paddle.fluid.framework import OpProtoHolder
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, unary

__all__ = ["deprecated", "generate_layer_fn", "generate_activation_fn", "autodoc", "templatedoc"]


def _keyword(slot):
    """The argument's name for a slot: ``X`` is ``x``, ``OutScale`` is ``out_scale``."""
    return re.sub("(?<=[a-z0-9])([A-Z])", r"_\1", slot).lower()


def generate_activation_fn(op_type, what=None):
    """Make the layer function of an op from X to Out. ``what`` says what it computes."""

    def function(x, name=None):
        return unary(op_type, x, name=name)

    function.__name__ = function.__qualname__ = op_type
    function.__doc__ = (
        "Compute %s, for each element.\n\n"
        "Args:\n    x (Variable): float32 or float64, any shape.\n"
        "    name (str): name of the layer, for its variables' names.\n\n"
        "Returns:\n    Variable: of the shape and type of ``x``.\n\n"
        "Raises:\n    TypeError: ``x`` is not a Variable.\n    ValueError: its element type does not fit.\n" % (what or op_type)
    )
    return function


def generate_layer_fn(op_type):
    """Make the layer function of an op: it takes inputs and attributes by keyword and makes the outputs.

    Inputs are named like their slots, in lower case. One output is returned alone, several in a list; intermediate
    outputs are left out.
    """
    proto = OpProtoHolder.instance().get_op_proto(op_type)
    shown = [slot for slot in proto.outputs if not slot.intermediate]
    attributes = {attr.name for attr in proto.attrs}

    def function(*args, **kwargs):
        keywords = dict(zip([_keyword(slot.name) for slot in proto.inputs], args))
        keywords.update(kwargs)
        inputs = {}
        for slot in proto.inputs:
            value = keywords.pop(_keyword(slot.name), None)
            value = keywords.pop(slot.name, value)
            if value is not None:
                inputs[slot.name] = value
        if not inputs:
            raise ValueError("%s needs an input: %s" % (op_type, ", ".join(_keyword(s.name) for s in proto.inputs)))
        attrs = {name: keywords.pop(name) for name in list(keywords) if name in attributes}
        helper = LayerHelper(op_type, name=keywords.pop("name", None), act=keywords.pop("act", None))
        given = {slot.name: keywords.pop(_keyword(slot.name), None) for slot in proto.outputs}
        if keywords:
            raise TypeError("%s has no argument %s" % (op_type, ", ".join(sorted(keywords))))
        source = next(iter(inputs))
        outputs = {name: source if value is None else value for name, value in given.items()}
        made = append_op(op_type, inputs, outputs, attrs, helper=helper)
        made = dict(zip(outputs, made if isinstance(made, list) else [made]))
        results = [made[slot.name] for slot in shown]
        return helper.append_activation(results[0]) if len(results) == 1 else results

    function.__name__ = function.__qualname__ = op_type
    function.__doc__ = _doc_from_proto(proto)
    return function


def _doc_from_proto(proto):
    lines = [proto.comment or proto.type, "", "Args:"]
    for slot in proto.inputs:
        kind = "list of Variable" if slot.duplicable else "Variable"
        optional = ", optional" if slot.dispensable else ""
        lines.append("    %s (%s%s): %s" % (_keyword(slot.name), kind, optional, slot.comment))
    for attr in proto.attrs:
        default = " (required)" if attr.required else " Default: %r." % (attr.default,)
        lines.append("    %s: %s%s" % (attr.name, attr.comment, default))
    lines += ["", "Returns:"]
    lines += ["    Variable: %s" % slot.comment for slot in proto.outputs if not slot.intermediate]
    lines += ["", "Raises:", "    TypeError: an input is not a Variable, or there is no such argument."]
    lines += ["    ValueError: shapes, element types or attributes do not fit."]
    return "\n".join(lines)


def deprecated(func_or_class):
    """Warn when the decorated function is called."""

    @functools.wraps(func_or_class)
    def function(*args, **kwargs):
        warnings.warn("%s is deprecated" % func_or_class.__name__, DeprecationWarning, stacklevel=2)
        return func_or_class(*args, **kwargs)

    return function


def autodoc(comment=""):
    """Set a function's documentation to that of its op, behind ``comment``."""

    def decorator(function):
        function.__doc__ = comment + _doc_from_proto(OpProtoHolder.instance().get_op_proto(function.__name__))
        return function

    return decorator


def templatedoc(op_type=None):
    """Replace ``${comment}``, ``${x_comment}``, ``${x_type}`` in a function's documentation by those of its op."""

    def decorator(function):
        proto = OpProtoHolder.instance().get_op_proto(op_type or function.__name__)
        values = {"comment": proto.comment}
        for slot in proto.inputs + proto.outputs:
            values[_keyword(slot.name) + "_comment"] = slot.comment
            values[_keyword(slot.name) + "_type"] = "Variable"
        for attr in proto.attrs:
            values[attr.name + "_comment"] = attr.comment
            values[attr.name + "_type"] = str(attr.type)
        function.__doc__ = re.sub(r"\$\{(\w+)\}", lambda m: values.get(m.group(1), m.group(0)), function.__doc__ or "")
        return function

    return decorator

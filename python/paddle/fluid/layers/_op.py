"""The one way in which layers append their op."""

from paddle.fluid.framework import VarType, Variable, convert_np_dtype_to_dtype_
from paddle.fluid.framework.op_proto import OpProtoHolder
from paddle.fluid.layer_helper import LayerHelper


def _check(layer, slot, value):
    for item in value if isinstance(value, (list, tuple)) else [value]:
        if not isinstance(item, Variable):
            raise TypeError(
                "%s takes variables (slot %s of op '%s'), got %s: %.80r"
                % (layer, slot, layer, type(item).__name__, item)
            )


def check_variable(value, what):
    """Raise TypeError unless ``value`` is a variable; ``what`` names it, like ``"input of conv2d"``."""
    if not isinstance(value, Variable):
        raise TypeError("%s must be a Variable, got %s: %.80r" % (what, type(value).__name__, value))


def to_sequence(value, what):
    """A list of the elements of ``value``; ``what`` names it, like ``"axes of squeeze"``.

    Raises:
        TypeError: it has no elements.
    """
    try:
        return list(value)
    except TypeError:
        raise TypeError("%s must be a list, got %s: %.80r" % (what, type(value).__name__, value)) from None


def _dtype_of(source, inputs):
    value = inputs.get(source) if isinstance(source, str) else None
    if value is None:
        return convert_np_dtype_to_dtype_(source)
    return (value[0] if isinstance(value, (list, tuple)) else value).dtype


def append_op(op_type, inputs, outputs, attrs=None, name=None, helper=None, no_grad=(), helper_type=None):
    """Append an op and make its output variables.

    Args:
        op_type (str): type of the op, also the first part of the outputs' names.
        inputs (dict): slot to variable or list of variables; slots that are None are left out.
        outputs (dict): slot to where the element type comes from: the slot of an input, or an element type. A
            variable that exists is written to; a list of these makes a repeated output.
        attrs (dict): attributes; those that are None are left out.
        name (str): name of the layer; a unique one by default.
        helper (LayerHelper): of the layer, when it made parameters.
        no_grad: slots of outputs that no gradient goes through.
        helper_type (str): first part of the outputs' names, where it is not the op's type.

    Returns:
        The output variable, or a list of them in the order of ``outputs``.

    Raises:
        NotImplementedError: there is no such op.
        TypeError: an input is not a variable.
        ValueError: the op does not take these inputs and attributes.
    """
    OpProtoHolder.instance().get_op_proto(op_type)
    inputs = {slot: value for slot, value in inputs.items() if value is not None}
    for slot, value in inputs.items():
        _check(op_type, slot, value)
    if helper is None:
        helper = LayerHelper(helper_type or op_type, name=name)
    made = []

    def make(slot, source):
        if isinstance(source, Variable):
            return source
        var = helper.create_variable_for_type_inference(_dtype_of(source, inputs), stop_gradient=slot in no_grad)
        made.append(var)
        return var

    results = {}
    for slot, source in outputs.items():
        results[slot] = [make(slot, item) for item in source] if isinstance(source, list) else make(slot, source)
    try:
        helper.append_op(type=op_type, inputs=inputs, outputs=results, attrs=attrs)
    except BaseException:
        for var in made:
            var.block._remove_var(var.name)
        raise
    values = list(results.values())
    return values[0] if len(values) == 1 else values


def unary(op_type, x, attrs=None, name=None, act=None, helper_type=None):
    """Append an op from X to Out of the same element type."""
    helper = LayerHelper(helper_type or op_type, name=name, act=act)
    return helper.append_activation(append_op(op_type, {"X": x}, {"Out": "X"}, attrs, helper=helper))


def to_list(value, length, what):
    """A list of ``length`` integers from one integer or a list.

    Raises:
        ValueError: another number of values, or no integers.
    """
    if isinstance(value, (list, tuple)):
        values = list(value)
        if len(values) == 1:
            values = values * length
    else:
        values = [value] * length
    if len(values) != length or not all(isinstance(v, int) or hasattr(v, "__index__") for v in values):
        raise ValueError("%s must be an integer or %d integers, got %r" % (what, length, value))
    return [int(v) for v in values]


def int_inputs(values, helper, negative=-1):
    """Split a list of integers and variables into an attribute and the list of variables that replaces it.

    Returns (integers with ``negative`` where a variable stands, None or list of variables): where a variable is among
    them, every number becomes a variable too.
    """
    from paddle.fluid.layers.tensor import fill_constant

    values = list(values)
    numbers = [negative if isinstance(value, Variable) else int(value) for value in values]
    if not any(isinstance(value, Variable) for value in values):
        return numbers, None
    variables = []
    for value in values:
        if isinstance(value, Variable):
            value.stop_gradient = True
            variables.append(value)
            continue
        var = helper.create_variable_for_type_inference("int32")
        fill_constant([1], "int32", int(value), force_cpu=True, out=var)
        variables.append(var)
    return numbers, variables


def stop_gradient(*variables):
    for var in variables:
        var.stop_gradient = True


__all__ = ["append_op", "check_variable", "unary", "to_list", "to_sequence", "int_inputs", "stop_gradient", "VarType"]

"""What the layers have in common: names, parameters, bias and activation."""

import copy

from paddle.fluid import unique_name
from paddle.fluid.framework import (
    Parameter,
    VarType,
    Variable,
    default_main_program,
    default_startup_program,
    dtype_is_floating,
)
from paddle.fluid.initializer import ConstantInitializer, XavierInitializer
from paddle.fluid.param_attr import ParamAttr, WeightNormParamAttr


class LayerHelper:
    """Made by a layer for each call: ``LayerHelper('fc', **locals())``.

    Args:
        layer_type (str): first part of the layer's name, and so of the names of its variables.
        kwargs: the layer's arguments; ``name``, ``param_attr``, ``bias_attr``, ``act``, ``input`` and ``dtype`` mean
            something here. A layer without ``name`` gets a unique one.
    """

    def __init__(self, layer_type, **kwargs):
        self.kwargs = kwargs
        self.layer_type = layer_type
        name = kwargs.get("name")
        self.name = unique_name.generate(layer_type) if name is None else name

    @property
    def main_program(self):
        return default_main_program()

    @property
    def startup_program(self):
        return default_startup_program()

    def append_op(self, *args, **kwargs):
        return self.main_program.current_block().append_op(*args, **kwargs)

    # Inputs

    def multiple_input(self, input_param_name="input"):
        """The inputs as a list."""
        inputs = self.kwargs.get(input_param_name, [])
        return list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]

    def input(self, input_param_name="input"):
        """The one input.

        Raises:
            ValueError: there are more.
        """
        inputs = self.multiple_input(input_param_name)
        if len(inputs) != 1:
            raise ValueError("%s takes one input, got %d" % (self.layer_type, len(inputs)))
        return inputs[0]

    def input_dtype(self, input_param_name="input"):
        """The element type of the inputs, which must be the same.

        Raises:
            TypeError: an input is no variable.
            ValueError: they differ.
        """
        dtype = None
        for each in self.multiple_input(input_param_name):
            if not isinstance(each, Variable):
                raise TypeError(
                    "%s of %s must be a Variable, got %s: %r"
                    % (input_param_name, self.layer_type, type(each).__name__, each)
                )
            if dtype is not None and dtype != each.dtype:
                raise ValueError(
                    "inputs of %s must have the same element type, got %s and %s" % (self.layer_type, dtype, each.dtype)
                )
            dtype = each.dtype
        return dtype

    def is_instance(self, param_name, cls):
        """Check the type of an argument.

        Raises:
            TypeError: it has another.
        """
        param = self.kwargs.get(param_name)
        if not isinstance(param, cls):
            raise TypeError(
                "%s of %s must be %s, got %s" % (param_name, self.layer_type, cls.__name__, type(param).__name__)
            )

    # Parameters

    @property
    def param_attr(self):
        return ParamAttr._to_attr(self.kwargs.get("param_attr"))

    @property
    def bias_attr(self):
        return ParamAttr._to_attr(self.kwargs.get("bias_attr"))

    def multiple_param_attr(self, length):
        """One attribute for each of ``length`` parameters."""
        attrs = self.param_attr
        if isinstance(attrs, ParamAttr):
            attrs = [attrs]
        if len(attrs) == 1 and length != 1:
            attrs = [attrs[0]] + [copy.deepcopy(attrs[0]) for _ in range(length - 1)]
        if len(attrs) != length:
            raise ValueError("%s needs %d parameter attributes, got %d" % (self.layer_type, length, len(attrs)))
        return attrs

    def iter_inputs_and_params(self, input_param_name="input"):
        """Pairs of an input and the attribute of its parameter."""
        inputs = self.multiple_input(input_param_name)
        return zip(inputs, self.multiple_param_attr(len(inputs)))

    def create_parameter(
        self,
        attr,
        shape,
        dtype=None,
        is_bias=False,
        default_initializer=None,
        stop_gradient=False,
        type=VarType.LOD_TENSOR,
    ):
        """Make a parameter in the main program and its twin with an initializer in the startup program.

        ``attr`` False: there is none, returns None.
        """
        if attr is False:
            return None
        attr = copy.deepcopy(attr)
        if attr is None:
            attr = ParamAttr._to_attr(attr)
        if not isinstance(attr, ParamAttr):
            raise TypeError("attr must be a ParamAttr, got %s" % attr.__class__.__name__)
        dtype = VarType.FP32 if dtype is None else dtype
        if default_initializer is None:
            default_initializer = self._default_initializer(attr, dtype, is_bias)
        attr._set_default_initializer(default_initializer)
        if attr.name is None:
            attr.name = unique_name.generate(".".join([self.name, "b" if is_bias else "w"]))
        shape = [int(size) for size in shape]
        if isinstance(attr, WeightNormParamAttr):
            from paddle.fluid.weight_norm import create_weight_normalized

            return create_weight_normalized(self, attr, shape, dtype)
        return self._create_parameter_pair(attr, shape, dtype, type, stop_gradient)

    @staticmethod
    def _default_initializer(attr, dtype, is_bias):
        if attr.initializer is None and not dtype_is_floating(dtype) and not is_bias:
            raise TypeError("a parameter of type %s needs an initializer" % (dtype,))
        return ConstantInitializer(0.0) if is_bias else XavierInitializer()

    def _create_parameter_pair(self, attr, shape, dtype, type, stop_gradient=False):
        self.startup_program.global_block().create_parameter(
            dtype=dtype, shape=shape, type=type, **attr._to_kwargs(with_initializer=True)
        )
        return self.main_program.global_block().create_parameter(
            dtype=dtype, shape=shape, type=type, stop_gradient=stop_gradient, **attr._to_kwargs()
        )

    def get_parameter(self, name):
        """The parameter of this name.

        Raises:
            ValueError: there is none.
        """
        param = self.main_program.global_block().var(name)
        if not isinstance(param, Parameter):
            raise ValueError("variable '%s' is not a parameter" % name)
        return param

    # Variables

    def create_variable_for_type_inference(self, dtype, stop_gradient=False, shape=None):
        """A temporary variable whose shape the op that writes it decides."""
        return self.main_program.current_block().create_var(
            name=unique_name.generate_with_ignorable_key(".".join([self.name, "tmp"])),
            dtype=dtype,
            shape=shape,
            type=VarType.LOD_TENSOR,
            persistable=False,
            stop_gradient=stop_gradient,
        )

    create_tmp_variable = create_variable_for_type_inference

    def create_variable(self, *args, **kwargs):
        return self.main_program.current_block().create_var(*args, **kwargs)

    def create_global_variable(self, persistable=False, *args, **kwargs):
        """A variable of the global block."""
        return self.main_program.global_block().create_var(*args, persistable=persistable, **kwargs)

    def create_or_get_global_variable(self, name, *args, **kwargs):
        """(the variable of the global block of this name, whether it was made now)."""
        block = self.main_program.global_block()
        if block.has_var(name):
            return block.var(name), False
        return self.create_global_variable(name=name, *args, **kwargs), True

    def set_variable_initializer(self, var, initializer):
        """Let the startup program fill a persistable variable."""
        if not isinstance(var, Variable):
            raise TypeError("only a Variable can be initialized, got %s" % type(var).__name__)
        return self.startup_program.global_block().create_var(
            name=var.name, type=var.type, dtype=var.dtype, shape=var.shape, persistable=True, initializer=initializer
        )

    # What comes behind the layer's own op

    def append_bias_op(self, input_var, dim_start=1, dim_end=None):
        """Add a bias of the sizes of dimensions ``dim_start`` to ``dim_end``, unless ``bias_attr`` is False."""
        bias_attr = self.bias_attr
        if not bias_attr:
            return input_var
        size = list(input_var.shape[dim_start:dim_end])
        bias = self.create_parameter(attr=bias_attr, shape=size, dtype=input_var.dtype, is_bias=True)
        out = self.create_variable_for_type_inference(dtype=input_var.dtype)
        self.append_op(
            type="elementwise_add",
            inputs={"X": [input_var], "Y": [bias]},
            outputs={"Out": [out]},
            attrs={"axis": dim_start},
        )
        return out

    def append_activation(self, input_var):
        """Apply the activation that ``act`` names, or describes as a dict with ``type`` and attributes."""
        act = self.kwargs.get("act")
        if act is None:
            return input_var
        if isinstance(act, str):
            act = {"type": act}
        if not isinstance(act, dict) or "type" not in act:
            raise TypeError("act of %s must be the name of an activation, got %r" % (self.layer_type, act))
        act = dict(act)
        out = self.create_variable_for_type_inference(dtype=input_var.dtype)
        self.append_op(type=act.pop("type"), inputs={"X": [input_var]}, outputs={"Out": [out]}, attrs=act)
        return out

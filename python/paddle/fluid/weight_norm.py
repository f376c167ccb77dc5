"""Weights as direction times length, see ``WeightNormParamAttr``."""

import copy

from paddle.fluid import unique_name
from paddle.fluid.param_attr import WeightNormParamAttr


def _new(block, helper, dtype, key):
    name = unique_name.generate(".".join([helper.name, "weight_norm_" + key]))
    return block.create_var(name=name, dtype=dtype, persistable=False)


class _NormOps:
    """Appends ops to a block; the variables are named after the layer."""

    def __init__(self, block, helper):
        self.block = block
        self.helper = helper

    def _append(self, op_type, x, key, attrs, out=None):
        if out is None:
            out = _new(self.block, self.helper, x.dtype, key)
        self.block.append_op(type=op_type, inputs={"X": x}, outputs={"Out": out}, attrs=attrs)
        return out

    def reshape(self, x, shape, out=None):
        return self._append("reshape", x, "reshape", {"shape": shape}, out)

    def transpose(self, x, axis, out=None):
        return self._append("transpose", x, "transpose", {"axis": axis}, out)

    def norm(self, x, dim=None, out=None):
        """The Euclidean norm over all dimensions, or over dimension ``dim``."""
        if out is None:
            out = _new(self.block, self.helper, x.dtype, "norm")
        absolute = self._append("abs", x, "abs", {})
        power = self._append("pow", absolute, "pow", {"factor": 2.0})
        attrs = {"dim": [0] if dim is None else [dim], "keep_dim": False, "reduce_all": dim is None}
        total = self._append("reduce_sum", power, "sum", attrs)
        return self._append("pow", total, "norm", {"factor": 0.5}, out)

    def norm_except_dim(self, x, dim=None, out=None):
        """The norm over all dimensions but ``dim``, of shape (1, ..., size, ..., 1)."""
        if out is None:
            out = _new(self.block, self.helper, x.dtype, "norm")
        if dim is None:
            return self.norm(x, out=out)
        rank = len(x.shape)
        shape = [1] * rank
        shape[dim] = x.shape[dim]
        if dim == 0:
            norm = self.norm(self.reshape(x, [x.shape[0], -1]), dim=1)
        elif dim == rank - 1:
            norm = self.norm(self.reshape(x, [-1, x.shape[dim]]), dim=0)
        else:
            order = list(range(rank))
            order[0], order[dim] = dim, 0
            turned = self.transpose(x, order)
            norm = self.norm(self.reshape(turned, [turned.shape[0], -1]), dim=1)
        return self.reshape(norm, shape, out=out)


def create_weight_normalized(helper, attr, shape, dtype):
    """Make the two parameters and the ops that compute the weight; returns the weight."""
    dim = attr.dim
    g_attr, v_attr = copy.deepcopy(attr), copy.deepcopy(attr)
    g_attr.name, v_attr.name = attr.name + "_g", attr.name + "_v"
    g_shape = [1] * len(shape)
    if dim is not None:
        g_shape[dim] = shape[dim]
    startup, main = helper.startup_program.global_block(), helper.main_program.global_block()
    g_start = startup.create_parameter(dtype=dtype, shape=g_shape, **g_attr._to_kwargs())
    v_start = startup.create_parameter(dtype=dtype, shape=shape, **v_attr._to_kwargs(with_initializer=True))
    ops = _NormOps(startup, helper)
    ops.norm_except_dim(v_start, dim, out=g_start)
    ops.reshape(g_start, g_shape, out=g_start)
    g = main.create_parameter(dtype=dtype, shape=g_shape, **g_attr._to_kwargs())
    v = main.create_parameter(dtype=dtype, shape=shape, **v_attr._to_kwargs())
    weight = _weight(helper, g, v, dim)
    WeightNormParamAttr.params_with_weight_norm.append(weight)
    return weight


def _weight(helper, g, v, dim):
    from paddle.fluid import layers

    norm = _NormOps(helper.main_program.current_block(), helper).norm_except_dim(v, dim)
    factor = layers.elementwise_div(x=g, y=norm)
    if dim is not None:
        factor = layers.reshape(x=factor, shape=[v.shape[dim]])
    return layers.elementwise_mul(x=v, y=factor, axis=-1 if dim is None else dim)

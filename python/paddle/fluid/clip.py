"""Clipping of gradients and errors."""

import copy

from paddle.fluid import framework

__all__ = [
    "set_gradient_clip",
    "ErrorClipByValue",
    "GradientClipByValue",
    "GradientClipByNorm",
    "GradientClipByGlobalNorm",
]


class BaseErrorClipAttr:
    """Base of the clips of the gradient of a variable inside the net."""

    def _append_clip_op(self, block, grad_name):
        raise NotImplementedError("%s clips nothing" % type(self).__name__)


class ErrorClipByValue(BaseErrorClipAttr):
    """Clip the gradient of a variable to [min, max] as it flows back: ``var._set_error_clip(ErrorClipByValue(5))``.

    ``min`` is ``-max`` by default.
    """

    def __init__(self, max, min=None):
        self.max = float(max)
        self.min = -self.max if min is None else float(min)

    def __str__(self):
        return "ByValue, min=%f, max=%f" % (self.min, self.max)

    def _append_clip_op(self, block, grad_name):
        block.append_op(
            type="clip",
            inputs={"X": grad_name},
            outputs={"Out": grad_name},
            attrs={"min": self.min, "max": self.max, "op_role": framework.OpRole.Backward},
        )


def error_clip_callback(block, context):
    """For ``append_backward``: append the error clips of the gradients that the last op wrote.

    ``context`` maps gradients' names to the names of their variables.
    """
    for grad_name in block.desc.op(block.desc.op_size() - 1).output_arg_names():
        var = block._find_var_recursive(context.get(grad_name, ""))
        error_clip = getattr(var, "error_clip", None)
        if error_clip is not None:
            error_clip._append_clip_op(block, grad_name)


class GradientClipBase:
    """Base of the gradient clips; pass one to an optimizer as ``grad_clip``.

    ``need_clip``: a function of a parameter that says whether its gradient is clipped; all are by default.
    """

    def __init__(self, need_clip=None):
        if need_clip is not None and not callable(need_clip):
            raise TypeError("need_clip must be a function of a parameter, got %s" % type(need_clip).__name__)
        self._need_clip_func = need_clip

    def _is_clipped(self, param, grad):
        return grad is not None and (self._need_clip_func is None or self._need_clip_func(param))

    def __call__(self, params_grads):
        """Append the clips; returns a list of (parameter, clipped gradient)."""
        result = []
        with framework.name_scope("gradient_clip"):
            for param, grad in params_grads:
                if not self._is_clipped(param, grad):
                    result.append((param, grad))
                    continue
                with param.block.program._optimized_guard([param, grad]):
                    result.append((param, self._clip(grad)))
        _correct_clip_op_role_var(result)
        return result

    def _clip(self, grad):
        raise NotImplementedError("%s clips nothing" % type(self).__name__)


class GradientClipByValue(GradientClipBase):
    """Clip each element to [min, max]; ``min`` is ``-max`` by default."""

    def __init__(self, max, min=None, need_clip=None):
        super().__init__(need_clip)
        self.max = float(max)
        self.min = -self.max if min is None else float(min)

    def __str__(self):
        return "Gradient Clip By Value, min = %f, max=%f" % (self.min, self.max)

    def _clip(self, grad):
        from paddle.fluid import layers

        return layers.clip(x=grad, min=self.min, max=self.max)


class GradientClipByNorm(GradientClipBase):
    """Shorten each gradient whose Euclidean norm is above ``clip_norm`` to that norm."""

    def __init__(self, clip_norm, need_clip=None):
        super().__init__(need_clip)
        self.clip_norm = float(clip_norm)

    def __str__(self):
        return "Gradient Clip By Norm, clip_norm=%f" % self.clip_norm

    def _clip(self, grad):
        from paddle.fluid import layers

        return layers.clip_by_norm(x=grad, max_norm=self.clip_norm)


class GradientClipByGlobalNorm(GradientClipBase):
    """Scale all gradients by the same factor so that together their norm is at most ``clip_norm``.

    Source: Pascanu et al., "On the difficulty of training recurrent neural networks", 2013.
    """

    def __init__(self, clip_norm, group_name="default_group", need_clip=None):
        super().__init__(need_clip)
        self.clip_norm = float(clip_norm)
        self.group_name = group_name

    def __str__(self):
        return "Gradient Clip By GlobalNorm, global_norm=%f" % self.clip_norm

    def __call__(self, params_grads):
        """Append the clips; returns a list of (parameter, clipped gradient)."""
        clipped = [(p, g) for p, g in params_grads if self._is_clipped(p, g)]
        if not clipped:
            return list(params_grads)
        scaled = {}
        with framework.name_scope("gradient_clip"):
            squares = []
            for param, grad in clipped:
                with param.block.program._optimized_guard([param, grad]):
                    squares.append(self._sum_of_squares(grad))
            with param.block.program._optimized_guard([param, grad]):
                factor = self._factor(squares)
            for param, grad in clipped:
                with param.block.program._optimized_guard([param, grad]):
                    scaled[param.name] = self._scale(grad, factor)
        result = [(p, scaled.get(p.name, g)) for p, g in params_grads]
        _correct_clip_op_role_var(result)
        return result

    def _sum_of_squares(self, grad):
        from paddle.fluid import layers

        if grad.type == framework.VarType.SELECTED_ROWS:
            grad = layers.get_tensor_from_selected_rows(layers.merge_selected_rows(grad))
        return layers.reduce_sum(layers.square(grad))

    def _factor(self, squares):
        from paddle.fluid import layers

        norm = layers.sqrt(x=layers.sums(squares))
        limit = layers.fill_constant(shape=[1], dtype=squares[0].dtype, value=self.clip_norm)
        return layers.elementwise_div(x=limit, y=layers.elementwise_max(x=limit, y=norm))

    def _scale(self, grad, factor):
        from paddle.fluid import layers

        return layers.elementwise_mul(x=grad, y=factor)


def _correct_clip_op_role_var(params_grads):
    """Let the clip ops name the clipped gradients in ``op_role_var``, as the ops behind them do."""
    clipped = {param.name: grad.name for param, grad in params_grads if grad is not None}
    if not params_grads:
        return
    for op in params_grads[0][0].block.program.global_block().ops:
        if not op.has_attr("op_namescope") or "gradient_clip" not in op.attr("op_namescope"):
            continue
        names = op.attr("op_role_var") if op.has_attr("op_role_var") else []
        if names and names[0] in clipped and names[1] != clipped[names[0]]:
            op._set_attr("op_role_var", [names[0], clipped[names[0]]])


_program_clip = {"clip": None}


def set_gradient_clip(clip, param_list=None, program=None):
    """Clip the gradients of parameters of ``program`` (all of them, or those in ``param_list``); see ``grad_clip`` of
    the optimizers for the newer form. A clip given to the optimizer goes before this one.

    Raises:
        TypeError: ``clip`` is no gradient clip.
    """
    if not isinstance(clip, GradientClipBase):
        raise TypeError("clip must be a gradient clip, got %s" % type(clip).__name__)
    program = framework.default_main_program() if program is None else program
    params = program.all_parameters() if param_list is None else param_list
    for param in params:
        if isinstance(param, str):
            param = program.global_block().var(param)
        param.gradient_clip_attr = copy.copy(clip)


def append_gradient_clip_ops(params_grads):
    """Append the clips that ``set_gradient_clip`` asked for; gradients clipped by global norm form one group."""
    groups = {}
    for param, grad in params_grads:
        clip = param.gradient_clip_attr
        if grad is None or clip is None:
            continue
        if isinstance(clip, GradientClipByGlobalNorm):
            key = (clip.group_name, None)
        else:
            key = (None, param.name)
        group = groups.setdefault(key, (clip, []))
        if isinstance(clip, GradientClipByGlobalNorm) and clip.clip_norm != group[0].clip_norm:
            raise ValueError("all parameters of group '%s' must have the same clip_norm" % clip.group_name)
        group[1].append((param, grad))
    clipped = {}
    for clip, members in groups.values():
        clipped.update((param.name, grad) for param, grad in clip(members))
    return [(param, clipped.get(param.name, grad)) for param, grad in params_grads]

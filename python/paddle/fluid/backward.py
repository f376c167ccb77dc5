"""Gradients: ops appended to a program behind the forward ops."""

from paddle.fluid import core
from paddle.fluid.framework import OpRole, Variable, VarType, grad_var_name

__all__ = ["append_backward", "gradients"]


def _var_names(given, what):
    """A set of names from variables or names."""
    names = set()
    for item in given or ():
        if isinstance(item, Variable):
            names.add(item.name)
        elif isinstance(item, str):
            names.add(item)
        else:
            raise TypeError("%s takes variables or their names, got %s" % (what, type(item).__name__))
    return names


def _stopped(program, no_grad_set):
    """Names of the variables that no gradient reaches."""
    names = {var.name for var in program.list_vars() if var.stop_gradient}
    return names | _var_names(no_grad_set, "no_grad_set")


class _Context(dict):
    """For callbacks: the variable of a gradient's name."""

    def __missing__(self, grad_name):
        return grad_name[: -len("@GRAD")] if grad_name.endswith("@GRAD") else ""

    def get(self, grad_name, default=None):
        return self[grad_name] or default


def _on_op(block, callbacks):
    """What to call behind each gradient op; None when nothing is to be done."""
    from paddle.fluid.clip import error_clip_callback

    callbacks = list(callbacks or ())
    if callbacks == [error_clip_callback]:
        if all(var.error_clip is None for var in block.program.list_vars()):
            return None
    if not callbacks:
        return None
    context = _Context()

    def call(op_desc):
        block._sync_with_cpp()
        for callback in callbacks:
            callback(block=block, context=context)

    return call


def _append(block, targets, target_grads, no_grad, inputs=(), checkpoints=(), callbacks=None):
    """Append the gradient ops; returns the dict from variables to gradients, all by name."""
    program = block.program
    program._appending_grad_times += 1
    saved = program._current_role, program._op_role_vars
    program._current_role, program._op_role_vars = OpRole.Backward, []
    try:
        grads = core.append_backward(
            program.desc,
            block.idx,
            list(targets),
            list(target_grads),
            set(no_grad),
            list(inputs),
            list(checkpoints),
            _on_op(block, callbacks),
        )
    finally:
        program._current_role, program._op_role_vars = saved
        program._sync_with_cpp()
    return grads


def _parameters(program, parameter_list):
    if parameter_list is None:
        return [param for param in program.all_parameters() if param.trainable]
    params = []
    for item in parameter_list:
        if isinstance(item, str):
            item = program.global_block().var(item)
        if not isinstance(item, Variable):
            raise TypeError("parameter_list takes parameters or their names, got %s" % type(item).__name__)
        params.append(item)
    return params


def _name_role_var(param, grad):
    """Let the op that computes a parameter's gradient name both in ``op_role_var``."""
    if grad.op is None:
        return
    names = [param.name, grad.name]
    if grad.op.has_attr("op_role_var"):
        names += grad.op.attr("op_role_var")
    grad.op._set_attr("op_role_var", names)


def _check_loss(loss):
    if not isinstance(loss, Variable):
        raise TypeError("the loss must be a Variable, got %s" % type(loss).__name__)
    if loss.shape != (1,):
        raise ValueError(
            "the loss must have shape (1,), '%s' has %s; fluid.layers.mean makes one number of it"
            % (loss.name, loss.shape)
        )


def append_backward(loss, parameter_list=None, no_grad_set=None, callbacks=None, checkpoints=None):
    """Append the ops that compute the gradient of ``loss`` by every variable that it depends on.

    Args:
        loss (Variable): one number, shape (1,).
        parameter_list: parameters, or their names, whose gradients are returned; all trainable ones by default.
        no_grad_set (set): variables, or their names, that no gradient goes through, besides those with
            ``stop_gradient``.
        callbacks: functions ``f(block, context)`` called behind each gradient op; ``context`` maps the names of
            gradients to the names of their variables.
        checkpoints: variables to keep; what lies between them is computed again in the backward pass, which saves
            memory.

    Returns:
        A list of (parameter, gradient).

    Raises:
        TypeError, ValueError: ``loss`` is not one number, an argument is of the wrong kind.
        NotImplementedError: an op on the way has no gradient.
    """
    _check_loss(loss)
    block = loss.block.program.current_block()
    program = block.program
    loss_op = loss.op
    if loss_op is None:
        for op in block.ops:
            if loss.name in op.output_arg_names:
                loss_op = op
    if loss_op is None:
        raise ValueError("no op computes the loss '%s'" % loss.name)
    keep = sorted(_var_names(checkpoints, "checkpoints"))
    role = int(loss_op.attr("op_role"))
    loss_op._set_attr("op_role", role | OpRole.Loss)
    try:
        grads = _append(block, [loss.name], [""], _stopped(program, no_grad_set), (), keep, callbacks)
    except BaseException:  # the program is as before
        loss_op._set_attr("op_role", role)
        raise
    result = []
    for param in _parameters(program, parameter_list):
        name = grads.get(param.name)
        grad = block._find_var_recursive(name) if name else None
        if grad is None:
            continue
        if grad.type == VarType.LOD_TENSOR and tuple(grad.shape) != tuple(param.shape):
            grad.desc.set_shape(list(param.shape))
        _name_role_var(param, grad)
        result.append((param, grad))
    return result


def _as_list(x):
    if x is None:
        return []
    return list(x) if isinstance(x, (list, tuple)) else [x]


def _fill_with_ones(block, target):
    """Append the ops that make the gradient of a target: ones of its shape."""
    shape = target.shape
    grad = block.create_var(name=grad_var_name(target.name), shape=shape, dtype=target.dtype)
    sizes = block.create_var(name=target.name + "_shape", dtype=VarType.INT32, stop_gradient=True)
    block.append_op("shape", {"Input": target}, {"Out": sizes}, {"op_role": OpRole.Backward})
    attrs = {"shape": list(shape), "value": 1.0, "dtype": int(target.dtype), "op_role": OpRole.Backward}
    block.append_op("fill_constant", {"ShapeTensor": sizes}, {"Out": grad}, attrs)
    return grad


def gradients(targets, inputs, target_gradients=None, no_grad_set=None):
    """Append the ops that compute the gradient of ``targets`` by ``inputs``.

    Args:
        targets: a variable or a list of them.
        inputs: a variable or a list of them.
        target_gradients: for each target a variable of its shape, the gradient to start from; ones where None.
        no_grad_set (set): variables, or their names, that no gradient goes through.

    Returns:
        A list with a variable for each input; None for an input that the targets do not depend on.

    Raises:
        ValueError: targets and target gradients do not fit.
    """
    targets, inputs, target_gradients = _as_list(targets), _as_list(inputs), _as_list(target_gradients)
    if not target_gradients:
        target_gradients = [None] * len(targets)
    if len(targets) != len(target_gradients):
        raise ValueError("got %d targets, but %d target gradients" % (len(targets), len(target_gradients)))
    if not targets:
        raise ValueError("there is no target")
    block = targets[0].block
    program = block.program
    no_grad = _stopped(program, no_grad_set) - {var.name for var in inputs}
    starts = []
    for target, grad in zip(targets, target_gradients):
        if grad is None:
            grad = _fill_with_ones(block, target)
        elif grad.shape != target.shape:
            raise ValueError(
                "the gradient of '%s' must have its shape %s, got %s" % (target.name, target.shape, grad.shape)
            )
        starts.append(grad.name)
    names = [var.name for var in inputs]
    grads = _append(block, [target.name for target in targets], starts, no_grad, names)
    return [block._find_var_recursive(grads[name]) if name in grads else None for name in names]


calc_gradient = gradients

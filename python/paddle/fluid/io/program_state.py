"""``fluid.save`` and ``fluid.load``: parameters and optimizer state as files of arrays."""

import os

import numpy as np

from paddle.fluid import core
from paddle.fluid.framework import Program, dtype_to_numpy
from paddle.fluid.io.state_file import atomic_write, load_arrays, save_arrays
from paddle.fluid.io.variables import (
    get_program_parameter,
    get_program_persistable_vars,
    is_belong_to_optimizer,
    valid_program,
)


def _value(scope, name):
    found = scope.find_var(name)
    if found is None or not found.get_tensor()._is_initialized():
        raise ValueError("variable '%s' has no value; run the startup program first" % name)
    return np.array(found.get_tensor())


def _fits(shape, declared):
    """Whether an array of that shape is what a variable declares, whose dimensions of -1 are open."""
    return len(shape) == len(declared) and all(want in (-1, got) for got, want in zip(shape, declared))


def _set_value(scope, var, array, what):
    array = np.asarray(array)
    if not _fits(array.shape, var.shape):
        raise ValueError("%s '%s' has shape %s, the file holds shape %s" % (what, var.name, var.shape, array.shape))
    if array.dtype != dtype_to_numpy(var.dtype):
        raise ValueError("%s '%s' holds %s, the file %s" % (what, var.name, dtype_to_numpy(var.dtype), array.dtype))
    found = scope.find_var(var.name)
    tensor = (scope.var(var.name) if found is None else found).get_tensor()
    tensor.set(array, core.CPUPlace())


def _scope():
    from paddle.fluid.executor import global_scope

    return global_scope()


def save(program, model_path):
    """Write ``model_path.pdparams`` (parameters), ``.pdopt`` (other persistable variables) and ``.pdmodel`` (program).

    Raises:
        ValueError: ``model_path`` has no file name, or a variable no value.
    """
    program = valid_program(program)
    if not os.path.basename(model_path):
        raise ValueError("model_path must end with a file name, got %r" % (model_path,))
    scope = _scope()
    params = {var.name: _value(scope, var.name) for var in get_program_parameter(program)}
    state = {var.name: _value(scope, var.name) for var in program.list_vars() if is_belong_to_optimizer(var)}
    copy = program.clone()
    copy.desc._set_version()
    data = copy.desc.serialize_to_string()
    save_arrays(model_path + ".pdparams", params)
    save_arrays(model_path + ".pdopt", state)
    atomic_write(model_path + ".pdmodel", lambda file: file.write(data))


def _without_suffix(model_path):
    for suffix in (".pdparams", ".pdopt", ".pdmodel"):
        if model_path.endswith(suffix):
            return model_path[: -len(suffix)]
    return model_path


def load(program, model_path, executor=None, var_list=None):
    """Read parameters and, where the program has an optimizer, its state.

    Args:
        program (Program): whose variables are filled, in the global scope.
        model_path (str): as for ``save``; or a folder or file that ``save_params`` or ``save_persistables`` wrote.
        executor (Executor): reads such a folder or file.
        var_list (list): the variables in such a file.

    Raises:
        ValueError: a variable is missing in the files, or has another shape or type.
        OSError: a file is not there.
    """
    program = valid_program(program)
    prefix = _without_suffix(model_path)
    if not os.path.exists(prefix + ".pdparams"):
        _load_saved_vars(program, model_path, executor, var_list)
        return
    scope = _scope()
    _fill(scope, get_program_parameter(program), prefix + ".pdparams", "parameter")
    state = [var for var in program.list_vars() if is_belong_to_optimizer(var)]
    if state:
        if not os.path.exists(prefix + ".pdopt"):
            raise FileNotFoundError("the program has an optimizer, but there is no file %s.pdopt" % prefix)
        _fill(scope, state, prefix + ".pdopt", "variable")


def _fill(scope, variables, path, what):
    arrays = load_arrays(path)
    for var in variables:
        if var.name not in arrays:
            raise ValueError("%s '%s' is not in %s" % (what, var.name, path))
    for var in variables:
        _set_value(scope, var, arrays[var.name], what)


def _load_saved_vars(program, model_path, executor, var_list):
    from paddle.fluid.io.variables import load_vars

    if os.path.isdir(model_path):
        if executor is None:
            raise ValueError("load needs an executor to read the folder %s" % model_path)
        names = set(os.listdir(model_path))
        chosen = [var for var in get_program_persistable_vars(program) if var.name in names]
        load_vars(executor, model_path, program, vars=chosen)
    elif os.path.isfile(model_path):
        if executor is None or var_list is None:
            raise ValueError("load needs an executor and var_list to read the file %s" % model_path)
        folder, name = os.path.split(model_path)
        load_vars(executor, folder or ".", program, vars=var_list, filename=name)
    else:
        raise FileNotFoundError("there is neither %s.pdparams nor %s" % (_without_suffix(model_path), model_path))


def load_program_state(model_path, var_list=None):
    """Read what ``save``, ``save_params`` or ``save_persistables`` wrote as a dict of names to arrays.

    ``var_list``: the variables in one file that ``save_params`` wrote.

    Raises:
        OSError: there is no file.
        ValueError: it is damaged, or needs ``var_list``.
    """
    prefix = _without_suffix(model_path)
    if os.path.exists(prefix + ".pdparams"):
        arrays = load_arrays(prefix + ".pdparams")
        if os.path.exists(prefix + ".pdopt"):
            arrays.update(load_arrays(prefix + ".pdopt"))
        return arrays
    from paddle.fluid.executor import Executor, _fetch_var, scope_guard

    program = Program()
    block = program.global_block()
    if os.path.isdir(model_path):
        if var_list is None:
            raise ValueError("load_program_state needs var_list to read the folder %s" % model_path)
        folder, name = model_path, None
    elif os.path.isfile(model_path):
        if var_list is None:
            raise ValueError("load_program_state needs var_list to read the file %s" % model_path)
        folder, name = os.path.split(model_path)
    else:
        raise FileNotFoundError("there is neither %s.pdparams nor %s" % (prefix, model_path))
    clones = [block._clone_variable(var) for var in var_list]
    with scope_guard(core.Scope()):
        from paddle.fluid.io.variables import load_vars

        load_vars(Executor(core.CPUPlace()), folder or ".", program, vars=clones, filename=name)
        return {var.name: _fetch_var(var.name) for var in clones}


def set_program_state(program, state_dict):
    """Give the persistable variables of a program the values of a dict, in the global scope.

    Warns of names in the dict that the program does not have.

    Raises:
        ValueError: a value has another shape or type than its variable.
    """
    scope = _scope()
    used = set()
    for var in get_program_persistable_vars(program):
        if var.name in state_dict:
            _set_value(scope, var, state_dict[var.name], "variable")
            used.add(var.name)
    unused = [name for name in state_dict if name not in used]
    if unused:
        import warnings

        warnings.warn("the program has no variables %s" % ", ".join(unused), stacklevel=2)

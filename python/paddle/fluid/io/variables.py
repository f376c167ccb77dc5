"""Saving and loading variables through the executor."""

import os

from paddle.fluid import framework
from paddle.fluid.framework import Parameter, Program, Variable, VarType, default_main_program

_NOT_SAVED = tuple(getattr(VarType, name) for name in ("FEED_MINIBATCH", "FETCH_LIST", "READER", "RAW"))


def is_parameter(var):
    """Whether a variable is a parameter."""
    return isinstance(var, Parameter)


def is_persistable(var):
    """Whether a variable keeps its value from run to run (parameters and the optimizer's state do)."""
    return var.type not in _NOT_SAVED and bool(var.persistable)


def is_belong_to_optimizer(var):
    """Whether a variable is persistable and no parameter."""
    return not isinstance(var, Parameter) and not var.desc.need_check_feed() and is_persistable(var)


def get_program_parameter(program):
    """The parameters of a program, a list."""
    return [var for var in program.list_vars() if is_parameter(var)]


def get_program_persistable_vars(program):
    """The persistable variables of a program, a list."""
    return [var for var in program.list_vars() if is_persistable(var)]


def valid_program(program):
    """The program itself, that of a ``CompiledProgram``, or the default one.

    Raises:
        TypeError: it is neither.
    """
    if program is None:
        return default_main_program()
    program = getattr(program, "_program", program)
    if not isinstance(program, Program):
        raise TypeError("a program was expected, got %s" % type(program).__name__)
    return program


def _chosen(main_program, vars, predicate):
    if vars is None:
        vars = [var for var in valid_program(main_program).list_vars() if predicate is None or predicate(var)]
    vars = list(vars)
    for var in vars:
        if not isinstance(var, Variable):
            raise TypeError("vars takes variables, got %s" % type(var).__name__)
    unique = {var.name: var for var in vars if var.type != VarType.RAW}
    return [unique[name] for name in unique]


def _run_op(executor, op_type, slot, variables, path, is_input):
    """Run one save or load op in a program of its own."""
    program = Program()
    block = program.global_block()
    with framework.program_guard(program):
        clones = [block._clone_variable(var) for var in variables]
        block.append_op(
            type=op_type,
            inputs={slot: clones} if is_input else {},
            outputs={} if is_input else {slot: clones},
            attrs={"file_path": path},
        )
    executor.run(program)


def _path_of(dirname, name):
    """The file of a variable, which must be in the folder: the name may come from somebody else's program."""
    path = os.path.normpath(name)
    if os.path.isabs(path) or path.split(os.sep)[0] == ".." or "\0" in name:
        raise ValueError("variable %r cannot have a file of its name: it would be outside of the folder" % name)
    return os.path.join(dirname, name)


def save_vars(executor, dirname, main_program=None, vars=None, predicate=None, filename=None):
    """Write variables to files.

    Args:
        executor (Executor): does it.
        dirname (str): a folder, made when it is not there.
        main_program (Program): where the variables are, unless ``vars`` lists them.
        vars (list): the variables.
        predicate: a function of a variable that says whether it is written.
        filename (str): one file for all, sorted by name; one file for each variable by default.

    Raises:
        TypeError: ``vars`` or ``main_program`` of another kind.
        ValueError: the name of a variable leads out of the folder.
    """
    chosen = _chosen(main_program, vars, predicate)
    if not chosen:
        return
    dirname = os.path.normpath(dirname)
    os.makedirs(dirname, exist_ok=True)
    if filename is None:
        for var in chosen:
            _run_op(executor, "save", "X", [var], _path_of(dirname, var.name), True)
        return
    chosen.sort(key=lambda var: var.name)
    _run_op(executor, "save_combine", "X", chosen, os.path.join(dirname, filename), True)


def save_params(executor, dirname, main_program=None, filename=None):
    """Write the parameters of a program; see ``save_vars``."""
    return save_vars(executor, dirname, main_program, predicate=is_parameter, filename=filename)


def save_persistables(executor, dirname, main_program=None, filename=None):
    """Write the persistable variables of a program: parameters, running statistics, the optimizer's state."""
    return save_vars(executor, dirname, main_program, predicate=is_persistable, filename=filename)


def load_vars(executor, dirname, main_program=None, vars=None, predicate=None, filename=None):
    """Read variables from files that ``save_vars`` wrote, with the same arguments.

    Raises:
        ValueError: a file is damaged, a value has not the shape of its variable, or the name of a variable leads out
            of the folder.
        OSError, RuntimeError: a file is not there.
    """
    chosen = _chosen(main_program, vars, predicate)
    if not chosen:
        return
    if dirname is not None:
        dirname = os.path.normpath(dirname)
    if filename is None:
        for var in chosen:
            _run_op(executor, "load", "Out", [var], _path_of(dirname, var.name), False)
    else:
        chosen.sort(key=lambda var: var.name)
        path = os.path.join(dirname, filename) if dirname is not None else filename
        _run_op(executor, "load_combine", "Out", chosen, path, False)
    _check_shapes(chosen)


def _check_shapes(variables):
    from paddle.fluid.executor import global_scope

    for var in variables:
        if not isinstance(var, Parameter):
            continue
        shape = tuple(global_scope().find_var(var.name).get_tensor().shape())
        if shape != var.shape:
            raise ValueError("parameter '%s' has shape %s, its file holds shape %s" % (var.name, var.shape, shape))


def load_params(executor, dirname, main_program=None, filename=None):
    """Read the parameters of a program; see ``load_vars``."""
    load_vars(executor, dirname, main_program, predicate=is_parameter, filename=filename)


def load_persistables(executor, dirname, main_program=None, filename=None):
    """Read the persistable variables of a program; see ``load_vars``."""
    load_vars(executor, dirname, main_program, predicate=is_persistable, filename=filename)

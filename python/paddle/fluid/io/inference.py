"""Inference models: a pruned program and its parameters."""

import os

from paddle.fluid import core
from paddle.fluid.framework import Program, Variable, VarType, program_guard
from paddle.fluid.io.state_file import atomic_write
from paddle.fluid.io.variables import load_persistables, save_persistables, valid_program


def _prepend_feed_ops(program, names, feed_holder_name="feed"):
    """The ops that hand what is fed to the data variables.

    Raises:
        ValueError: a variable is not in the pruned program.
    """
    block = program.global_block()
    holder = block.create_var(name=feed_holder_name, type=VarType.FEED_MINIBATCH, persistable=True)
    for i, name in enumerate(names):
        if not block.has_var(name):
            raise ValueError("the target variables do not depend on '%s', which shall be fed" % name)
        block._prepend_op(type="feed", inputs={"X": [holder]}, outputs={"Out": [block.var(name)]}, attrs={"col": i})


def _append_fetch_ops(program, names, fetch_holder_name="fetch"):
    block = program.global_block()
    holder = block.create_var(name=fetch_holder_name, type=VarType.FETCH_LIST, persistable=True)
    for i, name in enumerate(names):
        block.append_op(type="fetch", inputs={"X": [name]}, outputs={"Out": [holder]}, attrs={"col": i})


def _remove_feed_fetch(program):
    block = program.global_block()
    for i in reversed(range(len(block.ops))):
        block.ops[i].desc.set_is_target(False)
        if block.ops[i].type in ("feed", "fetch"):
            block._remove_op(i)


def _named_targets(program, targets):
    """Put a scale op of a fixed name behind each target, so that a saved program says which they are."""
    from paddle.fluid import layers

    named = []
    with program_guard(program):
        for i, target in enumerate(targets):
            var = program.global_block().var(target.name)
            if var.dtype != VarType.BOOL:
                var = layers.scale(var, 1.0, name="save_infer_model/scale_%d" % i)
            named.append(var)
    return named


def save_inference_model(
    dirname,
    feeded_var_names,
    target_vars,
    executor,
    main_program=None,
    model_filename=None,
    params_filename=None,
    export_for_deployment=True,
    program_only=False,
):
    """Write a program, pruned to what the targets need and set to evaluation, and its parameters.

    Args:
        dirname (str): a folder, made when it is not there.
        feeded_var_names (list): names of the variables that will be fed.
        target_vars (list): the variables that will be fetched.
        executor (Executor): writes the parameters.
        main_program (Program): the default main program by default; it is not changed.
        model_filename (str): of the program; ``__model__`` by default.
        params_filename (str): one file for all parameters; one for each by default.
        export_for_deployment (bool): False: write the whole program, not only what the targets need.
        program_only (bool): do not write the parameters.

    Returns:
        A list of the names under which the targets are in the file.

    Raises:
        ValueError: the lists are empty, or a target does not depend on what is fed.
    """
    feeds = [feeded_var_names] if isinstance(feeded_var_names, str) else list(feeded_var_names or [])
    if not all(isinstance(name, str) for name in feeds):
        raise ValueError("feeded_var_names must be a list of names, got %r" % (feeded_var_names,))
    targets = [target_vars] if isinstance(target_vars, Variable) else list(target_vars or [])
    if not targets or not all(isinstance(var, Variable) for var in targets):
        raise ValueError("target_vars must be a list of variables, got %r" % (target_vars,))
    program = valid_program(main_program).clone()
    targets = _named_targets(program, targets)
    names = [var.name for var in targets]
    os.makedirs(dirname, exist_ok=True)
    if export_for_deployment:
        _remove_feed_fetch(program)
        program = program._prune_with_input(feeds, targets)
        program = program._inference_optimize(prune_read_op=True)
        _prepend_feed_ops(program, feeds)
        _append_fetch_ops(program, names)
    model_name = "__model__" if model_filename is None else os.path.basename(model_filename)
    program.desc._set_version()
    data = program.desc.serialize_to_string()
    atomic_write(os.path.join(os.path.normpath(dirname), model_name), lambda file: file.write(data))
    if not program_only:
        params_name = None if params_filename is None else os.path.basename(params_filename)
        save_persistables(executor, dirname, program, params_name)
    return names


def _check_io(program, path):
    """Refuse ops that touch files, the network or Python."""
    for block in program.blocks:
        for op in block.ops:
            if core.has_op(op.type) and core.op_info(op.type).get("io"):
                raise ValueError(
                    "the model %s holds the op '%s', which touches files, the network or Python; load it with "
                    "allow_io=True if you trust it" % (path, op.type)
                )


def load_inference_model(
    dirname, executor, model_filename=None, params_filename=None, pserver_endpoints=None, allow_io=False
):
    """Read what ``save_inference_model`` wrote.

    Args:
        dirname (str): the folder; None: ``model_filename`` and ``params_filename`` are the bytes themselves.
        executor (Executor): reads the parameters into the global scope.
        model_filename, params_filename (str): as they were saved.
        allow_io (bool): admit ops that touch files, the network or Python.

    Returns:
        A list: the program, the names of the variables to feed, the variables to fetch.

    Raises:
        ValueError: the files are damaged, or hold ops that are not admitted.
        OSError: a file is not there.
    """
    if pserver_endpoints is not None:
        raise NotImplementedError("load_inference_model with pserver_endpoints is not there")
    if dirname is None:
        if not isinstance(model_filename, bytes) or not isinstance(params_filename, bytes):
            raise ValueError("without a folder model_filename and params_filename must be the bytes of the files")
        data, where = model_filename, "in memory"
    else:
        if not os.path.isdir(dirname):
            raise ValueError("there is no folder '%s'" % dirname)
        name = "__model__" if model_filename is None else os.path.basename(model_filename)
        where = os.path.join(os.path.normpath(dirname), name)
        with open(where, "rb") as file:
            data = file.read()
    program = Program.parse_from_string(data)
    if not allow_io:
        _check_io(program, where)
    _load_parameters(executor, dirname, program, params_filename)
    block = program.global_block()
    feeds = {op.attr("col"): op.output("Out")[0] for op in block.ops if op.type == "feed"}
    fetches = {op.attr("col"): op.input("X")[0] for op in block.ops if op.type == "fetch"}
    feed_names = [feeds[i] for i in sorted(feeds)]
    return [program, feed_names, [block.var(fetches[i]) for i in sorted(fetches)]]


def _load_parameters(executor, dirname, program, params_filename):
    from paddle.fluid.io.variables import get_program_persistable_vars

    if not get_program_persistable_vars(program):
        return
    if dirname is None:
        from paddle.fluid.executor import global_scope

        core._load_persistables_from_bytes(program.desc, global_scope(), params_filename)
        return
    name = None if params_filename is None else os.path.basename(params_filename)
    load_persistables(executor, dirname, program, name)

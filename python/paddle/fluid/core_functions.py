"""Functions of ``fluid.core`` that are written in Python."""

from paddle.fluid import core


def _is_program_version_supported(version):
    """Whether programs of that version can be read: those of every version, as far as their ops are there."""
    return True


def _create_loaded_parameter(vars, scope, executor):
    """Make room in a scope for variables of a program.

    Args:
        vars (list): ``Variable`` s with known shapes.
        scope: where they are made.
        executor (core.Executor): on whose device they will be used.
    """
    for var in vars:
        tensor = scope.var(var.name).get_tensor()
        tensor._set_dims(list(var.shape))
        tensor._mutable_data(core.CPUPlace(), var.dtype)


def _save_static_dict(path, vars, scope):
    """Write the values of variables into one file.

    Args:
        path (str): of the file.
        vars (list): ``Variable`` s.
        scope: holds their values.

    Raises:
        ValueError: one has no value.
    """
    from paddle.fluid.io.state_file import save_arrays

    save_arrays(path, {var.name: _value(var.name, scope) for var in vars})


def _value(name, scope):
    found = scope.find_var(name)
    if found is None or not found.get_tensor()._is_initialized():
        raise ValueError("variable '%s' holds no value to save; run the startup program first" % name)
    return found.get_tensor().numpy()


def _load_static_dict(path, vars, scope, executor):
    """Read what ``_save_static_dict`` wrote into the variables of a scope.

    Raises:
        ValueError: the file is damaged, or lacks a variable, or holds it with another shape.
    """
    from paddle.fluid.io.state_file import load_arrays

    values = load_arrays(path)
    for var in vars:
        if var.name not in values:
            raise ValueError("the file '%s' has no variable '%s'" % (path, var.name))
        if list(values[var.name].shape) != list(var.shape):
            raise ValueError(
                "the file '%s' has variable '%s' with the shape %s; the program says %s"
                % (path, var.name, list(values[var.name].shape), list(var.shape))
            )
    for var in vars:
        scope.var(var.name).get_tensor().set(values[var.name], core.CPUPlace())


def _set_eager_deletion_mode(threshold, fraction, use_gpu):
    """Accepted: memory is planned by lifetime for every program."""


def _set_fuse_parameter_group_size(size):
    """Accepted: gradients are not sent in groups."""


def _set_fuse_parameter_memory_size(size):
    """Accepted: gradients are not sent in groups."""


def _set_paddle_lib_path(path):
    """Accepted: libraries are found beside the package."""


def init_devices(*args):
    """Accepted: a device is made ready when it is first used."""


def init_glog(name):
    """Accepted: nothing is logged."""


def init_gflags(args):
    """Set flags from arguments like ``--check_nan_inf=1``; the first one, the script's name, is left out.

    ``--tryfromenv=a,b`` is accepted: flags are read from the environment always.

    Raises:
        KeyError: there is no such flag.
        ValueError: an argument has another form.
    """
    for arg in args[1:]:
        name, given, value = arg.lstrip("-").partition("=")
        if not given or not arg.startswith("-"):
            raise ValueError("a flag is set as --name=value, got %r" % (arg,))
        if name not in ("tryfromenv", "fromenv"):
            core.set_flag(name, value)


def is_float16_supported(place):
    """Whether a device computes in float16: GPUs do."""
    return place.is_gpu_place()


def _no_nvprof(*args):
    """Not there.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("profile a GPU from outside, with `nsys profile python script.py`")


nvprof_init = nvprof_start = nvprof_stop = _no_nvprof


def run_cmd(cmd, time_out=-1, sleep_inter=-1):
    """Run a shell command and return what it printed; ``time_out`` and ``sleep_inter`` are kept for old scripts."""
    import subprocess

    return subprocess.run(cmd, shell=True, stdout=subprocess.PIPE, text=True).stdout


def save_op_compatible_info(program):
    """False: nothing is added to the program; which ops a reader must know it says by naming them."""
    return False


def is_compiled_with_mkldnn():
    """Whether ops take ``use_mkldnn``; here the core decides which library computes what."""
    return False


def is_compiled_with_dist():
    """Whether there are parameter servers."""
    return False

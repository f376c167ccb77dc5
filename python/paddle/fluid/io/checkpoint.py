"""Checkpoints: everything that a training needs to go on as if it had never stopped."""

import json
import os
import shutil

import numpy as np

from paddle.fluid import core
from paddle.fluid.framework import default_main_program
from paddle.fluid.io.program_state import _set_value
from paddle.fluid.io.state_file import load_arrays, write_arrays
from paddle.fluid.io.variables import get_program_persistable_vars, valid_program

_PREFIX = "checkpoint_"
_ARRAYS = "variables.pdparams"
_STATE = "state.json"


def _sync_folder(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Checkpoint:
    """Folders ``checkpoint_0``, ``checkpoint_1``, ... below ``dirname``, each complete or not there at all.

    A checkpoint holds all persistable variables of a program (parameters, running statistics, the optimizer's state,
    counters), the state of the random numbers, and what the script wants to know of its reader. A training that is
    killed at any moment and restored gives the same bits as one that went through::

        checkpoint = fluid.io.Checkpoint('run1')
        exe.run(fluid.default_startup_program())
        at = checkpoint.restore() or {'epoch': 0, 'batch': 0}
        ...
            checkpoint.save({'epoch': epoch, 'batch': batch + 1})

    Args:
        dirname (str): the folder, made when it is not there.
        program (Program): whose variables are kept; the default main program by default.
        scope: where they are; the global scope by default.
        keep (int): so many checkpoints are kept, the newest.
    """

    def __init__(self, dirname, program=None, scope=None, keep=2):
        if keep < 1:
            raise ValueError("keep must be at least 1, got %r" % (keep,))
        self.dirname = os.path.abspath(dirname)
        self._program = valid_program(program) if program is not None else default_main_program()
        self._scope = scope
        self._keep = keep

    def _current_scope(self):
        from paddle.fluid.executor import global_scope

        return global_scope() if self._scope is None else self._scope

    def _numbers(self):
        if not os.path.isdir(self.dirname):
            return []
        names = [name[len(_PREFIX) :] for name in os.listdir(self.dirname) if name.startswith(_PREFIX)]
        return sorted(int(name) for name in names if name.isdigit())

    def _path(self, number):
        return os.path.join(self.dirname, "%s%d" % (_PREFIX, number))

    def latest(self):
        """The path of the newest checkpoint, None when there is none."""
        numbers = self._numbers()
        return self._path(numbers[-1]) if numbers else None

    def save(self, reader_state=None):
        """Write a checkpoint and return its path.

        Args:
            reader_state (dict): what ``restore`` gives back, such as epoch and batch; anything that JSON can hold.

        Raises:
            ValueError: a variable has no value; run the startup program first.
        """
        scope = self._current_scope()
        arrays = {}
        for var in get_program_persistable_vars(self._program):
            found = scope.find_var(var.name)
            if found is None or not found.get_tensor()._is_initialized():
                raise ValueError("variable '%s' has no value; run the startup program first" % var.name)
            arrays[var.name] = np.array(found.get_tensor())
        seed, step = core.random_state(scope)
        state = json.dumps({"version": 1, "random": [seed, step], "reader": reader_state}).encode()
        os.makedirs(self.dirname, exist_ok=True)
        numbers = self._numbers()
        final = self._path(numbers[-1] + 1 if numbers else 0)
        temporary = os.path.join(self.dirname, ".tmp_%d" % os.getpid())
        shutil.rmtree(temporary, ignore_errors=True)
        os.makedirs(temporary)
        try:
            self._write(os.path.join(temporary, _ARRAYS), lambda file: write_arrays(file, arrays))
            self._write(os.path.join(temporary, _STATE), lambda file: file.write(state))
            _sync_folder(temporary)
            os.rename(temporary, final)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        _sync_folder(self.dirname)
        self._remove_old()
        return final

    @staticmethod
    def _write(path, write):
        with open(path, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())

    def _remove_old(self):
        for number in self._numbers()[: -self._keep]:
            # renamed first: a folder with this name is complete
            gone = os.path.join(self.dirname, ".old_%d" % number)
            os.rename(self._path(number), gone)
            shutil.rmtree(gone, ignore_errors=True)
        for name in os.listdir(self.dirname):
            if name.startswith((".tmp_", ".old_")):
                shutil.rmtree(os.path.join(self.dirname, name), ignore_errors=True)

    def restore(self, path=None):
        """Read the newest checkpoint, or the one at ``path``.

        Returns:
            The reader's state that was saved, {} for none; None when there is no checkpoint.

        Raises:
            ValueError: it is damaged, or does not fit the program.
        """
        path = self.latest() if path is None else path
        if path is None:
            return None
        arrays = load_arrays(os.path.join(path, _ARRAYS))
        with open(os.path.join(path, _STATE), "rb") as file:
            try:
                state = json.loads(file.read().decode())
                seed, step = (int(number) for number in state["random"])
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError("the checkpoint %s is damaged: %s" % (path, error)) from None
        variables = get_program_persistable_vars(self._program)
        missing = [var.name for var in variables if var.name not in arrays]
        if missing:
            raise ValueError("the checkpoint %s is of another program: it lacks %s" % (path, ", ".join(missing)))
        scope = self._current_scope()
        for var in variables:
            _set_value(scope, var, arrays[var.name], "variable")
        core.set_random_state(scope, seed, step)
        return state.get("reader") or {}

"""Running programs."""

import contextlib
import warnings

import numpy as np

from paddle.fluid import core
from paddle.fluid.framework import Program, Variable, default_main_program, dtype_name, dtype_to_numpy

__all__ = ["Executor", "global_scope", "scope_guard"]

_scope = core.Scope()


def global_scope():
    """The scope that programs run over unless told otherwise: it holds the persistable variables."""
    return _scope


def _switch_scope(scope):
    global _scope
    old, _scope = _scope, scope
    return old


@contextlib.contextmanager
def scope_guard(scope):
    """Make another scope the global one inside the ``with`` block."""
    old = _switch_scope(scope)
    try:
        yield
    finally:
        _switch_scope(old)


def as_numpy(value):
    """The value of a fetched variable as an array; of an array of tensors a list of arrays.

    Raises:
        RuntimeError: it holds sequences, which an array cannot tell.
    """
    if isinstance(value, list):
        return [as_numpy(item) for item in value]
    if isinstance(value, core.LoDTensorArray):
        return [as_numpy(value[i]) for i in range(len(value))]
    if isinstance(value, core.SelectedRows):
        return value
    if value.lod():
        raise RuntimeError(
            "a fetched variable holds %d sequences, whose lengths a NumPy array cannot tell; fetch it with return_numpy=False"
            % len(value.recursive_sequence_lengths()[-1])
        )
    return value.numpy(copy=False) if value._is_initialized() else None


def fetch_name(item):
    """The name of what is asked for in a fetch list.

    Raises:
        TypeError: it is neither a variable nor a name.
    """
    if isinstance(item, Variable):
        return item.name
    if isinstance(item, str):
        return item
    raise TypeError("fetch_list takes variables or their names, got %s" % type(item).__name__)


class _FeedCheck:
    """What a fed variable must be, read from its description once."""

    __slots__ = ("name", "dtype", "shape", "strict", "lod_level")

    def __init__(self, var):
        self.name = var.name
        self.dtype = dtype_to_numpy(var.dtype)
        self.shape = var.shape
        self.strict = var.desc.need_check_feed()
        self.lod_level = var.lod_level

    def to_tensor(self, value):
        """The tensor to feed. Arrays are used where they lie; lists and numbers take the variable's type."""
        if isinstance(value, core.LoDTensor):
            if self.strict and value._is_initialized():
                dtype = dtype_name(value._dtype())
                if dtype != self.dtype.name and not (dtype == "bfloat16" and self.dtype.name == "uint16"):
                    raise ValueError("variable '%s' takes %s, it was fed %s" % (self.name, self.dtype, dtype))
                self._check_shape(value.shape())
            return value
        if not isinstance(value, np.ndarray):
            try:
                value = np.array(value, dtype=self.dtype)
            except (TypeError, ValueError) as error:
                raise ValueError(
                    "the value fed for '%s' is no array of %s (%s); sequences are fed as a LoDTensor, "
                    "see fluid.create_lod_tensor" % (self.name, self.dtype, error)
                ) from None
        if value.dtype != self.dtype:
            raise ValueError("variable '%s' takes %s, it was fed %s" % (self.name, self.dtype, value.dtype))
        if self.strict:
            self._check_shape(value.shape)
        return core.from_numpy(value, True)

    def _check_shape(self, shape):
        wanted = self.shape
        if len(shape) != len(wanted) or any(w >= 0 and w != s for w, s in zip(wanted, shape)):
            raise ValueError(
                "variable '%s' takes shape %s (-1: any size), it was fed %s" % (self.name, wanted, tuple(shape))
            )


class _FeedChecks:
    """The checks of the variables of a program, made when they are first fed."""

    def __init__(self, program):
        self.block = program.global_block()
        self.edit_count = program.desc.edit_count
        self.checks = {}

    def to_tensors(self, feed):
        tensors = {}
        for name, value in feed.items():
            check = self.checks.get(name)
            if check is None:
                check = self.checks[name] = self._find(name)
            if check:
                tensors[name] = check.to_tensor(value)
        return tensors

    def _find(self, name):
        var = self.block.vars.get(name)
        if var is None:
            warnings.warn("the program has no variable '%s', what is fed for it is left out" % name, stacklevel=5)
            return False
        return _FeedCheck(var)


def feed_tensors(program, feed):
    """Check what is fed to a program; returns a dict from names to tensors."""
    checks = program.__dict__.get("_feed_checks")
    if checks is None or checks.edit_count != program.desc.edit_count:
        checks = program._feed_checks = _FeedChecks(program)
    return checks.to_tensors(feed)


class Executor:
    """Runs programs on a device.

    A program is prepared when it runs for the first time and kept; later runs only compute. One executor may be used
    by several threads.

    Args:
        place: ``CPUPlace()``, the default, or ``CUDAPlace(i)``.
    """

    def __init__(self, place=None):
        self.place = core.CPUPlace() if place is None else place
        self._executor = core.Executor(self.place)
        self._closed = False

    def close(self):
        """Forget the prepared programs; the executor cannot run any more."""
        if not self._closed:
            self._executor.close()
            self._closed = True

    def run(
        self,
        program=None,
        feed=None,
        fetch_list=None,
        feed_var_name="feed",
        fetch_var_name="fetch",
        scope=None,
        return_numpy=True,
        use_program_cache=False,
        return_merged=True,
        use_prune=False,
    ):
        """Run a program once.

        All its ops that have an effect run (updates of parameters among them), whatever is fetched.

        Args:
            program: a ``Program`` or ``CompiledProgram``; the default main program by default.
            feed (dict): from the names of data variables to arrays or ``LoDTensor`` s.
            fetch_list (list): variables, or their names, whose values are returned.
            scope: holds the persistable variables; the global scope by default.
            return_numpy (bool): return arrays, else ``LoDTensor`` s. Both are the caller's to keep.
            return_merged (bool): for a ``CompiledProgram`` with several replicas: fetched values in one piece, else
                a list with a piece for each replica.
            use_prune (bool): run only what the fetched variables need.
            feed_var_name, fetch_var_name, use_program_cache: without meaning here, kept for old scripts.

        Returns:
            A list of the values of ``fetch_list``.

        Raises:
            ValueError: something fed has another type or shape than its variable, or a variable is neither fed nor
                computed; run the startup program first.
            KeyError: the program has no variable of a name in ``fetch_list``.
            core.EOFException: a reader of the program has no more data.
        """
        if self._closed:
            raise RuntimeError("this executor was closed")
        if program is None:
            program = default_main_program()
        if scope is None:
            scope = _scope
        if fetch_list is None:
            names = []
        elif isinstance(fetch_list, (list, tuple)):
            names = [fetch_name(item) for item in fetch_list]
        else:
            names = [fetch_name(fetch_list)]
        if not isinstance(program, Program):
            if hasattr(program, "_run"):
                return program._run(self, feed, names, scope, return_numpy, return_merged)
            raise TypeError("run takes a Program or CompiledProgram, got %s" % type(program).__name__)
        if isinstance(feed, (list, tuple)):
            if len(feed) != 1:
                raise ValueError("a Program takes one dict to feed, got %d; see CompiledProgram" % len(feed))
            feed = feed[0]
        if use_prune and names:
            program = pruned(program, feed or {}, names)
        values = self._run_program(program, feed, names, scope)
        return as_numpy(values) if return_numpy else values

    def _run_program(self, program, feed, names, scope):
        tensors = feed_tensors(program, feed) if feed else {}
        if not program.global_block().ops and not program.desc.block(0).op_size():
            warnings.warn("the program has no ops; was it built under another program_guard?", stacklevel=3)
        return self._executor.run(program.desc, scope, tensors, names, program.random_seed)

    def plan(self, program=None, feed=(), fetch_list=(), scope=None):
        """What a run of the program would do, as text: passes, ops in order, and where their results lie."""
        program = default_main_program() if program is None else program
        names = [fetch_name(item) for item in fetch_list]
        return self._executor.plan_text(program.desc, list(feed), names, _scope if scope is None else scope)

    def trim(self):
        """Give memory that is kept for later runs back to the system."""
        self._executor.trim()


def pruned(program, feed, names):
    """A copy of a program with what the named variables need, kept for the next time."""
    cache = program.__dict__.setdefault("_pruned", {})
    key = (tuple(sorted(feed)), tuple(names), program.desc.edit_count)
    found = cache.get(key)
    if found is None:
        if len(cache) >= 16:
            cache.clear()
        found = cache[key] = program._prune_with_input(list(feed), list(names))
    return found


_evaluators = {}


def evaluate(var, feed, scope, place):
    """Run what a variable needs, see ``Variable.eval``."""
    place = core.CPUPlace() if place is None else place
    key = str(place)
    if key not in _evaluators:
        _evaluators[key] = Executor(place)
    program = pruned(var.block.program, feed or {}, [var.name])
    value = _evaluators[key].run(program, feed, [var.name], scope=scope, return_numpy=False)[0]
    return value if isinstance(value, core.LoDTensor) and value.lod() else as_numpy(value)


def _fetch_var(name, scope=None, return_numpy=True):
    """The value of a persistable variable of a scope, the global one by default.

    Raises:
        KeyError: there is none.
    """
    found = (_scope if scope is None else scope).find_var(name)
    if found is None:
        raise KeyError("the scope has no variable '%s'; only persistable variables stay there" % name)
    tensor = found.get_tensor()
    return np.array(tensor) if return_numpy else tensor

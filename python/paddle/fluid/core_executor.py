"""Classes of ``fluid.core`` for running programs that are written in Python."""

from paddle.fluid import core
from paddle.fluid.compiler import BuildStrategy, ExecutionStrategy
from paddle.fluid.data_parallel import Replicas, split_tensor
from paddle.fluid.framework import Program


class DeviceContext:
    """A device that is there; made by ``create``."""

    def __init__(self):
        raise TypeError("a DeviceContext is made by DeviceContext.create(place)")

    @staticmethod
    def create(place):
        """The context of a device.

        Raises:
            RuntimeError: there is no such device.
        """
        context = DeviceContext.__new__(DeviceContext)
        context._executor = core.Executor(place)
        return context


class ParallelExecutor:
    """Runs a program on several replicas, fed through their scopes; ``fluid.ParallelExecutor`` is made for scripts.

    Args:
        places (list): one a replica.
        params (list): names of the persistable variables; they are shared through the scope.
        loss_var_name (str): name of the loss, for training.
        scope: holds the persistable variables.
        local_scopes (list): kept for old scripts: replicas make their own.
        exec_strategy (ExecutionStrategy), build_strategy (BuildStrategy): see there.
        graph: the program, a ``Program`` or ``ProgramDesc``.
    """

    ExecutionStrategy = ExecutionStrategy
    BuildStrategy = BuildStrategy

    def __init__(self, places, params, loss_var_name, scope, local_scopes, exec_strategy, build_strategy, graph):
        if not places:
            raise ValueError("ParallelExecutor needs one place a replica, got none")
        program = graph if isinstance(graph, Program) else Program._construct_from_desc(graph)
        program = build_strategy._prepare(program)
        self._scope = scope
        self._replicas = Replicas(program, build_strategy, list(places))
        self._program = program
        self._count = len(places)
        self._executor = _Runner(places[0])
        self._feed = {}

    def device_count(self):
        """The number of replicas."""
        return self._count

    def local_scopes(self):
        """The scopes of the replicas, a list: the one given for the first, children of it for the others."""
        return list(self._replicas.scopes(self._scope))

    def drop_local_exe_scopes(self):
        """Give memory that is kept for later runs back to the system."""
        self._executor._executor.trim()

    def _need_create_local_exe_scopes(self):
        """False: temporaries are in no scope."""
        return False

    def feed_tensors_into_local_scopes(self, tensors):
        """What the next runs are fed: a list with a dict from names to ``LoDTensor`` for each replica.

        Raises:
            ValueError: there is not one dict for each replica.
        """
        if len(tensors) != self._count:
            raise ValueError("got %d dicts to feed %d replicas" % (len(tensors), self._count))
        self._feed = [dict(each) for each in tensors]

    def feed_and_split_tensor_into_local_scopes(self, tensors):
        """What the next runs are fed: a dict from names to ``LoDTensor``, each split over the replicas.

        Raises:
            ValueError: a batch has fewer rows than there are replicas.
        """
        if self._count == 1:
            self._feed = [dict(tensors)]
            return
        parts = {name: split_tensor(tensor, self._count) for name, tensor in tensors.items()}
        self._feed = [{name: part[i] for name, part in parts.items()} for i in range(self._count)]

    def run(self, fetch_tensors, return_merged=True):
        """Run once.

        Args:
            fetch_tensors (list): names of the variables to fetch.
            return_merged (bool): fetched values of all replicas in one piece; else a list for each.

        Returns:
            A ``core.FetchList`` with a ``LoDTensor`` for each name, or a ``core.FetchUnmergedList``; ``_move_to_list()``
            makes a list of it.
        """
        feed = self._feed or [{} for _ in range(self._count)]
        values = self._replicas.run(self._executor, feed, list(fetch_tensors), self._scope, False, return_merged)
        fetched = core.FetchList() if return_merged else core.FetchUnmergedList()
        for value in values:
            fetched.append([value] if self._count == 1 and not return_merged else value)
        return fetched


class _Runner:
    """What ``Replicas`` needs of a ``fluid.Executor``."""

    def __init__(self, place):
        self._executor = core.Executor(place)

    def _run_program(self, program, feed, names, scope):
        return self._executor.run(program.desc, scope, feed, names, program.random_seed)

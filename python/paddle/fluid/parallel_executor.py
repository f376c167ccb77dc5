"""The older form of ``CompiledProgram.with_data_parallel``."""

from paddle.fluid import core
from paddle.fluid.compiler import BuildStrategy, CompiledProgram, ExecutionStrategy
from paddle.fluid.executor import Executor, fetch_name, global_scope
from paddle.fluid.framework import cpu_places, cuda_places, default_main_program

__all__ = ["ParallelExecutor", "ExecutionStrategy", "BuildStrategy"]


class ParallelExecutor:
    """Runs a program on several replicas; see ``CompiledProgram.with_data_parallel``.

    Args:
        use_cuda (bool): on GPUs.
        loss_name (str): name of the loss, for training.
        main_program (Program): the default main program by default.
        share_vars_from (ParallelExecutor): use its scope.
        exec_strategy, build_strategy: see there.
        num_trainers, trainer_id (int): 1 and 0; several machines are not there.
        scope: holds the persistable variables; the global scope by default.
    """

    ExecutionStrategy = ExecutionStrategy
    BuildStrategy = BuildStrategy

    def __init__(
        self,
        use_cuda,
        loss_name=None,
        main_program=None,
        share_vars_from=None,
        exec_strategy=None,
        build_strategy=None,
        num_trainers=1,
        trainer_id=0,
        scope=None,
    ):
        if num_trainers != 1:
            raise NotImplementedError("ParallelExecutor on several machines is not there")
        if share_vars_from is not None and scope is None:
            scope = share_vars_from._scope
        self._places = cuda_places() if use_cuda else cpu_places()
        self._scope = global_scope() if scope is None else scope
        program = default_main_program() if main_program is None else main_program
        self._program = CompiledProgram(program).with_data_parallel(
            loss_name=loss_name, build_strategy=build_strategy, exec_strategy=exec_strategy, places=self._places
        )
        self._executor = Executor(self._places[0] if use_cuda else core.CPUPlace())

    def run(self, fetch_list, feed=None, feed_dict=None, return_numpy=True):
        """See ``Executor.run``; ``feed``: a dict that is split, or a list with one for each replica."""
        feed = feed_dict if feed is None else feed
        names = [fetch_name(item) for item in fetch_list]
        return self._executor.run(self._program, feed, names, scope=self._scope, return_numpy=return_numpy)

    @property
    def device_count(self):
        """The number of replicas."""
        return len(self._places)

    def drop_local_exe_scopes(self):
        """Give memory that is kept for later runs back to the system."""
        self._executor.trim()

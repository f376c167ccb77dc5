"""Programs with ways to run them."""

from paddle.fluid.framework import Program

__all__ = ["CompiledProgram", "ExecutionStrategy", "BuildStrategy"]


class ExecutionStrategy:
    """How a ``CompiledProgram`` runs. The fields are those that scripts set; the core decides these things itself."""

    def __init__(self):
        self.num_threads = 0
        self.use_cuda = False
        self.allow_op_delay = False
        self.num_iteration_per_drop_scope = 100
        self.num_iteration_per_run = 1
        self.use_thread_barrier = False
        self.use_experimental_executor = False


class BuildStrategy:
    """How a ``CompiledProgram`` is prepared.

    ``gradient_scale_strategy`` counts: the mean (``CoeffNumDevice``) or sum (``One``) of the replicas' gradients. The
    other fields are those that scripts set; the core decides these things itself.
    """

    class ReduceStrategy:
        AllReduce = 0
        Reduce = 1

    class GradientScaleStrategy:
        CoeffNumDevice = 0
        One = 1
        Customized = 2

    def __init__(self):
        self.reduce_strategy = BuildStrategy.ReduceStrategy.AllReduce
        self.gradient_scale_strategy = BuildStrategy.GradientScaleStrategy.CoeffNumDevice
        self.debug_graphviz_path = ""
        self.enable_sequential_execution = False
        self.remove_unnecessary_lock = True
        self.num_trainers = 1
        self.trainers_endpoints = []
        self.trainer_id = 0
        self.fuse_elewise_add_act_ops = False
        self.fuse_bn_act_ops = False
        self.enable_auto_fusion = False
        self.fuse_relu_depthwise_conv = False
        self.fuse_broadcast_ops = None
        self.fuse_all_optimizer_ops = False
        self.fuse_all_reduce_ops = None
        self.sync_batch_norm = False
        self.memory_optimize = None
        self.enable_inplace = None
        self.cache_runtime_context = False
        self.async_mode = False


class CompiledProgram:
    """A program to run through ``Executor.run``, maybe on several replicas.

    Args:
        program_or_graph (Program): the program.
        build_strategy (BuildStrategy): how it is prepared.
    """

    def __init__(self, program_or_graph, build_strategy=None):
        if not isinstance(program_or_graph, Program):
            raise TypeError("CompiledProgram takes a Program, got %s" % type(program_or_graph).__name__)
        self._program = program_or_graph
        self._build_strategy = BuildStrategy() if build_strategy is None else build_strategy
        self._is_data_parallel = False
        self._places = None
        self._loss_name = None
        self._replicas = None

    def with_data_parallel(
        self, loss_name=None, build_strategy=None, exec_strategy=None, share_vars_from=None, places=None
    ):
        """Split each batch over replicas: gradients are averaged, fetched values put together.

        One replica uses all cores already; several are for comparing with what others compute.

        Args:
            loss_name (str): name of the loss, for training.
            build_strategy (BuildStrategy): instead of the one given before.
            exec_strategy (ExecutionStrategy): kept for old scripts.
            share_vars_from (CompiledProgram): kept for old scripts: variables are shared through the scope.
            places: a list of places, one a replica; ``CPU_NUM`` of them by default, 1 unless the environment says so.

        Returns:
            This object.

        Raises:
            ValueError: it was called before.
        """
        if self._is_data_parallel:
            raise ValueError("with_data_parallel was called already")
        self._is_data_parallel = True
        self._loss_name = getattr(loss_name, "name", loss_name)
        if build_strategy is not None:
            self._build_strategy = build_strategy
        self._places = places
        return self

    def _run(self, executor, feed, names, scope, return_numpy, return_merged):
        if not self._is_data_parallel:
            return executor.run(self._program, feed, names, scope=scope, return_numpy=return_numpy)
        if self._replicas is None:
            from paddle.fluid.data_parallel import Replicas

            self._replicas = Replicas(self._program, self._build_strategy, self._places)
        return self._replicas.run(executor, feed, names, scope, return_numpy, return_merged)

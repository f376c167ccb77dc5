"""Programs with ways to run them."""

from paddle.fluid import core
from paddle.fluid.enumeration import Enumeration
from paddle.fluid.framework import Program

__all__ = ["CompiledProgram", "ExecutionStrategy", "BuildStrategy"]


class _Fields:
    """Fields with defaults; any other name is an error."""

    __slots__ = ()
    _DEFAULTS = {}

    def __init__(self):
        for name, value in self._DEFAULTS.items():
            setattr(self, name, value.copy() if isinstance(value, (list, set)) else value)


class ExecutionStrategy(_Fields):
    """How a ``CompiledProgram`` runs. The fields are those that scripts set; the core decides these things itself.

    Raises:
        AttributeError: a field that there is not.
    """

    _DEFAULTS = {
        "num_threads": 0,
        "use_cuda": True,
        "allow_op_delay": False,
        "num_iteration_per_drop_scope": 100,
        "num_iteration_per_run": 1,
        "use_thread_barrier": False,
        "use_experimental_executor": True,
        "_dry_run": False,
    }
    __slots__ = tuple(_DEFAULTS)


class BuildStrategy(_Fields):
    """How a ``CompiledProgram`` is prepared.

    ``gradient_scale_strategy`` counts: the mean (``CoeffNumDevice``) or sum (``One``) of the replicas' gradients.
    ``debug_graphviz_path`` names a file for the program's graph. Fields that would change what is computed
    (``sync_batch_norm``, ``async_mode``, ``num_trainers``) are refused when the program runs, where they are not
    there. The other fields are those that scripts set; the core decides these things itself.

    Raises:
        AttributeError: a field that there is not.
    """

    class ReduceStrategy(Enumeration):
        """Where gradients are added up: the same result either way."""

        AllReduce = 0
        Reduce = 1

    class GradientScaleStrategy(Enumeration):
        """What the replicas' gradients are multiplied with."""

        CoeffNumDevice = 0
        One = 1
        Customized = 2

    _DEFAULTS = {
        "reduce_strategy": ReduceStrategy.AllReduce,
        "gradient_scale_strategy": GradientScaleStrategy.CoeffNumDevice,
        "debug_graphviz_path": "",
        "enable_sequential_execution": False,
        "remove_unnecessary_lock": True,
        "num_trainers": 1,
        "trainers_endpoints": [],
        "trainer_id": 0,
        "nccl_comm_num": 1,
        "use_hierarchical_allreduce": False,
        "hierarchical_allreduce_inter_nranks": 0,
        "fuse_elewise_add_act_ops": False,
        "fuse_bn_act_ops": False,
        "enable_auto_fusion": False,
        "fuse_relu_depthwise_conv": False,
        "fuse_broadcast_ops": True,
        "fuse_all_optimizer_ops": False,
        "fuse_all_reduce_ops": True,
        "sync_batch_norm": False,
        "memory_optimize": None,
        "is_distribution": False,
        "enable_inplace": True,
        "enable_backward_optimizer_op_deps": True,
        "cache_runtime_context": False,
        "async_mode": False,
        "mkldnn_enabled_op_types": set(),
    }
    __slots__ = tuple(_DEFAULTS) + ("_passes",)

    def __init__(self):
        super().__init__()
        self._passes = None

    def _finalize_strategy_and_create_passes(self):
        """The passes that the program is prepared with, a ``core.PassBuilder`` to be changed in place."""
        if self._passes is None:
            self._passes = core.PassBuilder()
        return self._passes

    def _check(self, replicas):
        """Refuse what would change the result and is not there.

        Raises:
            NotImplementedError: such a field is set.
        """
        if self.gradient_scale_strategy == BuildStrategy.GradientScaleStrategy.Customized:
            raise NotImplementedError("GradientScaleStrategy.Customized is not there")
        if self.num_trainers != 1:
            raise NotImplementedError("BuildStrategy.num_trainers: training on several machines is not there")
        if self.async_mode:
            raise NotImplementedError("BuildStrategy.async_mode: parameter servers are not there")
        if self.sync_batch_norm and replicas > 1:
            raise NotImplementedError(
                "BuildStrategy.sync_batch_norm over %d replicas is not there; one replica uses all cores" % replicas
            )

    def _prepare(self, program):
        """The program that runs: the one given, or a copy that the passes have changed."""
        passes = [] if self._passes is None else self._passes.all_passes()
        if passes:
            program = program.clone()
            for each in passes:
                each.apply(program)
        if self.debug_graphviz_path:
            draw = core.get_pass("graph_viz_pass")
            draw.set("graph_viz_path", self.debug_graphviz_path)
            draw.apply(program)
        return program


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
        self._prepared = None

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
        program = self._prepare()
        if not self._is_data_parallel:
            return executor.run(program, feed, names, scope=scope, return_numpy=return_numpy)
        if self._replicas is None or self._replicas.program is not program:
            from paddle.fluid.data_parallel import Replicas

            self._replicas = Replicas(program, self._build_strategy, self._places)
        return self._replicas.run(executor, feed, names, scope, return_numpy, return_merged)

    def _prepare(self):
        """The program that runs, prepared again when the one given was edited."""
        edits = self._program.desc.edit_count
        if self._prepared is None or self._prepared[0] != edits:
            self._build_strategy._check(1)
            program = self._build_strategy._prepare(self._program)
            self._prepared = (self._program.desc.edit_count, program)
        return self._prepared[1]

"""Predictors: a saved model, ready to run."""

import os
import weakref

import numpy as np

from paddle.fluid import core
from paddle.fluid.inference.config import AnalysisConfig, Config, NativeConfig
from paddle.fluid.inference.tensors import PaddleTensor
from paddle.fluid.inference.zero_copy import ZeroCopyTensor


_HELD = frozenset(map(np.dtype, ("float32", "int64", "int32")))


def _read_program(model_dir, prog_file):
    """The program of a model on disk, and the path that it came from."""
    if not model_dir and not prog_file:
        raise ValueError("the configuration names no model; give it a folder, or the paths of program and parameters")
    path = prog_file or os.path.join(model_dir, "__model__")
    if not os.path.isfile(path):
        raise ValueError("there is no model at '%s'" % path)
    with open(path, "rb") as file:
        return core.ProgramDesc.parse_from_string(file.read())


def _load_parameters(program, scope, model_dir, params_file):
    if params_file:
        core._load_persistables(program, scope, "", params_file)
    else:
        core._load_persistables(program, scope, model_dir, "")


def _stop_profile():
    if core.is_profiler_enabled():
        core.disable_profiler(core.EventSortingKey.kTotal, "profile.log")


class PaddlePredictor:
    """A saved model, ready to run; ``create_paddle_predictor(config)`` makes one.

    ``run`` may be called from many threads at once. Inputs and outputs of ``zero_copy_run`` belong to the predictor:
    each thread needs its own, from ``clone()``, which shares the weights.
    """

    Config = Config

    def __init__(self):
        raise TypeError("a predictor is made by create_paddle_predictor(config)")

    def _setup(self, scope, predictor, by_name):
        self._scope = scope
        self._predictor = predictor
        self._by_name = by_name
        self._inputs, self._outputs = predictor.inputs(), predictor.outputs()
        self._input_tensors = {name: ZeroCopyTensor._make(name, True) for name in self._inputs}
        self._output_tensors = {name: ZeroCopyTensor._make(name, False) for name in self._outputs}

    def _ready(self):
        if self.__dict__.get("_predictor") is None:
            raise ValueError("call init(None) first, or use create_paddle_predictor")
        return self._predictor

    def run(self, inputs):
        """Run the model once.

        Args:
            inputs (list): a ``PaddleTensor`` for each input, in the order of ``get_input_names()``; after
                ``switch_specify_input_names()`` in any order, each with the name of its input.

        Returns:
            A list of ``PaddleTensor``, one for each of ``get_output_names()``; they are the caller's to keep.

        Raises:
            ValueError: an input is missing, or has another type, shape or LoD than the model takes.
        """
        predictor = self._ready()
        outputs = predictor.run([self._feed(each) for each in self._in_order(list(inputs))])
        return [self._fetched(name, tensor) for name, tensor in zip(self._outputs, outputs)]

    def _in_order(self, inputs):
        if not all(isinstance(each, PaddleTensor) for each in inputs):
            raise TypeError("run takes a list of PaddleTensor, got %r" % (inputs,))
        if len(inputs) != len(self._inputs):
            raise ValueError("the model takes %d inputs %s, got %d" % (len(self._inputs), self._inputs, len(inputs)))
        if not self._by_name:
            return inputs
        named = {each.name: each for each in inputs}
        if set(named) != set(self._inputs):
            raise ValueError("the model takes the inputs %s, got %s" % (self._inputs, [each.name for each in inputs]))
        return [named[name] for name in self._inputs]

    @staticmethod
    def _feed(given):
        tensor = core.from_numpy(given._view(), True)
        if given.lod:
            tensor.set_lod(given.lod)
        return tensor

    @staticmethod
    def _fetched(name, tensor):
        array = tensor.numpy(copy=False)
        if array.dtype not in _HELD:
            raise NotImplementedError(
                "output '%s' is %s, which no PaddleTensor can hold; use zero_copy_run and "
                "get_output_tensor('%s').copy_to_cpu()" % (name, array.dtype, name)
            )
        return PaddleTensor._over(array, name, tensor.lod())

    def get_input_names(self):
        """The names of the inputs, a list."""
        self._ready()
        return list(self._inputs)

    def get_output_names(self):
        """The names of the outputs, a list."""
        self._ready()
        return list(self._outputs)

    def get_input_tensor_shape(self):
        """A dict from the names of the inputs to their sizes; -1 is any size."""
        return {name: self._ready().input_shape(i) for i, name in enumerate(self._inputs)}

    def get_input_tensor(self, name):
        """The ``ZeroCopyTensor`` of an input.

        Raises:
            KeyError: there is no such input.
        """
        self._ready()
        if name not in self._input_tensors:
            raise core.NotFoundError("the model has no input '%s'; it has %s" % (name, self._inputs))
        return self._input_tensors[name]

    def get_output_tensor(self, name):
        """The ``ZeroCopyTensor`` of an output.

        Raises:
            KeyError: there is no such output.
        """
        self._ready()
        if name not in self._output_tensors:
            raise core.NotFoundError("the model has no output '%s'; it has %s" % (name, self._outputs))
        return self._output_tensors[name]

    def zero_copy_run(self):
        """Run the model on what its input tensors hold, and fill its output tensors.

        Returns:
            True.

        Raises:
            ValueError: an input holds nothing, or has another type, shape or LoD than the model takes.
        """
        predictor = self._ready()
        inputs = [self._input_tensors[name]._to_tensor() for name in self._inputs]
        for name, tensor in zip(self._outputs, predictor.run(inputs)):
            self._output_tensors[name]._take(tensor)
        return True

    def clone(self):
        """Another predictor with the same weights in memory, and inputs, outputs and run memory of its own."""
        predictor = self._ready().clone()
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._original = self  # the profile ends when the last one is gone
        other._setup(self._scope, predictor, self._by_name)
        return other

    def scope(self):
        """The scope that holds the weights."""
        self._ready()
        return self._scope

    def get_serialized_program(self):
        """The program that it runs, as bytes."""
        return self._ready() and self._program.serialize_to_string()

    def _start_profile(self):
        core.enable_profiler(core.ProfilerState.kCPU)
        weakref.finalize(self, _stop_profile)


class NativePaddlePredictor(PaddlePredictor):
    """A model as it is in its file.

    Args:
        config (NativeConfig): names the model.
    """

    def __init__(self, config):
        if not isinstance(config, NativeConfig):
            raise TypeError("NativePaddlePredictor takes a NativeConfig, got %s" % type(config).__name__)
        self._config = config
        self._predictor = None

    def init(self, parent_scope=None):
        """Load the model into a new scope, a child of ``parent_scope`` if given. Returns True."""
        config = self._config
        scope = core.Scope() if parent_scope is None else parent_scope.new_scope()
        self._program = _read_program(config.model_dir, config.prog_file)
        core.refuse_io(self._program)
        place = core.CUDAPlace(config.device) if config.use_gpu else core.CPUPlace()
        predictor = core._Predictor(self._program, scope, place, config._threads or 0)
        _load_parameters(self._program, scope, config.model_dir, config.param_file)
        self._setup(scope, predictor, config.specify_input_name)
        return True


class AnalysisPredictor(PaddlePredictor):
    """A model that passes have prepared.

    Args:
        config (AnalysisConfig): names the model and the passes; it is copied.

    Raises:
        NotImplementedError: it asks for the int8 quantizer.
    """

    def __init__(self, config):
        if not isinstance(config, AnalysisConfig):
            raise TypeError("AnalysisPredictor takes an AnalysisConfig, got %s" % type(config).__name__)
        if config._quantizer is not None:
            raise NotImplementedError("the int8 quantizer is not there: there are no int8 kernels")
        self._config = AnalysisConfig(config)
        self._predictor = None

    def init(self, parent_scope=None, program=None):
        """Load the model into a new scope, a child of ``parent_scope`` if given.

        Args:
            parent_scope: a scope, whose variables the model may use.
            program (core.ProgramDesc): run it instead of loading the model; the scopes hold its parameters.

        Returns:
            True.
        """
        config = self._config
        self._scope = core.Scope() if parent_scope is None else parent_scope.new_scope()
        self._program = self._load_program() if program is None else program.copy()
        if not config._allow_io:
            core.refuse_io(self._program)
        self.prepare_argument()
        self._check_passes()
        if program is None:
            self._load_parameters()
        self.optimize_inference_program()
        self.prepare_feed_fetch()
        if config._profile:
            self._start_profile()
        return True

    def _load_program(self):
        config = self._config
        if config.model_from_memory():
            return core.ProgramDesc.parse_from_string(config.prog_file())
        return _read_program(config.model_dir(), config.prog_file())

    def _load_parameters(self):
        config = self._config
        if config.model_from_memory():
            core._load_persistables_from_bytes(self._program, self._scope, config.params_file())
        else:
            _load_parameters(self._program, self._scope, config.model_dir(), config.params_file())

    def _check_passes(self):
        for name in self._argument["ir_analysis_passes"]:
            core.get_pass(name)

    def prepare_argument(self):
        """Collect what the preparation is given, see ``analysis_argument``."""
        config = self._config
        self._argument = {
            "model_dir": config.model_dir(),
            "model_from_memory": config.model_from_memory(),
            "use_gpu": config.use_gpu(),
            "gpu_device_id": config.gpu_device_id(),
            "enable_analysis_optim": config.ir_optim(),
            "analysis_passes": config.pass_builder().analysis_passes(),
            "ir_analysis_passes": config.pass_builder().all_passes() if config.ir_optim() else [],
        }

    def analysis_argument(self):
        """What the preparation was given, a dict."""
        return dict(self._argument)

    def optimize_inference_program(self):
        """Apply the passes to the program."""
        for number, name in enumerate(self._argument["ir_analysis_passes"]):
            each = core.get_pass(name)
            if name == "graph_viz_pass":
                each.set("graph_viz_path", self._dot_path(number, name))
            each.apply(self._program)
            if self._config._ir_debug and name != "graph_viz_pass":
                draw = core.get_pass("graph_viz_pass")
                draw.set("graph_viz_path", self._dot_path(number, name))
                draw.apply(self._program)

    @staticmethod
    def _dot_path(number, name):
        return "%d_ir_%s.dot" % (number, name)

    def prepare_feed_fetch(self):
        """Make the program ready to run."""
        config = self._config
        place = core.CUDAPlace(config.gpu_device_id()) if config.use_gpu() else core.CPUPlace()
        predictor = core._Predictor(self._program, self._scope, place, config._threads or 0, config._allow_io)
        self._setup(self._scope, predictor, config.specify_input_name())

    def create_feed_fetch_var(self, scope):
        """Make the variables ``feed`` and ``fetch`` in a scope, see ``core.set_feed_variable``."""
        scope.var("feed")
        scope.var("fetch")

    def program(self):
        """The program that it runs, a ``core.ProgramDesc``; changes of it have no effect."""
        self._ready()
        return self._program.copy()

    def mkldnn_quantize(self):
        """Not there.

        Raises:
            NotImplementedError: always: there are no int8 kernels.
        """
        raise NotImplementedError("the int8 quantizer is not there: there are no int8 kernels")

    def SaveOptimModel(self, dir):
        """Write the program that it runs and its parameters into a folder: the files ``model`` and ``params``."""
        from paddle.fluid.io.state_file import atomic_write

        self._ready()
        os.makedirs(dir, exist_ok=True)
        data = self._program.serialize_to_string()
        core._save_persistables(self._program, self._scope, dir, "params")
        atomic_write(os.path.join(dir, "model"), lambda file: file.write(data))


def create_paddle_predictor(config):
    """A predictor for the model that a configuration names.

    Args:
        config: an ``AnalysisConfig``, or a ``NativeConfig`` for the program as it is in the file.

    Returns:
        An ``AnalysisPredictor`` or ``NativePaddlePredictor``.

    Raises:
        ValueError: there is no model, its files are damaged, or it holds ops that touch files, the network or Python.
        KeyError: a pass is not there.
        NotImplementedError: the configuration asks for the int8 quantizer.
        RuntimeError: the GPU that it asks for is not there.
    """
    if isinstance(config, NativeConfig):
        predictor = NativePaddlePredictor(config)
    elif isinstance(config, AnalysisConfig):
        predictor = AnalysisPredictor(config)
    else:
        raise TypeError("expected an AnalysisConfig or NativeConfig, got %s" % type(config).__name__)
    predictor.init()
    return predictor

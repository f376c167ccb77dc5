"""What a predictor is made from."""

import copy

from paddle.fluid.enumeration import Enumeration
from paddle.fluid.inference.pass_builder import CpuPassStrategy, GpuPassStrategy


def checked_threads(count):
    """A thread count; ValueError unless it is 1 to 1024."""
    if not 1 <= count <= 1024:
        raise ValueError("the number of threads must be 1 to 1024, got %r" % (count,))
    return int(count)


class Config:
    """Base of the configurations: ``model_dir`` is the folder of the model."""

    def __init__(self):
        self.model_dir = ""


class NativeConfig(Config):
    """Inference with the program as it is in the file.

    Attributes:
        model_dir (str): the folder of the model.
        prog_file, param_file (str): paths of the program and of the file with all parameters; instead of ``model_dir``.
        use_gpu (bool), device (int): run on that GPU.
        fraction_of_gpu_memory (float): kept for old scripts; memory is taken as it is needed.
        specify_input_name (bool): inputs are found by their names, not by their order.
    """

    def __init__(self):
        super().__init__()
        self.use_gpu = False
        self.device = 0
        self.fraction_of_gpu_memory = -1.0
        self.prog_file = ""
        self.param_file = ""
        self.specify_input_name = False
        self._threads = None

    def set_cpu_math_library_num_threads(self, cpu_math_library_num_threads):
        """Run on so many threads, 1 to 1024. Unless it is called: as ``fluid.core.set_num_threads`` says."""
        self._threads = checked_threads(cpu_math_library_num_threads)

    def cpu_math_library_num_threads(self):
        """The number that was set, 1 if none was."""
        return self._threads or 1


class MkldnnQuantizerConfig:
    """Settings of the int8 quantizer, which is not there: they are kept."""

    def __init__(self, other=None):
        self._batch_size = 1 if other is None else other._batch_size
        self._op_types = set() if other is None else set(other._op_types)
        self._data = [] if other is None else list(other._data)

    def set_quant_data(self, data):
        """Inputs to measure value ranges with: a list of ``PaddleTensor``."""
        self._data = list(data)

    def set_quant_batch_size(self, batch_size):
        """The batch size of these inputs."""
        self._batch_size = int(batch_size)

    def set_enabled_op_types(self, op_types):
        """Types of the ops to quantize."""
        self._op_types = set(op_types)


class AnalysisConfig:
    """Inference with a program that passes prepare.

    ``AnalysisConfig(folder)``: a model with a file for each parameter. ``AnalysisConfig(program, parameters)``: the
    paths of the program and of the file with all parameters. ``AnalysisConfig(config)``: a copy.
    """

    class Precision(Enumeration):
        """Element types that another vendor's engine would compute in."""

        Float32 = 0
        Int8 = 1
        Half = 2

    Float32, Int8, Half = Precision.Float32, Precision.Int8, Precision.Half

    def __init__(self, *model):
        if len(model) > 2:
            raise TypeError("AnalysisConfig takes a folder, or the paths of program and parameters, or a config")
        if len(model) == 1 and isinstance(model[0], AnalysisConfig):
            self.__dict__.update(copy.deepcopy(model[0].__dict__))
            return
        self._model_dir = self._prog_file = self._params_file = self._optim_cache_dir = ""
        self._from_memory = self._use_gpu = self._profile = self._glog_off = self._mkldnn = False
        self._specify_input_name = self._ir_debug = self._memory_optim = False
        self._ir_optim = self._feed_fetch_ops = True
        self._gpu_id, self._gpu_pool_mb, self._mkldnn_cache = 0, 100, 0
        self._threads = None
        self._mkldnn_ops = set()
        self._quantizer = None
        self._allow_io = False
        self._strategy = CpuPassStrategy()
        if model:
            self.set_model(*model)

    # The model.

    def set_model(self, model, params=None):
        """The model: a folder, or with ``params`` the path of the program and that of the file with all parameters."""
        if params is None:
            self._model_dir = str(model)
        else:
            self._prog_file, self._params_file = str(model), str(params)

    def set_prog_file(self, x):
        """The path of the program."""
        self._prog_file = str(x)

    def set_params_file(self, x):
        """The path of the file with all parameters."""
        self._params_file = str(x)

    def set_model_buffer(self, prog_buffer, prog_buffer_size, params_buffer, params_buffer_size):
        """The model from memory: the content of the two files, and how many bytes of it to take."""
        self._prog_file = bytes(prog_buffer[:prog_buffer_size])
        self._params_file = bytes(params_buffer[:params_buffer_size])
        self._from_memory = True

    def model_from_memory(self):
        """Whether ``set_model_buffer`` was called."""
        return self._from_memory

    def model_dir(self):
        """The folder of the model."""
        return self._model_dir

    def prog_file(self):
        """The path of the program; its content after ``set_model_buffer``."""
        return self._prog_file

    def params_file(self):
        """The path of the file with all parameters; its content after ``set_model_buffer``."""
        return self._params_file

    def allow_io(self, x=True):
        """Admit ops that touch files, the network or Python: only for models whose author you trust."""
        self._allow_io = bool(x)

    def set_optim_cache_dir(self, opt_cache_dir):
        """Accepted: nothing is cached on disk."""
        self._optim_cache_dir = str(opt_cache_dir)

    # Where and how it runs.

    def enable_use_gpu(self, memory_pool_init_size_mb, device_id=0):
        """Run on a GPU. That it is there is checked when the predictor is made.

        Args:
            memory_pool_init_size_mb (int): kept for old scripts; memory is taken as it is needed.
            device_id (int): which one.
        """
        passes = self._strategy.all_passes()
        self._use_gpu, self._gpu_id, self._gpu_pool_mb = True, int(device_id), int(memory_pool_init_size_mb)
        self._strategy = GpuPassStrategy()
        self._strategy.set_passes(passes)

    def disable_gpu(self):
        """Run on the CPU."""
        passes = self._strategy.all_passes()
        self._use_gpu = False
        self._strategy = CpuPassStrategy()
        self._strategy.set_passes(passes)

    def use_gpu(self):
        """Whether it runs on a GPU."""
        return self._use_gpu

    def gpu_device_id(self):
        """Which GPU."""
        return self._gpu_id

    def memory_pool_init_size_mb(self):
        """What ``enable_use_gpu`` was given, 100 at first."""
        return self._gpu_pool_mb

    def fraction_of_gpu_memory_for_pool(self):
        """0.0: no memory is taken in advance."""
        return 0.0

    def set_cpu_math_library_num_threads(self, cpu_math_library_num_threads):
        """Run on so many threads, 1 to 1024. Unless it is called: as ``fluid.core.set_num_threads`` says."""
        self._threads = checked_threads(cpu_math_library_num_threads)

    def cpu_math_library_num_threads(self):
        """The number that was set, 1 if none was."""
        return self._threads or 1

    def enable_profile(self):
        """Record what each op takes; the table is printed when the predictor is gone, and a trace for Chrome's or
        Perfetto's viewer written to ``profile.log``."""
        self._profile = True

    def disable_glog_info(self):
        """Accepted: nothing is logged."""
        self._glog_off = True

    def glog_info_disabled(self):
        """Whether ``disable_glog_info`` was called."""
        return self._glog_off

    # Inputs.

    def switch_use_feed_fetch_ops(self, x=True):
        """Accepted: ``run`` and ``zero_copy_run`` both work with either value."""
        self._feed_fetch_ops = bool(x)

    def use_feed_fetch_ops_enabled(self):
        """What was set, True at first."""
        return self._feed_fetch_ops

    def switch_specify_input_names(self, x=True):
        """Whether ``run`` finds its inputs by their names, not by their order."""
        self._specify_input_name = bool(x)

    def specify_input_name(self):
        """What was set, False at first."""
        return self._specify_input_name

    # Passes.

    def switch_ir_optim(self, x=True):
        """Whether the passes of ``pass_builder()`` are applied."""
        self._ir_optim = bool(x)

    def ir_optim(self):
        """What was set, True at first."""
        return self._ir_optim

    def switch_ir_debug(self, x=True):
        """Whether the program's graph is written (``<number>_ir_<pass>.dot``) after each pass."""
        self._ir_debug = bool(x)

    def enable_memory_optim(self):
        """Accepted: memory is planned by lifetime for every program."""
        self._memory_optim = True

    def delete_pass(self, pass_name):
        """Do not apply a pass; nothing happens when it is not in the list."""
        self._strategy.delete_pass(pass_name)

    def pass_builder(self):
        """The list of passes, a ``PassStrategy`` to be changed in place."""
        return self._strategy

    # What other vendors' libraries would do.

    def enable_mkldnn(self):
        """Accepted: the core decides which library computes what."""
        self._mkldnn = True

    def mkldnn_enabled(self):
        """Whether ``enable_mkldnn`` was called."""
        return self._mkldnn

    def set_mkldnn_cache_capacity(self, capacity=0):
        """Accepted: primitives are kept with the plan, and go with it."""
        self._mkldnn_cache = int(capacity)

    def set_mkldnn_op(self, op_list):
        """Accepted: the core decides which library computes what."""
        self._mkldnn_ops = set(op_list)

    def enable_quantizer(self):
        """Keep settings for the int8 quantizer; the predictor cannot be made then: there are no int8 kernels."""
        self._quantizer = self._quantizer or MkldnnQuantizerConfig()

    def quantizer_config(self):
        """The ``MkldnnQuantizerConfig``.

        Raises:
            RuntimeError: ``enable_quantizer`` was not called.
        """
        if self._quantizer is None:
            raise RuntimeError("call enable_quantizer before quantizer_config")
        return self._quantizer

    def enable_tensorrt_engine(
        self,
        workspace_size=1 << 20,
        max_batch_size=1,
        min_subgraph_size=3,
        precision_mode=Precision.Float32,
        use_static=False,
        use_calib_mode=True,
    ):
        """Not there.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("TensorRT is not there: a GPU runs the program with the core's own kernels")

    def tensorrt_engine_enabled(self):
        """False: TensorRT is not there."""
        return False

    def set_trt_dynamic_shape_info(
        self, min_input_shape=None, max_input_shape=None, optim_input_shape=None, disable_trt_plugin_fp16=False
    ):
        """Accepted: every input may have any size that the program allows, always."""

    def enable_lite_engine(self, precision_mode=Precision.Float32, zero_copy=False, passes_filter=(), ops_filter=()):
        """Not there.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("the Lite engine is not there")

    def lite_engine_enabled(self):
        """False: the Lite engine is not there."""
        return False

    def to_native_config(self):
        """A ``NativeConfig`` of the same model and device."""
        if self._from_memory:
            raise ValueError("a NativeConfig names files; this model is in memory")
        config = NativeConfig()
        config.model_dir, config.prog_file, config.param_file = self._model_dir, self._prog_file, self._params_file
        config.use_gpu, config.device = self._use_gpu, self._gpu_id
        config.specify_input_name = self._specify_input_name
        config._threads = self._threads
        return config

"""Which passes prepare a program for inference."""

from paddle.fluid.passes import INFERENCE_PASSES

_ANALYSIS_PASSES = ["ir_graph_build_pass", "ir_analysis_pass", "ir_graph_to_program_pass"]


class PaddlePassBuilder:
    """A list of passes to apply, by name. The names are looked up when a predictor is made.

    Args:
        passes (list): names; ``fluid.core.get_pass`` tells which there are.
    """

    def __init__(self, passes):
        self._passes = [str(name) for name in passes]
        self._analysis = list(_ANALYSIS_PASSES)

    def set_passes(self, passes):
        """Apply these passes, and no others."""
        self._passes = [str(name) for name in passes]

    def append_pass(self, pass_type):
        """Apply a pass after the others."""
        self._passes.append(str(pass_type))

    def insert_pass(self, idx, pass_type):
        """Apply a pass before the one that is number ``idx`` now.

        Raises:
            IndexError: there are fewer passes.
        """
        if not 0 <= idx <= len(self._passes):
            raise IndexError("a pass cannot be inserted at %d, there are %d" % (idx, len(self._passes)))
        self._passes.insert(idx, str(pass_type))

    def delete_pass(self, pass_type):
        """Do not apply a pass; nothing happens when it is not in the list."""
        self._passes = [name for name in self._passes if name != pass_type]

    def append_analysis_pass(self, pass_type):
        """Name a further step of the preparation, before the last one."""
        self._analysis.insert(len(self._analysis) - 1, str(pass_type))

    def turn_on_debug(self):
        """Write the program's graph (``<number>_ir_<pass>.dot``) after each pass."""
        self._passes = [name for each in self._passes for name in (each, "graph_viz_pass")]

    def debug_string(self):
        """The passes, one a line."""
        return "Passes to apply:\n" + "".join("  - %s\n" % name for name in self._passes)

    def all_passes(self):
        """The names of the passes, a list."""
        return list(self._passes)

    def analysis_passes(self):
        """The names of the steps of the preparation, a list; the passes are applied in ``ir_analysis_pass``."""
        return list(self._analysis)


class PassStrategy(PaddlePassBuilder):
    """The passes for a kind of device.

    Args:
        passes (list): names.
    """

    def __init__(self, passes):
        super().__init__(passes)
        self._use_gpu = False

    def enable_cudnn(self):
        """Accepted: the core decides which library computes what."""

    def enable_mkldnn(self):
        """Accepted: the core decides which library computes what."""

    def enable_mkldnn_quantizer(self):
        """Not there.

        Raises:
            NotImplementedError: always: there are no int8 kernels.
        """
        raise NotImplementedError("the int8 quantizer is not there: there are no int8 kernels")

    def use_gpu(self):
        """Whether the passes are for a GPU."""
        return self._use_gpu


class CpuPassStrategy(PassStrategy):
    """The passes for a CPU, at first those that inference uses.

    Args:
        other (CpuPassStrategy): start with its passes instead.
    """

    def __init__(self, other=None):
        super().__init__(INFERENCE_PASSES if other is None else other.all_passes())


class GpuPassStrategy(PassStrategy):
    """The passes for a GPU, at first those that inference uses.

    Args:
        other (GpuPassStrategy): start with its passes instead.
    """

    def __init__(self, other=None):
        super().__init__(INFERENCE_PASSES if other is None else other.all_passes())
        self._use_gpu = True

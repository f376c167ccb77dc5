"""What a machine without the CUDA plug-in, or without a driver, says to a CUDAPlace."""

import os

import numpy as np
import paddle.fluid as fluid
import pytest

PLUGIN = os.path.join(os.path.dirname(fluid.core._compiled.__file__), "lib", "libpaddle_cuda.so")


EXAMPLES = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "examples")


@pytest.mark.skipif(os.path.exists(PLUGIN), reason="the plug-in is there")
def test_without_the_plugin():
    assert not fluid.is_compiled_with_cuda()
    assert fluid.core.get_cuda_device_count() == 0
    place = fluid.CUDAPlace(0)
    for use in (lambda: fluid.Executor(place), lambda: fluid.LoDTensor().set(np.ones(1), place)):
        with pytest.raises(NotImplementedError, match="needs the CUDA plug-in, and .*libpaddle_cuda.so does not exist"):
            use()


@pytest.mark.skipif(not os.path.exists(PLUGIN), reason="the plug-in is not built")
@pytest.mark.skipif(os.path.exists("/dev/nvidiactl"), reason="there is a driver")
def test_without_a_driver():
    assert fluid.is_compiled_with_cuda()
    assert fluid.core.get_cuda_device_count() == 0
    with pytest.raises(RuntimeError, match="needs a driver for an NVIDIA GPU"):
        fluid.Executor(fluid.CUDAPlace(0))


@pytest.mark.skipif(not os.path.exists(PLUGIN), reason="the plug-in is not built")
def test_every_op_of_the_digits_example_has_a_kernel(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import digits

    fluid.core.get_cuda_device_count()  # loads the plug-in
    programs = digits.build(seed=1, epochs=1, batches=10)[0]
    types = {op.type for program in programs for op in program.global_block().ops}
    assert {"adam", "conv2d", "pool2d_grad"} <= types
    assert [type for type in sorted(types) if not fluid.core.op_support_gpu(type) and type not in ("read", "create_py_reader")] == []


def test_a_gpu_is_never_replaced_in_silence():
    if fluid.core.get_cuda_device_count() > 0:
        pytest.skip("there is a GPU")
    with pytest.raises(Exception, match="CUDAPlace"):
        fluid.Executor(fluid.CUDAPlace(0)).run(fluid.Program())

"""A check that the installation works."""

__all__ = ["run_check"]


def run_check():
    """Train a small net for one step; prints that it works, or raises what went wrong."""
    import numpy as np

    import paddle.fluid as fluid

    main, startup = fluid.Program(), fluid.Program()
    with fluid.program_guard(main, startup), fluid.unique_name.guard(), fluid.scope_guard(fluid.Scope()):
        x = fluid.data("x", [None, 2])
        loss = fluid.layers.mean(fluid.layers.fc(x, 3))
        fluid.optimizer.SGD(0.01).minimize(loss)
        exe = fluid.Executor(fluid.CPUPlace())
        exe.run(startup)
        (value,) = exe.run(main, feed={"x": np.ones((4, 2), "float32")}, fetch_list=[loss])
    if not np.isfinite(value).all():
        raise RuntimeError("the loss of the check is %s" % value)
    print("Fluid works: a small net was built, run and trained for a step.")

"""Names of `fluid.core` that older scripts and tests of ops use."""

import pathlib

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import core, layers
from paddle.fluid.io.inference import _append_fetch_ops, _prepend_feed_ops

CPU = fluid.CPUPlace()
NAMES = (pathlib.Path(__file__).parents[1] / "data" / "core_names.txt").read_text().split()


def test_names():
    missing = []
    for name in NAMES:
        found = core
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is None:
            missing.append(name)
    assert not missing
    assert not {name.split(".")[0] for name in NAMES} - set(dir(core))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        core.nothing


def tensor(values):
    return core.from_numpy(np.asarray(values, "float32"), False)


def program_with_feed_ops():
    """y = 2 x through feed and fetch ops, and z = y + 1, kept by nobody."""
    x = fluid.data("x", [None, 2])
    y = layers.scale(x, 2.0)
    z = layers.scale(y, 1.0, bias=1.0)
    program = fluid.default_main_program()
    _prepend_feed_ops(program, ["x"])
    _append_fetch_ops(program, [y.name])
    return program.desc, z.name


def test_columns_of_a_scope():
    desc, kept = program_with_feed_ops()
    scope, executor = core.Scope(), core.Executor(CPU)
    with pytest.raises(KeyError, match="no variable 'feed'"):
        executor.run(desc, scope, 0, False, True, [])
    core.set_feed_variable(scope, tensor([[1, 2]]), "feed", 0)
    executor.run(desc, scope, 0, False, True, [kept])
    fetched = core.get_fetch_variable(scope, "fetch", 0)
    assert np.array(fetched).tolist() == [[2, 4]]
    assert np.array(core.get_variable_tensor(scope, kept)).tolist() == [[3, 5]]
    with pytest.raises(ValueError, match="no fetch column 1; the list has 1"):
        core.get_fetch_variable(scope, "fetch", 1)
    with pytest.raises(KeyError, match="no variable 'nosuch'"):
        core.get_variable_tensor(scope, "nosuch")
    with pytest.raises(ValueError, match="not a tensor"):
        core.get_variable_tensor(scope, "fetch")
    with pytest.raises(ValueError, match="holds no list of fetched values"):
        core.get_fetch_variable(scope, kept, 0)
    with pytest.raises(NotImplementedError, match="only block 0"):
        executor.run(desc, scope, 1, False, True, [])
    items = scope.find_var("fetch").get_fetch_list()
    assert len(items) == 1
    assert [np.array(each).tolist() for each in items._move_to_list()] == [[[2, 4]]]
    assert len(scope.find_var("fetch").get_fetch_list()) == 0


def test_fetch_lists():
    items = core.Scope().var("any").get_fetch_list()
    array = core.LoDTensorArray()
    array.append(tensor([1]))
    items.append(tensor([2]))
    items.append(array)
    assert np.array(items[0]).tolist() == [2]
    with pytest.raises(IndexError, match="value 2 of a list of 2"):
        items[2]
    first, second = items._move_to_list()
    assert np.array(first).tolist() == [2] and np.array(second[0]).tolist() == [1] and len(items) == 0
    with pytest.raises(ValueError, match="expected a LoDTensor or LoDTensorArray"):
        items.append(3)


def test_prepared_programs():
    desc, kept = program_with_feed_ops()
    scope, executor = core.Scope(), core.Executor(CPU)
    context = executor.prepare(desc, 0, [], False)
    assert isinstance(context, core.ExecutorPrepareContext)
    core.set_feed_variable(scope, tensor([[3, 4]]), "feed", 0)
    executor.run_prepared_ctx(context, scope, True, True, False)
    assert np.array(core.get_fetch_variable(scope, "fetch", 0)).tolist() == [[6, 8]]
    target = core.LoDTensor()
    executor.run_prepared_ctx(core.ExecutorPrepareContext(desc, 0), scope, {"x": tensor([[5, 6]])}, {kept: target})
    assert np.array(target).tolist() == [[11, 13]]
    with pytest.raises(NotImplementedError, match="only block 0"):
        executor.prepare(desc, 1, [], False)
    with pytest.raises(ValueError, match="feed 'x': expected a LoDTensor, got <class 'numpy.ndarray'>"):
        executor.run_prepared_ctx(context, scope, {"x": np.zeros((1, 2), "float32")}, {})


def test_create_variables():
    x = fluid.data("x", [None, 2])
    layers.fc(x, 3)
    desc, parent = fluid.default_main_program().desc, core.Scope()
    child = parent.new_scope()
    core.Executor(CPU).create_variables(desc, child, 0)
    assert "fc_0.w_0" in parent.local_var_names() and "x" not in parent.local_var_names()
    assert "x" in child.local_var_names()
    with pytest.raises(ValueError, match="no block 7; the program has 1"):
        core.Executor(CPU).create_variables(desc, child, 7)


def test_operators():
    x = fluid.data("x", [2, 2])
    layers.dropout(x, 0.5, is_test=True)
    desc = fluid.default_main_program().global_block().ops[-1].desc
    op = core.Operator.create(desc.serialize_to_string())
    assert op.type() == "dropout" and op.inputs()["X"] == ["x"] and not op.support_gpu()
    assert op.input_vars() == ["x"] and set(op.output_vars()) == {"dropout_0.tmp_0", "dropout_0.tmp_1"}
    assert op.no_intermediate_outputs() == ["dropout_0.tmp_0"]
    assert str(op).startswith("Op(dropout), inputs:{X[x]}, outputs:{")
    scope = core.Scope()
    scope.var("x").get_tensor().set(np.ones((2, 2), "float32"), CPU)
    op.run(scope, CPU)
    assert np.array(scope.find_var("dropout_0.tmp_0").get_tensor()).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    with pytest.raises(ValueError, match="not a serialised OpDesc"):
        core.Operator.create(b"\xff\xff")
    unknown = core.OpDesc()
    unknown.set_type("nosuch")
    with pytest.raises(NotImplementedError, match="no op 'nosuch'"):
        core.Operator.create(unknown.serialize_to_string())


def test_op_descriptions_survive():
    op = core.OpDesc()
    op.set_type("scale")
    op.set_input("X", ["a"])
    op._set_attr("scale", 3.0)
    copy = core.OpDesc.parse_from_string(op.serialize_to_string())
    assert copy.serialize_to_string() == op.serialize_to_string() and copy.block() is None


def linear(places):
    x, y = fluid.data("x", [None, 4]), fluid.data("y", [None, 1])
    loss = layers.mean(layers.square_error_cost(layers.fc(x, 1), y))
    fluid.optimizer.SGD(0.1).minimize(loss)
    program = fluid.default_main_program()
    fluid.Executor(CPU).run(fluid.default_startup_program())
    names = [var.name for var in program.list_vars() if var.persistable]
    kind = core.ParallelExecutor
    strategies = kind.ExecutionStrategy(), kind.BuildStrategy()
    scope = fluid.global_scope()
    return kind(places, names, loss.name, scope, [], *strategies, program.desc), loss.name


@pytest.mark.parametrize("count", [1, 2])
def test_parallel_executor(count):
    parallel, loss = linear([CPU] * count)
    assert parallel.device_count() == count == len(parallel.local_scopes())
    assert not parallel._need_create_local_exe_scopes()
    feed = {"x": tensor(np.ones((4, 4))), "y": tensor(np.zeros((4, 1)))}
    losses = []
    for _ in range(3):
        parallel.feed_and_split_tensor_into_local_scopes(feed)
        losses.append(np.array(parallel.run([loss], True)._move_to_list()[0]))
    assert losses[0].shape == (count,) and losses[2].mean() < losses[0].mean()
    parallel.feed_tensors_into_local_scopes([feed] * count)
    (pieces,) = parallel.run([loss], False)._move_to_list()
    assert len(pieces) == count
    parallel.drop_local_exe_scopes()
    with pytest.raises(ValueError, match="%d replicas" % count):
        parallel.feed_tensors_into_local_scopes([feed] * 3)
    with pytest.raises(ValueError, match="one place a replica"):
        linear([])


def test_strategies():
    build = fluid.BuildStrategy()
    assert build.gradient_scale_strategy == fluid.BuildStrategy.GradientScaleStrategy.CoeffNumDevice
    assert str(build.reduce_strategy) == "ReduceStrategy.AllReduce"
    assert (build.enable_inplace, build.fuse_all_reduce_ops, build.memory_optimize) == (True, True, None)
    build.fuse_all_optimizer_ops = True
    with pytest.raises(AttributeError):
        build.fuse_all_optimizers = True
    with pytest.raises(AttributeError):
        fluid.ExecutionStrategy().threads = 1
    assert fluid.BuildStrategy().trainers_endpoints is not build.trainers_endpoints
    assert core.ParallelExecutor.BuildStrategy is fluid.BuildStrategy


@pytest.mark.parametrize(
    "field, value", [("num_trainers", 2), ("async_mode", True), ("sync_batch_norm", True), ("gradient_scale_strategy", 2)]
)
def test_strategies_that_are_not_there(exe, field, value):
    out = layers.scale(fluid.data("x", [None, 1]), 2.0)
    build = fluid.BuildStrategy()
    setattr(build, field, value)
    compiled = fluid.CompiledProgram(fluid.default_main_program(), build)
    compiled.with_data_parallel(places=[CPU] * 2)
    with pytest.raises(NotImplementedError):
        exe.run(compiled, {"x": np.ones((2, 1), "float32")}, [out])


def test_passes_of_a_compiled_program(exe, tmp_path):
    x = fluid.data("x", [None, 4])
    out = layers.dropout(x, 0.5)
    build = fluid.BuildStrategy()
    build.debug_graphviz_path = str(tmp_path / "after.dot")
    passes = build._finalize_strategy_and_create_passes()
    passes.append_pass("simplify_with_basic_ops_pass")
    passes.insert_pass(0, "is_test_pass")
    draw = passes.insert_pass(0, "graph_viz_pass")
    draw.set("graph_viz_path", str(tmp_path / "before.dot"))
    passes.append_pass("expand_pass")
    passes.remove_pass(3)
    assert [each.type() for each in passes.all_passes()] == [
        "graph_viz_pass",
        "is_test_pass",
        "simplify_with_basic_ops_pass",
    ]
    compiled = fluid.CompiledProgram(fluid.default_main_program(), build)
    (value,) = exe.run(compiled, {"x": np.ones((2, 4), "float32")}, [out])
    assert (value == 0.5).all()  # in evaluation
    assert "dropout" in (tmp_path / "before.dot").read_text()
    after = (tmp_path / "after.dot").read_text()
    assert 'label="scale"' in after and 'label="dropout"' not in after
    assert [op.type for op in fluid.default_main_program().global_block().ops] == ["dropout"]  # a copy was changed
    for call in (lambda: passes.remove_pass(9), lambda: passes.insert_pass(9, "is_test_pass")):
        with pytest.raises(IndexError):
            call()


def test_passes():
    x = fluid.data("x", [None, 4])
    layers.mean(layers.dropout(x, 0.5, dropout_implementation="upscale_in_train"))
    program = fluid.default_main_program()
    core.get_pass("simplify_with_basic_ops_pass").apply(program)
    assert program.global_block().ops[0].type == "dropout"  # in training it stays
    for name in ("is_test_pass", "simplify_with_basic_ops_pass"):
        core.get_pass(name).apply(program)
    op = program.global_block().ops[0]
    assert op.type == "scale" and op.attr("scale") == 1.0 and op.attr("op_callstack")
    each = core.get_pass("graph_viz_pass")
    assert not each.has("graph_viz_path") and "dot" in each.__doc__
    with pytest.raises(ValueError, match="set\\('graph_viz_path', path\\)"):
        each.apply(program.desc)
    each.set("graph_viz_path", "a")
    assert each.has("graph_viz_path")
    with pytest.raises(ValueError, match="is set already"):
        each.set("graph_viz_path", "b")
    each.set_not_owned("program", program.desc)
    with pytest.raises(KeyError, match="no pass 'nosuch'; there are: expand_pass, graph_viz_pass"):
        core.get_pass("nosuch")
    with pytest.raises(TypeError, match="takes a ProgramDesc or Program"):
        each.apply("program")
    with pytest.raises(TypeError):
        core.Pass()


def test_expanding(exe):
    x = fluid.data("x", [None, 4])
    out = layers.mean(layers.square(x))
    gradient = fluid.gradients(out, x)[0]
    program = fluid.default_main_program()
    feed = {"x": np.arange(8, dtype="float32").reshape(2, 4)}
    (wanted,) = exe.run(program, feed, [gradient])
    expands = [op.type for op in program.global_block().ops if core.op_info(op.type)["expands"]]
    core.get_pass("expand_pass").apply(program)
    types = [op.type for op in program.global_block().ops]
    assert all(core.op_info(op_type)["devices"] for op_type in types)
    assert expands == [] or types != expands
    np.testing.assert_array_equal(exe.run(program, feed, [gradient])[0], wanted)


def test_pruning_the_backward_pass():
    x = fluid.data("x", [None, 4])
    fluid.optimizer.SGD(0.1).minimize(layers.mean(layers.fc(x, 1)))
    desc, origins = core.prune_backward(fluid.default_main_program().desc)
    assert origins == {0: 0}
    assert [desc.block(0).op(i).type() for i in range(desc.block(0).op_size())] == ["mul", "elementwise_add", "mean"]


def test_what_the_registry_says():
    defaults = core._get_use_default_grad_op_desc_maker_ops()
    assert set(defaults) <= set(core.op_types())
    kernels = core._get_all_register_op_kernels()
    assert "place[CPUPlace]" in kernels["relu"] and "feed" not in kernels
    assert core._is_program_version_supported(0)


def test_small_functions(monkeypatch, capfd):
    assert core.run_cmd("echo hi; exit 3") == "hi\n"
    core.init_glog("script")
    core.init_devices(True)
    core.init_gflags(["script.py", "--tryfromenv=check_nan_inf", "--check_nan_inf=1"])
    assert core.flag("check_nan_inf") == "1"
    core.init_gflags(["script.py", "--check_nan_inf=0"])
    with pytest.raises(KeyError):
        core.init_gflags(["script.py", "--nosuch=0"])
    with pytest.raises(ValueError, match="--name=value"):
        core.init_gflags(["script.py", "check_nan_inf"])
    for refused in (core.nvprof_init, core.nvprof_start, core.nvprof_stop):
        with pytest.raises(NotImplementedError, match="nsys"):
            refused()
    assert core.var_names.empty() == "@EMPTY@" and core.var_names.temp() == "@TEMP@"
    assert not core.is_float16_supported(CPU) and core.save_op_compatible_info(core.ProgramDesc()) is False
    assert core.DeviceContext.create(CPU) is not None
    with pytest.raises(TypeError):
        core.DeviceContext()
    core.Scope().var("scope").set_scope(core.Scope())


def test_files_of_variables(exe, tmp_path):
    layers.fc(fluid.data("x", [None, 4]), 3)
    exe.run(fluid.default_startup_program())
    variables = fluid.default_main_program().all_parameters()
    scope, path = fluid.global_scope(), str(tmp_path / "all")
    core._save_static_dict(path, variables, scope)
    saved = np.array(scope.find_var("fc_0.w_0").get_tensor())
    other = core.Scope()
    core._create_loaded_parameter(variables, other, exe._executor)
    assert other.find_var("fc_0.w_0").get_tensor().shape() == [4, 3]
    core._load_static_dict(path, variables, other, exe._executor)
    np.testing.assert_array_equal(np.array(other.find_var("fc_0.w_0").get_tensor()), saved)
    with pytest.raises(ValueError, match="holds no value to save"):
        core._save_static_dict(path, variables, core.Scope())
    core._save_static_dict(path, variables[:1], scope)
    with pytest.raises(ValueError, match="has no variable 'fc_0.b_0'"):
        core._load_static_dict(path, variables, other, exe._executor)

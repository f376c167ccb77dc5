"""The inference interface of `fluid.core`: tensors, configurations, predictors."""

import os
import threading

import numpy as np
import pytest

import paddle.fluid as fluid
from paddle.fluid import core, layers

X = np.arange(8, dtype="float32").reshape(2, 4)
IDS = np.array([[1], [2], [3]], "int64")
LOD = [[0, 1, 3]]


@pytest.fixture
def model(exe, tmp_path):
    """A saved model of two inputs and two outputs, and what it gives for X and IDS."""
    x = fluid.data("x", [None, 4])
    ids = fluid.data("ids", [None, 1], "int64", lod_level=1)
    hidden = layers.dropout(layers.fc(x, 3, act="relu"), 0.25)
    words = layers.sequence_pool(layers.embedding(ids, [10, 3]), "sum")
    first, second = layers.fc(hidden, 2, act="softmax"), layers.elementwise_add(hidden, words)
    fluid.default_startup_program().random_seed = 7  # some hidden values are not zero
    exe.run(fluid.default_startup_program())
    for folder, files in (("parts", {}), ("whole", {"model_filename": "model", "params_filename": "params"})):
        fluid.io.save_inference_model(str(tmp_path / folder), ["x", "ids"], [first, second], exe, **files)
    program, names, outputs = fluid.io.load_inference_model(str(tmp_path / "parts"), exe)
    tensor = fluid.create_lod_tensor(IDS, [[1, 2]], fluid.CPUPlace())
    wanted = exe.run(program, dict(zip(names, (X, tensor))), outputs)
    return tmp_path, wanted


def inputs(x=X, ids=IDS, lod=LOD):
    return [core.PaddleTensor(x, "x"), core.PaddleTensor(ids, "ids", lod)]


def check(outputs, wanted):
    assert len(outputs) == len(wanted)
    for output, value in zip(outputs, wanted):
        assert output.dtype == core.PaddleDType.FLOAT32 and output.shape == list(value.shape)
        np.testing.assert_array_equal(output.as_ndarray(), value)


def config_of(folder):
    config = core.AnalysisConfig(str(folder / "parts"))
    config.disable_gpu()
    config.disable_glog_info()
    return config


def native_config(folder):
    config = core.NativeConfig()
    config.model_dir = str(folder / "parts")
    return config


def whole_config(folder):
    return core.AnalysisConfig(str(folder / "whole" / "model"), str(folder / "whole" / "params"))


def memory_config(folder):
    config = core.AnalysisConfig()
    model, params = ((folder / "whole" / name).read_bytes() for name in ("model", "params"))
    config.set_model_buffer(model, len(model), params, len(params))
    assert config.model_from_memory() and config.prog_file() == model
    return config


@pytest.mark.parametrize("make", [config_of, whole_config, memory_config, native_config])
def test_run(model, make):
    folder, wanted = model
    predictor = core.create_paddle_predictor(make(folder))
    assert isinstance(predictor, core.PaddlePredictor)
    assert type(predictor).__name__ == ("NativePaddlePredictor" if make is native_config else "AnalysisPredictor")
    assert predictor.get_input_names() == ["x", "ids"]
    assert predictor.get_input_tensor_shape() == {"x": [-1, 4], "ids": [-1, 1]}
    outputs = predictor.run(inputs())
    check(outputs, wanted)
    assert [output.name for output in outputs] == predictor.get_output_names()
    kept = outputs[0].as_ndarray()
    predictor.run(inputs(X * 2))
    check(outputs, wanted)  # a later run does not change them
    kept[:] = 0
    check(outputs, wanted)
    program = core.ProgramDesc.parse_from_string(predictor.get_serialized_program())
    assert program.get_feed_target_names() == ["x", "ids"]
    assert predictor.scope().find_var("fc_0.w_0").get_tensor().shape() == [4, 3]


def test_empty_batch(model):
    predictor = core.create_paddle_predictor(config_of(model[0]))
    outputs = predictor.run(inputs(X[:0], IDS[:0], [[0]]))
    assert [output.as_ndarray().shape for output in outputs] == [(0, 2), (0, 3)]


def test_inputs_by_name(model):
    folder, wanted = model
    config = config_of(folder)
    config.switch_specify_input_names()
    assert config.specify_input_name()
    predictor = core.create_paddle_predictor(config)
    check(predictor.run(inputs()[::-1]), wanted)
    with pytest.raises(ValueError, match=r"takes the inputs \['x', 'ids'\], got \['x', 'y'\]"):
        predictor.run([core.PaddleTensor(X, "x"), core.PaddleTensor(IDS, "y")])


def test_wrong_inputs(model):
    predictor = core.create_paddle_predictor(config_of(model[0]))
    with pytest.raises(ValueError, match=r"takes 2 inputs \['x', 'ids'\], got 1"):
        predictor.run(inputs()[:1])
    with pytest.raises(TypeError, match="a list of PaddleTensor"):
        predictor.run([X, IDS])
    with pytest.raises(ValueError, match="input 'x' is int64"):
        predictor.run(inputs(X.astype("int64")))
    with pytest.raises(ValueError, match="input 'x' has the shape"):
        predictor.run(inputs(X[:, :3]))
    with pytest.raises(ValueError, match="input 'ids' has 0 LoD levels"):
        predictor.run(inputs(lod=[]))
    with pytest.raises(KeyError, match="no input 'y'"):
        predictor.get_input_tensor("y")
    with pytest.raises(KeyError, match="no output 'y'"):
        predictor.get_output_tensor("y")


@pytest.mark.parametrize("feed_ops", [True, False])
def test_zero_copy(model, feed_ops):
    folder, wanted = model
    config = config_of(folder)
    config.switch_use_feed_fetch_ops(feed_ops)
    assert config.use_feed_fetch_ops_enabled() is feed_ops
    predictor = core.create_paddle_predictor(config)
    x, ids = (predictor.get_input_tensor(name) for name in ("x", "ids"))
    output = predictor.get_output_tensor(predictor.get_output_names()[0])
    assert x.shape() == [0] and output.shape() == [0]
    with pytest.raises(ValueError, match="'x' holds no value yet: call copy_from_cpu"):
        predictor.zero_copy_run()
    with pytest.raises(ValueError, match="call zero_copy_run first"):
        output.copy_to_cpu()
    given = X.copy()
    x.reshape([2, 4])
    x.copy_from_cpu(given)
    given[:] = 0  # it was copied
    ids.copy_from_cpu(IDS)
    ids.set_lod(LOD)
    assert x.type() == core.PaddleDType.FLOAT32 and ids.type() == core.PaddleDType.INT64 and ids.lod() == LOD
    np.testing.assert_array_equal(x.copy_to_cpu(), X)
    assert predictor.zero_copy_run() is True
    assert output.shape() == [2, 2] and output.lod() == [] and output.type() == core.PaddleDType.FLOAT32
    first = output.copy_to_cpu()
    np.testing.assert_array_equal(first, wanted[0])
    second = output.copy_to_cpu()
    assert not np.shares_memory(first, second)
    x.copy_from_cpu(X * 2)
    predictor.zero_copy_run()
    np.testing.assert_array_equal(first, wanted[0])  # a later run does not change it
    assert not np.array_equal(output.copy_to_cpu(), wanted[0])
    for change in (lambda: output.reshape([1]), lambda: output.copy_from_cpu(X), lambda: output.set_lod(LOD)):
        with pytest.raises(ValueError, match="is for inputs"):
            change()


def test_zero_copy_uses_the_memory_given(model):
    folder, wanted = model
    predictor = core.create_paddle_predictor(config_of(folder))
    x, ids = (predictor.get_input_tensor(name) for name in ("x", "ids"))
    memory = np.zeros_like(X)
    x.share_external_data(memory)
    memory[:] = X
    ids.copy_from_cpu(IDS)
    ids.set_lod(LOD)
    predictor.zero_copy_run()
    np.testing.assert_array_equal(predictor.get_output_tensor(predictor.get_output_names()[0]).copy_to_cpu(), wanted[0])
    with pytest.raises(TypeError, match="dense numpy.ndarray"):
        x.share_external_data(memory.T)
    with pytest.raises(TypeError, match="takes a numpy.ndarray"):
        x.copy_from_cpu([1.0])
    x.reshape([8])
    assert x.shape() == [8] and x.copy_to_cpu().shape == (8,)
    x.reshape([9])
    assert x.shape() == [9]
    with pytest.raises(ValueError, match="must not be negative"):
        x.reshape([-1, 4])
    with pytest.raises(TypeError):
        core.ZeroCopyTensor()


def test_many_threads(model):
    folder, wanted = model
    predictor = core.create_paddle_predictor(config_of(folder))
    failed = []

    def work(number):
        try:
            own = predictor if number % 2 else predictor.clone()
            for _ in range(30):
                check(own.run(inputs()), wanted)
            if own is not predictor:
                own.get_input_tensor("x").copy_from_cpu(X)
                own.get_input_tensor("ids").copy_from_cpu(IDS)
                own.get_input_tensor("ids").set_lod(LOD)
                own.zero_copy_run()
                np.testing.assert_array_equal(own.get_output_tensor(own.get_output_names()[1]).copy_to_cpu(), wanted[1])
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_clones_share_the_weights(model):
    folder, wanted = model
    predictor = core.create_paddle_predictor(config_of(folder))
    clone = predictor.clone()
    assert type(clone) is type(predictor) and clone.scope() == predictor.scope()
    clone.get_input_tensor("x").copy_from_cpu(X)
    assert predictor.get_input_tensor("x").shape() == [0]
    weight = predictor.scope().find_var("fc_1.b_0").get_tensor()
    weight.set(np.array([100, 0], "float32"), fluid.CPUPlace())
    assert not np.array_equal(clone.run(inputs())[0].as_ndarray(), wanted[0])


def test_threads_of_a_run(model):
    folder, wanted = model
    config = config_of(folder)
    assert config.cpu_math_library_num_threads() == 1
    config.set_cpu_math_library_num_threads(2)
    assert config.cpu_math_library_num_threads() == config.to_native_config().cpu_math_library_num_threads() == 2
    before = core.get_num_threads()
    check(core.create_paddle_predictor(config).run(inputs()), wanted)
    assert core.get_num_threads() == before
    with pytest.raises(ValueError, match="1 to 1024"):
        config.set_cpu_math_library_num_threads(0)


def test_passes(model, tmp_path, monkeypatch):
    folder, wanted = model
    config = config_of(folder)
    assert config.pass_builder().all_passes() == ["is_test_pass", "simplify_with_basic_ops_pass"]

    def types(predictor):
        block = predictor.program().block(0)
        return [block.op(i).type() for i in range(block.op_size())]

    predictor = core.create_paddle_predictor(config)
    assert "dropout" not in types(predictor) and "feed" in types(predictor)
    check(predictor.run(inputs()), wanted)
    config.switch_ir_optim(False)
    predictor = core.create_paddle_predictor(config)
    assert "dropout" in types(predictor)
    check(predictor.run(inputs()), wanted)
    config.switch_ir_optim()
    config.delete_pass("simplify_with_basic_ops_pass")
    config.delete_pass("conv_bn_fuse_pass")  # of another version: not in the list
    assert "dropout" in types(core.create_paddle_predictor(config))
    monkeypatch.chdir(tmp_path)
    config.pass_builder().turn_on_debug()
    core.create_paddle_predictor(config)
    assert "digraph" in (tmp_path / "1_ir_graph_viz_pass.dot").read_text()
    config.switch_ir_debug()
    core.create_paddle_predictor(config)
    assert (tmp_path / "0_ir_is_test_pass.dot").exists()
    config.pass_builder().append_pass("no_such_pass")
    with pytest.raises(KeyError, match="no pass 'no_such_pass'; there are: .*is_test_pass"):
        core.create_paddle_predictor(config)


def test_profile(model, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    config = config_of(model[0])
    config.enable_profile()
    predictor = core.create_paddle_predictor(config)
    clone = predictor.clone()
    predictor.run(inputs())
    del predictor
    assert core.is_profiler_enabled()  # the clone is there
    del clone
    assert not core.is_profiler_enabled()
    assert "softmax" in capfd.readouterr().out
    assert "softmax" in (tmp_path / "profile.log").read_text()
    core.reset_profiler()


def test_saving_the_prepared_model(model, tmp_path):
    folder, wanted = model
    core.create_paddle_predictor(config_of(folder)).SaveOptimModel(str(tmp_path / "saved"))
    assert sorted(os.listdir(tmp_path / "saved")) == ["model", "params"]
    config = core.AnalysisConfig(str(tmp_path / "saved" / "model"), str(tmp_path / "saved" / "params"))
    check(core.create_paddle_predictor(config).run(inputs()), wanted)


def test_scopes_and_programs_of_the_caller(model):
    folder, wanted = model
    config = config_of(folder)
    with pytest.raises(ValueError, match="call init"):
        core.AnalysisPredictor(config).run(inputs())
    parent = core.Scope()
    loaded = core.AnalysisPredictor(config)
    assert loaded.init(parent, None) and len(parent._kids()) == 1
    other = core.AnalysisPredictor(config)
    assert other.init(loaded.scope(), loaded.program())  # the weights are in the parent scope
    check(other.run(inputs()), wanted)
    native = core.NativePaddlePredictor(native_config(folder))
    assert native.init(None)
    check(native.run(inputs()), wanted)
    assert other.analysis_argument()["model_dir"] == str(folder / "parts")
    scope = core.Scope()
    other.create_feed_fetch_var(scope)
    assert scope.find_var("feed") is not None and scope.find_var("fetch") is not None


def test_outputs_of_other_types(exe, tmp_path):
    x = fluid.data("x", [None, 4])
    fluid.io.save_inference_model(str(tmp_path), ["x"], [layers.cast(x, "float64"), x > 1.0], exe)
    predictor = core.create_paddle_predictor(core.AnalysisConfig(str(tmp_path)))
    with pytest.raises(NotImplementedError, match="is float64, which no PaddleTensor can hold; use zero_copy_run"):
        predictor.run([core.PaddleTensor(X)])
    predictor.get_input_tensor("x").copy_from_cpu(X)
    predictor.zero_copy_run()
    values = [predictor.get_output_tensor(name) for name in predictor.get_output_names()]
    assert [value.copy_to_cpu().dtype.name for value in values] == ["float64", "bool"]
    with pytest.raises(ValueError, match="got float64"):
        values[0].type()


def test_models_that_are_refused(exe, model, tmp_path):
    folder = model[0]
    for config in (core.AnalysisConfig(), core.NativeConfig()):
        with pytest.raises(ValueError, match="names no model"):
            core.create_paddle_predictor(config)
    with pytest.raises(ValueError, match="there is no model at '/nowhere"):
        core.create_paddle_predictor(core.AnalysisConfig("/nowhere"))
    (folder / "whole" / "params").write_bytes(b"no parameters")
    with pytest.raises((ValueError, RuntimeError), match="fc_0|embedding_0"):
        core.create_paddle_predictor(whole_config(folder))
    with pytest.raises(TypeError, match="expected an AnalysisConfig"):
        core.create_paddle_predictor("folder")
    program = fluid.Program()
    with fluid.program_guard(program):
        x = fluid.data("x", [None, 4])
        fluid.io.save_inference_model(str(tmp_path / "io"), ["x"], [layers.Print(x)], exe)
        program.global_block().append_op("save", {"X": x}, {}, {"file_path": str(tmp_path / "stolen")})
        out = layers.scale(x, 2.0)
        fluid.io.save_inference_model(str(tmp_path / "io"), ["x"], [out], exe, export_for_deployment=False)
    desc = program.desc
    for kind, names in (("feed", ("X", "feed", "Out", "x")), ("fetch", ("X", out.name, "Out", "fetch"))):
        desc.block(0).var(kind).set_type(getattr(core.VarDesc.VarType, kind.upper() + ("_MINIBATCH" if kind == "feed" else "_LIST")))
        op = desc.block(0)._prepend_op() if kind == "feed" else desc.block(0).append_op()
        op.set_type(kind)
        op.set_input(names[0], [names[1]])
        op.set_output(names[2], [names[3]])
        op._set_attr("col", 0)
    (tmp_path / "io" / "__model__").write_bytes(desc.serialize_to_string())
    config = core.AnalysisConfig(str(tmp_path / "io"))
    with pytest.raises(ValueError, match="save"):
        core.create_paddle_predictor(config)
    config.allow_io()
    core.create_paddle_predictor(config).run([core.PaddleTensor(X)])
    assert (tmp_path / "stolen").exists()


def test_what_other_vendors_libraries_would_do(model):
    config = config_of(model[0])
    config.enable_mkldnn()
    config.set_mkldnn_cache_capacity(10)
    config.set_mkldnn_op({"conv2d"})
    config.set_trt_dynamic_shape_info({"x": [1]}, {"x": [9]}, {"x": [3]})
    config.set_optim_cache_dir("cache")
    config.enable_memory_optim()
    assert config.mkldnn_enabled() and not config.tensorrt_engine_enabled() and not config.lite_engine_enabled()
    core.create_paddle_predictor(config)
    for refused in (config.enable_tensorrt_engine, config.enable_lite_engine):
        with pytest.raises(NotImplementedError, match="is not there"):
            refused()
    with pytest.raises(RuntimeError, match="call enable_quantizer"):
        config.quantizer_config()
    config.enable_quantizer()
    quantizer = config.quantizer_config()
    quantizer.set_quant_batch_size(2)
    quantizer.set_quant_data(inputs())
    quantizer.set_enabled_op_types({"conv2d"})
    copy = core.MkldnnQuantizerConfig(quantizer)
    assert (copy._batch_size, copy._op_types, len(copy._data)) == (2, {"conv2d"}, 2)
    with pytest.raises(NotImplementedError, match="int8"):
        core.create_paddle_predictor(config)


def test_asking_for_a_gpu(model):
    config = config_of(model[0])
    config.enable_use_gpu(200, 1)
    assert (config.use_gpu(), config.gpu_device_id(), config.memory_pool_init_size_mb()) == (True, 1, 200)
    assert config.pass_builder().use_gpu() and config.to_native_config().use_gpu
    if core.get_cuda_device_count() < 2:
        with pytest.raises(Exception, match="(?i)cuda|gpu"):
            core.create_paddle_predictor(config)
    config.disable_gpu()
    assert not config.use_gpu() and not config.pass_builder().use_gpu()


def test_configurations():
    config = core.AnalysisConfig("folder")
    config.set_model("program", "parameters")
    assert (config.model_dir(), config.prog_file(), config.params_file()) == ("folder", "program", "parameters")
    config.set_prog_file("p")
    config.set_params_file("q")
    config.pass_builder().append_pass("graph_viz_pass")
    copy = core.AnalysisConfig(config)
    assert (copy.prog_file(), copy.params_file()) == ("p", "q")
    assert copy.pass_builder().all_passes()[-1] == "graph_viz_pass"
    copy.pass_builder().set_passes([])
    assert config.pass_builder().all_passes()
    native = config.to_native_config()
    assert isinstance(native, core.PaddlePredictor.Config)
    assert (native.model_dir, native.prog_file, native.param_file, native.use_gpu) == ("folder", "p", "q", False)
    fresh = core.NativeConfig()
    assert (fresh.model_dir, fresh.device, fresh.fraction_of_gpu_memory, fresh.specify_input_name) == ("", 0, -1.0, False)
    assert not core.AnalysisConfig().glog_info_disabled() and core.AnalysisConfig().ir_optim()
    assert core.AnalysisConfig().fraction_of_gpu_memory_for_pool() == 0.0
    assert [int(each) for each in core.AnalysisConfig.Precision] == [0, 1, 2]
    assert core.AnalysisConfig.Half is core.AnalysisConfig.Precision.Half
    assert str(core.AnalysisConfig.Int8) == "Precision.Int8"
    memory = core.AnalysisConfig()
    memory.set_model_buffer(b"abc", 2, b"def", 3)
    with pytest.raises(ValueError, match="in memory"):
        memory.to_native_config()
    with pytest.raises(TypeError):
        core.AnalysisConfig("a", "b", "c")
    with pytest.raises(TypeError):
        core.PaddlePredictor()


def test_pass_builders():
    passes = core.PaddlePassBuilder(["a", "b", "a"])
    passes.append_pass("c")
    passes.insert_pass(1, "i")
    passes.delete_pass("a")
    assert passes.all_passes() == ["i", "b", "c"]
    assert passes.debug_string() == "Passes to apply:\n  - i\n  - b\n  - c\n"
    passes.turn_on_debug()
    assert passes.all_passes() == ["i", "graph_viz_pass", "b", "graph_viz_pass", "c", "graph_viz_pass"]
    passes.set_passes(["q"])
    passes.append_analysis_pass("an")
    assert passes.all_passes() == ["q"] and passes.analysis_passes()[-2:] == ["an", "ir_graph_to_program_pass"]
    with pytest.raises(IndexError, match="at 9, there are 1"):
        passes.insert_pass(9, "x")
    for kind, gpu in ((core.CpuPassStrategy, False), (core.GpuPassStrategy, True)):
        strategy = kind()
        strategy.enable_cudnn()
        strategy.enable_mkldnn()
        assert isinstance(strategy, core.PassStrategy) and strategy.use_gpu() is gpu
        strategy.append_pass("x")
        assert kind(strategy).all_passes() == strategy.all_passes()
        with pytest.raises(NotImplementedError, match="int8"):
            strategy.enable_mkldnn_quantizer()
    assert core.PassStrategy(["a"]).all_passes() == ["a"] and not core.PassStrategy([]).use_gpu()


def test_buffers():
    assert core.PaddleBuf(8).length() == 8 and core.PaddleBuf(0).empty() and not core.PaddleBuf(8).empty()
    assert core.PaddleBuf([1.0, 2.5]).float_data() == [1.0, 2.5]
    assert core.PaddleBuf(np.arange(3, dtype="int64")).int64_data() == [0, 1, 2]
    buffer = core.PaddleBuf(np.arange(4, dtype="int32"))
    assert buffer.length() == 16 and buffer.int32_data() == buffer.tolist("int32") == [0, 1, 2, 3]
    buffer.resize(8)
    assert buffer.length() == 16  # large enough
    buffer.reset([5.0, 6.0])
    assert buffer.length() == 16 and buffer.float_data()[:2] == [5.0, 6.0]
    buffer.reset(np.arange(5, dtype="int64"))
    assert buffer.length() == 40 and buffer.tolist("int64") == [0, 1, 2, 3, 4]
    assert core.PaddleBuf(6).int64_data() == []
    with pytest.raises(ValueError, match="float64"):
        core.PaddleBuf(np.zeros(3))
    with pytest.raises(ValueError, match="'int32', 'int64' or 'float32'"):
        buffer.tolist("float64")
    with pytest.raises(ValueError, match="must not be negative"):
        core.PaddleBuf(-1)
    with pytest.raises(TypeError, match="got str"):
        core.PaddleBuf("abc")


def test_tensors():
    empty = core.PaddleTensor()
    assert (empty.name, empty.shape, empty.dtype, empty.lod) == ("", [], core.PaddleDType.FLOAT32, [])
    with pytest.raises(ValueError, match="takes 4 bytes, its buffer has 0"):
        empty.as_ndarray()
    values = X.copy()
    copied, shared = core.PaddleTensor(values, "a", [[0, 2]]), core.PaddleTensor(values, copy=False)
    values[0] = 7
    np.testing.assert_array_equal(copied.as_ndarray(), X)
    np.testing.assert_array_equal(shared.as_ndarray(), values)
    assert (copied.name, copied.lod, copied.shape) == ("a", [[0, 2]], [2, 4])
    for copy in (True, False):
        np.testing.assert_array_equal(core.PaddleTensor(X.T, copy=copy).as_ndarray(), X.T)
        assert core.PaddleTensor(np.float32(3), copy=copy).shape == []
    copied.shape = [8]
    assert copied.as_ndarray().shape == (8,)
    copied.dtype = core.PaddleDType.INT32
    np.testing.assert_array_equal(copied.as_ndarray(), X.reshape(8).view("int32"))
    copied.data, copied.dtype, copied.lod = core.PaddleBuf([1.0] * 8), core.PaddleDType.FLOAT32, ((0, 8),)
    assert copied.as_ndarray().tolist() == [1.0] * 8 and copied.lod == [[0, 8]]
    copied.shape = [9]
    with pytest.raises(ValueError, match="takes 36 bytes, its buffer has 32"):
        copied.as_ndarray()
    with pytest.raises(ValueError, match="PaddleTensor takes float32, int64 or int32, got float64"):
        core.PaddleTensor(np.zeros(2))
    with pytest.raises(TypeError, match="must be a PaddleBuf"):
        copied.data = X


def test_bytes_of_tensors():
    """What version 1.8.5 writes."""
    wanted = (
        "0000000002000000000000006162010000000000000018000000000000000000000000000000010000000000000002000000"
        "00000000010000000000000002000000000000000800000000000000000000000000803f"
    )
    tensor = core.PaddleTensor(np.arange(2, dtype="float32"), "ab", [[0, 1, 2]])
    assert core.paddle_tensor_to_bytes(tensor).hex() == wanted
    wanted = (
        "0000000000000000000000000000000000000000020000000000000002000000010000000100000010000000000000000000"
        "0000000000000100000000000000"
    )
    assert core.paddle_tensor_to_bytes(core.PaddleTensor(np.arange(2).reshape(2, 1))).hex() == wanted


def test_enumerations():
    kind = core.PaddleDType
    assert [core.paddle_dtype_size(each) for each in (kind.FLOAT32, kind.INT64, kind.INT32)] == [4, 8, 4]
    assert [int(each) for each in kind] == [0, 1, 2] and kind.INT32 == 2 and kind(1) is kind.INT64
    assert str(kind.INT32) == repr(kind.INT32) == "{}".format(kind.INT32) == "PaddleDType.INT32"
    assert [int(each) for each in core.PaddlePlace] == [-1, 0, 1]
    assert sorted(core.PaddlePlace.__members__) == ["CPU", "GPU", "UNK"]

"""Writes programs as a package writes them: run with the 1.8.5 and with the 2.6.2 package, ``python record_programs.py``.

The files are ``programs/NAME.VERSION``. Of a call stack only the line of this file is kept, if there is one.
"""

import os
import re

import numpy as np
import paddle

HERE = os.path.dirname(os.path.abspath(__file__))
OLD = paddle.__version__.startswith("1.")
if OLD:
    import paddle.fluid as api

    layers = api.layers
else:
    paddle.enable_static()
    api = paddle.static


def old_train():
    """Images and words, trained."""
    image = api.data("image", [None, 3, 8, 8])
    hidden = layers.batch_norm(layers.conv2d(image, 4, 3, act="relu", groups=1))
    hidden = layers.dropout(layers.pool2d(hidden, 2, "max", 2), 0.3, seed=7)
    word = api.data("word", [None, 1], "int64", lod_level=1)
    state = layers.dynamic_gru(layers.fc(layers.embedding(word, [20, 6], is_sparse=True), 12), 4)
    both = layers.concat([layers.fc(hidden, 4), layers.sequence_pool(state, "sqrt")], axis=1)
    label = api.data("label", [None, 1], "int64")
    loss = layers.mean(layers.softmax_with_cross_entropy(layers.fc(both, 3), label))
    api.optimizer.Momentum(layers.exponential_decay(0.1, 100, 0.5), 0.9).minimize(loss)


def old_loop():
    """A loop and branches: blocks in blocks, arrays, step scopes."""
    x = api.data("x", [2, 3])
    i = layers.fill_constant([1], "int64", 0)
    n = layers.fill_constant([1], "int64", 5)
    array = layers.create_array("float32")
    layers.array_write(x, i, array)

    def body(i, value):
        value = layers.cond(layers.reduce_mean(value) < 1.0, lambda: value * 2.0, lambda: value - 1.0)
        return [layers.increment(i, 1, in_place=False), value]

    layers.while_loop(lambda i, value: layers.less_than(i, n), body, [i, x])
    switch_on = layers.create_global_var([1], 0.0, "float32", persistable=True, name="switched")
    with layers.Switch() as switch:
        with switch.case(layers.less_than(i, n)):
            layers.assign(layers.fill_constant([1], "float32", 1.0), switch_on)
        with switch.default():
            layers.assign(np.array([2.0], "float32"), switch_on)


def old_attributes():
    """Attributes of every type, data of every type."""
    x = api.data("x", [None, 4], "float64")
    for dtype in ("bool", "int32", "int64", "float16", "float32", "uint8"):
        api.data("data_" + dtype, [None, 2, 1], dtype, lod_level=2)
    layers.assign(np.arange(3, dtype="int32"))
    layers.fill_constant([2, 3], "int64", 2**40)
    layers.slice(layers.pad(x, [0, 0, 1, 2], 0.5), axes=[0, 1], starts=[-3, 0], ends=[100000, 2])
    layers.sequence_conv(api.data("rows", [None, 4], lod_level=1), 3, 5)
    layers.Print(layers.cast(x, "float32"), message="x is", summarize=5)
    with api.name_scope("outer"), api.name_scope("inner"):
        layers.scale(x, 1.5, 2.5, False)


def new_train():
    image = api.data("image", [None, 3, 8, 8])
    hidden = api.nn.batch_norm(api.nn.conv2d(image, 4, 3, act="relu"))
    hidden = paddle.nn.functional.dropout(paddle.nn.functional.max_pool2d(hidden, 2), 0.3)
    word = api.data("word", [None, 5], "int64")
    embedded = api.nn.embedding(word, [20, 6], is_sparse=True)
    both = paddle.concat([api.nn.fc(hidden, 4), paddle.sum(embedded, axis=1)], axis=1)
    label = api.data("label", [None, 1], "int64")
    loss = paddle.mean(paddle.nn.functional.cross_entropy(api.nn.fc(both, 3), label))
    paddle.optimizer.AdamW(paddle.optimizer.lr.PiecewiseDecay([10, 20], [0.1, 0.01, 0.001])).minimize(loss)


def new_loop():
    x = api.data("x", [2, 3])
    i, n = paddle.full([1], 0, "int64"), paddle.full([1], 5, "int64")

    def body(i, value):
        value = api.nn.cond(paddle.mean(value) < 1.0, lambda: value * 2.0, lambda: value - 1.0)
        return [i + 1, value]

    api.nn.while_loop(lambda i, value: i < n, body, [i, x])


def new_attributes():
    x = api.data("x", [None, 4], "float64")
    for dtype in ("bool", "int8", "int16", "int32", "int64", "float16", "uint16", "uint8", "complex64", "complex128"):
        api.data("data_" + dtype, [None, 2, 1], dtype, lod_level=2)
    paddle.full([2, 3], 2**40, "int64")
    paddle.full([1], 0.1, "float64")
    paddle.assign(np.arange(3, dtype="int64"))
    paddle.clip(x, 0.25, 3.5)
    x[:, 1:3] * 2
    paddle.quantile(paddle.cast(x, "float32"), 0.5)
    with api.name_scope("outer"), api.name_scope("inner"):
        paddle.scale(x, 1.5, 2.5, False)


def shorten_callstacks(program):
    for block in program.blocks:
        block.create_var(name="none")  # else 1.8.5 writes a program that it has read without the changes to its ops
        block._remove_var("none")
        for op in block.ops:
            if op.has_attr("op_callstack"):
                frames = [line.split("\n")[0] for line in op.attr("op_callstack") if re.search(r", in (old|new)_", line)]
                op._set_attr("op_callstack", [frames[0].replace(HERE + os.sep, "") if frames else "-"])


def model(folder):
    """What ``save_inference_model`` writes."""
    exe = api.Executor(api.CPUPlace() if OLD else paddle.CPUPlace())
    x = api.data("x", [None, 4])
    y = (layers.fc if OLD else api.nn.fc)(x, 3)
    exe.run(api.default_startup_program())
    if OLD:
        api.io.save_inference_model(folder, ["x"], [y], exe)
        return os.path.join(folder, "__model__")
    api.save_inference_model(os.path.join(folder, "model"), [x], [y], exe)
    return os.path.join(folder, "model.pdmodel")


def write(name, content):
    path = os.path.join(HERE, "programs", "%s.%s" % (name, paddle.__version__))
    with open(path, "wb") as file:
        file.write(content)
    print(path, len(content))


def record():
    import tempfile

    guard = api.unique_name.guard if OLD else paddle.utils.unique_name.guard
    for name in ("train", "loop", "attributes"):
        main, startup = api.Program(), api.Program()
        with api.program_guard(main, startup), guard():
            globals()[("old_" if OLD else "new_") + name]()
        shorten_callstacks(main)
        write(name, main.desc.serialize_to_string())
    with api.program_guard(api.Program(), api.Program()), guard(), tempfile.TemporaryDirectory() as folder:
        with open(model(folder), "rb") as file:
            program = api.Program.parse_from_string(file.read())
        shorten_callstacks(program)
        write("model", program.desc.serialize_to_string())


if __name__ == "__main__":
    record()

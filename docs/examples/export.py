"""Writes what the C++ programs read: the model, the program that trains it, and samples with Python's results."""

import os

import numpy as np

import paddle.fluid as fluid


def save_model(folder, exe, predict, outputs, samples):
    """Save a network that predicts: the inference model as ``model/``, samples and results as ``samples.txt``.

    Args:
        predict: the program that predicts.
        outputs: variables to fetch.
        samples: what to feed, a dict from name to array or ``LoDTensor``.
    """
    model = os.path.join(folder, "model")
    fluid.io.save_inference_model(model, list(samples), outputs, exe, main_program=predict)
    with open(os.path.join(folder, "samples.txt"), "w") as file, fluid.scope_guard(fluid.Scope()):
        program, _, fetches = fluid.io.load_inference_model(model, exe)
        results = exe.run(program, feed=samples, fetch_list=fetches, return_numpy=False)
        write_tensors(file, samples)
        write_tensors(file, zip([output.name for output in outputs], results))


def save_training(folder, exe, main, startup, loss, batches):
    """Save a training.

    - ``train/``: the programs ``main.pdmodel`` and ``startup.pdmodel``, the parameters ``main.pdparams`` and the
      optimizer's state ``main.pdopt``.
    - ``train.txt``: the name of the loss; then ``batches``, each followed by the loss when training on them begins with
      fresh parameters.

    Args:
        batches: what to feed, a list of dicts from name to array or ``LoDTensor``.
    """
    fluid.save(main, os.path.join(folder, "train", "main"))
    with open(os.path.join(folder, "train", "startup.pdmodel"), "wb") as file:
        file.write(startup.desc.serialize_to_string())
    with open(os.path.join(folder, "train.txt"), "w") as file, fluid.scope_guard(fluid.Scope()):
        exe.run(startup)
        file.write(loss.name + "\n")
        for batch in batches:
            write_tensors(file, batch)
            write_tensors(file, {loss.name: exe.run(main, feed=batch, fetch_list=[loss])[0]})


def write_tensors(file, tensors):
    """Write named tensors, float32 or int64, as text.

    Each takes two lines. The first has name, type, number of dimensions, dimensions, number of LoD levels, and for each
    level the number of its offsets and the offsets; the second has the values. Arrays have no level::

        word int64 2 5 1 1 3 0 2 5
        17 4 8 15 3
    """
    for name, tensor in dict(tensors).items():
        values = np.array(tensor)
        levels = tensor.lod() if isinstance(tensor, fluid.LoDTensor) else []
        head = [name, values.dtype, values.ndim] + list(values.shape) + [len(levels)]
        for offsets in levels:
            head += [len(offsets)] + offsets
        form = "%.9g" if values.dtype == np.float32 else "%d"
        file.write(" ".join(map(str, head)) + "\n" + " ".join(form % value for value in values.ravel()) + "\n")

"""Records ``data/``: run with the 1.8.5 package, ``python tests/models/record.py [NET...]``; without names all nets.

For each net of ``nets.py``: the programs as that package writes them (``*_main.pdmodel``, ``*_startup.pdmodel``), and in
``losses.json`` the loss of each of the first steps.
"""

import json
import os
import sys

import nets
import paddle

DATA = os.path.join(nets.ROOT, "tests", "models", "data")


def keep_own_frames(program):
    """Shorten the call stacks in a program to the frames of this repository, with paths relative to it."""
    for block in program.blocks:
        for op in block.ops:
            if op.has_attr("op_callstack"):
                frames = [line.replace(nets.ROOT + os.sep, "") for line in op.attr("op_callstack") if nets.ROOT in line]
                op._set_attr("op_callstack", frames)


def record(names):
    path = os.path.join(DATA, "losses.json")
    with open(path) as file:
        losses = json.load(file)
    losses["package"] = paddle.__version__
    for name in names or nets.NETS:
        with nets.fluid.unique_name.guard():
            main, startup, loss, batches = nets.NETS[name]()
        values = nets.train(main, startup, loss, batches, main.all_parameters())
        losses[name] = {"loss": loss.name, "values": values}
        for kind, program in [("main", main), ("startup", startup)]:
            keep_own_frames(program)
            with open(os.path.join(DATA, "%s_%s.pdmodel" % (name, kind)), "wb") as file:
                file.write(program.desc.serialize_to_string())
        print(name, values)
    with open(path, "w") as file:
        json.dump(losses, file, indent=1)


if __name__ == "__main__":
    record(sys.argv[1:])

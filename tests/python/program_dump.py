"""A program as plain data.

``python program_dump.py CASES``, run with the 1.8.5 package, records the programs of all cases of a module:
``program_cases``, ``backward_cases``, ``block_cases``, ``labelling_cases``, ``rnn_cases`` and ``mixed_precision_cases`` in
``data/program_cases.json.gz`` and so on.
"""

import gzip
import importlib
import json
import os
import sys

import paddle.fluid as fluid

# Attributes that steer another vendor's library, and those that every op carries.
SKIPPED = frozenset(
    "workspace_size_MB Scale_in_eltwise Scale_out exhaustive_search fuse_relu_before_depthwise_conv fuse_beta "
    "Scale_weights fuse_relu fuse_brelu_threshold fuse_activation fuse_alpha fuse_residual_connection fuse_brelu "
    "Scale_in force_fp32_output scale_out scale_x scale_y Scale_x Scale_y x_data_format y_data_format fuse_with_relu "
    "@ALL_KERNELS_MUST_COMPUTE_RUNTIME_SHAPE@ fused_reshape_Out fused_transpose_Out op_callstack op_role op_role_var "
    "op_namescope op_device use_mkldnn use_cudnn use_quantizer mkldnn_data_type with_quant_attr".split()
)
TENSORS = ("LOD_TENSOR", "SELECTED_ROWS", "LOD_TENSOR_ARRAY")


def plain(value):
    if isinstance(value, float):
        return float("%.6g" % value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def dump_op(op):
    attrs = {
        name: plain(op.attr(name))
        for name in op.attr_names
        if name not in SKIPPED and op.attr_type(name) not in (fluid.core.AttrType.BLOCK, fluid.core.AttrType.BLOCKS)
    }
    # gradient ops may lack the common attributes
    role = op.attr("op_role") if op.has_attr("op_role") else None
    role_var = list(op.attr("op_role_var")) if op.has_attr("op_role_var") else None
    # the package lists what a block reads and writes in the order of a set
    order = sorted if any(op.attr_type(name) == fluid.core.AttrType.BLOCK for name in op.attr_names) else list
    inputs = {slot: order(op.input(slot)) for slot in op.input_names if op.input(slot)}
    outputs = {slot: order(op.output(slot)) for slot in op.output_names if op.output(slot)}
    return [op.type, inputs, outputs, attrs, role, role_var]


def dump_var(var):
    kind = str(var.type).split(".")[-1]
    if kind not in TENSORS:
        return [kind]
    flags = ("P" if var.persistable else "") + ("S" if var.stop_gradient else "")
    lod_level = 0 if kind == "SELECTED_ROWS" else var.lod_level
    return [kind, list(var.shape), str(var.dtype).split(".")[-1], lod_level, flags, type(var).__name__]


def reachable_blocks(program):
    """The main block and those that ops run. The package leaves others behind, with which it prepared gradients."""
    numbers = [0]
    for number in numbers:
        for op in program.block(number).ops:
            kinds = [(name, op.attr_type(name)) for name in op.attr_names]
            numbers += [op._block_attr_id(name) for name, kind in kinds if kind == fluid.core.AttrType.BLOCK]
    return [program.block(number) for number in numbers]


def dump_program(program):
    return [
        {"ops": [dump_op(op) for op in block.ops], "vars": {var.name: dump_var(var) for var in block.vars.values()}}
        for block in reachable_blocks(program)
    ]


def build(function, results=False):
    """Main program and startup program of a case, dumped; with ``results`` also what the function returns."""
    main, startup = fluid.Program(), fluid.Program()
    with fluid.program_guard(main, startup), fluid.unique_name.guard():
        result = function()
    dumped = {"main": dump_program(main), "startup": dump_program(startup)}
    if results:
        dumped["result"] = result
    return dumped


def path(module):
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", module + ".json.gz")


def recorded(module):
    """What the 1.8.5 package did with the cases of a module."""
    with gzip.open(path(module)) as file:
        return json.loads(file.read().decode())


def record(module):
    cases = importlib.import_module(module)
    out = {}
    for name, function in cases.CASES.items():
        try:
            out[name] = build(function, cases.RESULTS)
        except Exception as error:
            print(name, type(error).__name__, str(error)[-300:], file=sys.stderr)
    with gzip.GzipFile(path(module), "wb", mtime=0) as file:
        file.write(json.dumps(out, separators=(",", ":"), sort_keys=True).encode())


if __name__ == "__main__":
    record(sys.argv[1])

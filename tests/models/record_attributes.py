"""Writes ``data/attributes.json.gz``: every op of the 1.8.5 package with its attributes and the values that it gives them.

Run with that package: ``python tests/models/record_attributes.py``.
"""

import gzip
import json
import os

from paddle.fluid import Program, core
from paddle.fluid.proto import framework_pb2

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "attributes.json.gz")


def values(proto):
    """Of the attributes that a new op has; those without a default are not among them."""
    program = Program()  # the op lives as long as it does
    op = program.desc.block(0).append_op()
    op.set_type(proto.type)
    try:
        op.check_attrs()
    except Exception:  # an attribute without a default ends it
        pass
    names = [attr.name for attr in proto.attrs if op.has_attr(attr.name) and attr.name != "op_callstack"]
    return {name: op.attr(name) for name in names}


def record():
    protos = [framework_pb2.OpProto.FromString(bytes(proto)) for proto in core.get_all_op_protos()]
    content = json.dumps({proto.type: values(proto) for proto in protos}, sort_keys=True)
    with open(PATH, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as file:
        file.write(content.encode())


if __name__ == "__main__":
    record()

"""Data that comes from outside."""

from paddle.fluid.framework import VarType
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers.py_reader import create_py_reader_by_data, double_buffer, py_reader, read_file

__all__ = ["data", "load", "py_reader", "create_py_reader_by_data", "double_buffer", "read_file"]


def data(
    name, shape, append_batch_size=True, dtype="float32", lod_level=0, type=VarType.LOD_TENSOR, stop_gradient=True
):
    """A variable that is fed; see ``fluid.data`` for the newer form, which also checks what is fed.

    Args:
        name (str): the key in ``feed``.
        shape (list): sizes, -1 where any size may be fed.
        append_batch_size (bool): put a -1 for the batch in front, unless a size is -1 already.
        dtype: element type.
        lod_level (int): levels of sequences that the rows form.
        type: kind of variable.
        stop_gradient (bool): no gradient goes to it.

    Returns:
        Variable: fed under its name.

    Raises:
        TypeError: ``name`` is not a string, or ``shape`` not a list.
    """
    if not isinstance(name, str):
        raise TypeError("the name of a data variable must be a string, got %s" % name.__class__.__name__)
    if not isinstance(shape, (list, tuple)):
        raise TypeError("the shape of '%s' must be a list, got %s" % (name, shape.__class__.__name__))
    shape = [-1 if size is None else int(size) for size in shape]
    if append_batch_size and not any(size < 0 for size in shape):
        shape = [-1] + shape
    return LayerHelper("data").create_global_variable(
        name=name, shape=shape, dtype=dtype, type=type, stop_gradient=stop_gradient, lod_level=lod_level, is_data=True
    )


def load(out, file_path, load_as_fp16=None):
    """Append an op that reads a variable from a file that ``save`` wrote.

    Args:
        out (Variable): that is filled.
        file_path (str): the file.
        load_as_fp16 (bool): convert the elements to float16.

    Returns:
        None.

    Raises:
        RuntimeError: at run time, the file cannot be read, or is not what ``save`` writes.
    """
    attrs = {"file_path": file_path}
    if load_as_fp16 is not None:
        attrs["load_as_fp16"] = load_as_fp16
    LayerHelper("load").append_op(type="load", inputs={}, outputs={"Out": out}, attrs=attrs)

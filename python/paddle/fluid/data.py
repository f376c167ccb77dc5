"""``fluid.data``."""

from paddle.fluid.framework import VarType, default_main_program

__all__ = ["data"]


def data(name, shape, dtype="float32", lod_level=0):
    """A variable that is fed. What is fed is checked against its shape and type.

    Args:
        name (str): the key in ``feed``.
        shape (list): sizes, None or -1 where any size may be fed; the batch size is among them.
        dtype: element type, ``'float32'`` by default.
        lod_level (int): levels of sequences that the rows form; 0: none.

    Returns:
        Variable: no gradient goes to it unless its ``stop_gradient`` is set to False.

    Raises:
        TypeError: ``name`` is not a string, or ``shape`` not a list.
        ValueError: in a run, for what does not fit shape, type or level.

    Example:
        ``image = fluid.data('image', [None, 1, 28, 28])``
    """
    if not isinstance(name, str):
        raise TypeError("the name of a data variable must be a string, got %s" % type(name).__name__)
    if not isinstance(shape, (list, tuple)):
        raise TypeError("the shape of '%s' must be a list, got %s" % (name, type(shape).__name__))
    sizes = [-1 if size is None else int(size) for size in shape]
    return (
        default_main_program()
        .global_block()
        .create_var(
            name=name,
            shape=sizes,
            dtype=dtype,
            type=VarType.LOD_TENSOR,
            stop_gradient=True,
            lod_level=lod_level,
            is_data=True,
            need_check_feed=True,
        )
    )

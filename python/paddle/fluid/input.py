"""Layers over ids without a trailing dimension of 1."""

from paddle.fluid.layers.nn.common import lookup, one_hot_op

__all__ = ["one_hot", "embedding"]


def one_hot(input, depth, allow_out_of_range=False):
    """Rows of 0 with a 1 at the place that an id names.

    Args:
        input (Variable): ids, any shape, int32 or int64.
        depth: length of the rows, an integer or a Variable of shape (1,).
        allow_out_of_range (bool): ids outside give rows of 0; an error otherwise.

    Returns:
        Variable: (..., depth), float32.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: at run time, an id is outside, unless ``allow_out_of_range``.
    """
    return one_hot_op("one_hot_v2", input, depth, allow_out_of_range)


def embedding(input, size, is_sparse=False, is_distributed=False, padding_idx=None, param_attr=None, dtype="float32"):
    """Look up rows of a table by number.

    Args:
        input (Variable): ids, any shape, int64.
        size (tuple): (rows of the table, their length).
        is_sparse (bool): the gradient holds only the rows that were looked up.
        is_distributed (bool): the table is spread over parameter servers.
        padding_idx (int): the id whose row is all 0 and stays so; negative ones count from the end.
        param_attr (ParamAttr): of the table.
        dtype: of the table.

    Returns:
        Variable: the shape of ``input`` with the length of the rows behind.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: ``size`` is not two positive numbers; at run time, an id is outside the table.
    """
    return lookup("lookup_table_v2", input, size, is_sparse, is_distributed, padding_idx, param_attr, dtype)

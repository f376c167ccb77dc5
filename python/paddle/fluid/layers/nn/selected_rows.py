"""Sparse gradients."""

from paddle.fluid.framework import VarType
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable


def merge_selected_rows(x, name=None):
    """Sparse rows with each row number once; rows of the same number are added.

    Args:
        x (Variable): sparse rows.
        name (str): name of the layer.

    Returns:
        Variable: sparse rows of the same height.

    Raises:
        ValueError: ``x`` is not sparse.
    """
    check_variable(x, "x of merge_selected_rows")
    helper = LayerHelper("merge_selected_rows", name=name)
    out = helper.create_variable_for_type_inference(x.dtype)
    out.desc.set_type(VarType.SELECTED_ROWS)
    return append_op("merge_selected_rows", {"X": x}, {"Out": out}, helper=helper)


def get_tensor_from_selected_rows(x, name=None):
    """The rows of a sparse variable that are there, as a dense one.

    Args:
        x (Variable): sparse rows.
        name (str): name of the layer.

    Returns:
        Variable: (number of them, length).

    Raises:
        ValueError: ``x`` is not sparse.
    """
    return append_op("get_tensor_from_selected_rows", {"X": x}, {"Out": "X"}, name=name)

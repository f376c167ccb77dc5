"""Arrays of variables, sequences step by step, and what is chosen by a condition: the parts of control flow that need no
block of their own."""

from paddle.fluid import unique_name
from paddle.fluid.framework import VarType
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable, to_sequence

__all__ = ["array_write", "create_array", "array_read", "array_length", "reorder_lod_tensor_by_rank"]


def _check_array(value, what):
    check_variable(value, what)
    if value.type != VarType.LOD_TENSOR_ARRAY:
        raise TypeError("%s must be an array, as create_array makes it, but '%s' is a %s" % (what, value.name, value.type))


def _new_array(helper, dtype, name=None):
    return helper.create_variable(
        name=name or "%s.out" % helper.name, type=VarType.LOD_TENSOR_ARRAY, dtype=dtype
    )


def create_array(dtype):
    """An array of variables without items yet.

    Args:
        dtype: element type of the items.

    Returns:
        Variable: an array, for ``array_write`` and ``array_read``.

    Raises:
        ValueError: there is no such ``dtype``.
    """
    return _new_array(LayerHelper("array"), dtype)


def array_write(x, i, array=None):
    """Write a copy of ``x`` into item ``i`` of an array, which grows where it is shorter.

    Args:
        x (Variable): any shape, with or without sequences.
        i (Variable): int64, (1,): the item, counted from 0.
        array (Variable): the array; a new one by default.

    Returns:
        Variable: the array.

    Raises:
        TypeError: ``x`` or ``i`` is not a Variable, or ``array`` is not an array.
        ValueError: ``i`` is not one integer.
    """
    helper = LayerHelper("array_write")
    check_variable(x, "x of array_write")
    check_variable(i, "i of array_write")
    if array is None:
        array = _new_array(helper, x.dtype)
    else:
        _check_array(array, "array of array_write")
    return append_op("write_to_array", {"X": x, "I": i}, {"Out": array}, helper=helper)


def array_read(array, i):
    """A copy of item ``i`` of an array.

    Args:
        array (Variable): the array.
        i (Variable): int64, (1,): the item, counted from 0.

    Returns:
        Variable: the item, with its sequences.

    Raises:
        TypeError: ``array`` is not an array, or ``i`` not a Variable.
        ValueError: ``i`` is not one integer; when the program runs: there is no such item, or it was never written.
    """
    _check_array(array, "array of array_read")
    return append_op("read_from_array", {"X": array, "I": i}, {"Out": "X"}, helper_type="array_read")


def array_length(array):
    """The number of items of an array.

    Args:
        array (Variable): the array.

    Returns:
        Variable: int64, (1,).

    Raises:
        TypeError: ``array`` is not an array.
    """
    _check_array(array, "array of array_length")
    return append_op("lod_array_length", {"X": array}, {"Out": "int64"}, no_grad=("Out",), helper_type="array_length")


def lod_rank_table(x, level=0):
    """The sequences of a variable by length: the order in which recurrent networks work on them.

    Args:
        x (Variable): rows with ``lod_level`` above ``level``.
        level (int): the level whose sequences are ranked.

    Returns:
        Variable: a rank table: (place, length) of each sequence, longest first, ties in their order.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: there is no such level.
    """
    helper = LayerHelper("lod_rank_table")
    check_variable(x, "x of lod_rank_table")
    table = helper.create_variable(type=VarType.LOD_RANK_TABLE, name=unique_name.generate("lod_rank_table"))
    return append_op("lod_rank_table", {"X": x}, {"Out": table}, {"level": level}, helper=helper)


def max_sequence_len(rank_table):
    """The length of the longest sequence in a rank table.

    Args:
        rank_table (Variable): of ``lod_rank_table``.

    Returns:
        Variable: int64, (1,).

    Raises:
        TypeError: ``rank_table`` is not a Variable.
        ValueError: it is no rank table.
    """
    inputs = {"RankTable": rank_table}
    return append_op("max_sequence_len", inputs, {"Out": "int64"}, helper_type="max_seqence_len")


def lod_tensor_to_array(x, table):
    """Cut sequences into steps: item ``t`` of the array holds element ``t`` of each sequence that has one.

    Args:
        x (Variable): rows in sequences.
        table (Variable): of ``lod_rank_table``, made of ``x`` or of a variable with the same sequences.

    Returns:
        Variable: an array of as many items as the longest sequence has elements, rows in the order of the table.

    Raises:
        TypeError: an argument is not a Variable.
        ValueError: ``table`` is no rank table; when the program runs: it is one of other sequences.
    """
    helper = LayerHelper("lod_tensor_to_array")
    check_variable(x, "x of lod_tensor_to_array")
    array = _new_array(helper, x.dtype, unique_name.generate("lod_tensor_to_array"))
    return append_op("lod_tensor_to_array", {"X": x, "RankTable": table}, {"Out": array}, helper=helper)


def array_to_lod_tensor(x, table):
    """Put the steps of sequences together again: undoes ``lod_tensor_to_array``.

    Args:
        x (Variable): an array of as many items as the longest sequence has elements.
        table (Variable): of ``lod_rank_table``.

    Returns:
        Variable: the rows of all items in the sequences of the table.

    Raises:
        TypeError: an argument is not a Variable, or ``x`` not an array.
        ValueError: ``table`` is no rank table; when the program runs: the items have other rows than it says.
    """
    _check_array(x, "x of array_to_lod_tensor")
    return append_op("array_to_lod_tensor", {"X": x, "RankTable": table}, {"Out": "X"})


def shrink_memory(x, i, table):
    """The rows of ``x`` for the sequences that have a step ``i``: the first ones, in the order of a rank table.

    Args:
        x (Variable): (sequences, ...), a state.
        i (Variable): int64, (1,): the step, counted from 0.
        table (Variable): of ``lod_rank_table``.

    Returns:
        Variable: (sequences with a step ``i``, ...).

    Raises:
        TypeError: an argument is not a Variable.
        ValueError: ``table`` is no rank table, or ``i`` not one integer.
    """
    inputs = {"X": x, "I": i, "RankTable": table}
    return append_op("shrink_rnn_memory", inputs, {"Out": "X"}, helper_type="shrink_memory")


def reorder_lod_tensor_by_rank(x, rank_table):
    """Sequences, or rows where there are none, in the order of a rank table.

    Args:
        x (Variable): of as many sequences, or rows, as the table.
        rank_table (Variable): of ``lod_rank_table``.

    Returns:
        Variable: of the shape of ``x``.

    Raises:
        TypeError: an argument is not a Variable.
        ValueError: ``rank_table`` is no rank table; when the program runs: it has another number of sequences.
    """
    return append_op("reorder_lod_tensor_by_rank", {"X": x, "RankTable": rank_table}, {"Out": "X"})


def split_lod_tensor(input, mask, level=0):
    """The rows of ``input`` for which a condition holds, and the others; with sequences, these instead of rows.

    Args:
        input (Variable): rows.
        mask (Variable): bool, (n, 1): one for each row or sequence.
        level (int): the level whose sequences are told apart.

    Returns:
        (Variable, Variable): where ``mask`` is true, and where it is false.

    Raises:
        TypeError: an argument is not a Variable.
        ValueError: ``mask`` is not of bools; when the program runs: it does not fit the rows.
    """
    outputs = {"OutTrue": "X", "OutFalse": "X"}
    return tuple(append_op("split_lod_tensor", {"X": input, "Mask": mask}, outputs, {"level": level}))


def merge_lod_tensor(in_true, in_false, x, mask, level=0):
    """The rows of two variables in the order of a condition: undoes ``split_lod_tensor``.

    Args:
        in_true (Variable): rows, or sequences, for which ``mask`` is true.
        in_false (Variable): the others.
        x (Variable): what was split.
        mask (Variable): bool, (n, 1): one for each row or sequence of ``x``.
        level (int): the level whose sequences were told apart.

    Returns:
        Variable: the rows of both.

    Raises:
        TypeError: an argument is not a Variable.
        ValueError: ``mask`` is not of bools; when the program runs: it does not fit the rows.
    """
    inputs = {"X": x, "Mask": mask, "InTrue": in_true, "InFalse": in_false}
    return append_op("merge_lod_tensor", inputs, {"Out": "InTrue"}, {"level": level})


def select_input(inputs, mask):
    """One of several variables, by number.

    Args:
        inputs (list): Variables of one element type; what is not chosen need not have a value.
        mask (Variable): int32, (1,): the number, counted from 0.

    Returns:
        Variable: ``inputs[mask]``.

    Raises:
        TypeError: an input or ``mask`` is not a Variable.
        ValueError: there is no input, or ``mask`` is not one integer.
    """
    helper = LayerHelper("select_input")
    inputs = to_sequence(inputs, "inputs of select_input")
    if not inputs:
        raise ValueError("select_input needs one input at least")
    for each in inputs:
        check_variable(each, "each input of select_input")
    first = inputs[0]
    out = helper.create_variable(dtype=first.dtype, shape=first.shape, type=first.type)
    return append_op("select_input", {"X": inputs, "Mask": mask}, {"Out": out}, helper=helper)


def select_output(input, outputs, mask):
    """Write a variable to one of several, by number; the others are without rows.

    Args:
        input (Variable): any shape.
        outputs (list): Variables to write to.
        mask (Variable): int32, (1,): the number, counted from 0.

    Returns:
        list: ``outputs``.

    Raises:
        TypeError: an output, ``input`` or ``mask`` is not a Variable.
        ValueError: ``mask`` is not one integer.
    """
    outputs = to_sequence(outputs, "outputs of select_output")
    for each in outputs:
        check_variable(each, "each output of select_output")
    return append_op("select_output", {"X": input, "Mask": mask}, {"Out": outputs})

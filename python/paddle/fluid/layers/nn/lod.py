"""The sequences that rows form."""

from paddle.fluid.framework import Variable
from paddle.fluid.layers._op import append_op


def lod_reset(x, y=None, target_lod=None):
    """``x`` with other sequences: those of ``y``; or those that the values of ``y``, or ``target_lod``, say as offsets
    (``[0, 2, 5]``: two sequences of 2 and 3 rows).

    Args:
        x (Variable): rows.
        y (Variable): with sequences; or int32 without, the offsets.
        target_lod (list): the offsets, where ``y`` is not given.

    Returns:
        Variable: the rows of ``x`` in these sequences.

    Raises:
        ValueError: neither is given, or the offsets do not fit the rows.
    """
    if y is not None:
        return append_op("lod_reset", {"X": x, "Y": y}, {"Out": "X"})
    if target_lod is None:
        raise ValueError("lod_reset needs y or target_lod")
    return append_op("lod_reset", {"X": x}, {"Out": "X"}, {"target_lod": list(target_lod)})


def lod_append(x, level):
    """``x`` with one more level of sequences.

    Args:
        x (Variable): rows.
        level: offsets as a list, or a Variable as of ``lod_reset``.

    Returns:
        Variable: the rows of ``x`` with one more level.

    Raises:
        ValueError: ``level`` is neither, or does not fit.
    """
    inputs, attrs = {"X": x}, {"append": True}
    if isinstance(level, Variable):
        inputs["Y"] = level
    elif isinstance(level, (list, tuple)):
        attrs["target_lod"] = list(level)
    else:
        raise ValueError("the level for lod_append must be a list or a Variable, got %r" % (level,))
    return append_op("lod_reset", inputs, {"Out": "X"}, attrs, helper_type="lod_append")

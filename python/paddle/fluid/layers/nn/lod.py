"""The sequences that rows form."""

from paddle.fluid.framework import Variable
from paddle.fluid.layers._op import append_op


def lod_reset(x, y=None, target_lod=None):
    """``x`` with other sequences: those of ``y``; or those that the int32 values of ``y``, or ``target_lod``, say as
    offsets (``[0, 2, 5]``: two sequences of 2 and 3 rows).

    Raises:
        ValueError: neither is given.
    """
    if y is not None:
        return append_op("lod_reset", {"X": x, "Y": y}, {"Out": "X"})
    if target_lod is None:
        raise ValueError("lod_reset needs y or target_lod")
    return append_op("lod_reset", {"X": x}, {"Out": "X"}, {"target_lod": list(target_lod)})


def lod_append(x, level):
    """``x`` with one more level of sequences: offsets as a list, or a Variable."""
    inputs, attrs = {"X": x}, {"append": True}
    if isinstance(level, Variable):
        inputs["Y"] = level
    elif isinstance(level, (list, tuple)):
        attrs["target_lod"] = list(level)
    else:
        raise ValueError("the level for lod_append must be a list or a Variable, got %r" % (level,))
    return append_op("lod_reset", inputs, {"Out": "X"}, attrs, helper_type="lod_append")

"""The sequences that rows form: other ones, from images, and the places of rows in them."""

from paddle.fluid.framework import Variable
from paddle.fluid.layers._op import append_op, check_variable, to_list


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


def im2sequence(input, filter_size=1, stride=1, padding=0, input_image_size=None, out_stride=1, name=None):
    """The windows of each image, row by row, as a sequence.

    Args:
        input (Variable): images (N, C, H, W), float32 or float64.
        filter_size: height and width of a window, one integer or two.
        stride: rows and columns from one window to the next, one integer or two.
        padding: zeros around the image: one integer, two (above and below, left and right) or four (above, left,
            below, right).
        input_image_size (Variable): (N, 2), the real height and width of each image; windows are taken from the part
            that this is, divided by ``out_stride``, rounded up.
        out_stride: by how much images were shrunk, one integer or two; counts with ``input_image_size`` only.
        name (str): name of the layer.

    Returns:
        Variable: (windows, C * height * width of a window), lod_level 1, a sequence for each image. Without padding
        and ``input_image_size`` an image of 3 x 4 has (3 - 2 + 1) * (4 - 2 + 1) windows of size 2.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: a list has another length, or a window does not fit into the image.
    """
    check_variable(input, "input of im2sequence")
    if not isinstance(padding, (list, tuple)) or len(padding) < 4:
        padding = to_list(padding, 2, "padding of im2sequence") * 2
    attrs = {
        "kernels": to_list(filter_size, 2, "filter_size of im2sequence"),
        "strides": to_list(stride, 2, "stride of im2sequence"),
        "paddings": to_list(padding, 4, "padding of im2sequence"),
    }
    if input_image_size is not None:
        attrs["out_stride"] = to_list(out_stride, 2, "out_stride of im2sequence")
    return append_op("im2sequence", {"X": input, "Y": input_image_size}, {"Out": "X"}, attrs, name=name)


def add_position_encoding(input, alpha, beta, name=None):
    """``alpha * input + beta * encoding``, where the encoding tells the place of a row in its sequence: for row t
    ``sin(t / 10000 ** (k / (D / 2 - 1)))`` for each k below D / 2, then the cosines.

    Args:
        input (Variable): sequences of rows (D,), lod_level 1; or (N, T, D). D is even. float32 or float64.
        alpha (float): factor of ``input``.
        beta (float): factor of the encoding.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and sequences of ``input``.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: D is odd, or another number of dimensions.

    Source: Vaswani et al., "Attention Is All You Need", 2017.
    """
    attrs = {"alpha": alpha, "beta": beta}
    return append_op("add_position_encoding", {"X": input}, {"Out": "X"}, attrs, name=name)

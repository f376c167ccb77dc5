"""Images of other sizes."""

from paddle.fluid.framework import Variable
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable, int_inputs

_OPS = {"BILINEAR": ("bilinear_interp", 4), "NEAREST": ("nearest_interp", 4), "TRILINEAR": ("trilinear_interp", 5)}


def _size_inputs(out_shape, scale, rank, helper):
    """(inputs, attributes) of the size, or of the scale."""
    if isinstance(out_shape, Variable):
        out_shape.stop_gradient = True
        return {"OutSize": out_shape}, {}
    if out_shape is not None:
        if not isinstance(out_shape, (list, tuple)) or len(out_shape) != rank - 2:
            raise ValueError("out_shape must hold %d sizes, got %r" % (rank - 2, out_shape))
        numbers, variables = int_inputs(out_shape, helper)
        attrs = dict(zip(("out_d", "out_h", "out_w")[5 - rank :], numbers))
        return ({"SizeTensor": variables} if variables else {}), attrs
    if isinstance(scale, Variable):
        scale.stop_gradient = True
        return {"Scale": scale}, {}
    if scale is None or scale <= 0:
        raise ValueError("image_resize needs out_shape or a positive scale, got scale %r" % (scale,))
    return {}, {"scale": float(scale)}


def image_resize(
    input,
    out_shape=None,
    scale=None,
    name=None,
    resample="BILINEAR",
    actual_shape=None,
    align_corners=True,
    align_mode=1,
    data_format="NCHW",
):
    """Images of another size.

    Args:
        input (Variable): (N, C, H, W), or (N, H, W, C) for ``data_format`` 'NHWC'; 'TRILINEAR': with a depth before H
            ('NCDHW', 'NDHWC').
        out_shape: (height, width), or (depth, height, width): a list of integers and Variables of shape (1,), or an
            int32 Variable.
        scale: factor on the size, a number or a Variable of shape (1,), used without ``out_shape``.
        name (str): name of the layer.
        resample (str): ``'BILINEAR'``, ``'NEAREST'`` or ``'TRILINEAR'``.
        actual_shape (Variable): int32, goes before ``out_shape`` at run time.
        align_corners (bool): the outer pixels of both images lie upon each other; else their edges do.
        align_mode (int): without ``align_corners``: 0: pixel i lies at (i + 0.5) * scale - 0.5; 1: at i * scale.
        data_format (str): ``'NCHW'``, ``'NHWC'``, ``'NCDHW'`` or ``'NDHWC'``.

    Returns:
        Variable: of the type of ``input``.

    Raises:
        ValueError: neither size nor scale, or a wrong one.
    """
    check_variable(input, "input of image_resize")
    resample = resample.upper() if isinstance(resample, str) else resample
    if resample not in _OPS:
        raise ValueError("resample must be one of %s, got %r" % (", ".join(_OPS), resample))
    op_type, rank = _OPS[resample]
    if len(input.shape) != rank:
        raise ValueError("%s takes %d dimensions, got shape %s" % (resample, rank, input.shape))
    if align_mode not in (0, 1):
        raise ValueError("align_mode must be 0 or 1, got %r" % (align_mode,))
    layouts = ("NCHW", "NHWC") if rank == 4 else ("NCDHW", "NDHWC")
    if data_format not in layouts:
        raise ValueError("data_format must be '%s' or '%s', got %r" % (layouts + (data_format,)))
    helper = LayerHelper(op_type, name=name)
    attrs = {
        "out_d": -1,
        "out_h": -1,
        "out_w": -1,
        "interp_method": resample.lower(),
        "align_corners": align_corners,
        "align_mode": align_mode,
        "data_layout": "NHWC" if data_format in ("NHWC", "NDHWC") else "NCHW",
    }
    inputs, sizes = _size_inputs(out_shape, scale, rank, helper)
    attrs.update(sizes)
    if isinstance(actual_shape, Variable):
        actual_shape.stop_gradient = True
        inputs["OutSize"] = actual_shape
    return append_op(op_type, dict(inputs, X=input), {"Out": "X"}, attrs, helper=helper)


def interpolate(
    input,
    out_shape=None,
    scale=None,
    name=None,
    resample="BILINEAR",
    actual_shape=None,
    align_corners=True,
    align_mode=1,
    data_format="NCHW",
):
    """Another name of ``image_resize``.

    Args:
        input (Variable): as of ``image_resize``.
        out_shape: as of ``image_resize``, like all that follow.
        scale: factor on the size.
        name (str): name of the layer.
        resample (str): ``'BILINEAR'``, ``'NEAREST'`` or ``'TRILINEAR'``.
        actual_shape (Variable): int32, the size at run time.
        align_corners (bool): the outer pixels of both images lie upon each other.
        align_mode (int): where pixels lie without ``align_corners``.
        data_format (str): ``'NCHW'``, ``'NHWC'``, ``'NCDHW'`` or ``'NDHWC'``.

    Returns:
        Variable: of the type of ``input``.

    Raises:
        ValueError: neither size nor scale, or a wrong one.
    """
    return image_resize(input, out_shape, scale, name, resample, actual_shape, align_corners, align_mode, data_format)


def resize_bilinear(
    input,
    out_shape=None,
    scale=None,
    name=None,
    actual_shape=None,
    align_corners=True,
    align_mode=1,
    data_format="NCHW",
):
    """``image_resize`` by linear interpolation in both directions.

    Args:
        input (Variable): (N, C, H, W), or (N, H, W, C) for 'NHWC'.
        out_shape: (height, width), see ``image_resize``.
        scale: factor on the size, used without ``out_shape``.
        name (str): name of the layer.
        actual_shape (Variable): int32, the size at run time.
        align_corners (bool): the outer pixels of both images lie upon each other.
        align_mode (int): where pixels lie without ``align_corners``, see ``image_resize``.
        data_format (str): ``'NCHW'`` or ``'NHWC'``.

    Returns:
        Variable: (N, C, height, width).

    Raises:
        ValueError: neither size nor scale, or a wrong one.
    """
    return image_resize(input, out_shape, scale, name, "BILINEAR", actual_shape, align_corners, align_mode, data_format)


def resize_trilinear(
    input,
    out_shape=None,
    scale=None,
    name=None,
    actual_shape=None,
    align_corners=True,
    align_mode=1,
    data_format="NCDHW",
):
    """``image_resize`` by linear interpolation in three directions.

    Args:
        input (Variable): (N, C, D, H, W), or (N, D, H, W, C) for 'NDHWC'.
        out_shape: (depth, height, width), see ``image_resize``.
        scale: factor on the size, used without ``out_shape``.
        name (str): name of the layer.
        actual_shape (Variable): int32, the size at run time.
        align_corners (bool): the outer pixels of both images lie upon each other.
        align_mode (int): where pixels lie without ``align_corners``, see ``image_resize``.
        data_format (str): ``'NCDHW'`` or ``'NDHWC'``.

    Returns:
        Variable: (N, C, depth, height, width).

    Raises:
        ValueError: neither size nor scale, or a wrong one.
    """
    return image_resize(
        input, out_shape, scale, name, "TRILINEAR", actual_shape, align_corners, align_mode, data_format
    )


def resize_nearest(
    input, out_shape=None, scale=None, name=None, actual_shape=None, align_corners=True, data_format="NCHW"
):
    """``image_resize`` by taking the nearest pixel.

    Args:
        input (Variable): (N, C, H, W), or (N, H, W, C) for 'NHWC'.
        out_shape: (height, width), see ``image_resize``.
        scale: factor on the size, used without ``out_shape``.
        name (str): name of the layer.
        actual_shape (Variable): int32, the size at run time.
        align_corners (bool): the outer pixels of both images lie upon each other.
        data_format (str): ``'NCHW'`` or ``'NHWC'``.

    Returns:
        Variable: (N, C, height, width).

    Raises:
        ValueError: neither size nor scale, or a wrong one.
    """
    return image_resize(input, out_shape, scale, name, "NEAREST", actual_shape, align_corners, 1, data_format)


def image_resize_short(input, out_short_len, resample="BILINEAR"):
    """Images resized so that the shorter side has a given length; the proportions are kept.

    Args:
        input (Variable): (N, C, H, W) with known sizes.
        out_short_len (int): length of the shorter side.
        resample (str): see ``image_resize``.

    Returns:
        Variable: (N, C, H', W').

    Raises:
        ValueError: ``input`` has not 4 dimensions.
    """
    check_variable(input, "input of image_resize_short")
    if len(input.shape) != 4:
        raise ValueError("image_resize_short takes (N, C, H, W), got shape %s" % (input.shape,))
    height, width = input.shape[2:]
    short = min(height, width)
    factor = float(out_short_len) / short
    sizes = [
        out_short_len if side == short and index == (height, width).index(short) else int(side * factor + 0.5)
        for index, side in enumerate((height, width))
    ]
    return image_resize(input=input, out_shape=sizes, resample=resample)

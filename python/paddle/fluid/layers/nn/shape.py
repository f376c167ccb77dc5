"""Other shapes of the same elements."""

from paddle.fluid.framework import Variable
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable, int_inputs, to_sequence, unary


def _shape_inputs(shape, helper, layer):
    """(inputs, attribute) for a shape given as a Variable, or a list of integers and Variables."""
    if isinstance(shape, Variable):
        shape.stop_gradient = True
        return {"Shape": shape}, None
    if not isinstance(shape, (list, tuple)):
        raise TypeError("the shape for %s must be a list or a Variable, got %s" % (layer, type(shape).__name__))
    if not shape:
        raise ValueError("the shape for %s is empty" % layer)
    if sum(1 for s in shape if not isinstance(s, Variable) and s == -1) > 1:
        raise ValueError("only one size of the shape for %s may be -1, got %s" % (layer, shape))
    numbers, variables = int_inputs(shape, helper)
    return ({"ShapeTensor": variables} if variables else {}), numbers


def reshape(x, shape, actual_shape=None, act=None, inplace=False, name=None):
    """The same elements in another shape.

    Args:
        x (Variable): any shape and type.
        shape: a list of sizes, or an int32 Variable that holds them, or a list with Variables of shape (1,) in it.
            0 keeps the size of ``x`` at that place, one -1 takes what is left.
        actual_shape (Variable): int32, goes before ``shape`` at run time.
        act (str): activation.
        inplace (bool): write the result into ``x``.
        name (str): name of the layer.

    Returns:
        Variable: of the type of ``x``.

    Raises:
        ValueError: the elements do not fit.
    """
    helper = LayerHelper("reshape2", act=act, name=name)
    inputs, numbers = _shape_inputs(shape, helper, "reshape")
    inputs["X"] = x
    if actual_shape is not None and isinstance(actual_shape, Variable):
        actual_shape.stop_gradient = True
        inputs["Shape"] = actual_shape
    outputs = {"Out": x if inplace else "X", "XShape": "X"}
    out = append_op("reshape2", inputs, outputs, {"shape": numbers}, helper=helper)[0]
    return helper.append_activation(out)


def transpose(x, perm, name=None):
    """The dimensions in another order: ``perm[i]`` is the dimension of ``x`` that comes to place i.

    Args:
        x (Variable): any shape.
        perm (list): the dimensions of ``x`` in their new order.
        name (str): name of the layer.

    Returns:
        Variable: of the shape ``[x.shape[i] for i in perm]``.

    Raises:
        ValueError: ``perm`` does not name each dimension once.
    """
    check_variable(x, "x of transpose")
    perm = to_sequence(perm, "perm of transpose")
    if sorted(perm) != list(range(len(x.shape))):
        raise ValueError("perm of transpose must name each of the %d dimensions once, got %s" % (len(x.shape), perm))
    outputs = {"Out": "X", "XShape": "X"}
    return append_op("transpose2", {"X": x}, outputs, {"axis": list(perm)}, name=name, helper_type="transpose")[0]


def squeeze(input, axes, name=None):
    """Leave out dimensions of size 1.

    Args:
        input (Variable): any shape.
        axes (list): the dimensions to leave out; empty: all of size 1.
        name (str): name of the layer.

    Returns:
        Variable: the same elements.

    Raises:
        ValueError: a dimension named has not size 1, or there is none.
    """
    outputs = {"Out": "X", "XShape": "X"}
    return append_op("squeeze2", {"X": input}, outputs, {"axes": to_sequence(axes, "axes of squeeze")}, name=name, helper_type="squeeze")[0]


def unsqueeze(input, axes, name=None):
    """Put in dimensions of size 1.

    Args:
        input (Variable): any shape.
        axes: the places (of the result): an integer, a list of integers and Variables of shape (1,), or an int32
            Variable.
        name (str): name of the layer.

    Returns:
        Variable: the same elements.

    Raises:
        ValueError: there is no such place.
    """
    helper = LayerHelper("unsqueeze2", name=name)
    inputs, attrs = {"X": input}, {}
    if isinstance(axes, int):
        axes = [axes]
    if isinstance(axes, Variable):
        axes.stop_gradient = True
        inputs["AxesTensor"] = axes
    else:
        numbers, variables = int_inputs(to_sequence(axes, "axes of unsqueeze"), helper)
        if variables:
            inputs["AxesTensorList"] = variables
        else:
            attrs["axes"] = numbers
    return append_op("unsqueeze2", inputs, {"Out": "X", "XShape": "X"}, attrs, helper=helper)[0]


def flatten(x, axis=1, name=None):
    """A matrix: the dimensions before ``axis`` become the rows, the others the columns.

    Args:
        x (Variable): any shape.
        axis (int): from 0 to the number of dimensions.
        name (str): name of the layer.

    Returns:
        Variable: two dimensions.

    Raises:
        ValueError: there is no such dimension.
    """
    check_variable(x, "x of flatten")
    if not isinstance(axis, int) or not 0 <= axis <= len(x.shape):
        raise ValueError("axis of flatten must be from 0 to %d, got %r" % (len(x.shape), axis))
    outputs = {"Out": "X", "XShape": "X"}
    return append_op("flatten2", {"X": x}, outputs, {"axis": axis}, name=name, helper_type="flatten")[0]


def split(input, num_or_sections, dim=-1, name=None):
    """Cut a variable into pieces along a dimension.

    Args:
        input (Variable): any shape.
        num_or_sections: the number of equal pieces; or a list of their sizes, one of which may be -1 (what is left),
            integers or Variables of shape (1,).
        dim: the dimension, an integer or a Variable of shape (1,).
        name (str): name of the layer.

    Returns:
        A list of Variables.

    Raises:
        ValueError: the sizes do not fit.
    """
    check_variable(input, "input of split")
    helper = LayerHelper("split", name=name)
    inputs, attrs = {"X": input}, {}
    known = -1
    if isinstance(dim, Variable):
        dim.stop_gradient = True
        inputs["AxisTensor"] = dim
    else:
        dim = dim + len(input.shape) if dim < 0 else dim
        if not 0 <= dim < len(input.shape):
            raise ValueError("input '%s' of split has shape %s, there is no such dimension" % (input.name, input.shape))
        attrs["axis"] = dim
        known = input.shape[dim]
    if isinstance(num_or_sections, int):
        if num_or_sections <= 0 or (known > 0 and known % num_or_sections):
            raise ValueError("%d cannot be split into %d equal pieces" % (known, num_or_sections))
        attrs["num"] = count = num_or_sections
    else:
        if known > 0 and len(num_or_sections) > known:
            raise ValueError("%d cannot be split into %d pieces" % (known, len(num_or_sections)))
        count = len(num_or_sections)
        attrs["sections"], variables = int_inputs(num_or_sections, helper)
        if variables:
            inputs["SectionsTensorList"] = variables
    return append_op("split", inputs, {"Out": ["X"] * count}, attrs, helper=helper)


def stack(x, axis=0):
    """Put variables of one shape side by side along a new dimension.

    Args:
        x (list): Variables of one shape and type.
        axis (int): place of the new dimension.

    Returns:
        Variable: one dimension more.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    if not isinstance(x, (list, tuple)):
        x = [x]
    return append_op("stack", {"X": list(x)}, {"Y": "X"}, {"axis": axis})


def unstack(x, axis=0, num=None):
    """The slices along a dimension, without it.

    Args:
        x (Variable): any shape.
        axis (int): the dimension.
        num (int): its size, where it is not known.

    Returns:
        A list of Variables without the dimension.

    Raises:
        ValueError: the size is not known, or there is no such dimension.
    """
    check_variable(x, "x of unstack")
    if num is None:
        num = x.shape[axis]
        if num <= 0:
            raise ValueError("unstack needs num; '%s' has shape %s" % (x.name, x.shape))
    return append_op("unstack", {"X": x}, {"Y": ["X"] * num}, {"axis": axis, "num": num})


def expand(x, expand_times, name=None):
    """Repeat a variable along each dimension.

    Args:
        x (Variable): any shape.
        expand_times: how often along each dimension: a list of integers and Variables of shape (1,), or an int32
            Variable.
        name (str): name of the layer.

    Returns:
        Variable: each size multiplied.

    Raises:
        ValueError: there is not one number for each dimension.
    """
    helper = LayerHelper("expand", input=x, name=name)
    inputs, attrs = {"X": x}, {}
    if isinstance(expand_times, Variable):
        expand_times.stop_gradient = True
        inputs["ExpandTimes"] = expand_times
    else:
        attrs["expand_times"], variables = int_inputs(to_sequence(expand_times, "expand_times of expand"), helper)
        if variables:
            inputs["expand_times_tensor"] = variables
    return append_op("expand", inputs, {"Out": "X"}, attrs, helper=helper)


def expand_as(x, target_tensor, name=None):
    """Repeat a variable along each dimension up to the shape of another.

    Args:
        x (Variable): any shape.
        target_tensor (Variable): of as many dimensions; its sizes are multiples of those of ``x``.
        name (str): name of the layer.

    Returns:
        Variable: of the shape of ``target_tensor``.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    return append_op("expand_as", {"X": x, "target_tensor": target_tensor}, {"Out": "X"}, name=name)


def pad(x, paddings, pad_value=0.0, name=None):
    """Put a value around.

    Args:
        x (Variable): any shape.
        paddings (list): how much before and after each dimension, two integers each.
        pad_value (float): what is put in.
        name (str): name of the layer.

    Returns:
        Variable: the larger variable.

    Raises:
        ValueError: there are not two numbers for each dimension.
    """
    return unary("pad", x, {"paddings": to_sequence(paddings, "paddings of pad"), "pad_value": float(pad_value)}, name)


def pad2d(input, paddings=[0, 0, 0, 0], mode="constant", pad_value=0.0, data_format="NCHW", name=None):
    """Pad images.

    Args:
        input (Variable): (N, C, H, W), or (N, H, W, C) for ``data_format`` 'NHWC'.
        paddings: (top, bottom, left, right), or an int32 Variable that holds them.
        mode (str): ``'constant'``: ``pad_value``; ``'reflect'``: mirrored at the outer pixels; ``'edge'``: the outer
            pixels repeated.
        pad_value (float): for ``'constant'``.
        data_format (str): ``'NCHW'`` or ``'NHWC'``.
        name (str): name of the layer.

    Returns:
        Variable: the larger images.

    Raises:
        ValueError: another mode or format, or ``'reflect'`` with more than the image has.
    """
    attrs = {"mode": mode, "pad_value": pad_value, "data_format": data_format}
    inputs = {"X": input}
    if isinstance(paddings, Variable):
        inputs["Paddings"] = paddings
        attrs["paddings"] = [0, 0, 0, 0]
    else:
        attrs["paddings"] = list(paddings)
    return append_op("pad2d", inputs, {"Out": "X"}, attrs, name=name)


def pad_constant_like(x, y, pad_value=0.0, name=None):
    """``y``, padded behind to the shape of ``x``.

    Args:
        x (Variable): any shape; gives the shape.
        y (Variable): of as many dimensions, none greater.
        pad_value (float): what is put in.
        name (str): name of the layer.

    Returns:
        Variable: of the shape of ``x``.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    return append_op("pad_constant_like", {"X": x, "Y": y}, {"Out": "Y"}, {"pad_value": float(pad_value)}, name=name)


def shape(input):
    """The sizes of a variable at run time.

    Args:
        input (Variable): any shape.

    Returns:
        Variable: int32, (number of dimensions,).

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return append_op("shape", {"Input": input}, {"Out": "int32"})


def rank(input):
    """The number of dimensions.

    Args:
        input (Variable): any shape.

    Returns:
        Variable: int32, one number.

    Raises:
        TypeError: ``input`` is not a Variable.
    """
    check_variable(input, "input of rank")
    import numpy as np

    from paddle.fluid.layers.tensor import assign

    return assign(np.array(len(input.shape), "int32"))


def size(input):
    """The number of elements at run time.

    Args:
        input (Variable): any shape.

    Returns:
        Variable: int64, (1,).

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return append_op("size", {"Input": input}, {"Out": "int64"})


def space_to_depth(x, blocksize, name=None):
    """Move blocks of pixels into the channels.

    Args:
        x (Variable): (N, C, H, W).
        blocksize (int): b, at least 2; divides H and W.
        name (str): name of the layer.

    Returns:
        Variable: (N, C b b, H / b, W / b).

    Raises:
        TypeError: ``blocksize`` is not an integer.
        ValueError: the sizes cannot be divided.
    """
    if not isinstance(blocksize, int):
        raise TypeError("blocksize of space_to_depth must be an integer, got %r" % (blocksize,))
    return unary("space_to_depth", x, {"blocksize": blocksize}, name)


def pixel_shuffle(x, upscale_factor):
    """Move channels into blocks of pixels.

    Args:
        x (Variable): (N, C r r, H, W), float32 or float64.
        upscale_factor (int): r.

    Returns:
        Variable: (N, C, H r, W r).

    Raises:
        TypeError: ``upscale_factor`` is not an integer.
        ValueError: the channels cannot be divided.

    Source: Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel CNN", 2016.
    """
    if not isinstance(upscale_factor, int):
        raise TypeError("upscale_factor of pixel_shuffle must be an integer, got %r" % (upscale_factor,))
    return unary("pixel_shuffle", x, {"upscale_factor": upscale_factor})


def shuffle_channel(x, group, name=None):
    """Exchange the channels between groups: they are seen as (group, C / group) and transposed.

    Args:
        x (Variable): (N, C, H, W).
        group (int): number of groups.
        name (str): name of the layer.

    Returns:
        Variable: of the shape of ``x``.

    Raises:
        TypeError: ``group`` is not an integer.
        ValueError: the channels cannot be divided.

    Source: Zhang et al., "ShuffleNet", 2017.
    """
    if not isinstance(group, int):
        raise TypeError("group of shuffle_channel must be an integer, got %r" % (group,))
    return unary("shuffle_channel", x, {"group": group}, name)


def flip(input, dims, name=None):
    """The elements in opposite order along the dimensions named.

    Args:
        input (Variable): any shape.
        dims: a dimension or a list of them.
        name (str): name of the layer.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: its element type does not fit.
    """
    dims = [dims] if isinstance(dims, int) else to_sequence(dims, "dims of flip")
    return unary("flip", input, {"dims": dims}, name)


def roll(input, shifts, dims=None):
    """The elements moved along dimensions; what leaves at the end comes in at the front.

    Args:
        input (Variable): any shape.
        shifts: by how much, an integer or a list.
        dims: a dimension or a list of them; None: of the flattened variable.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        ValueError: there are not as many shifts as dimensions.
    """
    check_variable(input, "input of roll")
    shifts = [shifts] if isinstance(shifts, int) else to_sequence(shifts, "shifts of roll")
    dims = [dims] if isinstance(dims, int) else dims
    if dims is not None and len(dims) != len(shifts):
        raise ValueError("roll needs as many shifts as dims, got %s and %s" % (shifts, dims))
    shape_before = input.shape
    if dims is None:
        input, dims = reshape(input, shape=[-1, 1]), [0]
    out = append_op("roll", {"X": input}, {"Out": "X"}, {"dims": list(dims), "shifts": shifts})
    return reshape(out, shape=shape_before, inplace=True)


def meshgrid(input, name=None):
    """The coordinates of the points of a grid.

    Args:
        input (list): Variables (N1,), (N2,), ... of one type.
        name (str): name of the layer.

    Returns:
        A list of Variables of shape (N1, N2, ...).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    input = to_sequence(input, "input of meshgrid")
    return append_op("meshgrid", {"X": input}, {"Out": ["X"] * len(input)}, name=name)


def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """Matrices with the vectors of the last dimension as their diagonals.

    Args:
        input (Variable): (..., N), a Variable or array.
        offset (int): which diagonal; 0: the main one.
        dim1 (int): a dimension of the matrices in the result.
        dim2 (int): the other one.

    Returns:
        Variable: one dimension more.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: its shape or element type does not fit.
    """
    if not isinstance(input, Variable):
        from paddle.fluid.layers.tensor import assign

        input = assign(input)
    return append_op(
        "diag_embed",
        {"Input": input},
        {"Out": "Input"},
        {"offset": offset, "dim1": dim1, "dim2": dim2},
        no_grad=("Out",),
    )

"""Padding of convolutions and pooling in its many forms."""

from paddle.fluid.layers._op import to_list


def parse_padding(padding, dims, channel_last, layer):
    """(list of integers, algorithm) from ``padding``: an integer; one a dimension; before and after each dimension;
    a pair for each dimension of the input, 0 for batch and channels; 'SAME' or 'VALID'.

    Raises:
        ValueError: none of these.
    """
    if isinstance(padding, str):
        algorithm = padding.upper()
        if algorithm not in ("SAME", "VALID"):
            raise ValueError("padding of %s must be 'SAME', 'VALID' or integers, got %r" % (layer, padding))
        return [0] * dims, algorithm
    if isinstance(padding, (list, tuple)) and padding and isinstance(padding[0], (list, tuple)):
        if len(padding) != dims + 2:
            raise ValueError("padding of %s must hold %d pairs, got %r" % (layer, dims + 2, padding))
        pairs = [list(pair) for pair in padding]
        outer = [pairs[0], pairs[-1] if channel_last else pairs[1]]
        if outer != [[0, 0], [0, 0]]:
            raise ValueError("padding of %s must be 0 for batch and channels, got %r" % (layer, padding))
        pairs = pairs[1:-1] if channel_last else pairs[2:]
        return shorten([side for pair in pairs for side in pair], dims), "EXPLICIT"
    if isinstance(padding, (list, tuple)) and len(padding) == 2 * dims:
        return shorten(to_list(padding, 2 * dims, "padding of " + layer), dims), "EXPLICIT"
    return to_list(padding, dims, "padding of " + layer), "EXPLICIT"


def shorten(sides, dims):
    """One value a dimension where both sides are the same in all of them."""
    if all(sides[2 * i] == sides[2 * i + 1] for i in range(dims)):
        return sides[::2]
    return sides


def is_channel_last(data_format, dims, layer):
    """Whether the channels come last.

    Raises:
        ValueError: no such format.
    """
    first, last = ("NCHW", "NHWC") if dims == 2 else ("NCDHW", "NDHWC")
    if data_format not in (first, last):
        raise ValueError("data_format of %s must be '%s' or '%s', got %r" % (layer, first, last, data_format))
    return data_format == last

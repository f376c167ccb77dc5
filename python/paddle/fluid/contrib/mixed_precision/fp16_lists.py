"""Which ops compute in 16 bits."""

white_list = {"conv2d", "matmul", "mul"}

black_list = {
    "exp",
    "square",
    "log",
    "mean",
    "sum",
    "cos_sim",
    "softmax",
    "softmax_with_cross_entropy",
    "sigmoid_cross_entropy_with_logits",
    "cross_entropy",
    "cross_entropy2",
}

gray_list = set(
    "elementwise_add elementwise_sub elementwise_mul elementwise_div elementwise_max elementwise_min elementwise_pow "
    "elementwise_mod elementwise_floordiv batch_norm tanh sigmoid lookup_table top_k pool2d pool3d dropout relu relu6 "
    "leaky_relu soft_relu flatten2 stack unstack uniform_random_batch_size_like gaussian_random "
    "gaussian_random_batch_size_like slice rank scale transpose2 reshape2 gather fill_constant "
    "get_tensor_from_selected_rows sign cast".split()
)

# The same for bfloat16, where only these have kernels.
bfloat16_white_list = {"matmul", "mul", "lstm", "gru"}
bfloat16_gray_list = {
    "elementwise_add",
    "tanh",
    "sigmoid",
    "relu",
    "dropout",
    "scale",
    "reshape2",
    "transpose2",
    "concat",
    "sequence_pool",
    "cast",
}
# Ops that compute in 16 bits only where what they read was computed so; where nothing was, they stay as they are.
_NEUTRAL_IN_BFLOAT16 = gray_list - bfloat16_gray_list


class AutoMixedPrecisionLists:
    """Which ops compute in 16 bits (white), which in float32 (black), and which as what they read was computed (gray).

    Ops of no list compute in float32. With bfloat16, ``lstm`` and ``gru`` are white besides, ``concat`` and
    ``sequence_pool`` gray, and ops that have no kernel for it black.

    Args:
        custom_white_list (iterable): types of ops that are to be white.
        custom_black_list (iterable): types of ops that are to be black.
        custom_black_varnames (iterable): names of variables; an op that reads or writes one is black.

    Raises:
        ValueError: an op is in both lists.
        TypeError: an argument is not a collection of strings.

    Example:

        >>> lists = fluid.contrib.mixed_precision.AutoMixedPrecisionLists(custom_black_list=["matmul"])
    """

    def __init__(self, custom_white_list=None, custom_black_list=None, custom_black_varnames=None):
        self._custom_white_list = custom_white_list
        self._custom_black_list = custom_black_list
        self.black_varnames = custom_black_varnames
        white = _strings(custom_white_list, "custom_white_list")
        black = _strings(custom_black_list, "custom_black_list")
        _strings(custom_black_varnames, "custom_black_varnames")
        if white & black:
            raise ValueError("custom_white_list and custom_black_list both name %s" % ", ".join(sorted(white & black)))
        self.white_list = (white_list | white) - black
        self.black_list = (black_list | black) - white
        self.gray_list = gray_list - white - black

    def _for_dtype(self, dtype):
        """The white and the gray list for an element type; of the latter also those ops that must not compute in it."""
        if dtype == "float16":
            return set(self.white_list), set(self.gray_list), {"batch_norm"}  # the op takes no two types
        white, black = self.white_list - white_list, self.black_list
        known = bfloat16_white_list | bfloat16_gray_list
        if white - known:
            raise ValueError(
                "custom_white_list names %s, which bfloat16 has no kernel for; there is one for %s"
                % (", ".join(sorted(white - known)), ", ".join(sorted(known)))
            )
        return (
            (bfloat16_white_list | white) - black,
            (bfloat16_gray_list | _NEUTRAL_IN_BFLOAT16) - white - black,
            _NEUTRAL_IN_BFLOAT16,
        )


def _strings(given, what):
    """A set of what was given; none where it is None."""
    if given is None:
        return set()
    if isinstance(given, str) or not all(isinstance(item, str) for item in given):
        raise TypeError("%s takes a collection of names, got %r" % (what, given))
    return set(given)

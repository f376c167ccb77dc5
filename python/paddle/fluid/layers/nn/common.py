"""Fully connected layers, embeddings, softmax, dropout."""

from paddle.fluid.framework import Variable
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable, to_sequence, unary


def fc(input, size, num_flatten_dims=1, param_attr=None, bias_attr=None, act=None, name=None):
    """A fully connected layer: act(x W + b), the sum over several inputs.

    Args:
        input (Variable): (N, ...), float32 or float64, or a list of them, each with weights of its own.
        size (int): features of the result.
        num_flatten_dims (int): so many dimensions are kept, the others are flattened into the features; -1: all but
            the last.
        param_attr (ParamAttr): of W, shape (features of the input, size); a list for several inputs.
        bias_attr (ParamAttr): of b, shape (size,); False: no bias.
        act (str): activation.
        name (str): name of the layer.

    Returns:
        Variable: of shape ``input.shape[:num_flatten_dims] + (size,)``.

    Raises:
        TypeError: ``input`` is not a variable.
        ValueError: a flattened size is not known.

    Example:
        ``fluid.layers.fc(fluid.data('x', [None, 13]), 1)``
    """
    helper = LayerHelper("fc", input=input, param_attr=param_attr, bias_attr=bias_attr, act=act, name=name)
    dtype = helper.input_dtype()
    products = []
    for x, attr in helper.iter_inputs_and_params():
        dims = len(x.shape) - 1 if num_flatten_dims == -1 else num_flatten_dims
        if not 0 < dims < len(x.shape):
            raise ValueError(
                "num_flatten_dims of fc must be from 1 to %d for input '%s' of shape %s, got %d"
                % (len(x.shape) - 1, x.name, x.shape, num_flatten_dims)
            )
        features = 1
        for d in x.shape[dims:]:
            features *= d
        if features <= 0:
            raise ValueError(
                "fc needs to know the sizes that it flattens; input '%s' has shape %s, num_flatten_dims is %d"
                % (x.name, x.shape, dims)
            )
        weight = helper.create_parameter(attr=attr, shape=[features, size], dtype=dtype)
        attrs = {"x_num_col_dims": dims, "y_num_col_dims": 1}
        products.append(append_op("mul", {"X": x, "Y": weight}, {"Out": dtype}, attrs, helper=helper))
    total = products[0]
    if len(products) > 1:
        total = append_op("sum", {"X": products}, {"Out": dtype}, helper=helper)
    return helper.append_activation(helper.append_bias_op(total, dim_start=dims))


def lookup(op_type, input, size, is_sparse, is_distributed, padding_idx, param_attr, dtype):
    """Append a table and the op that looks rows up in it."""
    size = to_sequence(size, "size of embedding")
    helper = LayerHelper("embedding", input=input, param_attr=param_attr)
    table = helper.create_parameter(attr=helper.param_attr, shape=size, dtype=dtype, is_bias=False)
    if padding_idx is None:
        padding_idx = -1
    elif padding_idx < 0:
        padding_idx += size[0]
    attrs = {
        "is_sparse": is_sparse,
        "is_distributed": is_distributed,
        "remote_prefetch": is_sparse and not is_distributed,
        "padding_idx": padding_idx,
    }
    return append_op(op_type, {"Ids": input, "W": table}, {"Out": dtype}, attrs, helper=helper)


def embedding(input, size, is_sparse=False, is_distributed=False, padding_idx=None, param_attr=None, dtype="float32"):
    """Look up rows of a table by number; ids have a last dimension of 1, see ``fluid.embedding`` for the other form.

    Args:
        input (Variable): ids, (..., 1), int64, with or without sequences.
        size (tuple): (rows of the table, their length).
        is_sparse (bool): the gradient holds only the rows that were looked up.
        is_distributed (bool): the table is spread over parameter servers.
        padding_idx (int): the id whose row is all 0 and stays so; negative ones count from the end.
        param_attr (ParamAttr): of the table.
        dtype: of the table.

    Returns:
        Variable: (..., length of the rows).

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: ``size`` is not two positive numbers; at run time, an id is outside the table.
    """
    return lookup("lookup_table", input, size, is_sparse, is_distributed, padding_idx, param_attr, dtype)


def one_hot_op(op_type, input, depth, allow_out_of_range):
    inputs, attrs = {"X": input}, {"allow_out_of_range": allow_out_of_range}
    if isinstance(depth, Variable):
        depth.stop_gradient = True
        inputs["depth_tensor"] = depth
    else:
        attrs["depth"] = depth
    return append_op(op_type, inputs, {"Out": "float32"}, attrs)


def one_hot(input, depth, allow_out_of_range=False):
    """Rows of 0 with a 1 at the place that an id names; the ids have a last dimension of 1.

    Args:
        input (Variable): ids, (..., 1), int32 or int64.
        depth: length of the rows, an integer or a Variable of shape (1,).
        allow_out_of_range (bool): ids outside give rows of 0; an error otherwise.

    Returns:
        Variable: (..., depth), float32.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: the last dimension is not 1; at run time, an id is outside, unless ``allow_out_of_range``.
    """
    out = one_hot_op("one_hot", input, depth, allow_out_of_range)
    out.stop_gradient = True
    return out


def softmax(input, use_cudnn=False, name=None, axis=-1):
    """exp(x) / sum(exp(x)) along an axis. ``input`` and the result: any shape, float32 or float64.

    Args:
        input (Variable): any shape, float32 or float64.
        use_cudnn (bool): without meaning here.
        name (str): name of the layer.
        axis (int): the dimension along which they sum to 1.

    Returns:
        Variable: of the shape and type of ``input``.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: its element type does not fit.
    """
    return unary("softmax", input, {"axis": axis}, name)


def log_softmax(input, axis=None, dtype=None, name=None):
    """log(softmax(x)) along an axis.

    Args:
        input (Variable): any shape, float32 or float64.
        axis (int): the dimension; the last one by default.
        dtype: element type to which ``input`` is converted first; its own by default.
        name (str): name of the layer.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        TypeError: ``input`` is not a Variable.
        ValueError: its element type does not fit.
    """
    helper = LayerHelper("log_softmax", name=name)
    if dtype is not None:
        out_dtype = {"in_dtype": int(input.dtype), "out_dtype": int(_as_dtype(dtype))}
        input = append_op("cast", {"X": input}, {"Out": dtype}, out_dtype, helper=helper)
    attrs = {"axis": -1 if axis is None else axis}
    out = append_op("softmax", {"X": input}, {"Out": "X"}, attrs, helper=helper)
    return append_op("log", {"X": out}, {"Out": "X"}, helper=helper)


def _as_dtype(dtype):
    from paddle.fluid.framework import convert_np_dtype_to_dtype_

    return convert_np_dtype_to_dtype_(dtype)


def dropout(x, dropout_prob, is_test=False, seed=None, name=None, dropout_implementation="downgrade_in_infer"):
    """Set elements to 0 at random, in training.

    Args:
        x (Variable): any shape, floating.
        dropout_prob (float): the probability, from 0 to 1.
        is_test (bool): this is evaluation; ``Program.clone(for_test=True)`` sets it.
        seed (int): of this op alone: the same elements in each run.
        name (str): name of the layer.
        dropout_implementation (str): ``'downgrade_in_infer'``: evaluation multiplies by 1 - dropout_prob;
            ``'upscale_in_train'``: training divides what is left by it.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: ``dropout_prob`` is not from 0 to 1, or there is no such implementation.

    Source: Srivastava et al., "Dropout", 2014.
    """
    helper = LayerHelper("dropout", name=name)
    if not seed and helper.main_program.random_seed != 0:
        seed = helper.main_program.random_seed
    attrs = {
        "dropout_prob": dropout_prob,
        "is_test": is_test,
        "fix_seed": seed is not None,
        "seed": seed if seed is not None else 0,
        "dropout_implementation": dropout_implementation,
    }
    outputs = {"Out": "X", "Mask": "uint8"}
    return append_op("dropout", {"X": x}, outputs, attrs, helper=helper, no_grad=("Mask",))[0]


def l2_normalize(x, axis, epsilon=1e-12, name=None):
    """x / sqrt(max(sum(x^2), epsilon)) along an axis.

    Args:
        x (Variable): any shape, float32 or float64.
        axis (int): the axis; 0 for vectors.
        epsilon (float): least sum of squares.
        name (str): name of the layer.

    Returns:
        Variable: of the shape and type of ``x``.

    Raises:
        TypeError: ``x`` is not a Variable.
        ValueError: its element type does not fit.
    """
    check_variable(x, "x of l2_normalize")
    if len(x.shape) == 1:
        axis = 0
    attrs = {"axis": 1 if axis is None else axis, "epsilon": epsilon}
    outputs = {"Out": "X", "Norm": "X"}
    return append_op("norm", {"X": x}, outputs, attrs, name=name, helper_type="l2_normalize")[0]


def label_smooth(label, prior_dist=None, epsilon=0.1, dtype="float32", name=None):
    """(1 - epsilon) * label + epsilon * prior.

    Args:
        label (Variable): (N, ..., C), one-hot labels, floating.
        prior_dist (Variable): (1, C), the prior; 1 / C by default.
        epsilon (float): from 0 to 1.
        dtype: element type, that of ``label``.
        name (str): name of the layer.

    Returns:
        Variable: of the shape of ``label``.

    Raises:
        ValueError: ``epsilon`` is outside.

    Source: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2015.
    """
    check_variable(label, "label of label_smooth")
    if not 0.0 <= epsilon <= 1.0:
        raise ValueError("epsilon of label_smooth must be from 0 to 1, got %r" % (epsilon,))
    label.stop_gradient = True
    inputs = {"X": label, "PriorDist": prior_dist}
    return append_op("label_smooth", inputs, {"Out": dtype}, {"epsilon": float(epsilon)}, name=name)


def dice_loss(input, label, epsilon=1e-05, name=None):
    """1 - 2 |A and B| / (|A| + |B|), averaged over the batch, for segmentation.

    Args:
        input (Variable): (N, ..., C), probabilities of the classes.
        label (Variable): (N, ..., 1), int64, the classes.
        epsilon (float): added below the line.
        name (str): name of the layer.

    Returns:
        Variable: (1,).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes do not fit.
    """
    check_variable(input, "input of dice_loss")
    check_variable(label, "label of dice_loss")
    from paddle.fluid.layers.nn.reduce import reduce_mean, reduce_sum

    label = one_hot(label, depth=input.shape[-1])
    dims = list(range(1, len(input.shape)))
    inse = reduce_sum(input * label, dim=dims)
    total = reduce_sum(input, dim=dims) + reduce_sum(label, dim=dims)
    return reduce_mean(1 - inse * 2 / (total + epsilon))


def lrn(input, n=5, k=1.0, alpha=1e-4, beta=0.75, name=None, data_format="NCHW"):
    """x / (k + alpha * sum(x^2 over n neighbouring channels))^beta.

    Args:
        input (Variable): (N, C, H, W), or (N, H, W, C) for ``data_format`` 'NHWC', float32.
        n (int): the number of neighbours, odd.
        k (float): added to the sum.
        alpha (float): factor of the sum of squares.
        beta (float): exponent.
        name (str): name of the layer.
        data_format (str): ``'NCHW'`` or ``'NHWC'``.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        ValueError: ``input`` has not 4 dimensions, or the format is another.

    Source: Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks", 2012.
    """
    check_variable(input, "input of lrn")
    if len(input.shape) != 4:
        raise ValueError("lrn takes 4 dimensions, got shape %s" % (input.shape,))
    if data_format not in ("NCHW", "NHWC"):
        raise ValueError("data_format of lrn must be 'NCHW' or 'NHWC', got %r" % (data_format,))
    attrs = {"n": n, "k": k, "alpha": alpha, "beta": beta, "data_format": data_format}
    outputs = {"MidOut": "X", "Out": "X"}
    return append_op("lrn", {"X": input}, outputs, attrs, name=name, no_grad=("MidOut",))[1]


def autoincreased_step_counter(counter_name=None, begin=1, step=1):
    """A counter of runs, kept in the scope.

    Args:
        counter_name (str): name of the counter; ``'@STEP_COUNTER@'`` by default.
        begin (int): the value in the first run.
        step (int): what each run adds.

    Returns:
        Variable: int64, (1,), persistable.

    Raises:
        ValueError: a variable of this name exists and is no such counter.
    """
    from paddle.fluid.initializer import Constant

    helper = LayerHelper("global_step_counter")
    name = "@STEP_COUNTER@" if counter_name is None else counter_name
    counter, is_new = helper.create_or_get_global_variable(name=name, dtype="int64", shape=[1], persistable=True)
    if is_new:
        helper.set_variable_initializer(counter, initializer=Constant(value=begin - 1, force_cpu=True))
        helper.main_program.global_block()._prepend_op(
            type="increment", inputs={"X": [counter]}, outputs={"Out": [counter]}, attrs={"step": float(step)}
        )
        counter.stop_gradient = True
    return counter

"""Losses."""

from paddle.fluid.initializer import Constant
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable
from paddle.fluid.layers.class_loss import hsigmoid, nce, sampled_softmax_with_cross_entropy  # noqa: F401

kIgnoreIndex = -100


def cross_entropy(input, label, soft_label=False, ignore_index=kIgnoreIndex):
    """-log of the probability of the right class.

    Args:
        input (Variable): (..., C), probabilities (of ``softmax``), float32 or float64.
        label (Variable): (..., 1), int64, the classes; with ``soft_label`` of the shape of ``input``, probabilities.
        soft_label (bool): -sum(label * log(input)).
        ignore_index (int): rows of this class have loss 0.

    Returns:
        Variable: (..., 1).

    Raises:
        ValueError: shapes do not fit; at run time, a label is outside.
    """
    if not soft_label:
        outputs = {"Y": "X", "XShape": "X", "MatchX": "X"}
        attrs = {"ignore_index": ignore_index}
        return append_op("cross_entropy2", {"X": input, "Label": label}, outputs, attrs)[0]
    attrs = {"soft_label": soft_label, "ignore_index": ignore_index}
    return append_op("cross_entropy", {"X": input, "Label": label}, {"Y": "X"}, attrs)


def softmax_with_cross_entropy(
    logits, label, soft_label=False, ignore_index=kIgnoreIndex, numeric_stable_mode=True, return_softmax=False, axis=-1
):
    """``cross_entropy(softmax(logits), label)`` in one step, without overflow.

    Args:
        logits (Variable): any shape, float32 or float64.
        label (Variable): int64, the classes, of the shape of ``logits`` with size 1 along ``axis``; with
            ``soft_label`` of the shape of ``logits``, probabilities.
        soft_label (bool): see ``cross_entropy``.
        ignore_index (int): places of this class have loss 0.
        numeric_stable_mode (bool): subtract the maximum before; done always.
        return_softmax (bool): return the softmax too.
        axis (int): of the classes.

    Returns:
        Variable: the loss, of the shape of ``logits`` with size 1 along ``axis``; with ``return_softmax`` a pair of
        it and the softmax.

    Raises:
        ValueError: shapes do not fit; at run time, a label is outside.
    """
    attrs = {
        "soft_label": soft_label,
        "ignore_index": ignore_index,
        "numeric_stable_mode": numeric_stable_mode,
        "axis": axis,
    }
    outputs = {"Softmax": "Logits", "Loss": "Logits"}
    softmax, loss = append_op("softmax_with_cross_entropy", {"Logits": logits, "Label": label}, outputs, attrs)
    return (loss, softmax) if return_softmax else loss


def sigmoid_cross_entropy_with_logits(x, label, ignore_index=kIgnoreIndex, name=None, normalize=False):
    """max(x, 0) - x * label + log(1 + exp(-|x|)): the loss of independent yes-no questions.

    Args:
        x (Variable): any shape, floating.
        label (Variable): of the shape of ``x``, from 0 to 1.
        ignore_index (int): places with this label have loss 0.
        name (str): name of the layer.
        normalize (bool): divide by the number of places that count.

    Returns:
        Variable: of the shape of ``x``.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    attrs = {"ignore_index": ignore_index, "normalize": normalize}
    inputs = {"X": x, "Label": label}
    return append_op("sigmoid_cross_entropy_with_logits", inputs, {"Out": "X"}, attrs, name=name)


def square_error_cost(input, label):
    """(input - label)^2 of each element.

    Args:
        input (Variable): any shape, float32 or float64.
        label (Variable): of the type of ``input``; its shape can be broadcast.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    helper = LayerHelper("square_error_cost", input=input, label=label)
    difference = append_op("elementwise_sub", {"X": input, "Y": label}, {"Out": "X"}, helper=helper)
    return append_op("square", {"X": difference}, {"Out": "X"}, helper=helper)


def mse_loss(input, label):
    """The mean of (input - label)^2.

    Args:
        input (Variable): any shape, float32 or float64.
        label (Variable): of the type of ``input``; its shape can be broadcast.

    Returns:
        Variable: (1,).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    from paddle.fluid.layers.nn.reduce import reduce_mean

    return reduce_mean(square_error_cost(input, label))


def huber_loss(input, label, delta):
    """0.5 d^2 for |d| <= delta, else delta * (|d| - 0.5 delta), with d = label - input.

    Args:
        input, label (Variable): (N, 1), or any same shape, float32 or float64.
        delta (float): where the square ends.

    Returns:
        Variable: of the shape of ``input``.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    outputs = {"Residual": "X", "Out": "X"}
    return append_op("huber_loss", {"X": input, "Y": label}, outputs, {"delta": delta})[1]


def smooth_l1(x, y, inside_weight=None, outside_weight=None, sigma=None):
    """The sum over a sample of 0.5 (sigma d)^2 for |d| < 1 / sigma^2, else |d| - 0.5 / sigma^2, with d = x - y.

    Args:
        x, y (Variable): (N, ...), float32.
        inside_weight, outside_weight (Variable): of the shape of ``x``; factors on d, and on its loss.
        sigma (float): 1 by default.

    Returns:
        Variable: (N, 1).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.

    Source: Girshick, "Fast R-CNN", 2015.
    """
    inputs = {"X": x, "Y": y, "InsideWeight": inside_weight, "OutsideWeight": outside_weight}
    attrs = {"sigma": 1.0 if sigma is None else sigma}
    return append_op("smooth_l1_loss", inputs, {"Diff": "X", "Out": "X"}, attrs)[1]


def log_loss(input, label, epsilon=0.0001, name=None):
    """-label * log(input + epsilon) - (1 - label) * log(1 - input + epsilon).

    Args:
        input (Variable): (N, 1), probabilities, float32.
        label (Variable): (N, 1), 0 or 1, float32.
        epsilon (float): added inside the logarithms.
        name (str): name of the layer.

    Returns:
        Variable: (N, 1).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    inputs = {"Predicted": input, "Labels": label}
    return append_op("log_loss", inputs, {"Loss": "Predicted"}, {"epsilon": epsilon}, name=name)


def rank_loss(label, left, right, name=None):
    """log(1 + exp(o)) - label * o with o = left - right: label 1 means that left ranks higher. All (N, 1), float32.

    Args:
        label (Variable): (N, 1), 1 where the left one is better, 0 where the right one is, 0.5: equal.
        left (Variable): (N, 1), float32, its score.
        right (Variable): (N, 1), float32, its score.
        name (str): name of the layer.

    Returns:
        Variable: (N, 1).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.

    Source: Burges et al., "Learning to Rank using Gradient Descent", 2005.
    """
    return append_op("rank_loss", {"Label": label, "Left": left, "Right": right}, {"Out": "Label"}, name=name)


def margin_rank_loss(label, left, right, margin=0.1, name=None):
    """max(0, -label * (left - right) + margin); label is 1 or -1. All (N, 1), float32.

    Args:
        label (Variable): (N, 1), 1 where the left one is better, else -1.
        left (Variable): (N, 1), float32, its score.
        right (Variable): (N, 1), float32, its score.
        margin (float): by how much it should be better.
        name (str): name of the layer.

    Returns:
        Variable: (N, 1).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    inputs = {"Label": label, "X1": left, "X2": right}
    outputs = {"Out": "X1", "Activated": "X1"}
    return append_op("margin_rank_loss", inputs, outputs, {"margin": margin}, name=name)[0]


def bpr_loss(input, label, name=None):
    """The mean over the wrong classes j of -log(sigmoid(x_right - x_j)): input (N, C), label (N, 1), int64; (N, 1).

    Args:
        input (Variable): (N, C), scores, float32 or float64.
        label (Variable): (N, 1), int64, the classes.
        name (str): name of the layer.

    Returns:
        Variable: (N, 1).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.

    Source: Hidasi et al., "Session-based Recommendations with Recurrent Neural Networks", 2016.
    """
    return append_op("bpr_loss", {"X": input, "Label": label}, {"Y": "X"}, name=name)


def kldiv_loss(x, target, reduction="mean", name=None):
    """target * (log(target) - x); no gradient goes to ``target``.

    Args:
        x (Variable): any shape, log-probabilities, float32 or float64.
        target (Variable): of the shape and type of ``x``, probabilities.
        reduction (str): ``'none'``; ``'mean'``; ``'sum'``; ``'batchmean'``: the sum by the batch size.
        name (str): name of the layer.

    Returns:
        Variable: (1,); of the shape of ``x`` for 'none'.

    Raises:
        ValueError: another reduction, or shapes do not fit.
    """
    inputs, attrs = {"X": x, "Target": target}, {"reduction": reduction}
    return append_op("kldiv_loss", inputs, {"Loss": "X"}, attrs, name=name)


def teacher_student_sigmoid_loss(input, label, soft_max_up_bound=15.0, soft_max_lower_bound=-15.0):
    """The loss of a click model taught by another one.

    Args:
        input (Variable): (N, 1), logits, float32 or float64.
        label (Variable): (N, 1), click and score of the teacher in one number.
        soft_max_up_bound (float): ``input`` is cut to it from above.
        soft_max_lower_bound (float): ``input`` is cut to it from below.

    Returns:
        Variable: (N, 1).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.
    """
    check_variable(input, "input of teacher_student_sigmoid_loss")
    attrs = {"soft_max_up_bound": float(soft_max_up_bound), "soft_max_lower_bound": float(soft_max_lower_bound)}
    helper = LayerHelper("teacher_student_sigmoid_loss")
    out = helper.create_variable(dtype=input.dtype)
    return append_op("teacher_student_sigmoid_loss", {"X": input, "Label": label}, {"Y": out}, attrs, helper=helper)


def npair_loss(anchor, positive, labels, l2_reg=0.002):
    """The N-pair loss of embeddings.

    Args:
        anchor, positive (Variable): (N, D), float32 or float64; row i of both is of one class.
        labels (Variable): (N,), the classes.
        l2_reg (float): weight of the embeddings' squares.

    Returns:
        Variable: (1,).

    Raises:
        ValueError: shapes do not fit, or are not known.

    Source: Sohn, "Improved Deep Metric Learning with Multi-class N-pair Loss Objective", 2016.
    """
    check_variable(anchor, "anchor of npair_loss")
    check_variable(positive, "positive of npair_loss")
    check_variable(labels, "labels of npair_loss")
    from paddle.fluid.layers.control_flow import equal
    from paddle.fluid.layers.nn import expand, matmul, reduce_mean, reduce_sum, reshape, transpose
    from paddle.fluid.layers.ops import square

    batch_size = labels.shape[0]
    labels = reshape(labels, shape=[batch_size, 1], inplace=True)
    labels = expand(labels, expand_times=[1, batch_size])
    labels = equal(labels, transpose(labels, perm=[1, 0])).astype("float32")
    labels = labels / reduce_sum(labels, dim=1, keep_dim=True)
    size = reduce_mean(reduce_sum(square(anchor), 1)) + reduce_mean(reduce_sum(square(positive), 1))
    size = size * 0.25 * l2_reg
    similarity = matmul(anchor, positive, transpose_x=False, transpose_y=True)
    softmax_ce = softmax_with_cross_entropy(logits=similarity, label=labels, soft_label=True)
    return size + reduce_mean(reduce_sum(labels * softmax_ce, 0))


def center_loss(input, label, num_classes, alpha, param_attr, update_center=True):
    """Half the squared distance of each row to the center of its class; the centers move to their rows.

    Args:
        input (Variable): (N, D), float32 or float64.
        label (Variable): (N, 1), int64.
        num_classes (int): number of centers.
        alpha: the step of the centers, a number or a Variable of shape (1,).
        param_attr (ParamAttr): of the centers, (num_classes, D).
        update_center (bool): move the centers.

    Returns:
        Variable: (N, 1).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit.

    Source: Wen et al., "A Discriminative Feature Learning Approach for Deep Face Recognition", 2016.
    """
    check_variable(input, "input of center_loss")
    from paddle.fluid.framework import Variable

    helper = LayerHelper("center_loss", input=input, label=label, param_attr=param_attr)
    centers = helper.create_parameter(attr=helper.param_attr, shape=[num_classes, input.shape[1]], dtype=input.dtype)
    centers.stop_gradient = True
    if isinstance(alpha, Variable):
        alpha.stop_gradient = True
    else:
        alpha = helper.create_variable(
            name="centerloss_alpha",
            shape=[1],
            dtype="float32",
            persistable=True,
            stop_gradient=True,
            initializer=Constant(value=float(alpha)),
        )
    inputs = {"X": input, "Label": label, "Centers": centers, "CenterUpdateRate": alpha}
    outputs = {"SampleCenterDiff": "X", "Loss": "X", "CentersOut": centers}
    attrs = {"cluster_num": num_classes, "need_update": update_center}
    return append_op("center_loss", inputs, outputs, attrs, helper=helper)[1]


def warpctc(input, label, blank=0, norm_by_times=False, input_length=None, label_length=None):
    """The loss of connectionist temporal classification, for sequences whose labels have no places in time.

    Args:
        input (Variable): logits, float32 or float64, (time steps, classes) with a LoD; with lengths (T, N, classes).
        label (Variable): the labels, int32, (labels, 1) with a LoD; with lengths (N, L).
        blank (int): the class that stands for nothing; no label.
        norm_by_times (bool): divide the gradient of each sequence by its number of time steps.
        input_length (Variable): numbers of time steps of padded sequences, int64, (N,) or (N, 1).
        label_length (Variable): numbers of labels of padded sequences, int64, (N,) or (N, 1).

    Returns:
        Variable: (N, 1); 0 for a sequence that has too few time steps for its labels.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes do not fit, or one of the lengths is missing; at run time, a label is outside or the blank.

    Source: Graves et al., "Connectionist Temporal Classification", 2006.

    Example:
        ``loss = fluid.layers.warpctc(logits, text, blank=0)``
    """
    inputs = {"Logits": input, "Label": label, "LogitsLength": input_length, "LabelLength": label_length}
    attrs = {"blank": blank, "norm_by_times": norm_by_times}
    return append_op("warpctc", inputs, {"Loss": "Logits", "WarpCTCGrad": "Logits"}, attrs)[0]


def edit_distance(input, label, normalized=True, ignored_tokens=None, input_length=None, label_length=None):
    """How many tokens must be inserted, deleted or replaced to make the one sequence of the other.

    Args:
        input (Variable): the sequences found, int64, (tokens, 1) with a LoD; with lengths (N, T).
        label (Variable): the right ones, likewise.
        normalized (bool): divide by the length of the right sequence, which must not be empty.
        ignored_tokens (list): tokens that are left out before.
        input_length (Variable): lengths of the padded sequences in ``input``, int64, (N,) or (N, 1).
        label_length (Variable): lengths of those in ``label``.

    Returns:
        A tuple of variables: the distances, float32, (N, 1); the number of sequences, int64, (1,).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes do not fit, or one of the lengths is missing; at run time, the numbers of sequences differ.

    Source: Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966.
    """
    helper = LayerHelper("edit_distance", input=input, label=label)
    if ignored_tokens:
        attrs = {"tokens": list(ignored_tokens)}
        input, label = (
            append_op("sequence_erase", {"X": each}, {"Out": "int64"}, attrs, helper=helper) for each in (input, label)
        )
    inputs = {"Hyps": input, "Refs": label, "HypsLength": input_length, "RefsLength": label_length}
    outputs = {"Out": "float32", "SequenceNum": "int64"}
    return tuple(append_op("edit_distance", inputs, outputs, {"normalized": normalized}, helper=helper))


__all__ = (
    "center_loss bpr_loss cross_entropy square_error_cost softmax_with_cross_entropy rank_loss margin_rank_loss "
    "sigmoid_cross_entropy_with_logits teacher_student_sigmoid_loss huber_loss kldiv_loss npair_loss mse_loss "
    "warpctc edit_distance hsigmoid nce sampled_softmax_with_cross_entropy"
).split()

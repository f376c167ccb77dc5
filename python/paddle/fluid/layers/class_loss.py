"""Losses over many classes that look at few of them."""

from collections import deque

import numpy as np

from paddle.fluid.initializer import NumpyArrayInitializer
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op, check_variable
from paddle.fluid.param_attr import ParamAttr

SAMPLERS = {"uniform": 0, "log_uniform": 1, "custom_dist": 2}


def _alias_table(probs):
    """(alias, own) of the alias method (Walker, 1977): slot i goes to alias[i] with the probability 1 - own[i]."""
    own = [float(p) * len(probs) for p in probs]
    alias, done = [-1] * len(own), [1.0] * len(own)
    small = deque(i for i, p in enumerate(own) if p < 1)
    large = deque(i for i, p in enumerate(own) if p > 1)
    while small and large:
        i, j = small.popleft(), large.popleft()
        alias[i], done[i] = j, own[i]
        own[j] += own[i] - 1
        if own[j] != 1:
            (small if own[j] < 1 else large).append(j)
    return alias, done


def _distribution(helper, custom_dist, classes):
    """The inputs of nce for a distribution of one's own."""
    probs = np.asarray(custom_dist, dtype="float64")
    if probs.shape != (classes,) or not (probs >= 0).all() or abs(probs.sum() - 1) > 1e-3:
        raise ValueError("custom_dist of nce must be %d probabilities that sum to 1, got %.200r" % (classes, custom_dist))
    alias, own = _alias_table(probs)
    inputs = {}
    for slot, values in (
        ("CustomDistProbs", probs.astype("float32")),
        ("CustomDistAlias", np.array(alias, "int32")),
        ("CustomDistAliasProbs", np.array(own, "float32")),
    ):
        inputs[slot] = helper.create_parameter(
            attr=ParamAttr(),
            shape=[classes],
            dtype=values.dtype.name,
            default_initializer=NumpyArrayInitializer(values),
        )
        inputs[slot].stop_gradient = True
    return inputs


def _features(input, layer):
    check_variable(input, "input of " + layer)
    if len(input.shape) != 2 or input.shape[1] <= 0:
        raise ValueError("the input of %s must be (N, D) with a known D; '%s' has shape %s" % (layer, input.name, input.shape))
    return input.shape[1]


def nce(
    input,
    label,
    num_total_classes,
    sample_weight=None,
    param_attr=None,
    bias_attr=None,
    num_neg_samples=None,
    name=None,
    sampler="uniform",
    custom_dist=None,
    seed=0,
    is_sparse=False,
):
    """Noise-contrastive estimation: a loss that tells the true classes from a few drawn at random.

    Args:
        input (Variable): (N, D), features, float32 or float64.
        label (Variable): (N, T), int64, the T true classes of each sample.
        num_total_classes (int): number of classes.
        sample_weight (Variable): (N, 1), factors of the losses.
        param_attr (ParamAttr): of the weights, (num_total_classes, D).
        bias_attr (ParamAttr): of the bias, (num_total_classes, 1); False: no bias.
        num_neg_samples (int): number of classes drawn for each sample, 10 by default.
        name (str): name of the layer.
        sampler (str): the distribution of the noise: ``'uniform'``; ``'log_uniform'``, for classes in the order of their
            frequency; ``'custom_dist'``.
        custom_dist (list): the probability of each class, for ``'custom_dist'``.
        seed (int): 0: other classes in each run.
        is_sparse (bool): the gradient of the weights has only the rows that were used.

    Returns:
        Variable: (N, 1), the losses divided by num_neg_samples + 1.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: another sampler, a distribution that is none, or shapes do not fit; at run time, a class is outside.

    Source: Gutmann and Hyvarinen, "Noise-contrastive estimation", 2010.

    Example:
        ``loss = fluid.layers.nce(words, following, 10000, num_neg_samples=20, sampler='log_uniform')``
    """
    features = _features(input, "nce")
    if sampler not in SAMPLERS:
        raise ValueError("sampler of nce must be one of %s, got %r" % (", ".join(SAMPLERS), sampler))
    if (sampler == "custom_dist") != (custom_dist is not None):
        raise ValueError("custom_dist of nce goes with sampler='custom_dist', got sampler=%r and %.80r" % (sampler, custom_dist))
    helper = LayerHelper("nce", name=name, param_attr=param_attr, bias_attr=bias_attr)
    weight = helper.create_parameter(attr=helper.param_attr, shape=[num_total_classes, features], dtype=input.dtype)
    inputs = {"Input": input, "Label": label, "Weight": weight, "SampleWeight": sample_weight}
    if bias_attr is not False:
        inputs["Bias"] = helper.create_parameter(
            attr=helper.bias_attr, shape=[num_total_classes, 1], dtype=input.dtype, is_bias=True
        )
    if custom_dist is not None:
        inputs.update(_distribution(helper, custom_dist, num_total_classes))
    samples = 10 if num_neg_samples is None else int(num_neg_samples)
    attrs = {
        "num_total_classes": int(num_total_classes),
        "num_neg_samples": samples,
        "seed": seed,
        "sampler": SAMPLERS[sampler],
        "is_sparse": is_sparse,
        "remote_prefetch": is_sparse,
    }
    outputs = {"Cost": "Input", "SampleLogits": "Input", "SampleLabels": "int64"}
    return append_op("nce", inputs, outputs, attrs, helper=helper)[0] / (samples + 1)


def hsigmoid(
    input,
    label,
    num_classes,
    param_attr=None,
    bias_attr=None,
    name=None,
    path_table=None,
    path_code=None,
    is_custom=False,
    is_sparse=False,
):
    """A loss over many classes along a path of a binary tree, in a time that grows as the logarithm of their number.

    Args:
        input (Variable): (N, D), features, float32 or float64.
        label (Variable): (N, 1), int64, the classes.
        num_classes (int): number of classes, at least 2; with ``is_custom`` the number of inner nodes.
        param_attr (ParamAttr): of the weights, (num_classes - 1, D); with ``is_custom`` (num_classes, D).
        bias_attr (ParamAttr): of the bias, as many rows, (..., 1); False: no bias.
        name (str): name of the layer.
        path_table (Variable): (N, L), int64: the inner nodes on each sample's path in a tree of one's own, -1 behind its
            end.
        path_code (Variable): (N, L), int64: the branches taken there, 0 or 1.
        is_custom (bool): take the tree of ``path_table`` and ``path_code``.
        is_sparse (bool): the gradient of the weights has only the rows that were used; for a tree of one's own.

    Returns:
        Variable: (N, 1).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: fewer classes than 2, half a tree, or shapes do not fit; at run time, a class or node is outside.

    Source: Morin and Bengio, "Hierarchical Probabilistic Neural Network Language Model", 2005.

    Example:
        ``loss = fluid.layers.hsigmoid(features, word, num_classes=10000)``
    """
    features = _features(input, "hsigmoid")
    if is_custom and (path_table is None or path_code is None):
        raise ValueError("hsigmoid with is_custom needs path_table and path_code")
    if not is_custom and (path_table is not None or path_code is not None):
        raise ValueError("path_table and path_code of hsigmoid need is_custom=True")
    if not is_custom and num_classes < 2:
        raise ValueError("num_classes of hsigmoid must be at least 2, got %r" % (num_classes,))
    nodes = num_classes if is_custom else num_classes - 1
    sparse = is_sparse and is_custom
    helper = LayerHelper("hierarchical_sigmoid", name=name, param_attr=param_attr, bias_attr=bias_attr)
    weight = helper.create_parameter(attr=helper.param_attr, shape=[nodes, features], dtype=input.dtype)
    inputs = {"X": input, "W": weight, "Label": label, "PathTable": path_table, "PathCode": path_code}
    if bias_attr is not False:
        inputs["Bias"] = helper.create_parameter(attr=helper.bias_attr, shape=[nodes, 1], dtype=input.dtype, is_bias=True)
    attrs = {"num_classes": int(num_classes), "is_sparse": sparse, "remote_prefetch": sparse}
    outputs = {"Out": "X", "PreOut": "X", "W_Out": weight}
    return append_op("hierarchical_sigmoid", inputs, outputs, attrs, helper=helper)[0]


def sampled_softmax_with_cross_entropy(
    logits,
    label,
    num_samples,
    num_true=1,
    remove_accidental_hits=True,
    use_customized_samples=False,
    customized_samples=None,
    customized_probabilities=None,
    seed=0,
):
    """The cross entropy of a softmax over the true classes and some drawn ones, in place of all classes.

    Args:
        logits (Variable): (N, C), float32 or float64.
        label (Variable): (N, num_true), int64, the true classes.
        num_samples (int): number of classes drawn, different ones, the same for all rows; at most C.
        num_true (int): number of true classes of each row.
        remove_accidental_hits (bool): leave out drawn classes that are true ones of the row.
        use_customized_samples (bool): take the two arguments that follow in place of drawn classes.
        customized_samples (Variable): (N, num_true + num_samples), int64: the true classes, then the others.
        customized_probabilities (Variable): of that shape: their probabilities of being drawn.
        seed (int): 0: other classes in each run.

    Returns:
        Variable: (N, 1).

    Raises:
        TypeError: an input is not a Variable.
        ValueError: shapes or element types do not fit; at run time, a class is outside.

    Source: Jean et al., "On Using Very Large Target Vocabulary for Neural Machine Translation", 2015.
    """
    check_variable(logits, "logits of sampled_softmax_with_cross_entropy")
    check_variable(label, "label of sampled_softmax_with_cross_entropy")
    helper = LayerHelper("sample_logits")
    floats, integers = logits.dtype, "int64"
    if use_customized_samples:
        check_variable(customized_samples, "customized_samples of sampled_softmax_with_cross_entropy")
        check_variable(customized_probabilities, "customized_probabilities of sampled_softmax_with_cross_entropy")
    made = helper.create_variable_for_type_inference
    samples = customized_samples if use_customized_samples else made(integers)
    probabilities = customized_probabilities if use_customized_samples else made(floats)
    outputs = {"Samples": samples, "Probabilities": probabilities, "SampledLogits": made(floats), "SampledLabels": made(integers)}
    soft_label = made(floats)
    outputs.update(LogitsDim=floats, LabelsDim=label.dtype)
    inputs = {"Logits": logits, "Labels": label}
    if use_customized_samples:
        inputs.update(CustomizedSamples=customized_samples, CustomizedProbabilities=customized_probabilities)
    attrs = {
        "use_customized_samples": use_customized_samples,
        "uniq": True,
        "remove_accidental_hits": remove_accidental_hits,
        "num_samples": num_samples,
        "seed": seed,
    }
    append_op("sample_logits", inputs, outputs, attrs, helper=helper)
    one_hot = {"depth": num_samples + num_true, "dtype": int(floats)}
    if num_true == 1:
        append_op("one_hot", {"X": outputs["SampledLabels"]}, {"Out": soft_label}, one_hot, helper=helper)
    else:
        each = append_op("one_hot_v2", {"X": outputs["SampledLabels"]}, {"Out": floats}, one_hot, helper=helper)
        total = {"dim": [1], "keep_dim": False, "reduce_all": False}
        append_op("reduce_sum", {"X": each}, {"Out": soft_label}, total, helper=helper)
    inputs = {"Logits": outputs["SampledLogits"], "Label": soft_label}
    attrs = {"soft_label": True, "ignore_index": 0, "numeric_stable_mode": False}
    results = {"Loss": floats, "Softmax": floats}
    return append_op("softmax_with_cross_entropy", inputs, results, attrs, helper=helper)[0] / num_true

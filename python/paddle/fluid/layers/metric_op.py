"""Measures of how well a net does."""

from paddle.fluid.initializer import Constant
from paddle.fluid.layer_helper import LayerHelper
from paddle.fluid.layers._op import append_op

__all__ = ["accuracy", "auc"]


def accuracy(input, label, k=1, correct=None, total=None):
    """The share of rows whose class is among the ``k`` with the greatest values.

    Args:
        input (Variable): (N, C), float32 or float64.
        label (Variable): (N, 1), int64.
        k (int): from 1 to C.
        correct, total (Variable): int32, (1,), where the numbers of right rows and of rows go.

    Returns:
        Variable: (1,), float32.

    Raises:
        TypeError: an input is not a Variable.
        ValueError: ``k`` is not from 1 to C, or shapes do not fit.
    """
    from paddle.fluid.layers.nn import topk

    values, places = topk(input, k=k)
    helper = LayerHelper("accuracy", input=input, label=label)
    outputs = {
        "Accuracy": "float32",
        "Correct": "int32" if correct is None else correct,
        "Total": "int32" if total is None else total,
    }
    inputs = {"Out": values, "Indices": places, "Label": label}
    return append_op("accuracy", inputs, outputs, helper=helper)[0]


def auc(input, label, curve="ROC", num_thresholds=2**12 - 1, topk=1, slide_steps=1):
    """The area under the curve of a classifier with two classes.

    Args:
        input (Variable): (N, 2), probabilities of the classes (the second counts), or (N, 1).
        label (Variable): (N, 1), int64, 0 or 1.
        curve (str): ``'ROC'`` or ``'PR'``.
        num_thresholds (int): steps of the curve.
        topk (int): 1.
        slide_steps (int): so many batches count for the second result; 0: all.

    Returns:
        A tuple: the area over all batches, float64 (1,); that over the last ``slide_steps`` batches; a list of the
        four variables that hold the counts: positives and negatives of the last batches, then of all.

    Raises:
        ValueError: another curve, or shapes do not fit.
    """
    helper = LayerHelper("auc", input=input, label=label)
    all_value = helper.create_variable_for_type_inference(dtype="float64")
    batch_value = helper.create_variable_for_type_inference(dtype="float64")
    batch_shape = [(1 + slide_steps) * (num_thresholds + 1) + 1]
    stats = [
        helper.create_global_variable(persistable=True, dtype="int64", shape=shape)
        for shape in (batch_shape, batch_shape, [1, num_thresholds + 1], [1, num_thresholds + 1])
    ]
    for var in stats:
        helper.set_variable_initializer(var, Constant(value=0.0, force_cpu=False))
    for value, steps, positive, negative in (
        (batch_value, slide_steps, stats[0], stats[1]),
        (all_value, 0, stats[2], stats[3]),
    ):
        append_op(
            "auc",
            {"Predict": input, "Label": label, "StatPos": positive, "StatNeg": negative},
            {"AUC": value, "StatPosOut": positive, "StatNegOut": negative},
            {"curve": curve, "num_thresholds": num_thresholds, "slide_steps": steps},
            helper=helper,
        )
    return all_value, batch_value, stats

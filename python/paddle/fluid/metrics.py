"""Measures over many batches, computed in Python from fetched values."""

import copy

import numpy as np

__all__ = ["MetricBase", "CompositeMetric", "Precision", "Recall", "Accuracy", "ChunkEvaluator", "EditDistance", "Auc"]


def _is_number(value):
    return isinstance(value, (int, float, np.number)) or (isinstance(value, np.ndarray) and value.size == 1)


def _labels(preds, labels):
    for what, value in (("preds", preds), ("labels", labels)):
        if not isinstance(value, np.ndarray):
            raise ValueError("%s must be an array, got %s" % (what, type(value).__name__))
    return np.rint(preds).astype("int32").reshape(-1), labels.reshape(-1)


class MetricBase:
    """Base of the measures: ``update`` takes the values of a batch, ``eval`` returns the result, ``reset`` starts anew.

    Numbers among the public attributes are the state.
    """

    def __init__(self, name):
        self._name = str(name) if name is not None else type(self).__name__

    def __str__(self):
        return self._name

    def reset(self):
        """Set the state to 0, empty lists and arrays of 0."""
        for key, value in self.__dict__.items():
            if key.startswith("_"):
                continue
            if isinstance(value, int):
                value = 0
            elif isinstance(value, float):
                value = 0.0
            elif isinstance(value, (np.ndarray, np.generic)):
                value = np.zeros_like(value)
            else:
                value = None
            setattr(self, key, value)

    def get_config(self):
        """The name and state, as a dict."""
        states = {key: copy.deepcopy(v) for key, v in self.__dict__.items() if not key.startswith("_")}
        return {"name": self._name, "states": states}

    def update(self, preds, labels):
        raise NotImplementedError("%s has no update" % type(self).__name__)

    def eval(self):
        raise NotImplementedError("%s has no eval" % type(self).__name__)


class CompositeMetric(MetricBase):
    """Several measures of the same values."""

    def __init__(self, name=None):
        super().__init__(name)
        self._metrics = []

    def add_metric(self, metric):
        """Add a measure.

        Raises:
            ValueError: it is none.
        """
        if not isinstance(metric, MetricBase):
            raise ValueError("add_metric takes a MetricBase, got %s" % type(metric).__name__)
        self._metrics.append(metric)

    def update(self, preds, labels):
        for metric in self._metrics:
            metric.update(preds, labels)

    def reset(self):
        for metric in self._metrics:
            metric.reset()

    def eval(self):
        """A list of the results."""
        return [metric.eval() for metric in self._metrics]


class Precision(MetricBase):
    """Of the samples called positive, the share that are. Predictions (N, 1) are rounded to 0 or 1; labels (N, 1)."""

    def __init__(self, name=None):
        super().__init__(name)
        self.tp = 0
        self.fp = 0

    def update(self, preds, labels):
        preds, labels = _labels(preds, labels)
        self.tp += int(np.sum((preds == 1) & (labels == 1)))
        self.fp += int(np.sum((preds == 1) & (labels != 1)))

    def eval(self):
        """The precision; 0 when nothing was called positive."""
        total = self.tp + self.fp
        return float(self.tp) / total if total else 0.0


class Recall(MetricBase):
    """Of the positive samples, the share that were found. Predictions (N, 1) are rounded to 0 or 1; labels (N, 1)."""

    def __init__(self, name=None):
        super().__init__(name)
        self.tp = 0
        self.fn = 0

    def update(self, preds, labels):
        preds, labels = _labels(preds, labels)
        self.tp += int(np.sum((labels == 1) & (preds == 1)))
        self.fn += int(np.sum((labels == 1) & (preds != 1)))

    def eval(self):
        """The recall; 0 when there was no positive sample."""
        total = self.tp + self.fn
        return float(self.tp) / total if total else 0.0


class Accuracy(MetricBase):
    """The weighted mean of the accuracies of batches, as from ``fluid.layers.accuracy``."""

    def __init__(self, name=None):
        super().__init__(name)
        self.value = 0.0
        self.weight = 0.0

    def update(self, value, weight):
        """Add a batch of accuracy ``value`` and size ``weight``.

        Raises:
            ValueError: they are no numbers, or the weight is negative.
        """
        if not _is_number(value) or not _is_number(weight):
            raise ValueError("value and weight must be numbers, got %r and %r" % (value, weight))
        weight = float(np.asarray(weight).reshape(-1)[0])
        if weight < 0:
            raise ValueError("weight must not be negative, got %r" % weight)
        self.value += float(np.asarray(value).reshape(-1)[0]) * weight
        self.weight += weight

    def eval(self):
        """The accuracy.

        Raises:
            ValueError: nothing was added yet.
        """
        if self.weight == 0:
            raise ValueError("there is no data yet, call update first")
        return self.value / self.weight


class ChunkEvaluator(MetricBase):
    """Precision, recall and F1 of chunks, from the counts of ``fluid.layers.chunk_eval``."""

    def __init__(self, name=None):
        super().__init__(name)
        self.num_infer_chunks = 0
        self.num_label_chunks = 0
        self.num_correct_chunks = 0

    def update(self, num_infer_chunks, num_label_chunks, num_correct_chunks):
        for what, value in (
            ("num_infer_chunks", num_infer_chunks),
            ("num_label_chunks", num_label_chunks),
            ("num_correct_chunks", num_correct_chunks),
        ):
            if not _is_number(value):
                raise ValueError("%s must be a number, got %r" % (what, value))
            setattr(self, what, getattr(self, what) + int(np.asarray(value).reshape(-1)[0]))

    def eval(self):
        """(precision, recall, F1)."""
        correct = float(self.num_correct_chunks)
        precision = correct / self.num_infer_chunks if self.num_infer_chunks else 0.0
        recall = correct / self.num_label_chunks if self.num_label_chunks else 0.0
        f1 = 2 * precision * recall / (precision + recall) if correct else 0.0
        return precision, recall, f1


class EditDistance(MetricBase):
    """The mean edit distance of sequences, from the outputs of ``fluid.layers.edit_distance``."""

    def __init__(self, name):
        super().__init__(name)
        self.total_distance = 0.0
        self.seq_num = 0
        self.instance_error = 0

    def update(self, distances, seq_num):
        """Add a batch: distances (N, 1) and the number of sequences."""
        if not _is_number(seq_num):
            raise ValueError("seq_num must be a number, got %r" % (seq_num,))
        seq_num = int(np.asarray(seq_num).reshape(-1)[0])
        distances = np.asarray(distances)
        self.seq_num += seq_num
        self.instance_error += seq_num - int(np.sum(distances == 0))
        self.total_distance += float(np.sum(distances))

    def eval(self):
        """(mean distance, share of sequences that are not right).

        Raises:
            ValueError: nothing was added yet.
        """
        if self.seq_num == 0:
            raise ValueError("there is no data yet, call update first")
        return self.total_distance / self.seq_num, self.instance_error / float(self.seq_num)


class Auc(MetricBase):
    """The area under the ROC curve of two classes, over ``num_thresholds`` steps."""

    def __init__(self, name, curve="ROC", num_thresholds=4095):
        super().__init__(name)
        self._curve = curve
        self._num_thresholds = num_thresholds
        self._stat_pos = [0] * (num_thresholds + 1)
        self._stat_neg = [0] * (num_thresholds + 1)

    def reset(self):
        self._stat_pos = [0] * (self._num_thresholds + 1)
        self._stat_neg = [0] * (self._num_thresholds + 1)

    def update(self, preds, labels):
        """Add a batch: predictions (N, 2), the second column counts, and labels (N, 1)."""
        for what, value in (("preds", preds), ("labels", labels)):
            if not isinstance(value, np.ndarray):
                raise ValueError("%s must be an array, got %s" % (what, type(value).__name__))
        bins = (preds[:, 1] * self._num_thresholds).astype("int64")
        if bins.size and (bins.min() < 0 or bins.max() > self._num_thresholds):
            raise ValueError("predictions must be from 0 to 1")
        positive = labels.reshape(-1) != 0
        size = self._num_thresholds + 1
        self._stat_pos = list(np.asarray(self._stat_pos) + np.bincount(bins[positive], minlength=size))
        self._stat_neg = list(np.asarray(self._stat_neg) + np.bincount(bins[~positive], minlength=size))

    @staticmethod
    def trapezoid_area(x1, x2, y1, y2):
        return abs(x1 - x2) * (y1 + y2) / 2.0

    def eval(self):
        """The area; 0 when one of the classes did not occur."""
        positives = negatives = area = 0.0
        for index in range(self._num_thresholds, -1, -1):
            before = positives, negatives
            positives += self._stat_pos[index]
            negatives += self._stat_neg[index]
            area += self.trapezoid_area(negatives, before[1], positives, before[0])
        return float(area / positives / negatives) if positives and negatives else 0.0

"""Measures and means in Python."""

import numpy as np
import pytest

from paddle.fluid import average, metrics


def test_accuracy():
    accuracy = metrics.Accuracy()
    with pytest.raises(ValueError):
        accuracy.eval()
    accuracy.update(np.array([0.5]), 10)
    accuracy.update(value=1.0, weight=30)
    assert accuracy.eval() == pytest.approx(0.875)
    accuracy.reset()
    with pytest.raises(ValueError):
        accuracy.eval()
    with pytest.raises(ValueError):
        accuracy.update("half", 1)


def test_precision_and_recall():
    preds = np.array([[0.1], [0.7], [0.8], [0.9], [0.2], [0.2], [0.3], [0.5], [0.8], [0.6]])
    labels = np.array([[0], [1], [1], [1], [1], [0], [0], [0], [0], [0]])
    precision, recall = metrics.Precision(), metrics.Recall()
    both = metrics.CompositeMetric()
    both.add_metric(precision)
    both.add_metric(recall)
    both.update(preds=preds, labels=labels)
    assert both.eval() == [pytest.approx(3 / 5), pytest.approx(3 / 4)]
    both.reset()
    assert both.eval() == [0.0, 0.0]


def test_auc_of_exact_curve():
    random = np.random.RandomState(0)
    scores, labels = random.rand(500), random.randint(0, 2, (500, 1))
    auc = metrics.Auc("auc")
    for part in range(0, 500, 100):
        score = scores[part : part + 100]
        auc.update(np.stack([1 - score, score], 1), labels[part : part + 100])
    positive, negative = scores[labels[:, 0] == 1], scores[labels[:, 0] == 0]
    exact = np.mean(positive[:, None] > negative[None, :])
    assert auc.eval() == pytest.approx(exact, abs=1e-3)


def test_chunks_and_edit_distance():
    chunks = metrics.ChunkEvaluator()
    chunks.update(10, np.array([8]), 6)
    assert chunks.eval() == (pytest.approx(0.6), pytest.approx(0.75), pytest.approx(2 * 0.6 * 0.75 / 1.35))
    distance = metrics.EditDistance("d")
    distance.update(np.array([[0.0], [2.0]]), np.array([2]))
    assert distance.eval() == (1.0, 0.5)


def test_weighted_average():
    mean = average.WeightedAverage()
    with pytest.raises(ValueError):
        mean.eval()
    mean.add(value=2.0, weight=1)
    mean.add(value=4.0, weight=2)
    assert mean.eval() == pytest.approx(10 / 3)

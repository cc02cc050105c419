"""Metrics against scikit-learn, also where a class is absent or never predicted."""

import math

import numpy as np
import pytest
from sklearn import metrics as reference

from tailwise.core.heads import IGNORE
from tailwise.metrics import confusion as metrics

CLASSES = 5


def case(seed: int, absent: tuple[int, ...] = (), unpredicted: tuple[int, ...] = ()):
    rng = np.random.default_rng(seed)
    targets = rng.choice([c for c in range(CLASSES) if c not in absent], 200)
    guesses = rng.choice([c for c in range(CLASSES) if c not in unpredicted], 200)
    right = np.where(np.isin(targets, unpredicted), guesses, targets)
    return targets, np.where(rng.random(200) < 0.6, right, guesses)


CASES = [
    case(0),
    case(1, absent=(2,)),
    case(2, unpredicted=(0, 3)),
    case(3, absent=(1,), unpredicted=(1,)),
    case(4, (0, 4), (2,)),
]


@pytest.mark.parametrize("case", CASES, ids=["full", "absent", "unpredicted", "unknown", "both"])
def test_figures_are_scikit_learns(case):
    targets, answers = case
    matrix, labels = metrics.confusion(targets, answers, CLASSES), list(range(CLASSES))
    assert (matrix == reference.confusion_matrix(targets, answers, labels=labels)).all()
    arguments = {"labels": labels, "average": None, "zero_division": np.nan}
    np.testing.assert_allclose(metrics.recall(matrix), reference.recall_score(targets, answers, **arguments))
    np.testing.assert_allclose(metrics.f1(matrix), reference.f1_score(targets, answers, **arguments))
    expected = reference.precision_score(targets, answers, **{**arguments, "zero_division": 0})
    np.testing.assert_allclose(metrics.precision(matrix), expected)
    assert metrics.accuracy(matrix) == pytest.approx(reference.accuracy_score(targets, answers))

    found, present = metrics.scores(matrix, list("abcde"), loss=1.5), np.unique(targets)
    assert found["macro_recall"] == pytest.approx(_balanced_accuracy(targets, answers))
    assert found["macro_f1"] == pytest.approx(reference.f1_score(targets, answers, labels=present, average="macro"))
    assert found["min_recall"] == pytest.approx(min(r for r in found["recall"].values() if r is not None))
    assert [name for name, r in found["recall"].items() if r is None] == [
        "abcde"[c] for c in labels if c not in present
    ]
    assert found["loss"] == 1.5


def _balanced_accuracy(targets, answers):
    return reference.recall_score(targets, answers, labels=np.unique(targets), average="macro")


def test_missing_labels_and_padding_are_left_out_whatever_the_shape():
    targets = np.array([[0, 1, IGNORE], [1, IGNORE, IGNORE]])
    answers = np.array([[0, 0, 2], [1, 1, 1]])
    assert metrics.confusion(targets, answers, 3).tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]


def test_macro_is_over_what_is_known():
    assert metrics.macro(np.array([0.5, np.nan, 1.0])) == 0.75
    assert math.isnan(metrics.macro(np.array([np.nan])))
    assert math.isnan(metrics.accuracy(np.zeros((2, 2), int)))


def test_a_split_without_a_label_is_refused():
    with pytest.raises(ValueError, match="no sample of this split has a label"):
        metrics.scores(np.zeros((2, 2), int), ["a", "b"], 0.0)

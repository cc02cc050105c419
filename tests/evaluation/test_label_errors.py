"""Labels that are probably wrong: by hand, and planted ones on real digits."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from tailwise.core.heads import Head
from tailwise.evaluation.label_errors import class_thresholds, suspects
from tailwise.metrics.predictions import Predictions

ROWS = [  # label, probabilities of a, b, c
    (0, [0.8, 0.1, 0.1]),
    (0, [0.6, 0.4, 0.0]),
    (0, [0.1, 0.6, 0.3]),  # b is at its threshold of 0.6: suspected
    (1, [0.3, 0.7, 0.0]),
    (1, [0.5, 0.5, 0.0]),  # a is as probable as b: no
    (2, [0.4, 0.2, 0.4]),
    (2, [0.1, 0.7, 0.2]),  # the clearest
]


def predictions(rows, positions=None) -> Predictions:
    """Of the classes a, b, c; a target of -1 is no label."""
    targets = np.array([label for label, _ in rows])
    probabilities = np.array([row for _, row in rows])
    names = [f"s{i}" for i in range(len(rows))]
    return Predictions(
        Head("tag", ("a", "b", "c")), names, names, targets, probabilities.argmax(1), probabilities, positions
    )


def test_thresholds_are_the_mean_probability_on_the_own_samples():
    assert class_thresholds(predictions(ROWS)) == pytest.approx([0.5, 0.6, 0.3])
    assert class_thresholds(predictions(ROWS[:5]))[2] == np.inf


def test_suspects_by_hand_the_clearest_first():
    found = suspects(predictions([*ROWS, (-1, [0.0, 1.0, 0.0])]))
    assert [(one.sample, one.label, one.other) for one in found] == [("s2", "a", "b"), ("s6", "c", "b")]
    assert (found[0].label_probability, found[0].other_probability, found[0].position) == (0.1, 0.6, None)


def test_a_rare_class_that_the_model_is_never_sure_of_is_suspected_too():
    """Its probability of 0.4 is more than on its own samples."""
    rows = [(0, [0.9, 0.1, 0.0])] * 20 + [(2, [0.7, 0.0, 0.3])] * 2 + [(0, [0.3, 0.3, 0.4])]
    assert ("a", "c") in [(one.label, one.other) for one in suspects(predictions(rows))]


def test_positions_of_a_sequence_are_told():
    found = suspects(predictions(ROWS, np.arange(7)))
    assert [one.position for one in found] == [2, 6]


def test_planted_errors_are_found_among_digits():
    """5 % of the labels of 1,797 handwritten digits are changed. All misclassified ones would be twice as many."""
    pictures, labels = load_digits(return_X_y=True)
    draw = np.random.default_rng(0)
    planted = draw.choice(len(labels), len(labels) // 20, replace=False)
    given = labels.copy()
    given[planted] = (labels[planted] + draw.integers(1, 10, len(planted))) % 10
    answers = cross_val_predict(KNeighborsClassifier(10), pictures, given, cv=5, method="predict_proba")
    names = [str(i) for i in range(len(given))]
    head = Head("digit", tuple("0123456789"))
    found = {int(one.sample) for one in suspects(Predictions(head, names, names, given, answers.argmax(1), answers))}
    hits = len(found & set(planted.tolist()))
    assert hits / len(planted) > 0.75 and hits / len(found) > 0.85

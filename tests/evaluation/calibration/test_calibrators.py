"""Fitted calibrators: properties, references, and their file."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from tailwise.core.heads import IGNORE, Head
from tailwise.evaluation.calibration.fit import HIGHEST, LOWEST, fit_all, fit_temperature, fit_vector
from tailwise.evaluation.calibration.fitted import (
    Isotonic,
    Temperature,
    calibrate,
    calibrated,
    log_odds,
)
from tailwise.evaluation.calibration.options import METHODS
from tailwise.metrics.predictions import Predictions

ABC = ("a", "b", "c")


def softmax(logits):
    likely = np.exp(logits - logits.max(axis=1, keepdims=True))
    return likely / likely.sum(axis=1, keepdims=True)


def drawn(rows=4000, classes=3, factor=1.0, seed=0):
    """(probabilities, targets): targets are drawn from softmax(z), the probabilities are softmax(factor * z)."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, classes)) * 1.5
    targets = (softmax(logits).cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1).clip(max=classes - 1)
    return softmax(factor * logits), targets


def table(likely, targets, names=ABC):
    blank = [""] * len(targets)
    return Predictions(Head("h", names), blank, blank, targets, likely.argmax(axis=1), likely)


hard = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 1.0, 0.5, np.nextafter(0.5, 0), 1e-45, 1 / 3, 1 - 2**-53]))


@settings(max_examples=150, deadline=None)
@given(
    arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(2, 5)), elements=hard),
    st.one_of(st.floats(LOWEST, HIGHEST), st.sampled_from([5e-324, 1e-6, 1e6, 1e18])),
)
def test_temperature_never_changes_an_answer(likely, temperature):
    names = tuple(map(str, range(likely.shape[1])))
    result = calibrate(likely, Temperature("temperature", names, temperature))
    assert (result.argmax(axis=1) == likely.argmax(axis=1)).all()
    assert np.isfinite(result).all() and (result >= 0).all() and result.sum(axis=1) == pytest.approx(1)


def test_a_difference_of_one_bit_survives_and_a_tie_goes_to_the_first_class():
    likely = np.array([[np.nextafter(0.5, 0), 0.5], [0.5, 0.5], [0.5, np.nextafter(0.5, 0)]])
    result = calibrate(likely, Temperature("temperature", ("a", "b"), 7.0))
    assert result.argmax(axis=1).tolist() == [1, 0, 0] and result == pytest.approx(0.5)


def test_temperature_one_changes_nothing_and_its_effect_is_by_hand():
    likely = np.array([[0.8, 0.2], [1.0, 0.0]])
    assert calibrate(likely, Temperature("temperature", ("a", "b"), 1.0)) == pytest.approx(likely, abs=1e-12)
    warm = calibrate(likely[:1], Temperature("temperature", ("a", "b"), 2.0))  # odds of 4 become odds of 2
    assert warm == pytest.approx(np.array([[2 / 3, 1 / 3]]))


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_the_probabilities_is_found(factor):
    assert fit_temperature(*drawn(factor=factor)) == pytest.approx(factor, rel=0.06)


def test_the_fitted_temperature_has_the_lowest_nll():
    likely, targets = drawn(500, factor=2.0)
    best = fit_temperature(likely, targets)

    def nll_at(temperature):
        after = calibrate(likely, Temperature("temperature", ABC, temperature))
        return -np.log(after[np.arange(len(targets)), targets]).mean()

    assert all(nll_at(best) < nll_at(best * factor) for factor in (0.99, 1.01, 0.5, 2))


def test_with_a_grid_the_best_of_its_values_is_taken():
    likely, targets = drawn(factor=2.0)
    assert fit_temperature(likely, targets, [0.5, 1.9, 8]) == 1.9
    assert fit_temperature(likely, targets, [4.0]) == 4.0


def test_where_all_are_right_the_temperature_stays_positive():
    likely = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert LOWEST <= fit_temperature(likely, np.array([0, 1])) < 0.1
    assert HIGHEST / 2 < fit_temperature(likely, np.array([1, 0])) <= HIGHEST


class Given(ClassifierMixin, BaseEstimator):
    """A classifier whose scores are its inputs."""

    def __init__(self, classes=3):
        self.classes = classes

    def fit(self, x, y):
        self.classes_ = np.arange(self.classes)
        return self

    def decision_function(self, x):
        return x

    def predict(self, x):
        return x.argmax(axis=1)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_platt_and_isotonic_equal_scikit_learn(method):
    likely, targets = drawn(600, factor=2.5)
    fitted = fit_all(table(likely, targets))["platt" if method == "sigmoid" else "isotonic"]
    frozen = FrozenEstimator(Given().fit(None, None))
    reference = CalibratedClassifierCV(frozen, method=method).fit(log_odds(likely), targets)
    other = drawn(600, factor=2.5, seed=1)[0]
    expected = reference.predict_proba(log_odds(other))
    assert calibrate(other, fitted) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("classes", [2, 3, 6])
def test_calibrated_rows_are_distributions_and_methods_lower_the_nll(method, classes):
    names = tuple(map(str, range(classes)))
    likely, targets = drawn(3000, classes, factor=3.0)
    other, others_targets = drawn(3000, classes, factor=3.0, seed=1)
    result = calibrate(other, fit_all(table(likely, targets, names))[method])
    assert result.shape == other.shape and result.sum(axis=1) == pytest.approx(1) and (result >= 0).all()

    def nll(table):
        return -np.log(np.maximum(table[np.arange(len(others_targets)), others_targets], 1e-9)).mean()

    assert nll(result) < nll(other) - 0.1 if method != "none" else (result == other).all()


def test_vector_finds_the_prior_that_the_probabilities_lack():
    """Probabilities of a uniform prior, labels of 10 to 3 to 1: intercepts are the log prior, but for a constant."""
    draw, prior = np.random.default_rng(0), np.log(np.array([10, 3, 1]) / 14)
    targets = draw.choice(3, 20_000, p=np.exp(prior))
    values = draw.normal(np.eye(3)[targets] * 2)  # their log likelihoods differ by 2 x
    likely = np.exp(2 * values) / np.exp(2 * values).sum(axis=1, keepdims=True)
    slopes, intercepts = (np.array(one) for one in zip(*fit_vector(likely, targets)))
    assert intercepts - intercepts[0] == pytest.approx(prior - prior[0], abs=0.15)
    assert slopes == pytest.approx(1, abs=0.1)


def test_no_step_from_what_vector_finds_is_better():
    likely, targets = drawn(300, factor=2.0)
    found = np.array(fit_vector(likely, targets)).T

    def loss(both):
        scores = both[0] * np.log(np.maximum(likely, 1e-30)) + both[1]
        of_label = scores[np.arange(len(targets)), targets] - np.log(np.exp(scores).sum(axis=1))
        return -of_label.sum() + (np.square(both[0] - 1).sum() + np.square(both[1]).sum()) / 2

    steps = np.random.default_rng(1).normal(scale=0.01, size=(50, *found.shape))
    assert all(loss(found + step) > loss(found) for step in steps)


def test_two_classes_are_symmetric_in_platt():
    likely, targets = drawn(500, 2, factor=2.0)
    fitted = fit_all(table(likely, targets, ("a", "b")))["platt"]
    assert fitted.slopes[0] == pytest.approx(fitted.slopes[1], abs=1e-4)
    assert fitted.intercepts[0] == pytest.approx(-fitted.intercepts[1], abs=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_a_class_without_a_label_and_separable_ones_give_finite_numbers(method):
    likely = np.array([[1.0, 0, 0], [0, 1, 0], [0.6, 0.4, 0]], np.float32)
    fitted = fit_all(table(likely, np.array([0, 1, 0])))[method]
    json.dumps(asdict(fitted), allow_nan=False)
    assert np.isfinite(calibrate(np.array([[0, 0, 1.0], [1, 0, 0]]), fitted)).all()


def test_isotonic_may_change_an_answer_and_temperature_keeps_those_of_the_table():
    found = table(np.array([[0.4, 0.4, 0.2]] * 2), np.array([0, IGNORE]))
    found = Predictions(found.head, found.samples, found.groups, found.targets, np.array([1, 1]), found.probabilities)
    warm = calibrated(found, Temperature("temperature", ABC, 2.0))
    assert warm.predicted.tolist() == [1, 1]  # a tie in the rounded table, broken by the model
    turned = Isotonic("isotonic", ABC, ((-1.0, 1.0),) * 3, ((0.0, 0.0), (0.0, 0.0), (1.0, 1.0)))
    assert calibrated(found, turned).predicted.tolist() == [2, 2]


def test_a_row_of_zeros_is_uniform():
    nothing = Isotonic("isotonic", ABC, ((0.5,),) * 3, ((0.0,),) * 3)
    assert calibrate(np.eye(3), nothing) == pytest.approx(1 / 3)


def test_labels_that_are_missing_are_not_fitted_to():
    likely, targets = drawn(300)
    more = table(np.concatenate([likely, likely]), np.concatenate([targets, np.full(300, IGNORE)]))
    assert fit_all(more) == fit_all(table(likely, targets))

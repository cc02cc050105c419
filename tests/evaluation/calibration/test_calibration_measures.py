"""Figures of calibration, by hand and against references."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from tailwise.core.heads import IGNORE, Head
from tailwise.evaluation.calibration.comparison import calibration_figures, chosen_figures, compare_methods
from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.fitted import Isotonic, Temperature, calibrated
from tailwise.evaluation.calibration.measures import (
    FIGURES,
    brier,
    classwise_error,
    confidence_histogram,
    equal_mass_error,
    measure_calibration,
    nll,
    reliability_bins,
)
from tailwise.evaluation.calibration.options import METHODS, Calibration
from tailwise.metrics.predictions import Predictions

LIKELY = np.array([[0.96, 0.04], [0.92, 0.08], [0.92, 0.08], [0.3, 0.7], [0.6, 0.4]])
TARGETS = np.array([0, 0, 1, 1, IGNORE])
"""Right, right, wrong, right; the last has no label."""


def table(likely=LIKELY, targets=TARGETS, name="h"):
    classes = tuple("abcdef"[: likely.shape[1]])
    blank = [""] * len(targets)
    return Predictions(Head(name, classes), blank, blank, targets, likely.argmax(axis=1), likely)


def test_all_figures_by_hand():
    """Two bins: all confidences are in the upper one, of mean 0.875 and accuracy 0.75."""
    found = measure_calibration(table(), 2)
    assert list(found) == list(FIGURES)
    assert found["mean_confidence"] == pytest.approx(0.875) and found["accuracy"] == 0.75
    assert found["ece"] == pytest.approx(0.125)
    assert found["above_90"] == 0.75 and found["above_95"] == 0.25
    assert found["brier"] == pytest.approx(2 * (0.04**2 + 0.08**2 + 0.92**2 + 0.3**2) / 4)
    assert found["nll"] == pytest.approx(-np.log([0.96, 0.92, 0.08, 0.7]).mean())
    # sorted by confidence: 0.7 right and 0.92, whose accuracy is 1/2; then 0.92 and 0.96 right
    assert found["ece_mass"] == pytest.approx((abs(-0.3 + 0.42) + abs(0.42 - 0.04)) / 4)
    # of each class: bin up to 0.5 (class a: 0.3, not a) and above (0.96, 0.92, 0.92: two of three are a)
    assert found["classwise"] == pytest.approx((0.3 + abs(2.8 - 2)) / 4)


def test_the_order_of_the_rows_changes_nothing():
    rng = np.random.default_rng(0)
    likely = np.round(rng.dirichlet([1, 1, 1], 300), 1)
    likely[:, 0] = 1 - likely[:, 1:].sum(axis=1)
    targets = rng.integers(0, 3, 300)
    order = rng.permutation(300)
    one, other = (
        measure_calibration(table(likely, targets), 15),
        measure_calibration(table(likely[order], targets[order]), 15),
    )
    assert one == pytest.approx(other, abs=1e-12)


def test_equal_confidences_are_not_split_into_wrong_and_right_ones():
    assert equal_mass_error(np.full(10, 0.5), np.arange(10) < 5, 5) == pytest.approx(0)


def test_equal_mass_bins_hold_equally_many():
    """Two of each: gaps 0.1 and 0.2 with all right below, 0.8 and 0.9 with all wrong above."""
    confidence, right = np.array([0.8, 0.1, 0.9, 0.2]), np.array([False, True, False, True])
    assert equal_mass_error(confidence, right, 2) == pytest.approx((0.9 + 0.8 + 0.8 + 0.9) / 4)
    assert equal_mass_error(confidence, right, 50) == pytest.approx((0.9 + 0.8 + 0.8 + 0.9) / 4)


def test_brier_and_nll_equal_scikit_learn():
    rng = np.random.default_rng(1)
    likely, targets = rng.dirichlet([1, 1, 1, 1], 50), rng.integers(0, 4, 50)
    assert brier(likely, targets) == pytest.approx(brier_score_loss(targets, likely, labels=range(4)), abs=1e-12)
    assert nll(likely, targets) == pytest.approx(log_loss(targets, likely, labels=range(4)), abs=1e-12)
    assert np.isfinite(nll(np.array([[1.0, 0.0]]), np.array([1])))


def test_a_perfect_model_has_no_error():
    likely = np.eye(3)[[0, 1, 2, 2]]
    targets = np.array([0, 1, 2, 2])
    found = measure_calibration(table(likely, targets), 15)
    assert [found[name] for name in ("ece", "ece_mass", "classwise", "brier", "nll")] == [0] * 5
    assert classwise_error(likely, np.array([1, 0, 2, 2]), 15) == pytest.approx((1 / 2 + 1 / 2 + 0) / 3)


def test_bins_and_histogram_by_hand():
    bins = reliability_bins(table(), 10)
    assert bins["count"] == [0] * 6 + [1, 0, 0, 3]
    assert bins["accuracy"][:7] == [None] * 6 + [1.0] and bins["accuracy"][9] == pytest.approx(2 / 3)
    assert bins["confidence"][9] == pytest.approx(2.8 / 3)
    assert confidence_histogram(table()) == [0] * 13 + [1] + [0] * 4 + [2, 1]
    edges = np.array([[0.9, 0.1], [0.95, 0.05]])
    assert confidence_histogram(table(edges, np.array([0, 0])))[17:] == [1, 1, 0]


def test_the_methods_are_compared_and_the_chosen_one_is_named():
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(3000, 3))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    over = np.exp(4 * logits) / np.exp(4 * logits).sum(axis=1, keepdims=True)
    targets = (true.cumsum(axis=1) < rng.random((3000, 1))).sum(axis=1).clip(max=2)
    made = compare_methods(table(over, targets), fit_all(table(over, targets)), Calibration("temperature"))
    assert made["method"] == "temperature" and made["fitted_temperature"] == pytest.approx(4, rel=0.1)
    assert all(made[method]["ece"] < 0.05 < made["none"]["ece"] for method in METHODS[1:])
    assert made["temperature"]["accuracy"] == made["none"]["accuracy"]
    assert made["temperature"]["above_95"] < made["none"]["above_95"]
    assert set(made["reliability"]) == set(made["histogram"]) == set(METHODS)
    assert all(sum(bars) == 3000 for bars in made["histogram"].values())
    assert chosen_figures({"h": made}) == made["temperature"]
    both = chosen_figures({"h": made, "i": {**made, "method": "none"}})
    assert both == {"h": made["temperature"], "i": made["none"]}
    assert "fitted_temperature" not in compare_methods(table(), fit_all(table()), Calibration("none"))


def test_figures_are_those_of_the_head_or_by_head_and_changed_answers_are_reported():
    turned = Isotonic("isotonic", ("a", "b"), ((0.0, 1.0),) * 2, ((0.0, 0.0), (1.0, 1.0)))
    kept = Temperature("temperature", ("a", "b"), 2.0)
    figures, limits = calibration_figures({"h": table()}, {"h": kept}, 15)
    assert list(figures) == list(FIGURES) and limits == []
    figures, limits = calibration_figures({"h": table(), "i": table(name="i")}, {"h": kept, "i": turned}, 15)
    assert list(figures) == ["h", "i"] and figures["i"]["accuracy"] == 0.5
    assert len(limits) == 1 and limits[0].startswith("i: isotonic calibration changes 4 of 5 answers; only")


def test_figures_of_decoded_answers_are_of_the_most_probable_classes():
    decoded, platt = replace(table(), predicted=np.array([1, 1, 1, 0, 1])), fit_all(table())["platt"]
    options = Calibration("temperature")
    assert compare_methods(decoded, fit_all(decoded), options, True) == compare_methods(
        table(), fit_all(table()), options
    )
    figures, limits = calibration_figures({"h": decoded}, {"h": platt}, 15, True)
    assert figures == calibration_figures({"h": table()}, {"h": platt}, 15)[0]
    assert limits == [
        "h: decoding changes 4 of 5 answers; the figures of calibration are of the most probable classes."
    ]


def test_calibration_keeps_decoded_answers_and_changes_others():
    turned = Isotonic("isotonic", ("a", "b"), ((0.0,), (0.0,)), ((0.0,), (1.0,)))
    assert calibrated(table(), turned).predicted.tolist() == [1] * 5
    assert calibrated(table(), turned, decoded=True).predicted.tolist() == [0, 0, 0, 1, 0]

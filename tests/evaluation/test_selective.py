"""The risk among the surest answers."""

import numpy as np
import pytest

from tailwise.compare.direction import LOWER, better
from tailwise.core.heads import IGNORE, Head
from tailwise.evaluation.selective import (
    risk_curves,
    risk_figures,
    risks,
    selective_figures,
    selective_labels,
)
from tailwise.metrics.dotted import dotted
from tailwise.metrics.predictions import Predictions

WRONG = np.array([False, True, False, False, True])
SURE = np.array([0.9, 0.5, 0.8, 0.7, 0.6])


def test_risk_of_the_surest_by_hand():
    np.testing.assert_allclose(risks(SURE, WRONG), [0, 0, 0, 1 / 4, 2 / 5])
    np.testing.assert_allclose(risks(-SURE, WRONG), [1, 1, 2 / 3, 2 / 4, 2 / 5])
    found = risk_figures(SURE, WRONG)
    assert found == pytest.approx(
        {"error_at_50": 0.0, "error_at_80": 0.25, "error_area": 0.13, "excess_error_area": 0.0}
    )
    worst = risk_figures(-SURE, WRONG)
    assert worst["error_at_50"] == pytest.approx(2 / 3) and worst["error_at_80"] == pytest.approx(1 / 2)
    assert worst["excess_error_area"] == pytest.approx((1 + 1 + 2 / 3 + 1 / 2 + 2 / 5) / 5 - 0.13)


def test_the_order_of_equally_sure_answers_decides_nothing():
    sureness = np.array([0.5, 0.5, 0.5, 0.9])
    for wrong in ([True, False, False, False], [False, False, True, False]):
        np.testing.assert_allclose(risks(sureness, np.array(wrong)), [0, 1 / 6, 2 / 9, 1 / 4])
    same = risk_figures(np.ones(8), np.arange(8) < 2)
    assert same["error_at_50"] == same["error_at_80"] == same["error_area"] == pytest.approx(0.25)


def predictions(head="kind", uncertainty=None, probabilities=True):
    classes = ("a", "b")
    likely = np.stack([1 - SURE, SURE], axis=1) if probabilities else None
    targets = np.array([1, 0, 1, 1, IGNORE])
    return Predictions(
        Head(head, classes), ["s"] * 5, ["g"] * 5, targets, np.ones(5, int), likely, uncertainty=uncertainty
    )


def test_figures_by_confidence_and_by_what_the_model_says_of_its_uncertainty():
    said = np.array([1.0, -2.0, 3.0, 4.0, -9.0])  # surest where it is wrong; a row without a label counts nowhere
    found = selective_figures({"kind": predictions(uncertainty=said)})["selective"]
    assert list(found) == ["confidence", "uncertainty"]
    assert found["confidence"]["error_at_50"] == 0 and found["uncertainty"]["error_at_50"] == 0.5
    assert list(selective_figures({"kind": predictions()})["selective"]) == ["confidence"]
    assert selective_figures({"kind": predictions(probabilities=False)}) == {}
    several = selective_figures({"one": predictions("one"), "two": predictions("two", said)})["selective"]
    assert {head: list(of_head) for head, of_head in several.items()} == {
        "one": ["confidence"],
        "two": ["confidence", "uncertainty"],
    }


def test_each_figure_has_a_name_and_is_better_where_it_is_lower():
    tables = [predictions(name, np.zeros(5)) for name in ("one", "two")]
    for some in (tables[:1], tables):
        names = [table.head.name for table in some]
        figures = dotted(selective_figures(dict(zip(names, some))))
        assert list(figures) and set(figures) == set(selective_labels(names))
        assert {better(name) for name in figures} == {LOWER}
    assert selective_labels(["one"])["selective.confidence.error_at_80"].text == (
        "mistakes among the most confident answers, 80 %"
    )


def test_a_curve_ends_at_the_error_rate_and_has_few_points():
    rng = np.random.default_rng(1)
    sureness, wrong = rng.random(5000), rng.random(5000) < 0.25
    likely = np.stack([sureness, 1 - sureness], axis=1)
    many = Predictions(
        Head("kind", ("a", "b")), ["s"] * 5000, ["g"] * 5000, wrong.astype(int), np.zeros(5000, int), likely
    )
    curve = risk_curves(many)["confidence"]
    assert len(curve["coverage"]) == len(curve["risk"]) == 50
    assert curve["coverage"][-1] == 1 and curve["risk"][-1] == pytest.approx(wrong.mean())
    few = risk_curves(predictions())["confidence"]
    assert few["coverage"] == [0.25, 0.5, 0.75, 1.0] and few["risk"] == pytest.approx([0, 0, 0, 0.25])
    assert risk_curves(predictions(probabilities=False)) == {}

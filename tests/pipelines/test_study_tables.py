"""The arithmetic of the study's tables, by hand."""

import math

import numpy as np
import pytest

from study.measure import adjusted, head_figures
from study.summary import Row, Summary, corrected, rare_classes, taken_for
from study.tables import rare_report, report, table
from tailwise.core.heads import Head
from tailwise.metrics.predictions import Predictions
from tailwise.metrics.statistics import estimate, holm, paired


def test_the_interval_of_a_mean_is_students():
    found = estimate([0.5, 0.6, 0.7])
    assert (found.mean, found.count) == (pytest.approx(0.6), 3)
    assert found.half == pytest.approx(4.302653 * 0.1 / math.sqrt(3), rel=1e-6)
    assert str(found) == "0.600 ± 0.248" and found.signed == "+0.600 ± 0.248"


def test_p_of_three_differences_by_hand():
    """t = 0.03 / (0.02 / sqrt 3) = 2.598; with 2 degrees of freedom p = 1 - t / sqrt(2 + t^2)."""
    t = 0.03 / (0.02 / math.sqrt(3))
    assert estimate([0.01, 0.03, 0.05]).p == pytest.approx(1 - t / math.sqrt(2 + t * t), rel=1e-9)


def test_one_value_has_no_interval_and_equal_ones_have_one_of_no_width():
    assert (estimate([0.4]).half, estimate([0.4]).p) == (None, None)
    assert estimate([0.0, 0.0]).p == 1.0 and estimate([0.1, 0.1]).p == 0.0 and estimate([0.1, 0.1]).half == 0


def test_differences_are_of_the_seeds_that_both_have():
    found = paired({1: 0.5, 2: 0.7, 4: 0.9}, {1: 0.4, 2: 0.5, 3: 0.1})
    assert found is not None and (found.mean, found.count) == (pytest.approx(0.15), 2)
    assert paired({1: 0.5}, {2: 0.5}) is None


def test_holm_by_hand():
    """0.01 x 4, 0.02 x 3, 0.03 x 2 = 0.06 again, and 0.5 x 1."""
    found = holm({"a": 0.5, "b": 0.01, "c": 0.03, "d": 0.02})
    assert found == pytest.approx({"a": 0.5, "b": 0.04, "c": 0.06, "d": 0.06})
    assert holm({"a": 0.4, "b": 0.9}) == {"a": 0.8, "b": 0.9} and holm({"a": 0.8, "b": 0.6}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


def test_adjusted_probabilities_by_hand():
    """At tau 1 a class of 9 in 10 is divided by 0.9, one of 1 in 10 by 0.1."""
    found = adjusted(np.array([[0.8, 0.2]]), np.log([0.9, 0.1]), 1.0)
    assert found[0] == pytest.approx([8 / 9 / (8 / 9 + 2), 2 / (8 / 9 + 2)])
    assert adjusted(np.array([[0.0, 1.0]]), np.log([0.9, 0.1]), 1.0).sum() == pytest.approx(1)


def predictions(targets: list[int], likely: list[list[float]]) -> Predictions:
    names, values = [f"s{i}" for i in range(len(targets))], np.array(likely)
    return Predictions(Head("h", ("a", "b")), names, names, np.array(targets), values.argmax(axis=1), values)


def test_figures_of_a_head_by_hand_and_an_adjustment_that_finds_the_rare_class():
    found = predictions([0, 0, 1, 1], [[0.9, 0.1], [0.9, 0.1], [0.7, 0.3], [0.1, 0.9]])
    plain = head_figures(found, {"a": 90, "b": 10})
    assert (plain["macro_recall"], plain["min_recall"]) == (0.75, 0.5)
    assert plain["recall"] == {"a": 1.0, "b": 0.5} and plain["precision"] == {"a": pytest.approx(2 / 3), "b": 1.0}
    assert plain["confusion"] == ["2 0", "1 1"] and plain["trained_on"] == {"a": 90, "b": 10}
    assert plain["loss"] == pytest.approx(-(3 * math.log(0.9) + math.log(0.3)) / 4)
    # one bin of (14/15, 1] would be empty: 0.9 and 0.7 lie in bins of their own
    assert plain["ece"] == pytest.approx((abs(3 - 2.7) + abs(0 - 0.7)) / 4)
    assert head_figures(found, {"a": 90, "b": 10}, tau=1.0)["recall"] == {"a": 0.5 * 2, "b": 1.0}


def head(recall: float, rare: float) -> dict:
    """50 samples of a, of which `recall` is found, and 10 of b."""
    a, b = round(50 * recall), round(10 * rare)
    return {
        "macro_recall": (recall + rare) / 2,
        "interval": [(recall + rare) / 2 - 0.1, (recall + rare) / 2 + 0.1],
        "min_recall": min(recall, rare),
        "ece": 0.1,
        "loss": 1.0,
        "recall": {"a": recall, "b": rare},
        "precision": {"a": 0.5, "b": 0.25},
        "trained_on": {"a": 97, "b": 3},
        "confusion": [f"{a} {50 - a}", f"{10 - b} {b}"],
    }


def row(method: str, kind: str, values: list[tuple[float, float]], default: list[float]) -> Row:
    of_seed = {seed: head(*pair) for seed, pair in enumerate(values, 1)}
    own = {seed: of["macro_recall"] for seed, of in of_seed.items()}
    difference = None if kind == "default" else paired(own, dict(enumerate(default, 1)))
    return Row(method, f"the {method}", kind, of_seed, 2.0 if kind == "baseline" else None, difference, 100, 1.5)


DEFAULT = [(0.9, 0.5), (0.8, 0.6)]
ROWS = [
    row("default", "default", DEFAULT, []),
    row("plain", "baseline", [(1.0, 0.0), (1.0, 0.1)], [0.7, 0.7]),
    row("half", "ablation", [(0.9, 0.5)], [0.7, 0.7]),
]


def test_baselines_alone_are_corrected():
    found = {each.method: each.p for each in corrected(iter(ROWS))}
    assert ROWS[1].difference is not None
    assert found == {"default": None, "plain": ROWS[1].difference.p, "half": None}


def test_figures_of_a_row():
    assert ROWS[1].lost == {1: 1, 2: 0} and ROWS[1].within == pytest.approx(0.1)
    assert ROWS[1].confusion.tolist() == [[100, 0], [19, 1]]
    assert rare_classes(ROWS) == ["b"] and taken_for(ROWS[1], "b") == [("a", 0.95)]


def test_the_page_has_a_line_a_method_and_says_what_is_missing():
    summary = Summary("demo", {"h": list(corrected(iter(ROWS)))}, ["demo focal: seeds 2, 3"])
    text = report([summary, Summary("digits", {}, [])])
    lines = text.splitlines()
    start = "| the default | 2 | 0.700 ± 0.000 |  |  | 0.550 ± 0.635 | 0.0 |"
    assert sum(line.startswith(start) for line in lines) == 2  # among the methods, and above the ablations
    assert any(line.startswith("| the plain | 2 | 0.525 ± 0.318 | -0.175 ± 0.318 | 0.0") for line in lines)
    assert "| the half | 1 | 0.700 | +0.000 |  | 0.500 | 0.0 | 0.100 | 1.000 | 0.100 |" in lines
    assert "| the plain | 2 | 100 | 1.5 |" in lines
    assert "- demo focal: seeds 2, 3" in lines
    assert "No cell is there." in lines


def test_the_page_of_rare_classes():
    text = rare_report([Summary("demo", {"h": ROWS}, [])])
    assert "## demo, h: b" in text and "3 training samples." in text
    assert "| the plain | 2 | 0.050 ± 0.635 | 0.250 ± 0.000 | 1 | a 95% |" in text and "h: a" not in text


def test_a_bar_in_a_name_splits_no_cell():
    assert table([("x",), ("a|b",)]) == "| x |\n|---|\n| a\\|b |"

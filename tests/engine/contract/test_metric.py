"""The metric that selects the best epoch."""

import math

import numpy as np
import pytest

from support.helpers import HEADS, make_task, metrics_of, total
from tailwise.core.heads import Head
from tailwise.engine.contract.metric import Select, figures_of, headlines
from tailwise.metrics.classification import Classification


def heads(matrices):
    """Figures of a two-class head for each matrix."""
    metrics = {str(i): Classification(Head("x", ("a", "b"))) for i in range(len(matrices))}
    return figures_of(metrics, {str(i): total(1.0, matrix) for i, matrix in enumerate(matrices)})


def test_the_score_is_the_mean_over_the_heads_that_have_labels():
    half, full, none = ([[1, 1], [1, 1]], [[3, 0], [0, 1]], [[0, 0], [0, 0]])
    cases = {0.5: [half], 0.75: [half, full], 1.0: [full, none], None: [none]}
    for score, matrices in cases.items():
        figures = heads(matrices)
        assert Select(tuple(figures), "macro_recall").score(figures) == score


def test_the_score_does_not_depend_on_the_order_of_the_heads():
    assert 0.1 + 0.2 + 0.3 != 0.3 + 0.2 + 0.1
    figures = heads([[[found, 10 - found], [0, 0]] for found in (1, 2, 3)])
    scores = {Select(order, "macro_recall").score(figures) for order in (("0", "1", "2"), ("2", "1", "0"))}
    assert len(scores) == 1


def test_a_metric_of_one_number_needs_no_figure():
    assert Select("top").score({"top": 0.25, "x": {"loss": 3.0}}) == 0.25


@pytest.mark.parametrize(
    ("select", "said"),
    [
        (Select("x", "recal"), "metric x has no figure 'recal'; it has macro_recall, macro_f1, accuracy"),
        (Select("x", "recall"), "recall of metric x is a number a class, not one number"),
        (Select("top", "loss"), "metric top is one number and has no figure 'loss'"),
    ],
)
def test_a_figure_that_is_not_there_is_refused(select, said):
    figures = {"x": metrics_of(HEADS[1:])["size"].value(np.array(total(1.0, [[1, 1], [1, 1]]))), "top": 0.5}
    with pytest.raises(ValueError, match=said):
        select.score(figures)


def test_a_metric_that_the_task_lacks_is_refused():
    with pytest.raises(ValueError, match="select names the metric 'shape', which the task lacks; it has colour, size"):
        make_task(select=Select("shape"))


@pytest.mark.parametrize(
    ("mode", "score", "than", "better"),
    [
        ("max", 0.6, 0.5, True),
        ("max", 0.5, 0.5, False),
        ("min", 0.6, 0.5, False),
        ("min", 0.4, 0.5, True),
        ("min", 0.5, 0.5, False),
        ("max", None, 0.5, False),
        ("min", None, None, False),
        ("min", 0.5, None, True),
    ],
)
def test_better_is_the_larger_or_the_smaller(mode, score, than, better):
    assert Select("x", mode=mode).better(score, than) is better


def test_figures_that_are_no_number_are_unknown():
    assert Select("x").score({"x": math.nan}) is None


class Named:
    """A metric with figures to show at a glance."""

    headline = ("f1", "by.a")

    def part(self, outputs, batch): ...

    def value(self, total): ...


def test_figures_at_a_glance_are_named_by_their_metric():
    figures = {"plain": 1.0, "named": {"f1": 0.5, "by": {"a": None}}}
    assert headlines({"plain": Lone(), "named": Named()}, figures) == ["named.f1", "named.by.a"]
    assert headlines({"plain": Lone()}, figures) == []
    with pytest.raises(ValueError, match="there is no figure named.by.a; there are named.f1"):
        headlines({"named": Named()}, {"named": {"f1": 0.5}})


class Lone:
    def part(self, outputs, batch): ...

    def value(self, total): ...

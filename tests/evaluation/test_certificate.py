"""Verdicts on targets, against hand-computed values."""

from dataclasses import replace

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.evaluation.certificate import (
    TargetResult,
    Targets,
    certificate,
    certify_figures,
    certify_head,
    certify_split,
    verdict_of,
)
from tailwise.evaluation.figures import head_figures
from tailwise.evaluation.intervals import Interval
from tailwise.evaluation.limits import (
    Names,
    limits,
    limits_of_groups,
    limits_of_intervals,
    limits_of_model,
    limits_of_sequences,
)
from tailwise.evaluation.measure import measure
from tailwise.metrics.labels import Label
from tailwise.metrics.predictions import Predictions, predictions

TARGETS = Targets(macro_recall=0.45, macro_f1=0.40, class_recall=0.25, loss=5.0)


def test_targets_by_dotted_name_are_left_out_by_their_first_part():
    named = replace(TARGETS, above={"top.top_1": 0.8}, below={"calibration.ece": 0.1, "calibrated": 0.2})
    assert named.without("calibration") == replace(named, below={"calibrated": 0.2})


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        (Interval(0.6, 0.5, 0.7), "pass"),
        (Interval(0.3, 0.2, 0.4), "fail"),
        (Interval(0.6, 0.4, 0.7), "undecided"),
        (Interval(0.45, 0.45, 0.45), "undecided"),
        (Interval(None, None, None), "undecided"),
    ],
)
def test_a_verdict_needs_the_whole_interval(interval, verdict):
    assert verdict_of(interval, 0.45) == verdict


def test_every_target_of_a_head_has_a_verdict():
    reported = {
        "macro_recall": Interval(0.6, 0.5, 0.7),
        "macro_f1": Interval(0.3, 0.2, 0.35),
        "recall": [Interval(0.9, 0.8, 1.0), Interval(0.3, 0.0, 0.6)],
    }
    rows = certify_head("action", {"Push": 90, "Dive": 20}, 26, reported, 1.3, TARGETS)
    assert [(row.figure, row.verdict) for row in rows] == [
        ("macro_recall", "pass"),
        ("macro_f1", "fail"),
        ("recall of Push", "pass"),
        ("recall of Dive", "undecided"),
        ("loss", "pass"),
    ]
    assert [row.samples for row in rows] == [None, None, 90, 20, None]
    assert certify_head("action", {"Push": 90, "Dive": 20}, 26, reported, 5.0, TARGETS)[-1].verdict == "fail"


def test_limits_state_what_few_samples_cannot_show():
    assert limits("severity", {"No card": 157, "Red card": 5, "Gold": 0}) == [
        "severity: Gold has no sample: it has no figures, and the macro figures leave it out.",
        "severity: 5 samples of Red card: too few to measure its recall.",
    ]


def test_limits_of_sequences_have_the_pipelines_words():
    assert limits_of_sequences("section", {"verse": 30, "chorus": 1, "outro": 0}, Names("song", "line")) == [
        "section: outro has no line: it has no figures, and the macro figures leave it out.",
        "section: chorus is in 1 song: too few to measure its recall.",
    ]


def test_a_few_samples_decide_nothing():
    """Three of three found: a bootstrap sees no spread, but the class has too few samples to measure."""
    sure = [Interval(1.0, 1.0, 1.0), Interval(1.0, 1.0, 1.0)]
    reported = {"macro_recall": sure[0], "macro_f1": sure[0], "recall": sure}
    rows = certify_head("severity", {"No card": 157, "Red card": 3}, 26, reported, 1.0, TARGETS)
    assert {row.figure: row.verdict for row in rows[2:4]} == {
        "recall of No card": "pass",
        "recall of Red card": "undecided",
    }


def test_a_few_groups_decide_nothing_but_the_loss():
    """All samples of one match: whatever is redrawn, it is the same match."""
    sure = Interval(1.0, 1.0, 1.0)
    reported = {"macro_recall": sure, "macro_f1": sure, "recall": [sure, sure]}
    rows = certify_head("action", {"Push": 90, "Dive": 20}, 9, reported, 1.0, TARGETS)
    assert [row.verdict for row in rows] == ["undecided"] * 4 + ["pass"]
    assert limits_of_groups(9) == ["Only 9 groups: too few for meaningful intervals."]
    assert limits_of_groups(10) == []


def test_every_head_of_a_split_is_evaluated_with_its_limits():
    """12 matches of 3 samples, all found but those of a class that comes once; the last has no label of card."""
    names, groups = [str(i) for i in range(36)], [f"match {i // 3}" for i in range(36)]
    action = np.array([0, 1] * 17 + [2, 0])
    card = np.array([*[0] * 35, -1])
    heads = {
        "action": Predictions(Head("action", ("Push", "Hold", "Dive")), names, groups, action, action % 2),
        "card": Predictions(Head("card", ("No card", "Red")), names, groups, card, np.zeros(36, int)),
    }
    rows, warnings, drawn = certify_split(
        {name: measure(of) for name, of in heads.items()}, {"action": 1.3, "card": 6.0}, TARGETS
    )
    assert [(row.head, row.figure, row.verdict) for row in rows] == [
        ("action", "macro_recall", "pass"),
        ("action", "macro_f1", "pass"),
        ("action", "recall of Push", "undecided"),
        ("action", "recall of Hold", "undecided"),
        ("action", "recall of Dive", "undecided"),
        ("action", "loss", "pass"),
        ("card", "macro_recall", "pass"),
        ("card", "macro_f1", "pass"),
        ("card", "recall of No card", "pass"),
        ("card", "recall of Red", "undecided"),
        ("card", "loss", "fail"),
    ]
    assert warnings == [line for head, counts in SUPPORT.items() for line in limits(head, counts)]
    assert (drawn["groups"], drawn["over"]) == (12, "groups")


SUPPORT = {"action": {"Push": 18, "Hold": 17, "Dive": 1}, "card": {"No card": 35, "Red": 0}}


def test_the_fallback_model_is_reported():
    spec = {"recipe": "fouls", "model": {"variant": {"kind": "simplified", "dropout": 0.3}}, "heads": [{"name": "a"}]}
    asked = {**spec, "model": {"variant": {"kind": "dual", "dropout": 0.3}}}
    (line,) = limits_of_model(spec, asked)
    assert line.endswith("than params.yaml asks for: model.variant.kind is simplified, not dual.")
    assert limits_of_model(spec, None) == []


def test_the_meaning_of_an_interval_is_stated_in_the_pipelines_words():
    assert limits_of_intervals("song").startswith("The intervals cover the choice of songs and their groups, not the")


def test_the_certificate_counts_its_verdicts_and_keeps_what_it_is_of():
    rows = [
        TargetResult("action", "macro_recall", 0.6, 0.5, 0.7, 0.45, "pass"),
        TargetResult("action", "loss", 6, None, None, 5, "fail"),
    ]
    made = certificate(rows, {"action": {}}, ["few"], {"seed": 1})
    assert made["verdicts"] == {"pass": 1, "fail": 1, "undecided": 0} and made["seed"] == 1
    assert made["limits"] == ["few"]
    assert made["targets"][1] == {
        "head": "action", "figure": "loss", "value": 6, "low": None, "high": None, "target": 5, "verdict": "fail",
        "samples": None,
    }  # fmt: skip


@pytest.mark.parametrize(("key", "value"), [("macro_recall", 45), ("class_recall", -0.1), ("loss", 0)])
def test_impossible_targets_are_refused(key, value):
    with pytest.raises(ValueError, match=key):
        replace(TARGETS, **{key: value})


def test_a_sequence_head_is_certified_by_its_positions_and_their_groups():
    """12 songs of 5 positions, two songs an album, padded to 7; every second song is wrong at its last position."""
    tags = np.full((12, 7), IGNORE)
    tags[:, :5] = [0, 1, 0, 1, 1]
    answers = np.where(tags < 0, 0, tags)
    answers[::2, 4] = 0
    albums = [f"album {i // 2}" for i in range(12)]
    found = predictions(Head("tag", ("a", "b")), np.eye(2)[answers], tags, [f"song {i}" for i in range(12)], albums)
    measured = measure(found)
    assert measured.support == {"a": 24, "b": 36} and len(found) == 60
    assert measured.figures["recall"][1] == Interval(pytest.approx(30 / 36), *[pytest.approx(30 / 36)] * 2)
    rows, warnings, drawn = certify_split({"tag": measured}, {"tag": 0.2}, TARGETS)
    few = [f"tag: {name} is in 12 samples: too few to measure its recall." for name in "ab"]
    assert drawn["groups"] == 6 and warnings == [*limits_of_groups(6), *few]
    assert [row.samples for row in rows] == [None, None, 24, 36, None]
    made = head_figures(measured, {"a": 10, "b": 30})
    assert made["classes"]["b"]["support"] == 36 and made["confusions"][0]["count"] == 6


def test_positions_of_a_song_are_drawn_together():
    """20 songs of 10 positions that are all right or all wrong: as wide as 20 labels, not as 200."""
    right = np.random.default_rng(0).random(20) < 0.5
    answers, tags = np.repeat(np.where(right, 0, 1), 10).reshape(20, 10), np.zeros((20, 10), int)
    names = [str(i) for i in range(20)]
    whole = measure(predictions(Head("tag", ("a", "b")), np.eye(2)[answers], tags, names, names))
    alone = measure(predictions(Head("tag", ("a", "b")), np.eye(2)[answers[:, 0]], tags[:, 0], names, names))
    assert whole.figures["recall"][0] == alone.figures["recall"][0]


FIGURES = {
    "tag": {"macro_f1": 0.7, "f1": {"a": 0.9, "b": None}},
    "boundaries": {"f1_1": 0.86, "count": 40},
    "confidence": {"above_95": 0.12},
    "mean_recall": 0.5,
}


def test_a_figure_of_any_metric_may_be_a_target_and_its_value_decides():
    above = {"boundaries.f1_1": 0.85, "tag.f1.a": 0.9, "tag.f1.b": 0.5, "mean_recall": 0.4}
    targets = replace(TARGETS, above=above, below={"confidence.above_95": 0.1})
    rows, warnings = certify_figures(FIGURES, targets, {"boundaries.f1_1": Label("boundary F1", "within 1")})
    assert [(row.head, row.figure, row.value, row.target, row.bound, row.verdict) for row in rows] == [
        ("boundaries", "f1_1", 0.86, 0.85, "above", "pass"),
        ("tag", "f1.a", 0.9, 0.9, "above", "fail"),
        ("tag", "f1.b", None, 0.5, "above", "undecided"),
        ("", "mean_recall", 0.5, 0.4, "above", "pass"),
        ("confidence", "above_95", 0.12, 0.1, "below", "fail"),
    ]
    assert all((row.low, row.high) == (None, None) for row in rows)
    assert rows[0].to_json()["title"] == "boundary F1, within 1" and rows[3].title == "mean recall"
    assert warnings == [
        "Judged by their value on this split alone, without an interval: boundary F1, within 1; tag F1 a; tag F1 b; "
        "mean recall; confidence above 95."
    ]
    assert certify_figures(FIGURES, TARGETS) == ([], [])


@pytest.mark.parametrize("bound", ["above", "below"])
def test_a_target_on_an_unknown_figure_is_refused(bound):
    with pytest.raises(UserError) as refused:
        certify_figures(FIGURES, replace(TARGETS, **{bound: {"boundaries.f1": 0.5}}))
    said = f"certificate.{bound}: the pipeline has no figure 'boundaries.f1'; did you mean boundaries.f1_1? It has tag"
    assert str(refused.value).startswith(said) and "\n" not in str(refused.value)


def test_targets_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match="x cannot be above 0.5 and below 0.4"):
        replace(TARGETS, above={"x": 0.5}, below={"x": 0.4})
    assert replace(TARGETS, above={"x": 0.4}, below={"x": 0.5}).of_heads == {
        "macro_recall": 0.45,
        "macro_f1": 0.40,
        "class_recall": 0.25,
        "loss": 5.0,
    }


def test_a_class_in_a_few_sequences_decides_nothing_however_many_its_positions():
    """30 songs of 30 positions, all right: a is in all, b in 3 of them but in 60 positions."""
    tags = np.zeros((30, 30), int)
    tags[:3, :20] = 1
    names = [f"song {i}" for i in range(30)]
    measured = measure(predictions(Head("tag", ("a", "b")), np.eye(2)[tags], tags, names, names))
    assert measured.support == {"a": 840, "b": 60} and measured.samples == {"a": 30, "b": 3}
    rows, warnings, _ = certify_split({"tag": measured}, {"tag": 0.1}, TARGETS, names=Names("song", "line"))
    assert {row.figure: row.verdict for row in rows}["recall of a"] == "pass"
    assert {row.figure: row.verdict for row in rows}["recall of b"] == "undecided"
    assert warnings == ["tag: b is in 3 songs: too few to measure its recall."]
    assert head_figures(measured, {"a": 1, "b": 1})["classes"]["b"]["samples"] == 3


def test_a_head_with_one_label_a_sample_counts_labels_alone():
    found = Predictions(Head("tag", ("a", "b")), ["s", "t"], ["g", "g"], np.array([0, 1]), np.array([0, 1]))
    assert (
        measure(found).samples is None
        and "samples" not in head_figures(measure(found), {"a": 1, "b": 1})["classes"]["a"]
    )

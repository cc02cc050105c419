"""Names of figures for people."""

import numpy as np

from tailwise.core.heads import Head
from tailwise.engine.contract.metric import labels_of
from tailwise.metrics.confidence import Confidence
from tailwise.metrics.labels import (
    Label,
    families,
    family_lines,
    label_of,
    labels_from_json,
    labels_to_json,
    readable,
)
from tailwise.metrics.sequence.boundaries import Boundaries
from tailwise.metrics.sequence.clustering import Clustering
from tailwise.metrics.sequence.segments import Segments
from tailwise.metrics.sequence.transitions import Transitions

HEAD = Head("tag", ("a", "b"))
LABELS = {"x.f1_0": Label("edge F1", "exact"), "x.f1_1": Label("edge F1", "within 1"), "x.gap": Label("gap")}
METRICS = {
    "boundaries": Boundaries(HEAD, (0, 1, 2)),
    "timed": Boundaries(HEAD, (0.5, 3), seconds=0.5),
    "segments": Segments(HEAD),
    "clusters": Clustering(HEAD),
    "transitions": Transitions(HEAD, pairs=(("a", "b"),)),
    "confidence": Confidence(HEAD),
}
SIZES = {"boundaries": 19, "timed": 13, "segments": 5, "clusters": 7, "transitions": 12, "confidence": 5}


def test_every_figure_of_a_metric_with_labels_has_one_of_its_own():
    labels = labels_of(METRICS)
    found = {f"{n}.{figure}" for n, metric in METRICS.items() for figure in metric.value(np.zeros(SIZES[n]))}
    assert labels.keys() == found
    for name in METRICS:
        texts = [label.text for key, label in labels.items() if key.startswith(f"{name}.")]
        assert len(set(texts)) == len(texts) and not [text for text in texts if "_" in text]


def test_a_tolerance_is_said_in_the_pipelines_word_or_in_seconds():
    labels = Boundaries(HEAD, (0, 1, 2), position="line").labels
    members = [labels[f"f1_{name}"].member for name in "012"]
    assert members == ["exact", "within 1 line", "within 2 lines"]
    assert METRICS["timed"].labels["song_f1_0.5s"].text == "mean boundary F1 of a sequence, within 0.5 s"


def test_figures_of_a_family_are_together_and_unnamed_ones_are_their_key_in_words():
    names = ["x.f1_0", "x.gap", "x.f1_1", "balanced_accuracy"]
    assert families(names, LABELS) == {
        "edge F1": {"x.f1_0": "exact", "x.f1_1": "within 1"},
        "gap": {"x.gap": ""},
        "balanced accuracy": {"balanced_accuracy": ""},
    }
    told = dict(zip(names, ("0.5", "-0.1", "0.75", "40")))
    assert list(family_lines(told, LABELS)) == ["edge F1: exact 0.5, within 1 0.75", "gap -0.1", "balanced accuracy 40"]


def test_keys_as_words():
    assert [readable(name) for name in ("macro_f1", "min_recall", "ece", "recall of Red_card", "f1")] == [
        "macro F1",
        "lowest recall",
        "ECE",
        "recall of Red card",
        "F1",
    ]
    assert label_of("x.f1_0", LABELS).text == "edge F1, exact" and label_of("y.f1", LABELS).text == "y F1"


def test_labels_are_json():
    assert labels_from_json(labels_to_json(LABELS)) == LABELS

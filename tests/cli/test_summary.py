"""The table that ends a run."""

from tailwise.cli.summary import summary
from tailwise.recipes.fouls.soccernet.evaluator import summary_lines

UNITS = {"balanced_accuracy": "%"}


def test_the_closing_table_names_the_lowest_class_and_leaves_absent_ones_out():
    figures = {"macro_recall": 0.4567, "macro_f1": 0.4, "accuracy": 0.5, "min_recall": 0.125, "loss": 1.5}
    recall = {"Dive": None, "Push": 0.25, "Hold": 0.75}
    classes = {name: {"support": count} for name, count in (("Push", 20), ("Hold", 2))}
    intervals = {"few": 20, "heads": {"action": {"classes": classes}}, "units": UNITS}
    text = summary({"balanced_accuracy": 40.0, "mean_recall": 0.25, "action": {**figures, "recall": recall}}, intervals)
    head, row, *scores = text.splitlines()
    assert row.split() == ["action", "0.457", "0.400", "0.250", "Push"]
    assert head.split()[:3] == ["validation", "macro", "recall"]
    assert scores == ["balanced accuracy: 40.00 %", "mean recall: 0.250"]
    recall["Hold"] = 0.0
    row = summary({"action": {**figures, "recall": recall}}, intervals).splitlines()[1]
    assert row.endswith("0.000  Hold (2 samples: too few to measure)")


def test_the_closing_table_ends_with_the_lines_of_the_pipeline():
    figures = {"macro_recall": 0.5, "macro_f1": 0.4, "recall": {"Dive": 0.5}}
    intervals = {"few": 20, "heads": {"action": {"classes": {"Dive": {"support": 20}}}}, "units": UNITS}
    intervals["lines"] = list(
        summary_lines({"score": 54.296875, "action": None, "severity": 51.1719, "differences": ["x"]})
    )
    assert summary({"balanced_accuracy": 57.6171, "action": figures}, intervals).splitlines()[2:] == [
        "balanced accuracy: 57.62 %",
        "SoccerNet's evaluator: 54.30 % (action no number, severity 51.17 %)",
        "  x",
    ]


def test_a_pipeline_without_heads_has_its_scores_alone():
    assert summary({"probe_accuracy": 0.5, "alignment": None}, {}) == "probe accuracy: 0.500\nalignment: no number"


def test_a_head_without_a_label_is_a_row():
    figures = {"macro_recall": None, "macro_f1": None, "recall": {"Dive": None}}
    assert summary({"action": figures}, {"heads": {}}).splitlines()[1].split() == ["action", "no", "label"]


def test_figures_of_other_metrics_come_after_the_heads():
    figures = {"macro_recall": 0.5, "macro_f1": 0.4, "recall": {"chorus": 0.5}}
    metrics = {"section": figures, "boundaries": {"f1_1": 0.853, "recall": {"a": 1.0}}, "gap": {"all": None}, "x": 0.25}
    of_class = {"support": 400, "samples": 7}
    intervals = {"few": 20, "heads": {"section": {"classes": {"chorus": of_class}}}}
    intervals |= {"headline": ["boundaries.f1_1", "gap.all"], "sample_name": "song"}
    intervals["labels"] = {"boundaries.f1_1": {"family": "boundary F1", "member": "within 1 line"}}
    _, row, *scores = summary(metrics, intervals).splitlines()
    assert row.endswith("chorus (7 songs: too few to measure)")
    assert scores == ["x: 0.250", "boundary F1, within 1 line: 0.853", "gap all: no number"]
    assert summary(metrics, {**intervals, "headline": []}).splitlines()[2:] == ["x: 0.250"]

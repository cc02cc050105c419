"""The report: it shows the figures it is given, and no name can inject anything."""

from dataclasses import replace

import pytest

from tailwise.reporting.collect import ClassRow, Facts, HeadFacts
from tailwise.reporting.page import figure, page
from tailwise.reporting.summary import summary

EVIL = "<script>alert(1)</script>"
FIGURES = {"macro_recall": 0.4567, "macro_f1": 0.4, "accuracy": 0.5, "min_recall": 0.125, "loss": 1.5}


@pytest.fixture
def facts():
    classes = [ClassRow("Dive", 8, 4, [1.5, 3.0], 0.25, None), ClassRow("Push", 90, 6, [1.0, 1.0], 1.0, 0.5)]
    head = HeadFacts("action", classes, [[1, 3], [0, 6]], FIGURES, FIGURES)
    row = {"train_loss": "2.5", "action_macro_recall": "0.5", "action_min_recall": "0.1", "action_loss": "1.5"}
    index = {"train": {"samples": 98, "views": 200, "dropped": {"action": 1, "offence": 2, "severity": 3}}}
    quality = {"train": make_quality({"Train/action_0/clip_1.mp4": "absent"})}
    contact = {"action": {"Dive": [{"sample": "train/3", "strip": "data:image/jpeg;base64,AA=="}], "Push": []}}
    epochs = {"phase1": [row, row], "phase2": [row]}
    return Facts({"leaderboard": (45.6, 40.1)}, [head], epochs, [], index, quality, contact, "data: {root: <b>}")


def make_quality(faulty, dropped=()):
    spread = {"least": 2.4, "median": 2.5, "most": 2.6}
    counts = {"codecs": {"h264 yuv420p": 200}, "sizes": {"256x144": 150, "64x64": 49}, "rates": {"25": 199}}
    measures = {"seconds": spread, "frames": spread, "key_frames": spread}
    return {"clips": 200, "faulty": faulty, "dropped": list(dropped), "duplicates": [], **counts, **measures}


def test_it_shows_figures_boosts_recalls_and_faults(facts):
    html = page(facts)
    for text in ("0.457", "45.60", "40.10", "boost phase2", "Dive", "Train/action_0/clip_1.mp4: absent", "No alert"):
        assert text in html


def test_it_shows_what_the_clips_are_like_and_a_strip_of_each_class(facts):
    html = page(facts)
    assert "256x144: 150, 64x64: 49" in html and "<td>h264 yuv420p</td>" in html and "2.4 to 2.6, median 2.5" in html
    assert '<img src="data:image/jpeg;base64,AA==" alt="Dive: train/3"' in html


def test_the_columns_of_the_data_follow_the_reader(facts):
    assert "<th>dropped: severity</th><th>faulty clips</th>" in page(facts)
    index = {"train": {"samples": 98, "views": 200, "dropped": {}}}
    html = page(replace(facts, index=index))
    assert "<th>samples</th><th>views</th><th>faulty clips</th>" in html and "<td>98</td><td>200</td><td>1</td>" in html


def test_leaks_and_duplicates_are_told_and_escaped(facts):
    index = {"train": {**facts.index["train"], "leaks": [f"g is in train and {EVIL}"]}}
    quality = {"train": {**facts.quality["train"], "duplicates": [["a", EVIL]]}}
    html = page(replace(facts, index=index, quality=quality))
    assert "in two splits</strong>: g is in train" in html and "the same content in train: a, &lt;script" in html
    assert EVIL not in html


def test_the_same_facts_give_the_same_bytes(facts):
    assert page(facts) == page(facts)


def test_it_asks_nothing_of_the_network(facts):
    html = page(facts)
    assert "http://" not in html and "https://" not in html and "<script" not in html and "data:image/png" in html


def test_names_from_the_data_are_escaped(facts):
    classes = [replace(facts.heads[0].classes[0], name=EVIL), facts.heads[0].classes[1]]
    alert = {"phase": "phase1", "epoch": 3, "head": EVIL, "label": EVIL, "text": EVIL}
    quality = {"train": make_quality({EVIL: EVIL}, [EVIL])}
    contact = {EVIL: {EVIL: [{"sample": EVIL, "strip": EVIL}]}}
    heads = [replace(facts.heads[0], classes=classes)]
    html = page(replace(facts, heads=heads, alerts=[alert], quality=quality, contact=contact))
    assert EVIL not in html and html.count("&lt;script&gt;") >= 8


def test_an_undefined_figure_is_a_dash():
    assert figure(None) == "–" and figure(0.12345) == "0.123" and figure(0.5, 2) == "0.50"


def test_the_closing_table_names_the_lowest_class_and_leaves_absent_ones_out():
    recall = {"Dive": None, "Push": 0.25, "Hold": 0.75}
    text = summary({"leaderboard": 40.0, "action": {**FIGURES, "recall": recall}})
    head, row, score = text.splitlines()
    assert row.split() == ["action", "0.457", "0.400", "0.250", "Push"]
    assert head.split()[:3] == ["validation", "macro", "recall"] and score == "leaderboard: 40.00"

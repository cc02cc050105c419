"""The history files of a phase."""

import pytest

from support.helpers import HEADS, metrics_of, total
from tailwise.core.files import read_csv, read_json
from tailwise.engine.contract.record import EpochRecord
from tailwise.engine.monitor.history import best_epoch, write_history

BOOSTS = {head.name: dict.fromkeys(head.classes, 2.0) for head in HEADS}


def record(epoch, green):
    colour = total(1.1, [[6, 2, 0], [4 - green, green, 0], [0, 0, 0]])
    totals = {"colour": colour, "size": total(0.5, [[3, 1], [0, 4]])}
    return EpochRecord("phase1", epoch, 4, 2e-3 / epoch, 1 / epoch, 2.5, totals, score=0.5)


@pytest.fixture
def left(tmp_path):
    history = [record(epoch, green) for epoch, green in enumerate([0, 0, 0, 1], start=1)]
    write_history(tmp_path, history, metrics_of(), BOOSTS)
    return tmp_path


def test_epochs_have_figures_of_every_head(left):
    rows = read_csv(left / "epochs.csv")
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    last = rows[3]
    assert float(last["lr"]) == 5e-4 and float(last["train_loss"]) == 0.25 and float(last["gradient_norm"]) == 2.5
    assert float(last["colour_macro_recall"]) == pytest.approx((0.75 + 0.25) / 2)
    assert float(last["colour_min_recall"]) == 0.25 and float(last["size_loss"]) == 0.5
    assert float(last["score"]) == 0.5


def test_recalls_by_epoch_are_blank_where_they_are_undefined(left):
    rows = [row for row in read_csv(left / "classes.csv") if row["head"] == "colour"]
    assert [row["recall"] for row in rows if row["class"] == "green"] == ["0.0", "0.0", "0.0", "0.25"]
    assert {row["recall"] for row in rows if row["class"] == "blue"} == {""}


def test_classes_by_epoch(left):
    row = read_csv(left / "classes.csv")[-4]
    assert row == {
        "epoch": "4", "head": "colour", "class": "green", "support": "4", "predicted": "3", "share": "0.25",
        "recall": "0.25", "precision": "0.333333", "f1": "0.285714", "boost": "2.0",
    }  # fmt: skip


def test_confusion_by_epoch_has_the_cells_that_are_not_empty(left):
    rows = [tuple(row.values()) for row in read_csv(left / "confusion.csv") if row["head"] == "colour"]
    assert rows[:3] == [
        ("1", "colour", "red", "red", "6"),
        ("1", "colour", "red", "green", "2"),
        ("1", "colour", "green", "red", "4"),
    ]
    assert rows[-1] == ("4", "colour", "green", "green", "1")


def test_the_latest_confusion_is_a_row_a_sample(left):
    rows = [tuple(row.values()) for row in read_csv(left / "latest" / "colour.csv")]
    assert sorted(rows) == sorted(
        [("red", "red")] * 6 + [("red", "green")] * 2 + [("green", "red")] * 3 + [("green", "green")]
    )


def test_alerts(left):
    reported = [(a["epoch"], a["kind"], a["head"], a["label"]) for a in read_json(left / "alerts.json")]
    assert reported == [(1, "dominance", "colour", "red"), (3, "collapse", "colour", "green")]


def test_best_epoch():
    best = best_epoch(record(4, 1), metrics_of())
    assert best["epoch"] == 4
    assert best["colour"] == {"hits": {"red": 6, "green": 1, "blue": 0}, "support": {"red": 8, "green": 4, "blue": 0}}

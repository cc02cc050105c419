"""Alerts, on hand-made histories."""

import pytest

from support.helpers import metrics_of, total
from tailwise.core.heads import Head
from tailwise.engine.contract.record import EpochRecord
from tailwise.engine.monitor.alerts import Monitor, alerts

HEAD = Head("action", ("often", "rare"))
METRICS = metrics_of([HEAD])


def record(epoch, matrix=((90, 10), (0, 5)), train=0.5, valid=0.7, **heads):
    heads = heads or {"action": total(valid, [list(row) for row in matrix])}
    return EpochRecord("phase2", epoch, 15, 1e-3, train, 1.0, heads)


def found(epoch, hits, support=5):
    return record(epoch, ((50, 50), (support - hits, hits)))


@pytest.mark.parametrize(
    ("hits", "epochs"),
    [
        ("000", [3]),
        ("00", []),
        ("0010", []),
        ("00000", [3]),
        ("10001", [4]),
        ("0001000", [3, 7]),
        ("555", []),
    ],
)
def test_a_class_at_zero_for_three_epochs_alerts_once(hits, epochs):
    reported = alerts([found(epoch, int(h)) for epoch, h in enumerate(hits, start=1)], METRICS)
    assert [alert.epoch for alert in reported] == epochs
    assert {(alert.kind, alert.head, alert.label) for alert in reported} <= {("collapse", "action", "rare")}
    assert all(alert.text == "recall of action rare is 0 for 3 epochs" for alert in reported)


def test_a_class_without_samples_is_not_lost():
    assert alerts([found(epoch, 0, support=0) for epoch in range(1, 6)], METRICS) == []


@pytest.mark.parametrize(
    ("matrix", "reported"),
    [
        (((10, 40), (5, 45)), "85% of all predictions of action are rare"),
        (((15, 35), (15, 35)), None),  # 70 %, not above
        (((80, 0), (5, 15)), None),  # it has 80 % of the samples, and leaves the others most of theirs
        (((80, 0), (15, 5)), "95% of all predictions of action are often"),
        (((62, 8), (25, 5)), "87% of all predictions of action are often"),
        (((0, 0), (0, 0)), None),
    ],
)
def test_a_class_that_takes_too_many_predictions(matrix, reported):
    assert [alert.text for alert in alerts([record(1, matrix)], METRICS)] == ([reported] if reported else [])


def test_a_class_that_goes_on_to_dominate_is_reported_again_after_a_pause():
    bad, good = ((10, 40), (5, 45)), ((40, 10), (10, 40))
    reported = alerts([record(e, m) for e, m in enumerate([bad, bad, good, bad], start=1)], METRICS)
    assert [(alert.epoch, alert.kind, alert.label) for alert in reported] == [
        (1, "dominance", "rare"),
        (4, "dominance", "rare"),
    ]


@pytest.mark.parametrize(
    ("train", "valid", "epochs"),
    [
        ([4, 3, 2, 1], [1, 2, 3, 4], [4]),
        ([4, 3, 2, 1, 0], [1, 2, 3, 4, 5], [4]),
        ([4, 3, 2, 1], [1, 2, 3, 3], []),  # stands still
        ([1, 2, 3, 4], [1, 2, 3, 4], []),  # training rises, too
        ([4, 3, 2, 2, 1], [1, 2, 3, 4, 5], []),
    ],
)
def test_a_validation_loss_that_rises_while_the_training_loss_falls(train, valid, epochs):
    history = [record(e, train=t, valid=v) for e, (t, v) in enumerate(zip(train, valid), start=1)]
    reported = alerts(history, METRICS)
    assert [alert.epoch for alert in reported] == epochs
    assert all(alert.kind == "overfitting" and alert.label == "" for alert in reported)
    assert all("loss of action rose 3 times on end" in alert.text for alert in reported)


def test_the_thresholds_are_the_monitors():
    strict = Monitor(lost_epochs=1, max_share=0.5, rising_epochs=1)
    reported = alerts([record(1, ((10, 40), (5, 0)))], METRICS, strict)
    assert [alert.kind for alert in reported] == ["collapse", "dominance"]


def test_alerts_of_all_heads_come_by_epoch():
    heads = metrics_of((HEAD, Head("severity", ("x", "y"))))
    lost, seen = total(1.0, [[0, 5], [2, 3]]), total(1.0, [[5, 0], [0, 5]])
    history = [record(e, action=lost if e > 1 else seen, severity=lost) for e in range(1, 5)]
    reported = [(a.epoch, a.head) for a in alerts(history, heads) if a.kind == "collapse"]
    assert reported == [(3, "severity"), (4, "action")]

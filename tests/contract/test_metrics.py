"""Metrics other than confusion counts work in training, its files and evaluation."""

import math

import numpy as np
import pytest

from support.helpers import HEADS, make_phase, make_run, make_table, make_task
from tailwise.core.files import read_csv
from tailwise.engine.contract.metric import Select
from tailwise.engine.contract.record import EpochRecord
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.engine.monitor.history import write_history
from tailwise.engine.monitor.observers import epoch_line, scalars
from tailwise.engine.train.loop import train_phase
from tailwise.metrics.calibration.error import CalibrationError
from tailwise.metrics.top_k import TopK

METRICS = {"colour_top": TopK(HEADS[0], (1, 2)), "calibration": CalibrationError(HEADS[0])}


class Norm:
    """A figure of no head: the mean length of the inputs."""

    def part(self, outputs, batch):
        return np.array([batch.inputs["x"].norm(dim=1).sum(), len(batch)], np.float64)

    def value(self, total):
        return total[0] / total[1]


def train(select, **run):
    task = make_task(metrics={**METRICS, "norm": Norm()}, select=select)
    return task, train_phase(task, make_phase(epochs=4, lr=5e-2), range(24), {}, make_run(**run))


@pytest.mark.parametrize(
    ("select", "figure", "choose"),
    [
        (Select("colour_top", "top_1"), "colour_top_top_1", max),
        (Select("calibration", mode="min"), "calibration", min),
        (Select("norm"), "norm", max),
    ],
)
def test_the_selected_figure_chooses_the_epoch(tmp_path, select, figure, choose):
    task, trained = train(select)
    write_history(tmp_path, trained.history, task.metrics, {})
    rows = read_csv(tmp_path / "epochs.csv")
    values = [float(row[figure]) for row in rows]
    assert trained.best == 1 + values.index(choose(values))
    assert [row["score"] for row in rows] == [row[figure] for row in rows]


def test_every_metric_is_in_the_files_the_line_tensorboard_and_the_evaluation(tmp_path):
    task, trained = train(Select("calibration", mode="min"))
    last, columns = trained.history[-1], ["colour_top_top_1", "colour_top_top_2", "calibration", "norm"]
    write_history(tmp_path, trained.history, task.metrics, {})
    row = read_csv(tmp_path / "epochs.csv")[-1]
    assert list(row)[5:] == columns and read_csv(tmp_path / "classes.csv") == []
    found = scalars(last, task.metrics, {})
    assert [found[name] for name in columns] == pytest.approx([float(row[name]) for name in columns], abs=1e-6)
    text = epoch_line(last, task.metrics)
    assert f"top-k accuracy: top 1 {found['colour_top_top_1']:.4g}" in text and "norm " in text
    figures = evaluate(task, make_run()).figures
    assert list(figures) == list(task.metrics) and set(figures["colour_top"]) == {"top_1", "top_2"}


def test_they_are_those_of_all_samples_whatever_the_micro_batch():
    runs = [train(Select("norm"), batch_size=24, accumulate=parts)[1] for parts in (1, 4)]
    one, other = (run.history[0].totals for run in runs)
    assert {name: pytest.approx(total, rel=1e-5) for name, total in one.items()} == other
    assert one["norm"][1] == len(make_table())


def test_unknown_values_are_blank():
    record = EpochRecord("p", 1, 1, 0.1, 1.0, 1.0, {"colour_top": [0, 0, 0], "calibration": [0] * 45})
    text = epoch_line(record, METRICS)
    assert "top-k accuracy: top 1 -" in text and "calibration -" in text
    assert not any(name.startswith("c") for name in scalars(record, METRICS, {}))
    assert not any(math.isnan(value) for value in scalars(record, METRICS, {}).values())

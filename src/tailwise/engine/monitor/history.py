"""Files of a phase in addition to its weights: figures by epoch, alerts, and the best epoch."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, astuple
from pathlib import Path

import numpy as np

from tailwise.core.files import write_csv, write_json
from tailwise.engine.contract.metric import Figures, Metric, Number, figures_of
from tailwise.engine.contract.record import EpochRecord
from tailwise.engine.monitor.alerts import alerts
from tailwise.metrics import confusion as metrics_of
from tailwise.metrics import interventions
from tailwise.metrics.classification import Classification

CLASS_FIGURES = ("epoch", "head", "class", "support", "predicted", "share", "recall", "precision", "f1", "boost")
FACTOR = "factor"
"""A column of classes.csv, where a head's loss adapts: the factor of the class in that epoch's training."""
SHARPNESS = "sharpness"
"""A column of epochs.csv, with an optimizer such as SAM, see `EpochRecord`."""
GRADIENTS = ("epoch", "block", "norm")
"""Of gradients.csv: the mean norm of a block's gradient over the steps of the epoch."""
STOPPED = "stopped"
"""A column of epochs.csv, where a limit was exceeded: 1 in that epoch, else 0."""
CELL = ("epoch", "head", "actual", "predicted", "count")

Metrics = Mapping[str, Metric]
Boosts = dict[str, dict[str, float]]
"""{head: {class: boost of the phase}}"""


def write_history(folder: Path, history: list[EpochRecord], metrics: Metrics, boosts: Boosts) -> None:
    """epochs, classes, confusion, gradients and interventions.csv by epoch, latest/ of the last one, alerts.json."""
    _write_epochs(folder / "epochs.csv", history, metrics)
    heads = classifications(metrics)
    rows = [row for record in history for row in class_rows(record, metrics, boosts)]
    columns = [*CLASS_FIGURES, *([FACTOR] if any(record.factors for record in history) else [])]
    write_csv(folder / "classes.csv", columns, ([row[name] for name in columns] for row in rows))
    cells = [cell for record in history for name in heads for cell in confusion_cells(record, name, heads[name])]
    write_csv(folder / "confusion.csv", CELL, cells)
    for name, metric in heads.items():
        of_labels = [cell[2:4] for cell in confusion_cells(history[-1], name, metric) for _ in range(cell[4])]
        write_csv(folder / "latest" / f"{name}.csv", ["actual", "predicted"], of_labels)
    write_csv(folder / "gradients.csv", GRADIENTS, gradient_rows(history))
    acted = (astuple(each) for record in history for each in record.interventions)
    write_csv(folder / "interventions.csv", interventions.COLUMNS, acted)
    write_json(folder / "alerts.json", [asdict(alert) for alert in alerts(history, metrics)])


def _write_epochs(file: Path, history: list[EpochRecord], metrics: Metrics) -> None:
    figures = [number_figures(record, metrics) for record in history]
    header, rows = (
        ["epoch", "lr", "train_loss", "gradient_norm", "score", *figures[-1]],
        map(_epoch_row, history, figures),
    )
    if any(record.stopped for record in history):  # in which an emergency stop ended the phase
        header, rows = [*header, STOPPED], [[*row, int(of.stopped)] for row, of in zip(rows, history)]
    if any(record.sharpness is not None for record in history):
        header, rows = [*header, SHARPNESS], [[*row, _blank(of.sharpness)] for row, of in zip(rows, history)]
    write_csv(file, header, rows)


def gradient_rows(history: list[EpochRecord]) -> Iterator[list]:
    """GRADIENTS of each block of the model that had a gradient, by epoch; a small norm keeps its digits."""
    for record in history:
        yield from ([record.epoch, block, f"{norm:.3e}"] for block, norm in record.block_norms.items())


def best_epoch(record: EpochRecord, metrics: Metrics) -> dict:
    """{"epoch", head: {"hits": {class: labels predicted right}, "support": {class: labels}}}, on validation."""
    summary: dict = {"epoch": record.epoch}
    for name, metric in classifications(metrics).items():
        matrix = matrix_of(record, name, metric)
        summary[name] = {
            "hits": dict(zip(metric.head.classes, matrix.diagonal().tolist())),
            "support": dict(zip(metric.head.classes, matrix.sum(axis=1).tolist())),
        }
    return summary


def classifications(metrics: Metrics) -> dict[str, Classification]:
    """The metrics that have figures for each class."""
    return {name: metric for name, metric in metrics.items() if isinstance(metric, Classification)}


def matrix_of(record: EpochRecord, name: str, metric: Classification) -> np.ndarray:
    """Confusion counts (C, C) of an epoch."""
    return metric.matrix(record.totals.get(name, ()))


def number_figures(record: EpochRecord, metrics: Metrics) -> dict[str, Number]:
    """The columns of an epoch: {"metric_figure": number}, or {"metric": number} of a metric with one number."""
    values = figures_of(metrics, record.totals)
    return {column: number for name, value in values.items() for column, number in numbers(name, value)}


def numbers(name: str, value: Figures) -> Iterator[tuple[str, Number]]:
    """(name_figure, number) of a metric's figures, or (name, number) of a single figure; skips figures per class."""
    if not isinstance(value, Mapping):
        yield name, value
        return
    for figure, number in value.items():
        if not isinstance(number, Mapping):
            yield f"{name}_{figure}", number


def class_rows(record: EpochRecord, metrics: Metrics, boosts: Boosts) -> Iterator[dict]:
    """CLASS_FIGURES and FACTOR of each class of an epoch; "" where one is undefined."""
    for name, metric in classifications(metrics).items():
        matrix, head = matrix_of(record, name, metric), metric.head
        of_head = [boosts.get(head.name, {}).get(label, "") for label in head.classes]
        shares = (metrics_of.recall(matrix), metrics_of.precision(matrix), metrics_of.f1(matrix))
        factors = record.factors.get(head.name, [""] * len(head.classes))
        rates = zip(*([_blank(x) for x in of_classes] for of_classes in shares), of_head, factors)
        predicted = matrix.sum(axis=0)
        counts = zip(matrix.sum(axis=1).tolist(), predicted.tolist(), (predicted / max(predicted.sum(), 1)).tolist())
        for label, of_class, rated in zip(head.classes, counts, rates):
            yield dict(zip([*CLASS_FIGURES, FACTOR], [record.epoch, name, label, *of_class, *rated]))


def confusion_cells(record: EpochRecord, name: str, metric: Classification) -> list[list]:
    """CELL of each pair of classes that occurs."""
    classes, matrix = metric.head.classes, matrix_of(record, name, metric)
    return [
        [record.epoch, name, classes[actual], classes[predicted], int(matrix[actual, predicted])]
        for actual, predicted in np.argwhere(matrix).tolist()
    ]


def _epoch_row(record: EpochRecord, figures: dict[str, Number]) -> list:
    of_metrics = [_blank(number) for number in figures.values()]
    return [record.epoch, f"{record.lr:.3e}", record.loss, record.norm, _blank(record.score), *of_metrics]


def _blank(value: Number) -> Number | str:
    """Undefined figures as empty cells."""
    return "" if value is None or math.isnan(value) else float(value)

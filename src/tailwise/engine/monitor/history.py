"""What a phase leaves besides its weights: figures by epoch, alerts, and its best epoch."""

import math
from collections.abc import Iterator
from dataclasses import asdict, astuple
from pathlib import Path

from tailwise.core.batch import Head
from tailwise.core.files import write_csv, write_json
from tailwise.engine.contract.record import EpochRecord, HeadMetrics
from tailwise.engine.monitor.alerts import alerts
from tailwise.metrics import confusion as metrics
from tailwise.metrics.confusion import FIGURES

CLASS_FIGURES = ("epoch", "head", "class", "support", "predicted", "share", "recall", "precision", "f1", "boost")
INTERVENTION = ("epoch", "step", "fault", "action", "text")
CELL = ("epoch", "head", "actual", "predicted", "count")

Boosts = dict[str, dict[str, float]]
"""{head: {class: boost in force}}"""


def write_history(folder: Path, history: list[EpochRecord], heads: tuple[Head, ...], boosts: Boosts) -> None:
    """epochs.csv, classes.csv, confusion.csv and interventions.csv by epoch, latest/ of the last one, alerts.json."""
    write_csv(folder / "epochs.csv", _epoch_header(heads), (_epoch_row(record, heads) for record in history))
    rows = [row for record in history for row in class_rows(record, heads, boosts)]
    write_csv(folder / "classes.csv", CLASS_FIGURES, ([row[name] for name in CLASS_FIGURES] for row in rows))
    cells = [cell for record in history for head in heads for cell in confusion_cells(record, head)]
    write_csv(folder / "confusion.csv", CELL, cells)
    for head in heads:
        of_samples = [cell[2:4] for cell in confusion_cells(history[-1], head) for _ in range(cell[4])]
        write_csv(folder / "latest" / f"{head.name}.csv", ["actual", "predicted"], of_samples)
    acted = [astuple(each) for record in history for each in record.interventions]
    write_csv(folder / "interventions.csv", INTERVENTION, acted)
    write_json(folder / "alerts.json", [asdict(alert) for alert in alerts(history, heads)])


def best_epoch(record: EpochRecord, heads: tuple[Head, ...]) -> dict:
    """The epoch, and per head and class how many validation samples there were and were found."""
    summary: dict = {"epoch": record.epoch}
    for head in heads:
        matrix = record.heads[head.name].matrix
        summary[head.name] = {
            "hits": dict(zip(head.classes, matrix.diagonal().tolist())),
            "support": dict(zip(head.classes, matrix.sum(axis=1).tolist())),
        }
    return summary


def head_scores(record: HeadMetrics, head: Head) -> dict:
    return metrics.scores(record.matrix, head.classes, record.loss)


def class_rows(record: EpochRecord, heads: tuple[Head, ...], boosts: Boosts) -> Iterator[dict]:
    """CLASS_FIGURES of each class of an epoch; "" where one is undefined."""
    for head in heads:
        matrix = record.heads[head.name].matrix
        of_head = [boosts[head.name][label] for label in head.classes]
        shares = (metrics.recall(matrix), metrics.precision(matrix), metrics.f1(matrix))
        rates = zip(*([_blank(x) for x in of_classes] for of_classes in shares), of_head)
        predicted = matrix.sum(axis=0)
        counts = zip(matrix.sum(axis=1).tolist(), predicted.tolist(), (predicted / max(predicted.sum(), 1)).tolist())
        for label, of_class, rated in zip(head.classes, counts, rates):
            yield dict(zip(CLASS_FIGURES, [record.epoch, head.name, label, *of_class, *rated]))


def confusion_cells(record: EpochRecord, head: Head) -> list[list]:
    """CELL of each pair of classes that was met."""
    matrix = record.heads[head.name].confusion
    return [
        [record.epoch, head.name, actual, predicted, count]
        for actual, row in zip(head.classes, matrix)
        for predicted, count in zip(head.classes, row)
        if count
    ]


def _epoch_header(heads: tuple[Head, ...]) -> list[str]:
    of_heads = (f"{head.name}_{figure}" for head in heads for figure in FIGURES)
    return ["epoch", "lr", "train_loss", "gradient_norm", "score", *of_heads]


def _epoch_row(record: EpochRecord, heads: tuple[Head, ...]) -> list:
    figures = [head_scores(record.heads[head.name], head)[figure] for head in heads for figure in FIGURES]
    return [record.epoch, f"{record.lr:.3e}", record.loss, record.norm, record.score, *figures]


def _blank(value: float) -> float | str:
    """Undefined figures as empty cells."""
    return "" if math.isnan(value) else float(value)

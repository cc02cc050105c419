"""What a phase leaves besides its weights: figures by epoch, alerts, and its best epoch."""

import math
from dataclasses import asdict
from pathlib import Path

import numpy as np

from tailwise import metrics
from tailwise.core.batch import Head
from tailwise.core.files import write_csv, write_json
from tailwise.engine.loop import Trained
from tailwise.engine.record import HeadRecord, Record, collapse_alerts

FIGURES = ("macro_recall", "macro_f1", "accuracy", "min_recall", "loss")


def write_history(folder: Path, trained: Trained, heads: tuple[Head, ...]) -> None:
    """epochs.csv and classes.csv by epoch, alerts.json, best.json."""
    history = trained.history
    write_csv(folder / "epochs.csv", _epoch_header(heads), (_epoch_row(record, heads) for record in history))
    header = ["epoch", "head", "class", "support", "predicted", "recall", "precision", "f1"]
    write_csv(folder / "classes.csv", header, (row for record in history for row in _class_rows(record, heads)))
    write_json(folder / "alerts.json", [asdict(alert) for alert in collapse_alerts(history, heads)])
    write_json(folder / "best.json", best_epoch(history[trained.best - 1], heads))


def best_epoch(record: Record, heads: tuple[Head, ...]) -> dict:
    """The epoch, and per head and class how many validation samples there were and were found."""
    summary: dict = {"epoch": record.epoch}
    for head in heads:
        matrix = record.heads[head.name].matrix
        summary[head.name] = {
            "hits": dict(zip(head.classes, matrix.diagonal().tolist())),
            "support": dict(zip(head.classes, matrix.sum(axis=1).tolist())),
        }
    return summary


def head_scores(record: HeadRecord, head: Head) -> dict:
    return metrics.scores(record.matrix, head.classes, record.loss)


def _epoch_header(heads: tuple[Head, ...]) -> list[str]:
    return ["epoch", "lr", "train_loss", "score", *(f"{head.name}_{figure}" for head in heads for figure in FIGURES)]


def _epoch_row(record: Record, heads: tuple[Head, ...]) -> list:
    figures = [head_scores(record.heads[head.name], head)[figure] for head in heads for figure in FIGURES]
    return [record.epoch, f"{record.lr:.3e}", record.loss, record.score, *figures]


def _class_rows(record: Record, heads: tuple[Head, ...]):
    for head in heads:
        matrix = record.heads[head.name].matrix
        figures = zip(matrix.sum(axis=1), matrix.sum(axis=0), *map(_blank, _per_class(matrix)))
        for label, (support, predicted, *rates) in zip(head.classes, figures):
            yield [record.epoch, head.name, label, int(support), int(predicted), *rates]


def _per_class(matrix: np.ndarray) -> list[np.ndarray]:
    return [metrics.recall(matrix), metrics.precision(matrix), metrics.f1(matrix)]


def _blank(values: np.ndarray) -> list[float | str]:
    """Undefined figures as empty cells."""
    return ["" if math.isnan(value) else float(value) for value in values]

"""Observers of a run: each is called with the history after an epoch, reads it, and returns nothing."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.params.runtime import Runtime
from tailwise.core.stage.events import Events
from tailwise.core.stage.folders import pipeline_folder
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.contract.metric import Metric, figures_of, labels_of
from tailwise.engine.contract.record import EpochRecord
from tailwise.engine.monitor.alerts import alerts
from tailwise.engine.monitor.clock import eta
from tailwise.engine.monitor.history import (
    Boosts,
    Metrics,
    class_rows,
    classifications,
    matrix_of,
    number_figures,
    write_history,
)
from tailwise.metrics.classification import Classification
from tailwise.metrics.confusion import macro, recall
from tailwise.metrics.labels import family_lines

Observer = Callable[[list[EpochRecord]], None]


def observers_of(
    phase: str, metrics: Metrics, boosts: Boosts, runtime: Runtime, events: Events, recovery: Recovery
) -> tuple[Observer, ...]:
    """The observers of a stage. Files first, so that everything shown on the terminal is on disk."""
    found = [keep_history(Path(f"reports/training/{phase}"), metrics, boosts), print_progress(metrics, events)]
    if runtime.tensorboard:
        logs = pipeline_folder() / ".logs" / "tensorboard" / recovery.folder.name
        found.append(tensorboard(logs, metrics, boosts))
    return tuple(found)


def print_progress(metrics: Metrics, events: Events) -> Observer:
    """Logs one line per epoch with the remaining time, and the epoch's new alerts."""
    remaining = eta()

    def observe(history: list[EpochRecord]) -> None:
        last = history[-1]
        text = "  |  ".join(filter(None, [epoch_line(last, metrics), remaining(last)]))
        events.log("epoch", text, epoch=last.epoch, loss=last.loss, lr=last.lr, norm=last.norm, score=last.score)
        for alert in alerts(history, metrics):
            if alert.epoch == last.epoch:
                facts = {"epoch": alert.epoch, "kind": alert.kind, "head": alert.head, "label": alert.label}
                events.log("alert", f"  alert: {alert.text}", **facts)

    return observe


def keep_history(folder: Path, metrics: Metrics, boosts: Boosts) -> Observer:
    """Rewrites the files of `write_history` each epoch, so that ``dvc plots show`` draws a phase while it runs."""

    def observe(history: list[EpochRecord]) -> None:
        write_history(folder, history, metrics, boosts)

    return observe


def tensorboard(folder: Path, metrics: Metrics, boosts: Boosts) -> Observer:
    """Writes each epoch's figures for TensorBoard; raises UserError if that is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError as error:
        raise UserError("runtime.tensorboard: pip install tensorboard, or set it to false") from error
    writer = SummaryWriter(str(folder))

    def observe(history: list[EpochRecord]) -> None:
        for name, value in scalars(history[-1], metrics, boosts).items():
            writer.add_scalar(name, value, history[-1].epoch)
        writer.flush()

    return observe


def scalars(record: EpochRecord, metrics: Metrics, boosts: Boosts) -> dict[str, float]:
    """{name in TensorBoard: number} of an epoch, without undefined figures."""
    found = {"loss/train": record.loss, "lr": record.lr, "gradient_norm": record.norm}
    known = {"score": record.score, "sharpness": record.sharpness}
    found |= {name: value for name, value in known.items() if value is not None}
    for name, metric in classifications(metrics).items():
        found[f"loss/{name}"] = metric.loss(record.totals.get(name, ()))
    others = {name: metric for name, metric in metrics.items() if not isinstance(metric, Classification)}
    found |= {name: value for name, value in number_figures(record, others).items() if value is not None}
    for row in class_rows(record, metrics, boosts):
        for figure in ("recall", "precision", "f1", "share", "boost", "factor"):
            if row[figure] != "":
                found[f"{figure}/{row['head']}/{row['class']}"] = row[figure]
    return found


def epoch_line(record: EpochRecord, metrics: Metrics) -> str:
    """An epoch as one line for the terminal."""
    parts = [f"{record.phase} epoch {record.epoch:>2}/{record.epochs}  loss {record.loss:.3f}  norm {record.norm:.2f}"]
    for name, metric in metrics.items():
        of_head = isinstance(metric, Classification)
        parts.append(_of_head(record, name, metric) if of_head else _of_metric(record, name, metric))
    return "  |  ".join(parts)


def _of_metric(record: EpochRecord, name: str, metric: Metric) -> str:
    """The headline figures of a metric that has some, else all."""
    found = figures_of({name: metric}, record.totals)[name]
    if isinstance(found, Mapping) and (headline := getattr(metric, "headline", ())):
        found = {figure: found[figure] for figure in headline}
    named = (
        {f"{name}.{figure}": value for figure, value in found.items()} if isinstance(found, Mapping) else {name: found}
    )
    single = {figure: value for figure, value in named.items() if not isinstance(value, Mapping)}
    told = {figure: "-" if value is None else f"{value:.4g}" for figure, value in single.items()}
    return "; ".join(family_lines(told, labels_of({name: metric})))


def _of_head(record: EpochRecord, name: str, metric: Classification) -> str:
    recalls = recall(matrix_of(record, name, metric))
    lowest = ""
    if not np.isnan(recalls).all():
        lowest = f" (lowest {np.nanmin(recalls):.2f} {metric.head.classes[np.nanargmin(recalls)]})"
    return f"{name} recall {macro(recalls):.3f}{lowest}, loss {metric.loss(record.totals.get(name, ())):.2f}"

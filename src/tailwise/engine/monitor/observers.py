"""What watches a run: each is called with the history after an epoch, reads it, and returns nothing."""

from collections.abc import Callable
from pathlib import Path

from tailwise.core.batch import Head
from tailwise.core.errors import UserError
from tailwise.core.stage.events import Events
from tailwise.engine.contract.record import EpochRecord, line
from tailwise.engine.monitor.alerts import alerts
from tailwise.engine.monitor.clock import pace
from tailwise.engine.monitor.history import Boosts, class_rows, write_history

Observer = Callable[[list[EpochRecord]], None]


def print_progress(heads: tuple[Head, ...], events: Events) -> Observer:
    """Tells a line an epoch with the time left, and the alerts that this epoch raised."""
    remaining = pace()

    def observe(history: list[EpochRecord]) -> None:
        last = history[-1]
        text = "  |  ".join(filter(None, [line(last, heads), remaining(last)]))
        events.log("epoch", text, epoch=last.epoch, loss=last.loss, lr=last.lr, norm=last.norm, score=last.score)
        for alert in alerts(history, heads):
            if alert.epoch == last.epoch:
                facts = {"epoch": alert.epoch, "kind": alert.kind, "head": alert.head, "label": alert.label}
                events.log("alert", f"  alert: {alert.text}", **facts)

    return observe


def keep_history(folder: Path, heads: tuple[Head, ...], boosts: Boosts) -> Observer:
    """Writes the files of `write_history` anew, so that ``dvc plots show`` draws a phase while it runs."""

    def observe(history: list[EpochRecord]) -> None:
        write_history(folder, history, heads, boosts)

    return observe


def tensorboard(folder: Path, heads: tuple[Head, ...], boosts: Boosts) -> Observer:
    """Writes the figures of each epoch for TensorBoard, which the user installs; raises UserError without it."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError as error:
        raise UserError("runtime.tensorboard: pip install tensorboard, or set it to false") from error
    writer = SummaryWriter(str(folder))

    def observe(history: list[EpochRecord]) -> None:
        for name, value in scalars(history[-1], heads, boosts).items():
            writer.add_scalar(name, value, history[-1].epoch)
        writer.flush()

    return observe


def scalars(record: EpochRecord, heads: tuple[Head, ...], boosts: Boosts) -> dict[str, float]:
    """The figures of an epoch by TensorBoard's names, those that are undefined left out."""
    found = {"loss/train": record.loss, "lr": record.lr, "gradient_norm": record.norm, "score": record.score}
    found |= {f"loss/{head.name}": record.heads[head.name].loss for head in heads}
    for row in class_rows(record, heads, boosts):
        for figure in ("recall", "precision", "f1", "share", "boost"):
            if row[figure] != "":
                found[f"{figure}/{row['head']}/{row['class']}"] = row[figure]
    return found

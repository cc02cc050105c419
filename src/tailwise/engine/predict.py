"""A model's answers on a split, without gradients."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch

from tailwise import metrics
from tailwise.core.batch import Batch
from tailwise.engine.order import chunks, load_batches
from tailwise.engine.record import HeadRecord
from tailwise.engine.run import Run
from tailwise.engine.task import Outputs, Task
from tailwise.losses import cross_entropy

Part = dict[str, tuple[float, int, np.ndarray]]
"""Of some samples, {head: (sum of cross entropy, labels, confusion counts)}."""


@torch.no_grad()
def predictions(task: Task, run: Run, lists: Iterable[list[int]]) -> Iterator[tuple[Batch, Outputs]]:
    """Batches of these validation samples in order, with their logits in float32."""
    task.model.eval()
    for batch in load_batches(task.valid, list(lists), run.workers):
        batch = batch.to(run.device)
        with run.autocast():
            outputs = task.model(**batch.inputs)
        yield batch, {name: logits.float() for name, logits in outputs.items()}


def validate(task: Task, run: Run, micro_batch: int) -> list[Part]:
    """This process's share of the validation samples, a part a micro-batch; which those are depends on no share."""
    lists = run.world.share(chunks(range(len(task.valid)), micro_batch))
    return [_part(task, batch, outputs) for batch, outputs in predictions(task, run, lists)]


def _part(task: Task, batch: Batch, outputs: Outputs) -> Part:
    of_heads = {}
    for head in task.heads:
        targets, logits = batch.targets[head.name], outputs[head.name]
        found = targets.cpu().numpy(), logits.argmax(dim=-1).cpu().numpy()
        matrix = metrics.confusion(*found, len(head.classes))
        of_heads[head.name] = float(cross_entropy(logits, targets)), batch.count(head.name), matrix
    return of_heads


def records(task: Task, run: Run) -> dict[str, HeadRecord]:
    """Each head over all validation samples."""
    return joined(task, validate(task, run, run.training.micro_batch))


def joined(task: Task, parts: Iterable[Part]) -> dict[str, HeadRecord]:
    """Plain cross entropy and confusion of each head, summed in the order of the parts."""
    records = {}
    for head in task.heads:
        loss, count, matrix = 0.0, 0, np.zeros((len(head.classes),) * 2, np.int64)
        for part in parts:
            of_part = part[head.name]
            loss, count, matrix = loss + of_part[0], count + of_part[1], matrix + of_part[2]
        records[head.name] = HeadRecord(loss / max(count, 1), matrix.tolist())
    return records

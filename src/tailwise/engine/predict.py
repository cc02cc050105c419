"""A model's answers on a split, without gradients."""

from collections.abc import Iterator

import numpy as np
import torch

from tailwise import metrics
from tailwise.core.batch import Batch
from tailwise.engine.order import chunks, load_batches
from tailwise.engine.record import HeadRecord
from tailwise.engine.run import Run
from tailwise.engine.task import Outputs, Task
from tailwise.losses import cross_entropy


@torch.no_grad()
def predictions(task: Task, run: Run) -> Iterator[tuple[Batch, Outputs]]:
    """Batches of the validation samples in order, with their logits in float32."""
    task.model.eval()
    for batch in load_batches(task.valid, chunks(range(len(task.valid)), run.training.micro_batch), run.workers):
        batch = batch.to(run.device)
        with run.autocast():
            outputs = task.model(**batch.inputs)
        yield batch, {name: logits.float() for name, logits in outputs.items()}


def judge(task: Task, run: Run) -> dict[str, HeadRecord]:
    """Plain cross entropy and confusion of each head over the validation samples."""
    sums = {head.name: 0.0 for head in task.heads}
    counts = dict.fromkeys(sums, 0)
    matrices = {head.name: np.zeros((len(head.classes),) * 2, np.int64) for head in task.heads}
    for batch, outputs in predictions(task, run):
        for name, matrix in matrices.items():
            targets = batch.targets[name]
            sums[name] += float(cross_entropy(outputs[name], targets))
            counts[name] += batch.count(name)
            answers = outputs[name].argmax(dim=-1)
            matrix += metrics.confusion(targets.cpu().numpy(), answers.cpu().numpy(), len(matrix))
    return {name: HeadRecord(sums[name] / max(counts[name], 1), m.tolist()) for name, m in matrices.items()}

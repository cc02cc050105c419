"""A model's answers on a split, without gradients."""

import math
from collections.abc import Iterable, Iterator
from functools import partial

import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.engine.batches.loading import load_batches
from tailwise.engine.batches.memory import TOO_LARGE, catch_oom
from tailwise.engine.batches.order import chunks
from tailwise.engine.contract.record import HeadMetrics, MetricSums, PartialMetrics
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Outputs, Task
from tailwise.losses.cross_entropy import cross_entropy
from tailwise.metrics import confusion as metrics


@torch.no_grad()
def predictions(task: Task, run: Run, lists: Iterable[list[int]]) -> Iterator[tuple[Batch, Outputs]]:
    """Batches of these validation samples in order, with their logits in float32."""
    task.model.eval()
    for batch in load_batches(task.valid, list(lists), run.workers, run.events):
        batch = batch.to(run.device)
        with run.autocast():
            outputs = task.model(**batch.inputs)
        yield batch, {name: logits.float() for name, logits in outputs.items()}


def all_predictions(task: Task, run: Run) -> Iterator[tuple[Batch, Outputs]]:
    """`predictions` of all validation samples, by this process alone.

    Where memory runs out it goes on from there with half the samples at once, and tells it; raises UserError where a
    single one does not fit.
    """
    size, done, rounds = run.training.micro_batch, 0, None
    while done < len(task.valid):
        rounds = rounds or predictions(task, run, chunks(range(done, len(task.valid)), size))
        found = catch_oom(partial(next, rounds))
        if found:
            done += len(found[0])
            yield found
            continue
        if size == 1:
            raise UserError(TOO_LARGE)
        size, rounds = size // 2, None
        run.events.log("intervention", f"out of memory: micro-batch {size}, the same samples again", micro_batch=size)


def validate(task: Task, run: Run, micro_batch: int, done: int = 0) -> Iterator[PartialMetrics]:
    """What this process finds of the validation samples from number `done` on.

    Round by round, each process takes a micro-batch; a process that is left without one in the last round finds
    nothing. Which samples are a micro-batch depends on no number of processes.
    """
    rank, size = run.world.rank, run.world.size
    lists = chunks(range(done, len(task.valid)), micro_batch)
    own = lists[rank::size]
    for samples, (batch, outputs) in zip(own, predictions(task, run, own)):
        yield _part(task, len(samples), batch, outputs)
    if len(own) < math.ceil(len(lists) / size):
        yield PartialMetrics()


def _part(task: Task, samples: int, batch: Batch, outputs: Outputs) -> PartialMetrics:
    of_heads = {}
    for head in task.heads:
        targets, logits = batch.targets[head.name], outputs[head.name]
        found = targets.cpu().numpy(), logits.argmax(dim=-1).cpu().numpy()
        matrix = metrics.confusion(*found, len(head.classes))
        of_heads[head.name] = float(cross_entropy(logits, targets)), batch.count(head.name), matrix
    return PartialMetrics(samples, of_heads)


def records(task: Task, run: Run) -> dict[str, HeadMetrics]:
    """Each head over all validation samples, by this process alone."""
    tally = MetricSums()
    tally.add(validate(task, run, run.training.micro_batch))
    return {head.name: tally.record(head) for head in task.heads}

"""Forward passes over the validation split without gradients, and metric sums."""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import torch

from tailwise.core.batch import Batch, Outputs
from tailwise.core.errors import UserError
from tailwise.engine.batches.buckets import evaluation_order
from tailwise.engine.batches.loading import load_batches
from tailwise.engine.batches.memory import TOO_LARGE, catch_oom
from tailwise.engine.batches.order import chunks
from tailwise.engine.contract.record import MetricSums, PartialMetrics
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task


@torch.no_grad()
def forward(task: Task, run: Run, lists: Iterable[list[int]]) -> Iterator[tuple[Batch, Outputs]]:
    """Batches of these lists of validation samples, with their outputs in float32."""
    task.model.eval()
    for batch in load_batches(task.valid, list(lists), run.workers, run.events):
        batch = batch.to(run.device)
        with run.autocast():
            outputs = task.model(**batch.inputs)
        yield batch, {name: logits.float() for name, logits in outputs.items()}


def order_of(task: Task) -> Sequence[int]:
    """The order in which validation samples are evaluated."""
    return evaluation_order(len(task.valid), task.valid_lengths)


def forward_all(task: Task, run: Run) -> Iterator[tuple[Batch, Outputs]]:
    """`forward` over all validation samples in `order_of`, in this process only.

    When memory runs out it halves the micro-batch and logs that. Raises UserError if a single sample
    does not fit.
    """
    size, done, rounds, order = run.training.micro_batch, 0, None, order_of(task)
    while done < len(task.valid):
        rounds = rounds or forward(task, run, chunks(order[done:], size))
        found = catch_oom(partial(next, rounds))
        if found:
            done += len(found[0])
            yield found
            continue
        if size == 1:
            raise UserError(TOO_LARGE)
        size, rounds = size // 2, None
        facts = {"fault": "out of memory", "action": "halve micro-batch", "micro_batch": size}
        run.events.log("intervention", f"out of memory: micro-batch {size}, the same samples again", **facts)


def validate(task: Task, run: Run, micro_batch: int, done: int = 0) -> Iterator[PartialMetrics]:
    """This process's share of metric parts, for validation samples from place `done` in `order_of` on.

    In each round every process takes a micro-batch; in the last round a process without one yields an empty part.
    The micro-batches do not depend on the number of processes.
    """
    rank, size = run.world.rank, run.world.size
    lists = chunks(order_of(task)[done:], micro_batch)
    own = lists[rank::size]
    for batch, outputs in forward(task, run, own):
        yield partial_metrics(task, batch, outputs)
    if len(own) < math.ceil(len(lists) / size):
        yield PartialMetrics()


def partial_metrics(task: Task, batch: Batch, outputs: Outputs) -> PartialMetrics:
    """The part of each metric for a batch."""
    return PartialMetrics(len(batch), {name: metric.part(outputs, batch) for name, metric in task.metrics.items()})


def totals(task: Task, run: Run) -> dict[str, list[float]]:
    """The sums of each metric over all validation samples, in this process only."""
    sums = MetricSums()
    sums.add(validate(task, run, run.training.micro_batch))
    return sums.totals

"""Time is passed in: which samples come when, and every seed, are functions of a position."""

import itertools
import os
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from torch.utils.data import DataLoader

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.processes import die_with_parent
from tailwise.engine.memory import afford
from tailwise.engine.task import Samples


def seed_for(*position: int | str) -> int:
    """A 63-bit seed from a position such as (seed, phase name, epoch, step)."""
    words = [zlib.crc32(word.encode()) if isinstance(word, str) else word for word in position]
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0] >> 1)


def epoch_order(samples: Sequence[int], seed: int, phase: str, epoch: int) -> np.ndarray:
    """The samples of one epoch in random order, each exactly once."""
    return np.random.default_rng(seed_for(seed, phase, "order", epoch)).permutation(samples)


def augment_keys(seed: int, phase: str, epoch: int, index: np.ndarray) -> np.ndarray:
    """(B, 4) int64: all that the augmentation of these samples may depend on."""
    fixed = np.array([[seed, zlib.crc32(phase.encode()), epoch]]).repeat(len(index), axis=0)
    return np.column_stack([fixed, index])


def repeat_numbers(order: Sequence[int]) -> list[int]:
    """In place of each sample how often it came before in this epoch: 0 where each comes once."""
    before: Counter[int] = Counter()

    def number(sample: int) -> int:
        before[sample] += 1
        return before[sample] - 1

    return [number(sample) for sample in order]


def chunks(order: Sequence[int], size: int) -> list[list[int]]:
    """Consecutive lists of `size`, the last one shorter."""
    return [list(map(int, order[i : i + size])) for i in range(0, len(order), size)]


def steps_of(
    order: Sequence[int],
    batch_size: int,
    micro_batch: int,
    share: Callable[[list[int]], Sequence[int]] = lambda step: step,
) -> list[list[list[int]]]:
    """Optimizer steps, each a list of micro-batches, each a list of samples.

    share: a process's part of a step; where it is empty the step has no micro-batch
    """
    return [chunks(share(step), micro_batch) for step in chunks(order, batch_size)]


def load_batches(dataset: Samples, lists: Sequence[list[int]], workers: int) -> Iterator[Batch]:
    """Batches in the order of `lists`, the same ones for any number of worker processes."""
    start = "fork" if workers and sys.platform == "linux" else None  # so that this process is their parent
    how = {"collate_fn": dataset.collate, "num_workers": workers, "multiprocessing_context": start}
    return iter(DataLoader(dataset, batch_sampler=lists, worker_init_fn=partial(_begin, os.getpid()), **how))


def _begin(starter: int, worker: int) -> None:
    """A worker's first act. It holds what its starter holds, the lock of a run's state too, and may not outlive it.

    Ctrl-C ends a worker without a word, as it ends the starter, which needs no more of it.
    """
    die_with_parent(starter)


def load_steps(dataset: Samples, steps: Sequence[list[list[int]]], workers: int) -> Iterator[list[Batch]]:
    """The micro-batches of each optimizer step; worker processes live through all of them.

    Raises UserError if memory runs out: all of a step is loaded before any of it is computed.
    """
    batches = load_batches(dataset, list(itertools.chain.from_iterable(steps)), workers)
    for step in steps:
        loaded = afford(lambda: list(itertools.islice(batches, len(step))))
        if loaded is None:
            raise UserError("out of memory while samples were loaded: lower training.batch_size or runtime.workers")
        yield loaded

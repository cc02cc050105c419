"""Time is passed in: which samples come when, and every seed, are functions of a position."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

Order = Sequence[int] | np.ndarray
"""Samples one after the other; an array is (N,)."""


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


def repeat_numbers(order: Order) -> list[int]:
    """In place of each sample how often it came before in this epoch: 0 where each comes once."""
    before: Counter[int] = Counter()

    def number(sample: int) -> int:
        before[sample] += 1
        return before[sample] - 1

    return [number(sample) for sample in order]


def chunks(order: Order, size: int) -> list[list[int]]:
    """Consecutive lists of `size`, the last one shorter."""
    return [list(map(int, order[i : i + size])) for i in range(0, len(order), size)]


def steps_of(
    order: Order,
    batch_size: int,
    micro_batch: int,
    share: Callable[[list[int]], Sequence[int]] = lambda step: step,
) -> list[list[list[int]]]:
    """Optimizer steps, each a list of micro-batches, each a list of samples.

    share: a process's part of a step; where it is empty the step has no micro-batch
    """
    return [chunks(share(step), micro_batch) for step in chunks(order, batch_size)]


def plan_steps(
    batch_size: int,
    micro_batch: int,
    share: Callable[[list[int]], Sequence[int]],
    start: int,
    orders: Iterable[Order],
) -> list[list[list[int]]]:
    """`steps_of` all these epochs, one after the other, from step `start` of the first epoch on."""
    steps = [step for order in orders for step in steps_of(order, batch_size, micro_batch, share)]
    return steps[start:]

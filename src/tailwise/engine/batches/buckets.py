"""Batches of samples of similar length, so that little of a batch is padding. Pure functions."""

from collections.abc import Sequence

import numpy as np

from tailwise.engine.batches.order import Order, epoch_order, seed_for

POOL = 32
"""Batches' worth of samples that are sorted together: more leave less padding, and a less random order."""

JITTER = 0.05
"""Lengths are multiplied by up to 1 +- this before sorting, so that a set of few batches has others in every epoch."""


def training_order(
    samples: Sequence[int], lengths: Sequence[int] | None, batch_size: int, position: tuple[int, str, int]
) -> np.ndarray:
    """The samples of an epoch in the order in which steps take them. lengths, position: see `bucketed`"""
    order = epoch_order(samples, *position)
    return order if lengths is None else bucketed(order, lengths, batch_size, position)


def bucketed(order: Order, lengths: Sequence[int], batch_size: int, position: tuple[int, str, int]) -> np.ndarray:
    """An epoch's order in which each consecutive `batch_size` samples are of similar length; each as often as before.

    order: (S,) samples in random order; lengths: (N,) of every sample; position: (seed, phase, epoch)
    The order is cut into pools of about POOL batches, each is sorted by length, with JITTER, and cut into batches, and
    these are shuffled over the epoch. A batch that is not full comes last; it may be of any length.
    Source of batches by length: https://arxiv.org/abs/1706.03762, section 5.1
    """
    generator = np.random.default_rng(seed_for(*position[:2], "buckets", position[2]))
    found, of = np.asarray(order), np.asarray(lengths)
    batches = -(-len(found) // batch_size)
    pools = max(1, round(batches / POOL))
    ends = [batch_size * (batches * pool // pools) for pool in range(1, pools)]
    full: list[np.ndarray] = []
    short: list[np.ndarray] = []
    for pool in np.split(found, ends):
        ordered = pool[np.argsort(of[pool] * generator.uniform(1 - JITTER, 1 + JITTER, len(pool)), kind="stable")]
        kept, rest = _without_rest(ordered, batch_size, generator)
        full += [kept[i : i + batch_size] for i in range(0, len(kept), batch_size)]
        short.append(rest)
    shuffled: list[np.ndarray] = [full[place] for place in generator.permutation(len(full)).tolist()]
    return np.concatenate([*shuffled, *short])


def _without_rest(pool: np.ndarray, batch_size: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(a multiple of `batch_size` samples, the rest), which are neighbours somewhere among the sorted samples."""
    whole, rest = divmod(len(pool), batch_size)
    first = batch_size * int(generator.integers(whole + 1)) if rest else len(pool)
    return np.concatenate([pool[:first], pool[first + rest :]]), pool[first : first + rest]


def longest_first(lengths: Sequence[int]) -> list[int]:
    """Samples by length, the longest first: a batch that does not fit into memory is met at once."""
    return np.argsort(-np.asarray(lengths), kind="stable").tolist()


def evaluation_order(samples: int, lengths: Sequence[int] | None) -> Sequence[int]:
    """The order in which samples are evaluated: as in the dataset, or by length where it is known. lengths: (N,)"""
    return range(samples) if lengths is None else longest_first(lengths)

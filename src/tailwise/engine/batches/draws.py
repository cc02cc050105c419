"""Random draws of an epoch's samples as a pure function of the position (seed, phase, epoch)."""

from collections.abc import Sequence

import numpy as np

from tailwise.balance.files import Draws
from tailwise.engine.batches.order import seed_for
from tailwise.engine.contract.options import SamplesOf


def draw_samples(expected: np.ndarray, strata: Sequence[np.ndarray], position: tuple[int, str, int]) -> list[int]:
    """Sample indices, each drawn its expected number of times rounded down or up, by chance; in sum all, rounded.

    expected: (N,) draws, not negative; strata: (N,) class ids of heads; position: (seed, phase, epoch)
    Systematic sampling: the samples lie side by side on a line, each as long as its expected draws, and every unit of
    it is drawn once. They lie in random order within equal labels, so that classes come as often as expected, too.
    Source: Madow 1949, https://doi.org/10.1214/aoms/1177730044
    """
    generator = np.random.default_rng(seed_for(*position[:2], "draws", position[2]))
    order = np.lexsort((generator.permutation(len(expected)), *reversed(strata)))
    ends = np.cumsum(expected[order])
    total = round(float(ends[-1])) if len(ends) else 0
    if not total:
        return []
    ends *= total / ends[-1]
    ends[-1] = total
    units = np.floor(ends + generator.random()).astype(int)
    return np.repeat(order, np.diff(units, prepend=0)).tolist()


def draws_by_epoch(
    samples: Sequence[int], draws: Draws, strata: Sequence[np.ndarray], where: tuple[int, str], epochs: int
) -> SamplesOf:
    """The samples of each epoch: the expected draws go from the first to the last, in equal steps.

    samples: (N,) indices in the dataset; strata: class ids of heads, (N,); where: (seed, phase)
    """
    indices, first, last = np.array(samples), np.array(draws.first), np.array(draws.last)

    def of_epoch(epoch: int) -> list[int]:
        share = epoch / max(epochs - 1, 1)
        return indices[draw_samples((1 - share) * first + share * last, strata, (*where, epoch))].tolist()

    return of_epoch

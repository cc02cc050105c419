"""A curriculum: easy samples first, a share of all that grows, and some of every class from the first epoch on.

Pure functions: the same labels and difficulties give the same epochs, whatever the seed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tailwise.balance.labels import LabelTable, classes_of, classes_per_sample
from tailwise.balance.subset import present_counts


@dataclass(frozen=True)
class Curriculum:
    """Which share of a phase's samples an epoch draws, the easiest first.

    kind: growth of the share from `start` to 1, linear in the epochs, or the root of a linear function, which admits
        fewer samples an epoch as they get harder: https://arxiv.org/abs/1903.09848, eq. 7
    start: share in the first epoch, in (0, 1)
    end: epoch, from 1, from which all samples are in
    min_share: share of its samples that each class keeps from the first epoch on, and at least one
    weight_of_frequency: of the rarity of a sample's classes, beside its difficulty, see `scores`
    by: what makes a sample hard, the confidence of an earlier phase's model, or the positions of a sequence
    """

    kind: Literal["linear", "sqrt"]
    start: float
    end: int
    min_share: float
    weight_of_frequency: float = 0.0
    by: Literal["difficulty", "length"] = "difficulty"

    def __post_init__(self):
        if not 0 < self.start < 1:
            raise ValueError(f"start must be above 0 and below 1, found {self.start:g}")
        if self.end < 2:
            raise ValueError(f"end must be at least 2, found {self.end}: before epoch 2 no share can grow")
        if not 0 <= self.min_share < 1:
            raise ValueError(f"min_share must be at least 0 and below 1, found {self.min_share:g}")
        if not 0 <= self.weight_of_frequency <= 1:
            raise ValueError(f"weight_of_frequency must be within [0, 1], found {self.weight_of_frequency:g}")

    def share(self, epoch: int) -> float:
        """Share of the samples in an epoch, counted from 1."""
        if epoch >= self.end:
            return 1.0
        passed = (epoch - 1) / (self.end - 1)
        if self.kind == "linear":
            return self.start + (1 - self.start) * passed
        return math.sqrt(self.start**2 + (1 - self.start**2) * passed)


def rarity(labels: LabelTable) -> list[float]:
    """Rarity in [0, 1] of each sample: the mean over its heads of log(n_max / n_c) / log(n_max / n_min).

    0 for the most frequent class of a head, 1 for the rarest; the mean over the positions of a sequence. 0 for a
    sample without any label.
    """
    of_class: dict[str, dict[str, float]] = {}
    for head, counts in present_counts(labels).items():
        most, least = max(counts.values(), default=1), min(counts.values(), default=1)
        span = math.log(most / least) or 1.0
        of_class[head] = {name: math.log(most / n) / span for name, n in counts.items()}
    found: list[float] = []
    for of_sample in zip(*labels.values(), strict=True):
        named = {head: classes_of(label) for head, label in zip(labels, of_sample)}
        means = [_mean([of_class[head][name] for name in names]) for head, names in named.items() if names]
        found.append(_mean(means) if means else 0.0)
    return found


def lengths(labels: LabelTable) -> list[float] | None:
    """Positions of each sequence over those of the longest, in (0, 1]; None for samples with one label a head."""
    positions = [len(label) for label in next(iter(labels.values()), ()) if not isinstance(label, str)]
    longest = max(positions, default=0)
    return [length / longest for length in positions] if longest else None


def scores(difficulty: Sequence[float | None], labels: LabelTable, weight: float) -> list[float]:
    """(1 - weight) * difficulty + weight * rarity of each sample; infinite for one without difficulty."""
    return [
        math.inf if hard is None else (1 - weight) * hard + weight * rare
        for hard, rare in zip(difficulty, rarity(labels), strict=True)
    ]


def reserved(easiest: Sequence[int], labels: LabelTable, min_share: float) -> set[int]:
    """The samples that are in from the first epoch: of each class the easiest, ceil(min_share * n) and at least one.

    easiest: indices of the phase's samples, the easiest first
    """
    contents = [set(own) for own in classes_per_sample(labels)]
    members: dict[tuple[str, str], list[int]] = {}
    for i in easiest:
        for label in contents[i]:
            members.setdefault(label, []).append(i)
    return {i for of_class in members.values() for i in of_class[: max(1, _ceil(min_share * len(of_class)))]}


def samples_by_epoch(
    curriculum: Curriculum, draws: Sequence[int], labels: LabelTable, difficulty: Sequence[float | None]
) -> dict[int, list[int]]:
    """{epoch, from 1: draws from that epoch on}; an entry where they grow, the last one of all draws.

    An epoch admits ceil(share * N) of the N samples: the reserved ones, then the easiest, ties in dataset order;
    more where the reserved ones alone are more. An admitted sample keeps all its draws.

    draws: indices of the samples of a whole epoch, with repeats; labels, difficulty: of every training sample
    """
    score = scores(difficulty, labels, curriculum.weight_of_frequency)
    easiest = sorted(set(draws), key=lambda i: (score[i], i))
    first = reserved(easiest, labels, curriculum.min_share)
    queue = [*(i for i in easiest if i in first), *(i for i in easiest if i not in first)]
    schedule: dict[int, list[int]] = {}
    before = 0
    for epoch in range(1, curriculum.end + 1):
        count = max(len(first), _ceil(curriculum.share(epoch) * len(easiest)))
        if count > before:
            admitted = set(queue[:count])
            schedule[epoch], before = [i for i in draws if i in admitted], count
    return schedule


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _ceil(value: float) -> int:
    """The next integer, where a product such as 0.1 * 30 is a rounding error above one."""
    return math.ceil(round(value, 9))

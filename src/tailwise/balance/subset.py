"""Selects the training samples of a phase. Pure functions."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tailwise.balance.boosts import Rule
from tailwise.balance.counts import count_classes
from tailwise.balance.files import ApplyAs
from tailwise.balance.labels import LabelTable, classes_of, classes_per_sample
from tailwise.balance.samplers import Sampler


@dataclass(frozen=True)
class AllSamples:
    """Every training sample once: natural sampling."""

    kind: Literal["all", "natural"]

    def choose(self, labels: LabelTable) -> list[int]:
        return list(range(len(next(iter(labels.values())))))


@dataclass(frozen=True)
class Balanced:
    """A subset balanced over all heads at once.

    max_ratio: at most this many times the rarest class's count, in each head
    """

    kind: Literal["balanced"]
    max_ratio: float

    def __post_init__(self):
        if self.max_ratio < 1:
            raise ValueError(f"max_ratio must be at least 1, found {self.max_ratio}")

    def choose(self, labels: LabelTable) -> list[int]:
        return balanced_subset(labels, self.max_ratio)


@dataclass(frozen=True)
class Oversampled:
    """All training samples, those of rare classes several times per epoch.

    max_repeat: maximum repeats; a sample is drawn n_max / n_c times for the rarest of its classes, rounded
    """

    kind: Literal["oversampled"]
    max_repeat: int

    def __post_init__(self):
        if self.max_repeat < 1:
            raise ValueError(f"max_repeat must be at least 1, found {self.max_repeat}")

    def choose(self, labels: LabelTable) -> list[int]:
        return oversampled(labels, self.max_repeat)


Samples = AllSamples | Balanced | Oversampled | Sampler


@dataclass(frozen=True)
class Rebalance:
    """Per-class rebalancing factors of a phase, and where they apply.

    max_weight: largest ratio between the boosts of two classes, at least 1
    boost: how boosts are computed from counts
    apply_as: margins in the logits, or weights in the loss
    samples: which of the training samples an epoch draws
    """

    max_weight: float
    boost: Rule
    apply_as: ApplyAs
    samples: Samples

    def __post_init__(self):
        if self.max_weight < 1:
            raise ValueError(f"max_weight must be at least 1, found {self.max_weight}")


def balanced_subset(labels: LabelTable, max_ratio: float) -> list[int]:
    """Indices of samples such that no class has more than `max_ratio` times the labels of its head's rarest one.

    Greedy: each step picks the class with the fewest labels so far (ties: the rarest in the data), and takes its
    sample whose other classes have the fewest. A sample fits while none of its classes would exceed its cap. So classes
    fill evenly, and the rarest class of a head is taken completely unless another head's cap forbids it. A sample
    without a label in some head is taken for the others.
    """
    counts = present_counts(labels)
    available = {(head, name): n for head, of_head in counts.items() for name, n in of_head.items()}
    cap = {(head, name): int(max_ratio * min(counts[head].values())) for head, name in available}
    contents = [Counter(of_sample) for of_sample in classes_per_sample(labels)]
    candidates = {label: [i for i, own in enumerate(contents) if label in own] for label in available}
    taken: Counter[tuple[str, str]] = Counter()
    chosen: set[int] = set()

    def fits(i: int) -> bool:
        return i not in chosen and all(taken[label] + n <= cap[label] for label, n in contents[i].items())

    while candidates:
        scarcest = min(candidates, key=lambda label: (taken[label], available[label]))
        candidates[scarcest] = [i for i in candidates[scarcest] if fits(i)]
        if not candidates[scarcest]:
            del candidates[scarcest]
            continue
        best = min(candidates[scarcest], key=lambda i: (sum(taken[label] for label in contents[i]), i))
        chosen.add(best)
        taken.update(contents[best])
    return sorted(chosen)


def oversampled(labels: LabelTable, max_repeat: int) -> list[int]:
    """Indices of all samples in order, each repeated as its rarest class requires."""
    counts = present_counts(labels)
    repeats = {
        (head, name): min(round(max(of_head.values()) / n), max_repeat)
        for head, of_head in counts.items()
        for name, n in of_head.items()
    }
    times = [max((repeats[label] for label in own), default=1) for own in classes_per_sample(labels)]
    return [i for i, count in enumerate(times) for _ in range(count)]


def unequal(drawn: Mapping[str, float]) -> list[str]:
    """The classes with fewer draws than the head's most frequent one."""
    most = max(drawn.values(), default=0)
    return [name for name, count in drawn.items() if count < most]


def present_counts(labels: LabelTable) -> dict[str, dict[str, int]]:
    """{head: {class: labels}} of the classes that have any."""
    present = {head: {name for label in of_head for name in classes_of(label)} for head, of_head in labels.items()}
    return count_classes(labels, {head: sorted(names) for head, names in present.items()})

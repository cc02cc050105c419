"""Which of the training samples a phase sees. Pure functions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tailwise.balance.boosts import Rule
from tailwise.balance.counts import count_classes
from tailwise.balance.files import Acts


@dataclass(frozen=True)
class AllSamples:
    """Every training sample."""

    kind: Literal["all"]

    def choose(self, labels: dict[str, Sequence[str]]) -> list[int]:
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

    def choose(self, labels: dict[str, Sequence[str]]) -> list[int]:
        return balanced_subset(labels, self.max_ratio)


@dataclass(frozen=True)
class Oversampled:
    """Every training sample, those of rare classes several times an epoch.

    max_repeat: most times; a sample is drawn n_max / n_c times for the rarest of its classes, rounded
    """

    kind: Literal["oversampled"]
    max_repeat: int

    def __post_init__(self):
        if self.max_repeat < 1:
            raise ValueError(f"max_repeat must be at least 1, found {self.max_repeat}")

    def choose(self, labels: dict[str, Sequence[str]]) -> list[int]:
        return oversampled(labels, self.max_repeat)


Samples = AllSamples | Balanced | Oversampled


@dataclass(frozen=True)
class Rebalance:
    """What a phase sees, and how loud.

    max_weight: largest ratio between the boosts of two classes, at least 1
    boost: how boosts follow from counts
    acts: where they act: as weights in the loss, or as margins in the logits
    samples: which of the training samples
    """

    max_weight: float
    boost: Rule
    acts: Acts
    samples: Samples

    def __post_init__(self):
        if self.max_weight < 1:
            raise ValueError(f"max_weight must be at least 1, found {self.max_weight}")


def balanced_subset(labels: dict[str, Sequence[str]], max_ratio: float) -> list[int]:
    """Places of samples so that no class exceeds `max_ratio` times its head's rarest one.

    Taken one by one: the next sample is of the class that has fewest so far in any head, the rarest of equals, as
    long as all its labels have room. So classes fill up evenly, and the rarest of each head comes whole unless another
    head's cap forbids it. A sample without a label in some head is taken for the others.
    """
    counts = present_counts(labels)
    room = {(head, name): int(max_ratio * min(of.values())) for head, of in counts.items() for name in of}
    size = {(head, name): n for head, of_head in counts.items() for name, n in of_head.items()}
    own = [[(head, name) for head, name in zip(labels, names) if name] for names in zip(*labels.values())]
    waiting = {of_class: [i for i, mine in enumerate(own) if of_class in mine] for of_class in room}
    taken, chosen = Counter(), set()
    while waiting:
        scarce = min(waiting, key=lambda of_class: (taken[of_class], size[of_class]))
        fit = [i for i in waiting[scarce] if i not in chosen and all(taken[label] < room[label] for label in own[i])]
        if not fit:
            del waiting[scarce]
            continue
        waiting[scarce] = fit
        best = min(fit, key=lambda i: (sum(taken[label] for label in own[i]), i))
        chosen.add(best)
        taken.update(own[best])
    return sorted(chosen)


def oversampled(labels: dict[str, Sequence[str]], max_repeat: int) -> list[int]:
    """Places of all samples in order, each as often as its rarest class asks for."""
    counts = present_counts(labels)
    wanted = {
        head: {name: min(round(max(of_head.values()) / n), max_repeat) for name, n in of_head.items()}
        for head, of_head in counts.items()
    }
    repeats = [
        max((wanted[head][name] for head, name in zip(labels, names) if name), default=1)
        for names in zip(*labels.values())
    ]
    return [i for i, times in enumerate(repeats) for _ in range(times)]


def unequal(seen: dict[str, int]) -> list[str]:
    """The classes that have fewer samples than the head's most frequent one: what could not be made equal."""
    most = max(seen.values(), default=0)
    return [name for name, count in seen.items() if count < most]


def present_counts(labels: dict[str, Sequence[str]]) -> dict[str, dict[str, int]]:
    """{head: {class: samples}} of the classes that have any."""
    return count_classes(labels, {head: sorted(set(names) - {""}) for head, names in labels.items()})

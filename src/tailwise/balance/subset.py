"""Which of the training samples a phase sees. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tailwise.balance.counts import count_classes


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
class Rebalance:
    """What a phase sees, and how loud.

    max_weight: largest ratio between the boosts of two classes, at least 1
    samples: which of the training samples
    """

    max_weight: float
    samples: AllSamples | Balanced

    def __post_init__(self):
        if self.max_weight < 1:
            raise ValueError(f"max_weight must be at least 1, found {self.max_weight}")


def balanced_subset(labels: dict[str, Sequence[str]], max_ratio: float) -> list[int]:
    """Places of samples so that no class exceeds `max_ratio` times its head's rarest one.

    Samples are taken by the rarity of their rarest label, then by place, while every label
    of theirs has room; so the rarest class of each head comes whole unless another head's
    cap forbids it. A sample without a label in some head is taken for the others.
    """
    counts = {
        head: count_classes({head: names}, {head: sorted(set(names) - {""})})[head] for head, names in labels.items()
    }
    room = {head: _room(of_head, max_ratio) for head, of_head in counts.items()}

    def rarity(i: int) -> int:
        return min((counts[head][names[i]] for head, names in labels.items() if names[i]), default=0)

    chosen = []
    for i in sorted(range(len(next(iter(labels.values())))), key=lambda i: (rarity(i), i)):
        own = [(head, names[i]) for head, names in labels.items() if names[i]]
        if own and all(room[head][name] > 0 for head, name in own):
            chosen.append(i)
            for head, name in own:
                room[head][name] -= 1
    return sorted(chosen)


def _room(counts: dict[str, int], max_ratio: float) -> dict[str, int]:
    rarest = min(counts.values(), default=0)
    return {name: int(max_ratio * rarest) for name in counts}

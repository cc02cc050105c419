"""Samplers: how often each training sample is drawn in an epoch. Pure functions.

An epoch has as many draws as there are labelled samples. Several heads share them: each head plans all draws by its own
labels, and a sample is drawn as often as the mean of the plans. So balancing one head takes at most its share of the
draws: with H heads each class of each head keeps at least 1 / H of the draws that its own head planned for it.
Source of the kinds: https://arxiv.org/abs/1910.09217, section 4.1
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tailwise.balance.counts import Counts
from tailwise.balance.files import Draws
from tailwise.balance.labels import Label, LabelTable, classes_of, classes_per_sample


@dataclass(frozen=True)
class Sampler:
    """Draws by class.

    class_balanced: as many of each class of a head
    square_root: in proportion to the square root of the class's size
    progressively_balanced: natural in the first epoch, class_balanced in the last
    """

    kind: Literal["class_balanced", "square_root", "progressively_balanced"]

    def choose(self, labels: LabelTable) -> list[int]:
        """The samples that an epoch may draw, as many as it draws: those with a label in some head."""
        return [i for i, own in enumerate(natural(labels)) if own]

    def draws(self, labels: LabelTable) -> Draws:
        """Expected draws of the samples of `choose`, in their order."""
        last = expected_draws(labels, 0.5 if self.kind == "square_root" else 0.0)
        first = natural(labels) if self.kind == "progressively_balanced" else last
        chosen = self.choose(labels)
        return Draws([first[i] for i in chosen], [last[i] for i in chosen])


def natural(labels: LabelTable) -> list[float]:
    """(N,) a draw of each sample that has a label in some head."""
    return [float(bool(of_sample)) for of_sample in classes_per_sample(labels)]


def expected_draws(labels: LabelTable, power: float) -> list[float]:
    """(N,) expected draws of each sample in an epoch, over all heads; in sum the samples that have a label.

    power: a head draws its classes in proportion to size^power: 0.5 square root, 0 balanced
    """
    of_heads = [head_draws(of_head, power) for of_head in labels.values() if any(map(classes_of, of_head))]
    labelled = sum(natural(labels))
    return [labelled * sum(of_sample) / len(of_heads) for of_sample in zip(*of_heads, strict=True)]


def head_draws(of_head: Sequence[Label], power: float) -> list[float]:
    """One head's plan, 1 in sum: (N,) shares of the draws; a sequence is drawn by the sum over its positions."""
    counts = Counter(name for label in of_head for name in classes_of(label))
    mass = sum(n**power for n in counts.values())
    return [sum(counts[name] ** (power - 1) for name in classes_of(label)) / mass for label in of_head]


def expected_counts(labels: LabelTable, classes: Counts, draws: Mapping[int, float]) -> dict[str, dict[str, float]]:
    """{head: {class: labels expected in an epoch}}. draws: {sample: expected draws}; classes: names by their keys"""
    found = {head: dict.fromkeys(names, 0.0) for head, names in classes.items()}
    for i, times in draws.items():
        for head, of_head in labels.items():
            for name in classes_of(of_head[i]):
                found[head][name] += times
    return found

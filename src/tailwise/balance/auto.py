"""Chooses values for `auto` in a phase, by rules on the training data only. Pure functions.

No rule uses a validation figure, so nothing is tuned here.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal, cast

from tailwise.balance.counts import Counts, imbalance_ratio
from tailwise.balance.labels import LabelTable
from tailwise.balance.subset import Balanced, Samples
from tailwise.core.params.auto import auto_paths, fill_auto
from tailwise.core.params.typed import convert

STEPS = 1000
"""Target number of optimizer steps of a phase."""
LEAST_EPOCHS, MOST_EPOCHS = 5, 30
"""Fewer show a rare class only a few times; more repeat a small subset without gain."""

BATCH = 16
"""Batch size of a recipe's first learning rate."""
FADE = 0.5
"""Factor between the learning rates of a phase and the one before it."""


@dataclass(frozen=True)
class OpenBalanced:
    """A balanced subset whose cap may be auto."""

    kind: Literal["balanced"]
    max_ratio: float | Literal["auto"]

    def __post_init__(self):
        if not isinstance(self.max_ratio, str):
            Balanced(self.kind, self.max_ratio)  # which checks the cap

    def choose(self, labels: LabelTable) -> list[int]:
        return Balanced(self.kind, cast(float, self.max_ratio)).choose(labels)


@dataclass(frozen=True)
class Facts:
    """What the rules read: class counts and labels of the training samples, and the batch size.

    first_lr: peak learning rate of the first phase at a batch of BATCH, see `Recipe.first_lr`
    """

    counts: Counts
    labels: LabelTable
    batch_size: int
    first_lr: float


@dataclass(frozen=True)
class Choice:
    value: float | int
    why: str


def max_ratio(counts: Counts) -> float:
    """Square root of the ratio of the largest class to the rarest, in the head where it is largest.

    On a log scale half-way between the original and equal class counts, as in square-root sampling,
    https://arxiv.org/abs/1805.00932. Rounded to a tenth, at least 1.
    """
    return round(math.sqrt(max(map(imbalance_ratio, counts.values()))), 1)


def epochs(draws: int, batch_size: int) -> int:
    """Epochs for about STEPS optimizer steps, within LEAST_EPOCHS and MOST_EPOCHS."""
    wanted = round(STEPS / math.ceil(draws / batch_size)) if draws else MOST_EPOCHS
    return min(max(wanted, LEAST_EPOCHS), MOST_EPOCHS)


def lr(first_lr: float, batch_size: int, number: int) -> float:
    """first_lr * sqrt(batch_size / BATCH) * FADE^number, to two digits; number: of the phase, from 0.

    Square-root scaling with the batch size for Adam: https://arxiv.org/abs/2205.10287.
    """
    return float(f"{first_lr * math.sqrt(batch_size / BATCH) * FADE**number:.2g}")


def choose(section: dict[str, Any], number: int, facts: Facts) -> dict[str, Choice]:
    """{dotted path: choice} for each `auto` in a phase's section of params.yaml; number: of the phase, from 0."""
    wanted = auto_paths(section)
    chosen: dict[str, Choice] = {}
    if "samples.max_ratio" in wanted:
        ratio = max(map(imbalance_ratio, facts.counts.values()))
        why = f"the square root of {ratio:.1f}, the largest ratio of two classes of a head"
        chosen["samples.max_ratio"] = Choice(max_ratio(facts.counts), why)
    if "train.epochs" in wanted:
        ready = fill_auto(section, {path: choice.value for path, choice in chosen.items()})
        samples: Samples = convert(Samples, ready["samples"], "samples")
        draws = len(samples.choose(facts.labels))
        steps = math.ceil(draws / facts.batch_size)
        why = f"{steps} steps each, {STEPS} wanted, within {LEAST_EPOCHS} and {MOST_EPOCHS} epochs"
        chosen["train.epochs"] = Choice(epochs(draws, facts.batch_size), why)
    if "train.lr" in wanted:
        why = f"{facts.first_lr:g} * sqrt({facts.batch_size} / {BATCH}) * {FADE:g}^{number}"
        chosen["train.lr"] = Choice(lr(facts.first_lr, facts.batch_size, number), why)
    return chosen

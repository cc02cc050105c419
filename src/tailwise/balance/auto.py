"""What `auto` stands for in a phase, by rules that look at the data alone. Pure functions.

It never stands for what was measured on a validation split: nothing is tuned here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tailwise.balance.counts import Counts, imbalance_ratio
from tailwise.balance.subset import Balanced, Samples
from tailwise.core.params.auto import AUTO, filled, left_open
from tailwise.core.params.typed import convert

STEPS = 1000
"""Optimizer steps that a phase is given, whatever the data's size."""
LEAST_EPOCHS, MOST_EPOCHS = 5, 30
"""Fewer leave a rare class seen a few times only, more repeat a small subset for nothing."""

BATCH = 16
"""The batch that the rates below are for."""
OWN, FRESH, PRETRAINED = 4e-3, 1e-3, 1e-4
"""Highest learning rate of the first phase: of a small net that has no weights to begin with, as the demo's; of a video
net begun afresh, Adam's usual one (https://arxiv.org/abs/1412.6980); of a pretrained one, as in presets/mvit.yaml."""
FADE = 0.5
"""Each phase goes on where the one before ended, at this share of its rate."""


@dataclass(frozen=True)
class OpenBalanced(Balanced):
    """A balanced subset whose cap may be left to the data."""

    max_ratio: float | Literal["auto"]

    def __post_init__(self):
        if self.max_ratio != AUTO:
            super().__post_init__()


@dataclass(frozen=True)
class Facts:
    """What the rules look at: class counts and labels of the training samples, samples a step, rate of the model."""

    counts: Counts
    labels: dict[str, list[str]]
    batch_size: int
    rate: float


@dataclass(frozen=True)
class Choice:
    value: float | int
    why: str


def max_ratio(counts: Counts) -> float:
    """Square root of the ratio of the largest class to the rarest, in the head where it is largest.

    Half-way, in logarithms, between the data as they are and equal classes; square-root sampling does so by odds,
    https://arxiv.org/abs/1805.00932. Rounded to a tenth, at least 1.
    """
    return round(math.sqrt(max(map(imbalance_ratio, counts.values()))), 1)


def epochs(draws: int, batch_size: int) -> int:
    """So many that they make about STEPS optimizer steps, within LEAST_EPOCHS and MOST_EPOCHS."""
    wanted = round(STEPS / math.ceil(draws / batch_size)) if draws else MOST_EPOCHS
    return min(max(wanted, LEAST_EPOCHS), MOST_EPOCHS)


def first_rate(backbone: Mapping) -> float:
    """The rate of the first phase at a batch of BATCH. backbone: the section model.backbone of params.yaml"""
    weights = backbone.get("weights")
    if not isinstance(weights, dict):
        return OWN
    return FRESH if weights.get("kind") == "none" else PRETRAINED


def lr(rate: float, batch_size: int, place: int) -> float:
    """rate * sqrt(batch_size / BATCH) * FADE^place, to two digits; place: of the phase, from 0.

    The square root is how Adam's rate follows the batch: https://arxiv.org/abs/2205.10287.
    """
    return float(f"{rate * math.sqrt(batch_size / BATCH) * FADE**place:.2g}")


def choose(section: dict, place: int, facts: Facts) -> dict[str, Choice]:
    """{dotted path: choice} of what stands as `auto` in a phase's section of params.yaml; place: of it, from 0."""
    wanted, chosen = left_open(section), {}
    if "samples.max_ratio" in wanted:
        ratio = max(map(imbalance_ratio, facts.counts.values()))
        why = f"the square root of {ratio:.1f}, the largest ratio of two classes of a head"
        chosen["samples.max_ratio"] = Choice(max_ratio(facts.counts), why)
    if "train.epochs" in wanted:
        ready = filled(section, {path: choice.value for path, choice in chosen.items()})
        draws = len(convert(Samples, ready["samples"], "samples").choose(facts.labels))
        steps = math.ceil(draws / facts.batch_size)
        why = f"{steps} steps each, {STEPS} wanted, within {LEAST_EPOCHS} and {MOST_EPOCHS} epochs"
        chosen["train.epochs"] = Choice(epochs(draws, facts.batch_size), why)
    if "train.lr" in wanted:
        why = f"{facts.rate:g} * sqrt({facts.batch_size} / {BATCH}) * {FADE:g}^{place}"
        chosen["train.lr"] = Choice(lr(facts.rate, facts.batch_size, place), why)
    return chosen

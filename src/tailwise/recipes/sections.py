"""Sections of params.yaml that recipes share: a phase, with its rebalancing and its training."""

from dataclasses import dataclass
from typing import Literal

from tailwise.balance.auto import OpenBalanced
from tailwise.balance.subset import AllSamples, Oversampled, Rebalance
from tailwise.core.params.auto import AUTO
from tailwise.engine.contract.phase import Phase


@dataclass(frozen=True)
class OpenPhase(Phase):
    """A phase whose epochs and highest learning rate may be left to the data, by the rules of balance/auto.py."""

    epochs: int | Literal["auto"]
    lr: float | Literal["auto"]

    def __post_init__(self):
        Phase(**{name: 1 if value == AUTO else value for name, value in vars(self).items()})  # checks the others


@dataclass(frozen=True)
class PhaseSection(Rebalance):
    """A phase: how the classes are rebalanced, and how it is trained."""

    samples: AllSamples | OpenBalanced | Oversampled
    train: OpenPhase


@dataclass(frozen=True)
class PlainPhase:
    """A phase without rebalancing: every sample once an epoch, no boost."""

    train: Phase

"""Sections of params.yaml that recipes share: a phase, with its rebalancing and its training."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

from tailwise.balance.auto import OpenBalanced
from tailwise.balance.subset import AllSamples, Oversampled, Rebalance
from tailwise.core.params.auto import AUTO
from tailwise.engine.contract.phase import Phase, curve_gaps


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


def trained_phases(params) -> dict[str, Phase]:
    """{name: how it is trained} of each section that is a phase, in the order of the dataclass."""
    sections = {field.name: getattr(params, field.name) for field in fields(params)}
    trained = {name: getattr(section, "train", None) for name, section in sections.items()}
    return {name: train for name, train in trained.items() if isinstance(train, Phase)}


def phase_warnings(phases: dict[str, Phase], dvc_yaml: str) -> Iterator[str]:
    """A line for what is allowed and probably no intention. dvc_yaml: the text of the pipeline's dvc.yaml"""
    yield from curve_gaps(phases)
    for name, phase in phases.items():
        for path in phase.extra_outputs(name):
            if path not in dvc_yaml:
                yield f"{name}: {path} is written and not tracked: add it to the outs of its stage in dvc.yaml"

"""Consistency of the phases of a pipeline."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

from tailwise.engine.contract.phase import Phase
from tailwise.optim.kinds import gap, goes_on, optimizer_name


def curve_gaps(phases: Mapping[str, Phase]) -> Iterator[str]:
    """Warnings for consecutive phases with a jump in learning rate where it should be continuous.

    It should be if a schedule continues across phases or the optimizer is handed over. Skips an lr of auto.
    """
    for (name, phase), (later, following) in pairwise(phases.items()):
        if isinstance(phase.lr, str) or isinstance(following.lr, str):
            continue
        joined = phase.hand_over == "last" or goes_on(phase.schedule, following.schedule)
        if joined and (rates := gap((phase.lr, phase.schedule), (following.lr, following.schedule))):
            last, first = rates
            yield f"{name} ends at a learning rate of {last:.3g} and {later} starts at {first:.3g}: see schedule.start"


def hand_over_faults(phases: Mapping[str, Phase]) -> Iterator[str]:
    """Warnings for phases that hand an optimizer's state to another kind of optimizer."""
    for (name, phase), (later, following) in pairwise(phases.items()):
        own, next_one = optimizer_name(phase.optimizer), optimizer_name(following.optimizer)
        if phase.hand_over == "last" and own != next_one:
            yield f"{name}.train.hand_over last is of no use to {later}: the state of {own} does not fit {next_one}"


def recall_faults(phases: Mapping[str, Phase]) -> Iterator[str]:
    """A first phase whose augmentation follows recalls that nobody has measured."""
    name, phase = next(iter(phases.items()))
    if (how := phase.augment_by_class) and how.mastery and not how.recalls:
        yield f"{name}.train.augment_by_class.mastery needs recalls, and no phase comes before"


def trained_phases(params: Any) -> dict[str, Phase]:
    """{name: Phase} of each section that is a phase, in field order."""
    sections = {field.name: getattr(params, field.name) for field in fields(params)}
    trained = {name: getattr(section, "train", None) for name, section in sections.items()}
    return {name: train for name, train in trained.items() if isinstance(train, Phase)}


def phase_warnings(phases: Mapping[str, Phase], dvc_yaml: str) -> Iterator[str]:
    """Warnings for valid but probably unintended settings. dvc_yaml: the text of the pipeline's dvc.yaml"""
    yield from curve_gaps(phases)
    for name, phase in list(phases.items())[:-1]:
        if phase.hand_over == "last" and f"data/models/{name}-state.safetensors" not in dvc_yaml:
            yield f"{name}.train.hand_over last hands over weights alone: its stage in dvc.yaml has no --keep-state"
    for name, phase in phases.items():
        if phase.distil and "--teacher" not in dvc_yaml:
            yield f"{name}.train.distil needs --teacher in the cmd of its stage in dvc.yaml, see docs/distillation.md"
        for path in phase.extra_outputs(name):
            if path not in dvc_yaml:
                yield f"{name}: {path} is written and not tracked: add it to the outs of its stage in dvc.yaml"

"""Consistency of the phases of a pipeline."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

from tailwise.engine.contract.phase import Phase
from tailwise.optim.kinds import gap, goes_on, optimizer_name


def curve_gaps(phases: Mapping[str, Phase]) -> Iterator[str]:
    """A line for each two consecutive phases whose learning rates should meet and do not.

    They should where one states that its schedule goes on, or hands its optimizer over. An lr of auto is unknown here.
    """
    for (name, phase), (later, following) in pairwise(phases.items()):
        if isinstance(phase.lr, str) or isinstance(following.lr, str):
            continue
        joined = phase.hand_over == "last" or goes_on(phase.schedule, following.schedule)
        if joined and (rates := gap((phase.lr, phase.schedule), (following.lr, following.schedule))):
            last, first = rates
            yield f"{name} ends at a learning rate of {last:.3g} and {later} starts at {first:.3g}: see schedule.start"


def hand_over_faults(phases: Mapping[str, Phase]) -> Iterator[str]:
    """A line for each phase that hands over an optimizer's state to another kind of optimizer."""
    for (name, phase), (later, following) in pairwise(phases.items()):
        own, next_one = optimizer_name(phase.optimizer), optimizer_name(following.optimizer)
        if phase.hand_over == "last" and own != next_one:
            yield f"{name}.train.hand_over last is of no use to {later}: the state of {own} does not fit {next_one}"


def trained_phases(params: Any) -> dict[str, Phase]:
    """{name: how it is trained} of each section that is a phase, in the order of the dataclass."""
    sections = {field.name: getattr(params, field.name) for field in fields(params)}
    trained = {name: getattr(section, "train", None) for name, section in sections.items()}
    return {name: train for name, train in trained.items() if isinstance(train, Phase)}


def phase_warnings(phases: Mapping[str, Phase], dvc_yaml: str) -> Iterator[str]:
    """A line for what is allowed and probably no intention. dvc_yaml: the text of the pipeline's dvc.yaml"""
    yield from curve_gaps(phases)
    for name, phase in phases.items():
        for path in phase.extra_outputs(name):
            if path not in dvc_yaml:
                yield f"{name}: {path} is written and not tracked: add it to the outs of its stage in dvc.yaml"

"""The limits of a split's figures, as sentences. Pure functions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

from tailwise.metrics.labels import Label, Labels

NO_LABELS: Labels = MappingProxyType({})
FEW, FEW_GROUPS = 20, 10
"""Minimum labels of a class for a verdict on its recall; minimum groups for any interval."""


@dataclass(frozen=True)
class Names:
    """Words of a pipeline: for one sample, for what one label belongs to, and {dotted name: label} of its figures."""

    sample: str = "sample"
    label: str = "position"
    figures: Labels = field(default_factory=dict[str, Label])


PLAIN_NAMES = Names()


def limits_of_intervals(sample_name: str) -> str:
    """What an interval covers, in a sentence. sample_name: the word for one sample"""
    return (
        f"The intervals cover the choice of {sample_name}s and their groups, not the training: another seed trains "
        "another model, with other figures."
    )


def limits(head: str, support: dict[str, int], sample_name: str = "sample") -> list[str]:
    """Limits of a head's figures, as sentences. support: {class: labels}"""
    absent = [name for name, count in support.items() if not count]
    few = {name: count for name, count in support.items() if 0 < count < FEW}
    lines = [
        f"{head}: {name} has no {sample_name}: it has no figures, and the macro figures leave it out."
        for name in absent
    ]
    lines += [
        f"{head}: {counted(count, sample_name)} of {name}: too few to measure its recall."
        for name, count in few.items()
    ]
    return lines


def limits_of_sequences(head: str, found: dict[str, int], names: Names) -> list[str]:
    """Limits of a sequence head's figures, as sentences. found: {class: sequences that have it}"""
    absent = [name for name, count in found.items() if not count]
    few = {name: count for name, count in found.items() if 0 < count < FEW}
    lines = [
        f"{head}: {name} has no {names.label}: it has no figures, and the macro figures leave it out."
        for name in absent
    ]
    lines += [
        f"{head}: {name} is in {counted(count, names.sample)}: too few to measure its recall."
        for name, count in few.items()
    ]
    return lines


def limits_of_groups(groups: int) -> list[str]:
    """The limit of too few groups, as a sentence."""
    return (
        [f"Only {groups} {'group' if groups == 1 else 'groups'}: too few for meaningful intervals."]
        if groups < FEW_GROUPS
        else []
    )


def limits_of_model(spec: dict[str, Any], asked: dict[str, Any] | None) -> list[str]:
    """The limit of a fallback model, as a sentence.

    spec: of the model; asked: the specification in params.yaml, None if the model is no fallback
    """
    if asked is None:
        return []
    wanted = dict(_leaves(asked))
    differing = ((path, value) for path, value in _leaves(spec) if value != wanted.get(path))
    changed = [f"{path} is {value}, not {wanted.get(path)}" for path, value in differing]
    return [f"Training fell back to a simpler model than params.yaml asks for: {', '.join(changed)}."]


def limits_of_ensemble(weights: Sequence[float]) -> list[str]:
    """What the figures are of, in a sentence, where there are several members. weights: of each, 1 in sum"""
    if len(weights) == 1:
        return []
    shares = ", ".join(f"{weight:.2f}" for weight in weights)
    return [
        f"The figures are of the averaged probabilities of {len(weights)} models, with weights {shares}; no "
        "calibration is fitted to them, and targets of calibrated probabilities are left out."
    ]


def _leaves(values: dict[str, Any], path: str = "") -> Iterator[tuple[str, object]]:
    """(dotted path, value) of what is nested."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(cast(dict[str, Any], value), f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def counted(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"

"""The labels of a split: one class per sample or per position. Pure functions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Label = str | Sequence[str]
"""The class of a sample, "" for none; or a list with one class per position."""

LabelTable = Mapping[str, Sequence[Label]]
"""{head: label of each sample}, samples in the same order in every head."""


SEPARATOR = "|"
"""Between the class names of the positions in a cell of a table."""


@dataclass(frozen=True)
class Labels:
    """A split's labels. samples: (N,) names; classes: {head: (N,) labels}"""

    samples: Sequence[str]
    classes: LabelTable


def classes_of(label: Label) -> list[str]:
    """The classes of a sample in one head, one per labelled position: [] without a label, ["a"], or ["a", "a", "b"]."""
    return [name for name in ([label] if isinstance(label, str) else label) if name]


def label_in(cell: str, positions: bool) -> Label:
    """The label that a cell of a table holds: a class name, or with `positions` those of a sequence, by SEPARATOR.

    >>> label_in("verse||chorus", positions=True)
    ['verse', '', 'chorus']
    """
    if not positions:
        return cell
    return cell.split(SEPARATOR) if cell else []


def classes_per_sample(labels: LabelTable) -> Iterator[list[tuple[str, str]]]:
    """(head, class) of every label of each sample, in sample order, with repeats."""
    for of_sample in zip(*labels.values(), strict=True):
        yield [(head, name) for head, label in zip(labels, of_sample) for name in classes_of(label)]

"""Class counts and imbalance ratios. Pure functions.

A label is a class, or a list with one class per position. Counted with `Counter`, which needs no flattening and keeps
pandas out of the reading of params.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from tailwise.balance.labels import Label, LabelTable, classes_of
from tailwise.core.errors import UserError

Counts = dict[str, dict[str, int]]
"""{head: {class: number of labels}}, classes in index order, including those with 0."""


def count_classes(labels: LabelTable, classes: Mapping[str, Iterable[str]]) -> Counts:
    """Count class names per head, position by position; the empty name (no label) is not counted."""
    found = {head: Counter(name for label in labels[head] for name in classes_of(label)) for head in classes}
    return {head: {name: found[head][name] for name in names} for head, names in classes.items()}


def check_counts(counts: Counts) -> None:
    """Raise UserError for a class without a training sample; the index had one, so data preparation dropped it."""
    for head, of_head in counts.items():
        for name, count in of_head.items():
            if not count:
                advice = "see reports/ for what preparing the data left out, or leave the class out"
                raise UserError(f"head {head}: no usable training sample of {name!r} is left; {advice}")


def imbalance_ratio(counts: dict[str, int]) -> float:
    """Ratio of the largest to the smallest count, ignoring classes without samples; 1 is balanced."""
    present = [count for count in counts.values() if count]
    return max(present) / min(present) if present else 1.0


def joint_counts(labels: LabelTable, classes: Mapping[str, Sequence[str]]) -> dict[str, dict[str, int]]:
    """{"head x head": {"class, class": labels}} co-occurrence counts for every pair of heads, zeros included."""
    joint: dict[str, dict[str, int]] = {}
    for one, other in combinations(classes, 2):
        found = Counter(pair for both in zip(labels[one], labels[other]) for pair in _pairs(*both))
        joint[f"{one} x {other}"] = {f"{a}, {b}": found[a, b] for a in classes[one] for b in classes[other]}
    return joint


def _pairs(one: Label, other: Label) -> Iterator[tuple[str, str]]:
    """Co-occurring classes of two heads; a sample-level class co-occurs with the class of every position."""
    positions = max((len(label) for label in (one, other) if not isinstance(label, str)), default=1)
    rows = ([label] * positions if isinstance(label, str) else label for label in (one, other))
    return zip(*rows, strict=True)

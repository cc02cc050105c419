"""How many samples each class has, and how long the tail is. Pure functions."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from tailwise.core.errors import UserError

Counts = dict[str, dict[str, int]]
"""{head: {class: number of samples}}, classes in index order, absent ones with 0."""


def count_classes(labels: dict[str, Sequence[str]], classes: dict[str, Sequence[str]]) -> Counts:
    """Count class names per head; the empty name (no label) counts nowhere."""
    return {head: {name: list(labels[head]).count(name) for name in names} for head, names in classes.items()}


def check_counts(counts: Counts) -> None:
    """Raise UserError for a class without a training sample; the index had one, so its clips must be faulty."""
    for head, of_head in counts.items():
        for name, count in of_head.items():
            if not count:
                advice = "see reports/quality.json for its clips, or leave the class out"
                raise UserError(f"head {head}: no usable training sample of {name!r} is left; {advice}")


def imbalance_ratio(counts: dict[str, int]) -> float:
    """Largest count over smallest, classes without a sample left out; 1 is balanced."""
    present = [count for count in counts.values() if count]
    return max(present) / min(present) if present else 1.0


def joint_counts(labels: dict[str, Sequence[str]], classes: dict[str, Sequence[str]]) -> dict[str, dict[str, int]]:
    """{"head x head": {"class, class": samples}} of every pair of heads, the pairs of classes without a sample too."""
    joint = {}
    for one, other in combinations(classes, 2):
        found = Counter(zip(labels[one], labels[other]))
        joint[f"{one} x {other}"] = {f"{a}, {b}": found[a, b] for a in classes[one] for b in classes[other]}
    return joint

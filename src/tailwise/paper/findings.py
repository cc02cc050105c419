"""What the errors on validation say to do: sentences, each from figures that it names."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from scipy.stats import hypergeom

from tailwise.metrics.predictions import Predictions
from tailwise.metrics.statistics import holm

LEVEL = 0.05
LEAST = 5
"""Labels of a source that is judged."""


def of_classes(head: str, figures: Mapping[str, Any], trained: Mapping[str, int], few: int) -> Iterator[str]:
    """Which class needs data, or has enough and is still lost. figures: of the head, as in reports/intervals.json"""
    known = {name: of for name, of in figures["classes"].items() if of["recall"]["value"] is not None}
    if absent := [name for name in figures["classes"] if name not in known]:
        yield f"{head}: validation has no label of {', '.join(absent)}: label some, or they stay unmeasured."
    lowest = min((of["recall"]["value"] for of in known.values()), default=1)
    for name in (name for name, of in known.items() if of["recall"]["value"] == lowest < 1):
        yield f"{head}: {_of_class(name, known[name], trained, few)}"


def _of_class(name: str, found: Mapping[str, Any], trained: Mapping[str, int], few: int) -> str:
    count = trained.get(name, 0)
    what = f"{name} is found least often: recall {interval(found['recall'])}, with {count} training labels"
    if (support := found.get("samples", found["support"])) < few:
        return f"{what}. Its {support} validation samples are too few to measure it: label more for validation."
    if count <= median(trained.values()):
        return f"{what}, no more than the median class: label more of it first."
    return f"{what}, more than the median class: look at its labels and at what it is taken for before its number."


def of_pairs(head: str, figures: Mapping[str, Any], few: int) -> Iterator[str]:
    """The pair of classes that is mistaken most, both ways together, of those with enough labels."""
    shares: dict[frozenset[str], list[Mapping[str, Any]]] = {}
    for each in figures["confusions"]:
        pair = each["actual"], each["predicted"]
        if all(figures["classes"][name]["support"] >= few for name in pair):
            shares.setdefault(frozenset(pair), []).append(each)
    if shares:
        pair = max(shares.values(), key=lambda of: sum(each["share"] for each in of))
        support = {each["actual"]: figures["classes"][each["actual"]]["support"] for each in pair}
        each = (f"{one['count']} of {support[one['actual']]} {one['actual']} as {one['predicted']}" for one in pair)
        confused = " and ".join(each)
        yield f"{head}: the pair that is mistaken most: {confused}. Merge the two, or label what tells them apart."


def of_sources(found: Predictions) -> Iterator[str]:
    """Groups with more errors than all others together, by Fisher's exact test with Holm's correction.

    Nothing where no group has LEAST labels beside others, and for positions, which depend on each other.
    """
    known = found.labelled
    if known.positions is not None:
        return
    wrong, count = totals(known)
    errors, labels = sum(wrong.values()), sum(count.values())
    judged = [group for group in count if LEAST <= count[group] < labels]
    p = {group: float(hypergeom.sf(wrong[group] - 1, labels, errors, count[group])) for group in judged}
    odd = [group for group, corrected in holm(p).items() if corrected <= LEVEL]
    for group in odd:
        rest = (errors - wrong[group]) / (labels - count[group])
        errors_here = f"{wrong[group]} of its {count[group]} labels are answered wrongly, of the others {rest:.0%}"
        yield f"{found.head.name}: the source {group} is odd: {errors_here}. Look at its files and labels."
    if judged and not odd:
        yield f"{found.head.name}: none of {len(judged)} sources stands out by its errors."


def totals(known: Predictions) -> tuple[dict[str, int], dict[str, int]]:
    """({group: wrong answers}, {group: labels})."""
    wrong: dict[str, int] = {}
    count: dict[str, int] = {}
    errors: Sequence[bool] = (known.predicted != known.targets).tolist()
    for group, error in zip(known.groups, errors):
        wrong[group], count[group] = wrong.get(group, 0) + error, count.get(group, 0) + 1
    return wrong, count


def interval(figure: Mapping[str, Any]) -> str:
    """0.812 [0.679, 0.935]"""
    if figure["value"] is None:
        return "-"
    ends = figure["low"], figure["high"]
    return f"{figure['value']:.3f}" + ("" if None in ends else f" [{ends[0]:.3f}, {ends[1]:.3f}]")

"""What the errors on validation say to do: sentences, each from figures that it names."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from scipy.stats import binomtest

from tailwise.metrics.predictions import Predictions

LEVEL = 0.05
LEAST = 5
"""Labels of a source that is judged."""


def of_classes(head: str, figures: Mapping[str, Any], trained: Mapping[str, int], few: int) -> Iterator[str]:
    """Which class needs data, or has enough and is still lost. figures: of the head, as in reports/intervals.json"""
    known = {name: of for name, of in figures["classes"].items() if of["recall"]["value"] is not None}
    if not known:
        return
    name = min(known, key=lambda one: known[one]["recall"]["value"])
    found, count = known[name], trained.get(name, 0)
    what = f"{head}: {name} is found least often: recall {interval(found['recall'])}, with {count} training labels"
    if found.get("samples", found["support"]) < few:
        yield f"{what}. Its validation samples, fewer than {few}, are too few to measure it: label more for validation."
    elif count <= median(trained.values()):
        yield f"{what}, no more than the median class: label more of it first."
    else:
        yield f"{what}, more than the median class: look at its labels and at what it is taken for before its number."


def of_pairs(head: str, figures: Mapping[str, Any]) -> Iterator[str]:
    """The pair of classes that is mistaken most, both ways together."""
    shares: dict[frozenset[str], list[Mapping[str, Any]]] = {}
    for each in figures["confusions"]:
        shares.setdefault(frozenset((each["actual"], each["predicted"])), []).append(each)
    if shares:
        pair = max(shares.values(), key=lambda of: sum(each["share"] for each in of))
        told = " and ".join(f"{each['share']:.0%} of {each['actual']} as {each['predicted']}" for each in pair)
        yield f"{head}: the pair that is mistaken most: {told}. Merge the two, or label what tells them apart."


def of_sources(found: Predictions) -> Iterator[str]:
    """Groups with more errors than all others together, by a binomial test with Holm's correction."""
    known = found.labelled
    if known.positions is not None:
        return
    wrong, count = totals(known)
    everywhere = sum(wrong.values()), sum(count.values())
    odd = []
    for group in (name for name in count if count[name] >= LEAST and count[name] < everywhere[1]):
        rest = (everywhere[0] - wrong[group]) / (everywhere[1] - count[group])
        odd.append((binomtest(wrong[group], count[group], rest, "greater").pvalue, group, rest))
    for place, (p, group, rest) in enumerate(sorted(odd)):
        if p * (len(odd) - place) > LEVEL:
            break
        told = f"{wrong[group]} of its {count[group]} labels are answered wrongly, of the others {rest:.0%}"
        yield f"{found.head.name}: the source {group} is odd: {told}. Look at its files and labels."


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

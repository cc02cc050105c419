"""The statistics of a comparison: means over seeds, differences from the first row, of all pairs, and of classes."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import stdev

from tailwise.compare.answers import ModelDifference, compare_models
from tailwise.compare.direction import HIGHER, LOWER, better
from tailwise.compare.rows import Row
from tailwise.evaluation.intervals import Interval, intervals
from tailwise.metrics.dotted import check_known
from tailwise.metrics.effect import hedges_g, seeds_needed
from tailwise.metrics.labels import label_of
from tailwise.metrics.predictions import Predictions
from tailwise.metrics.statistics import Estimate, estimate, holm, paired

OF_HEADS = ("macro_recall", "macro_f1")
PERCENT = "%"

Answers = Mapping[str, Mapping[str, Predictions]]
"""{revision: {head: its predictions}}"""


@dataclass(frozen=True)
class Figure:
    """What is compared. name: dotted; title: for people; unit: "" or "%"; lower: whether a lower value is better"""

    name: str
    title: str
    unit: str = ""
    lower: bool = False

    @property
    def scale(self) -> float:
        """What one is in the figure's unit."""
        return 100.0 if self.unit == PERCENT else 1.0


@dataclass(frozen=True)
class Difference:
    """A row minus another over the seeds that both have.

    p: of the paired t test, corrected by Holm for the number of rows or pairs that are compared
    effect: Hedges' g of the paired differences; needed: seeds that show a true difference of the wanted size
    """

    estimate: Estimate
    p: float | None = None
    effect: float | None = None
    needed: int | None = None


@dataclass(frozen=True)
class ClassDifference:
    """Recall of a class, a row minus the first one. labels: in validation; None where unknown"""

    name: str
    labels: int | None
    estimate: Estimate


@dataclass(frozen=True)
class Comparison:
    """What is shown. Lists that name rows by number have the first row as 0.

    estimates: {figure: of each row, None where it has none}; spans: {figure: {row: interval}} of rows of one model
    differences: {figure: of each row but the first}; pairs: {figure: {(row, row): difference}}
    classes: {head: of each row but the first}; models: of each row but the first, where both have one model
    costs: of each row; notes: lines about what is absent or weak
    """

    rows: Sequence[Row]
    figures: Sequence[Figure]
    wanted: float
    estimates: dict[str, list[Estimate | None]]
    spans: dict[str, dict[int, Interval]]
    differences: dict[str, list[Difference | None]]
    pairs: dict[str, dict[tuple[int, int], Difference]]
    classes: dict[str, list[list[ClassDifference]]]
    models: list[list[ModelDifference]]
    costs: Sequence[dict[str, float]] = ()
    notes: Sequence[str] = ()


def choose_figures(rows: Sequence[Row], named: Sequence[str]) -> list[Figure]:
    """Those that were named, then macro recall and macro F1 of each head, then the pipeline's own scores.

    Raises UserError for a named figure that the first row has not.
    """
    first = rows[0].first
    check_known("--metric", named, first.figures)
    of_heads = [f"{head}.{name}" for head in first.classes for name in OF_HEADS]
    wanted = dict.fromkeys([*named, *of_heads, *first.own])
    kept = [name for name in wanted if all(row.values(name) for row in rows) or name in named]
    return [Figure(name, label_of(name, first.labels).text, _unit(rows, name), better(name) == LOWER) for name in kept]


def analyze(rows: Sequence[Row], figures: Sequence[Figure], wanted: float, answers: Answers) -> Comparison:
    """wanted: the difference that seeds are counted for, as a share; answers: of rows of one model, where known"""
    return Comparison(
        rows,
        figures,
        wanted,
        {figure.name: [_estimate(row, figure) for row in rows] for figure in figures},
        _spans(rows, answers),
        {figure.name: from_first(rows, figure, wanted) for figure in figures},
        {figure.name: all_pairs(rows, figure) for figure in figures},
        {head: [_classes(row, rows[0], head) for row in rows[1:]] for head in rows[0].first.classes},
        [_models(row, rows[0], answers) for row in rows[1:]],
        notes=_notes(rows, answers),
    )


def from_first(rows: Sequence[Row], figure: Figure, wanted: float) -> list[Difference | None]:
    """Each row but the first minus the first; p corrected for their number."""
    found = {str(i): paired(row.values(figure.name), rows[0].values(figure.name)) for i, row in enumerate(rows)}
    del found["0"]
    corrected = holm({i: each.p for i, each in found.items() if each and each.p is not None})
    return [
        Difference(each, corrected.get(i), *_planned(rows[int(i)], rows[0], figure, wanted)) if each else None
        for i, each in found.items()
    ]


def all_pairs(rows: Sequence[Row], figure: Figure) -> dict[tuple[int, int], Difference]:
    """{(i, j): row i minus row j}, i < j, of pairs with a common seed; p corrected for all pairs."""
    values = [row.values(figure.name) for row in rows]
    found = {
        f"{i} {j}": each
        for i, j in itertools.combinations(range(len(rows)), 2)
        if (each := paired(values[i], values[j])) is not None
    }
    corrected = holm({pair: each.p for pair, each in found.items() if each.p is not None})
    places = {pair: tuple(map(int, pair.split())) for pair in found}
    return {(places[pair][0], places[pair][1]): Difference(each, corrected.get(pair)) for pair, each in found.items()}


def _unit(rows: Sequence[Row], name: str) -> str:
    """As the pipeline says; a recall, score or accuracy above 1 is in percent."""
    values = [value for row in rows for value in row.values(name).values()]
    shares = better(name) == HIGHER and max(values, default=0.0) > 1
    return rows[0].first.units.get(name, PERCENT if shares else "")


def _estimate(row: Row, figure: Figure) -> Estimate | None:
    values = row.values(figure.name)
    return estimate(list(values.values())) if values else None


def _planned(row: Row, first: Row, figure: Figure, wanted: float) -> tuple[float | None, int | None]:
    """Effect size, and the seeds that show the wanted difference; unknown for fewer than 3 and 2 common seeds."""
    own, other = row.values(figure.name), first.values(figure.name)
    differences = [own[seed] - other[seed] for seed in own.keys() & other.keys()]
    if len(differences) < 2:
        return None, None
    return hedges_g(differences), seeds_needed(wanted * figure.scale, stdev(differences))


def _classes(row: Row, first: Row, head: str) -> list[ClassDifference]:
    found = []
    for name in first.first.classes[head]:
        figure = f"{head}.recall.{name}"
        if each := paired(row.values(figure), first.values(figure)):
            found.append(ClassDifference(name, first.first.support.get(head, {}).get(name), each))
    return found


def _spans(rows: Sequence[Row], answers: Answers) -> dict[str, dict[int, Interval]]:
    """Bootstrap intervals over groups of rows of one model."""
    found: dict[str, dict[int, Interval]] = {}
    for number, row in enumerate(rows):
        for head, of_head in answers.get(row.single.name, {}).items() if row.single else ():
            measured = intervals(of_head.targets, of_head.predicted, of_head.groups, len(of_head.head.classes))
            for name in OF_HEADS:
                found.setdefault(f"{head}.{name}", {})[number] = measured[name]
    return found


def _models(row: Row, first: Row, answers: Answers) -> list[ModelDifference]:
    """Of each head that both rows predicted, if both have one model."""
    if not (row.single and first.single):
        return []
    own, other = (answers.get(name, {}) for name in (row.single.name, first.single.name))
    return [compare_models(own[head], other[head]) for head in own if comparable(own, other, head)]


def comparable(own: Mapping[str, Predictions], other: Mapping[str, Predictions], head: str) -> bool:
    """Whether two models predicted the same labels of the same samples."""
    if head not in own or head not in other:
        return False
    both = own[head], other[head]
    if both[0].head != both[1].head or len(both[0]) != len(both[1]):
        return False
    labels = [sorted(zip(each.samples, _positions(each), each.targets.tolist())) for each in both]
    return labels[0] == labels[1]


def _positions(found: Predictions) -> list[int]:
    return [0] * len(found) if found.positions is None else found.positions.tolist()


def _notes(rows: Sequence[Row], answers: Answers) -> list[str]:
    """What the figures cannot say."""
    found = [
        f"{row.label}: has no seed in common with {rows[0].label}, so no paired difference"
        for row in rows[1:]
        if not row.of_seed.keys() & rows[0].of_seed.keys()
    ]
    if any(len(row.of_seed) < 2 for row in rows):
        found.append("a row of one seed has no interval over seeds: another seed may change the order")
    singles = [answers.get(row.single.name, {}) for row in rows if row.single]
    if singles and any(singles[0] and not comparable(singles[0], each, head) for each in singles for head in each):
        found.append("models that predicted other samples are not compared on their predictions")
    return found

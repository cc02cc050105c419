"""The cells that are there, as figures of each method: what the tables and the plots show."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from study.plan import Cell, Study
from tailwise.core.files import read_json
from tailwise.evaluation.figures import RARE
from tailwise.metrics.statistics import Estimate, estimate, holm, paired

Results = dict[int, dict[str, Any]]
"""{seed: content of a cell's file}"""


@dataclass(frozen=True)
class Row:
    """A method on a head. of_seed: {seed: the head's figures}; difference: from the default, in macro recall
    p: of that difference, by Holm's correction over the baselines; None for other methods and without an interval"""

    method: str
    label: str
    kind: str
    of_seed: dict[int, dict[str, Any]]
    choice: float | None
    difference: Estimate | None
    steps: int
    minutes: float | None
    p: float | None = None

    def values(self, figure: str) -> dict[int, float]:
        return {seed: head[figure] for seed, head in self.of_seed.items()}

    def mean(self, figure: str) -> Estimate:
        return estimate(list(self.values(figure).values()))

    @property
    def lost(self) -> dict[int, int]:
        """{seed: classes with 0 recall}"""
        return {seed: sum(value == 0 for value in head["recall"].values()) for seed, head in self.of_seed.items()}

    @property
    def within(self) -> float:
        """Mean half width of the intervals within the seeds, over groups of samples."""
        return float(np.mean([(head["interval"][1] - head["interval"][0]) / 2 for head in self.of_seed.values()]))

    @property
    def confusion(self) -> np.ndarray:
        """Confusion counts (C, C), summed over the seeds."""
        rows = [[list(map(int, row.split())) for row in head["confusion"]] for head in self.of_seed.values()]
        return np.array(rows).sum(axis=0)

    def of_class(self, figure: str, name: str) -> Estimate | None:
        """Recall or precision of a class; None if it has no sample."""
        known = [head[figure][name] for head in self.of_seed.values() if head[figure][name] is not None]
        return estimate(known) if known else None


@dataclass(frozen=True)
class Summary:
    """A dataset. heads: {head: its rows, the default first}; missing: lines on cells that are not there

    tested: as heads, on the test split
    """

    dataset: str
    heads: dict[str, list[Row]]
    missing: list[str]
    tested: dict[str, list[Row]] = field(default_factory=dict)


def data_of(folder: Path) -> str | None:
    """The data of the first of the default's results in a dataset's folder; None without one."""
    first = next(iter(sorted((folder / "default").glob("*.json"))), None)
    return read_json(first)["made_from"]["data"] if first else None


def summarize(study: Study, dataset: str, times: Path) -> Summary:
    """The figures of a dataset from however many cells there are. times: folder of the cells' seconds"""
    cells: dict[str, Results] = {}
    missing: list[str] = []
    for method in study.settings.methods:
        if study.applies(dataset, method):
            cells[method], lines = found_cells(study, dataset, method)
            missing += lines
    tested = {method: test_results(study, dataset, method, of_method) for method, of_method in cells.items()}
    return Summary(dataset, rows_of(study, dataset, cells, times), missing, rows_of(study, dataset, tested, times))


def test_results(study: Study, dataset: str, method: str, results: Results) -> Results:
    """{seed: figures on the test split} of those results that were scored."""
    files = {seed: study.results / Cell(dataset, method, seed).test_file for seed in results}
    found = {seed: read_json(file) for seed, file in files.items() if file.exists()}
    return {seed: scored for seed, scored in found.items() if scored["made_from"] == results[seed]["made_from"]}


def rows_of(study: Study, dataset: str, cells: dict[str, Results], times: Path) -> dict[str, list[Row]]:
    """{head: rows}"""
    names = {name: None for of_method in cells.values() for result in of_method.values() for name in result["heads"]}
    return {name: list(corrected(rows_of_head(study, dataset, name, cells, times))) for name in names}


def found_cells(study: Study, dataset: str, method: str) -> tuple[Results, list[str]]:
    """({seed: result}, lines on what is missing) of a method."""
    wanted = study.seeds(dataset, method)
    if not wanted:
        left = [f"{cell.grid:g}" for cell in study.tried(dataset, method) if study.result(cell) is None]
        why = f"to be tried: {', '.join(left)}" if left else "the method it takes its training from has no rate yet"
        return {}, [f"{dataset} {method}: no seed, its choice is open ({why})"]
    results = {cell.seed: study.result(cell) for cell in wanted}
    absent = [str(seed) for seed, result in results.items() if result is None]
    lines = [f"{dataset} {method}: seeds {', '.join(absent)}"] if absent else []
    return {seed: result for seed, result in results.items() if result}, lines


def rows_of_head(study: Study, dataset: str, head: str, cells: dict[str, Results], times: Path) -> Iterator[Row]:
    default = {seed: result["heads"][head]["macro_recall"] for seed, result in cells.get("default", {}).items()}
    for method, results in cells.items():
        if not results:
            continue
        row, of_seed = study.settings.methods[method], {seed: result["heads"][head] for seed, result in results.items()}
        own = {seed: figures["macro_recall"] for seed, figures in of_seed.items()}
        difference = None if method == "default" else paired(own, default)
        choice = study.choice(dataset, method) if row.kind != "ablation" else None
        steps = round(float(np.mean([result["steps"] for result in results.values()])))
        minutes = mean_minutes(times / dataset / method, list(results))
        yield Row(method, row.label, row.kind, of_seed, choice, difference, steps, minutes)


def mean_minutes(folder: Path, seeds: list[int]) -> float | None:
    """Mean processor minutes of a cell; None where no file says."""
    files = [folder / f"{seed}.json" for seed in seeds]
    seconds = [read_json(file)["cpu_seconds"] for file in files if file.exists()]
    return float(np.mean(seconds)) / 60 if seconds else None


def corrected(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows with p of the baselines, by Holm's correction over those that have an interval."""
    every = list(rows)
    raw = {
        row.method: row.difference.p
        for row in every
        if row.kind == "baseline" and row.difference and row.difference.p is not None
    }
    found = holm(raw)
    for row in every:
        yield Row(**{**vars(row), "p": found.get(row.method)})


def rare_classes(rows: list[Row]) -> list[str]:
    """Classes with less than RARE of the training samples, the rarest first."""
    counts = next(iter(rows[0].of_seed.values()))["trained_on"]
    total = sum(counts.values())
    return sorted((name for name, count in counts.items() if count < RARE * total), key=lambda name: counts[name])


def taken_for(row: Row, name: str, most: int = 2) -> list[tuple[str, float]]:
    """What samples of a class are most often taken for: (class, share of the class's samples)."""
    names = list(next(iter(row.of_seed.values()))["recall"])
    counts = row.confusion[names.index(name)]
    wrong = Counter({other: int(count) for other, count in zip(names, counts) if other != name and count})
    return [(other, count / counts.sum()) for other, count in wrong.most_common(most)]

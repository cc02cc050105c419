"""The ablation's table, in Markdown, of the cells that are there."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailwise.ablation.plan import DEFAULT, TIMES, Ablation, Cell, file_of, result
from tailwise.core.files import read_json
from tailwise.metrics.statistics import Estimate, paired

USED = {"cpu_seconds": "CPU s", "peak_mb": "peak MB"}
NOTES = """\
Figures of the run's last stage, on one thread. Means over seeds ± their standard deviation, where a row has two seeds
or more. *CPU s*: processor seconds of the training stages, with their start; other work on the machine changes them.
*peak MB*: of the largest of these processes. † marks a row that had a fallback model."""
DIFFERENCES = """\
The mean over the seeds that both rows have, ± half of its 95 % interval by Student's t over these paired differences.
An interval that holds 0 may be chance; where many rows are compared, one in twenty lies outside it by chance."""


@dataclass(frozen=True)
class Line:
    """A row with what its seeds gave.

    of_seed: {seed: figures}; parameters: of its model; fallback: whether a seed had a fallback model
    """

    name: str
    label: str
    of_seed: dict[int, dict[str, float | None]]
    parameters: int = 0
    fallback: bool = False

    def values(self, figure: str) -> dict[int, float]:
        """{seed: value}, where it is defined."""
        found = {seed: of.get(figure) for seed, of in self.of_seed.items()}
        return {seed: value for seed, value in found.items() if value is not None}

    def mean(self, figure: str) -> float | None:
        return statistics.fmean(values.values()) if (values := self.values(figure)) else None

    def minus(self, other: "Line", figure: str) -> Estimate | None:
        """The difference from another row over the seeds that both have."""
        return paired(self.values(figure), other.values(figure))


def read_lines(plan: Ablation, kind: type) -> list[Line]:
    """The rows that have a cell, in the plan's order. kind: the recipe's dataclass of all sections"""
    found = []
    for name, row in plan.rows.items():
        every = (Cell(name, seed) for seed in range(1, plan.seeds + 1))
        done = {cell: of for cell in every if (of := result(plan, cell, kind)) is not None}
        if done:
            first: dict[str, Any] = next(iter(done.values()))
            of_seed = {cell.seed: {**of["figures"], **_used(file_of(plan, cell, TIMES))} for cell, of in done.items()}
            fallback = any(of["fallback"] for of in done.values())
            found.append(Line(name, row.label, of_seed, first["parameters"], fallback))
    return found


def _used(file: Path) -> dict[str, float]:
    return read_json(file) if file.exists() else {}


def missing_cells(plan: Ablation, lines: Sequence[Line]) -> list[str]:
    """For each row that lacks some, its name and the seeds."""
    known = {line.name: line.of_seed for line in lines}
    seeds = {name: [str(s) for s in range(1, plan.seeds + 1) if s not in known.get(name, {})] for name in plan.rows}
    return [f"{name}: seed {', '.join(absent)}" for name, absent in seeds.items() if absent]


def markdown(plan: Ablation, lines: Sequence[Line]) -> str:
    """The page: figures, differences from the default, and which cells are not there."""
    default = next((line for line in lines if line.name == DEFAULT), None)
    titles = [*(figure.label for figure in plan.figures.values()), *USED.values(), "parameters"]
    parts = [f"# {plan.title}", NOTES, table([["", "seeds", *titles], *(figure_cells(plan, line) for line in lines)])]
    others = [line for line in lines if line is not default]
    if default and plan.compared and others:
        titles = [plan.figures[name].label for name in plan.compared]
        rows = [difference_cells(plan, line, default) for line in others]
        parts += ["## Differences from the default", DIFFERENCES, table([["", "seeds", *titles], *rows])]
    if missing := missing_cells(plan, lines):
        parts += ["## Cells that are not there", "\n".join(f"- {of_row}" for of_row in missing)]
    return "\n\n".join(parts) + "\n"


def figure_cells(plan: Ablation, line: Line) -> list[str]:
    digits = {**{name: figure.digits for name, figure in plan.figures.items()}, **dict.fromkeys(USED, 0)}
    cells = [spread(list(line.values(name).values()), places) for name, places in digits.items()]
    return [line.label + (" †" if line.fallback else ""), str(len(line.of_seed)), *cells, f"{line.parameters:,}"]


def difference_cells(plan: Ablation, line: Line, default: Line) -> list[str]:
    shared = len(line.of_seed.keys() & default.of_seed.keys())
    found = [line.minus(default, name) for name in plan.compared]
    return [line.label, str(shared), *(each.signed if each else "" for each in found)]


def spread(values: Sequence[float], digits: int) -> str:
    """Mean ± standard deviation; the mean alone of one value, "" of none."""
    if not values:
        return ""
    mean = f"{statistics.fmean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


def table(rows: Sequence[Sequence[str]]) -> str:
    """In Markdown; rows: the first is the header."""
    rule = ["---", *["---:"] * (len(rows[0]) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))

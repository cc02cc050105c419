"""The ablation's table, in Markdown, and its trade-off plot, of the cells that are there."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablation.plan import DEFAULT, Ablation, Cell, result
from tailwise.core.files import read_json

COLUMNS: dict[str, tuple[str, int]] = {
    "macro_f1": ("macro F1", 3),
    "chorus": ("chorus F1", 3),
    "boundary_f1": ("boundary F1", 3),
    "segment_f1": ("segment F1", 3),
    "ece": ("ECE", 3),
    "above_95": ("above 0.95", 2),
    "cpu_seconds": ("CPU s", 0),
    "peak_mb": ("peak MB", 0),
}
"""{figure: title and digits}"""
COMPARED = ("macro_f1", "boundary_f1", "segment_f1")
"""Figures whose difference from the default is shown."""
NOTES = """\
Validation songs, last epoch, on one thread. Means over seeds ± their standard deviation, where a row has two seeds or
more. A difference is the mean over the seeds that both rows have; its ± is the standard deviation of these differences.
One within the default's own spread may be chance. *boundary F1*: tolerance of one position. *ECE* and
*above 0.95*, the share of answers with a larger confidence: after calibration. *CPU s*: processor seconds of the three
training stages, with their start; other work on the machine changes them. *peak MB*: of the largest of these processes.
† marks a row that had a fallback model.
"""


@dataclass(frozen=True)
class Line:
    """A row with what its seeds gave. of_seed: {seed: figures}"""

    name: str
    label: str
    of_seed: dict[int, dict[str, Any]]

    def values(self, figure: str) -> list[float]:
        return [of[figure] for of in self.of_seed.values() if of.get(figure) is not None]

    def mean(self, figure: str) -> float | None:
        return statistics.fmean(values) if (values := self.values(figure)) else None

    def minus(self, other: "Line", figure: str) -> list[float]:
        """Differences from another row, of each seed that both have."""
        seeds = sorted(self.of_seed.keys() & other.of_seed.keys())
        return [self.of_seed[seed][figure] - other.of_seed[seed][figure] for seed in seeds]


def read_lines(plan: Ablation, data: str, results: Path = Path("results"), times: Path = Path("times")) -> list[Line]:
    """The rows that have a cell, in the plan's order. data: `data_hash`"""
    found = []
    for name, row in plan.rows.items():
        of_seed = {}
        for cell in (Cell(name, seed) for seed in range(1, plan.seeds + 1)):
            if (of := result(plan, cell, data, results)) is not None:
                used = read_json(times / cell.file) if (times / cell.file).exists() else {}
                of_seed[cell.seed] = {**of, "chorus": of["class_f1"].get("chorus"), **used}
        if of_seed:
            found.append(Line(name, row.label, of_seed))
    return found


def missing_cells(plan: Ablation, lines: Sequence[Line]) -> list[str]:
    """For each row that lacks some, its name and the seeds."""
    known = {line.name: line.of_seed for line in lines}
    seeds = {name: [str(s) for s in range(1, plan.seeds + 1) if s not in known.get(name, {})] for name in plan.rows}
    return [f"{name}: seed {', '.join(absent)}" for name, absent in seeds.items() if absent]


def markdown(lines: Sequence[Line], missing: Sequence[str]) -> str:
    """The page: figures, differences from the default, and which cells are not there."""
    default = next(line for line in lines if line.name == DEFAULT)
    figures = [["", "seeds", *(title for title, _ in COLUMNS.values()), "parameters"], *map(figure_cells, lines)]
    differences = [["", "seeds", *(COLUMNS[name][0] for name in COMPARED)]]
    differences += [difference_cells(line, default) for line in lines if line is not default]
    parts = ["# Ablation of the sections pipeline", NOTES.rstrip(), table(figures)]
    parts += ["## Differences from the default", table(differences)]
    if missing:
        parts += ["## Cells that are not there", "\n".join(f"- {of_row}" for of_row in missing)]
    return "\n\n".join(parts) + "\n"


def figure_cells(line: Line) -> list[str]:
    of = next(iter(line.of_seed.values()))
    marked = line.label + (" †" if any(line.values("fallback")) else "")
    cells = [spread(line.values(name), digits) for name, (_, digits) in COLUMNS.items()]
    return [marked, str(len(line.of_seed)), *cells, f"{of['parameters']:,}"]


def difference_cells(line: Line, default: Line) -> list[str]:
    found = [line.minus(default, name) for name in COMPARED]
    return [line.label, str(len(found[0])), *(spread(values, 3, "+") for values in found)]


def spread(values: Sequence[float], digits: int, sign: str = "") -> str:
    """Mean ± standard deviation; the mean alone of one value, "" of none."""
    if not values:
        return ""
    mean = f"{statistics.fmean(values):{sign}.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


def table(rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(rows[0]) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))

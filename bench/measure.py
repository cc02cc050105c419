"""Interleaved timings, so that slow minutes affect all variants alike, and their table."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of a table: what was measured and the value of each round.

    unit: "s", "MB", or "" for a ratio
    most, least: limits, or None
    """

    name: str
    values: list[float]
    unit: str = ""
    most: float | None = None
    least: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def asked(self) -> str:
        """The limit, and whether the median meets it; "" without a limit."""
        wanted = [f"at most {self.most:g}"] if self.most is not None else []
        wanted += [f"at least {self.least:g}"] if self.least is not None else []
        kept = (self.most is None or self.median <= self.most) and (self.least is None or self.median >= self.least)
        return f"{', '.join(wanted)}: {'kept' if kept else 'MISSED'}" if wanted else ""

    def cells(self) -> list[str]:
        numbers = [number(value, self.unit) for value in (self.median, min(self.values), max(self.values))]
        return [self.name, *numbers, str(len(self.values)), self.asked]


@dataclass(frozen=True)
class Table:
    """Figures of one benchmark; note: a line below them."""

    title: str
    figures: list[Figure]
    note: str = ""


HEADER = ["", "median", "lowest", "highest", "rounds", "asked for"]


def number(value: float, unit: str) -> str:
    """At least three digits, and the unit."""
    if value and abs(value) < 0.001:
        return f"{value:.1e} {unit}".rstrip()
    return f"{value:.{3 if abs(value) < 10 else 1}f} {unit}".rstrip()


def markdown(table: Table) -> str:
    """The table as Markdown with aligned columns."""
    lines = [HEADER, *(figure.cells() for figure in table.figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    rows = [_row([_fit(cell, width, place) for place, (cell, width) in enumerate(zip(line, widths))]) for line in lines]
    rule = _row(["-" * (width - 1) + (":" if 0 < place < 5 else "-") for place, width in enumerate(widths)])
    note = f"\n{table.note}\n" if table.note else ""
    return f"## {table.title}\n\n" + "\n".join([rows[0], rule, *rows[1:]]) + f"\n{note}"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _fit(cell: str, width: int, place: int) -> str:
    return cell.rjust(width) if 0 < place < 5 else cell.ljust(width)


def interleave(works: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each function, interleaved over `repeats` rounds, after one discarded warm-up round."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for round_ in range(repeats + 1):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            if round_:
                times[name].append(time.perf_counter() - started)
    return times


def seconds(times: dict[str, list[float]]) -> list[Figure]:
    """One figure per function, in seconds."""
    return [Figure(name, values, "s") for name, values in times.items()]


def ratio(rounds: dict[str, list[float]], first: str, second: str, most: float | None = None) -> Figure:
    """The ratio of the first function's time or memory to the second's, round by round."""
    return Figure(f"{first} / {second}", [a / b for a, b in zip(rounds[first], rounds[second])], most=most)

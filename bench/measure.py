"""Interleaved timings, so that a slow minute hits all alike, and the table that they are shown in."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of a table: what was measured and the value of each round.

    unit: "s", "MB", or "" for a ratio
    most, least: what is asked for, None where nothing is
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
        """What is asked for and whether the median keeps it, "" where nothing is asked for."""
        wanted = [f"at most {self.most:g}"] if self.most is not None else []
        wanted += [f"at least {self.least:g}"] if self.least is not None else []
        kept = (self.most is None or self.median <= self.most) and (self.least is None or self.median >= self.least)
        return f"{', '.join(wanted)}: {'kept' if kept else 'MISSED'}" if wanted else ""

    def cells(self) -> list[str]:
        numbers = [number(value, self.unit) for value in (self.median, min(self.values), max(self.values))]
        return [self.name, *numbers, str(len(self.values)), self.asked]


@dataclass(frozen=True)
class Table:
    """Figures of one bench; note: a line to read below them."""

    title: str
    figures: list[Figure]
    note: str = ""


HEADER = ["", "median", "lowest", "highest", "rounds", "asked for"]


def number(value: float, unit: str) -> str:
    """Three digits or more, and the unit."""
    if value and abs(value) < 0.001:
        return f"{value:.1e} {unit}".rstrip()
    return f"{value:.{3 if abs(value) < 10 else 1}f} {unit}".rstrip()


def markdown(table: Table) -> str:
    """The table as Markdown whose columns also line up in a terminal."""
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
    """Seconds of each work, one after the other, `repeats` rounds after a first one that is thrown away."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for round_ in range(repeats + 1):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            if round_:
                times[name].append(time.perf_counter() - started)
    return times


def seconds(times: dict[str, list[float]]) -> list[Figure]:
    """A figure a work, in seconds."""
    return [Figure(name, values, "s") for name, values in times.items()]


def ratio(rounds: dict[str, list[float]], first: str, second: str, most: float | None = None) -> Figure:
    """The first work's time or memory as a multiple of the second's, round by round."""
    return Figure(f"{first} / {second}", [a / b for a, b in zip(rounds[first], rounds[second])], most=most)

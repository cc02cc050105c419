"""The trade-off plot: quality of each row against the time of its training."""

import io
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from tailwise.ablation.plan import DEFAULT, Ablation
from tailwise.ablation.tables import Line
from tailwise.core.files import write_bytes
from tailwise.reporting.figures.style import COLORS, FORMATS, WIDTH, style

SHOWN = 2
"""Panels: the first of the figures that are compared."""
TIME = "cpu_seconds"
SIDES = [(0.0, 6.5), (0.0, -6.5), (8.0, 0.0), (-8.0, 0.0), (7.0, 6.0), (-7.0, 6.0), (7.0, -6.0), (-7.0, -6.0)]
SIDES += [(2 * x, 2 * y) for x, y in SIDES]
"""Places of a number beside its point, in points of print; the first free one is taken."""
LEAST_RANGE = 0.02
"""Of the quality that is shown: smaller differences must not look large."""
TICKS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)
"""Of each decade of time: their labels do not overlap."""
LETTER = 7.0
"""Width and height that a number takes, in points of print."""


def draw(plan: Ablation, lines: Sequence[Line], path: Path) -> None:
    """Write a PNG. Rows without a time are left out; no file for less than two rows."""
    timed, shown = [line for line in lines if line.mean(TIME)], plan.compared[:SHOWN]
    if len(timed) < 2 or not shown:
        return
    with style():
        below = 0.155 * -(-len(timed) // 2)
        figure = Figure(figsize=(WIDTH, 3.2 + below))
        share = below / figure.get_figheight()
        figure.set_layout_engine(ConstrainedLayoutEngine(rect=(0, share, 1, 1 - share)))
        for axes, name in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown):
            scatter(axes, timed, name, plan.figures[name].label)
        figure.suptitle("Each row of the ablation; the band: the default ± its standard deviation", fontsize=9)
        key(figure, timed)
        content = io.BytesIO()
        figure.savefig(content, format="png", **FORMATS["png"])
    write_bytes(path, content.getvalue())


def scatter(axes: Axes, lines: Sequence[Line], name: str, label: str) -> None:
    """One panel: points numbered from 0, the default."""
    points = [(x, y) for line in lines if (x := line.mean(TIME)) and (y := line.mean(name)) is not None]
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_major_locator(LogLocator(subs=TICKS))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="training, processor seconds", ylabel=label)
    for line, (x, y) in zip(lines, points):
        own = line.name == DEFAULT
        color = COLORS[2] if own else COLORS[1]
        axes.plot(x, y, "D" if own else "o", color=color, markersize=5 if own else 3.5, zorder=3 if own else 2)
        if own and len(values := line.values(name)) > 1:
            spread = statistics.stdev(values.values())
            axes.axhspan(y - spread, y + spread, color=COLORS[2], alpha=0.12, linewidth=0)
    axes.margins(0.12)
    low, high = axes.get_ylim()
    more = max(LEAST_RANGE - (high - low), 0) / 2
    axes.set_ylim(low - more, high + more)
    cast(Figure, axes.figure).draw_without_rendering()
    number(axes, points)


def number(axes: Axes, points: Sequence[tuple[float, float]]) -> None:
    """Write each point's number beside it, where neither a point nor another number is."""
    scale = 72 / axes.figure.dpi
    places = [tuple(scale * axes.transData.transform(point)) for point in points]
    taken = list(places)
    for place, (point, (x, y)) in enumerate(zip(points, places)):
        free = [side for side in SIDES if clear((x + side[0], y + side[1]), taken)]
        side = free[0] if free else SIDES[-1]
        taken.append((x + side[0], y + side[1]))
        axes.annotate(
            str(place), point, side, textcoords="offset points", fontsize=6, ha="center", va="center", color="0.25"
        )


def clear(place: tuple[float, float], taken: Sequence[tuple[float, float]]) -> bool:
    return all(abs(place[0] - x) >= LETTER or abs(place[1] - y) >= LETTER * 0.7 for x, y in taken)


def key(figure: Figure, lines: Sequence[Line]) -> None:
    """The rows by number, in two columns below the panels."""
    half = -(-len(lines) // 2)
    for place, line in enumerate(lines):
        column, down = divmod(place, half)
        x, y = 0.02 + 0.5 * column, 0.15 * (half - down) / figure.get_figheight()
        figure.text(x, y, f"{place}  {line.label}", fontsize=6.5, va="top")

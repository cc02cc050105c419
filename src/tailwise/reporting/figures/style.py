"""One style for all figures: readable in print, in grey, and by people who do not see all colours.

The same data give the same bytes: fonts that matplotlib brings along, no date, fixed names inside SVG.
Source of the palette: https://doi.org/10.1038/nmeth.1618 (Okabe and Ito), ordered from dark to light.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

COLORS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

WIDTH = 6.5
"""Inches: the text width of a page."""

SETTINGS: "dict[RcKeyType, object]" = {
    "font.family": "DejaVu Sans",
    "font.size": 8.0,
    "axes.titlesize": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "0.88",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 3.5,
    "svg.hashsalt": "tailwise",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}

FORMATS = {
    "png": {"dpi": 200, "metadata": {"Software": None}},
    "svg": {"metadata": {"Date": None, "Creator": None}},
    "pdf": {"metadata": {"CreationDate": None, "Producer": None, "Creator": None}},
}
"""{format: arguments of `savefig`}, without what differs from run to run or from version to version."""


@contextmanager
def style() -> Iterator[None]:
    """matplotlib with these settings alone, whatever a user's own file says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield


def line_styles(count: int) -> list[dict]:
    """`count` styles of lines that differ in dashes and markers, and in colour only besides."""
    styles = zip(cycle(COLORS), cycle(DASHES), cycle(MARKERS))
    return [{"color": color, "linestyle": dash, "marker": marker} for color, dash, marker in islice(styles, count)]


def shorten_label(name: str, limit: int = 28) -> str:
    """A class name as it fits beside an axis."""
    return name if len(name) <= limit else f"{name[: limit - 1]}…"


def plain_text(axes: Axes) -> None:
    """Show names as they are: matplotlib takes a pair of dollar signs for a formula."""
    named = [axis for axis in (axes.xaxis, axes.yaxis) if isinstance(axis.get_major_formatter(), FixedFormatter)]
    texts = [label for axis in named for label in axis.get_ticklabels()] + [axes.title]
    legend = axes.get_legend()
    for text in [*texts, *(legend.get_texts() if legend else ())]:
        text.set_parse_math(False)


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write ``<folder>/<format>/<name>.<format>`` in every format; returns the paths."""
    for axes in figure.axes:
        plain_text(axes)
    paths = []
    for kind, how in FORMATS.items():
        path = folder / kind / f"{name}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format=kind, **how)
        paths.append(path)
    return paths

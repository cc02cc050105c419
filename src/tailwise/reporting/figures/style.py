"""Style of all figures: readable in print, in greyscale, and with colour vision deficiency.

The same data give the same bytes: fonts shipped with matplotlib, no dates, fixed ids in SVG.
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
"""{format: arguments of `savefig`}, which drop metadata that differs between runs or versions."""


@contextmanager
def style() -> Iterator[None]:
    """Use SETTINGS on top of matplotlib's defaults and ignore the user's matplotlibrc."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield


def line_styles(count: int) -> list[dict]:
    """`count` line styles, distinguishable by dashes and markers alone; colour is redundant."""
    styles = zip(cycle(COLORS), cycle(DASHES), cycle(MARKERS))
    return [{"color": color, "linestyle": dash, "marker": marker} for color, dash, marker in islice(styles, count)]


def shorten_label(name: str, limit: int = 28) -> str:
    """Truncate a class name to fit beside an axis."""
    return name if len(name) <= limit else f"{name[: limit - 1]}…"


def plain_text(axes: Axes) -> None:
    """Turn off math text: matplotlib reads a pair of dollar signs as a formula."""
    named = [axis for axis in (axes.xaxis, axes.yaxis) if isinstance(axis.get_major_formatter(), FixedFormatter)]
    texts = [label for axis in named for label in axis.get_ticklabels()] + [axes.title]
    legend = axes.get_legend()
    for text in [*texts, *(legend.get_texts() if legend else ())]:
        text.set_parse_math(False)


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write ``<folder>/<format>/<name>.<format>`` in every format, with one layout; returns the paths."""
    for axes in figure.axes:
        plain_text(axes)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # which would lay it out again, and draw it for that, in each format
    paths = []
    for kind, how in FORMATS.items():
        path = folder / kind / f"{name}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format=kind, **how)
        paths.append(path)
    return paths

"""The runs of faults.py drawn, a row a fault: training loss by step, macro recall on validation by epoch."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from curves import CHANCE, KEPT, Curve, read_curves
from inject import FAULTS, UNDISTURBED
from tailwise.reporting.figures.style import COLORS, FORMATS, WIDTH, style

STYLES = {
    name: {"color": color, "linestyle": dash}
    for name, color, dash in (
        ("undisturbed", "0.6", "-"),
        ("guards on", COLORS[1], "-"),
        ("guards off", COLORS[2], "--"),
    )
}
OVER = 10
"""Steps of the running mean that smooths the loss curve."""
MOST = 6.0
"""Upper limit of the loss axis, so that other runs stay readable."""


def draw() -> None:
    """Write the picture beside the rows."""
    with style():
        _draw(read_curves())


def _draw(found: list[Curve]) -> None:
    straight = next(curve for curve in found if curve.fault == UNDISTURBED)
    of_fault = {name: [curve for curve in found if curve.fault == name] for name in FAULTS if name != UNDISTURBED}
    drawn = {name: [*reversed(curves), straight] for name, curves in of_fault.items() if curves}
    figure = Figure(figsize=(1.4 * WIDTH, 0.6 + 1.6 * len(drawn)), layout="constrained")
    axes = figure.subplots(len(drawn), 2, squeeze=False, sharex=True)
    steps = max(int(row["step"]) for row in straight.rows)
    for (left, right), (fault, curves) in zip(axes, drawn.items()):
        for curve in curves:
            draw_loss(left, curve, steps)
            draw_recall(right, curve)
        dress(left, right, fault, len(straight.recalls))
    for axis in axes[-1]:
        axis.set_xlabel("epoch")
    add_legend(figure)
    figure.savefig(KEPT.with_suffix(".png"), **FORMATS["png"])


def look(curve: Curve) -> dict:
    return STYLES["undisturbed" if curve.fault == UNDISTURBED else f"guards {curve.guards}"]


def draw_loss(axis: Axes, curve: Curve, steps: int) -> None:
    """Draw the loss, with a mark above each intervention and a cross where a run ended early."""
    at = [int(row["epoch"]) - 1 + int(row["step"]) / steps for row in curve.rows]
    losses = running([float(row["loss"] or "nan") for row in curve.rows])
    axis.plot(at, [min(loss, MOST) for loss in losses], **look(curve))
    above = {"transform": axis.get_xaxis_transform(), "clip_on": False, "linestyle": "", "color": look(curve)["color"]}
    events = [place for place, row in zip(at, curve.rows) if row["event"]]
    if events:  # an empty line would distort the layout
        axis.plot(events, [1.04] * len(events), marker="v", markersize=5, **above)
    if at and curve.ended:
        axis.plot(at[-1], 1.04, marker="x", markersize=7, markeredgewidth=2, **above)


def draw_recall(axis: Axes, curve: Curve) -> None:
    axis.plot(range(1, len(curve.recalls) + 1), curve.recalls, **look(curve))
    if curve.ended and curve.recalls:
        axis.plot(
            len(curve.recalls), curve.recalls[-1], "x", color=look(curve)["color"], markersize=7, markeredgewidth=2
        )


def running(values: list[float]) -> list[float]:
    """Running mean that ignores non-finite values."""
    means = []
    for end in range(1, len(values) + 1):
        known = [value for value in values[max(0, end - OVER) : end] if math.isfinite(value)]
        means.append(math.fsum(known) / len(known) if known else math.nan)
    return means


def dress(left: Axes, right: Axes, fault: str, epochs: int) -> None:
    left.set(xlim=(0, epochs), ylim=(0, None), ylabel="training loss")
    left.set_title(fault, loc="left", fontweight="bold", pad=10)
    right.axhline(CHANCE, color="0.4", linestyle=":", linewidth=1)
    right.text(0.05 * epochs / 10, CHANCE - 0.015, "chance", va="top", fontsize=7, color="0.4")
    right.set(ylim=(0, None), ylabel="macro recall")


def add_legend(figure: Figure) -> None:
    lines = [Line2D([], [], label=name, **of_run) for name, of_run in STYLES.items()]
    marks = [("v", "intervention"), ("x", "run ended")]
    lines += [Line2D([], [], color="0.2", marker=mark, linestyle="", label=name) for mark, name in marks]
    figure.legend(handles=lines, loc="outside upper center", ncols=len(lines))

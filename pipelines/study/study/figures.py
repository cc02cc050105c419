"""Plots of the summary, in the style of all figures."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.summary import Row, Summary, rare_classes
from tailwise.metrics.statistics import Estimate
from tailwise.reporting.figures.style import WIDTH, save, shorten_label, style

MOST_CLASSES = 4


def draw_all(summaries: Sequence[Summary], folder: Path) -> list[Path]:
    """Every head's methods, and its rare classes, in every format below `folder`."""
    paths: list[Path] = []
    with style():
        for summary in summaries:
            for head, rows in summary.heads.items():
                paths += save(methods(rows, f"{summary.dataset}, {head}"), folder, f"{summary.dataset}_{head}")
                if names := rare_classes(rows)[:MOST_CLASSES]:
                    figure = rare(rows, names, f"{summary.dataset}, {head}")
                    paths += save(figure, folder, f"{summary.dataset}_{head}_rare")
    return paths


def methods(rows: Sequence[Row], title: str) -> Figure:
    """Macro recall and lowest recall of each method: a dot a seed, a diamond for the mean, its interval."""
    figure = Figure(figsize=(WIDTH, 1.0 + 0.24 * len(rows)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, figure_name, label in ((left, "macro_recall", "macro recall"), (right, "min_recall", "lowest recall")):
        for place, row in enumerate(rows):
            points(axes, place, row.mean(figure_name), list(row.values(figure_name).values()), row.kind)
        axes.axvline(rows[0].mean(figure_name).mean, color="0.4", linestyle="--", linewidth=0.9)
        axes.set(xlabel=label)
    name_rows(left, rows)
    figure.suptitle(f"{title}: 95 % intervals over seeds; dashed: the default's mean", fontsize=9)
    return figure


def rare(rows: Sequence[Row], names: Sequence[str], title: str) -> Figure:
    """Recall of each rare class by method."""
    figure = Figure(figsize=(WIDTH, 1.0 + 0.24 * len(rows)), layout="constrained")
    every = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, name in zip(every, names):
        for place, row in enumerate(rows):
            known = [head["recall"][name] for head in row.of_seed.values() if head["recall"][name] is not None]
            if mean := row.of_class("recall", name):
                points(axes, place, mean, known, row.kind)
        axes.set(xlim=(-0.02, 1.02), xlabel="recall")
        axes.set_title(shorten_label(name, 18))
    name_rows(every[0], rows)
    figure.suptitle(f"{title}: the rare classes", fontsize=9)
    return figure


def points(axes: Axes, place: int, mean: Estimate, values: Sequence[float], kind: str) -> None:
    axes.plot(values, [place] * len(values), "o", color="0.65", markersize=2.5, zorder=1)
    if mean.half is not None:
        axes.plot([mean.mean - mean.half, mean.mean + mean.half], [place, place], color="0.3", linewidth=1.2)
    face = "white" if kind == "ablation" else "black"
    axes.plot(mean.mean, place, "D", color="black", markerfacecolor=face, markersize=4)


def name_rows(axes: Axes, rows: Sequence[Row]) -> None:
    axes.set_yticks(range(len(rows)), [shorten_label(row.label, 60) for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)

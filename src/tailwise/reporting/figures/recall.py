"""Recall per class with its confidence interval."""

import pandas as pd
from matplotlib.figure import Figure

from tailwise.reporting.figures.style import WIDTH, shorten_label

MOST_CLASSES = 60
"""Maximum classes per figure, which takes those with the fewest training samples."""


def recall_intervals(classes: pd.DataFrame, head: str, few: int, target: float) -> Figure:
    """Recall and its 95 % interval per class, rarest at the bottom; hollow markers for too few samples.

    classes: index class names; columns train, support, value, low, high (of recall; NaN where undefined)
    few: validation samples below which a recall is unreliable; target: recall to exceed
    """
    rows = classes.sort_values("train", kind="stable").head(MOST_CLASSES).iloc[::-1]
    figure = Figure(figsize=(WIDTH, 0.9 + 0.26 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(rows.itertuples()):
        if pd.isna(row.value):
            continue
        axes.plot([row.low, row.high], [place, place], color="0.45", linewidth=1.2)
        face = "white" if row.support < few else "black"
        axes.plot(row.value, place, "o", color="black", markerfacecolor=face, markersize=4.5)
    axes.set_yticks(range(len(rows)), [f"{shorten_label(name)} ({count})" for name, count in rows["support"].items()])
    axes.invert_yaxis()
    axes.axvline(target, color="0.4", linestyle="--", linewidth=0.9)
    axes.set(xlim=(-0.02, 1.02), xlabel=f"recall on validation, 95 % interval over groups; dashed: target {target:g}")
    axes.grid(visible=False, axis="y")
    axes.set_title(f"{head}: recall of each class; hollow: fewer than {few} labels")
    return figure

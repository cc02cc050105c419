"""Class frequencies: the long tail."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from tailwise.reporting.figures.style import WIDTH, shorten_label

MOST_NAMED = 40
"""Maximum number of classes with labelled bars; for more, only the shape of the tail is readable."""


def class_frequencies(counts: pd.DataFrame, head: str) -> Figure:
    """Bar chart on a logarithmic axis, most frequent class first.

    counts: index class names; columns train and valid, the number of samples
    """
    counts = counts.sort_values("train", ascending=False, kind="stable")
    named = len(counts) <= MOST_NAMED
    figure = Figure(figsize=(WIDTH, 0.9 + (0.26 * len(counts) if named else 3.2)), layout="constrained")
    axes = figure.subplots()
    places = range(len(counts))
    axes.barh([y - 0.2 for y in places], counts["train"], 0.4, color="0.25", label="training")
    axes.barh([y + 0.2 for y in places], counts["valid"], 0.4, color="0.75", label="validation")
    if named:
        axes.set_yticks(list(places), [shorten_label(name) for name in counts.index])
    axes.invert_yaxis()
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("labels (logarithmic)")
    smallest = counts["train"][counts["train"] > 0].min()
    axes.set_title(f"{head}: labels of each class, {counts['train'].max() / smallest:.1f} : 1 in training")
    axes.legend(loc="lower right")
    return figure

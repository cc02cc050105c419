"""Confusion matrices."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tailwise.reporting.figures.style import WIDTH, shorten_label

MOST_NAMED, MOST_NUMBERED = 40, 16
"""Maximum number of classes with labelled axes, and with counts in the cells."""


def confusion(predictions: pd.DataFrame, classes: list[str], head: str) -> Figure:
    """Confusion matrix, normalised by actual class; darker is more.

    predictions: one row per label; columns actual and predicted
    """
    counts = pd.crosstab(predictions["actual"], predictions["predicted"])
    matrix = counts.reindex(index=classes, columns=classes, fill_value=0).to_numpy()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(WIDTH, WIDTH * 0.82), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Greys", vmin=0, vmax=1)
    axes.grid(visible=False)
    if len(classes) <= MOST_NAMED:
        names = [shorten_label(name) for name in classes]
        axes.set_xticks(range(len(classes)), names, rotation=45, ha="right")
        axes.set_yticks(range(len(classes)), names)
    if len(classes) <= MOST_NUMBERED:
        for (row, column), count in np.ndenumerate(matrix):
            if count:
                color = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=7)
    axes.set(xlabel="predicted", ylabel="actual", title=f"{head}: confusion on validation, counts and share of the row")
    figure.colorbar(image, ax=axes, shrink=0.8, label="share of the actual class")
    return figure

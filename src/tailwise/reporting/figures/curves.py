"""Learning curves over the epochs of all phases."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tailwise.reporting.figures.style import WIDTH, line_styles, shorten_label

COLUMNS, MOST_CLASSES = 4, 24
"""Panels per row; maximum classes per figure, which takes those with the fewest training samples."""


def learning_curves(epochs: pd.DataFrame, heads: Sequence[str]) -> Figure:
    """Losses, macro recall and macro F1 of every head.

    epochs: one row per epoch, in order; phase, train_loss, gradient_norm, and per head <head>_loss,
        <head>_macro_recall and <head>_macro_f1
    """
    figure = Figure(figsize=(WIDTH, 4.6), layout="constrained")
    panels = figure.subplots(2, 2, sharex=True).flat
    styles = line_styles(len(heads) + 1)
    over = range(1, len(epochs) + 1)
    for axes, name, label in zip(panels, ("loss", "norm", "macro_recall", "macro_f1"), TITLES):
        if name == "loss":
            axes.plot(over, epochs["train_loss"], markevery=0.1, label="training", **styles[-1])
        if name == "norm":
            axes.plot(over, epochs["gradient_norm"], markevery=0.1, label="gradient norm", **styles[-1])
            axes.set_yscale("log")
        else:
            for head, look in zip(heads, styles):
                axes.plot(over, epochs[f"{head}_{name}"], markevery=0.1, label=head, **look)
            axes.legend(fontsize=7)
        axes.set_title(label)
        mark_phases(axes, epochs["phase"].to_list())
    for axes in figure.axes[2:]:
        axes.set_xlabel("epoch")
    return figure


TITLES = (
    "loss, of training and of validation",
    "gradient norm",
    "macro recall on validation",
    "macro F1 on validation",
)


def class_curves(classes: pd.DataFrame, head: str, rarest: Sequence[str]) -> Figure:
    """Validation recall of each class over the epochs, one panel per class, rarest first.

    classes: rows of one head in the order of the epochs; phase, epoch, class, recall
    rarest: class names, fewest training samples first
    """
    shown = list(rarest)[:MOST_CLASSES]
    rows = -(-len(shown) // COLUMNS)
    figure = Figure(figsize=(WIDTH, 0.6 + 1.15 * rows), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False)
    for axes, name in zip(panels.flat, shown):
        of_class = classes.loc[classes["class"] == name]
        axes.plot(range(1, len(of_class) + 1), of_class["recall"], color="black", linewidth=1.1)
        axes.set(ylim=(-0.04, 1.04), title=shorten_label(name))
        mark_phases(axes, of_class["phase"].to_list(), named=False)
    for axes in panels.flat[len(shown) :]:
        axes.set_visible(False)
    of = "" if len(shown) == len(rarest) else f"; {len(shown)} rarest of {len(rarest)} classes"
    figure.suptitle(f"{head}: recall of each class on validation, rarest first{of}", fontsize=9)
    figure.supxlabel("epoch (dotted: a phase begins)", fontsize=8)
    return figure


def mark_phases(axes: Axes, phases: Sequence[str], named: bool = True) -> None:
    """Draw a vertical line at the start of each phase, with its name at the top."""
    before = None
    for epoch, phase in enumerate(phases, start=1):
        if phase != before:
            axes.axvline(epoch - 0.5, color="0.55", linewidth=0.8, linestyle=(0, (2, 2)))
            if named:
                axes.annotate(
                    phase, (epoch - 0.3, 1), xycoords=("data", "axes fraction"), va="top", fontsize=6, color="0.35"
                )
        before = phase

"""Reliability diagrams."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tailwise.metrics.calibration.bins import bin_sums, calibration_error
from tailwise.reporting.figures.style import WIDTH

BINS = 10


def reliability(predictions: pd.DataFrame, head: str) -> Figure:
    """Accuracy over confidence in bins of equal width, and a histogram of confidence.

    predictions: one row per label; columns actual, predicted and confidence, the probability of the predicted class
    Source: https://arxiv.org/abs/1706.04599, section 2
    """
    right, confidence = predictions["actual"] == predictions["predicted"], predictions["confidence"]
    figure = Figure(figsize=(WIDTH * 0.62, 4.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color="0.6", linestyle="--", linewidth=0.9)
    sums = bin_sums(confidence.to_numpy(), right.to_numpy(), BINS)
    labels, stated, correct = (of_bins[sums[:BINS] > 0] for of_bins in np.split(sums, 3))
    upper.plot(stated / labels, correct / labels, color="black", marker="o")
    lower.hist(confidence, bins=np.linspace(0, 1, BINS + 1), color="0.55", edgecolor="white")
    error = calibration_error(sums) or 0.0
    upper.set(ylabel="accuracy", ylim=(0, 1), title=f"{head}: calibration on validation, ECE {error:.3f}")
    lower.set(xlabel="confidence", ylabel="predictions", xlim=(0, 1))
    return figure

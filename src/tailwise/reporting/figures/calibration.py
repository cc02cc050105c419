"""Calibration: reliability and confidence before and after."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tailwise.reporting.figures.style import WIDTH, line_styles

CONFIDENT = (0.90, 0.95)
"""Confidences marked in the histogram; edges of its bins."""


def calibration(of_head: dict[str, Any], head: str) -> Figure:
    """Accuracy over confidence, and the histogram of confidence, before and after the chosen method.

    of_head: as in reports/calibration.json: method, reliability and histogram, and each method's figures
    """
    methods = list(dict.fromkeys(["none", of_head["method"]]))
    figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color="0.6", linestyle="--", linewidth=0.9)
    for method, look in zip(methods, line_styles(2)):
        name = "before" if method == "none" else method
        bins, counts = of_head["reliability"][method], np.array(of_head["histogram"][method])
        known = [place for place, count in enumerate(bins["count"]) if count]
        curve = ([bins[axis][place] for place in known] for axis in ("confidence", "accuracy"))
        left.plot(*curve, label=f"{name}, ECE {of_head[method]['ece']:.3f}", **look)
        edges, shares = np.linspace(0, 1, len(counts) + 1), counts / max(counts.sum(), 1)
        above = ", ".join(f"{of_head[method][f'above_{100 * mark:.0f}']:.1%} > {mark:.2f}" for mark in CONFIDENT)
        right.stairs(shares, edges, label=f"{name}: {above}", color=look["color"], linestyle=look["linestyle"])
    for mark in CONFIDENT:
        right.axvline(mark, color="0.55", linewidth=0.8, linestyle=(0, (2, 2)))
    left.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="accuracy", title=f"{head}: reliability")
    right.set(xlim=(0, 1), xlabel="confidence", ylabel="share of answers", title=f"{head}: confidence")
    left.legend(loc="upper left")
    right.legend(loc="upper left")
    return figure

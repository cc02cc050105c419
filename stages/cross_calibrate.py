"""Fit the calibration of a model to its answers on validation, and measure the methods on them by cross-fitting.

cross_calibrate.py ANSWERS CALIBRATION FIGURES

For pipelines that set no samples aside for it: the figures are of answers calibrated by what was fitted to other
groups. ANSWERS: what `evaluate` wrote; CALIBRATION: the calibrators, fitted to all of them. A head with labels of
fewer than two groups is not calibrated.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from tailwise.core.files import read_json, write_json
from tailwise.core.heads import Head
from tailwise.core.params.config import read_params, section
from tailwise.evaluation.calibration.comparison import compare_tables
from tailwise.evaluation.calibration.crossfit import can_cross_fit, cross_fitted
from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.fitted import Fitted, Uncalibrated, write_calibration
from tailwise.evaluation.calibration.options import Calibration, Method
from tailwise.metrics.predictions import Predictions, read_predictions


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("answers", "calibration", "figures"):
        parser.add_argument(name, type=Path)
    args, options = parser.parse_args(), section(read_params(), "calibration", Calibration)

    heads = [Head(name, tuple(classes)) for name, classes in read_json(Path("data/index/heads.json")).items()]
    found = {head.name: read_predictions(args.answers / f"{head.name}.csv", head) for head in heads}
    made = {name: calibrate_head(of_head, options) for name, of_head in found.items()}
    write_calibration(args.calibration, {name: fitted for name, (fitted, _) in made.items()})
    write_json(args.figures, {name: figures for name, (_, figures) in made.items() if figures})


def calibrate_head(found: Predictions, options: Calibration) -> tuple[Fitted, dict[str, Any]]:
    """(The calibrator fitted to all labelled rows, the figures of each method); no figures of a head without labels."""
    name, known = found.head.name, found.labelled
    if not can_cross_fit(found):
        print(f"{name}: not calibrated: that takes labels of at least 2 groups, found {len(set(known.groups))}")
        none = Uncalibrated("none", found.head.classes)
        tables: dict[Method, Predictions] = {"none": known}
        return none, compare_tables(tables, none, replace(options, method="none")) if len(known) else {}
    fitted = fit_all(found, options.grid)[options.method]
    figures = compare_tables(cross_fitted(found, options), fitted, options)
    before, after = figures["none"]["ece"], figures[options.method]["ece"]
    print(f"{name}: {options.method} calibration, ECE {before:.4f} -> {after:.4f} on validation, cross-fitted")
    return fitted, figures


if __name__ == "__main__":
    main()

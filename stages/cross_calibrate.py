"""Fit the calibration of a model to its answers on validation, and measure the methods on them by cross-fitting.

cross_calibrate.py ANSWERS CALIBRATION FIGURES

For pipelines that set no samples aside for it: the figures are of answers calibrated by what was fitted to other
groups. ANSWERS: what `evaluate` wrote; CALIBRATION: the calibrators, fitted to all of them
"""

import argparse
from pathlib import Path

from tailwise.core.files import read_json, write_json
from tailwise.core.heads import Head
from tailwise.core.params.config import read_params, section
from tailwise.evaluation.calibration.comparison import compare_tables
from tailwise.evaluation.calibration.crossfit import cross_fitted
from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.fitted import write_calibration
from tailwise.evaluation.calibration.options import Calibration
from tailwise.metrics.predictions import read_predictions


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("answers", "calibration", "figures"):
        parser.add_argument(name, type=Path)
    args, options = parser.parse_args(), section(read_params(), "calibration", Calibration)

    heads = [Head(name, tuple(classes)) for name, classes in read_json(Path("data/index/heads.json")).items()]
    found = {head.name: read_predictions(args.answers / f"{head.name}.csv", head) for head in heads}
    chosen = {name: fit_all(of_head, options.grid)[options.method] for name, of_head in found.items()}
    write_calibration(args.calibration, chosen)
    figures = {
        name: compare_tables(cross_fitted(of_head, options), chosen[name], options) for name, of_head in found.items()
    }
    write_json(args.figures, figures)
    for name, of_head in figures.items():
        before, after = of_head["none"]["ece"], of_head[options.method]["ece"]
        print(f"{name}: {options.method} calibration, ECE {before:.4f} -> {after:.4f} on validation, cross-fitted")


if __name__ == "__main__":
    main()

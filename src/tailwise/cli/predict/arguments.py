"""Arguments of `predict` and `pseudo-label`. Loads nothing that is slow to import."""

import argparse
from pathlib import Path

from tailwise.core.errors import UserError

WEIGHTS, CALIBRATION = Path("data/models/selected.safetensors"), Path("data/calibration.json")


def add_predict(one: argparse.ArgumentParser) -> None:
    """Arguments of `predict` that all recipes share."""
    add_inputs(one)
    add_predict_options(one)
    one.set_defaults(run=_predict)


def add_inputs(one: argparse.ArgumentParser) -> None:
    """The samples, which the recipe interprets."""
    one.add_argument(
        "paths",
        type=Path,
        nargs="*",
        metavar="PATH",
        help="one sample, such as the clips of a foul; or a folder or zip in the recipe's layout: docs/prediction.md",
    )
    one.add_argument(
        "--table", type=Path, metavar="FILE", help="CSV of samples, with the columns that the recipe reads"
    )
    one.add_argument("--root", type=Path, metavar="DIR", help="where the table's paths begin; default: its folder")
    one.add_argument("--folder", type=Path, metavar="DIR", help="every file below it as a sample of its own")


def add_model_options(one: argparse.ArgumentParser) -> None:
    """Arguments for the model, its device and its answers."""
    which = one.add_mutually_exclusive_group()
    which.add_argument("--weights", type=Path, default=WEIGHTS, help="default: %(default)s")
    which.add_argument("--model", type=Path, metavar="FOLDER", help="that tailwise export wrote, instead of --weights")
    one.add_argument("--recipe", metavar="MODULE", help="package of a recipe that is no part of tailwise, as tagger")
    one.add_argument("--calibration", type=Path, metavar="FILE", help="of the stage calibrate, for its probabilities")
    one.add_argument("--decoding", type=Path, metavar="FILE", help="of the stage fit_decoding, for its answers")
    one.add_argument("--costs", type=Path, metavar="FILE", help="what errors cost: the cheapest class is the answer")
    one.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: %(default)s")


def add_predict_options(one: argparse.ArgumentParser) -> None:
    """Arguments for model, device and output."""
    add_model_options(one)
    one.add_argument("--format", metavar="NAME", help="text, csv or one of the recipe's; default: text for one sample")
    one.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")
    one.add_argument("--set", metavar="NAME", help="name of the split in the predictions; default: the folder's")
    one.add_argument("--workers", type=int, default=2, help="processes that read the samples; default: 2")


def add_pseudo_label(one: argparse.ArgumentParser) -> None:
    """Arguments of `pseudo-label`: which samples, by which model, and how sure it must be."""
    add_inputs(one)
    one.add_argument("--weights", type=Path, default=WEIGHTS, help="default: %(default)s")
    one.add_argument("--calibration", type=Path, default=CALIBRATION, metavar="FILE", help="default: %(default)s")
    one.add_argument("--recipe", metavar="MODULE", help="package of a recipe that is no part of tailwise, as tagger")
    least = "least calibrated probability, of all heads or HEAD=X; several times; default: 0.9"
    one.add_argument("--threshold", action="append", metavar="X", help=least)
    most = "most labels of a class, as a multiple of its labelled samples; 0: no limit; default: 1"
    one.add_argument("--ratio", type=float, default=1.0, metavar="X", help=most)
    rare = "how much rarer classes are preferred; 0: not at all; default: 1/3"
    one.add_argument("--alpha", type=float, default=1 / 3, metavar="X", help=rare)
    one.add_argument("--index", type=Path, default=Path("data/index"), metavar="DIR", help="default: %(default)s")
    one.add_argument(
        "--out", type=Path, default=Path("data/pseudo/labels.csv"), metavar="FILE", help="default: %(default)s"
    )
    one.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: %(default)s")
    one.add_argument("--workers", type=int, default=2, help="processes that read the samples; default: 2")
    one.set_defaults(run=_pseudo_label, format=None, model=None, decoding=None)


def _predict(args: argparse.Namespace) -> None:
    _check_workers(args)
    from tailwise.cli.predict.command import predict

    predict(args)


def _pseudo_label(args: argparse.Namespace) -> None:
    _check_workers(args)
    from tailwise.cli.predict.pseudo import pseudo_label

    pseudo_label(args)


def _check_workers(args: argparse.Namespace) -> None:
    if args.workers < 1:
        raise UserError(f"--workers must be at least 1, found {args.workers}")

"""Arguments of the commands on runs of a pipeline, such as compare and search."""

import argparse
from pathlib import Path

from tailwise.core.errors import UserError


def add_ablate(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "file", type=Path, nargs="?", default=Path("ablation.yaml"), help="of the rows; default: %(default)s"
    )
    one.add_argument("--row", action="append", metavar="NAME", help="only this one, or these; default: all")
    one.add_argument("--seeds", type=int, metavar="N", help="of each row; default: the file's")
    one.add_argument("--list", action="store_true", dest="only_list", help="show what is not done, compute nothing")
    one.add_argument("--tables", action="store_true", help="write the table and the plot, compute nothing")
    one.set_defaults(run=_ablate)


def add_compare(one: argparse.ArgumentParser) -> None:
    named = "a branch, tag, commit, DVC experiment, or workspace; the first is what the others are compared with"
    one.add_argument("revisions", nargs="*", metavar="REV", help=named)
    one.add_argument("--run", type=Path, dest="run_file", metavar="FILE", help="run a sweep's experiments first")
    one.add_argument("--workers", type=int, default=1, metavar="N", help="runs at a time; default: %(default)s")
    one.add_argument("--list", action="store_true", dest="only_list", help="with --run: show what would run")
    one.add_argument("--metric", action="append", metavar="NAME", help="a figure by dotted name, shown first")
    seen = "seeds are counted that would show this difference, as a share; default: %(default)g"
    one.add_argument("--difference", type=float, default=0.02, metavar="X", help=seen)
    one.add_argument("--any-code", action="store_true", help="runs of other code or data are seeds of one row")
    one.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables in Markdown")
    html = Path("reports/comparison.html")
    one.add_argument("--html", type=Path, metavar="FILE", default=html, help="the page; default: %(default)s")
    one.set_defaults(run=_compare)


def add_crossvalidate(one: argparse.ArgumentParser) -> None:
    one.add_argument("--folds", type=int, default=5, metavar="K", help="default: %(default)s")
    one.add_argument("--draw", type=int, default=1, metavar="SEED", help="of the folds; default: %(default)s")
    one.add_argument("--workers", type=int, default=1, metavar="N", help="folds at a time; default: %(default)s")
    one.add_argument("--list", action="store_true", dest="only_list", help="show what would run, run nothing")
    answers = Path("data/crossvalidation")
    one.add_argument("--answers", type=Path, metavar="DIR", default=answers, help="of all folds; default: %(default)s")
    page = Path("reports/crossvalidation.md")
    one.add_argument("--markdown", type=Path, metavar="FILE", default=page, help="the tables; default: %(default)s")
    one.set_defaults(run=_crossvalidate)


def add_label_errors(one: argparse.ArgumentParser) -> None:
    answers = Path("data/crossvalidation")
    one.add_argument(
        "--answers", type=Path, metavar="DIR", default=answers, help="of crossvalidate; default: %(default)s"
    )
    one.add_argument("--most", type=int, default=50, metavar="N", help="shown of a head; default: %(default)s")
    splits = "folder of prepared splits, for pictures; default: data/clips or data/prepared"
    one.add_argument("--splits", type=Path, metavar="DIR", help=splits)
    out = Path("reports/label_errors.csv")
    one.add_argument("--out", type=Path, metavar="FILE", default=out, help="all of them; default: %(default)s")
    html = Path("reports/label_errors.html")
    one.add_argument("--html", type=Path, metavar="FILE", default=html, help="the page; default: %(default)s")
    one.set_defaults(run=_label_errors)


def add_search(one: argparse.ArgumentParser) -> None:
    one.add_argument("file", type=Path, metavar="FILE", help="of keys and ranges, such as searches/rates.yaml")
    one.add_argument("--trials", type=int, metavar="N", help="in all, with those that are there; default: the file's")
    one.add_argument("--workers", type=int, default=1, metavar="N", help="trials at a time; default: %(default)s")
    one.add_argument("--storage", metavar="URL", help="a database of Optuna, for several machines; default: a file")
    one.add_argument("--retry", action="store_true", help="repeat the trials that failed")
    one.add_argument("--list", action="store_true", dest="only_list", help="show the trials, run nothing")
    one.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables in Markdown")
    one.set_defaults(run=_search)


def add_costs(one: argparse.ArgumentParser) -> None:
    one.add_argument("file", type=Path, metavar="COSTS", help="YAML: what the errors of a head cost")
    answers = Path("reports/evaluation")
    one.add_argument("--answers", type=Path, metavar="DIR", default=answers, help="of evaluate; default: %(default)s")
    one.add_argument("--calibration", type=Path, metavar="FILE", help="of the stage calibrate, for its probabilities")
    one.set_defaults(run=_costs)


def add_ensemble(one: argparse.ArgumentParser) -> None:
    one.add_argument("revisions", nargs="+", metavar="REV", help="runs: a branch, commit, DVC experiment, or workspace")
    also = "a weights file and the folder of its answers, such as those of a phase: docs/ensemble.md"
    one.add_argument("--also", type=Path, nargs=2, action="append", metavar=("WEIGHTS", "ANSWERS"), help=also)
    by = "what weights are selected by, mean over the heads; default: %(default)s"
    one.add_argument("--by", choices=("macro_recall", "log_loss"), default="macro_recall", help=by)
    one.add_argument("--rounds", type=int, default=25, metavar="N", help="of the selection; default: %(default)s")
    one.add_argument("--equal", action="store_true", help="all weights are equal, nothing is selected")
    undecoded = "where answers are decoded: compare the most probable classes instead"
    one.add_argument("--undecoded", action="store_true", help=undecoded)
    data = "the validation data may have other hashes, as other features of the same samples"
    one.add_argument("--any-data", action="store_true", help=data)
    out = Path("ensembles/main/ensemble.json")
    one.add_argument("--out", type=Path, metavar="FILE", default=out, help="weights go beside it; default: %(default)s")
    page = Path("reports/ensemble.md")
    one.add_argument("--markdown", type=Path, metavar="FILE", default=page, help="the tables; default: %(default)s")
    one.set_defaults(run=_ensemble)


def check_least(option: str, value: int | None, least: int = 1) -> None:
    """Raise UserError for a number that is given and too small."""
    if value is not None and value < least:
        raise UserError(f"{option} must be at least {least}, found {value}")


def _ablate(args: argparse.Namespace) -> None:
    check_least("--seeds", args.seeds)
    from tailwise.cli.runs.ablate import ablate

    ablate(args)


def _compare(args: argparse.Namespace) -> None:
    check_least("--workers", args.workers)
    from tailwise.cli.runs.compare import compare

    compare(args)


def _crossvalidate(args: argparse.Namespace) -> None:
    check_least("--folds", args.folds, 2)
    check_least("--workers", args.workers)
    from tailwise.cli.runs.crossvalidate import crossvalidate

    crossvalidate(args)


def _label_errors(args: argparse.Namespace) -> None:
    check_least("--most", args.most)
    from tailwise.cli.runs.label_errors import label_errors

    label_errors(args)


def _search(args: argparse.Namespace) -> None:
    check_least("--workers", args.workers)
    check_least("--trials", args.trials)
    from tailwise.cli.runs.search import search

    search(args)


def _costs(args: argparse.Namespace) -> None:
    from tailwise.cli.runs.costs import costs

    costs(args)


def _ensemble(args: argparse.Namespace) -> None:
    from tailwise.cli.runs.ensemble import ensemble

    ensemble(args)

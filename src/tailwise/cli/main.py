"""``tailwise COMMAND``, or ``python3 -m tailwise COMMAND``. A command imports what it needs when it runs."""

import argparse
import os
import sys
from pathlib import Path

from tailwise.cli.batch.arguments import add_predict_batch
from tailwise.cli.doctor.command import add_doctor
from tailwise.cli.export import add_export
from tailwise.cli.feedback import add_feedback
from tailwise.cli.paper import add_paper
from tailwise.cli.predict.arguments import add_predict, add_pseudo_label
from tailwise.cli.runs.arguments import (
    add_ablate,
    add_compare,
    add_costs,
    add_crossvalidate,
    add_ensemble,
    add_label_errors,
    add_search,
)
from tailwise.cli.serve import add_serve
from tailwise.core.errors import UserError, describe_error, escape, escape_output, print_error
from tailwise.core.system.imports import NO_THREAD, threads_exhausted


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status: 1 with one line for a user error, 130 for Ctrl-C."""
    try:
        args = parser().parse_args(arguments)
        args.run(args)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "tailwise":
            raise
        return _fail(f"{sys.executable} has no package {error.name}: activate the environment that has it", 1)
    except KeyboardInterrupt:
        return _fail(NO_THREAD, 1) if threads_exhausted() else _fail("interrupted", 130)
    except BrokenPipeError:  # the reader of the output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if (text := describe_error(error)) is None:
            raise
        return _fail(text, 1)
    return 0


def parser() -> argparse.ArgumentParser:
    """All commands and their arguments. Each sets `run`, a function of the parsed arguments."""
    top = argparse.ArgumentParser(prog="tailwise", description="Train on long-tailed data: see README.md.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    add_predict(commands.add_parser("predict", help="classes of new samples from a weights file"))
    add_predict_batch(commands.add_parser("predict-batch", help="of a folder or table of any size: docs/batch.md"))
    add_pseudo_label(commands.add_parser("pseudo-label", help="labels by a model to train with: docs/pseudo-labels.md"))
    add_export(commands.add_parser("export", help="a model as ONNX or for torch, with its card: docs/export.md"))
    add_serve(commands.add_parser("serve", help="answer requests over HTTP with an exported model: docs/serve.md"))
    add_feedback(commands.add_parser("feedback", help="a table of the corrections that a server kept: docs/serve.md"))
    add_preset(commands.add_parser("preset", help="write the values of a preset into params.yaml"))
    add_regress(commands.add_parser("regress", help="what got worse since the committed figures; status 1 if anything"))
    add_ablate(commands.add_parser("ablate", help="train a pipeline with parts changed, and compare: docs/ablation.md"))
    add_compare(commands.add_parser("compare", help="revisions or experiments with statistics: docs/compare.md"))
    add_estimate(commands.add_parser("estimate", help="how long training will take, and how much memory"))
    add_crossvalidate(commands.add_parser("crossvalidate", help="each fold an experiment: docs/cross-validation.md"))
    add_label_errors(commands.add_parser("label-errors", help="probably wrong labels: docs/cross-validation.md"))
    add_costs(commands.add_parser("costs", help="answers by what errors cost, on validation: docs/costs.md"))
    add_search(commands.add_parser("search", help="over ranges of params, with Optuna: docs/search.md"))
    add_ensemble(commands.add_parser("ensemble", help="average several runs, if that helps: docs/ensemble.md"))
    add_paper(commands.add_parser("paper", help="a draft in Markdown and LaTeX, of this run: docs/report.md"))
    add_doctor(commands.add_parser("doctor", help="check this machine, and say what to mend; status 1 for a problem"))
    add_config(commands.add_parser("config", help="print params.yaml as a recipe reads it, defaults included"))
    add_download(commands.add_parser("download", help="fetch a list of URLs; goes on where it was broken off"))
    add_unpack(commands.add_parser("unpack", help="unpack an archive, also in numbered parts, into one folder"))
    for name, run, text in (
        ("summary", _summary, "print the validation figures of the last run"),
        ("repair", _repair, "remove what a kill left half-written, so that DVC starts again"),
        ("preflight", _preflight, "check data.root before DVC reads it"),
    ):
        commands.add_parser(name, help=text).set_defaults(run=run)
    return top


def add_preset(one: argparse.ArgumentParser) -> None:
    which = one.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "name", metavar="NAME", nargs="?", help="of a file presets/NAME.yaml, or a path that ends in .yaml"
    )
    which.add_argument("--upgrade", action="store_true", help="rename what the last version named otherwise")
    one.set_defaults(run=_preset)


def add_regress(one: argparse.ArgumentParser) -> None:
    one.add_argument("--rev", default="HEAD", help="the commit to compare with; default: %(default)s")
    tolerance = "how much worse a figure may be, in its own unit; default: %(default)g"
    one.add_argument("--tolerance", type=float, default=0.0, metavar="X", help=tolerance)
    one.set_defaults(run=_regress)


def add_estimate(one: argparse.ArgumentParser) -> None:
    one.set_defaults(run=_estimate)


def add_config(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "recipe", metavar="MODULE", nargs="?", default="tailwise.recipes.fouls", help="default: %(default)s"
    )
    one.set_defaults(run=_config)


def add_download(one: argparse.ArgumentParser) -> None:
    one.add_argument("list", type=Path, metavar="LIST", help="CSV with a column url, and optionally name, size, sha256")
    one.add_argument("folder", type=Path, metavar="FOLDER", help="where the files go")
    one.add_argument("--tries", type=int, default=5, help="failures in a row before giving up; default: 5")
    one.add_argument("--timeout", type=float, default=60.0, metavar="S", help="seconds without a byte; default: 60")
    one.set_defaults(run=_download)


def add_unpack(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "parts", type=Path, metavar="PARTS", help="folder of parts that end in 00, 01, ...; or one of them"
    )
    one.add_argument("folder", type=Path, metavar="FOLDER", help="where the files go, by name, without folders")
    one.set_defaults(run=_unpack)


def _download(args: argparse.Namespace) -> None:
    if args.tries < 1 or not args.timeout > 0:
        raise UserError("--tries must be at least 1, --timeout above 0")
    from tailwise.cli.fetch import download
    from tailwise.data.download.fetch import Patience

    escape_output(sys.stdout)
    download(args.list, args.folder, Patience(args.tries, 1.0, args.timeout))


def _unpack(args: argparse.Namespace) -> None:
    from tailwise.cli.fetch import unpack_parts

    escape_output(sys.stdout)
    unpack_parts(args.parts, args.folder)


def _preset(args: argparse.Namespace) -> None:
    from tailwise.cli import preset

    escape_output(sys.stdout)
    preset.rewrite(preset.upgrade) if args.upgrade else preset.main(args.name)


def _estimate(args: argparse.Namespace) -> None:
    from tailwise.cli.estimate import estimate

    estimate(args)


def _config(args: argparse.Namespace) -> None:
    from tailwise.core.params.effective import read_effective

    print(read_effective(args.recipe), end="")


def _regress(args: argparse.Namespace) -> None:
    from tailwise.cli.regress import regress

    for line in regress(args.rev, args.tolerance):
        print(escape(line))


def _summary(args: argparse.Namespace) -> None:
    from tailwise.cli.summary import run

    run()


def _repair(args: argparse.Namespace) -> None:
    from tailwise.cli.repair import repair, repository

    for line in repair(repository(Path.cwd())):
        print(line)


def _preflight(args: argparse.Namespace) -> None:
    from tailwise.cli.preflight import check

    check()


def _fail(text: str, status: int) -> int:
    print_error(f"tailwise: {text}")
    return status

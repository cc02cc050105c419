"""``tailwise COMMAND``, or ``python3 -m tailwise COMMAND``. What a command needs is imported when it runs."""

import argparse
import os
import sys
from pathlib import Path

from tailwise.core.errors import UserError, one_line, print_error
from tailwise.core.system.imports import NO_THREAD, no_thread

WEIGHTS = Path("data/models/phase3.safetensors")


def main(arguments: list[str] | None = None) -> int:
    """Run a command; the exit status: 1 with one line for a person's mistake, 130 for Ctrl-C."""
    try:
        args = parser().parse_args(arguments)
        args.run(args)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "tailwise":
            raise
        return _say(f"{sys.executable} has no package {error.name}: activate the environment that has it", 1)
    except KeyboardInterrupt:
        return _say(NO_THREAD, 1) if no_thread() else _say("interrupted", 130)
    except BrokenPipeError:  # who read the output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if (text := one_line(error)) is None:
            raise
        return _say(text, 1)
    return 0


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(prog="tailwise", description="Train on long-tailed video: see README.md.")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("predict", help="classes of samples, such as the fouls of a split, from a weights file")
    one.add_argument(
        "paths",
        type=Path,
        nargs="*",
        metavar="CLIP",
        help="the views of one sample, each a sample where the model was trained on one view; or the folder or zip "
        "of a split in the official layout action_<i>/clip_<j>.mp4, with annotations or without, or of one foul of it",
    )
    one.add_argument("--table", type=Path, metavar="FILE", help="CSV of samples: columns sample, path, perhaps view")
    one.add_argument("--root", type=Path, metavar="DIR", help="where the table's paths begin; default: its folder")
    one.add_argument("--folder", type=Path, metavar="DIR", help="every clip below it as a sample of its own")
    one.add_argument("--weights", type=Path, default=WEIGHTS, help="default: %(default)s")
    one.add_argument("--format", choices=("text", "csv", "official"), help="default: text for one sample, else csv")
    one.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")
    one.add_argument("--set", metavar="NAME", help="the official file's Set; default: the folder's name in lower case")
    one.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: %(default)s")
    one.add_argument("--workers", type=int, default=2, help="processes that decode a split's clips; default: 2")
    one.set_defaults(run=_predict)
    return whole


def _predict(args: argparse.Namespace) -> None:
    if args.workers < 1:
        raise UserError(f"--workers must be at least 1, found {args.workers}")
    from tailwise.recipes.fouls.predict.inputs import find_inputs

    inputs = find_inputs(args)
    from tailwise.cli.predict.command import predict  # loads torch, which takes seconds

    predict(args, inputs)


def _say(text: str, status: int) -> int:
    print_error(f"tailwise: {text}")
    return status

"""What ``tailwise predict`` is asked for, looked at before torch is loaded: a mistyped name is told at once."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tailwise.core.errors import UserError
from tailwise.core.files import kind_of
from tailwise.recipes.fouls.predict.fouls import Foul, is_one, is_split, read_split
from tailwise.recipes.fouls.predict.own import read_folder, read_table
from tailwise.recipes.fouls.predict.views import check_clips

NO_NUMBERS = "--format official is of a split, whose fouls have numbers: give its folder or zip"


@dataclass(frozen=True)
class Inputs:
    """What to predict.

    samples: one or more; row: what each is called in the answers
    split: its name, "" where there is none; named: the clips were typed, so that one that cannot be used is an error
    form: of the answers, where none is asked for; notes: lines on what is left out
    """

    samples: list[Foul]
    row: Literal["foul", "sample"]
    split: str = ""
    named: bool = False
    form: str = "csv"
    notes: tuple[str, ...] = ()


def find_inputs(args: argparse.Namespace) -> Inputs:
    """args: paths, table, root, folder, weights, format, out. Raises UserError with one line for a person."""
    given = [bool(args.paths), args.table is not None, args.folder is not None]
    if sum(given) != 1:
        raise UserError("give one of: clips; the folder or zip of a split; --table FILE; --folder DIR")
    if args.root is not None and args.table is None:
        raise UserError("--root is where the paths of a --table begin: give it with one")
    if args.out:
        check_writable(args.out)
    if not args.weights.exists():
        raise UserError(f"{args.weights}: no such file")
    inputs = _found(args)
    if args.format == "official" and not inputs.split:
        raise UserError(NO_NUMBERS)
    return inputs


def _found(args: argparse.Namespace) -> Inputs:
    if args.table is not None:
        samples, notes = read_table(args.table, args.root)
        return Inputs(samples, "sample", notes=notes)
    if args.folder is not None:
        samples, notes = read_folder(args.folder)
        return Inputs(samples, "sample", notes=notes)
    for path in args.paths if len(args.paths) > 1 else []:
        if is_split(path):
            where = "given alone" if path == args.paths[0] else "given alone, not among clips"
            raise UserError(f"{path}: a folder or zip of a split is {where}")
    path = args.paths[0]
    if is_split(path):
        split = read_split(path)
        return Inputs(split.fouls, "foul", split.name, form="text" if is_one(path) else "csv", notes=split.notes)
    if args.format == "official":
        raise UserError(NO_NUMBERS)
    return Inputs([named_clips(args.paths)], "sample", named=True, form="text")


def named_clips(paths: list[Path]) -> Foul:
    """The clips, each there, opened once, and given once."""
    seen: dict[tuple[int, int], Path] = {}
    for path in paths:
        found = _regular(path)
        if (first := seen.setdefault((found.st_dev, found.st_ino), path)) is not path:
            what = "is given twice" if first == path else f"is the same file as {first}"
            raise UserError(f"{path}: {what}; a clip counts once")
    foul = Foul("", Path(), tuple(map(str, paths)))
    for clip, reason in check_clips(foul).items():
        raise UserError(f"{clip}: {reason}")
    return foul


def _regular(path: Path) -> os.stat_result:
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise UserError(f"{path}: absent") from error
    if not path.is_file():
        raise UserError(f"{path}: is {kind_of(found.st_mode)}, not a clip")
    return found


def check_writable(path: Path) -> None:
    """Raise UserError before the work if a file cannot be written there."""
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UserError(f"{path}: cannot be written; give --out another file")

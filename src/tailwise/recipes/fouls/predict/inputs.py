"""The fouls that ``tailwise predict`` names. Loads no torch, so that a mistyped name is refused at once."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.files import kind_of
from tailwise.recipes.fouls.predict.fouls import Foul, is_one, is_split, read_split
from tailwise.recipes.fouls.predict.own import read_folder, read_table
from tailwise.recipes.fouls.predict.views import check_clips
from tailwise.recipes.prediction import Inputs

NO_NUMBERS = "--format official is of a split, whose fouls have numbers: give its folder or zip"
PARTS = "clips"
"""What a foul is made of, in the answers."""


@dataclass(frozen=True)
class FoulInputs(Inputs):
    """Clips to predict. named: the clips were typed, so that one that cannot be used is an error"""

    named: bool = False


def find_inputs(args: argparse.Namespace) -> FoulInputs:
    """args: paths, table, root, folder, format. Raises UserError."""
    given = [bool(args.paths), args.table is not None, args.folder is not None]
    if sum(given) != 1:
        raise UserError("give one of: clips; the folder or zip of a split; --table FILE; --folder DIR")
    if args.root is not None and args.table is None:
        raise UserError("--root is where the paths of a --table begin: give it with one")
    inputs = _find(args)
    if args.format == "official" and not inputs.split:
        raise UserError(NO_NUMBERS)
    return inputs


def _find(args: argparse.Namespace) -> FoulInputs:
    if args.table is not None:
        samples, notes = read_table(args.table, args.root)
        return FoulInputs(samples, str(args.table), parts=PARTS, notes=notes)
    if args.folder is not None:
        samples, notes = read_folder(args.folder)
        return FoulInputs(samples, str(args.folder), parts=PARTS, notes=notes)
    return _of_paths(args.paths, args.format)


def _of_paths(paths: list[Path], form: str | None) -> FoulInputs:
    for path in paths if len(paths) > 1 else []:
        if is_split(path):
            where = "given alone" if path == paths[0] else "given alone, not among clips"
            raise UserError(f"{path}: a folder or zip of a split is {where}")
    path = paths[0]
    if is_split(path):
        split = read_split(path)
        usual = "text" if is_one(path) else "csv"
        return FoulInputs(split.fouls, str(path), "foul", PARTS, split.name, usual, split.notes)
    if form == "official":
        raise UserError(NO_NUMBERS)
    return FoulInputs([named_clips(paths)], str(path), parts=PARTS, form="text", named=True)


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

"""The clips that ``tailwise predict`` names, and their frames as the model takes them."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tailwise.core.errors import UserError, print_error
from tailwise.core.files import regular
from tailwise.recipes.actions.predict.official import listed
from tailwise.recipes.prediction import Inputs, Sample

if TYPE_CHECKING:
    from tailwise.recipes.actions.predict.specification import Specification

LIST = ".json"
"""Of a file of ids, as the official test.json."""
ENDINGS = (".webm", ".mp4", ".mkv", ".avi", ".mov", ".m4v")


@dataclass(frozen=True)
class ClipFile:
    """A clip to predict."""

    name: str
    path: Path


@dataclass(frozen=True)
class ClipInputs(Inputs):
    """Clips to predict. named: the files were typed, so that one that cannot be used is an error"""

    named: bool = False


def find_inputs(args: argparse.Namespace) -> ClipInputs:
    """args: paths, table, root, folder. Raises UserError."""
    if args.table is not None or args.root is not None:
        raise UserError("--table and --root are not used: give clips or folders of them")
    if bool(args.paths) == (args.folder is not None):
        raise UserError("give either clips or folders of them, or --folder DIR")
    given = [*args.paths, *([args.folder] if args.folder is not None else [])]
    if args.folder is not None and not args.folder.is_dir():
        raise UserError(f"{args.folder}: is not a folder; --folder takes one")
    files = [each for path in given for each in _files(path)]
    seen: set[Path] = set()
    for file in files:
        if (place := file.path.resolve()) in seen:
            raise UserError(f"{file.path}: is given twice; give each clip once")
        seen.add(place)
    named = not any(path.is_dir() or path.suffix.lower() == LIST for path in given)
    return ClipInputs(files, str(given[0]), "clip", form="text", named=named)


def _files(path: Path) -> list[ClipFile]:
    """A file as it was typed; all clips below a folder, by name; or those that a JSON file of ids lists."""
    if not path.is_dir():
        if not path.exists():
            raise UserError(f"{path}: absent")
        if regular(path).suffix.lower() == LIST:
            return [ClipFile(name, file) for name, file in listed(path)]
        if path.suffix.lower() not in ENDINGS:
            raise UserError(f"{path}: names of clips end in {', '.join(ENDINGS)}")
        return [ClipFile(str(path), path)]
    below = sorted(file.relative_to(path) for file in path.rglob("*") if file.suffix.lower() in ENDINGS)
    if not below:
        raise UserError(f"{path}: no clip below it; names of clips end in {', '.join(ENDINGS)}")
    return [ClipFile(name.as_posix(), path / name) for name in below]


def read_samples(inputs: ClipInputs, spec: "Specification", workers: int) -> Iterator[Sample]:
    """The clips that can be used; stderr has a line for each of the others. UserError for one that was typed."""
    from tailwise.recipes.actions.predict.frames import decode_each

    paths = [str(file.path) for file in inputs.samples]
    for place, frames in decode_each(Path(), paths, spec.window, max(workers, 1)):
        file = inputs.samples[place]
        if not isinstance(frames, str):
            yield Sample(place, file.name, {"clips": spec.views.for_test(frames) if spec.views else frames})
        elif inputs.named:
            raise UserError(f"{file.path}: cannot be used: {frames}")
        else:
            print_error(f"left out: {file.path}: cannot be used: {frames}")

"""The images that ``tailwise predict`` names. Loads no torch, so that a mistyped name is refused at once."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.files import regular
from tailwise.recipes.logos.readers.images import ENDINGS
from tailwise.recipes.prediction import Inputs


@dataclass(frozen=True)
class ImageFile:
    """An image to predict."""

    name: str
    path: Path


@dataclass(frozen=True)
class ImageInputs(Inputs):
    """Images to predict. named: the files were typed, so that one that cannot be used is an error"""

    named: bool = False


def find_inputs(args: argparse.Namespace) -> ImageInputs:
    """args: paths, table, root, folder. Raises UserError."""
    given = [*args.paths, *([args.folder] if args.folder is not None else [])]
    if args.table is not None or args.root is not None:
        raise UserError("--table and --root are not used: give images or folders of them")
    if bool(args.paths) == (args.folder is not None):
        raise UserError("give either files of images or folders of them, or --folder DIR")
    if args.folder is not None and not args.folder.is_dir():
        raise UserError(f"{args.folder}: is not a folder; --folder takes one")
    files = [each for path in given for each in _files(path)]
    _check_once(files)
    named = not any(path.is_dir() for path in given)
    return ImageInputs(files, str(given[0]), "image", form="text", named=named)


def _files(path: Path) -> list[ImageFile]:
    """A file as it was typed; or all images below a folder, by name."""
    if not path.is_dir():
        if not path.exists():
            raise UserError(f"{path}: absent")
        if regular(path).suffix.lower() not in ENDINGS:
            raise UserError(f"{path}: names of images end in {', '.join(ENDINGS)}")
        return [ImageFile(str(path), path)]
    below = sorted(file.relative_to(path) for file in path.rglob("*") if file.suffix.lower() in ENDINGS)
    found = [name for name in below if not any(part.startswith(".") for part in name.parts) and (path / name).is_file()]
    if not found:
        raise UserError(f"{path}: no image below it; names of images end in {', '.join(ENDINGS)}")
    return [ImageFile(name.as_posix(), path / name) for name in found]


def _check_once(files: list[ImageFile]) -> None:
    seen: set[Path] = set()
    for file in files:
        if (place := file.path.resolve()) in seen:
            raise UserError(f"{file.path}: is given twice; give each image once")
        seen.add(place)

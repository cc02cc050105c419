"""Where the splits of SoccerNet-MVFoul are below a data root: in folders, or in the zips they are handed out in."""

from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath

from tailwise.core.errors import UserError
from tailwise.data.raw import open_zip

ANNOTATIONS = "annotations.json"
LARGE = "_720p"
"""What the names of the folders and zips of the 720p edition end in."""


def split_place(root: Path, split: str) -> str:
    """The split's folder as a path from the data root, perhaps into a zip; in any case, nested one level or not.

    A zip counts only where there is no folder of its edition, as it may be left from unpacking.
    Raises UserError if there is no annotation of the split, or more than one.
    """
    parents, names = (root, *_named(root)), (split, split + LARGE)
    folders = [folder for parent in parents for folder in _named(parent, names)]
    zips = [file for parent in parents for file in _named(parent, [f"{name}.zip" for name in names], of_files=True)]
    whole = dict.fromkeys(_in_folders(folders, names))
    unpacked = {is_large(folder.relative_to(root)) for folder in whole}
    packed = [file for file in zips if is_large(file.relative_to(root)) not in unpacked]
    _check_editions(root, split, [*whole, *packed])
    found = whole or dict.fromkeys(_in_zips(packed, names))
    if len(found) > 1:
        raise UserError(f"{root}: {split} is there twice: {' and '.join(map(str, found))}; point data.root at one")
    if not found:
        place = next(iter([*folders, *zips]), root / split.capitalize())
        raise UserError(f"{place}: no {ANNOTATIONS} there; see data.root in params.yaml")
    return next(iter(found)).relative_to(root).as_posix()


def is_large(place: PurePath) -> bool:
    """Whether a path from the data root is of the 720p edition, by the names of its folders and zips."""
    return any(part.lower().removesuffix(".zip").endswith(LARGE) for part in place.parts)


def _check_editions(root: Path, split: str, places: list[Path]) -> None:
    first = {is_large(place.relative_to(root)): place for place in reversed(places)}
    if len(first) > 1:
        both = f"{first[False]} and, in 720p, {first[True]}"
        raise UserError(f"{root}: {split} is there in two editions: {both}; move one of them out of data.root")


def _in_folders(folders: list[Path], names: Sequence[str]) -> list[Path]:
    nested = [inner for outer in folders for inner in (outer, *_named(outer, names))]
    return [folder for folder in nested if (folder / ANNOTATIONS).is_file()]


def _in_zips(zips: list[Path], names: Sequence[str]) -> list[Path]:
    """Places within zips, at the top or in a folder named as the split."""
    members = [(file, PurePosixPath(name)) for file in zips for name in _names(file) if name.endswith(ANNOTATIONS)]
    return [
        file / name.parent
        for file, name in members
        if name.name == ANNOTATIONS and name.parent.name.lower() in ("", *names)
    ]


def _names(file: Path) -> list[str]:
    return open_zip(file, file.stat().st_mtime_ns).namelist()


def _named(place: Path, names: Sequence[str] | None = None, of_files: bool = False) -> list[Path]:
    """The folders (or files) in a place, in order; only those of some names, in any case, if they are given."""
    found = sorted(path for path in place.iterdir() if names is None or path.name.lower() in names)
    return [path for path in found if (path.is_file() if of_files else path.is_dir())]

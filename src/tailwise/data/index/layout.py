"""Where the splits of SoccerNet-MVFoul are below a data root: in folders, or in the zips they are handed out in."""

from pathlib import Path, PurePosixPath

from tailwise.core.errors import UserError
from tailwise.data.raw import open_zip

ANNOTATIONS = "annotations.json"


def split_place(root: Path, split: str) -> str:
    """The split's folder as a path from the data root, perhaps into a zip; in any case, nested one level or not.

    A zip counts only where there is no folder, as it may be left from unpacking.
    Raises UserError if there is no annotation of the split, or more than one.
    """
    parents = (root, *_named(root))
    folders = [folder for parent in parents for folder in _named(parent, split)]
    zips = [file for parent in parents for file in _named(parent, f"{split}.zip", of_files=True)]
    found = dict.fromkeys(_in_folders(folders, split)) or dict.fromkeys(_in_zips(zips, split))
    if len(found) > 1:
        raise UserError(f"{root}: {split} is there twice: {' and '.join(map(str, found))}; point data.root at one")
    if not found:
        place = next(iter([*folders, *zips]), root / split.capitalize())
        raise UserError(f"{place}: no {ANNOTATIONS} there; see data.root in params.yaml")
    return next(iter(found)).relative_to(root).as_posix()


def _in_folders(folders: list[Path], split: str) -> list[Path]:
    nested = [inner for outer in folders for inner in (outer, *_named(outer, split))]
    return [folder for folder in nested if (folder / ANNOTATIONS).is_file()]


def _in_zips(zips: list[Path], split: str) -> list[Path]:
    """Places within zips, at the top or in a folder named as the split."""
    members = [(file, PurePosixPath(name)) for file in zips for name in _names(file) if name.endswith(ANNOTATIONS)]
    return [
        file / name.parent
        for file, name in members
        if name.name == ANNOTATIONS and name.parent.name.lower() in ("", split)
    ]


def _names(file: Path) -> list[str]:
    return open_zip(file, file.stat().st_mtime_ns).namelist()


def _named(place: Path, name: str | None = None, of_files: bool = False) -> list[Path]:
    """The folders (or files) in a place, in order; only those of one name, in any case, if it is given."""
    found = sorted(path for path in place.iterdir() if name is None or path.name.lower() == name)
    return [path for path in found if (path.is_file() if of_files else path.is_dir())]

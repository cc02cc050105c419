"""Which fouls to predict: a split in the official layout, labelled or not, in a folder or a zip."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tailwise.core.errors import UserError
from tailwise.data.index.annotations import Fields, read_fouls
from tailwise.data.index.layout import ANNOTATIONS
from tailwise.data.raw import RawFile, open_zip

CLIP = re.compile(r"((?:[^/]+/)*)action_(\d+)/clip_(\d+)\.mp4")
DEPTHS = ("", "*/", "*/*/")
"""Folders that may lie around those of the fouls."""


@dataclass(frozen=True)
class Foul:
    """name: its number in a split; clips: a view each, as paths from `root` that may lead into a zip"""

    name: str
    root: Path
    clips: tuple[str, ...]


def is_split(path: Path) -> bool:
    """Whether a path is a folder or a zip, and so no clip."""
    return path.is_dir() or (path.suffix.lower() == ".zip" and path.is_file())


def read_split(path: Path) -> tuple[str, list[Foul]]:
    """The split's name and its fouls by number.

    Annotations, if there are any, say which fouls and views there are, else the clips that are found do; labels are not
    read. The name is that of the innermost folder or of the zip, in lower case. Raises UserError if there is no clip
    ``action_<i>/clip_<j>.mp4``, or more than one split.
    """
    root, files = (path, _in_folder(path)) if path.is_dir() else (path.parent, _in_zip(path))
    places = _by_place(files)
    if not places and path.is_dir() and (inner := _only_zip(path)):
        return read_split(inner)
    if len(places) != 1:
        what = f"splits at {' and '.join(p or '.' for p in places)}" if places else "no clip action_<i>/clip_<j>.mp4"
        raise UserError(f"{path}: {what}; name the folder or zip of one split")
    ((place, found),) = places.items()
    views = _annotated(root, place, found) or found
    fouls = [Foul(number, root, tuple(_path(place, number, j) for j in of_foul)) for number, of_foul in views.items()]
    inside = PurePosixPath(place).name or root.resolve().name
    return inside.lower().removesuffix(".zip"), fouls


def _in_folder(path: Path) -> list[str]:
    files = [file for depth in DEPTHS for file in path.glob(f"{depth}action_*/clip_*.mp4")]
    return [file.relative_to(path).as_posix() for file in files]


def _in_zip(path: Path) -> list[str]:
    return [f"{path.name}/{name}" for name in open_zip(path, path.stat().st_mtime_ns).namelist()]


def _only_zip(path: Path) -> Path | None:
    """The zip in a folder; None if there is none."""
    zips = sorted(file for file in path.iterdir() if file.suffix.lower() == ".zip")
    if len(zips) > 1:
        raise UserError(f"{path}: has {', '.join(file.name for file in zips)}; name one of them")
    return zips[0] if zips else None


def _by_place(files: Iterable[str]) -> dict[str, dict[str, list[int]]]:
    """{folder of the fouls: {foul: numbers of its clips}}, all in order."""
    places: dict[str, dict[str, list[int]]] = {}
    found = [(match[1].rstrip("/"), match[2], int(match[3])) for file in files if (match := CLIP.fullmatch(file))]
    for place, number, view in sorted(found, key=lambda clip: (clip[0], int(clip[1]), clip[1], clip[2])):
        places.setdefault(place, {}).setdefault(number, []).append(view)
    return places


def _annotated(root: Path, place: str, found: dict[str, list[int]]) -> dict[str, list[int]]:
    """{foul: numbers of its clips} by the annotations; of a foul whose clips they do not list, those that are found."""
    file = f"{place}/{ANNOTATIONS}" if place else ANNOTATIONS
    if not RawFile(root, file).exists():
        return {}
    return {number: _views(foul, found.get(number, [])) for number, foul in read_fouls(root, file)}


def _views(foul: Fields, found: list[int]) -> list[int]:
    listed = foul.objects("Clips") if foul.values.get("Clips") else []
    return list(dict.fromkeys(clip.clip_number() for clip in listed)) or found


def _path(place: str, number: str, view: int) -> str:
    return f"{place}/action_{number}/clip_{view}.mp4" if place else f"action_{number}/clip_{view}.mp4"

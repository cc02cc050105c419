"""Which fouls to predict: a split in the official layout, labelled or not, in a folder or a zip; or one's folder."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tailwise.core.errors import UserError
from tailwise.data.raw import RawFile, open_zip
from tailwise.data.tables.spelling import clean_name
from tailwise.recipes.fouls.soccernet.annotations import Fields, read_fouls
from tailwise.recipes.fouls.soccernet.layout import ANNOTATIONS

CLIP = re.compile(r"((?:[^/]+/)*)action_([0-9]{1,18})/clip_([0-9]{1,9})\.mp4", re.IGNORECASE)
OF_FOUL = re.compile(r"(?:[^/]+/)*action_[0-9]+/([^/.][^/]*)", re.IGNORECASE)
ONE = re.compile(r"action_([0-9]{1,18})", re.IGNORECASE)
DEPTHS = ("", "*/", "*/*/")
"""Folders that may lie around those of the fouls."""
VIDEO = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts"),
    *(".wmv", ".flv", ".3gp", ".ogv", ".mxf"),
)
"""What names of clips end in, in lower case."""
NAMED = 3
"""So many files are named in a line."""

FASTEST = 1e6
"""A replay speed above it is no number that anyone has annotated."""

Clips = dict[str, dict[int, str]]
"""{foul: {number of a clip: its path}}"""


Known = Mapping[str, Mapping[str, str]]
"""{path of a clip: what is known of it, as columns of the index: view, replay_speed, camera}"""


@dataclass(frozen=True)
class Foul:
    """name: its number in a split; clips: a view each, as paths from `root` that may lead into a zip

    group: the match or source that it is of; "": unknown
    """

    name: str
    root: Path
    clips: tuple[str, ...]
    known: Known = field(default_factory=dict[str, Mapping[str, str]])
    group: str = ""

    def rows(self, split: str) -> dict[str, dict[str, str]]:
        """{clip: its row of an index}, see `recipes.prediction.Unlabelled`. A foul of no known group is its own."""
        sample = f"{split}/{self.name}" if split else self.name
        place = {"sample": sample, "group": self.group or sample}
        return {
            clip: {**place, "view": str(view), "path": (self.root / clip).as_posix(), **self.known.get(clip, {})}
            for view, clip in enumerate(self.clips)
        }


class Split(NamedTuple):
    """notes: lines on the files that are left out"""

    name: str
    fouls: list[Foul]
    notes: tuple[str, ...]


def is_split(path: Path) -> bool:
    """Whether a path is a folder or a zip, and so no clip."""
    return path.is_dir() or (path.suffix.lower() == ".zip" and path.is_file())


def is_one(path: Path) -> bool:
    """Whether a path is the folder of one foul."""
    return path.is_dir() and ONE.fullmatch(path.resolve().name) is not None


def read_split(path: Path) -> Split:
    """The split's name, in lower case that of the innermost folder or of the zip, and its fouls by number.

    Annotations, if there are any, say which fouls and views there are, else the clips that are found do; labels are not
    read. Raises UserError if there is no clip ``action_<i>/clip_<j>.mp4``, or more than one split.
    """
    if is_one(path):
        return _read_one(path.resolve())
    root, files = (path, _in_folder(path)) if path.is_dir() else (path.parent, _in_zip(path))
    folders, others = _by_folder(files)
    if not folders and path.is_dir() and (inner := _only_zip(path)):
        return read_split(inner)
    if len(folders) != 1:
        raise UserError(f"{path}: {_why_none(folders, others)}")
    ((folder, found),) = folders.items()
    annotated = _annotated(root, folder)
    views = {number: _views(foul, folder, number, found.get(number, {})) for number, foul in annotated.items()} or found
    fouls = [
        Foul(
            number,
            root,
            tuple(of_foul.values()),
            known_of(of_foul, annotated.get(number)),
            _match(annotated.get(number)),
        )
        for number, of_foul in views.items()
    ]
    inside = PurePosixPath(folder).name or root.resolve().name
    return Split(inside.lower().removesuffix(".zip"), fouls, tuple(_notes(found, views, others)))


def _read_one(path: Path) -> Split:
    folders, others = _by_folder(f"{path.name}/{file.name}" for file in path.iterdir())
    if not folders:
        raise UserError(f"{path}: {_why_none(folders, others)}")
    ((number, views),) = folders[""].items()
    name = path.parent.name.lower()
    foul = Foul(number, path.parent, tuple(views.values()), known_of(views, None))
    return Split(name, [foul], tuple(_notes({}, {}, others)))


def _in_folder(path: Path) -> list[str]:
    files = [file for depth in DEPTHS for file in path.glob(f"{depth}[aA]ction_*/*")]
    return [file.relative_to(path).as_posix() for file in files]


def _in_zip(path: Path) -> list[str]:
    return [f"{path.name}/{name}" for name in open_zip(path, path.stat().st_mtime_ns).namelist()]


def _only_zip(path: Path) -> Path | None:
    """The zip in a folder; None if there is none."""
    zips = sorted(file for file in path.iterdir() if file.suffix.lower() == ".zip")
    if len(zips) > 1:
        raise UserError(f"{path}: has {', '.join(file.name for file in zips)}; name one of them")
    return zips[0] if zips else None


def _by_folder(files: Iterable[str]) -> tuple[dict[str, Clips], list[str]]:
    """{folder of the fouls: their clips}, all in order; and files beside them that look like clips."""
    folders: dict[str, Clips] = {}
    others, matches = [], []
    for file in sorted(files, key=lambda file: (not file.endswith(".mp4"), file)):
        if match := CLIP.fullmatch(file):
            matches.append((match[1].rstrip("/"), int(match[2]), match[2], int(match[3]), file))
        elif (beside := OF_FOUL.fullmatch(file)) and may_be_clip(beside[1]):
            others.append(file)
    for folder, _, number, view, file in sorted(matches, key=lambda clip: clip[:4]):
        if folders.setdefault(folder, {}).setdefault(number, {}).setdefault(view, file) != file:
            others.append(file)
    return folders, others


def may_be_clip(name: str) -> bool:
    return name.lower().startswith("clip_") or PurePosixPath(name).suffix.lower() in VIDEO


def _why_none(folders: dict[str, Clips], others: list[str]) -> str:
    if folders:
        found = f"splits at {' and '.join(folder or '.' for folder in folders)}"
    else:
        found = "no clip action_<i>/clip_<j>.mp4" + (f" (there is {listed(others)})" if others else "")
    return f"{found}; name the folder or zip of one split, or give --folder for clips of any name"


def listed(files: list[str]) -> str:
    more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
    return ", ".join(files[:NAMED]) + more


def _notes(found: Clips, views: Clips, others: list[str]) -> Iterable[str]:
    if others:
        yield f"left out, as its name is not clip_<j>.mp4 or another clip has its number: {listed(others)}"
    used = {file for of_foul in views.values() for file in of_foul.values()}
    if unlisted := [file for of_foul in found.values() for file in of_foul.values() if file not in used]:
        yield f"left out, as {ANNOTATIONS} does not list it: {listed(unlisted)}"


def _annotated(root: Path, folder: str) -> dict[str, Fields]:
    """{number: fields} of the annotations' fouls; {} without annotations."""
    file = f"{folder}/{ANNOTATIONS}" if folder else ANNOTATIONS
    return dict(read_fouls(root, file)) if RawFile(root, file).exists() else {}


def known_of(views: dict[int, str], foul: Fields | None) -> Known:
    """What is known of a foul's clips: their numbers, and what its annotation says, where there is one.

    views: {number: path}
    """
    clips = foul.objects("Clips") if foul and foul.values.get("Clips") else []
    said = {clip.clip_number(): clip.values for clip in clips}
    return {path: {"view": str(view), **_camera(said.get(view, {}))} for view, path in views.items()}


def _match(foul: Fields | None) -> str:
    """The match that the annotation names, as the index has it; "" without one."""
    match = foul.values.get("UrlLocal") if foul else None
    return clean_name(match).replace("\\", "/") if isinstance(match, str) else ""


def _camera(clip: Mapping[str, object]) -> dict[str, str]:
    """Camera type and replay speed as the index has them; "" for what is missing or of another type."""
    camera, speed = clip.get("Camera type"), clip.get("Replay speed")
    return {
        "camera": clean_name(camera) if isinstance(camera, str) else "",
        "replay_speed": str(float(speed)) if isinstance(speed, int | float) and abs(speed) <= FASTEST else "",
    }


def _views(foul: Fields, parent: str, number: str, found: dict[int, str]) -> dict[int, str]:
    views: dict[int, str] = {}
    for clip in foul.objects("Clips") if foul.values.get("Clips") else []:
        view = clip.clip_number()
        if view in views:
            raise UserError(f"{clip.where}: clip_{view} is listed twice")
        folder = f"{parent}/action_{number}" if parent else f"action_{number}"
        views[view] = found.get(view, f"{folder}/clip_{view}.mp4")
    return views or found

"""Where the videos of a data set are: by id, in one folder or in several."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tailwise.core.errors import UserError

ENDINGS = (".webm", ".mp4", ".mkv")
HIDDEN = (".", "__MACOSX")
DEFAULT_FOLDER = "videos"
PART = "20bn-something-something-v2-"
"""How the names of the downloaded parts begin."""


def find_videos(root: Path) -> dict[str, str]:
    """{id: path below the root} of every video, whatever folders they are in; UserError for two of one id."""
    found: dict[str, str] = {}
    for path in _files(root, ""):
        name, ending = os.path.splitext(path.rpartition("/")[2])
        if ending.lower() in ENDINGS:
            if name in found:
                raise UserError(f"{root / found[name]} and {root / path}: two videos of id {name}: remove one")
            found[name] = path
    return found


def _files(root: Path, below: str) -> Iterable[str]:
    """Paths of all files below a folder, in no order, without those that are hidden."""
    with os.scandir(root / below) as entries:
        folders = []
        for entry in entries:
            if entry.name.startswith(HIDDEN):
                continue
            if entry.is_dir():
                folders.append(f"{below}{entry.name}/")
            else:
                yield f"{below}{entry.name}"
    for folder in sorted(folders):
        yield from _files(root, folder)


def main_folder(videos: dict[str, str]) -> str:
    """The folder that has most of the videos: there a missing one is looked for."""
    folders = Counter(path.rpartition("/")[0] for path in videos.values())
    return min(folders, key=lambda name: (-folders[name], name)) if folders else DEFAULT_FOLDER


def check_any(root: Path, videos: dict[str, str]) -> None:
    """Raise UserError if there is no video at all."""
    if videos:
        return
    if any(path.rpartition("/")[2].startswith(PART) for path in _files(root, "")):
        raise UserError(f"{root}: the videos are still packed: tailwise unpack {root} {root / DEFAULT_FOLDER}")
    raise UserError(f"{root}: has no video, as {DEFAULT_FOLDER}/1.webm: put them below it, in any folders")

"""The songs that ``tailwise predict`` names. Loads no torch, so that a mistyped name is refused at once."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.files import regular
from tailwise.recipes.prediction import Inputs
from tailwise.recipes.sections.features.kinds import Kind
from tailwise.recipes.sections.readers.billboard import CHROMA
from tailwise.recipes.sections.readers.song import Song

ENDINGS: dict[str, Kind] = {
    ".txt": "text",
    ".wav": "chroma",
    ".flac": "chroma",
    ".mp3": "chroma",
    ".npz": "vectors",
    ".csv": "vectors",
}
"""{what a file's name ends in: its kind}"""
BELOW_KINDS: tuple[Kind, ...] = ("text", "chroma")
BELOW = (*(ending for ending, kind in ENDINGS.items() if kind in BELOW_KINDS), CHROMA)
"""What names of songs below a folder end in: a table may be about them, and is read where it is named."""
WORDS: dict[Kind, tuple[str, str]] = {
    "text": ("lyrics", "text files, a line a position, named *.txt"),
    "chroma": ("audio", "*.wav, *.flac or *.mp3 files"),
    "vectors": ("feature vectors", "an *.npz or *.csv file of them"),
}
"""{kind: (what it is called, what to give)}"""


@dataclass(frozen=True)
class SongFile:
    """A file to predict. song: None for audio, which is read later"""

    name: str
    path: Path
    song: Song | None = None


@dataclass(frozen=True)
class SongInputs(Inputs):
    """Songs to predict. named: the files were typed, so that one that cannot be used is an error

    seconds: a position lasts, None for lines and where it is unknown
    """

    kind: Kind = "text"
    named: bool = False
    seconds: float | None = None


def find_inputs(args: argparse.Namespace) -> SongInputs:
    """args: paths, table, root, folder. Raises UserError."""
    given = [path for path in (*args.paths, args.table, args.folder) if path is not None]
    if (bool(args.paths) + (args.table is not None) + (args.folder is not None)) != 1:
        raise UserError("give one of: files of songs or folders of them; --table FILE; --folder DIR")
    if args.root is not None:
        raise UserError("--root is not used: a table of songs has their feature vectors, not paths")
    if args.folder is not None and not args.folder.is_dir():
        raise UserError(f"{args.folder}: is not a folder; --folder takes one")
    named = not any(path.is_dir() for path in given)
    files = [each for path in given for each in _files(path)]
    kind = _only_kind(files)
    songs, notes = _songs(files, kind, named)
    if not songs:
        raise UserError(f"{given[0]}: no song of it can be read: {notes[0]}")
    return SongInputs(songs, str(given[0]), "song", form="text", notes=notes, kind=kind, named=named)


def kind_of_file(path: Path) -> Kind | None:
    """What a file of this name holds; None for a name that no song has. The chroma of Billboard is a CSV file."""
    return "chroma" if path.name == CHROMA else ENDINGS.get(path.suffix.lower())


def _files(path: Path) -> list[SongFile]:
    """A file as it was typed; or all songs below a folder, by name."""
    if not path.is_dir():
        _check_file(path)
        return [SongFile(str(path), path)]
    below = sorted(file for file in path.rglob("*") if kind_of_file(file) in BELOW_KINDS and file.is_file())
    names = [file.relative_to(path).as_posix() for file in below]
    found = [
        SongFile(name, path / name) for name in names if not any(part.startswith(".") for part in Path(name).parts)
    ]
    if not found:
        raise UserError(f"{path}: no song below it; names of songs end in {', '.join(BELOW)}")
    return found


def _check_file(path: Path) -> None:
    if not path.exists():
        raise UserError(f"{path}: absent")
    if kind_of_file(regular(path)) is None:
        raise UserError(f"{path}: names of songs end in {', '.join(ENDINGS)}")


def _only_kind(files: Sequence[SongFile]) -> Kind:
    """The kind that all files have; UserError for several kinds, or a file that is given twice."""
    kinds: dict[Kind, Path] = {kind: file.path for file in files if (kind := kind_of_file(file.path))}
    if len(kinds) > 1:
        found = " and ".join(f"{WORDS[kind][0]} ({path})" for kind, path in kinds.items())
        raise UserError(f"found {found}: a model knows one kind of song; give one kind at a time")
    seen: set[Path] = set()
    for file in files:
        if (place := file.path.resolve()) in seen:
            raise UserError(f"{file.path}: is given twice; give each song once")
        seen.add(place)
    return next(iter(kinds))


def _songs(files: Sequence[SongFile], kind: Kind, named: bool) -> tuple[list[SongFile], list[str]]:
    """The songs of the files, and a line for each file of a folder that cannot be read."""
    songs, notes = [], []
    for file in files:
        try:
            songs += _read(file, kind)
        except UserError as error:
            if named:
                raise
            notes.append(f"left out: {error}")
    return songs, notes


def _read(file: SongFile, kind: Kind) -> list[SongFile]:
    if kind == "chroma":
        return [file]
    if kind == "vectors":
        return [SongFile(song.name, file.path, song) for song in read_vectors(file.path)]
    return [replace(file, song=read_lyrics(file.path))]


def read_vectors(path: Path) -> list[Song]:
    """The songs of a table of feature vectors, one or more; their labels are left out."""
    from tailwise.recipes.sections.readers.table import Vectors

    songs = list(Vectors("table", path.name).songs(path.parent))
    if not songs:
        raise UserError(f"{path}: has no song: an npz file has an array x_<song> of each, a CSV file a row a position")
    return songs


def read_lyrics(path: Path) -> Song:
    """A song from a text file; its marks are left out, whatever they say. UserError for a file that is no lyrics."""
    from tailwise.recipes.sections.readers.lyrics import Lyrics

    return Lyrics("lyrics", dict.fromkeys(("verse", "chorus"), ()), "ignore", None).read_file(path)

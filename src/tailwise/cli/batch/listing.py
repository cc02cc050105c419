"""The inputs of a batch, one after another: of a folder or a table. The whole list is never held in memory."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from tailwise.core.errors import UserError
from tailwise.core.records import parse

LIST = "inputs.jsonl"
"""In the folder of answers: the path of each input as JSON text, a line an input."""
TABLE = ".csv"
COLUMN = "path"


@dataclass(frozen=True)
class Listing:
    """count: inputs; sha256: of the list's lines; offsets: in bytes, where each shard begins in the list"""

    count: int
    sha256: str
    offsets: tuple[int, ...]

    def sizes(self, shard_size: int) -> list[int]:
        """How many inputs each shard has."""
        return [min(shard_size, self.count - shard_size * nth) for nth in range(len(self.offsets))]


def open_source(source: Path, root: Path | None) -> tuple[Path, Callable[[], Iterator[str]]]:
    """Where the inputs' paths begin, and what yields them in order; UserError for what is no folder or table."""
    if source.is_dir():
        if root is not None:
            raise UserError(f"--root is where a table's paths begin, but {source} is a folder: leave it out")
        return source, lambda: files_below(source)
    if not source.exists():
        raise UserError(f"{source}: absent")
    if source.suffix.lower() != TABLE or not source.is_file():
        raise UserError(f"{source}: give a folder, or a table that ends in {TABLE} with a column {COLUMN}")
    if root is not None and not root.is_dir():
        raise UserError(f"--root {root}: is no folder")
    return source.parent if root is None else root, lambda: paths_of(source)


def files_below(folder: Path, under: str = "") -> Iterator[str]:
    """Paths of the files below a folder, by name; hidden ones and links to folders are left out.

    Memory grows with the files of one folder, not with all.
    """
    with os.scandir(folder / under) as found:
        entries = sorted((entry.name, entry.is_dir(follow_symlinks=False), entry.is_file()) for entry in found)
    for name, is_folder, is_file in entries:
        if name.startswith("."):
            continue
        if is_folder:
            yield from files_below(folder, f"{under}{name}/")
        elif is_file:
            yield f"{under}{name}"


def paths_of(table: Path) -> Iterator[str]:
    """The column `path` of a table; UserError that names the line for one without it, or without a usable path."""
    try:
        with open(table, encoding="utf-8-sig", newline="") as text:
            rows = parse(table, text)
            _, header = next(rows, (0, []))
            if header.count(COLUMN) != 1:
                raise UserError(f"{table}: needs one column {COLUMN}; there are: {', '.join(header) or 'none'}")
            place = header.index(COLUMN)
            for line, cells in rows:
                if len(cells) != len(header):
                    raise UserError(f"{table}: line {line}: {len(cells)} fields where the header has {len(header)}")
                if not cells[place] or "\0" in cells[place]:
                    raise UserError(f"{table}: line {line}: {COLUMN} is empty or has a NUL: give a path, or no row")
                path = PurePath(cells[place])
                if path.is_absolute() or ".." in path.parts:
                    raise UserError(f"{table}: line {line}: {path} is not below --root: give a folder that has all")
                yield cells[place]
    except UnicodeDecodeError as error:
        raise UserError(f"{table}: is not in UTF-8") from error


def lines_of(paths: Iterable[str]) -> Iterator[bytes]:
    """The list's lines."""
    return ((json.dumps(path) + "\n").encode("ascii") for path in paths)  # also of a name that is no UTF-8


def read_listing(paths: Iterable[str], shard_size: int) -> Listing:
    """Go through the inputs once."""
    total, at, digest, offsets = 0, 0, hashlib.sha256(), list[int]()
    for total, line in enumerate(lines_of(paths), start=1):
        if total % shard_size == 1 or shard_size == 1:
            offsets.append(at)
        at += len(line)
        digest.update(line)
    return Listing(total, digest.hexdigest(), tuple(offsets))


def read_part(file: Path, offset: int, count: int) -> list[str]:
    """`count` paths of the list, from a byte offset."""
    with open(file, "rb") as text:
        text.seek(offset)
        return [json.loads(text.readline()) for _ in range(count)]


def check_outside(source: Path, path: Path, option: str) -> None:
    """Raise UserError for an output that would be an input of the next run."""
    if source.is_dir() and path.resolve().is_relative_to(source.resolve()):
        raise UserError(f"{option} {path}: is below the inputs {source}, and would be one: give another place")

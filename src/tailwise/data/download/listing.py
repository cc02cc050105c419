"""A list of files to download: a CSV file with a column url, and optionally name, size (bytes) and sha256."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from tailwise.core.errors import UserError
from tailwise.core.records import collect, parse
from tailwise.data.tables.spelling import quote

COLUMNS = ("url", "name", "size", "sha256")
LARGEST_FILE = 2**24
"""Bytes of the list."""


@dataclass(frozen=True)
class Wanted:
    """A file to download. size: in bytes, None if unknown; sha256: in hex, "" if unknown"""

    url: str
    name: str
    size: int | None = None
    sha256: str = ""


def read_list(file: Path) -> list[Wanted]:
    """The files of a list; UserError that names file and line for anything else."""
    columns, numbered = _records(file)
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise UserError(f"{file}: the column {quote(unknown[0])} is unknown; there may be {', '.join(COLUMNS)}")
    if "url" not in columns:
        raise UserError(f"{file}: has no column url; the others, {', '.join(COLUMNS[1:])}, may be left out")
    found: dict[str, int] = {}
    wanted = []
    for number, cells in numbered:
        where = f"{file}: line {number}"
        row = dict.fromkeys(COLUMNS, "") | dict(zip(columns, (cell.strip() for cell in cells)))
        wanted.append(_wanted(where, row))
        if (before := found.setdefault(wanted[-1].name, number)) != number:
            raise UserError(f"{where}: the name {wanted[-1].name} is in line {before} too: give a column name")
    return wanted


def _records(file: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise UserError(f"{file}: is larger than {LARGEST_FILE >> 20} MiB: is it a list of URLs?")
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: is not UTF-8: save the list as UTF-8") from error
    rows = parse(file, text.splitlines(keepends=True))
    _, header = next(rows, (0, list[str]()))
    columns = [name.strip() for name in header]
    found = collect(file, columns, rows)
    if not found.cells:
        raise UserError(f"{file}: lists no file: it needs a header with the column url, and a line for each file")
    return columns, list(zip(found.numbers, found.cells))


def _wanted(where: str, row: dict[str, str]) -> Wanted:
    parts = urlsplit(row["url"])
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UserError(f"{where}: url must begin with http:// or https://, found {quote(row['url'])}")
    name = row["name"] or unquote(PurePosixPath(parts.path).name)
    if not re.fullmatch(r"[\w][\w.+-]{0,199}", name):
        raise UserError(f"{where}: {quote(name)} cannot be the file's name: give a plain one in a column name")
    if row["size"] and not re.fullmatch(r"\d{1,15}", row["size"]):
        raise UserError(f"{where}: size must be a number of bytes, found {quote(row['size'])}")
    if row["sha256"] and not re.fullmatch(r"[0-9a-fA-F]{64}", row["sha256"]):
        raise UserError(f"{where}: sha256 must have 64 digits of 0 to f, found {quote(row['sha256'])}")
    return Wanted(row["url"], name, int(row["size"]) if row["size"] else None, row["sha256"].lower())

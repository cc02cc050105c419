"""Atomic writes of small tracked files: rounded floats, the same bytes each time."""

import csv
import glob
import io
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, cast

from tailwise.core.errors import UserError

DIGITS = 6

PART = re.compile(r"\.(.+)\.(\d+)")
"""Names that `part_of` gives: the file's, and the process's number."""


def rounded(value: Any) -> Any:
    """Every float inside nested dicts and lists rounded to DIGITS places."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in cast("list[Any]", value)]
    return value


def write_bytes(path: Path, data: bytes) -> None:
    """Atomically replace `path` with `data`, see `write_parts`."""
    write_parts(path, [data])


def write_parts(path: Path, parts: Iterable[bytes]) -> None:
    """Atomically replace `path` with these bytes; creates its folder and removes partial files of killed processes.

    Raises OSError with the name of `path`, or of the folder that cannot be created, and leaves no partial file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(path)
    for old in path.parent.glob(f".{glob.escape(path.name)}.*"):
        remove_part(old, is_alive)
    try:
        with open(part, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:  # a full disk gives no file name, an unwritable folder that of the partial file
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with suppress(OSError):
            part.unlink()


def part_of(path: Path) -> Path:
    """The temporary file that this process writes before renaming it to the final path."""
    return path.with_name(f".{path.name}.{os.getpid()}")


def remove_parts(folder: Path, name: str = "", alive: Callable[[int], bool] = lambda process: False) -> None:
    """Remove partial files in the folder and below it whose processes are not `alive`.

    name: the file whose partial files are removed; empty for all files
    """
    for part in folder.rglob(f".{glob.escape(name) or '*'}.*"):
        remove_part(part, alive)


def remove_part(path: Path, alive: Callable[[int], bool]) -> bool:
    """Remove the file if `part_of` gave its name in a process that is not `alive`; whether that was done."""
    found = PART.fullmatch(path.name)
    if not found or alive(int(found[2])):
        return False
    with suppress(OSError):  # another process removed it, or it is a folder
        path.unlink()
        return True
    return False


def is_alive(process: int) -> bool:
    """Whether a process with this id runs on this machine."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode("utf8"))


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(rounded(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_csv(path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a table row by row: of many rows no text of the whole is held."""
    lines = csv_lines(chain([header], (rounded(list(row)) for row in rows)))
    write_parts(path, (line.encode("utf8") for line in lines))


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """The rows as CSV, see `csv_lines`."""
    return "".join(csv_lines(rows))


def csv_lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    r"""The rows as CSV with ``\n`` after each; a cell with a line break of any kind is quoted.

    Before Python 3.13 `csv.writer` quotes a line break only if it is among its own, hence ``\r\n``.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    for row in rows:
        writer.writerow(row)
        yield text.getvalue().removesuffix("\r\n") + "\n"
        text.seek(text.truncate(0))


def regular(path: Path) -> Path:
    """The path, checked; raises UserError for anything that could block when read, such as a pipe."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise UserError(f"{path}: is {kind_of(mode)}, not a file")
    return path


def kind_of(mode: int) -> str:
    """What kind of non-file a path is. mode: from os.stat"""
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows as dicts of text; raises UserError if the file is absent."""
    try:
        with open(path, encoding="utf8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error


def read_json(path: Path) -> Any:
    """Parsed JSON; raises UserError naming file and line if it is absent or malformed."""
    try:
        return json.loads(path.read_text(encoding="utf8"))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{path}: not JSON: {error}") from error

"""Answers that a person corrected: each correction is a folder of its own, which a table of all lists for training."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from tailwise.core.errors import UserError, shorten
from tailwise.core.files import read_csv, write_csv
from tailwise.core.heads import Head
from tailwise.core.params.typed import is_section
from tailwise.data.tables.spelling import clean_name, quote
from tailwise.serve.uploads import UNUSABLE, Refused, Upload, local_names, write

FULL = 507
BLOCK = 4096
LONGEST = 200
"""Characters of a group's name."""
FORMULA = ("=", "+", "-", "@")
TABLE = "labels.csv"
FIRST = ("sample", "path", "view", "group")
ONE_HEAD = "class"
"""The column of pipelines whose tables name the only head's classes so."""


class Feedback:
    """Writes ``<folder>/<sample>/``: the files, and TABLE with a row each. Nothing that is there is changed.

    most: bytes of all corrections, beyond which no more are taken
    """

    def __init__(self, folder: Path, heads: Sequence[Head], most: int):
        self.folder, self.heads, self.most = folder, heads, most
        folder.mkdir(parents=True, exist_ok=True)
        self.bytes = sum(on_disk(file.stat().st_size) for file in folder.rglob("*"))

    def save(self, files: Sequence[Upload], labels: Mapping[str, str], group: str) -> tuple[str, bool]:
        """The name of the sample, and whether it is new: it follows from files, labels and group.

        labels: of `read_labels`; group: samples that belong together, such as a match; "": those of the same files
        """
        group = read_group(group) or name_of(files, {})
        name = name_of(files, {**labels, "": group})
        if (self.folder / name).is_dir():
            return name, False
        size = 2 * BLOCK + sum(on_disk(len(file.content)) for file in files)  # the folder and its table, too
        if self.bytes + size > self.most:
            raise Refused(FULL, f"no more corrections are kept: there are {self.bytes >> 20} MiB; move them away")
        part = self.folder / f".{uuid4().hex}"
        part.mkdir()
        try:
            write(files, part)
            write_csv(part / TABLE, self.columns, self._rows(name, files, labels, group))
            part.rename(self.folder / name)
        except OSError:
            if not (self.folder / name).is_dir():  # the same was not sent at the same time
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
        self.bytes += size
        return name, True

    @property
    def columns(self) -> list[str]:
        names = [head.name for head in self.heads]
        return [*FIRST, *names, *([ONE_HEAD] if len(names) == 1 and ONE_HEAD not in names else [])]

    def _rows(self, name: str, files: Sequence[Upload], labels: Mapping[str, str], group: str) -> list[list[str]]:
        classes = [labels.get(head.name, "") for head in self.heads]
        more = classes if len(self.columns) > len(FIRST) + len(classes) else []
        places = [f"{name}/{local}" for local in local_names(files)]
        return [[name, place, str(view), group, *classes, *more] for view, place in enumerate(places)]


def on_disk(size: int) -> int:
    """Bytes that a file takes, in whole blocks and one for its name."""
    return BLOCK * (2 + size // BLOCK)


def read_group(text: str) -> str:
    """A group's name as tables have it; Refused for one that is long, or that a spreadsheet would compute."""
    name = clean_name(text)
    if len(name) > LONGEST or not name.isprintable() or name.startswith(FORMULA):
        raise Refused(UNUSABLE, f"group must be at most {LONGEST} printable characters, none of {FORMULA} first")
    return name


def name_of(files: Sequence[Upload], labels: Mapping[str, str]) -> str:
    """16 hexadecimal digits of the files' content and the labels."""
    whole = hashlib.sha256(json.dumps(sorted(labels.items())).encode())
    for file in files:
        whole.update(hashlib.sha256(file.content).digest())
    return whole.hexdigest()[:16]


def read_labels(text: str, heads: Sequence[Head]) -> dict[str, str]:
    """{head: class} of JSON, the classes that are known; Refused for anything else."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not is_section(found) or not found:
        raise Refused(UNUSABLE, f'labels must be JSON of the classes that are known: {{"{heads[0].name}": ...}}')
    known = {head.name: head.classes for head in heads}
    for name, value in found.items():
        if name not in known:
            raise Refused(UNUSABLE, f"labels: no head {shorten(quote(name), 99)}; there are: {', '.join(known)}")
        if value not in known[name]:
            listed = shorten(", ".join(known[name]), 200)
            raise Refused(
                UNUSABLE, f"labels: {name} has no class {shorten(quote(str(value)), 99)}; there are: {listed}"
            )
    return found


def collect(folder: Path) -> tuple[Path, list[dict[str, str]]]:
    """Write ``<folder>/labels.csv``, the rows of all corrections in order of their names; the file and its rows.

    Without the column `view` where no sample has several files. UserError if there is no correction.
    """
    tables = sorted(folder.glob(f"[!.]*/{TABLE}"))
    rows = [row for table in tables for row in read_csv(table)]
    if not rows:
        raise UserError(f"{folder}: has no correction: give the folder of tailwise serve --feedback")
    several = any(row["view"] != "0" for row in rows)
    columns = [name for name in rows[0] if name != "view" or several]
    for table in tables:
        if list(read_csv(table)[0]) != list(rows[0]):
            raise UserError(f"{table}: has other columns than {tables[0]}: keep a folder for each model")
    write_csv(folder / TABLE, columns, ([row[name] for name in columns] for row in rows))
    return folder / TABLE, rows

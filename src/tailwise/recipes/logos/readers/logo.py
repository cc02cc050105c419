"""A logo with its class, as every reader lists it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tailwise.core.errors import UserError
from tailwise.data.tables.spelling import clean_name, quote

if TYPE_CHECKING:
    from tailwise.data.tables.partition import Split

HEAD = "kind"
RESERVED = ("sample", "group", "actual", "predicted")
"""Columns of output files, which no class may be named after."""


@dataclass(frozen=True)
class Logo:
    """name: unique; group: brand, logos of one are never in two splits; path: what the reader opens
    kind: class name, "" without one; split: train, valid or test where the data say so, else ""
    """

    name: str
    group: str
    path: str
    kind: str
    split: str = ""


class Reader(Protocol):
    """Reads the logos below a data root."""

    @property
    def split(self) -> "Split | None":
        """How to draw splits; None where the logos have their own."""
        ...

    def logos(self, root: Path) -> list[Logo]:
        """Every logo, in the order of their names; raises UserError that names the file."""
        ...

    def read(self, root: Path, path: str) -> bytes:
        """The file of a logo; FileNotFoundError if it is absent, UserError or PictureError if it cannot be read."""
        ...


def class_name(written: str, where: str) -> str:
    """A class name in Unicode's composed form; UserError for one that cannot be used. where: file and line"""
    name = clean_name(written)
    if not name or len(name.splitlines()) != 1 or len(name) > 200:
        raise UserError(f"{where}: {quote(written)} cannot be a class: use a short name in one line")
    if name in RESERVED:
        raise UserError(f"{where}: the class {quote(name)} is a reserved name: rename it")
    return name


def brand_of(stem: str) -> str:
    """The part of a file's name before its last dash; all of it without one.

    >>> brand_of("acme-co-3"), brand_of("acme")
    ('acme-co', 'acme')
    """
    return stem.rpartition("-")[0] or stem

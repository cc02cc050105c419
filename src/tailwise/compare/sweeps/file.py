"""Reads a file of a sweep or a search into its dataclass."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tailwise.core.errors import UserError
from tailwise.core.params.typed import convert

Kind = TypeVar("Kind")


def read_as(kind: type[Kind], file: Path, read: Callable[[Path], Any]) -> Kind:
    """A dataclass of what `read` gives. Raises UserError for what is wrong, with the file and the dotted key."""
    try:
        return convert(kind, read(file), "")
    except UserError as error:
        text = str(error)
        raise UserError(text if text.startswith(f"{file}: ") else f"{file}: {text.removeprefix(': ')}") from error

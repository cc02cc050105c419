"""What reading new inputs takes of a specification, from JSON, so that it needs no model and no torch.

`Recipe.read_samples` is given the specification that `Recipe.from_specification` parsed. Its dataclasses that are not
of the models were written with their names, see write/specification.py, and are parsed again where they are asked for.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from typing import Any

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.core.params.typed import convert, is_section


class Reading:
    """A specification's fields as `Recipe.fit_inputs` and `Recipe.read_samples` use them.

    written: of `write_reading`; package: of the user's --recipe, whose dataclasses may be parsed besides tailwise's
    A field that is asked for raises UserError where it is absent or wrong.
    """

    def __init__(self, written: Mapping[str, Any], heads: tuple[Head, ...], package: str | None, place: str):
        self.heads, self._written, self._package, self._place = heads, written, package, place

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._written:
            raise UserError(f"{self._place}: its card has no reading.{name}: export the model again")
        value = read_field(self._written[name], self._package, f"{self._place}: reading.{name}")
        setattr(self, name, value)
        return value


def read_field(written: Any, package: str | None, path: str) -> Any:
    """A field of `write_reading`, parsed; UserError with its path for anything else."""
    if not is_section(written) or written.keys() != {"kind", "value"}:
        raise UserError(f"{path}: must have a kind and a value: export the model again")
    value, kind = written["value"], written["kind"]
    if kind is None:
        return tuple(value) if isinstance(value, list) else value
    return convert(find_dataclass(kind, package, path), value, path)


def find_dataclass(name: Any, package: str | None, path: str) -> type:
    """A dataclass of tailwise or of the package of --recipe by its dotted name; UserError for any other.

    Nothing else is imported: the name is of a card, which may come from anywhere.
    """
    module, _, attribute = name.rpartition(".") if isinstance(name, str) else ("", "", "")
    roots = {"tailwise", (package or "tailwise").partition(".")[0]}
    if module.partition(".")[0] not in roots:
        raise UserError(f"{path}: no dataclass of tailwise or of --recipe: export the model again")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UserError(
            f"{path}: this version of tailwise has no {module}.{attribute}: export the model again"
        ) from error
    if not (isinstance(found, type) and dataclasses.is_dataclass(found)):
        raise UserError(f"{path}: {module}.{attribute} is no dataclass: export the model again")
    return found

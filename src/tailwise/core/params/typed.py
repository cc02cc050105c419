"""Strict conversion of plain values (YAML or JSON) to dataclasses by their annotations.

Unknown, missing and mistyped keys are refused with their dotted path. A choice among kinds is
a union of dataclasses with a discriminator field ``kind``; one dataclass may have several kinds.
A number or a word is ``float | Literal["auto"]``.
"""

import dataclasses
import difflib
import sys
import types
import typing
from collections.abc import Collection
from typing import Any

from tailwise.core.errors import UserError, shorten

LARGEST = 2**63 - 1
"""The largest int of numpy and torch."""


def convert(kind: Any, value: Any, path: str) -> Any:
    """`value` converted to the annotated type `kind`; raises UserError with `path`, its dotted path in the file."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, value, path)
    if origin in (typing.Union, types.UnionType):
        return _union(args, value, path)
    if origin is typing.Literal:
        return _literal(args, value, path)
    if origin is tuple and isinstance(value, list):
        return tuple(convert(args[0], item, f"{path}[{i}]") for i, item in enumerate(typing.cast("list[Any]", value)))
    if origin is dict and is_section(value):
        return {convert(args[0], key, path): convert(args[1], item, _below(path, key)) for key, item in value.items()}
    if kind in (int, float) and type(value) in (int, kind):
        return _number(kind, value, path)
    if type(value) is not (origin or kind):
        raise UserError(f"{path} must be {type_name(kind)}, found {quote(value)}")
    return value


def _number(kind: type[int] | type[float], value: int | float, path: str) -> int | float:
    """A finite float, or an int of at most 63 bits."""
    if kind is float and not abs(value) <= sys.float_info.max:
        raise UserError(f"{path} must be a finite number, found {quote(value)}")
    if kind is int and not -LARGEST <= value <= LARGEST:
        raise UserError(f"{path} must be an integer of at most 63 bits, found {quote(value)}")
    return kind(value)


def quote(value: object) -> str:
    """A value as short text for messages; only its type if Python cannot print it, such as a huge int."""
    try:
        return shorten(repr(value))
    except (ValueError, RecursionError):
        return f"a very long {type(value).__name__}"


def is_section(value: object) -> typing.TypeGuard[dict[Any, Any]]:
    """Whether a plain value is a section, for the type checker too."""
    return isinstance(value, dict)


def _dataclass(cls: Any, value: Any, path: str) -> Any:
    """A dataclass from a section; a ValueError of its own checks becomes a UserError."""
    if not is_section(value):
        raise UserError(f"{path or 'the file'} must be a section, found {quote(value)}")
    _check_keys(cls, value, path)
    hints = typing.get_type_hints(cls)
    values = {key: convert(hints[key], item, _below(path, key)) for key, item in value.items()}
    try:
        return cls(**values)
    except ValueError as error:
        raise UserError(f"{path}: {error}" if path else str(error)) from error


def _check_keys(cls: Any, value: dict[Any, Any], path: str) -> None:
    """Raise UserError for an unknown key, or a missing one without a default."""
    fields = {field.name: field for field in dataclasses.fields(cls)}
    for key in value:
        if key not in fields:
            raise UserError(f"{_below(path, key)} is unknown{_nearest(key, fields)}")
    for name, field in fields.items():
        if name not in value and field.default is field.default_factory is dataclasses.MISSING:
            raise UserError(f"{_below(path, name)} is missing")


def _below(path: str, key: object) -> str:
    """The dotted path of a key of the section at `path`."""
    name = shorten(key if isinstance(key, str) else quote(key))
    return f"{path}.{name}" if path else name


def _union(choices: tuple[Any, ...], value: Any, path: str) -> Any:
    """`X | None`, a number or a word, or dataclasses with a discriminator field `kind`."""
    if value is None and types.NoneType in choices:
        return None
    choices = tuple(choice for choice in choices if choice is not types.NoneType)
    if len(choices) == 1:
        return convert(choices[0], value, path)
    if words := [choice for choice in choices if typing.get_origin(choice) is typing.Literal]:
        return _number_or_word(choices[0], typing.get_args(words[0]), value, path)
    return _one_of_kinds(choices, value, path)


def _one_of_kinds(classes: tuple[type, ...], value: Any, path: str) -> Any:
    """The dataclass among `classes` that the section's `kind` names."""
    kinds = {kind: cls for cls in classes for kind in typing.get_args(typing.get_type_hints(cls)["kind"])}
    kind = value.get("kind") if is_section(value) else None
    if kind not in list(kinds):  # a list, since kind may be unhashable
        raise UserError(f"{path}.kind must be one of {', '.join(kinds)}, found {quote(kind)}")
    return convert(kinds[kind], value, path)


def _number_or_word(kind: type, words: tuple[str, ...], value: Any, path: str) -> Any:
    if type(value) is str and value in words:
        return value
    if type(value) not in (int, float):
        raise UserError(f"{path} must be {type_name(kind)} or {' or '.join(words)}, found {quote(value)}")
    return convert(kind, value, path)


def _literal(choices: tuple[Any, ...], value: Any, path: str) -> Any:
    if value not in choices:
        listed = ", ".join(map(str, choices))
        raise UserError(f"{path} must be one of {listed}, found {quote(value)}")
    return value


def _nearest(key: object, known: Collection[str]) -> str:
    nearest = difflib.get_close_matches(str(key)[:100], known, n=1)
    return f"; did you mean {nearest[0]}?" if nearest else f"; known: {', '.join(known)}"


def type_name(kind: Any) -> str:
    names = {int: "an integer", float: "a number", bool: "true or false", str: "a text"}
    return names.get(kind, "a list" if typing.get_origin(kind) is tuple else str(kind))

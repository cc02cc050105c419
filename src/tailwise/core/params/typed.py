"""Plain values (from YAML or JSON) to dataclasses by their annotations, strictly.

Refused with the dotted path: unknown, missing and mistyped keys. A choice among kinds is
a union of dataclasses told apart by their field ``kind``; one dataclass may stand for several.
A number that may be left open is spelled ``float | Literal["auto"]``.
"""

import dataclasses
import difflib
import sys
import types
import typing

from tailwise.core.errors import UserError, shorten

LARGEST = 2**63 - 1
"""Whole number that numpy, torch and files can hold."""


def convert(kind, value, path: str):
    """`value` as the annotated type `kind`; `path` is its dotted place in the file."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, value, path)
    if origin in (typing.Union, types.UnionType):
        return _union(args, value, path)
    if origin is typing.Literal:
        return _literal(args, value, path)
    if origin is tuple and isinstance(value, list):
        return tuple(convert(args[0], item, f"{path}[{i}]") for i, item in enumerate(value))
    if kind is float and type(value) in (int, float):
        if not abs(value) <= sys.float_info.max:
            raise UserError(f"{path} must be a finite number, found {shown(value)}")
        return float(value)
    if kind is int and type(value) is int and not -LARGEST <= value <= LARGEST:
        raise UserError(f"{path} must be a whole number of at most 63 bits, found {shown(value)}")
    if type(value) is not (origin or kind):
        raise UserError(f"{path} must be {type_name(kind)}, found {shown(value)}")
    return value


def shown(value) -> str:
    """A value in a refusal, cut to a length; of thousands of digits, which Python does not write, the kind alone."""
    try:
        return shorten(repr(value))
    except (ValueError, RecursionError):
        return f"a very long {type(value).__name__}"


def _dataclass(cls: type, value, path: str):
    if not isinstance(value, dict):
        raise UserError(f"{path or 'the file'} must be a section, found {shown(value)}")
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    dotted = {name: f"{path}.{_key(name)}" if path else _key(name) for name in [*fields, *value]}
    for key in value:
        if key not in fields:
            raise UserError(f"{dotted[key]} is unknown{_nearest(key, fields)}")
    for name, field in fields.items():
        if name not in value and field.default is field.default_factory is dataclasses.MISSING:
            raise UserError(f"{dotted[name]} is missing")
    try:
        return cls(**{key: convert(hints[key], item, dotted[key]) for key, item in value.items()})
    except ValueError as error:
        raise UserError(f"{path}: {error}" if path else str(error)) from error


def _key(name) -> str:
    return shorten(name if isinstance(name, str) else shown(name))


def _union(choices: tuple, value, path: str):
    """A union is `X | None`, a number or a word, or dataclasses told apart by their field `kind`."""
    if value is None and types.NoneType in choices:
        return None
    choices = [choice for choice in choices if choice is not types.NoneType]
    if len(choices) == 1:
        return convert(choices[0], value, path)
    if words := [choice for choice in choices if typing.get_origin(choice) is typing.Literal]:
        return _number_or_word(choices[0], typing.get_args(words[0]), value, path)
    kinds = {kind: choice for choice in choices for kind in typing.get_args(typing.get_type_hints(choice)["kind"])}
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind not in list(kinds):  # a list, as an unhashable kind is refused too
        raise UserError(f"{path}.kind must be one of {', '.join(kinds)}, found {shown(kind)}")
    return convert(kinds[kind], value, path)


def _number_or_word(kind: type, words: tuple[str, ...], value, path: str):
    if type(value) is str and value in words:
        return value
    if type(value) not in (int, float):
        raise UserError(f"{path} must be {type_name(kind)} or {' or '.join(words)}, found {shown(value)}")
    return convert(kind, value, path)


def _literal(choices: tuple, value, path: str):
    if value not in choices:
        listed = ", ".join(map(str, choices))
        raise UserError(f"{path} must be one of {listed}, found {shown(value)}")
    return value


def _nearest(key, known) -> str:
    near = difflib.get_close_matches(str(key)[:100], known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"


def type_name(kind) -> str:
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
    return names.get(kind, "a list" if typing.get_origin(kind) is tuple else str(kind))

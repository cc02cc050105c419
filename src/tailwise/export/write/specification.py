"""What reading new inputs takes of a specification, as JSON, see run/reading.py."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

MODELS = ("tailwise.models.", "torch.")
"""Where classes are that no reading needs."""
PLAIN = (str, int, float, bool, list, tuple, dict, type(None))
HEADS = "heads"


def write_reading(spec: Any) -> dict[str, Any]:
    """{field: {"kind": dataclass or null, "value": plain}} of a parsed specification, without its heads and models."""
    fields = {name: value for name, value in vars(spec).items() if name != HEADS}
    return {name: _written(value) for name, value in fields.items() if _is_of_reading(value)}


def _written(value: Any) -> dict[str, Any]:
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return {"kind": None, "value": _plain(value)}
    cls = type(value)
    return {"kind": f"{cls.__module__}.{cls.__qualname__}", "value": _plain(dataclasses.asdict(value))}


def _plain(value: Any) -> Any:
    """As JSON has it: tuples are lists."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _is_of_reading(value: Any) -> bool:
    """Whether it is plain, or a dataclass that is not of the models."""
    if dataclasses.is_dataclass(value):
        return not type(value).__module__.startswith(MODELS)
    return isinstance(value, PLAIN)

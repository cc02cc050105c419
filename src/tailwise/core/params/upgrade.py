"""Translates params of the last version to current names. Pure functions."""

from collections.abc import Iterator, MutableMapping
from typing import Any, NamedTuple, cast

COMMAND = "python3 -m tailwise preset --upgrade"
"""Rewrites params.yaml."""


Section = MutableMapping[str, Any]


class Renamed(NamedTuple):
    """A renamed key, and the new names of its values."""

    key: str
    values: dict[str, str]


RENAMED = {"acts": Renamed("apply_as", {"logits": "margin", "loss": "weight"})}
"""{key of the last version: its renaming}"""


def outdated(values: Any, path: str = "") -> Iterator[tuple[str, Section, str]]:
    """Yields (dotted path, section, key) of each renamed key, in nested sections and lists."""
    if isinstance(values, list):
        for i, item in enumerate(cast("list[Any]", values)):
            yield from outdated(item, f"{path}[{i}]")
    if not isinstance(values, dict):
        return
    section = cast("Section", values)
    for key, value in section.items():
        dotted = f"{path}.{key}" if path else str(key)
        if key in RENAMED and isinstance(value, str) and value in RENAMED[key].values:
            yield dotted, section, key
        else:
            yield from outdated(value, dotted)


def upgrade(params: Section) -> list[str]:
    """Rename keys in place; returns a line for each change. Keeps the comments of ruamel's mappings."""
    changes: list[str] = []
    for dotted, section, key in list(outdated(params)):
        if key not in section:  # a section that an alias repeats
            continue
        new, value = RENAMED[key].key, RENAMED[key].values[section[key]]
        changes.append(f"{dotted}: {section[key]} -> {new}: {value}")
        _rename(section, key, new, value)
    return changes


def _rename(section: Section, key: str, new: str, value: str) -> None:
    """Keeps key order and comments, which ruamel stores by key."""
    items = [(new, value) if name == key else (name, item) for name, item in section.items()]
    comments = getattr(section, "ca", None)
    if comments and key in comments.items:
        comments.items[new] = comments.items.pop(key)
    for name in list(section):
        del section[name]
    section.update(items)

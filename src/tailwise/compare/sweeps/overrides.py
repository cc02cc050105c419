"""Changes of params as `dvc exp run -S` takes them: overrides in Hydra's grammar.

Source: https://hydra.cc/docs/advanced/override_grammar/basic/
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tailwise.compare.revision import flat
from tailwise.core.errors import UserError

KEY = re.compile(r"[\w.@/-]+")


def overrides(params: Mapping[str, Any], base: Mapping[str, Any]) -> Iterator[str]:
    """``key=value``, ``+key=value`` and ``~key`` that turn `base` into `params`, both as nested dicts."""
    wanted, given = dict(flat(params)), dict(flat(base))
    removed = [key for key in given if key not in wanted and not _above(key, wanted)]
    yield from (f"~{_checked(key)}" for key in removed)
    for key, value in wanted.items():
        if key not in given:
            yield f"+{_checked(key)}={written(value)}"
        elif given[key] != value or type(given[key]) is not type(value):
            yield f"{_checked(key)}={written(value)}"


def written(value: Any) -> str:
    """A value in Hydra's grammar: texts quoted, so that no character of theirs is read as the grammar's."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_checked(str(key))}:{written(of)}" for key, of in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


def _quoted(text: str) -> str:
    """A backslash counts as one unless quotes follow it; ``${`` would be a reference to another key."""
    if not text.isprintable():
        raise UserError(f"{text!r}: a text with line breaks or other controls cannot be set in an experiment")
    doubled = re.sub(r'(\\*)("|$)', lambda found: 2 * found[1] + ('\\"' if found[2] else ""), text)
    return '"' + doubled.replace("${", "\\${") + '"'


def _above(key: str, wanted: Mapping[str, Any]) -> bool:
    """Whether a section above the key is now a plain value, which replaces it."""
    parts = key.split(".")
    return any(".".join(parts[:depth]) in wanted for depth in range(1, len(parts)))


def _checked(key: str) -> str:
    if not KEY.fullmatch(key):
        raise UserError(f"{key!r}: a key of this name cannot be changed in an experiment")
    return key

"""Changes of params as `dvc exp run -S` takes them: overrides in Hydra's grammar.

Source: https://hydra.cc/docs/advanced/override_grammar/basic/
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tailwise.core.errors import UserError

KEY = re.compile(r"[\w.@/-]+")


def overrides(params: Mapping[str, Any], base: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """``key=value``, ``+key=value`` and ``~key`` that turn `base` into `params`, both as nested dicts.

    path: dotted, of the section that both are
    """
    for name in (name for name in base if name not in params):
        yield from _without(_below(path, name), base[name])
    for name, value in params.items():
        key = _below(path, name)
        if name not in base:
            yield f"+{key}={written(value)}"
        elif _section(value) and _section(base[name]):
            yield from overrides(value, base[name], key)
        elif base[name] != value or type(base[name]) is not type(value):
            yield from _replaced(key, base[name], value)


def _replaced(key: str, old: Any, value: Any) -> Iterator[str]:
    """Hydra merges a section into what is there, or refuses to: what was there goes first."""
    if isinstance(value, Mapping) or isinstance(old, Mapping):
        yield from _without(key, old)
        yield f"+{key}={written(value)}"
    else:
        yield f"{key}={written(value)}"


def _without(key: str, old: Any) -> Iterator[str]:
    """Hydra does not delete a key that is null."""
    if old is None:
        yield f"{key}=0"
    yield f"~{key}"


def _section(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value)


def _below(path: str, name: str) -> str:
    return f"{path}.{_checked(name)}" if path else _checked(name)


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


def _checked(key: str) -> str:
    if not KEY.fullmatch(key):
        raise UserError(f"{key!r}: a key of this name cannot be changed in an experiment")
    return key

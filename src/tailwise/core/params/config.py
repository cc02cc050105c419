"""Reads sections of ``params.yaml`` into dataclasses, with one-line errors.

Knows YAML and no dataclass by name. Only stages read params.
"""

# Some of PyYAML's methods have no types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import dataclasses
import re
import typing
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from tailwise.core.errors import UserError, print_error, shorten
from tailwise.core.files import regular
from tailwise.core.params.typed import convert, is_section
from tailwise.core.params.upgrade import COMMAND, upgrade

Section = TypeVar("Section")

LARGEST = 2**18
"""Maximum size of a params file in bytes; this project's has 6 kB."""
MOST_VALUES = 100_000
"""Maximum number of values in a params file, counting every use of an alias."""


class Yaml12Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalars of the YAML 1.2 core schema.

    DVC writes YAML 1.2, where ``1e-4`` is a number and ``yes`` a string;
    PyYAML's own loader does the opposite for both.
    Source: https://yaml.org/spec/1.2.2/#103-core-schema
    """

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Hashable, Any]:
        if not isinstance(node, yaml.MappingNode):
            found = shorten(repr(node.value))
            raise yaml.constructor.ConstructorError(None, None, f"no mapping: {found}", node.start_mark)
        keys: list[Any] = [self.construct_object(key, deep=True) for key, _ in node.value]
        seen: set[Hashable] = set()
        for key in (key for key in keys if isinstance(key, Hashable)):
            if key in seen:
                raise UserError(f"line {node.start_mark.line + 1}: the key {shorten(repr(key))} is repeated")
            seen.add(key)
        return super().construct_mapping(node, deep)


_SCALARS = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
}
_TAG = "tag:yaml.org,2002:"
_READ: dict[str, Callable[[str], Any]] = {
    "null": lambda text: None,
    "bool": lambda text: text.lower() == "true",
    "int": lambda text: int(text, 0) if text.startswith(("0o", "0x")) else int(text),
    "float": lambda text: float(re.sub(r"\.(?=inf|nan)", "", text.lower())),
}


def _construct(loader: Yaml12Loader, node: yaml.ScalarNode) -> Any:
    """Parse a scalar by its pattern and ignore its tag."""
    name, text = node.tag.removeprefix(_TAG), loader.construct_scalar(node)
    if not re.fullmatch(_SCALARS[name], text):
        raise yaml.constructor.ConstructorError(None, None, f"no {name}: {text!r}", node.start_mark)
    return _READ[name](text)


for _name, _pattern in _SCALARS.items():
    Yaml12Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(f"^(?:{_pattern})$"), None)
    Yaml12Loader.add_constructor(f"{_TAG}{_name}", _construct)
for _name in ("timestamp", "binary", "set", "omap", "pairs"):  # types of YAML 1.1 that YAML 1.2 dropped
    Yaml12Loader.add_constructor(f"{_TAG}{_name}", yaml.SafeLoader.construct_undefined)


def read_params(path: Path = Path("params.yaml")) -> dict[str, Any]:
    """The params file as nested dicts; raises UserError as `read_file` does.

    Names of the last version are translated to the current ones, with a warning on stderr.
    """
    params = read_file(path)
    for change in upgrade(params):
        print_error(f"WARNING: {path}: of an earlier version: {change}; `{COMMAND}` rewrites params.yaml")
    return params


def read_file(path: Path) -> dict[str, Any]:
    """A params file without translation; raises UserError if it cannot be read or is too large."""
    try:
        if (size := regular(path).stat().st_size) > LARGEST:
            raise UserError(f"{path}: {size} bytes, a params file has at most {LARGEST}")
        params = _parsed(path.read_text(encoding="utf8"))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    except (
        yaml.YAMLError,
        UserError,
        ValueError,
    ) as error:  # ValueError: not UTF-8, or an integer with too many digits
        raise UserError(f"{path}: {' '.join(str(error).removeprefix(f'{path}: ').split())}") from error
    except RecursionError as error:
        raise UserError(f"{path}: its lists or sections are nested too deeply") from error
    if not is_section(params):
        raise UserError(f"{path}: expected sections, found {type(params).__name__}")
    return params


def _parsed(text: str) -> Any:
    loader = Yaml12Loader(text)
    try:
        node = loader.get_single_node()
        if node is not None and _values(node, {}) > MOST_VALUES:
            raise UserError(f"more than {MOST_VALUES} values, counting those that its aliases repeat")
        return None if node is None else cast(Any, loader.construct_document(node))
    finally:
        loader.dispose()


def _values(node: yaml.Node, counted: dict[yaml.Node, int]) -> int:
    """Number of values in a node, itself included; raises UserError for a recursive alias."""
    if node not in counted:
        counted[node] = 0
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        counted[node] = 1 + sum(_values(part, counted) for part in parts if isinstance(part, yaml.Node))
    elif not counted[node]:
        raise UserError(f"line {node.start_mark.line + 1}: a list or section that contains itself through an alias")
    return counted[node]


def section(params: dict[str, Any], path: str, cls: type[Section], ignore: tuple[str, ...] = ()) -> Section:
    """The value at a dotted path as `cls`, a dataclass or a plain type; "" is the whole file.

    ignore: keys of the section that are read elsewhere.
    Raises UserError for an unknown, missing or mistyped key, with its dotted path.
    """
    keys = path.split(".") if path else []
    value: Any = params
    for depth, key in enumerate(keys, start=1):
        if not is_section(value) or key not in value:
            raise UserError(f"params.yaml: {'.'.join(keys[:depth])} is missing")
        value = value[key]
    if ignore and is_section(value):
        value = {key: item for key, item in value.items() if key not in ignore}
    try:
        return convert(cls, value, path)
    except UserError as error:
        raise UserError(f"params.yaml: {error}") from error


def sections(params: dict[str, Any], cls: type[Section]) -> Section:
    """A dataclass with one field per section; ignores the other sections of the file."""
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cast(Any, cls))
    return cls(**{field.name: section(params, field.name, hints[field.name]) for field in fields})

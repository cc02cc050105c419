"""Reader of an icon set of Iconify, such as the logos of the npm package @iconify-json/logos.

The classes follow from names and sources, see properties/source.py: what has no class is left out. The brand of a logo
is its name without ``-icon``; a name with such an icon is a wordmark.
Source of the format: https://iconify.design/docs/types/iconify-json.html
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tailwise.core.errors import UserError
from tailwise.data.images.picture import PictureError
from tailwise.data.tables.partition import Split
from tailwise.data.tables.rows import inside
from tailwise.data.tables.spelling import quote
from tailwise.recipes.logos.properties.source import source_class, source_facts
from tailwise.recipes.logos.readers.logo import Logo

LARGEST_FILE = 2**28
"""Bytes of an icon set."""
ICON = "-icon"
UNIT = 16
"""Width and height of an icon where the set says none. Source: the format's documentation"""


@dataclass(frozen=True)
class Iconify:
    """file: icons.json, relative to the data root; split: how to draw splits
    per_class: most logos of a class, drawn by the seed of the split; null: all
    """

    kind: Literal["iconify"]
    split: Split
    file: str = "icons.json"
    per_class: int | None = None

    def __post_init__(self):
        inside(self.file)
        if self.per_class is not None and self.per_class < 1:
            raise ValueError(f"per_class must be 1 or more, or null, found {self.per_class}")

    def logos(self, root: Path) -> list[Logo]:
        """Every visible logo that has a class, by its name; raises UserError for a file of another form."""
        icons = _icons(root / self.file)
        names = sorted(name for name, icon in icons.items() if not icon.get("hidden"))
        known = set(names)
        found = [Logo(name, brand(name), f"{self.file}/{name}.svg", self._class(root, name, known)) for name in names]
        found = [logo for logo in found if logo.kind]
        if not found:
            raise UserError(f"{root / self.file}: none of {len(names)} icons has a class")
        return found if self.per_class is None else drawn(found, self.per_class, self.split.seed)

    def read(self, root: Path, path: str) -> bytes:
        """An icon as an SVG file. path: of the set, and the name of the icon with .svg"""
        icons = _icons(root / self.file)
        name = path.removeprefix(f"{self.file}/").removesuffix(".svg")
        if name not in icons:
            raise FileNotFoundError(2, "No such icon", path)
        return svg_of(icons[name])

    def _class(self, root: Path, name: str, names: set[str]) -> str:
        try:
            facts = source_facts(self.read(root, f"{self.file}/{name}.svg"))
        except PictureError:
            return ""
        return source_class(facts, wordmark=name + ICON in names)


def brand(name: str) -> str:
    """An icon's name without what tells it from a wordmark."""
    return name.removesuffix(ICON)


def drawn(logos: list[Logo], most: int, seed: int) -> list[Logo]:
    """At most so many of each class, in the order given."""
    rng, kept = np.random.default_rng(seed), set()
    for kind in sorted({logo.kind for logo in logos}):
        places = [place for place, logo in enumerate(logos) if logo.kind == kind]
        kept |= set(rng.permutation(places)[:most].tolist())
    return [logo for place, logo in enumerate(logos) if place in kept]


def svg_of(icon: Mapping[str, Any]) -> bytes:
    """The file that an entry of an icon set describes."""
    box = " ".join(f"{icon[name]:g}" for name in ("left", "top", "width", "height"))
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {names} viewBox="{box}">{icon["body"]}</svg>'.encode()


def _icons(file: Path) -> dict[str, dict[str, Any]]:
    try:
        facts = file.stat()
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}; see data.reader.file in params.yaml") from error
    if facts.st_size > LARGEST_FILE:
        raise UserError(f"{file}: {facts.st_size} bytes, at most {LARGEST_FILE} are read")
    return _parsed(file, facts.st_mtime_ns)


@functools.lru_cache(maxsize=2)
def _parsed(file: Path, changed_ns: int) -> dict[str, dict[str, Any]]:
    """{name: its body, left, top, width, height, hidden}, read once per process and version of the file."""
    try:
        found = json.loads(file.read_text(encoding="utf8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: not JSON in UTF-8: {error}") from error
    icons = found.get("icons") if isinstance(found, dict) else None
    if not isinstance(icons, dict) or not icons:
        raise UserError(f"{file}: has no icons: give an icons.json of Iconify, see docs/logos.md")
    usual = {"left": 0, "top": 0, "width": UNIT, "height": UNIT}
    usual |= {name: found[name] for name in usual if name in found}
    return {name: _checked(file, name, icon, usual) for name, icon in icons.items()}


def _checked(file: Path, name: str, icon: Any, usual: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(icon, dict) or not isinstance(icon.get("body"), str):
        raise UserError(f"{file}: icon {quote(name)}: has no body of SVG elements")
    whole = {**usual, **icon}
    for side in usual:
        if not isinstance(whole[side], (int, float)) or isinstance(whole[side], bool):
            raise UserError(f"{file}: icon {quote(name)}: {side} must be a number, found {quote(whole[side])}")
    return whole

"""The figures of a split by dotted name: ``section.macro_f1``, ``section.recall.chorus``, ``mean_recall``."""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, cast

from tailwise.core.errors import UserError, shorten

LONGEST = 100
"""Characters of a name that are compared with the known ones."""
LISTED = 400
"""Characters of the list of known figures in a message."""


def dotted(figures: Mapping[str, Any]) -> dict[str, float | None]:
    """{dotted name: number} of figures as metrics.json has them: numbers, nested or not; None if undefined."""
    return dict(_numbers(figures, ""))


def check_known(key: str, names: Iterable[str], known: Collection[str]) -> None:
    """Raise UserError for a name that is no figure. key: where it stands; known: by dotted name"""
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name[:LONGEST], known, n=1)
            meant = f"did you mean {near[0]}? It has" if near else "it has"
            listed = shorten(", ".join(known), LISTED) or "none"
            raise UserError(f"{key}: the pipeline has no figure {name!r}; {meant} {listed}")


def _numbers(figures: Mapping[str, Any], path: str) -> Iterator[tuple[str, float | None]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _numbers(cast(Mapping[str, Any], value), f"{path}{name}.")
        elif value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            yield f"{path}{name}", value

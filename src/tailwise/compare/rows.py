"""Configurations: revisions that differ only in their seed are one row, named by what differs from the first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tailwise.compare.revision import Revision
from tailwise.core.errors import shorten

VALUE = 60
"""Characters of a value in a label."""
ABSENT = "absent"


@dataclass(frozen=True)
class Row:
    """A configuration. label: what it is called; of_seed: {seed: its revision}, at least one"""

    label: str
    of_seed: dict[int, Revision]

    @property
    def revisions(self) -> list[Revision]:
        return list(self.of_seed.values())

    @property
    def first(self) -> Revision:
        return self.revisions[0]

    @property
    def single(self) -> Revision | None:
        """The revision of a row that has only one."""
        return self.first if len(self.of_seed) == 1 else None

    def values(self, figure: str) -> dict[int, float]:
        """{seed: value}, where the figure is defined."""
        found = {seed: revision.figures.get(figure) for seed, revision in self.of_seed.items()}
        return {seed: value for seed, value in found.items() if value is not None}


def make_rows(
    revisions: Sequence[Revision], labels: Mapping[str, str] | None = None, by_code: bool = True
) -> list[Row]:
    """The rows in the order of their first revisions, seeds in ascending order; at least one revision.

    labels: {revision: label of its row}, where the row has a name of its own
    by_code: whether revisions of other code or data are another row
    A seed that a row has already, with other figures, begins another row: what differs is neither params nor code.
    """
    groups: list[list[Revision]] = []
    for revision in revisions:
        fitting = [group for group in groups if _belongs(revision, group, by_code)]
        if not fitting:
            groups.append([revision])
        elif all(revision.seed != other.seed for other in fitting[0]):
            fitting[0].append(revision)
    first = groups[0][0]
    names = [(labels or {}).get(group[0].name) or _label(group, first) for group in groups]
    of_seed = [{each.seed: each for each in sorted(group, key=lambda each: each.seed)} for group in groups]
    return [Row(name, of) for name, of in zip(_distinct(names, groups), of_seed)]


def differing(params: Mapping[str, Any], first: Mapping[str, Any]) -> dict[str, Any]:
    """{dotted key: value} of what differs from the first; ABSENT for a key that only the first has."""
    keys = [*params, *(key for key in first if key not in params)]
    return {key: params.get(key, ABSENT) for key in keys if params.get(key, ABSENT) != first.get(key, ABSENT)}


def other_sources(revision: Revision, first: Revision) -> list[str]:
    """Paths of code and data that differ between two revisions."""
    paths = {**revision.sources, **first.sources}
    return [path for path in paths if revision.sources.get(path) != first.sources.get(path)]


def _belongs(revision: Revision, group: Sequence[Revision], by_code: bool) -> bool:
    """Whether a revision is a seed of the group, or the same run again."""
    other = group[0]
    if revision.params != other.params or (by_code and revision.sources != other.sources):
        return False
    again = next((each for each in group if each.seed == revision.seed), None)
    return again is None or again.figures == revision.figures


def _label(group: Sequence[Revision], first: Revision) -> str:
    """The revision's name for the first row; for others what differs, or else the name of the revision."""
    revision = group[0]
    if revision is first:
        return revision.name if len(group) == 1 else f"{revision.name} and {len(group) - 1} more"
    changed = [f"{key}={_text(value)}" for key, value in differing(revision.params, first.params).items()]
    code = [f"code of {revision.name}"] if other_sources(revision, first) else []
    return ", ".join([*changed, *code]) or revision.name


def _text(value: Any) -> str:
    """A value as YAML writes it, shortened."""
    texts = {True: "true", False: "false", None: "null"}
    plain = texts[value] if isinstance(value, bool) or value is None else str(value)
    return shorten(plain, VALUE)


def _distinct(names: Sequence[str], groups: Sequence[Sequence[Revision]]) -> list[str]:
    """The names, those that occur twice with that of their first revision."""
    return [
        f"{name} ({group[0].name})" if names.count(name) > 1 and name != group[0].name else name
        for name, group in zip(names, groups)
    ]

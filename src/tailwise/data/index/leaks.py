"""What stands on both sides of a split."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tailwise.data.index.rows import Index, Row

Places = dict[str, list[Row]]
"""{split: the rows of one clip or group there}"""


@dataclass(frozen=True)
class Leak:
    """split: the later one of those that share something; text: what, and where it is."""

    split: str
    text: str


def find_leaks(index: Index, stubs: set[str]) -> list[Leak]:
    """A leak for each clip and each group that is in two splits.

    stubs: contents that say nothing; clips of such a content are told apart by path
    """
    clips = [_clip_leak(places) for places in _clips(index, stubs) if len(places) > 1]
    groups = _collect(index, lambda row: row["group"])
    return clips + [_group_leak(places) for places in groups if len(places) > 1]


def _clips(index: Index, stubs: set[str]) -> Iterable[Places]:
    return _collect(index, lambda row: row["path"] if row["content"] in stubs else row["content"])


def _collect(index: Index, key: Callable[[Row], str]) -> Iterable[Places]:
    """The rows of each key by split."""
    found: dict[str, Places] = {}
    for split, rows in index.rows.items():
        for row in rows:
            found.setdefault(key(row), {}).setdefault(split, []).append(row)
    return found.values()


def _clip_leak(places: Places) -> Leak:
    where = [f"{rows[0]['path']} in {split}" for split, rows in places.items()]
    return Leak(list(places)[-1], f"the same clip is {' and '.join(where)}")


def _group_leak(places: Places) -> Leak:
    where = [f"in {split} (sample {rows[0]['sample']})" for split, rows in places.items()]
    group = next(iter(places.values()))[0]["group"]
    return Leak(list(places)[-1], f"the group {group!r} is {' and '.join(where)}")

"""What stands on both sides of a split, or under two labels."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tailwise.data.tables.rows import Index, Row
from tailwise.data.tables.spelling import alike, quoted, seen_apart

Places = dict[str, list[Row]]
"""{split: the rows of one clip or group there}"""


APART = "keep each in one split (drawn splits: by a common group)"
ONE_LABEL = "give each clip one label"
SPELT = "spell names alike that are one, and others otherwise"


@dataclass(frozen=True)
class Leak:
    """split: the later one of those that share something; text: what, and where it is; advice: what to do"""

    split: str
    text: str
    advice: str = APART

    @property
    def crosses(self) -> bool:
        """Whether it is between splits."""
        return self.advice != ONE_LABEL


def find_leaks(index: Index, stubs: set[str]) -> list[Leak]:
    """A leak for each clip, and each group or sample, that is in two splits; and for a clip under two labels.

    Names that print alike count as one.
    stubs: contents that say nothing; clips of such a content are told apart by path
    """
    clips, heads = list(of_clips(index, stubs)), list(index.heads)
    shared = [_clip_leak(places, heads) for places in clips if len(places) > 1]
    labelled = [_label_leak(places, heads) for places in clips if len(places) == 1 and _differ(places, heads)]
    groups = _collect(index, lambda row: row["group"])
    return [*shared, *labelled, *[_group_leak(places) for places in groups if len(places) > 1], *_alike(index)]


def of_clips(index: Index, stubs: set[str]) -> Iterable[Places]:
    """The rows of each clip by split."""
    return _collect(index, lambda row: row["path"] if row["content"] in stubs else row["content"])


def _collect(index: Index, key: Callable[[Row], str]) -> Iterable[Places]:
    """The rows of each key by split."""
    found: dict[str, Places] = {}
    for split, rows in index.rows.items():
        for row in rows:
            found.setdefault(key(row), {}).setdefault(split, []).append(row)
    return found.values()


def _clip_leak(places: Places, heads: list[str]) -> Leak:
    where = [f"{rows[0]['path']} in {split}" for split, rows in places.items()]
    labels = "".join(f"; its {head} is {' and '.join(map(quoted, of))}" for head, of in _differ(places, heads).items())
    return Leak(list(places)[-1], f"the same clip is {' and '.join(where)}{labels}")


def _label_leak(places: Places, heads: list[str]) -> Leak:
    """Of a clip in one split."""
    ((split, rows),) = places.items()
    (head, labels), *_ = _differ(places, heads).items()
    first = [next(row for row in rows if row[head] == label) for label in labels]
    where = [f"{row['path']} ({head} {quoted(row[head])}, sample {row['sample']})" for row in first]
    return Leak(split, f"the same clip is {' and '.join(where)} in {split}", ONE_LABEL)


def _differ(places: Places, heads: list[str]) -> dict[str, list[str]]:
    """{head: its labels} of the heads in which the rows have several; a missing label contradicts none."""
    found = {head: dict.fromkeys(row[head] for rows in places.values() for row in rows if row[head]) for head in heads}
    return {head: list(labels) for head, labels in found.items() if len(labels) > 1}


def _group_leak(places: Places) -> Leak:
    where = [f"in {split} (sample {rows[0]['sample']})" for split, rows in places.items()]
    group = next(iter(places.values()))[0]["group"]
    return Leak(list(places)[-1], f"the group {quoted(group)} is {' and '.join(where)}")


def _alike(index: Index) -> Iterable[Leak]:
    """Groups, and samples, that print alike and are in different splits."""
    told = []
    for what in ("group", "sample"):
        splits: dict[str, str] = {row[what]: split for split, rows in index.rows.items() for row in rows}
        for names in alike(splits):
            if names not in told and len({splits[name] for name in names}) > 1:
                told.append(names)
                where = " and ".join(f"{seen} in {splits[name]}" for seen, name in zip(seen_apart(names), names))
                yield Leak(splits[names[-1]], f"the {what}s {where} print alike", SPELT)

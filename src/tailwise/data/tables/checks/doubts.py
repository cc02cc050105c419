"""What is odd in the data and may be meant: warned of, and never refused."""

from collections.abc import Iterable, Iterator

from tailwise.data.tables.checks.leaks import Leak, Places, of_clips
from tailwise.data.tables.rows import Index, Row
from tailwise.data.tables.spelling import alike, quoted, seen_apart


def find_doubts(index: Index, stubs: set[str]) -> list[Leak]:
    """The same clip twice in a split, and names there that print alike. stubs: as for leaks"""
    twice = [_twice(split, rows) for split, rows in _again(of_clips(index, stubs), list(index.heads))]
    return [*twice, *(doubt for split, rows in index.rows.items() for doubt in _alike(split, rows))]


def _again(clips: Iterable[Places], heads: list[str]) -> Iterator[tuple[str, list[Row]]]:
    """(split, the rows) of each clip that it has several times, under labels that do not contradict each other."""
    for places in clips:
        for split, rows in places.items():
            if len(rows) > 1 and all(len({row[head] for row in rows} - {""}) < 2 for head in heads):
                yield split, rows


def _twice(split: str, rows: list[Row]) -> Leak:
    first, second, *more = [f"{row['path']} (view {row['view']} of sample {row['sample']})" for row in rows]
    others = f" and {len(more)} more" if more else ""
    return Leak(split, f"the same clip is {first} and {second}{others} in {split}")


def _alike(split: str, rows: list[Row]) -> Iterator[Leak]:
    views: dict[str, list[str]] = {}
    for row in rows:
        views.setdefault(row["sample"], []).append(row["view"])
    samples = alike(views)
    groups = [names for names in alike(row["group"] for row in rows) if names not in samples]
    for what, found in (("samples", samples), ("groups", groups)):
        for names in found:
            apart = " and ".join(seen_apart(names))
            yield Leak(split, f"the {what} {apart} print alike and are taken for different ones in {split}")
    for sample, of_sample in views.items():
        for names in alike(of_sample) if len(of_sample) > 1 else ():
            apart = " and ".join(seen_apart(names))
            yield Leak(split, f"the views {apart} of sample {quoted(sample)} print alike in {split}")

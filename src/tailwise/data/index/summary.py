"""What the index stage says about the data, in a file and on the screen."""

from collections.abc import Iterator

from tailwise.data.index.rows import by_sample
from tailwise.data.index.source import Checked

SHOWN = 20
"""Leaks of a split that are printed; the file has all."""


def summarize(data: Checked) -> dict:
    """Per split: samples, views, samples dropped by rule; leaks where there are any."""
    summary = {}
    for split, rows in data.index.rows.items():
        counts = {"samples": len(by_sample(rows)), "views": len(rows), "dropped": data.index.dropped[split]}
        leaks = [leak.text for leak in data.leaks if leak.split == split]
        summary[split] = counts | ({"leaks": leaks} if leaks else {})
    return summary


def describe(data: Checked) -> Iterator[str]:
    """The same as lines, with the reader's notes and what is absent."""
    for split, facts in summarize(data).items():
        yield f"{split}: {facts['samples']} samples, {facts['views']} views"
        absent = sum(not row["content"] for row in data.index.rows[split])
        absences = [f"clips that are not there: {absent}"] if absent else []
        leaks = [f"WARNING: {text}" for text in facts.get("leaks", [])]
        yield from (f"  {line}" for line in [*data.index.notes[split], *absences, *_first(leaks)])


def _first(lines: list[str]) -> list[str]:
    more = [f"and {len(lines) - SHOWN} more, see reports/index.json"] if len(lines) > SHOWN else []
    return lines[:SHOWN] + more

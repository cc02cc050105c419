"""What the index stage says about the data, in a file and on the screen."""

from collections.abc import Iterator

from tailwise.data.tables.checks.source import Checked
from tailwise.data.tables.rows import by_sample

SHOWN = 20
"""Leaks, and other warnings, of a split that are printed; the file has all."""


def summarize(data: Checked) -> dict:
    """Per split: samples, their views if they have any, samples dropped by rule; leaks and other warnings if any."""
    summary = {}
    for split, rows in data.index.rows.items():
        views = {"views": len(rows)} if "view" in rows[0] else {}
        counts = {"samples": len(by_sample(rows)), **views, "dropped": data.index.dropped[split]}
        within = [leak for leak in data.leaks if not leak.crosses]
        found = {"leaks": [leak for leak in data.leaks if leak.crosses], "warnings": [*within, *data.doubts]}
        told = {name: [leak.text for leak in of if leak.split == split] for name, of in found.items()}
        summary[split] = counts | {name: texts for name, texts in told.items() if texts}
    return summary


def describe(data: Checked) -> Iterator[str]:
    """The same as lines, with the reader's notes and what is absent."""
    for split, facts in summarize(data).items():
        views = f", {facts['views']} views" if "views" in facts else ""
        yield f"{split}: {facts['samples']} samples{views}"
        absent = sum(not row.get("content", "text") for row in data.index.rows[split])
        absences = [f"clips that are not there: {absent}"] if absent else []
        leaks, others = ([f"WARNING: {text}" for text in facts.get(name, [])] for name in ("leaks", "warnings"))
        yield from (f"  {line}" for line in [*data.index.notes[split], *absences, *_first(leaks), *_first(others)])


def _first(lines: list[str]) -> list[str]:
    more = [f"and {len(lines) - SHOWN} more, see reports/index.json"] if len(lines) > SHOWN else []
    return lines[:SHOWN] + more

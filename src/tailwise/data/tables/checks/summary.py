"""Summary of the index stage, as JSON and as lines."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tailwise.core.tables import column
from tailwise.data.tables.checks.source import Checked
from tailwise.data.tables.pseudo import PSEUDO

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 20
"""Leaks, and other warnings, printed per split; reports/index.json has all of them."""


def summarize(data: Checked) -> dict:
    """Per split: samples, views (if the data have views), samples dropped by rule; leaks and warnings, if any."""
    summary = {}
    for split, rows in data.index.rows.items():
        views = {"views": len(rows)} if "view" in rows else {}
        counts = {
            "samples": rows["sample"].nunique(),
            **views,
            **_by_models(rows),
            "dropped": data.index.dropped[split],
        }
        within = [leak for leak in data.leaks if not leak.crosses]
        found = {"leaks": [leak for leak in data.leaks if leak.crosses], "warnings": [*within, *data.warnings]}
        texts = {name: [leak.text for leak in of if leak.split == split] for name, of in found.items()}
        summary[split] = counts | {name: of_split for name, of_split in texts.items() if of_split}
    return summary


def _by_models(rows: "pd.DataFrame") -> dict[str, int]:
    """How many of the samples have labels that a model made, where any split may have them."""
    if PSEUDO not in rows:
        return {}
    return {"labelled by a model": rows.loc[column(rows, PSEUDO) != "", "sample"].nunique()}


def describe(data: Checked) -> Iterator[str]:
    """The summary as lines, with the reader's notes and the number of missing contents."""
    for split, facts in summarize(data).items():
        views = f", {facts['views']} views" if "views" in facts else ""
        yield f"{split}: {facts['samples']} samples{views}"
        rows = data.index.rows[split]
        absent = int((column(rows, "content") == "").sum()) if "content" in rows else 0
        absences = [f"missing {data.index.item}s: {absent}"] if absent else []
        leaks, others = ([f"WARNING: {text}" for text in facts.get(name, [])] for name in ("leaks", "warnings"))
        yield from (f"  {line}" for line in [*data.index.notes[split], *absences, *_first(leaks), *_first(others)])


def _first(lines: list[str]) -> list[str]:
    more = [f"and {len(lines) - SHOWN} more, see reports/index.json"] if len(lines) > SHOWN else []
    return lines[:SHOWN] + more

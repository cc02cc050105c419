"""Seconds and memory of an index of 200,000 views: a table read, checked, and written as its stage does."""

import csv
import sys
import tempfile
from pathlib import Path

from child import cost
from measure import Figure, Table

VIEWS, OF_SAMPLE, OF_GROUP = 200_000, 2, 40
MOST_S, MOST_MB = 30, 500


def write_data(root: Path) -> None:
    """A table of two heads, two views a sample, 20 samples a group."""
    with open(root / "labels.csv", "w", encoding="utf8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["sample", "view", "group", "split", "path", "action", "severity", "camera", "timestamp"])
        for i in range(VIEWS):
            sample, group = i // OF_SAMPLE, i // OF_GROUP
            split = ("train", "train", "train", "valid", "test")[group % 5]
            labels = [f"action {sample % 174}", f"severity {sample % 4}"]
            path = f"clips/{group}/{sample}_{i % OF_SAMPLE}.mp4"
            rows.writerow([f"sample {sample}", i % OF_SAMPLE, f"match {group}", split, path, *labels, "main", 40 * i])


def index(root: Path) -> None:
    """The work of the stage `index` on a table, without opening clips."""
    from tailwise.core.files import write_json
    from tailwise.core.tables import write_table
    from tailwise.data.tables.checks.source import read_source
    from tailwise.data.tables.checks.summary import describe, summarize
    from tailwise.data.tables.table import Table as Reader
    from tailwise.recipes.fouls.source import Source

    data = read_source(Source(str(root), "refuse", Reader("table", "labels.csv", ("action", "severity"), None)))
    for split, rows in data.index.rows.items():
        write_table(root.parent / f"index/{split}.csv", rows)
    write_json(root.parent / "index.json", summarize(data))
    assert len(list(describe(data))) >= len(data.index.rows)


def tables(rounds: int = 3) -> list[Table]:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made) / "raw"
        root.mkdir()
        write_data(root)
        times, peaks = zip(*(cost(__file__, str(root)) for _ in range(rounds)))
    figures = [Figure("time", list(times), "s", most=MOST_S), Figure("peak memory", list(peaks), "MB", most=MOST_MB)]
    note = "The clips are absent, so that no content is hashed: that time is the disk's."
    return [Table(f"An index of {VIEWS} views from a table", figures, note)]


if __name__ == "__main__":
    index(Path(sys.argv[1]))

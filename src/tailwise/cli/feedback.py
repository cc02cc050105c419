"""A table of all corrections that a server took: ``tailwise feedback``."""

import argparse
from collections import Counter
from pathlib import Path


def add_feedback(one: argparse.ArgumentParser) -> None:
    """Arguments of `feedback`."""
    one.add_argument("folder", type=Path, metavar="FOLDER", help="of tailwise serve --feedback")
    one.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """args: of `add_feedback`. Raises UserError."""
    from tailwise.serve.feedback import FIRST, collect

    file, rows = collect(args.folder)
    first = {row["sample"]: row for row in rows}
    print(f"{file}: {len(first)} samples, {len(rows)} files")
    for head in (name for name in rows[0] if name not in FIRST):
        counts = Counter(row[head] for row in first.values() if row[head])
        print(f"{head}: " + ", ".join(f"{name} {count}" for name, count in counts.most_common()))

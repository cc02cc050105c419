"""The table of samples: one row a view, the same labels in all rows of a sample."""

from collections.abc import Sequence
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv


def read_views(manifest: Path) -> dict[str, list[dict[str, str]]]:
    """{sample: rows of its views}, both in the order of the file."""
    samples: dict[str, list[dict[str, str]]] = {}
    for row in read_csv(manifest):
        samples.setdefault(row["sample"], []).append(row)
    return samples


def read_labels(manifest: Path, heads: Sequence[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Sample names, and {head: class names} in the same order; "" where a label is missing."""
    samples = read_views(manifest)
    try:
        return list(samples), {head: [views[0][head] for views in samples.values()] for head in heads}
    except KeyError as error:
        raise UserError(f"{manifest}: has no column {error}") from error

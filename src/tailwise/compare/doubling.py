"""What more data gives: the learning curve of rows that differ in the share of the training groups alone."""

from collections.abc import Iterator, Sequence

import numpy as np

from tailwise.compare.analysis import Figure
from tailwise.compare.rows import Row, differing
from tailwise.compare.text import signed
from tailwise.metrics.statistics import Estimate, estimate

SHARE = "resampling.train_share"


def doubling_notes(rows: Sequence[Row], figures: Sequence[Figure]) -> Iterator[str]:
    """A line for each figure: what a doubling of the training groups gave, over the seeds that all rows have.

    Nothing for rows that differ in anything else, or of fewer than two shares.
    """
    shares = curve_of(rows)
    if len(shares) < 2:
        return
    top, below = sorted(shares, reverse=True)[:2]
    yield f"learning curve of {', '.join(f'{share:.3g}' for share in sorted(shares))} of the training groups:"
    for figure in figures:
        slopes, last = per_doubling(shares, figure, list(shares)), per_doubling(shares, figure, [top, below])
        if slopes and last:
            told = (
                f"{signed(slopes, figure)} a doubling; from {below:.3g} to {top:.3g} {signed(last, figure)} a doubling"
            )
            yield f"{figure.title}: {told}. Another doubling gives about as much, and less where the curve bends"


def curve_of(rows: Sequence[Row]) -> dict[float, Row]:
    """{share: row}, empty where rows differ in other params, or two have the same share."""
    if any(set(differing(row.first.params, rows[0].first.params)) - {SHARE} for row in rows):
        return {}
    found = {float(row.first.params.get(SHARE, 1.0)): row for row in rows}
    return found if len(found) == len(rows) else {}


def per_doubling(shares: dict[float, Row], figure: Figure, chosen: Sequence[float]) -> Estimate | None:
    """Slope of a line through the values over log2 of these shares, of each seed; None without a common seed."""
    values = [shares[share].values(figure.name) for share in chosen]
    seeds = sorted(set.intersection(*map(set, values)))
    if not seeds:
        return None
    points = np.array([[of_share[seed] for seed in seeds] for of_share in values])
    slopes, _ = np.polyfit(np.log2(chosen), points, 1)
    return estimate(slopes.tolist())

"""How far two people agree on the sections of a song."""

from collections.abc import Sequence

import numpy as np

TOLERANCES_S = (0.5, 3.0)


def agreement(first: Sequence[str], second: Sequence[str], seconds: float) -> tuple[float, float, float]:
    """Boundary F1 within each of TOLERANCES_S, and the share of positions with the same label.

    first, second: labels of the same T positions, T >= 1; seconds: length of a position
    Start and end of the song do not count as boundaries; positions without a label in either do not count at all.
    """
    of_both = [np.flatnonzero([one != other for one, other in zip(of, of[1:])]) + 1 for of in (first, second)]
    half, three = (boundary_f1(of_both[0], of_both[1], round(tolerance / seconds)) for tolerance in TOLERANCES_S)
    known = [(one, other) for one, other in zip(first, second) if one and other]
    same = sum(one == other for one, other in known) / max(len(known), 1)
    return half, three, same


def boundary_f1(first: np.ndarray, second: np.ndarray, tolerance: int) -> float:
    """F1 of the largest one-to-one matching of ascending positions at most `tolerance` apart; 1 if both are empty."""
    if not len(first) + len(second):
        return 1.0
    matched = place = 0
    for boundary in first:
        while place < len(second) and second[place] < boundary - tolerance:
            place += 1
        if place < len(second) and second[place] <= boundary + tolerance:
            matched, place = matched + 1, place + 1
    return 2 * matched / (len(first) + len(second))

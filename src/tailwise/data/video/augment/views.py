"""Which views of a sample stay."""

import numpy as np


def kept_views(present: np.ndarray, uniform: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """The views that are not dropped, (B, V) bool; where none would be left, the one drawn highest stays.

    present: (B, V) bool; uniform: (B, V); chance: (B,)
    """
    kept = present & (uniform >= chance[:, None])
    last = np.where(present, uniform, -1).argmax(axis=1)
    kept[np.arange(len(kept)), last] |= present.any(axis=1) & ~kept.any(axis=1)
    return kept

"""Confidence and accuracy in bins of equal width, as sums that add up. No torch import.

The confidence is the probability of the predicted class; bin b holds (b / bins, (b + 1) / bins].
Source: https://arxiv.org/abs/1706.04599, equations 2 and 3
"""

import numpy as np


def bin_sums(confidence: np.ndarray, right: np.ndarray, bins: int) -> np.ndarray:
    """Per bin: number of labels, sum of confidences, number of correct labels; (3 * bins,).

    confidence: (N,) in [0, 1]; right: (N,) bool
    """
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    return np.concatenate([np.bincount(places, w, bins) for w in (np.ones(len(places)), confidence, right)])


def calibration_error(total: np.ndarray) -> float | None:
    """Mean gap between confidence and accuracy, in [0, 1]; None without labels. total: from `bin_sums`"""
    labels, confidence, right = np.reshape(total, (3, -1))
    return float(np.abs(confidence - right).sum() / labels.sum()) if labels.sum() else None

"""Foote's novelty against its definition by a checkerboard on the similarities."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from tailwise.models.sequence.novelty import Foote, novelty, peaks


def by_checkerboard(features, kernel):
    """The definition: a tapered checkerboard on every (2 kernel, 2 kernel) part along the diagonal, 0 outside."""
    offsets = np.arange(-kernel, kernel) + 0.5
    taper = np.exp(-((offsets / kernel) ** 2) * 2)
    board = np.outer(np.sign(offsets) * taper, np.sign(offsets) * taper)
    padded = np.pad(cosine_similarity(features), kernel)
    parts = [padded[t : t + 2 * kernel, t : t + 2 * kernel] for t in range(1, len(features))]
    return np.array([0.0, *((part * board).sum() for part in parts)])


@pytest.mark.parametrize(("size", "kernel"), [(1, 2), (3, 4), (40, 4), (40, 16)])
def test_it_is_the_fit_of_the_checkerboard(size, kernel):
    features = np.random.default_rng(size).normal(size=(size, 5))
    features[size // 2] = 0
    assert novelty(features, kernel) == pytest.approx(by_checkerboard(features, kernel), abs=1e-12)


def test_the_scale_of_a_position_does_not_count():
    features = np.random.default_rng(0).normal(size=(20, 3))
    assert novelty(features * np.arange(1, 21)[:, None], 4) == pytest.approx(novelty(features, 4))


def test_sections_start_where_the_features_change():
    labels = np.repeat([0, 1, 0], [12, 10, 11])
    features = np.eye(2)[labels] + 0.05 * np.random.default_rng(0).normal(size=(33, 2))
    assert Foote(6, 0.5).starts(features.astype(np.float32)).tolist() == [12, 22]


def test_a_lower_height_finds_no_fewer():
    features = np.random.default_rng(1).normal(size=(200, 4)).cumsum(axis=0)
    found = [set(Foote(8, height).starts(features).tolist()) for height in (1.0, 0.0, -1.0)]
    assert found[0] < found[1] <= found[2]


def test_peaks_are_the_first_highest_near_them():
    curve = np.array([0, 1, 3, 3, 1, 0, 2, 0.0])
    assert peaks(curve, 1, 0.5).tolist() == [2, 6] and peaks(curve, 4, 0.5).tolist() == [2]
    assert peaks(curve, 1, 2.5).tolist() == [2] and peaks(np.zeros(5), 2, 0.0).tolist() == []


@pytest.mark.parametrize("size", [1, 2, 5])
def test_short_sequences_and_silence_have_no_start(size):
    assert Foote().starts(np.zeros((size, 3))).tolist() == []

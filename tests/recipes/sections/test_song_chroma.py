"""Features of chroma: what they say of made-up songs, and what they do not depend on."""

import numpy as np
import pytest

from tailwise.recipes.sections.features import recurrence
from tailwise.recipes.sections.features.chroma import CHROMA_FEATURES, chroma_features, chroma_names, relative
from tailwise.recipes.sections.features.recurrence import block_measures, novelty, structure_novelty


def part(seed: int, length: int = 40) -> np.ndarray:
    """A section: its own chords, 2 s each, in windows of half a second."""
    chords = np.random.default_rng(seed).random((length // 4, 24)) ** 4
    return np.repeat(chords, 4, axis=0).astype(np.float32)


VERSE, CHORUS, BRIDGE = part(1), part(2), part(3)
SONG = np.concatenate([VERSE, CHORUS, part(4), CHORUS, BRIDGE])


def columns(chroma: np.ndarray, seconds: float = 0.5) -> dict[str, np.ndarray]:
    return dict(zip(CHROMA_FEATURES, chroma_features(chroma, seconds).T))


def test_shape_and_names():
    found = chroma_features(SONG, 0.5)
    assert found.shape == (200, len(CHROMA_FEATURES)) and found.dtype == np.float32
    assert len(set(CHROMA_FEATURES)) == len(CHROMA_FEATURES) and np.isfinite(found).all()


@pytest.mark.parametrize("length", [1, 2, 3, 15, 17, 41])
@pytest.mark.parametrize("seconds", [0.05, 0.5, 30.0])
def test_songs_of_any_length_and_silence(length, seconds):
    for chroma in (np.zeros((length, 24)), np.ones((length, 24)), part(1, 44)[:length]):
        assert np.isfinite(chroma_features(chroma, seconds)).all()


def test_only_the_bins_change_with_transposition():
    moved = np.roll(SONG.reshape(-1, 2, 12), 5, axis=2).reshape(-1, 24)
    before, after = columns(SONG), columns(moved)
    for name in CHROMA_FEATURES:
        if not name.startswith("bin_"):
            np.testing.assert_allclose(before[name], after[name], atol=2e-3, err_msg=name)
    np.testing.assert_allclose(before["bin_0"], after["bin_5"], atol=1e-6)


def test_loudness_of_the_recording_does_not_matter():
    np.testing.assert_allclose(chroma_features(SONG, 0.5), chroma_features(100 * SONG, 0.5), atol=2e-3)


def test_a_repeated_section_raises_repetition():
    once = columns(np.concatenate([VERSE, CHORUS, part(4), BRIDGE]))
    again = columns(SONG)
    chorus = slice(50, 70)
    for name in ("best_8s", "top_8s", "repeats_8s", "best_20s", "ahead_8s"):
        assert again[name][chorus].mean() > once[name][chorus].mean() + 0.02, name
    assert (again["best_8s"][chorus] > 0.99).all() and once["best_8s"][chorus].max() < 0.8
    assert (again["behind_8s"][120 + 10 : 120 + 30] > 0.99).all() and again["behind_8s"][chorus].max() < 0.8
    np.testing.assert_allclose(again["nearest_8s"][chorus], 80 * 0.5 / 60, atol=0.02)


def test_change_is_largest_where_sections_meet():
    found = columns(np.concatenate([np.tile(part(5, 4), (15, 1)), np.tile(part(6, 4), (15, 1))]))
    for name in ("novelty_4s", "novelty_8s", "structure_4s", "structure_10s"):
        assert abs(int(found[name].argmax()) - 60) <= 8, name
    assert int(found["novelty_8s"].argmax()) == 60


def test_measures_of_blocks_by_hand():
    vectors = np.eye(4)[[0, 1, 2, 0, 1, 3]].astype(np.float32)
    found = block_measures(vectors, 1)
    centred = vectors - vectors.mean(0)
    cosine = centred @ centred.T / np.outer(*[np.linalg.norm(centred, axis=1)] * 2)
    others = np.where(np.eye(6, dtype=bool), -1, cosine)
    np.testing.assert_allclose(found["best"], others.max(1), atol=1e-6)
    np.testing.assert_allclose(found["mean"], (cosine.sum(1) - 1) / 5, atol=1e-6)
    np.testing.assert_allclose(found["top"], others.mean(1), atol=1e-6)
    assert found["nearest"].tolist() == [3, 3, 6, 3, 3, 6]
    np.testing.assert_allclose(found["repeats"], [0.2, 0.2, 0, 0.2, 0.2, 0])
    np.testing.assert_allclose(found["ahead"][[0, 3]], [1, others[3, 4:].max()], atol=1e-6)


def test_novelty_by_hand():
    found = novelty(np.array([[0.0], [0.0], [3.0], [1.0]]), 2)
    np.testing.assert_allclose(found, [0, 1.5, 2, 0.5])


def test_the_size_of_pieces_does_not_matter(monkeypatch):
    block, structure = block_measures(SONG, 16), structure_novelty(SONG, 16, 8)
    monkeypatch.setattr(recurrence, "ROWS", 7)
    monkeypatch.setattr(recurrence, "LAGS", 5)
    np.testing.assert_allclose(structure, structure_novelty(SONG, 16, 8), atol=1e-5)
    for name, values in block_measures(SONG, 16).items():
        np.testing.assert_allclose(values, block[name], atol=1e-5)


def test_relative_loudness():
    np.testing.assert_allclose(relative(np.array([1.0, 2.0, 4.0])), np.log([0.5, 1, 2]))
    assert relative(np.array([0.0, 1.0, 1.0]))[0] == -3 and not relative(np.zeros(3)).any()


def test_timbre_is_beside_chroma_and_scaled_by_song():
    timbre = np.repeat([[10.0, -200.0], [30.0, -200.0]], 100, axis=0)
    found = chroma_features(np.concatenate([SONG, timbre], axis=1), 0.5)
    names = chroma_names(26)
    assert found.shape == (200, len(names)) and names[: len(CHROMA_FEATURES)] == CHROMA_FEATURES
    np.testing.assert_array_equal(found[:, : len(CHROMA_FEATURES)], chroma_features(SONG, 0.5))
    of = dict(zip(names, found.T))
    assert of["timbre_0"].tolist() == [-1] * 100 + [1] * 100 and not of["timbre_1"].any()
    assert int(of["timbre_novelty_8s"].argmax()) == 100 and chroma_names(24) == CHROMA_FEATURES

"""Augmentation of songs' features: its effect, where it acts, and that it follows from the key."""

import numpy as np
import pytest
import torch

from tailwise.core.batch import Batch
from tailwise.recipes.sections.augment import Scale, SongAugment, augment_song, preparation
from tailwise.recipes.sections.features.chroma import chroma_features
from tailwise.recipes.sections.features.kinds import chroma_columns, kind_of
from tailwise.recipes.sections.features.song import feature_names
from tailwise.recipes.sections.readers.song import Song

PLAIN = 3
"""Columns of the made-up features that are no chroma; they come first."""
RNG = np.random.default_rng(5)
SCALE = Scale(RNG.random(PLAIN + 24), 0.5 + RNG.random(PLAIN + 24), (slice(3, 15), slice(15, 27)))
KEYS = np.array([[1, 1, 2, song] for song in range(3)])
LENGTHS = (7, 4, 5)


def batch() -> Batch:
    """Three songs, padded with 0."""
    features = torch.zeros(len(LENGTHS), max(LENGTHS), PLAIN + 24)
    for song, length in enumerate(LENGTHS):
        features[song, :length] = torch.randn(length, PLAIN + 24, generator=torch.Generator().manual_seed(song))
    inputs = {"features": features, "length": torch.tensor(LENGTHS)}
    return Batch(inputs, {"section": torch.zeros(3, 7, dtype=torch.int64)}, torch.arange(3))


def prepared(augment: SongAugment, strength=1.0, keys=KEYS) -> np.ndarray:
    return preparation(augment, SCALE)(batch(), strength, keys).inputs["features"].numpy()


def chroma_of(normalised: np.ndarray) -> np.ndarray:
    """(T, 2, 12) as it was before it was normalised."""
    values = normalised * np.asarray(SCALE.std, np.float32) + np.asarray(SCALE.mean, np.float32)
    return values[..., PLAIN:].reshape(len(values), 2, 12)


@pytest.mark.parametrize("augment", [SongAugment(noise=0.3), SongAugment(transpose=3), SongAugment(0.3, 3)])
def test_every_song_changes_and_its_padding_does_not(augment):
    before, changed = batch().inputs["features"].numpy(), prepared(augment, keys=KEYS + [0, 0, 3, 0])
    for song, length in enumerate(LENGTHS):
        assert (changed[song, length:] == 0).all()
    assert not np.array_equal(changed, before)
    given = batch()
    again = preparation(augment, SCALE)(given, 1.0, KEYS)
    assert torch.equal(given.inputs["features"], batch().inputs["features"]), "the batch that was given stays"
    assert again.inputs["length"] is given.inputs["length"] and again.targets is given.targets


@pytest.mark.parametrize("augment", [SongAugment(noise=0.3), SongAugment(transpose=3), SongAugment(0.3, 3)])
def test_strength_0_changes_nothing(augment):
    np.testing.assert_array_equal(prepared(augment, 0.0), batch().inputs["features"].numpy())


def test_without_ranges_the_batch_is_handed_through():
    given = batch()
    assert preparation(SongAugment(), SCALE)(given, 1.0, KEYS) is given


def test_a_song_changes_by_its_key_alone():
    augment = SongAugment(0.3, 3)
    np.testing.assert_array_equal(prepared(augment), prepared(augment))
    other = KEYS.copy()
    other[0, 2] += 1
    first, second = prepared(augment), prepared(augment, keys=other)
    np.testing.assert_array_equal(first[1:], second[1:])
    assert not np.array_equal(first[0], second[0])


def test_noise_has_its_deviation_at_the_strength_of_each_song():
    features = np.zeros((4000, 5), np.float32)
    for strength in (1.0, 0.25):
        changed = features.copy()
        augment_song(changed, SongAugment(noise=0.4), SCALE, np.random.default_rng(2), strength)
        assert changed.std() == pytest.approx(0.4 * strength, rel=0.03) and abs(changed.mean()) < 0.01
    own = prepared(SongAugment(noise=0.4), np.array([0.0, 1.0, 0.0]))
    same = [np.array_equal(own[song], batch().inputs["features"].numpy()[song]) for song in range(3)]
    assert same == [True, False, True]


def test_a_transposition_moves_both_halves_of_the_chroma_alike_and_nothing_else():
    before = batch().inputs["features"].numpy()[0]
    shifts = set()
    for number in range(40):
        changed = before.copy()
        augment_song(changed, SongAugment(transpose=3), SCALE, np.random.default_rng(number), 1.0)
        np.testing.assert_array_equal(changed[:, :PLAIN], before[:, :PLAIN])
        fits = [
            shift
            for shift in range(-6, 6)
            if np.allclose(chroma_of(changed), np.roll(chroma_of(before), shift, axis=2), atol=1e-5)
        ]
        assert len(fits) == 1
        shifts.add(fits[0])
    assert shifts == {-3, -2, -1, 0, 1, 2, 3}


def test_weak_transposition_has_fewer_semitones():
    before = batch().inputs["features"].numpy()[0]
    for number in range(20):
        changed = before.copy()
        augment_song(changed, SongAugment(transpose=3), SCALE, np.random.default_rng(number), 0.1)
        np.testing.assert_array_equal(changed, before)  # 0.3 semitones are none


@pytest.mark.parametrize("timbre", [0, 2])
def test_of_a_songs_features_the_chroma_is_what_moves(timbre):
    chroma = np.random.default_rng(3).random((30, 24 + timbre)).astype(np.float32)
    names = feature_names(Song("a", "a", "a", (), chroma=chroma, seconds=0.5))
    features = chroma_features(chroma, 0.5)
    assert kind_of(names) == "chroma"
    columns = chroma_columns(names)
    assert [names[place] for part in columns for place in range(part.start, part.stop)] == list(names[:24])
    scale, changed = Scale(np.zeros(len(names)), np.ones(len(names)), columns), features.astype(np.float32)
    for number in range(9):  # one of these moves
        augment_song(changed, SongAugment(transpose=6), scale, np.random.default_rng(number), 1.0)
    assert (changed[:, 24:] == features.astype(np.float32)[:, 24:]).all()
    np.testing.assert_allclose(np.sort(changed[:, :12]), np.sort(features[:, :12]), atol=1e-6)


@pytest.mark.parametrize("wrong", [{"noise": -0.1}, {"transpose": -1}, {"transpose": 7}])
def test_ranges_that_cannot_be(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SongAugment(**wrong)

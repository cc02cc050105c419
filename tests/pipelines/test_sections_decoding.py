"""Decodings of song sections compared, on songs made of blocks whose single positions are hard to tell."""

import numpy as np
import pytest

from decoding import Song, by_shortest, by_structure, choose, compare, figures, most_probable, songs_of
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.predictions import Predictions

HEAD = Head("section", ("verse", "chorus"))
TRUTH = np.repeat([0, 1, 0, 1], [12, 8, 12, 8])


def noisy(seed: int, noise: float) -> Song:
    """A song whose logits of the right class are 1 above the others' before noise."""
    logits = np.eye(2)[TRUTH] + noise * np.random.default_rng(seed).normal(size=(len(TRUTH), 2))
    return Song(TRUTH, logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))


@pytest.mark.parametrize("decoder", [by_structure([TRUTH] * 3, 2, 1.0), by_shortest(2, 5)])
def test_decoding_finds_blocks_that_single_positions_hide(decoder):
    songs = [noisy(seed, 0.8) for seed in range(10)]
    plain, decoded = (figures(songs, how, HEAD, None) for how in (most_probable, decoder))
    assert decoded["boundary F1, 1"] > plain["boundary F1, 1"] + 0.1 and decoded["macro F1"] > plain["macro F1"]


def test_certain_answers_stay_as_they_are():
    songs = [noisy(0, 0.0)]
    for how in (most_probable, by_structure([TRUTH], 2, 0.1), by_shortest(2, 2)):
        assert set(figures(songs, how, HEAD, None).values()) == {1.0}


def test_tolerances_of_audio_are_in_seconds():
    assert {"boundary F1, 0.5s", "boundary F1, 3s"} <= set(figures([noisy(0, 0.0)], most_probable, HEAD, 0.5))


def test_the_first_of_equal_values_is_chosen():
    decoders = {0.1: most_probable, 0.5: by_shortest(2, 2), 1.0: most_probable}
    assert choose(decoders, lambda decoder: 1.0) == 0.1
    assert choose(decoders, lambda decoder: float(decoder is decoders[0.5])) == 0.5


def test_the_strength_is_chosen_on_calibration_alone():
    """Calibration songs that need no decoding choose the weakest; validation does not change that."""
    found = compare([TRUTH], [noisy(0, 0.0)], [noisy(seed, 0.8) for seed in range(3)], HEAD, None)
    assert list(found) == ["argmax", "durations, weight 0.1", "sections of at least 2"]


def test_a_position_without_a_label_keeps_its_place():
    likely = np.array([[0.9, 0.1], [0.2, 0.8]])
    found = Predictions(
        HEAD, ["a", "a"], ["g", "g"], np.array([0, 1]), np.array([0, 1]), likely, positions=np.array([0, 2])
    )
    (song,) = songs_of(found)
    assert song.truth.tolist() == [0, IGNORE, 1]
    assert np.exp(song.log_p) == pytest.approx(np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]))

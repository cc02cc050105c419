"""Altered training songs, and the prepared splits with them."""

import numpy as np
import pytest

from tailwise.recipes.sections.readers.song import Song
from tailwise.recipes.sections.variants import Variants, altered_songs, at_positions, draw_positions, transposed

LABELS = ("intro", *["verse"] * 3, *["chorus"] * 2, *["verse"] * 3, "outro")
NOTHING = {"drop": 0.0, "repeat": 0.0, "cut": 0.0}


def song(**changes) -> Song:
    lines = tuple(f"line {place}" for place in range(len(LABELS)))
    return Song(**{"name": "a", "group": "g", "path": "a.txt", "labels": LABELS, "lines": lines} | changes)


def draws(how: Variants, count: int = 300) -> list[np.ndarray]:
    return [draw_positions(LABELS, how, np.random.default_rng(seed)) for seed in range(count)]


def sections(positions: np.ndarray) -> list[list[int]]:
    """Consecutive positions, cut where the original has a section's start or a jump."""
    starts = {0, 1, 4, 6, 9}
    cuts = [k for k in range(1, len(positions)) if positions[k] in starts or positions[k] != positions[k - 1] + 1]
    return [part.tolist() for part in np.split(positions, cuts)]


def test_nothing_is_altered_without_a_chance():
    assert all(np.array_equal(positions, np.arange(10)) for positions in draws(Variants(1, **NOTHING, transpose=1), 20))


def test_whole_sections_are_dropped_as_often_as_said():
    found = draws(Variants(1, **NOTHING | {"drop": 0.3}))
    whole = [[0], [1, 2, 3], [4, 5], [6, 7, 8], [9]]
    assert all(part in whole for positions in found for part in sections(positions))
    kept = np.mean([len(sections(positions)) for positions in found])
    assert abs(kept - 5 * 0.7) < 0.2
    assert all(len(positions) for positions in draws(Variants(1, **NOTHING | {"drop": 1.0})))


def test_a_repeated_section_comes_again_later():
    found = draws(Variants(1, **NOTHING | {"repeat": 0.3}))
    for positions in found:
        counts = np.bincount(positions, minlength=10)
        assert counts.min() == 1 and counts.max() <= 2
    assert abs(np.mean([len(sections(positions)) for positions in found]) - 5 * 1.3) < 0.2
    between = [np.diff(np.flatnonzero(positions == 4)) for positions in found]
    apart = [gap[0] for gap in between if len(gap)]
    assert np.mean(np.array(apart) > 2) > 0.8  # not right after itself, unless it was the last one


def test_a_cut_song_is_a_piece_of_at_least_half():
    found = draws(Variants(1, **NOTHING | {"cut": 1.0}))
    assert all((np.diff(positions) == 1).all() and len(positions) >= 5 for positions in found)
    assert len({len(positions) for positions in found}) == 5


def test_copies_follow_from_seed_and_name():
    how = Variants(3, drop=0.5)
    first, again = ([copy.lines for copy in altered_songs(song(), how, 1)] for _ in range(2))
    assert first == again != [copy.lines for copy in altered_songs(song(), how, 2)]
    assert first != [copy.lines for copy in altered_songs(song(name="b"), how, 1)]
    copies = list(altered_songs(song(), how, 1))
    assert {copy.group for copy in copies} == {"g"} and all(copy.name.startswith("a~") for copy in copies)
    for copy in copies:
        assert [LABELS[int(line.split()[1])] for line in copy.lines] == list(copy.labels)


def test_a_copy_that_comes_out_unchanged_is_left_out():
    assert list(altered_songs(song(), Variants(5, **NOTHING, transpose=1.0), 1)) == []


def test_chroma_and_vectors_are_altered_alike():
    values = np.arange(240, dtype=np.float32).reshape(10, 24)
    places = np.array([3, 3, 0])
    assert np.array_equal(at_positions(song(lines=(), chroma=values), places).chroma, values[places])
    assert np.array_equal(at_positions(song(lines=(), vectors=values), places).vectors, values[places])


def test_transposition_moves_both_chromas():
    values = np.zeros((10, 24), np.float32)
    values[:, [0, 23]] = 1
    moved = transposed(song(lines=(), chroma=values), 2).chroma
    assert moved[0].nonzero()[0].tolist() == [2, 13]
    with_timbre = np.concatenate([values, np.ones((10, 2), np.float32)], axis=1)
    assert transposed(song(lines=(), chroma=with_timbre), 2).chroma[0].nonzero()[0].tolist() == [2, 13, 24, 25]
    copies = list(altered_songs(song(lines=(), chroma=values), Variants(2, **NOTHING, transpose=1.0), 1))
    assert [copy.name for copy in copies] == ["a~1", "a~2"] and copies[0].labels == LABELS
    assert transposed(song(), 2) == song() or transposed(song(), 2).lines == song().lines


@pytest.mark.parametrize("wrong", [{"copies": -1}, {"drop": 1.5}, {"copies": 1, **NOTHING}])
def test_variants_that_cannot_be(wrong):
    with pytest.raises(ValueError):
        Variants(**wrong)

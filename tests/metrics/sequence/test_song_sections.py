"""Sections found, transitions and lengths of songs, by hand and by brute force."""

from itertools import permutations

import numpy as np
import pytest
from test_song_structure import HEAD, SONGS, batch_of, figures

from tailwise.core.heads import IGNORE
from tailwise.metrics.sequence.lengths import Lengths, section_lengths
from tailwise.metrics.sequence.runs import match_in_order, sections
from tailwise.metrics.sequence.segments import Segments, overlaps, same_borders
from tailwise.metrics.sequence.transitions import Transitions, found_transitions, transitions

X = IGNORE
ACTUAL = np.array([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1])
ANSWER = np.array([0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 2, 2, 2, 2, 1, 1])


def test_sections_found_by_hand():
    """The first two within one position; the third has half of its positions, the last too."""
    found = figures(Segments(HEAD, tolerance=1), [(ACTUAL, ANSWER)])
    assert found["recall"] == 2 / 4 and found["precision"] == 2 / 5 and found["f1"] == pytest.approx(4 / 9)
    assert found["overlap_recall"] == 1 and found["overlap_precision"] == 4 / 5
    assert found["mean_overlap"] == pytest.approx((3 / 4 + 4 / 5 + 2 / 4 + 2 / 4) / 4)


def test_stricter_options_find_fewer_sections():
    by = [figures(Segments(HEAD, t, o), SONGS) for t, o in ((2, 0.5), (1, 0.6), (0, 0.9))]
    assert by[0]["recall"] > by[1]["recall"] > by[2]["recall"]
    assert by[0]["overlap_recall"] > by[1]["overlap_recall"] > by[2]["overlap_recall"]
    assert len({found["mean_overlap"] for found in by}) == 1


def test_a_section_of_another_class_is_not_found():
    found = figures(Segments(HEAD), [(ACTUAL, 1 - ACTUAL)])
    assert found["recall"] == found["overlap_recall"] == found["mean_overlap"] == 0


def largest(compatible):
    """The size of the largest matching of a small table, over all orders."""
    tall = compatible if compatible.shape[0] >= compatible.shape[1] else compatible.T
    rows, columns = tall.shape
    return max(
        sum(tall[row, column] for column, row in enumerate(order)) for order in permutations(range(rows), columns)
    )


@pytest.mark.parametrize("tolerance", [0, 1, 3])
def test_no_matching_of_sections_is_larger(tolerance):
    rng, tried = np.random.default_rng(tolerance), 0
    while tried < 40:
        pair = [np.repeat(rng.integers(0, 2, n), rng.integers(1, 4, n)) for n in rng.integers(1, 6, 2)]
        size = min(map(len, pair))
        actual, answered = (sections(labels[:size]) for labels in pair)
        for compatible in (same_borders(actual, answered, tolerance), overlaps(actual, answered) >= 0.5):
            assert len(match_in_order(compatible)) == largest(compatible)
        tried += 1


def test_transitions_by_hand():
    assert transitions(ACTUAL, 3).tolist() == [[0, 2, 0], [1, 0, 0], [0, 0, 0]]
    assert transitions(ANSWER, 3).tolist() == [[0, 1, 1], [1, 0, 0], [0, 1, 0]]
    assert found_transitions(ACTUAL, ANSWER, 3, 1).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert found_transitions(ACTUAL, ANSWER, 3, 0).tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert not transitions(np.array([0, X, 1]), 3).any() and not transitions(np.array([2]), 3).any()


def test_transition_figures():
    metric = Transitions(HEAD, 1, (("verse", "chorus"), ("chorus", "verse"), ("bridge", "outro")))
    total = metric.part(*batch_of([(ACTUAL, ANSWER)]))
    wanted = {"accuracy": 2 / 3, "verse to chorus": 1 / 2, "chorus to verse": 1, "bridge to outro": None}
    assert metric.value(total) == wanted
    assert metric.tables(total).sum(axis=(1, 2)).tolist() == [3, 4, 2]
    with pytest.raises(ValueError, match="solo is no class of section"):
        Transitions(HEAD, 1, (("verse", "solo"),))


def test_right_answers_find_everything():
    right = [(actual, actual) for actual, _ in SONGS]
    assert figures(Transitions(HEAD, 0), right)["accuracy"] == 1
    assert figures(Segments(HEAD, 0, 1.0), right) == dict.fromkeys(figures(Segments(HEAD), right), 1)
    assert figures(Lengths(HEAD), right)["distance"] == 0


def test_lengths_by_hand():
    assert [of.tolist() for of in section_lengths(np.array([0, 0, 1, X, 1, 1, 0]), 3)] == [[2, 1], [1, 2], []]
    metric = Lengths(HEAD, edges=(1, 2, 4))
    total = metric.part(*batch_of([(ACTUAL, ANSWER)]))
    assert metric.histograms(total).tolist() == [[0, 0, 4], [0, 3, 2]]
    assert metric.value(total) == {
        "actual_sections": 4,
        "answered_sections": 5,
        "actual_length": 4,
        "answered_length": 16 / 5,
        "distance": pytest.approx(3 / 5),
    }


@pytest.mark.parametrize("metric", [Segments(HEAD), Transitions(HEAD), Lengths(HEAD)])
def test_parts_of_sections_add_up_and_without_songs_nothing_is_known(metric):
    parts = sum(metric.part(*batch_of(SONGS[i : i + 7])) for i in range(0, 60, 7))
    assert metric.value(parts) == pytest.approx(figures(metric, SONGS))
    silent = [(np.full(4, X), np.zeros(4, np.int64))]
    assert set(figures(metric, silent).values()) == {None}


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (Segments, {"tolerance": -1}, "tolerance must not"),
        (Segments, {"overlap": 0.3}, "overlap must be in"),
        (Lengths, {"edges": (2, 3)}, "ascend from 1"),
        (Lengths, {"edges": (1, 3, 3)}, "ascend from 1"),
    ],
)
def test_wrong_options_of_metrics_are_refused(kind, options, message):
    with pytest.raises(ValueError, match=message):
        kind(HEAD, **options)

"""Boundaries and clusters of songs against mir_eval, and figures of songs with unlabelled positions by hand."""

import warnings

import mir_eval.segment as reference
import numpy as np
import pytest
import torch

from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.sequence.boundaries import Boundaries, boundaries, detection, hits
from tailwise.metrics.sequence.clustering import Clustering, pairwise, v_measure
from tailwise.metrics.sequence.runs import changes, match_in_order, sections

HEAD = Head("section", ("verse", "chorus", "bridge", "outro"))
X = IGNORE


def random_song(rng, classes=4):
    """Labels in runs, and an answer that moves borders and mistakes sections."""
    parts = rng.integers(1, 9)
    actual = np.repeat(rng.integers(0, classes, parts), rng.integers(1, 12, parts))
    answered = np.roll(actual, rng.integers(-2, 3))
    wrong = rng.random(len(actual)) < 0.15
    answered[wrong] = rng.integers(0, classes, wrong.sum())
    return actual, answered


SONGS = [random_song(np.random.default_rng(seed)) for seed in range(60)]


def intervals(labels, seconds=1.0):
    found = sections(labels)
    return np.stack([found.starts, found.ends], axis=1) * seconds, [str(label) for label in found.labels]


def batch_of(songs):
    """Outputs whose answers are the songs' second rows, and their batch, padded."""
    size = max(len(actual) for actual, _ in songs) + 2
    targets, answers = np.full((len(songs), size), X), np.zeros((len(songs), size), np.int64)
    for row, (actual, answered) in enumerate(songs):
        targets[row, : len(actual)], answers[row, : len(actual)] = actual, answered
    logits = torch.nn.functional.one_hot(torch.from_numpy(answers), len(HEAD.classes)).float()
    return {"section": logits}, Batch({}, {"section": torch.from_numpy(targets)}, torch.arange(len(songs)))


def figures(metric, songs):
    return metric.value(metric.part(*batch_of(songs)))


@pytest.mark.parametrize("trimmed", [True, False])
@pytest.mark.parametrize("tolerance", [0, 1, 2, 3])
def test_detection_is_mir_evals(tolerance, trimmed):
    for actual, answered in SONGS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a song without a boundary
            theirs, ours = intervals(actual)[0], intervals(answered)[0]
            wanted = reference.detection(theirs, ours, window=tolerance, trim=trimmed)
        assert detection(actual, answered, tolerance, trimmed) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("trimmed", [True, False])
def test_song_figures_are_the_means_of_mir_evals_in_seconds(trimmed):
    found = figures(Boundaries(HEAD, (0.5, 3), seconds=0.5, trimmed=trimmed), SONGS)
    for window, name in ((0.5, "0.5s"), (3, "3s")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            every = [
                reference.detection(intervals(a, 0.5)[0], intervals(b, 0.5)[0], window=window, trim=trimmed)
                for a, b in SONGS
            ]
        for figure, wanted in zip(("precision", "recall", "f1"), np.mean(every, axis=0)):
            assert found[f"song_{figure}_{name}"] == pytest.approx(wanted, abs=1e-12)


def test_pairwise_and_v_measure_are_mir_evals():
    for actual, answered in SONGS:
        if len(set(actual)) == len(actual):
            continue  # no pair: mir_eval divides by zero
        sides = *intervals(actual), *intervals(answered)
        if (answered[:, None] == answered).sum() > len(answered):
            assert pairwise(actual, answered) == pytest.approx(reference.pairwise(*sides, frame_size=1), abs=1e-12)
        assert v_measure(actual, answered) == pytest.approx(reference.vmeasure(*sides, frame_size=1), abs=1e-12)


def test_clustering_is_the_mean_over_songs():
    found = figures(Clustering(HEAD), SONGS)
    every = np.array([[*pairwise(*song), *v_measure(*song)] for song in SONGS])
    assert list(found.values()) == pytest.approx(every.mean(axis=0).tolist())
    assert set(Clustering(HEAD).value(np.zeros(7)).values()) == {None}


def test_pooled_figures_by_hand():
    """Songs of 2 and 1 boundaries; answers with 1 of the first, and 3 with 1 right in the second."""
    songs = [
        (np.array([0, 0, 1, 1, 0, 0]), np.array([0, 0, 1, 1, 1, 1])),
        (np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 0, 1, 1, 1])),
    ]
    found = figures(Boundaries(HEAD, (0,)), songs)
    assert found["precision_0"] == 2 / 4 and found["recall_0"] == 2 / 3 and found["f1_0"] == pytest.approx(4 / 7)
    assert found["song_precision_0"] == pytest.approx((1 + 1 / 3) / 2) and found["song_recall_0"] == 3 / 4
    assert found["song_f1_0"] == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_an_answer_counts_for_one_boundary_at_most():
    assert hits(np.array([3, 5]), np.array([4]), 1) == 1
    assert hits(np.array([3, 5]), np.array([4, 6]), 1) == 2
    assert hits(np.array([3]), np.array([], np.int64), 1) == 0


def test_matching_is_the_largest():
    """Against mir_eval's maximum bipartite matching on many random times."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        theirs, ours = (np.unique(rng.integers(0, 30, rng.integers(1, 12))) for _ in range(2))
        wanted = reference.util.match_events(theirs.astype(float), ours.astype(float), 2)
        assert hits(theirs, ours, 2) == len(wanted)


@pytest.mark.parametrize(
    ("tolerances", "seconds", "positions", "names"),
    [
        ((0, 1, 2), None, [0, 1, 2], ["0", "1", "2"]),
        ((0.5, 3), 0.5, [1, 6], ["0.5s", "3s"]),
        ((0.3,), 0.1, [3], ["0.3s"]),
        ((0.5,), 0.4, [1], ["0.5s"]),
    ],
)
def test_tolerances_in_seconds_are_whole_positions(tolerances, seconds, positions, names):
    metric = Boundaries(HEAD, tolerances, seconds)
    assert metric.positions() == positions and metric.names() == names


def test_untrimmed_boundaries_have_both_ends():
    labels = np.array([X, 0, 0, 1, 1, X])
    assert boundaries(labels).tolist() == [3] and boundaries(labels, trimmed=False).tolist() == [1, 3, 5]
    assert boundaries(np.array([X, X]), trimmed=False).tolist() == []


def test_an_unlabelled_position_ends_sections_and_hides_changes():
    labels = np.array([0, 0, X, 1, 1, 2, X, 2])
    found = sections(labels)
    assert found.starts.tolist() == [0, 3, 5, 7] and found.ends.tolist() == [2, 5, 6, 8]
    assert found.labels.tolist() == [0, 1, 2, 2] and found.lengths.tolist() == [2, 2, 1, 1]
    assert changes(labels).tolist() == [5]
    assert len(sections(np.array([], np.int64))) == 0 and len(sections(np.array([X, X]))) == 0


def test_answers_where_no_label_is_are_left_out():
    actual = np.array([0, 0, X, X, 1, 1, 0, 0])
    right, wild = np.array([0, 0, 0, 1, 1, 1, 0, 0]), np.array([0, 0, 2, 3, 1, 1, 0, 0])
    for metric in (Boundaries(HEAD, trimmed=False), Clustering(HEAD)):
        assert figures(metric, [(actual, right)]) == figures(metric, [(actual, wild)])
    assert figures(Boundaries(HEAD), [(actual, wild)])["f1_0"] == 1
    assert pairwise(actual, right)[2] == v_measure(actual, right)[2] == 1


def test_songs_without_a_label_do_not_count():
    silent = (np.full(4, X), np.array([0, 1, 2, 3]))
    for metric in (Boundaries(HEAD), Clustering(HEAD)):
        assert metric.part(*batch_of([*SONGS[:3], silent])).tolist() == metric.part(*batch_of(SONGS[:3])).tolist()
    assert set(figures(Boundaries(HEAD), [silent]).values()) == {None}


def test_songs_of_one_position():
    one = (np.array([1]), np.array([1]))
    assert figures(Boundaries(HEAD, (0,)), [one])["f1_0"] is None
    assert figures(Boundaries(HEAD, (0,), trimmed=False), [one])["f1_0"] == 1
    assert figures(Clustering(HEAD), [one])["pairwise_f1"] == 0


@pytest.mark.parametrize("metric", [Boundaries(HEAD), Boundaries(HEAD, (0.5, 3), 0.5, False), Clustering(HEAD)])
def test_parts_add_up(metric):
    parts = sum(metric.part(*batch_of(SONGS[i : i + 7])) for i in range(0, 60, 7))
    assert metric.value(parts) == pytest.approx(figures(metric, SONGS))


def test_matched_pairs_are_in_order():
    assert match_in_order(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]], bool)) == [(0, 0), (1, 1), (2, 2)]

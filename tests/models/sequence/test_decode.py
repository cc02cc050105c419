"""Duration-aware decoding against every segmentation of tiny sequences."""

from itertools import product

import numpy as np
import pytest

from tailwise.models.sequence.decode import Structure, decode, fit_structure


def runs(labels):
    edges = [0, *(np.flatnonzero(np.diff(labels)) + 1), len(labels)]
    return [(int(labels[a]), int(b - a)) for a, b in zip(edges, edges[1:])]


def score(labels, scores, transitions, durations):
    parts = runs(np.array(labels))
    if max(length for _, length in parts) > durations.shape[1]:
        return -np.inf
    found = sum(scores[t, label] for t, label in enumerate(labels))
    found += sum(durations[label, length - 1] for label, length in parts)
    return found + sum(transitions[a, b] for (a, _), (b, _) in zip(parts, parts[1:]))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("size", "longest"), [(1, 1), (2, 4), (6, 3), (7, 7)])
def test_it_is_the_best_of_all_segmentations(seed, size, longest):
    rng = np.random.default_rng([seed, size])
    scores, transitions, durations = rng.normal(size=(size, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, longest))
    np.fill_diagonal(transitions, -np.inf)
    found = decode(scores, transitions, durations)
    every = {labels: score(labels, scores, transitions, durations) for labels in product(range(3), repeat=size)}
    assert every[tuple(found.tolist())] == pytest.approx(max(every.values()), abs=1e-12)


def at_least(classes, shortest, longest):
    """Transitions and durations that forbid sections below `shortest` and prefer nothing else."""
    allowed = np.arange(1, longest + 1) >= min(shortest, longest)
    transitions = np.where(np.eye(classes, dtype=bool), -np.inf, 0.0)
    return transitions, np.tile(np.where(allowed, 0.0, -np.inf), (classes, 1))


def test_without_preferences_it_is_the_argmax():
    scores = np.random.default_rng(0).normal(size=(40, 4))
    assert decode(scores, *at_least(4, 1, 40)).tolist() == scores.argmax(axis=1).tolist()


@pytest.mark.parametrize("shortest", [2, 5])
def test_no_section_is_shorter_than_the_shortest(shortest):
    scores = np.random.default_rng(1).normal(size=(60, 3))
    lengths = [length for _, length in runs(decode(scores, *at_least(3, shortest, 60)))]
    assert min(lengths) >= shortest and min(length for _, length in runs(scores.argmax(axis=1))) == 1


def test_a_sequence_shorter_than_the_shortest_is_one_section():
    scores = np.array([[0.0, -1.0], [-3.0, 0.0], [0.0, -1.0]])
    assert decode(scores, *at_least(2, 8, 3)).tolist() == [1, 1, 1]


def test_what_is_forbidden_raises():
    with pytest.raises(ValueError, match="forbid every segmentation"):
        decode(np.zeros((5, 2)), np.full((2, 2), -np.inf), np.zeros((2, 3)))


SONGS = [np.array([0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1]), np.array([0, 0, -100, 1, 1, 1, 1, 2])]


def test_a_structure_is_counted():
    found = fit_structure(SONGS, 3, smoothing=0.5)
    assert np.isneginf(found.transitions.diagonal()).all()
    # from 0: twice to 1, none to 2; from 1: once to 0, once to 2
    assert np.exp(found.transitions[0]).tolist() == pytest.approx([0, 2.5 / 3, 0.5 / 3])
    assert np.exp(found.transitions[1]).tolist() == pytest.approx([0.5, 0, 0.5])
    assert found.center[0] == pytest.approx(np.mean(np.log([4, 4, 2])))
    assert found.spread[1] == pytest.approx(np.std(np.log([2, 2, 4])))
    # a single section of 2: the lengths of all
    assert found.center[2] == pytest.approx(np.mean(np.log([4, 2, 4, 2, 2, 4, 1])))


def test_durations_are_probabilities_with_their_mode_near_the_center():
    found = Structure(np.zeros((2, 2)), np.log([4.0, 16.0]), np.array([0.2, 0.2])).durations(50)
    assert np.exp(found).sum(axis=1).tolist() == pytest.approx([1, 1])
    assert found.argmax(axis=1).tolist() == [3, 14]


def test_durations_mend_single_wrong_positions():
    """Sections of 8 with every eighth position unsure: alone wrong, by their lengths right."""
    labels = np.repeat([0, 1, 0, 1], 8)
    right = np.full(32, 0.7)
    right[3::8] = 0.4
    scores = np.log(np.where(np.arange(2) == labels[:, None], right[:, None], 1 - right[:, None]))
    structure = fit_structure([labels], 2)
    assert (scores.argmax(axis=1) != labels).sum() == 4
    assert decode(scores, structure.transitions, structure.durations(32)).tolist() == labels.tolist()


def test_without_a_label_there_is_no_structure():
    with pytest.raises(ValueError, match="no position"):
        fit_structure([np.full(4, -100)], 2)


def test_one_class_has_no_transition():
    found = fit_structure([np.zeros(4, np.int64), np.zeros(6, np.int64)], 1)
    assert found.transitions.tolist() == [[-np.inf]]
    assert decode(np.zeros((5, 1)), found.transitions, found.durations(5)).tolist() == [0] * 5

"""Which samples a phase sees: properties over random long-tailed labels in two heads."""

from collections import Counter

import numpy as np
import pytest

from tailwise.balance.boosts import Inverse
from tailwise.balance.subset import AllSamples, Balanced, Oversampled, Rebalance, balanced_subset, oversampled, unequal


def tailed(seed: int, n: int = 300, missing: bool = False) -> dict[str, list[str]]:
    rng = np.random.default_rng(seed)
    labels = {
        "action": rng.choice(list("ABCDE"), n, p=[0.6, 0.25, 0.1, 0.03, 0.02]).tolist(),
        "severity": rng.choice(list("xyz"), n, p=[0.8, 0.17, 0.03]).tolist(),
    }
    if missing:
        labels["severity"] = [name if rng.random() > 0.3 else "" for name in labels["severity"]]
    return labels


def taken(labels, chosen):
    return {head: Counter(names[i] for i in chosen if names[i]) for head, names in labels.items()}


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("ratio", [1, 1.5, 4, 1000])
@pytest.mark.parametrize("seed", range(5))
def test_no_class_exceeds_the_ratio_in_any_head(seed, ratio, missing):
    labels = tailed(seed, missing=missing)
    chosen = balanced_subset(labels, ratio)
    assert chosen == sorted(set(chosen)) and 0 < len(chosen) <= 300
    for head, counts in taken(labels, chosen).items():
        whole = Counter(name for name in labels[head] if name)
        assert max(counts.values()) <= ratio * min(whole.values())


@pytest.mark.parametrize("seed", range(5))
def test_the_rarest_class_is_taken_completely(seed):
    labels = tailed(seed)
    whole = {head: Counter(names) for head, names in labels.items()}
    (head, name) = min(((h, n) for h in whole for n in whole[h]), key=lambda pair: whole[pair[0]][pair[1]])
    assert taken(labels, balanced_subset(labels, 4))[head][name] == whole[head][name]


@pytest.mark.parametrize("ratio", [1, 2, 8])
@pytest.mark.parametrize("seed", range(5))
def test_no_class_is_crowded_out_by_another_heads_cap(seed, ratio):
    labels = tailed(seed)
    counts = taken(labels, balanced_subset(labels, ratio))
    assert all(counts[head][name] > 0 for head in labels for name in set(labels[head]))


def test_classes_are_equal_where_they_can_be():
    labels = {"action": ["A"] * 50 + ["B"] * 20 + ["C"] * 10, "severity": ["x", "y"] * 40}
    counts = taken(labels, balanced_subset(labels, 1))
    assert counts == {"action": {"A": 10, "B": 10, "C": 10}, "severity": {"x": 15, "y": 15}}


def test_nothing_is_left_out_that_has_room():
    labels = tailed(0)
    chosen = balanced_subset(labels, 4)
    counts, rarest = taken(labels, chosen), {head: min(Counter(names).values()) for head, names in labels.items()}
    for i in set(range(300)) - set(chosen):
        assert any(counts[head][names[i]] + 1 > 4 * rarest[head] for head, names in labels.items())


def test_the_same_labels_give_the_same_subset():
    assert balanced_subset(tailed(3), 2) == balanced_subset(tailed(3), 2)


def test_by_hand():
    labels = {"action": list("AAAABC"), "severity": ["x", "x", "", "x", "y", "x"]}
    assert balanced_subset(labels, 1) == [2, 4, 5]
    assert balanced_subset(labels, 2) == [0, 2, 4, 5]
    assert balanced_subset(labels, 4) == [0, 1, 2, 3, 4, 5]


def test_a_sample_without_any_label_is_not_taken():
    assert balanced_subset({"action": ["A", "", "B"]}, 5) == [0, 2]


def test_all_are_all():
    assert AllSamples("all").choose({"action": ["A", "", "B"]}) == [0, 1, 2]
    assert Balanced("balanced", 1.0).choose({"action": ["A", "A", "B"]}) == [0, 2]


def test_rare_classes_are_drawn_several_times_by_hand():
    labels = {"action": list("AAAAAABBC"), "severity": ["x"] * 7 + ["", "y"]}
    assert oversampled(labels, 1) == list(range(9))
    assert oversampled(labels, 4) == [0, 1, 2, 3, 4, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 8]
    assert Counter(oversampled(labels, 100))[8] == 7
    assert Oversampled("oversampled", 4).choose(labels) == oversampled(labels, 4)


@pytest.mark.parametrize("most", [1, 3, 8])
@pytest.mark.parametrize("seed", range(3))
def test_no_sample_is_drawn_more_often_than_asked_and_none_is_left_out(seed, most):
    draws = Counter(oversampled(tailed(seed), most))
    assert set(draws) == set(range(300)) and max(draws.values()) == most


def test_classes_that_could_not_be_balanced_are_named():
    assert unequal({"A": 8, "B": 8, "C": 2, "D": 0}) == ["C", "D"]
    assert unequal({"A": 3, "B": 3}) == []


def test_impossible_values_are_refused():
    with pytest.raises(ValueError, match="max_repeat must be at least 1"):
        Oversampled("oversampled", 0)
    with pytest.raises(ValueError, match="max_ratio must be at least 1"):
        Balanced("balanced", 0.5)
    with pytest.raises(ValueError, match="max_weight must be at least 1"):
        Rebalance(0.5, Inverse("inverse"), "weight", AllSamples("all"))


SONGS = {"tag": [["A", "A", "A"], ["A", "B", ""], ["B"], ["A", "A", "C"], ["", ""], ["A", "C", "C"]]}
"""A 7, B 2, C 3 labels."""


def test_a_subset_of_sequences_counts_their_positions():
    """Caps are 2. B is rarest: sample 1 (A, B). Then C: 3 would bring A to 3, so 5 (A, C, C). Then B again: 2."""
    assert balanced_subset(SONGS, 1) == [1, 2, 5]
    assert Counter(name for i in (1, 2, 5) for name in SONGS["tag"][i] if name) == {"A": 2, "B": 2, "C": 2}


def test_a_sequence_is_drawn_as_often_as_its_rarest_label_asks_for():
    """A 7 labels, B 2, C 3: B is drawn round(7 / 2) = 4 times, C round(7 / 3) = 2 times, a song without labels once."""
    drawn = Counter(oversampled(SONGS, 9))
    assert drawn == {0: 1, 1: 4, 2: 4, 3: 2, 4: 1, 5: 2}
    assert Counter(oversampled(SONGS, 3)) == {0: 1, 1: 3, 2: 3, 3: 2, 4: 1, 5: 2}


def test_a_sequence_of_one_label_is_like_a_sample():
    labels = tailed(0, missing=True)
    alone = {head: [[name] for name in names] for head, names in labels.items()}
    assert balanced_subset(alone, 2) == balanced_subset(labels, 2)
    assert oversampled(alone, 4) == oversampled(labels, 4)

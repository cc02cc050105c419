"""Which samples a phase sees: properties over random long-tailed labels in two heads."""

from collections import Counter

import numpy as np
import pytest

from tailwise.balance.subset import AllSamples, Balanced, Rebalance, balanced_subset


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
def test_the_rarest_class_comes_whole(seed):
    labels = tailed(seed)
    whole = {head: Counter(names) for head, names in labels.items()}
    (head, name) = min(((h, n) for h in whole for n in whole[h]), key=lambda pair: whole[pair[0]][pair[1]])
    assert taken(labels, balanced_subset(labels, 4))[head][name] == whole[head][name]


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


def test_impossible_values_are_refused():
    with pytest.raises(ValueError, match="max_ratio must be at least 1"):
        Balanced("balanced", 0.5)
    with pytest.raises(ValueError, match="max_weight must be at least 1"):
        Rebalance(0.5, AllSamples("all"))

"""Random splits: whole groups, requested shares, every class in each split, reproducible."""

from collections import Counter

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.data.tables.partition import Split, assign, by_hash, folds, strata

SPLIT = Split(valid=0.15, test=0.2, seed=1)


def samples(count: int = 600, groups: int = 120, seed: int = 0) -> tuple[list[str], list[str]]:
    """Labels on a long tail, and groups that know nothing of them."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(["often", "seldom", "rarely"], count, p=[0.8, 0.15, 0.05]).tolist()
    return labels, [f"g{i}" for i in rng.integers(groups, size=count)]


def test_a_group_is_never_in_two_splits():
    labels, groups = samples()
    seen = Counter(group for group, _ in set(zip(groups, assign(labels, groups, SPLIT))))
    assert set(seen.values()) == {1}


@pytest.mark.parametrize(("valid", "test"), [(0.15, 0.15), (0.1, 0.3), (0.05, 0.2), (0.4, 0.4)])
def test_the_shares_are_met(valid, test):
    labels, groups = samples()
    counts = Counter(assign(labels, groups, Split(valid, test, 1)))
    assert counts["valid"] / 600 == pytest.approx(valid, abs=0.02)
    assert counts["test"] / 600 == pytest.approx(test, abs=0.02)


def test_the_classes_keep_their_shares_in_each_split():
    labels, groups = samples()
    splits = np.array(assign(labels, groups, SPLIT))
    for name, share in Counter(labels).items():
        for split in ("train", "valid", "test"):
            found = np.mean(np.array(labels)[splits == split] == name)
            assert found == pytest.approx(share / 600, abs=0.03)


def test_a_seed_draws_the_same_each_time_and_another_one_another():
    labels, groups = samples()
    first, again, other = (assign(labels, groups, Split(0.15, 0.2, seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_the_folds_test_each_sample_once():
    labels, groups = samples()
    drawn = [assign(labels, groups, Split(0.2, 0.2, 1, fold)) for fold in range(5)]
    assert all([splits[i] for splits in drawn].count("test") == 1 for i in range(len(labels)))
    assert drawn[0] == assign(labels, groups, Split(0.2, 0.2, 1))
    for fold in (-1, 5):
        with pytest.raises(ValueError, match="fold must be within 0 and 4 for test: 0.2"):
            Split(0.2, 0.2, 1, fold)


@pytest.mark.parametrize(("of_group", "then"), [
    (1, "t.vt.t.t...vtvv..v...t.v"),
    (2, "vv..tt........vvvvtttt.."),
])  # fmt: skip
def test_known_draw(of_group, then):
    """Stored, so that another version of the library that draws otherwise is noticed."""
    drawn = assign(list("aaabbb" * 4), [f"g{i // of_group}" for i in range(24)], Split(0.25, 0.25, 1))
    assert "".join({"train": ".", "valid": "v", "test": "t"}[split] for split in drawn) == then


def test_samples_that_are_each_a_group_are_drawn_without_the_search_over_groups(monkeypatch):
    """It takes minutes for 100,000 groups; shares and classes are met to a sample all the same."""
    monkeypatch.setattr("sklearn.model_selection.StratifiedGroupKFold.split", None)
    labels = ["often"] * 700 + ["seldom"] * 250 + ["rarely"] * 50
    splits = np.array(assign(labels, [f"g{i}" for i in range(1000)], Split(0.2, 0.2, 1)))
    for split, share in (("train", 0.6), ("valid", 0.2), ("test", 0.2)):
        for name, count in Counter(labels).items():
            assert abs((splits[np.array(labels) == name] == split).sum() - share * count) <= 1


@pytest.mark.parametrize(
    ("share", "parts"),
    [(0.5, (1, 2)), (0.25, (1, 4)), (0.2, (1, 5)), (0.15, (1, 7)), (0.3, (3, 10)), (0.4, (2, 5)), (0.001, (1, 91))],
)
def test_a_share_in_equal_parts(share, parts):
    assert folds(share) == parts


def test_too_few_to_be_spread():
    with pytest.raises(UserError, match="no combination of labels occurs 7 times in 12 samples"):
        assign(list("aabbccddeeff"), [f"g{i}" for i in range(12)], Split(0.15, 0.15, 1))


def test_too_few_groups():
    with pytest.raises(UserError, match="2 groups for 7 parts"):
        assign(["a", "b"] * 20, ["first", "second"] * 20, Split(0.15, 0.15, 1))


@pytest.mark.parametrize(
    ("valid", "test", "seed", "said"),
    [
        (0.0, 0.2, 1, "above 0 and together below 1"),
        (0.2, -0.1, 1, "above 0 and together below 1"),
        (0.5, 0.5, 1, "above 0 and together below 1"),
        (0.2, 0.2, -1, "seed must be within"),
    ],
)
def test_nonsense_is_refused(valid, test, seed, said):
    with pytest.raises(ValueError, match=said):
        Split(valid, test, seed)


def test_a_part_by_hash_has_its_share_of_each_label_and_whole_groups():
    labels, groups = samples(2000, 2000)
    first = {group: label for label, group in reversed(list(zip(labels, groups)))}
    chosen = by_hash(labels, groups, 0.1, seed=1)
    taken = {group for group, of_part in zip(groups, chosen) if of_part}
    assert not taken & {group for group, of_part in zip(groups, chosen) if not of_part}
    of_label, of_taken = Counter(first.values()), Counter(first[group] for group in taken)
    assert all(abs(of_taken[label] - 0.1 * count) <= 0.5 for label, count in of_label.items())


def test_a_part_by_hash_follows_from_names_alone_and_one_more_sample_changes_it_little():
    labels, groups = ["a"] * 1000, [f"g{i}" for i in range(1000)]
    chosen = set(np.array(groups)[by_hash(labels, groups, 0.1, 1)])
    assert set(np.array(groups[::-1])[by_hash(labels, groups[::-1], 0.1, 1)]) == chosen
    assert set(np.array(groups)[by_hash(labels, groups, 0.1, 2)]) != chosen
    more = set(np.array([*groups, "new"])[by_hash([*labels, "a"], [*groups, "new"], 0.1, 1)])
    assert len(more ^ chosen) <= 2


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_both_parts_have_a_group_of_a_label_that_has_two(share):
    chosen = by_hash(["a", "a", "b", "b", "c"], list("12345"), share, 1)
    assert chosen[:2].sum() == chosen[2:4].sum() == 1 and not chosen[4]


def test_a_stratum_is_the_rarest_class_that_a_sample_has():
    classes = [["verse", "chorus"], ["verse", "bridge"], ["chorus", "verse"], [""], ["bridge", "solo"]]
    assert strata(classes, 1) == ["chorus", "bridge", "chorus", "", "solo"]
    assert strata(classes, 2) == ["chorus", "", "chorus", "", ""]

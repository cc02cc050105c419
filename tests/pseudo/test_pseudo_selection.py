"""Which predictions become labels: a table by hand, and what must hold of any."""

import numpy as np
import pytest

from tailwise.pseudo.selection import Rule, limits, rates, select, select_heads

EVERYTHING = Rule(threshold=1e-6, ratio=None, alpha=0)


def draw(seed: int, samples: int = 60, classes: int = 4) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Probabilities with ties, names in no order, counts on a long tail."""
    rng = np.random.default_rng(seed)
    likely = rng.dirichlet(np.full(classes, 0.3), samples).round(1) + 1e-3
    counts = rng.integers(0, 40, classes)
    return likely / likely.sum(axis=1, keepdims=True), [f"s{i}" for i in rng.permutation(samples)], counts


def test_a_table_by_hand():
    """Counts 8, 2: rates (2/8) ** 0.5 = 1/2 and 1. Of the 4 sure ones of class 0 two, of class 1 all up to the cap."""
    likely = np.array([[0.95, 0.05], [0.99, 0.01], [0.2, 0.8], [0.1, 0.9], [0.9, 0.1], [0.97, 0.03], [0.05, 0.95]])
    names = ["a", "b", "c", "d", "e", "f", "g"]
    taken = select(likely, names, np.array([8, 2]), Rule(threshold=0.85, ratio=1.0, alpha=0.5))
    assert taken.indices.tolist() == [1, 3, 5, 6]
    assert taken.labels.tolist() == [0, 1, 0, 1]
    assert taken.confidence.tolist() == [0.99, 0.9, 0.97, 0.95]
    half = select(likely, names, np.array([8, 2]), Rule(threshold=0.85, ratio=0.5, alpha=0.5))
    assert half.indices.tolist() == [1, 5, 6]  # at most 4 and 1


@pytest.mark.parametrize(
    ("counts", "alpha", "expected"),
    [
        ([100, 10, 1], 1.0, [0.01, 0.1, 1.0]),  # N_{L+1-l} / N_1
        ([1, 100, 10], 1.0, [1.0, 0.01, 0.1]),  # whatever the order of the classes
        ([100, 10, 1], 0.0, [1.0, 1.0, 1.0]),
        ([5, 5, 5], 2.0, [1.0, 1.0, 1.0]),
        ([10, 10, 1], 1.0, [0.55, 0.55, 1.0]),  # equal counts, equal rates: the mean of 1 and 10
        ([100, 10, 0], 1.0, [0.1, 1.0, 0.0]),  # nothing is known of a class without a label
        ([0, 0], 1.0, [0.0, 0.0]),
    ],
)
def test_rates_are_those_of_crest(counts, alpha, expected):
    assert rates(np.array(counts), alpha).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(20))
def test_rarer_classes_have_higher_rates(seed):
    counts = np.random.default_rng(seed).integers(1, 50, 6)
    found = rates(counts, 0.7)
    assert (np.diff(found[np.argsort(counts, kind="stable")]) <= 1e-12).all()
    alone = (counts == counts.min()).sum() == 1
    assert found.argmax() in np.flatnonzero(counts == counts.min()) and (found > 0).all()
    assert found.max() == 1 or not alone


def test_limits_round_the_share_up_and_the_cap_down():
    rule = Rule(ratio=0.5, alpha=1.0)
    assert limits(np.array([9, 3]), np.array([4, 1]), rule).tolist() == [2, 1]  # 4/3 up; 4.5 and 1.5 down
    assert limits(np.array([9, 1]), np.array([90, 90]), rule).tolist() == [4, 0]
    assert limits(np.array([10, 1]), np.array([90, 90]), Rule(ratio=None, alpha=1.0)).tolist() == [9, 90]
    assert limits(np.array([10, 10]), np.array([30, 30]), Rule(ratio=0.7, alpha=0)).tolist() == [7, 7]  # not 6.999...


@pytest.mark.parametrize("seed", range(20))
def test_what_must_hold_of_any_selection(seed):
    likely, names, counts = draw(seed)
    rule = Rule(threshold=0.6, ratio=0.5, alpha=0.5)
    taken = select(likely, names, counts, rule)
    assert (np.diff(taken.indices) > 0).all()
    assert (taken.confidence >= rule.threshold).all()
    assert (taken.labels == likely[taken.indices].argmax(axis=1)).all()
    per_class = np.bincount(taken.labels, minlength=len(counts))
    assert (per_class <= 0.5 * counts).all()
    left = np.setdiff1d(np.arange(len(names)), taken.indices)
    for label in range(len(counts)):
        kept = [
            (-c, names[i])
            for i, c in zip(taken.indices[taken.labels == label], taken.confidence[taken.labels == label])
        ]
        others = [(-likely[i].max().round(6), names[i]) for i in left if likely[i].argmax() == label]
        assert not kept or not others or max(kept) < min(others)


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_samples_changes_nothing(seed):
    likely, names, counts = draw(seed)
    rule = Rule(threshold=0.4, ratio=0.7, alpha=0.3)
    order = np.random.default_rng(seed).permutation(len(names))
    first, again = select(likely, names, counts, rule), select(likely[order], [names[i] for i in order], counts, rule)
    assert {names[i] for i in first.indices} == {names[order[i]] for i in again.indices}


def test_of_equal_confidence_the_first_by_name_is_taken():
    likely = np.tile([0.95, 0.05], (4, 1))
    taken = select(likely, ["d", "b", "c", "a"], np.array([2, 2]), Rule(alpha=0, ratio=1.0))
    assert taken.indices.tolist() == [1, 3]
    noisy = likely + np.array([[1e-9], [0], [1e-9], [0]])  # less than a file keeps
    noisy = np.minimum(noisy, 1)
    assert select(noisy, ["d", "b", "c", "a"], np.array([2, 2]), Rule(alpha=0)).indices.tolist() == [1, 3]


@pytest.mark.parametrize("seed", range(10))
def test_a_higher_threshold_or_lower_cap_takes_no_more(seed):
    likely, names, counts = draw(seed)
    sizes = [len(select(likely, names, counts, Rule(t, None, 0)).indices) for t in (0.3, 0.6, 0.9, 1.0)]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > sizes[-1]
    sizes = [len(select(likely, names, counts, Rule(0.3, r, 0)).indices) for r in (4.0, 1.0, 0.2)]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > sizes[-1]


def test_without_limits_every_prediction_is_taken():
    likely, names, _ = draw(3)
    assert len(select(likely, names, np.ones(4, int), EVERYTHING).indices) == len(names)


def test_no_sample_and_no_class_with_a_label_take_nothing():
    assert not len(select(np.zeros((0, 3)), [], np.array([1, 2, 3]), EVERYTHING).indices)
    likely, names, _ = draw(3)
    assert not len(select(likely, names, np.zeros(4, int), EVERYTHING).indices)


def test_each_head_is_taken_where_it_is_sure():
    likely = {"action": np.array([[0.99, 0.01], [0.6, 0.4]]), "severity": np.array([[0.5, 0.5], [0.02, 0.98]])}
    counts, rule = {"action": np.array([5, 5]), "severity": np.array([5, 5])}, Rule()
    taken = select_heads(likely, ["a", "b"], counts, {"action": rule, "severity": rule})
    assert {head: of.indices.tolist() for head, of in taken.items()} == {"action": [0], "severity": [1]}
    lower = select_heads(likely, ["a", "b"], counts, {"action": Rule(threshold=0.5), "severity": rule})
    assert lower["action"].indices.tolist() == [0, 1] and lower["severity"].indices.tolist() == [1]


@pytest.mark.parametrize(
    "wrong",
    [{"threshold": 0}, {"threshold": 1.1}, {"ratio": 0}, {"ratio": float("inf")}]
    + [{"alpha": -1}, {"alpha": float("nan")}],
)
def test_a_rule_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Rule(**wrong)


@pytest.mark.parametrize(
    ("likely", "names", "counts", "said"),
    [
        ([[0.5, 0.5]], ["a", "b"], [1, 1], "of shape"),
        ([[0.5, 0.5]], ["a"], [1, 1, 1], "of shape"),
        ([[np.nan, 0.5]], ["a"], [1, 1], "within 0 and 1"),
        ([[2.0, 0.5]], ["a"], [1, 1], "within 0 and 1"),
        ([[0.5, 0.5], [0.5, 0.5]], ["a", "a"], [1, 1], "different"),
        ([[0.5, 0.5]], ["a"], [1, -1], "0 or more"),
    ],
)
def test_what_is_no_prediction_is_refused(likely, names, counts, said):
    with pytest.raises(ValueError, match=said):
        select(np.array(likely), names, np.array(counts), Rule())

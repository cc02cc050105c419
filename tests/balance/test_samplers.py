"""How often samplers draw, by hand."""

import pytest

from tailwise.balance.boosts import Inverse
from tailwise.balance.counts import count_classes
from tailwise.balance.files import read_rebalancing, write_rebalancing
from tailwise.balance.guard import Balance
from tailwise.balance.labels import Labels
from tailwise.balance.plan import rebalance
from tailwise.balance.samplers import Sampler, expected_counts, expected_draws
from tailwise.balance.subset import Rebalance
from tailwise.core.errors import UserError

ONE = {"action": [*"AAAAAAAAABBBBC"]}  # 9, 4, 1: roots 3, 2, 1
TWO = {"action": ["A", "A", "A", "B"], "severity": ["x", "x", "y", "x"]}


def counts_of(labels):
    return count_classes(labels, {head: sorted(set(of_head) - {""}) for head, of_head in labels.items()})


def drawn(labels, kind):
    draws = Sampler(kind).draws(labels)
    chosen = Sampler(kind).choose(labels)
    return [expected_counts(labels, counts_of(labels), dict(zip(chosen, of))) for of in (draws.first, draws.last)]


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [
        ("class_balanced", {"A": 14 / 3, "B": 14 / 3, "C": 14 / 3}, {"A": 14 / 3, "B": 14 / 3, "C": 14 / 3}),
        ("square_root", {"A": 7, "B": 14 / 3, "C": 7 / 3}, {"A": 7, "B": 14 / 3, "C": 7 / 3}),
        ("progressively_balanced", {"A": 9, "B": 4, "C": 1}, {"A": 14 / 3, "B": 14 / 3, "C": 14 / 3}),
    ],
)
def test_one_head(kind, first, last):
    assert [found["action"] for found in drawn(ONE, kind)] == [pytest.approx(first), pytest.approx(last)]


def test_two_heads_share_the_draws():
    # action plans 2/3, 2/3, 2/3, 2 and severity 2/3, 2/3, 2, 2/3; their mean has 4 in sum
    assert expected_draws(TWO, 0.0) == pytest.approx([2 / 3, 2 / 3, 4 / 3, 4 / 3])
    found = drawn(TWO, "class_balanced")[1]
    assert found["action"] == pytest.approx({"A": 8 / 3, "B": 4 / 3}) and found["severity"]["y"] == pytest.approx(4 / 3)


def test_each_class_keeps_its_heads_part_of_its_balanced_draws():
    # balancing action alone would draw y, whose samples are all A, once in 12 instead of 6
    labels = {"action": [*"AAAAAAAAAAAB"], "severity": [*"xxxxxyyxxxxx"]}
    found = drawn(labels, "class_balanced")[1]
    assert all(times >= 12 / 2 / 2 for of_head in found.values() for times in of_head.values())


def test_a_sample_without_any_label_is_not_drawn_and_one_head_without_labels_plans_nothing():
    labels = {"action": ["A", "", "B", "B"], "severity": ["", "", "", ""]}
    assert Sampler("class_balanced").choose(labels) == [0, 2, 3]
    assert expected_draws(labels, 0.0) == pytest.approx([1.5, 0, 0.75, 0.75])


def test_a_sequence_is_drawn_by_the_sum_over_its_positions():
    # 3 A and 1 B: shares (1/3 + 1/3) / 2 = 1/3, and (1/3 + 1) / 2 = 2/3, of two draws
    assert expected_draws({"tag": [["A", "A"], ["A", "B"]]}, 0.0) == pytest.approx([2 / 3, 4 / 3])


def planned(limit):
    how = Rebalance(1.0, Inverse("inverse"), "weight", Sampler("class_balanced"))
    boost = {"action": dict.fromkeys("ABC", 1.0)}
    return rebalance("phase1", how, boost, counts_of(ONE), Labels([f"s{i}" for i in range(14)], ONE), Balance(limit))


def test_the_guard_sees_the_expected_draws_and_the_file_keeps_them(tmp_path):
    with pytest.raises(UserError, match="draws x weight of C would be 9.0 times that of A"):
        planned(8.9)
    of_phase, lines = planned(9.1)
    assert lines[0] == "phase1: 14 draws of 14 of 14 samples an epoch"
    assert "C                        5 drawn, 4.67 draws" in lines[-1]
    write_rebalancing(tmp_path, of_phase)
    found = read_rebalancing(tmp_path)
    assert found.draws and found.draws.last == [0.5185] * 9 + [1.1667] * 4 + [4.6667] and found.draws.mean[0] == 0.5185


@pytest.mark.parametrize(
    ("text", "said"),
    [("sample,first\ns0,1\n", "columns are not"), ("sample,first,last\ns1,1,1\n", "samples are not those")],
)
def test_a_file_of_other_draws_is_refused(tmp_path, text, said):
    write_rebalancing(tmp_path, planned(9.1)[0])
    (tmp_path / "draws.csv").write_text(text)
    with pytest.raises(UserError, match=said):
        read_rebalancing(tmp_path)

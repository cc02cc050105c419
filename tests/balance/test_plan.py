"""A phase's samples and boosts: chosen, refused and described."""

import pytest

from tailwise.balance.boosts import Inverse, boost_from_counts
from tailwise.balance.counts import count_classes
from tailwise.balance.guard import Balance
from tailwise.balance.labels import Labels
from tailwise.balance.plan import rebalance
from tailwise.balance.subset import AllSamples, Balanced, Oversampled, Rebalance
from tailwise.core.errors import UserError

LABELS = {"action": list("AAAAAAAABBC"), "severity": list("xxxxxxxxxyx")}
NAMES = [f"train/{i}" for i in range(11)]
COUNTS = count_classes(LABELS, {"action": "ABC", "severity": "xy"})


def planned(how, limit=100.0):
    boost = {head: boost_from_counts(of_head, how.boost, how.max_weight) for head, of_head in COUNTS.items()}
    return rebalance("phase1", how, boost, COUNTS, Labels(NAMES, LABELS), Balance(limit))


def test_a_balanced_subset_says_what_it_took_and_what_it_could_not_equal():
    of_phase, lines = planned(Rebalance(1.5, Inverse("inverse"), "margin", Balanced("balanced", 2)))
    assert of_phase.apply_as == "margin" and of_phase.samples == ["train/0", "train/9", "train/10"]
    assert lines[0] == "phase1: 3 draws of 3 of 11 samples an epoch"
    assert "    cannot be equal: y 1" in lines


def test_repeats_are_draws():
    of_phase, lines = planned(Rebalance(1.0, Inverse("inverse"), "weight", Oversampled("oversampled", 8)))
    assert of_phase.samples.count("train/10") == 8 and len(of_phase.samples) == 8 + 4 + 8 + 8
    assert lines[0] == "phase1: 28 draws of 11 of 11 samples an epoch"


def test_samples_and_boosts_together_are_held_to_the_limit():
    how = Rebalance(10.0, Inverse("inverse"), "weight", Oversampled("oversampled", 8))
    with pytest.raises(UserError, match="phase1: head action: .*balance.max_effective_ratio is 10"):
        planned(how, limit=10)
    assert planned(how, limit=81)
    assert planned(Rebalance(3.0, Inverse("inverse"), "weight", AllSamples("all")), limit=3.001)


def test_draws_of_sequences_are_labels_of_their_positions():
    songs = {"tag": [["A", "A", "", "B"], ["A"], ["A", "A"]]}
    counts = count_classes(songs, {"tag": "AB"})
    how = Rebalance(2.0, Inverse("inverse"), "weight", AllSamples("all"))
    of_phase, lines = rebalance("phase1", how, {"tag": {"A": 1.0, "B": 2.0}}, counts, Labels("xyz", songs), Balance(2))
    assert of_phase.samples == ["x", "y", "z"]
    assert lines[2:] == [
        "    A                        5 drawn, 1.00 draws x 0.86 weight x 1.00 margin = 0.86",
        "    B                        1 drawn, 1.00 draws x 1.71 weight x 1.00 margin = 1.71",
    ]

"""A curriculum: shares and orders by hand, and what holds for every table of labels and difficulties."""

from math import inf, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailwise.balance.curriculum import Curriculum, lengths, rarity, reserved, samples_by_epoch, scores
from tailwise.balance.labels import classes_per_sample

LABELS = {"action": ["A", "A", "A", "A", "A", "A", "A", "A", "B", "B"], "card": list("xxxxxxxxy") + [""]}
HARD = [0.1, 0.9, 0.3, 0.5, 0.2, 0.8, 0.4, 0.6, 0.7, 0.95]
EASIEST = [0, 4, 2, 6, 3, 7, 8, 5, 1, 9]


def curriculum(kind="linear", start=0.2, end=5, min_share=0.0, weight=0.0):
    return Curriculum(kind, start, end, min_share, weight)


@pytest.mark.parametrize(
    ("kind", "shares"),
    [("linear", [0.2, 0.4, 0.6, 0.8, 1, 1, 1]), ("sqrt", [0.2, 0.28**0.5, 0.52**0.5, 0.76**0.5, 1, 1, 1])],
)
def test_the_share_grows_by_its_schedule_to_all_samples(kind, shares):
    assert [curriculum(kind).share(epoch) for epoch in range(1, 8)] == pytest.approx(shares)
    assert curriculum(kind).share(5) == 1


def test_the_easiest_come_first_after_one_of_every_class():
    """2, 4, 6, 8 and 10 samples; from the first epoch 0, the easiest A and x, 8, the easiest B and only y."""
    found = samples_by_epoch(curriculum(), range(10), LABELS, HARD)
    assert found == {
        1: [0, 8],
        2: [0, 2, 4, 8],
        3: [0, 2, 3, 4, 6, 8],
        4: [0, 2, 3, 4, 5, 6, 7, 8],
        5: list(range(10)),
    }


def test_each_class_keeps_its_least_share_from_the_first_epoch():
    """At 0.5: 4 of 8 A, the 4 easiest of 8 x are the same; 1 of 2 B, and the only y."""
    assert reserved(EASIEST, LABELS, 0.5) == {0, 4, 2, 6, 8}
    assert reserved(EASIEST, LABELS, 0.51) == {0, 4, 2, 6, 3, 8, 9}
    assert samples_by_epoch(curriculum(min_share=0.5), range(10), LABELS, HARD)[1] == [0, 2, 4, 6, 8]


def test_an_admitted_sample_keeps_its_repeats():
    draws = [0, 1, 2, 8, 8, 8, 9, 9]
    found = samples_by_epoch(curriculum(end=2), draws, LABELS, HARD)
    assert found == {1: [0, 8, 8, 8], 2: draws}


def test_rarity_is_logarithmic_from_the_most_frequent_class_to_the_rarest():
    labels = {"action": [*"AAAAAAAA", *"BBBB", "C"], "card": ["x"] * 12 + [""]}
    assert rarity(labels) == pytest.approx([0] * 8 + [log(2) / log(8) / 2] * 4 + [1.0])
    assert rarity({"action": ["A", "B", ""]}) == [0, 0, 0]


def test_of_a_sequence_the_positions_count():
    songs = {"tag": [["A", "A", "", "B"], ["A"], [""]]}  # 3 A, 1 B
    assert rarity(songs) == pytest.approx([1 / 3, 0, 0])
    assert reserved([1, 0, 2], songs, 0.0) == {1, 0}


def test_frequency_enters_by_its_weight():
    rare = rarity(LABELS)  # of sample 8: the rarest B and y; of 9: B alone
    assert rare == [0] * 8 + [1, 1]
    assert scores(HARD, LABELS, 0.0) == HARD
    assert scores(HARD, LABELS, 1.0) == rare
    assert scores([*HARD[:8], 0.7, None], LABELS, 0.25)[-2:] == pytest.approx([0.75 * 0.7 + 0.25, inf])
    plain, weighted = (
        samples_by_epoch(curriculum(start=0.75, end=2, weight=weight), range(10), LABELS, HARD)[1]
        for weight in (0.0, 1.0)
    )
    assert plain == [0, 2, 3, 4, 5, 6, 7, 8] and weighted == [0, 1, 2, 3, 4, 5, 6, 8]


def test_samples_without_any_label_come_last():
    labels = {"action": ["", "A", "A", "A"]}
    found = samples_by_epoch(curriculum(start=0.5, end=3), range(4), labels, [None, 0.9, 0.8, 0.7])
    assert found == {1: [2, 3], 2: [1, 2, 3], 3: [0, 1, 2, 3]}


def test_rounding_admits_no_sample_too_many():
    assert len(samples_by_epoch(curriculum(start=0.1), range(30), {"a": ["A"] * 30}, [0.5] * 30)[1]) == 3


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"start": 0.0}, "start must be above 0 and below 1, found 0"),
        ({"start": 1.0}, "start must be above 0 and below 1, found 1"),
        ({"end": 1}, "end must be at least 2, found 1"),
        ({"min_share": 1.0}, "min_share must be at least 0 and below 1, found 1"),
        ({"min_share": -0.1}, "min_share must be at least 0 and below 1, found -0.1"),
        ({"weight": 1.1}, r"weight_of_frequency must be within \[0, 1\], found 1.1"),
    ],
)
def test_what_makes_no_sense_or_has_no_effect_is_refused(values, said):
    with pytest.raises(ValueError, match=said):
        curriculum(**values)


@st.composite
def tables(draw):
    """A curriculum, the draws of a phase, and labels and difficulties of all training samples."""
    count = draw(st.integers(1, 25))
    classes = st.sampled_from(["A", "A", "A", "B", "C", ""])
    labels = {head: draw(st.lists(classes, min_size=count, max_size=count)) for head in ("one", "two")}
    hard = draw(st.lists(st.none() | st.floats(0, 1), min_size=count, max_size=count))
    draws = sorted(draw(st.lists(st.integers(0, count - 1), min_size=1)))
    share, least = draw(st.floats(0.01, 0.99)), draw(st.floats(0, 0.99))
    how = Curriculum(
        draw(st.sampled_from(["linear", "sqrt"])), share, draw(st.integers(2, 9)), least, draw(st.floats(0, 1))
    )
    return how, draws, labels, hard


@given(tables())
def test_for_any_table(table):
    how, draws, labels, hard = table
    found = samples_by_epoch(how, draws, labels, hard)
    assert found == samples_by_epoch(how, tuple(draws), labels, hard)
    assert min(found) == 1 and max(found) <= how.end
    assert found[max(found)] == draws, "all samples are in at the end, with their repeats"
    contents, all_of = list(map(set, classes_per_sample(labels))), set(draws)
    before: set[int] = set()
    for epoch, chosen in sorted(found.items()):
        assert before < set(chosen), "the share grows, and nothing leaves"
        before = set(chosen)
        assert len(before) >= how.share(epoch) * len(all_of) - 1e-6
        for label in set().union(*(contents[i] for i in all_of)):
            of_class = {i for i in all_of if label in contents[i]}
            assert len(of_class & before) >= max(1, how.min_share * len(of_class) - 1e-6)


def test_the_length_of_a_sequence_is_the_share_of_the_longest():
    """Positions without a label count; a foul has no length."""
    assert lengths({"section": [["a", "b"], ["a", "", "", "b"], [""]]}) == [0.5, 1.0, 0.25]
    assert lengths(LABELS) is None and lengths({}) is None and lengths({"section": []}) is None

"""Normalisation of names, and names that look alike."""

import sys
import time
import unicodedata

import pytest

from tailwise.data.tables.spelling import (
    WHITESPACE,
    clean_name,
    confusable,
    distinguish,
    quote,
    similar_name,
    skeleton,
    spelling_notes,
)


def test_white_space_is_what_python_says_it_is():
    assert set(WHITESPACE) == {chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()}


@pytest.mark.parametrize(
    "around", [" ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2060", " \u200b\u00a0"]
)
def test_invisible_characters_around_a_name_are_stripped(around):
    assert clean_name(f"{around}free kick{around}") == "free kick"


def test_only_one_of_unicodes_forms_is_left():
    composed, decomposed = "\u00e9t\u00e9", "e\u0301te\u0301"
    assert clean_name(decomposed) == clean_name(composed) == composed
    assert unicodedata.is_normalized("NFC", clean_name("\u212b" + composed))


@pytest.mark.parametrize(
    "name", ["", "a  b", "m\u00b2", "\u2460", "a\u200bb", "Goal", "\u65e5\u672c", "\U0001f3f4\U000e0067\U000e007f"]
)
def test_differences_beyond_spelling_are_kept(name):
    """A flag ends in characters that print nothing alone, and is another flag without them."""
    assert clean_name(name) == name


@pytest.mark.parametrize(
    "other",
    [
        *("Free Kick", "FREE KICK", "free  kick", "free\u00a0kick", "free\u200b kick", "free\x7f kick"),
        *("fr\u0435e kick", "\uff46ree kick", "free\u2003kick", "free ki\u0441k", "free\u2060 kick"),
    ],
)
def test_names_that_look_alike(other):
    assert confusable(["goal", "free kick", other, "goal"]) == [["free kick", other]]


@pytest.mark.parametrize(
    ("one", "other"),
    [("goal", "goals"), ("a", "b"), ("5 \u00b5m", "5 mm"), ("a b", "ab"), ("e", "\u00e9"), ("1", "l"), ("", "a")],
)
def test_names_that_do_not(one, other):
    assert confusable([one, other]) == []


def test_dashes_quotation_marks_and_letters_of_another_alphabet_look_like_those_of_ascii():
    assert skeleton("a\u2013b") == skeleton("a-b") and skeleton("\u2018x\u2019") == skeleton("'x'")
    assert skeleton("\u0422\u041e\u041c") == skeleton("tom")


def test_names_are_shown_so_that_they_can_be_distinguished():
    assert distinguish(["Goal", "goal"]) == ["'Goal'", "'goal'"]
    assert distinguish(["goal", "g\u043eal"]) == ["'goal'", "'g\\u043eal'"]


def test_the_note_counts_and_shows_one():
    assert spelling_notes([]) == []
    (note,) = spelling_notes(["e\u0301", " b"])
    assert note.endswith("read without and in it: 2, as 'e\\u0301'")


@pytest.mark.parametrize(
    ("name", "other"), [("sample", "Sample"), ("sample", "SAMPLE"), ("Action class", "action_class")]
)
def test_a_name_that_differs_only_in_case_and_spaces_is_found(name, other):
    assert (
        similar_name(name, ["path", name, other]) == other and similar_name(name, ["path", name, "x" * 10**6]) is None
    )


LONG = ("x" * 10**6, ["x" * 10**6] * 100, {"a" * 999: "b" * 999}, 10**4000, [[[[[[[[1]]]]]]]])


@pytest.mark.parametrize("value", LONG, ids=lambda value: type(value).__name__)
def test_a_value_in_a_message_is_cut(value):
    assert len(quote(value)) <= 150 and "..." in quote(value)


@pytest.mark.parametrize("value", ["a b", "", "\u00a0", 1.5, None, ["a", "b"], {}, float("nan"), True])
def test_a_short_one_is_as_python_writes_it(value):
    assert quote(value) == repr(value)


def test_a_long_name_costs_little():
    """White space within it, or two kinds of it in turn around it."""
    start = time.perf_counter()
    assert skeleton("a" + " " * 100_000 + "b") == "a b" and clean_name(" \u200b" * 50_000 + "a") == "a"
    assert time.perf_counter() - start < 2

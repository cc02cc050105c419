"""Difficulty from confidence, by hand."""

import numpy as np
import pytest

from tailwise.balance.files import read_difficulty
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.core.heads import IGNORE, Head
from tailwise.evaluation.difficulty import confidences, difficulties, extremes, write_difficulty
from tailwise.metrics.predictions import predictions

NAMES = ["a", "b", "c"]
HEAD = Head("action", ("Dive", "Push"))


def test_confidence_is_the_probability_of_the_true_class():
    likely = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]])
    found = predictions(HEAD, likely, np.array([0, 1, IGNORE]), NAMES, NAMES)
    assert confidences(found, NAMES) == [0.9, 0.4, None]


def test_of_a_sequence_it_is_the_mean_over_labelled_positions():
    likely = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.5, 0.5], [0.3, 0.7]]])
    found = predictions(HEAD, likely, np.array([[0, 0], [IGNORE, 1]]), ["a", "b"], ["a", "b"])
    assert confidences(found, NAMES) == [0.55, 0.7, None]


def test_difficulty_is_the_mean_over_the_heads_that_have_a_label():
    assert difficulties([[0.9, 0.4, None], [0.5, None, None]]) == [0.3, 0.6, None]


def test_last_digits_of_a_model_change_no_byte(tmp_path):
    for name, noise in (("one", 0.0), ("two", 1e-7)):
        likely = np.array([[0.91234, 0.08766], [0.61234 + noise, 0.38766 - noise]], np.float32)
        found = predictions(HEAD, likely, np.array([0, 0]), ["a", "b"], ["a", "b"])
        write_difficulty(tmp_path / name, ["a", "b"], {"action": confidences(found, ["a", "b"])})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert read_csv(tmp_path / "one")[0] == {"sample": "a", "confidence_action": "0.9123", "difficulty": "0.0877"}


def test_a_table_is_read_back_with_what_is_missing(tmp_path):
    by_head = {"difficulty": [0.9, 0.4, None], "sample": [0.5, None, None]}  # names that a head may have
    write_difficulty(tmp_path / "train.csv", NAMES, by_head)
    assert (tmp_path / "train.csv").read_text() == (
        "sample,confidence_difficulty,confidence_sample,difficulty\na,0.9,0.5,0.3\nb,0.4,,0.6\nc,,,\n"
    )
    assert read_difficulty(tmp_path / "train.csv") == {"a": 0.3, "b": 0.6, "c": None}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sample,difficulty\na,hard\n", "difficulty must be a number: .*'hard'"),
        ("sample\na\n", "needs the columns sample and difficulty; run the stage that writes it again"),
        ("sample,difficulty\na\n", "needs the columns sample and difficulty"),
    ],
)
def test_a_table_of_something_else_is_refused(text, said, tmp_path):
    (tmp_path / "train.csv").write_text(text)
    with pytest.raises(UserError, match=said):
        read_difficulty(tmp_path / "train.csv")


def test_the_easiest_and_the_hardest_are_never_the_same():
    found = extremes(["d", "c", "b", "a"], [0.5, None, 0.5, 0.9], 5)
    assert found == {"easiest": [("a", 0.9)], "hardest": [("d", 0.5)]}
    assert extremes(list("abcdef"), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 2) == {
        "easiest": [("f", 0.6), ("e", 0.5)],
        "hardest": [("a", 0.1), ("b", 0.2)],
    }

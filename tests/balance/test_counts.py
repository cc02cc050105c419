"""Counting classes."""

import pytest

from tailwise.balance.counts import check_counts, count_classes, imbalance_ratio, joint_counts
from tailwise.core.errors import UserError


def test_classes_are_counted_in_index_order_and_missing_labels_nowhere():
    counts = count_classes({"a": ["y", "x", "y", ""], "b": ["", "", "", ""]}, {"a": ("x", "y", "z"), "b": ("u", "v")})
    assert counts == {"a": {"x": 1, "y": 2, "z": 0}, "b": {"u": 0, "v": 0}}
    assert list(counts["a"]) == ["x", "y", "z"]


def test_imbalance_is_largest_over_smallest_of_what_is_there():
    assert [imbalance_ratio(c) for c in ({"x": 50, "y": 2, "z": 0}, {"x": 3, "y": 3}, {"x": 0, "y": 0})] == [25, 1, 1]


def test_a_class_whose_last_clip_was_faulty_is_named():
    check_counts({"action": {"Dive": 1}})
    with pytest.raises(
        UserError, match="head action: no usable training sample of 'Dive' is left; see reports/ for what"
    ):
        check_counts({"action": {"Push": 3, "Dive": 0}})


def test_pairs_of_classes_are_counted_with_those_that_do_not_occur():
    labels = {"a": ["x", "x", "y", ""], "b": ["u", "v", "u", "u"]}
    found = joint_counts(labels, {"a": ("x", "y"), "b": ("u", "v")})
    assert found == {"a x b": {"x, u": 1, "x, v": 1, "y, u": 1, "y, v": 0}}


def test_labels_of_positions_are_counted_position_by_position():
    songs = {"tag": [["", "x", "x", ""], ["y"], [], ["x", "y"]]}
    assert count_classes(songs, {"tag": ("x", "y", "z")}) == {"tag": {"x": 3, "y": 2, "z": 0}}


def test_positions_of_two_heads_pair_up_and_a_class_of_the_whole_sample_with_each():
    labels = {"tag": [["x", "y"], ["x"]], "key": [["u", "v"], [""]], "mood": ["sad", "glad"]}
    found = joint_counts(labels, {"tag": ("x", "y"), "key": ("u", "v"), "mood": ("sad", "glad")})
    assert found["tag x key"] == {"x, u": 1, "x, v": 0, "y, u": 0, "y, v": 1}
    assert found["tag x mood"] == {"x, sad": 1, "x, glad": 1, "y, sad": 1, "y, glad": 0}
    with pytest.raises(ValueError, match="shorter"):
        joint_counts({"tag": [["x", "y"]], "key": [["u"]]}, {"tag": ("x", "y"), "key": ("u", "v")})

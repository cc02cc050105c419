"""Predictions of a head as rows and as a table."""

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, write_csv
from tailwise.core.heads import IGNORE, Head
from tailwise.metrics.predictions import Predictions, concatenate, predictions, read_predictions, write_predictions

HEAD = Head("tag", ("a", "predicted"))
LIKELY = np.array([[[0.75, 0.25], [0.5, 0.5]], [[0.25, 0.75], [1.0, 0.0]]])


def sequence():
    return predictions(HEAD, LIKELY, np.array([[0, IGNORE], [1, 1]]), ["s", "t"], ["one", "two"])


def single():
    return predictions(HEAD, LIKELY[:, 0], np.array([IGNORE, 0]), ["s", "t"], ["one", "two"])


def test_a_sample_has_a_row_also_without_a_label():
    found = single()
    assert (found.samples, found.groups, found.positions) == (["s", "t"], ["one", "two"], None)
    assert (found.targets.tolist(), found.predicted.tolist()) == ([IGNORE, 0], [0, 1])
    assert found.matrix.tolist() == [[0, 1], [0, 0]] and found.labelled.samples == ["t"]


def test_a_position_of_a_sequence_has_a_row_and_padding_has_none():
    found = sequence()
    assert (found.samples, found.groups) == (["s", "t", "t"], ["one", "two", "two"])
    assert found.positions.tolist() == [0, 0, 1]
    assert (found.targets.tolist(), found.predicted.tolist()) == ([0, 1, 1], [0, 1, 0])
    assert found.probabilities.tolist() == [[0.75, 0.25], [0.25, 0.75], [1.0, 0.0]]


def test_names_that_do_not_pair_with_labels_are_refused():
    with pytest.raises(ValueError, match="predictions of tag differ in length: {'samples': 2, 'groups': 2, 'targets':"):
        Predictions(HEAD, ["s", "t"], ["one", "two"], np.zeros(4, int), np.zeros(4, int))


def test_parts_are_joined_in_order():
    found = concatenate([sequence(), sequence()])
    assert found.samples == ["s", "t", "t"] * 2 and found.positions.tolist() == [0, 0, 1] * 2
    assert concatenate([single(), single()]).positions is None


@pytest.mark.parametrize("made", [single, sequence])
def test_a_table_is_read_as_it_was_written_without_what_has_no_label(tmp_path, made):
    write_predictions(tmp_path / "tag.csv", made())
    read, written = read_predictions(tmp_path / "tag.csv", HEAD), made().labelled
    for name in ("targets", "predicted", "probabilities", "positions"):
        np.testing.assert_array_equal(getattr(read, name), getattr(written, name))
    assert (read.samples, read.groups) == (written.samples, written.groups)


def test_only_sequences_have_a_column_of_positions(tmp_path):
    write_predictions(tmp_path / "one.csv", single())
    assert (tmp_path / "one.csv").read_text() == (
        "sample,group,actual,predicted,a,predicted\nt,two,a,predicted,0.25,0.75\n"
    )
    write_predictions(tmp_path / "more.csv", sequence())
    assert read_csv(tmp_path / "more.csv")[2]["position"] == "1"


def test_a_table_without_probabilities_or_rows_is_read(tmp_path):
    path = tmp_path / "tag.csv"
    write_csv(path, ["sample", "group", "actual", "predicted"], [["s", "g", "predicted", "a"]])
    found = read_predictions(path, HEAD)
    assert (found.targets.tolist(), found.predicted.tolist(), found.probabilities) == ([1], [0], None)
    write_csv(path, ["sample", "group", "actual", "predicted", *HEAD.classes], [])
    assert read_predictions(path, HEAD).probabilities.shape == (0, 2)


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        (["sample", "actual"], [], "tag.csv: its columns are not those of tag; run the stage that writes it again"),
        (["sample", "group", "actual", "predicted", "b"], [], "tag.csv: its columns are not those of tag"),
        (
            ["sample", "group", "actual", "predicted"],
            ["s", "g", "b", "a"],
            "tag.csv: invalid predictions of tag: 'b'; run the",
        ),
        (["sample", "group", "actual", "predicted"], ["s"], "tag.csv: invalid predictions of tag"),
        (
            ["sample", "group", "actual", "predicted", *HEAD.classes],
            ["s", "g", "a", "a", "x", "1"],
            "tag.csv: invalid predictions of tag: could not convert string to float",
        ),
    ],
)
def test_a_table_of_others_is_refused(tmp_path, header, row, said):
    write_csv(tmp_path / "tag.csv", header, [row] if row else [])
    with pytest.raises(UserError, match=said):
        read_predictions(tmp_path / "tag.csv", HEAD)


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match="none.csv: No such file"):
        read_predictions(tmp_path / "none.csv", HEAD)
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(UserError, match="empty.csv: has no header"):
        read_predictions(tmp_path / "empty.csv", HEAD)


@pytest.mark.parametrize("tau", [None, 1.5])
@pytest.mark.parametrize("positions", [None, np.array([0, 1])])
def test_uncertainty_is_a_column_after_the_classes(tmp_path, tau, positions):
    head = Head("kind", ("uncertainty", "tau"))
    probabilities, said = np.array([[0.75, 0.25], [0.5, 0.5]]), np.array([-3.5, 2.0])
    known = Predictions(
        head, ["a", "a"], ["g", "g"], np.array([0, 1]), np.array([0, 0]), probabilities, positions, tau, said
    )
    write_predictions(tmp_path / "kind.csv", known)
    found = read_predictions(tmp_path / "kind.csv", head)
    assert found.uncertainty is not None and found.uncertainty.tolist() == [-3.5, 2.0] and found.tau == tau
    np.testing.assert_array_equal(found.probabilities, probabilities)
    assert found.take(np.array([1])).uncertainty.tolist() == [2.0]
    assert (found.positions is None) == (positions is None)

"""Labels of positions, and the targets that follow from them."""

import numpy as np
import pytest

from tailwise.core.heads import IGNORE, Head
from tailwise.data.sequences.labels import class_ids, join_labels, next_section, pad, split_labels, until_next

HEAD = Head("section", ("verse", "chorus"))


@pytest.mark.parametrize("labels", [["verse"], [""], ["verse", "", "chorus"], ["", ""]])
def test_labels_come_back_from_a_cell(labels):
    assert split_labels(join_labels(labels)) == labels


def test_equal_labels_of_many_positions_are_one_object():
    labels = [label for cell in ("verse|pre-chorus", "pre-chorus|verse") for label in split_labels(cell)]
    assert len({id(label) for label in labels}) == 2


def test_class_ids_of_a_cell():
    assert class_ids("verse||chorus", HEAD).tolist() == [0, IGNORE, 1]
    with pytest.raises(ValueError, match="bridge"):
        class_ids("verse|bridge", HEAD)


@pytest.mark.parametrize(
    ("ids", "following", "until"),
    [
        ([0, 0, 1, 1, 1, 0], [1, 1, 0, 0, 0, -100], [2, 1, 3, 2, 1, -100]),
        ([0, 0], [-100, -100], [-100, -100]),
        ([0], [-100], [-100]),
        ([0, -100, 1, 0], [-100, -100, 0, -100], [-100, -100, 1, -100]),
        ([2, 1, 0], [1, 0, -100], [1, 1, -100]),
        ([], [], []),
    ],
)
def test_the_next_section_and_where_it_starts(ids, following, until):
    found = np.array(ids, np.int16)
    assert next_section(found).tolist() == following
    assert until_next(found).tolist() == until
    assert next_section(found).dtype == until_next(found).dtype == np.int64


def test_padding():
    assert pad([np.array([1, 2]), np.array([3])]).tolist() == [[1, 2], [3, IGNORE]]
    assert pad([np.ones((1, 2)), np.ones((3, 2))], 0).sum(1).tolist() == [[1, 1], [3, 3]]
    assert pad([]).shape == (0, 0)

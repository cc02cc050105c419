"""Heads and batches: counting and validation."""

import pytest
import torch

from tailwise.core.batch import Batch
from tailwise.core.heads import IGNORE, Head

HEAD = Head("action", ("Tackling", "Dive"))


def test_a_label_has_its_place_and_no_label_is_ignored():
    assert [HEAD.id(label) for label in ("Tackling", "Dive", "")] == [0, 1, IGNORE]
    with pytest.raises(ValueError):
        HEAD.id("dive")


@pytest.mark.parametrize("classes", [("a", "a"), ("a",), ()])
def test_a_head_needs_two_different_classes(classes):
    with pytest.raises(ValueError, match="head action needs two or more different classes"):
        Head("action", classes)


def test_a_loss_is_a_mean_over_labels_or_else_over_samples():
    tags = torch.tensor([[0, 1, IGNORE], [1, IGNORE, IGNORE]])
    batch = Batch({}, {"tag": tags, "none": torch.tensor([IGNORE, IGNORE])}, torch.tensor([4, 7]))
    assert [batch.count(name) for name in ("tag", "none", "contrast")] == [3, 0, 2]
    assert len(batch) == 2

"""From a stage's files to the engine's inputs."""

import pytest
import torch

from support.helpers import HEADS, Table, make_table
from tailwise.balance.files import Rebalancing
from tailwise.core.errors import UserError
from tailwise.core.files import write_json
from tailwise.core.heads import IGNORE, Head
from tailwise.engine.evaluate.inputs import class_boosts, read_heads, sample_indices


def test_heads_keep_the_order_of_their_classes(tmp_path):
    write_json(tmp_path / "heads.json", {head.name: head.classes for head in HEADS})
    assert read_heads(tmp_path / "heads.json") == HEADS


def test_samples_are_found_by_name():
    assert sample_indices(make_table(5), ["sample3", "sample0"]) == [3, 0]
    with pytest.raises(UserError, match="sample 'sample9' of the weights stage is not in the training data"):
        sample_indices(make_table(5), ["sample9"])


def test_counts_are_of_the_samples_that_the_phase_sees():
    table = make_table(6)
    table.targets["colour"] = torch.tensor([0, 0, 2, IGNORE, 2, 1])
    boost = {"colour": {"blue": 3.0, "red": 1.0, "green": 2.0}, "size": {"small": 1.0, "large": 1.0}}
    found = class_boosts(Rebalancing("margin", boost, []), HEADS, table, [0, 2, 3, 4])["colour"]
    assert (found.boost.tolist(), found.counts.tolist(), found.apply_as) == ([1, 2, 3], [1, 0, 2], "margin")


def test_repeated_samples_count_as_often_as_they_are_drawn():
    table = make_table(3)
    table.targets["size"] = torch.tensor([0, 1, 1])
    boost = {head.name: dict.fromkeys(head.classes, 1.0) for head in HEADS}
    places = sample_indices(table, ["sample0", "sample1", "sample1"])
    assert class_boosts(Rebalancing("weight", boost, []), HEADS, table, places)["size"].counts.tolist() == [1, 2]


def test_positions_of_a_sequence_are_counted_and_padding_is_not():
    head = Head("tag", ("a", "b"))
    tags = torch.tensor([[0, 1, IGNORE], [1, 1, 1], [0, IGNORE, IGNORE]])
    found = class_boosts(
        Rebalancing("weight", {"tag": {"a": 1.0, "b": 1.0}}, []), (head,), Table({}, {"tag": tags}), [0, 2]
    )
    assert found["tag"].counts.tolist() == [2, 1]

"""A phase's weights on disk."""

import pytest

from tailwise.balance.files import Rebalancing, read_curriculum, read_rebalancing, write_rebalancing
from tailwise.core.errors import UserError
from tailwise.core.files import write_json


def test_boosts_and_samples_are_read_back(tmp_path):
    of_phase = Rebalancing("margin", {"action": {"Dive": 5.0, "High leg": 1.5}}, ["train/0", "train/12", "train/12"])
    write_rebalancing(tmp_path / "phase1", of_phase)
    assert read_rebalancing(tmp_path / "phase1") == of_phase


def test_an_irrelevant_difference_gives_the_same_bytes(tmp_path):
    for name, boost in (("a", 10 / 3), ("b", 3.33331)):
        write_rebalancing(tmp_path / name, Rebalancing("weight", {"action": {"Dive": boost}}, ["train/0"]))
    assert (tmp_path / "a" / "boost.json").read_bytes() == (tmp_path / "b" / "boost.json").read_bytes()


def test_no_sample_is_an_empty_table(tmp_path):
    write_rebalancing(tmp_path, Rebalancing("weight", {}, []))
    assert read_rebalancing(tmp_path).samples == []


def test_a_folder_of_another_version_is_refused(tmp_path):
    write_json(tmp_path / "boost.json", {"acts": "loss", "boost": {}})
    with pytest.raises(UserError, match="boost.json: written by another version: run the stage again"):
        read_rebalancing(tmp_path)


def test_a_curriculum_says_from_which_epoch_samples_are_drawn(tmp_path):
    assert read_curriculum(tmp_path) == {}
    (tmp_path / "curriculum.csv").write_text("epoch,sample\n1,a\n1,b\n3,a\n3,b\n3,b\n")
    assert read_curriculum(tmp_path) == {1: ["a", "b"], 3: ["a", "b", "b"]}


@pytest.mark.parametrize(("epoch", "said"), [("2", "the first epoch must be 1, found 2"), ("x", "an integer")])
def test_a_curriculum_without_a_beginning_is_refused(tmp_path, epoch, said):
    (tmp_path / "curriculum.csv").write_text(f"epoch,sample\n{epoch},a\n")
    with pytest.raises(UserError, match=said):
        read_curriculum(tmp_path)

"""A phase's weights on disk."""

import pytest

from tailwise.balance.files import Rebalancing, read_curriculum, read_rebalancing, write_curriculum, write_rebalancing
from tailwise.core.errors import UserError
from tailwise.core.files import write_json


def test_boosts_and_samples_are_read_back(tmp_path):
    of_phase = Rebalancing("margin", {"action": {"Dive": 5.0, "High leg": 1.5}}, ["train/0", "train/12", "train/12"])
    write_rebalancing(tmp_path / "phase1", of_phase)
    assert read_rebalancing(tmp_path / "phase1") == of_phase


def test_a_difference_that_means_nothing_gives_the_same_bytes(tmp_path):
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
    path, schedule = tmp_path / "phase2.csv", {1: ["a", "b"], 3: ["a", "b", "b"]}
    write_curriculum(path, schedule)
    assert path.read_text() == "epoch,sample\n1,a\n1,b\n3,a\n3,b\n3,b\n"
    assert read_curriculum(path) == schedule
    write_curriculum(path, {})
    assert path.read_text() == "epoch,sample\n" and read_curriculum(path) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epoch,sample\n2,a\n", "the first epoch must be 1, found 2"),
        ("epoch,sample\nx,a\n", "an integer"),
        ("sample\na\n", "needs the columns epoch and sample"),
    ],
)
def test_a_curriculum_that_cannot_be_read_is_refused(tmp_path, text, said):
    (tmp_path / "phase2.csv").write_text(text)
    with pytest.raises(UserError, match=said):
        read_curriculum(tmp_path / "phase2.csv")

"""A phase's weights on disk."""

from tailwise.balance.files import read_boost, read_samples, write_rebalance


def test_boosts_and_samples_are_read_back(tmp_path):
    write_rebalance(tmp_path / "phase1", {"action": {"Dive": 5.0, "High leg": 1.5}}, ["train/0", "train/12"])
    assert read_boost(tmp_path / "phase1") == {"action": {"Dive": 5.0, "High leg": 1.5}}
    assert read_samples(tmp_path / "phase1") == ["train/0", "train/12"]


def test_a_difference_that_means_nothing_gives_the_same_bytes(tmp_path):
    for name, boost in (("a", 10 / 3), ("b", 3.33331)):
        write_rebalance(tmp_path / name, {"action": {"Dive": boost}}, ["train/0"])
    assert (tmp_path / "a" / "boost.json").read_bytes() == (tmp_path / "b" / "boost.json").read_bytes()


def test_no_sample_is_an_empty_table(tmp_path):
    write_rebalance(tmp_path, {}, [])
    assert read_samples(tmp_path) == []

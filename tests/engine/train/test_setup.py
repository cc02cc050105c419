"""What a training stage reads before it trains."""

import pytest

from support.helpers import make_table
from tailwise.balance.files import write_curriculum
from tailwise.core.errors import UserError
from tailwise.engine.train.setup import read_balance, read_schedule


def test_a_curriculum_gives_each_epoch_its_samples(tmp_path):
    samples, path = make_table(4), tmp_path / "phase2.csv"
    names = list(samples.names)
    write_curriculum(path, {1: names[:1], 3: [*names, names[0]]})
    schedule = read_schedule("phase2", path, 3, samples)
    assert schedule and [schedule(epoch) for epoch in range(3)] == [[0], [0], [0, 1, 2, 3, 0]]
    assert read_balance(None, (), samples, schedule).samples is schedule


def test_a_table_without_rows_draws_what_is_drawn_without_it(tmp_path):
    write_curriculum(tmp_path / "phase2.csv", {})
    for path in (tmp_path / "phase2.csv", None):
        assert read_schedule("phase2", path, 3, make_table(4)) is None
    assert read_balance(None, (), make_table(4)).samples == [0, 1, 2, 3]


def test_a_curriculum_that_outlasts_its_phase_is_refused(tmp_path):
    samples, path = make_table(2), tmp_path / "phase2.csv"
    write_curriculum(path, {1: samples.names[:1], 4: samples.names})
    with pytest.raises(UserError, match="phase2.curriculum admits samples until epoch 4, and the phase has 3"):
        read_schedule("phase2", path, 3, samples)

"""Order and seeds are functions of a position."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers import make_table
from tailwise.core.errors import UserError
from tailwise.engine.order import augment_keys, epoch_order, load_steps, repeat_numbers, seed_for, steps_of
from tailwise.engine.recovery import Recovery


def test_an_epoch_has_every_sample_once():
    assert sorted(epoch_order([4, 7, 9, 30], 1, "phase1", 0)) == [4, 7, 9, 30]


@pytest.mark.parametrize("other", [(2, "phase1", 0), (1, "phase2", 0), (1, "phase1", 1)])
def test_another_seed_phase_or_epoch_is_another_order(other):
    first = epoch_order(range(50), 1, "phase1", 0)
    assert (first == epoch_order(range(50), 1, "phase1", 0)).all() and (first != epoch_order(range(50), *other)).any()


def test_the_order_is_even():
    """Over many epochs, every sample comes first about as often."""
    firsts = np.bincount([epoch_order(range(8), 1, "p", epoch)[0] for epoch in range(1600)], minlength=8)
    assert firsts.min() > 140 and firsts.max() < 260


def test_a_seed_is_a_function_of_its_position():
    positions = [
        (seed, name, epoch, step) for seed in (0, 1) for name in ("a", "b") for epoch in range(5) for step in range(5)
    ]
    seeds = [seed_for(*position) for position in positions]
    assert len(set(seeds)) == len(seeds) and seeds == [seed_for(*position) for position in positions]
    assert all(0 <= seed < 2**63 for seed in seeds)
    torch.manual_seed(max(seeds))


def test_augmentation_keys_name_seed_phase_epoch_and_sample():
    keys = augment_keys(1, "phase1", 3, np.array([5, 9]))
    assert keys.shape == (2, 4) and keys.dtype == np.int64
    assert (keys[0] == augment_keys(1, "phase1", 3, np.array([9, 2, 5]))[2]).all()
    for other in ((2, "phase1", 3), (1, "phase2", 3), (1, "phase1", 4)):
        assert (keys[0] != augment_keys(*other, np.array([5]))[0]).any()


@pytest.mark.parametrize(
    ("batch", "micro", "steps"),
    [
        (4, 4, [[[0, 1, 2, 3]], [[4, 5, 6, 7]], [[8, 9]]]),
        (4, 2, [[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9]]]),
        (20, 4, [[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]]),
    ],
)
def test_steps_are_cut_into_micro_batches(batch, micro, steps):
    assert steps_of(range(10), batch, micro) == steps


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_come_in_the_order_asked_for(workers):
    steps = steps_of(epoch_order(range(10), 1, "p", 0), 4, 2)
    assert [[b.index.tolist() for b in step] for step in load_steps(make_table(10), steps, workers)] == steps


@pytest.mark.parametrize("workers", [0, 1])
def test_memory_that_runs_out_while_a_step_is_loaded_is_one_line(monkeypatch, workers):
    table = make_table(10)
    whole = type(table).__getitem__

    def short(self, index):
        if index == 5:
            raise MemoryError
        return whole(self, index)

    monkeypatch.setattr(type(table), "__getitem__", short)
    steps = load_steps(table, steps_of(range(10), 4, 2), workers)
    assert [batch.index.tolist() for batch in next(steps)] == [[0, 1], [2, 3]]
    with pytest.raises(UserError, match=r"^out of memory while samples were loaded: lower training\.batch_size or .*$"):
        next(steps)


HOLDING = """
import sys, time
from pathlib import Path
from helpers import make_table
from tailwise.engine.order import load_steps, steps_of
from tailwise.engine.recovery import Recovery

with Recovery(Path(sys.argv[1])):
    steps = load_steps(make_table(10), steps_of(range(10), 4, 2), 2)
    next(steps)
    print("begun", flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a signal of the Linux kernel")
def test_workers_of_a_killed_run_do_not_keep_its_state_from_the_next(tmp_path):
    tests = Path(__file__).parents[1]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent / "src")])}
    command = [sys.executable, "-c", HOLDING, str(tmp_path / "run")]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout.readline() == "begun\n"
        killed.kill()
    enter(tmp_path / "run", time.monotonic() + 1)


def enter(folder, until):
    """Be at the run, or be refused no longer than `until`."""
    while True:
        try:
            with Recovery(folder):
                return
        except UserError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


def test_draws_of_one_sample_are_numbered_through_the_epoch():
    assert repeat_numbers([3, 5, 3, 5, 3]) == [0, 0, 1, 1, 2]
    assert repeat_numbers([7, 1, 2]) == [0, 0, 0]

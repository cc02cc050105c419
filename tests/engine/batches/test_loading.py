"""Batches loaded by workers: the same as without, whatever happens to the workers."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

from support.helpers import HEADS, Linear, Table, make_phase, make_run, make_table, make_task, same
from support.mounting import MOUNT, needs_mount
from tailwise.core.errors import UserError
from tailwise.engine.batches.loading import load_batches, load_steps
from tailwise.engine.batches.order import chunks, epoch_order, steps_of
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.train.loop import train_phase

TESTS = Path(__file__).parents[2]
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}


@pytest.fixture
def _looked_at_often(monkeypatch):
    """torch looks every 5 s whether a worker is there; here ten times a second."""
    monkeypatch.setattr(_MultiProcessingDataLoaderIter._try_get_data, "__defaults__", (0.1,))


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_come_in_the_order_asked_for(workers):
    steps = steps_of(epoch_order(range(10), 1, "p", 0), 4, 2)
    assert [[b.index.tolist() for b in step] for step in load_steps(make_table(10), steps, workers)] == steps


def no_memory():
    raise MemoryError


def too_large():
    """numpy's error, which does not come through to the first process as it was."""
    np.empty(1 << 50, "u1")


def no_room():
    """What torch says of a file in shared memory."""
    raise RuntimeError("unable to mmap 1024 bytes from file </torch_12>: Cannot allocate memory (12)")


def no_map():
    raise OSError(12, "Cannot allocate memory")


@pytest.mark.parametrize(
    ("workers", "fails"), [(0, no_memory), (0, too_large), (0, no_map), (1, too_large), (1, no_room), (1, no_map)]
)
def test_memory_that_runs_out_while_a_step_is_loaded_is_one_line(monkeypatch, workers, fails):
    table = make_table(10)
    whole = type(table).__getitem__

    def short(self, index):
        if index == 5:
            fails()
        return whole(self, index)

    monkeypatch.setattr(type(table), "__getitem__", short)
    steps = load_steps(table, steps_of(range(10), 4, 2), workers)
    assert [batch.index.tolist() for batch in next(steps)] == [[0, 1], [2, 3]]
    with pytest.raises(
        UserError, match=r"^out of memory while samples were loaded .*: lower training\.batch_size or .*$"
    ):
        next(steps)


def test_memory_that_runs_out_while_workers_are_started_is_one_line(monkeypatch):
    monkeypatch.setattr(os, "fork", no_map)
    with pytest.raises(UserError, match=r"^out of memory while samples were loaded"):
        next(load_steps(make_table(10), steps_of(range(10), 4, 2), 1))


SHARED = """
from support.helpers import make_table
from tailwise.core.errors import UserError
from tailwise.engine.batches.loading import load_steps

try:
    list(load_steps(make_table(40, dim=100_000), [[[*range(40)]]], 1))
except UserError as error:
    print(error)
"""


def test_a_full_shared_memory_is_one_line():
    """16 MB to share where there are 4, as in a container; torch alone would wait for ever."""
    needs_mount()
    small = 'mount -t tmpfs -o size=4m none /dev/shm && exec "$0" -c "$1"'
    command = [*MOUNT, small, sys.executable, SHARED]
    done = subprocess.run(command, env=ENV, capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith("out of memory while samples were loaded (in a container"), done.stderr


class Deadly(Table):
    """Kills the worker that loads one of its samples, so many times, when those before have arrived."""

    def __init__(self, folder, times, sample=13):
        table = make_table(24)
        super().__init__(table.inputs, table.targets)
        self.folder, self.times, self.sample, self.starter = folder, times, sample, os.getpid()

    def __getitem__(self, index):
        deaths = len(list(self.folder.iterdir()))
        if index == self.sample and os.getpid() != self.starter and deaths < self.times:
            (self.folder / str(deaths)).touch()
            time.sleep(1.0)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitem__(index)


@pytest.mark.usefixtures("_looked_at_often")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_lost_worker_is_replaced_and_changes_no_batch(folder, workers, capfd):
    lists = chunks(range(24), 4)
    found = [batch.index.tolist() for batch in load_batches(Deadly(folder, 2), lists, workers)]
    assert found == lists and len(list(folder.iterdir())) == 2
    assert capfd.readouterr().out == 2 * "a data worker was lost: new ones restart at the pending batch\n"


@pytest.mark.usefixtures("_looked_at_often")
def test_workers_lost_three_times_at_the_same_batch_are_one_line(folder):
    batches = load_batches(Deadly(folder, 3), chunks(range(24), 4), 2)
    assert [next(batches).index[0].item() for _ in range(3)] == [0, 4, 8]
    with pytest.raises(UserError, match=r"^data workers were lost 3 times at the same batch.*: lower runtime\.workers"):
        next(batches)


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize(
    "error",
    [ConnectionResetError("of the samples' own"), EOFError("of a file"), RuntimeError("it exited unexpectedly")],
)
def test_a_sample_is_not_its_own_negative(monkeypatch, capfd, workers, error):
    def broken(self, index):
        raise error

    table = make_table(10)
    monkeypatch.setattr(type(table), "__getitem__", broken)
    with pytest.raises(type(error), match=str(error)):
        next(load_batches(table, [[0]], workers))
    assert "lost" not in capfd.readouterr().out


@pytest.mark.usefixtures("_looked_at_often")
def test_a_training_that_loses_a_worker_ends_with_the_same_weights(folder):
    trained = []
    for times, workers in ((0, 0), (1, 2)):
        task = make_task(Linear(5, HEADS), train=Deadly(folder, times))
        trained.append(train_phase(task, make_phase(), range(24), {}, make_run(workers=workers)).weights)
    assert same(*trained) and len(list(folder.iterdir())) == 1


@pytest.mark.usefixtures("_looked_at_often")
def test_a_workers_end_is_noticed_only_where_its_batch_is_asked_for():
    """torch's own way raises wherever the first process is at that time."""
    lists = chunks(range(20), 2)
    batches = load_batches(make_table(20), lists, 2)
    found = [next(batches)]
    for worker in multiprocessing.active_children():
        worker.kill()
    time.sleep(0.3)
    assert [batch.index.tolist() for batch in [*found, *batches]] == lists


HOLDING = """
import sys, time
from pathlib import Path
from support.helpers import make_table
from tailwise.engine.batches.loading import load_steps
from tailwise.engine.batches.order import steps_of
from tailwise.engine.checkpoint.recovery import Recovery

with Recovery(Path(sys.argv[1])):
    steps = load_steps(make_table(10), steps_of(range(10), 4, 2), 2)
    next(steps)
    print("begun", flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a signal of the Linux kernel")
def test_workers_of_a_killed_run_do_not_keep_its_state_from_the_next(tmp_path):
    command = [sys.executable, "-c", HOLDING, str(tmp_path / "run")]
    with subprocess.Popen(command, env=ENV, stdout=subprocess.PIPE, text=True) as killed:
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

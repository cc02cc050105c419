"""Work in processes: the same results, and nobody left behind."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tailwise.core.processes import map_in_processes

SLEEPERS = """
import os, sys, time
from pathlib import Path
from tailwise.core.processes import map_in_processes

def sleep(name):
    Path(name).write_text(str(os.getpid()))
    time.sleep(60)

if __name__ == "__main__":
    map_in_processes(sleep, ["first", "second"], 2)
"""


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(workers):
    assert map_in_processes(abs, [-3, 2, -1, 0], workers) == [3, 2, 1, 0]


def test_workers_die_with_the_process_that_started_them(folder):
    (folder / "sleepers.py").write_text(SLEEPERS)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    process = subprocess.Popen([sys.executable, "sleepers.py"], cwd=folder, env=env)
    pids = [wait_for(lambda name=name: read(folder / name)) for name in ("first", "second")]
    process.kill()
    process.wait()
    assert all(wait_for(lambda pid=pid: not alive(pid)) for pid in pids)


def read(path: Path) -> int:
    return int(path.read_text() or 0) if path.exists() else 0


def alive(pid: int) -> bool:
    """Running, and no zombie that nobody has collected."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for(condition, seconds: float = 30):
    """The condition's value once it is true; its last value when the time is over."""
    until = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < until:
        time.sleep(0.02)
    return value

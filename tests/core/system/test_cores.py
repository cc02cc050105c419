"""The number of cores for this process, and the number of workers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tailwise.core.params.runtime import Runtime
from tailwise.core.system import cores as module
from tailwise.core.system.cores import cores, data_workers, decode_workers, spare_cores

SOURCES = Path(__file__).parents[3] / "src"


@pytest.mark.parametrize(
    ("threads", "of", "expected"), [(1, 1, 0), (2, 1, 0), (2, 2, 0), (1, 2, 1), (2, 6, 4), (2, 10, 8), (2, 64, 8)]
)
def test_workers_take_the_cores_that_training_leaves(threads, of, expected):
    assert spare_cores(threads, of) == expected


@pytest.mark.parametrize(("processes", "expected"), [(1, 8), (2, 6), (4, 2), (8, 0), (64, 0)])
def test_the_processes_of_a_machine_share_what_is_left(processes, expected, monkeypatch, capsys):
    """16 cores, and 2 threads in each process."""
    monkeypatch.setattr(module, "cores", lambda: 16)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes))
    assert data_workers("auto", 2) == expected == spare_cores(2, 16, processes)
    shared = f", processes: {processes}" if processes > 1 else ""
    line = f"runtime.workers: auto is {expected}; cores: 16{shared}, training.threads: 2\n"
    assert capsys.readouterr().out == line


def test_a_number_is_taken_and_auto_is_reported(monkeypatch, capsys):
    monkeypatch.setattr(module, "cores", lambda: 6)
    assert (data_workers(0, 1), data_workers(3, 1), decode_workers(2)) == (0, 3, 2)
    assert capsys.readouterr().out == ""
    assert (data_workers("auto", 2), decode_workers("auto")) == (4, 6)
    assert capsys.readouterr().out.splitlines() == [
        "runtime.workers: auto is 4; cores: 6, training.threads: 2",
        "runtime.decoders: auto is 6, one a core",
    ]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 32),
        ({"cpu.max": "max 100000"}, 32),
        ({"cpu.max": "250000 100000"}, 3),
        ({"cpu.max": "50000 100000"}, 1),
        ({"job/cpu.max": "400000 100000", "cpu.max": "200000 100000"}, 2),
        ({"job/cpu.max": "broken"}, 32),
    ],
)
def test_a_container_has_the_cores_that_it_is_given(tmp_path, monkeypatch, files, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(32)), raising=False)
    write(tmp_path, {"proc/self/cgroup": "0::/job\n"} | {f"sys/fs/cgroup/{name}": text for name, text in files.items()})
    assert cores(tmp_path) == expected


@pytest.mark.parametrize(("quota", "expected"), [("-1", 32), ("150000", 2)])
def test_so_has_one_of_the_older_kind(tmp_path, monkeypatch, quota, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(32)), raising=False)
    group = "sys/fs/cgroup/cpu,cpuacct"
    files = {f"{group}/cpu.cfs_quota_us": quota, f"{group}/cpu.cfs_period_us": "100000"}
    write(tmp_path, {"proc/self/cgroup": "7:cpu,cpuacct:/docker/abc\n3:memory:/docker/abc\n", **files})
    assert cores(tmp_path) == expected


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux keeps a process to cores")
def test_a_process_that_is_kept_to_one_core_has_one():
    text = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    text += "from tailwise.core.system.cores import cores; print(cores())"
    env = {**os.environ, "PYTHONPATH": str(SOURCES)}
    assert subprocess.check_output([sys.executable, "-c", text], env=env, text=True) == "1\n"


def test_the_section_takes_auto_and_refuses_too_few():
    assert Runtime("auto", "auto", "auto", False).workers == "auto"
    with pytest.raises(ValueError, match="decoders must be at least 1, or auto, found 0"):
        Runtime("auto", 0, 0, False)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)

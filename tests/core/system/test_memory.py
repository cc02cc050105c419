"""Free memory: the minimum over the machine, control groups and process limits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tailwise.core.system.memory import free_bytes

SOURCES = Path(__file__).parents[3] / "src"
MACHINE = {"proc/meminfo": "MemTotal:  9000 kB\nMemAvailable:   8000 kB\n"}
V2 = {"proc/self/cgroup": "0::/batch/job\n"}
V1 = {"proc/self/cgroup": "4:memory:/batch/job\n1:cpu:/\n0::/\n"}
GROUP, OLD = "sys/fs/cgroup", "sys/fs/cgroup/memory"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (MACHINE, 8_192_000),
        ({}, None),
        (
            {**MACHINE, **V2, f"{GROUP}/batch/job/memory.max": "max", f"{GROUP}/batch/job/memory.current": "5"},
            8_192_000,
        ),
        ({**MACHINE, **V2, f"{GROUP}/batch/job/memory.max": "900", f"{GROUP}/batch/job/memory.current": "300"}, 600),
        ({**MACHINE, **V2, f"{GROUP}/memory.max": "900", f"{GROUP}/memory.current": "300"}, 600),  # a container
        ({**V2, f"{GROUP}/memory.max": "900", f"{GROUP}/memory.current": "300"}, 600),
        (
            {
                **MACHINE,
                **V2,
                f"{GROUP}/batch/job/memory.max": "9000",
                f"{GROUP}/batch/job/memory.current": "300",
                f"{GROUP}/batch/memory.max": "500",  # the group around it
                f"{GROUP}/batch/memory.current": "400",
                f"{GROUP}/batch/memory.stat": "anon 70\ninactive_file 80\n",
            },
            180,
        ),
        ({**V2, f"{GROUP}/memory.max": "300", f"{GROUP}/memory.current": "900"}, 0),
        (
            {
                **MACHINE,
                **V1,
                f"{OLD}/batch/job/memory.limit_in_bytes": "1000",
                f"{OLD}/batch/job/memory.usage_in_bytes": "700",
                f"{OLD}/batch/job/memory.stat": "cache 9\ntotal_inactive_file 50\n",
            },
            350,
        ),
        (
            {**MACHINE, **V1, f"{OLD}/memory.limit_in_bytes": str(2**63), f"{OLD}/memory.usage_in_bytes": "7"},
            8_192_000,
        ),
    ],
)
def test_the_least_of_all_that_binds(tmp_path, files, expected):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert free_bytes(root=tmp_path) == expected


def test_free_memory_is_the_accelerators_where_one_is_used(tmp_path):
    assert free_bytes(123, tmp_path) == 123


def left_in(text: str) -> int:
    """What is free after `text`, in a process of its own."""
    return printed(f"import resource\n{text}\nfrom tailwise.core.system.memory import free_bytes\nprint(free_bytes())")


def printed(text: str, *arguments: str) -> int:
    env = {**os.environ, "PYTHONPATH": str(SOURCES)}
    return int(subprocess.check_output([sys.executable, "-c", text, *arguments], env=env, text=True))


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_on_this_machine():
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 10e6 < left_in("") <= total
    limited = left_in("resource.setrlimit(resource.RLIMIT_AS, (800_000_000, 800_000_000))")
    assert 500e6 < limited < 800e6
    held = left_in("resource.setrlimit(resource.RLIMIT_AS, (800_000_000, 800_000_000))\nheld = bytearray(300_000_000)")
    assert limited - held == pytest.approx(300e6, rel=0.1)


FREED = """
import resource, sys
from tailwise.core.system.memory import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
import torch
for step in range(14):
    if step == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    [torch.ones(10_000_000) for _ in range(3)]
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's")
def test_freed_memory_is_used_again_without_new_pages():
    pages = {name: printed(FREED, name) for name in ("kept", "returned")}
    assert pages["kept"] * 10 < pages["returned"]

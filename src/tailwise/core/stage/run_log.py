"""The untracked run log: duration and peak memory of each stage run.

``.logs/stages.csv`` has a line a run: stage, seconds, MB. ``.logs/stages.js`` has the last run of each
stage, as a script that the report's page finds beside it. Standard library only, as stage.py needs it.
"""

import csv
import json
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tailwise.core.files import write_text


class Run(NamedTuple):
    """One run of a stage. mb: peak memory of its largest process, in 10^6 bytes; None in logs of older versions."""

    stage: str
    seconds: float
    mb: float | None


def add_run(folder: Path, run: Run) -> None:
    """Append a line to `folder`/stages.csv and rewrite `folder`/stages.js."""
    folder.mkdir(exist_ok=True)
    with open(folder / "stages.csv", "a", encoding="utf8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow([run.stage, f"{run.seconds:.2f}", f"{run.mb:.1f}"])
    last = [each._asdict() for each in last_runs(folder / "stages.csv")]
    write_text(folder / "stages.js", f"window.stageLog = {json.dumps(last)};\n")


def last_runs(path: Path) -> list[Run]:
    """The last run of each stage, in the order in which the stages first ran; truncated lines are skipped."""
    last: dict[str, Run] = {}
    with open(path, encoding="utf8", errors="replace", newline="") as file:
        for cells in csv.reader(file):
            with suppress(ValueError, IndexError):
                last[cells[0]] = Run(cells[0], float(cells[1]), float(cells[2]) if len(cells) > 2 else None)
    return list(last.values())


def peak_mb() -> float:
    """Peak memory of this process or of its largest child, in 10^6 bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    return max(_own_peak(unit), children) / 1e6


def _own_peak(unit: int) -> int:
    """Bytes. On Linux ru_maxrss includes the parent's memory before exec, so /proc is used instead."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text(encoding="utf8").splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

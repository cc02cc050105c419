"""Time and memory of stages: ``.logs/experiments/<hash>.json``, outside git as they are the machine's.

The hash is of what dvc.lock says a stage ran on, so that a revision has the costs of stages that another run computed.
"""

import re
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from tailwise.compare.git import content
from tailwise.compare.lock import read_lock
from tailwise.compare.revision import Revision
from tailwise.compare.rows import Row
from tailwise.core.files import read_json, write_json

FOLDER = Path(".logs/experiments")
SECONDS, MEMORY = "training, s", "peak MB"
RUNNING = re.compile(r"Running stage '(?:.*:)?(.+)':")
REUSED = re.compile(r"Stage '(?:.*:)?(.+)' (?:didn't change|is cached)")
RESUMED = re.compile(r"\bresum", re.IGNORECASE)


@dataclass
class Watch:
    """Reads what DVC prints: when each stage began.

    seconds: {stage: wall time}; resumed: stages that went on from an earlier, killed run
    reached: stages that have begun, or whose outputs are there without a run
    """

    seconds: dict[str, float] = field(default_factory=dict)
    resumed: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)
    _stage: str = ""
    _began: float = 0.0

    def see(self, line: str) -> str | None:
        """The stage that begins with this line."""
        if RESUMED.search(line):
            self.resumed.add(self._stage)
        if reused := REUSED.search(line):
            self.reached.add(reused[1])
        found = RUNNING.search(line)
        if found is None:
            return None
        self.reached.add(found[1])
        self.end()
        self._stage, self._began = found[1], time.monotonic()
        return self._stage

    def end(self) -> None:
        """The stage that began last is over."""
        if self._stage:
            self.seconds[self._stage] = time.monotonic() - self._began
        self._stage = ""


def write_costs(folder: Path, commit: str, watch: Watch, peak: int, stages: Collection[str]) -> None:
    """Of those of the stages that a run computed without a break. peak: memory of its largest process, bytes"""
    lock = read_lock(content(folder, commit, "dvc.lock"), commit[:7])
    for name, seconds in watch.seconds.items():
        if name in stages and name in lock.stages and name not in watch.resumed:
            cost = {"stage": name, "seconds": seconds, "peak_mb": peak / 1e6}
            write_json(folder / FOLDER / f"{lock.identity(name)}.json", cost)


def read_costs(folder: Path, rows: Iterable[Row], stages: Collection[str]) -> list[dict[str, float]]:
    """Of each row the mean over its revisions whose stages all have a log; empty without one."""
    found = ([_cost(folder, each, stages) for each in row.revisions] for row in rows)
    return [_mean([cost for cost in of_row if cost]) for of_row in found]


def _cost(folder: Path, revision: Revision, stages: Collection[str]) -> dict[str, float]:
    """Of all of the stages that the revision's figures were made with."""
    files = [folder / FOLDER / f"{identity}.json" for name, identity in revision.stages.items() if name in stages]
    if not files or not all(file.is_file() for file in files):
        return {}
    logs = [read_json(file) for file in files]
    return {SECONDS: sum(log["seconds"] for log in logs), MEMORY: max(log["peak_mb"] for log in logs)}


def _mean(costs: list[dict[str, float]]) -> dict[str, float]:
    return {name: fmean(cost[name] for cost in costs) for name in (costs[0] if costs else ())}

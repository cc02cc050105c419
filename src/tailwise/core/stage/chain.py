"""Runs stages of a dvc.yaml in a folder of its own, without DVC: for studies that train many variants."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tailwise.core.errors import UserError
from tailwise.core.stage.definition import read_stages
from tailwise.core.stage.run_log import last_runs
from tailwise.core.system.parent import PARENT

LOG = "log.txt"
"""In the folder: what the stages printed."""


@dataclass(frozen=True)
class Chain:
    """Stages of a pipeline.

    file: its dvc.yaml; scripts in commands are relative to its folder
    values: what the templates in commands refer to, `recipe` and the sections of params.yaml; not `run`
    given: starts of the paths that are there before; the stages that make them are left out
    last: the last stage
    code: folders of the Python path
    """

    file: Path
    values: Mapping[str, Any]
    given: tuple[str, ...]
    last: str
    code: tuple[Path, ...]

    def commands(self) -> list[list[str]]:
        """The command of the last stage and of each that it needs, in order: script, recipe and arguments."""
        stages = read_stages(self.file, self.values)
        needed = needed_by(stages, self.last, self.given)
        return [shlex.split(stage["cmd"]) for name, stage in stages.items() if name in needed]

    def run(self, folder: Path) -> "Used":
        """Run all stages in a folder with a params.yaml and what is given. Raises UserError as `run_stage` does."""
        used = [self.run_stage(folder, words) for words in self.commands()]
        return Used(sum(each.seconds for each in used), max((each.mb for each in used), default=0.0))

    def run_stage(self, folder: Path, words: Sequence[str]) -> "Used":
        """Run one command. Raises UserError with the last line that it printed if it fails."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("DVC_")}
        code = os.pathsep.join(str(path.resolve()) for path in self.code)
        env |= {PARENT: str(os.getpid()), "PYTHONPATH": code, "OMP_NUM_THREADS": "1"}
        script = (self.file.parent / words[0]).resolve()
        command = [sys.executable, "-m", "tailwise.core.stage", str(script), *words[1:]]
        with open(folder / LOG, "ab") as log:
            process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            lines = (folder / LOG).read_text("utf8", errors="replace").strip().splitlines()
            raise UserError(f"{words[0]} {' '.join(words[2:3])}: {lines[-1] if lines else process.returncode}")
        runs = {run.stage: run.mb for run in last_runs(folder / ".logs" / "stages.csv")}
        return Used(used.ru_utime + used.ru_stime, runs.get(script.stem) or 0.0)


@dataclass(frozen=True)
class Used:
    """seconds: of the processor; mb: peak memory of the largest process, in 10^6 bytes"""

    seconds: float
    mb: float


def needed_by(stages: Mapping[str, Any], last: str, given: tuple[str, ...] = ()) -> set[str]:
    """The stage and all that make what it reads, each visited once, but for what is given: starts of paths."""
    written = {name: outputs(stage) for name, stage in stages.items()}
    found, waiting = set[str](), [last]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            read = [path for path in map(str, stages[name].get("deps", [])) if not path.startswith(given)]
            waiting += [
                other for other, outs in written.items() if any(within(path, out) for path in read for out in outs)
            ]
    return found


def within(path: str, out: str) -> bool:
    """Whether a path is an output or lies in one that is a folder."""
    return f"{path}/".startswith(f"{out}/")


def outputs(stage: Mapping[str, Any]) -> list[str]:
    """Paths that a stage writes."""
    every: list[Any] = [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
    return [str(next(iter(cast(dict[str, Any], out)))) if isinstance(out, dict) else str(out) for out in every]

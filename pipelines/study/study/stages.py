"""The stages of the root's dvc.yaml that train and evaluate, run in a folder of their own."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from study.effective import PHASES
from study.settings import ROOT, Dataset
from tailwise.core.errors import UserError
from tailwise.core.system.parent import PARENT

GIVEN = ("data/clips", "data/index", "reports/classes.json", "data/checked.txt")
"""What is there before: the stages that make it are left out."""
TEMPLATE = re.compile(r"\$\{([\w.]+)\}")


def commands(file: Path, values: Mapping[str, Any], last: str = "evaluate") -> list[list[str]]:
    """The command of `last` and of each stage that it needs, in order: script, recipe and arguments.

    They come from the root's dvc.yaml, so that a stage which the default gains is part of every cell.
    values: what the templates of dvc.yaml refer to, `recipe` and the sections of params.yaml
    """
    stages = yaml.safe_load(file.read_text("utf8"))["stages"]
    needed = set(needed_by(stages, last))
    texts = [stage["cmd"].removeprefix("${run} ") for name, stage in stages.items() if name in needed]
    return [shlex.split(TEMPLATE.sub(lambda found: value_of(found[1], values), text)) for text in texts]


def value_of(path: str, values: Mapping[str, Any]) -> str:
    """The value of a dotted path, as text."""
    for name in path.split("."):
        values = values[name]
    return str(values)


def needed_by(stages: dict, name: str) -> Iterator[str]:
    """The stage and, file by file, the stages that make what it reads, but for what is GIVEN."""
    yield name
    for path in stages[name].get("deps", []):
        if not str(path).startswith(GIVEN):
            for other, stage in stages.items():
                if path in outputs(stage):
                    yield from needed_by(stages, other)


def outputs(stage: dict) -> list[str]:
    every = [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
    return [str(next(iter(out))) if isinstance(out, dict) else str(out) for out in every]


def prepare(folder: Path, dataset: Dataset, params: dict) -> None:
    """Fill a cell's folder: its params.yaml, and links to the data."""
    (folder / "data").mkdir(parents=True)
    (folder / "reports").mkdir()
    for link, target in (
        ("data/clips", dataset.clips),
        ("data/index", dataset.index),
        ("reports/classes.json", dataset.classes),
    ):
        (folder / link).symlink_to(Path(target).resolve())
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf8")


def run_stages(folder: Path, recipe: str, params: Mapping[str, Any]) -> float:
    """Run all stages of a cell in its folder; returns their processor seconds.

    Raises UserError with the last line that a failing stage printed.
    """
    inputs = {phase: {"inputs": params[phase].get("inputs", "clips")} for phase in PHASES}
    return sum(run_stage(folder, words) for words in commands(ROOT / "dvc.yaml", {"recipe": recipe, **inputs}))


def run_stage(folder: Path, words: list[str]) -> float:
    env = {name: value for name, value in os.environ.items() if not name.startswith("DVC_")}
    code = [str(ROOT / "src"), str(Path(__file__).resolve().parents[1])]
    env |= {PARENT: str(os.getpid()), "PYTHONPATH": os.pathsep.join(code), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tailwise.core.stage", str(ROOT / words[0]), *words[1:]]
    with open(folder / "log.txt", "ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        lines = (folder / "log.txt").read_text("utf8", errors="replace").strip().splitlines()
        raise UserError(f"{words[0]} {' '.join(words[2:3])}: {lines[-1] if lines else process.returncode}")
    return used.ru_utime + used.ru_stime

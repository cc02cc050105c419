"""A copy of this repository with another pipeline in its place, committed anew, and commands run in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.once import once
from support.pipeline.project import Project, listed, take

ROOT = Path(__file__).parents[2]


def call(*command: str, cwd: Path, status: int = 0) -> str:
    """Standard output of a command that ends with this status."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("DVC_")}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def started(text: str) -> list[str]:
    """Names of the stages that `dvc repro` ran."""
    lines = [line.split("'")[1] for line in text.splitlines() if line.startswith("Running stage '")]
    return [name.rpartition(":")[2] for name in lines]


def start(repo: Path, kept: str = "", place: str = "") -> None:
    """This repository as it is now, with one pipeline beside the root's, and without its tests.

    What tests keep in the folder `kept` lies in `place`; else it is the repository's own pipeline of that place.
    """
    others = ("tests/", "pipelines/")
    take([name for name in listed() if not name.startswith(others) or (place and name.startswith(f"{place}/"))], repo)
    for name in listed(kept) if kept else []:
        target = repo / name.replace(kept, place)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    call("git", "init", "--quiet", cwd=repo)
    for key, value in {"user.name": "test", "user.email": "test@example.org"}.items():
        call("git", "config", key, value, cwd=repo)
    call("git", "add", "--all", cwd=repo)
    call("git", "commit", "--quiet", "--message", "start", cwd=repo)


SMOKE = ("make preset NAME=smoke", "make repro")
"""Commands of `smoke_run`, as the pages of the pipelines have them."""


def take_environment(repo: Path) -> None:
    """This Python's environment as the repository's own, so that make installs nothing."""
    environment = Path(sys.executable).parents[1]
    (repo / ".venv").symlink_to(environment)
    (environment / "ready").touch()  # newer than the requirements files of the copy
    with open(repo / ".git/info/exclude", "a") as ignored:
        ignored.write(".venv\n")


def smoke_run(factory: pytest.TempPathFactory, home: Path, place: str) -> Project:
    """The folder of a pipeline in a repository where its smoke preset ran and was committed, made once.

    What `make repro` printed is in said.txt beside the repository. Nobody may change it: see `own_copy`.
    """

    def make(folder: Path) -> None:
        (folder / "repo").mkdir()
        start(folder / "repo", place=place)
        take_environment(folder / "repo")
        (folder / "repo" / place / "dvc.lock").unlink()  # of the default run: DVC writes it anew after each stage
        made = Project(folder / "repo" / place, home)
        preset, repro = SMOKE
        made.run(*preset.split())
        made.commit("smoke")
        (folder / "said.txt").write_text(made.run(*repro.split()))
        made.commit("smoke run")

    return Project(once(factory, Path(place).name, make) / "repo" / place, home)


def own_copy(finished: Project, target: Path, place: str) -> Project:
    """The pipeline's folder in a copy of the repository of a `smoke_run`."""
    home = Path(finished.env["HOME"])
    root = Project(finished.folder.parents[1], home)
    return Project(root.copy(target).folder / place, home)

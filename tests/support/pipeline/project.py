"""The repository as a user has it: a folder with git and DVC, driven by user commands."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

from tailwise.core.params.config import read_params

ROOT = Path(__file__).parents[3]
DEFINED = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf8"))
DEFINED["stages"] = {name: of for name, of in DEFINED["stages"].items() if not {"foreach", "matrix"} & of.keys()}
"""dvc.yaml without the stages that params.yaml asks for by lists, which are empty."""
STAGES = list(DEFINED["stages"])


def environment(home: Path) -> dict[str, str]:
    """This Python first, somebody as git's author, `home` as home folder, and nobody else's settings."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "GIT_", "PYTHON"))}
    who = {f"GIT_{role}_{fact}": value for role in ("AUTHOR", "COMMITTER") for fact, value in _PERSON.items()}
    folders = {f"DVC_{kind}_DIR": str(home / kind.lower()) for kind in ("SITE_CACHE", "GLOBAL_CONFIG", "SYSTEM_CONFIG")}
    return {
        **ours,
        **who,
        **folders,
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "DVC_NO_ANALYTICS": "1",
        "DVC_STUDIO_OFFLINE": "1",
    }


_PERSON = {"NAME": "Somebody", "EMAIL": "somebody@example.org"}


class Project:
    """A copy of the repository in `folder`."""

    def __init__(self, folder: Path, home: Path):
        self.folder, self.env = folder, environment(home)

    def __truediv__(self, path: str) -> Path:
        return self.folder / path

    def run(self, *command: str, fails: bool = False) -> str:
        """What the command prints, both streams; the test fails if its exit status is not as expected."""
        done = subprocess.run(command, cwd=self.folder, env=self.env, text=True, stdout=-1, stderr=subprocess.STDOUT)
        assert (done.returncode != 0) == fails, f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}"
        return done.stdout

    def read(self, *command: str) -> str:
        """What the command prints to its standard output alone."""
        return subprocess.run(command, cwd=self.folder, env=self.env, text=True, stdout=-1, check=True).stdout

    def repro(self, *arguments: str) -> list[str]:
        """`dvc repro`; the stages it ran."""
        return ran(self.run("dvc", "repro", *arguments))

    def preset(self, name: str) -> None:
        self.run("env", "PYTHONPATH=src", "python3", "-m", "tailwise", "preset", name)

    def set(self, path: str, value) -> None:
        """Write one value of params.yaml, as a user edits it."""
        params = read_params(self / "params.yaml")
        *parents, last = path.split(".")
        place = params
        for key in parents:
            place = place[key]
        place[last] = value
        self.write("params.yaml", yaml.safe_dump(params, sort_keys=False))

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text in a file that has it."""
        text = (self / path).read_text(encoding="utf8")
        assert old in text, f"{path} lacks {old!r}"
        self.write(path, text.replace(old, new))

    def write(self, path: str, text: str) -> None:
        (self / path).parent.mkdir(parents=True, exist_ok=True)
        (self / path).write_text(text, encoding="utf8")

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", message)

    def lock(self) -> dict:
        """{stage: what dvc.lock says of it}."""
        return yaml.safe_load((self / "dvc.lock").read_text(encoding="utf8"))["stages"]

    def recorded(self, path: str) -> str:
        """The hash that dvc.lock has of an output."""
        return next(
            out["md5"] for stage in self.lock().values() for out in stage.get("outs", []) if out["path"] == path
        )

    def outputs(self) -> dict[str, str]:
        """{path: hash} of every file of every output, read from the workspace."""
        outs = [out["path"] for stage in self.lock().values() for out in stage.get("outs", [])]
        return {path: digest for out in outs for path, digest in hashes(self.folder, out).items()}

    def copy(self, folder: Path) -> "Project":
        """The same in another folder, DVC's cache included. All files are copies: a test may write what it likes."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder, Path(self.env["HOME"]))


def listed(folder: str = ".") -> list[str]:
    """The files in a folder of this repository that git would commit, by their paths from its root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", folder]
    names = subprocess.run(command, cwd=ROOT, text=True, stdout=-1, check=True).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


def take(names: Iterable[str], folder: Path) -> None:
    """Copy files of this repository to the same places in a folder."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)


def new_project(folder: Path, home: Path) -> Project:
    """What git would commit of this repository, committed, with the smoke preset.

    Without the other pipelines: DVC reads every dvc.yaml in each of its commands, for seconds.
    """
    take([name for name in listed() if not name.startswith("pipelines/")], folder)
    (folder / "dvc.lock").unlink(missing_ok=True)
    project = Project(folder, home)
    project.run("git", "init", "--quiet")
    project.preset("smoke")
    project.commit("smoke")
    return project


def ran(printed: str) -> list[str]:
    """The stages that DVC says it ran, in order."""
    return [line.split("'")[1] for line in printed.splitlines() if line.startswith("Running stage '")]


def hashes(folder: Path, path: str = ".") -> dict[str, str]:
    """{path: hash} of a file, or of all files below a folder; compiled Python is left out."""
    place = folder / path
    files = [file for file in place.rglob("*") if file.is_file()] if place.is_dir() else [place]
    kept = [file for file in files if "__pycache__" not in file.parts]
    return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in kept}

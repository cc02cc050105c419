"""Reads git: commits by name, and files of a commit."""

import difflib
import re
import subprocess
from pathlib import Path

from tailwise.core.errors import UserError

WORKSPACE = "workspace"
"""The name of the files as they are, committed or not."""
EXPERIMENT = re.compile(r"refs/exps/[0-9a-f]{2}/[0-9a-f]{38,}/(.+)")
"""The ref of an experiment: the hash of its baseline in two parts, and its name."""


def git(folder: Path, *arguments: str) -> str | None:
    """Standard output; None if git fails. Raises UserError where git is missing."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise UserError("git is not installed") from error
    return None if done.returncode else done.stdout.decode("utf8", errors="replace")


def check_repository(folder: Path) -> None:
    """Raise UserError outside git."""
    if git(folder, "rev-parse", "--git-dir") is None:
        raise UserError(f"{folder.resolve()}: not in a git repository, so there is no revision to compare")


def commit_of(folder: Path, name: str) -> str:
    """The hash of a branch, tag, commit or DVC experiment; UserError for an unknown or ambiguous name."""
    found = git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if found is not None:
        return found.strip()
    commits = sorted(set(experiments(folder).get(name, ())))
    if len(commits) > 1:
        listed = ", ".join(commit[:7] for commit in commits)
        raise UserError(f"{name}: {len(commits)} experiments have this name: give one of the commits {listed}")
    if not commits:
        raise UserError(f"{name}: no branch, tag, commit or experiment has this name{_near(folder, name)}")
    return commits[0]


def experiments(folder: Path) -> dict[str, list[str]]:
    """{name: commits} of the DVC experiments, those of all baselines."""
    listed = git(folder, "for-each-ref", "--format=%(objectname) %(refname)", "refs/exps") or ""
    found: dict[str, list[str]] = {}
    for line in listed.splitlines():
        commit, ref = line.split(maxsplit=1)
        if named := EXPERIMENT.fullmatch(ref):
            found.setdefault(named[1], []).append(commit)
    return found


def content(folder: Path, commit: str | None, file: str) -> str | None:
    """The text of a file of the folder in a commit; None if it has no such file. commit: None for the workspace"""
    if commit is not None:
        return git(folder, "cat-file", "blob", f"{commit}:./{file}")
    path = folder / file
    return path.read_text(encoding="utf8", errors="replace") if path.is_file() else None


def _near(folder: Path, name: str) -> str:
    listed = git(folder, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags") or ""
    known = [WORKSPACE, *listed.splitlines(), *experiments(folder)]
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else "; `dvc exp list` and `git branch` name those that there are"

"""Compare the figures of this run with the committed ones: ``tailwise regress``, in a pipeline's folder.

The files are the metrics of dvc.yaml that git keeps. `dvc metrics diff` shows all changes; this says what got worse.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailwise.compare.direction import HIGHER, better
from tailwise.compare.git import git
from tailwise.core.errors import UserError
from tailwise.core.files import read_json

SAME = 1e-9
"""A smaller change is rounding."""


@dataclass(frozen=True)
class Change:
    """A figure in two runs. now: None if it has no number any more"""

    file: str
    figure: str
    before: float
    now: float | None

    def __str__(self) -> str:
        if self.now is None:
            return f"{self.file}: {self.figure} was {self.before:g} and has no number now"
        word = "fell" if self.now < self.before else "rose"
        return f"{self.file}: {self.figure} {word} from {self.before:g} to {self.now:g}"

    def is_worse(self, tolerance: float) -> bool:
        """Whether it got worse by more than the tolerance, or lost its number."""
        direction = better(self.figure)
        if direction is None or self.now is None:
            return direction is not None
        return (self.before - self.now if direction == HIGHER else self.now - self.before) > tolerance + SAME


def regress(rev: str, tolerance: float, folder: Path = Path(".")) -> Iterator[str]:
    """Lines of what got worse by more than the tolerance, in the figure's own unit, then a summary.

    Raises UserError at the end if something did; for a negative tolerance, outside git, for an unknown revision, and
    where no file of figures is committed there.
    """
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise UserError(f"--tolerance must be 0 or more, found {tolerance:g}")
    commit, files = find_commit(folder, rev), metric_files(folder)
    found = {file: committed(folder, commit, file) for file in files}
    before = {file: figures for file, figures in found.items() if figures}
    if not before:
        raise UserError(f"{rev} has no figures in {', '.join(files)}: commit those of a run, or name another --rev")
    yield from (f"{file}: no figures in {rev}, not compared" for file in files if file not in before)
    now = {file: figures_in(read_json(folder / file)) for file in before}
    changes = [Change(file, name, before[file][name], now[file].get(name)) for file in now for name in before[file]]
    if unjudged := [change.figure for change in changes if better(change.figure) is None]:
        yield f"not judged: {', '.join(unjudged)}"
    worse, judged = [change for change in changes if change.is_worse(tolerance)], len(changes) - len(unjudged)
    yield from map(str, worse)
    if worse:
        raise UserError(f"worse than in {rev} by more than {tolerance:g}: {len(worse)} of {judged} figures")
    yield f"none of {judged} figures is worse than in {rev} by more than {tolerance:g}"


def figures_in(value: Any, path: str = "") -> dict[str, float]:
    """{dotted path: number} of nested sections; lists, texts and what has no number are left out."""
    if isinstance(value, Mapping):
        below = (figures_in(item, f"{path}.{key}" if path else str(key)) for key, item in value.items())
        return {name: number for part in below for name, number in part.items()}
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return {path: float(value)} if known else {}


def metric_files(folder: Path) -> list[str]:
    """The metrics of the folder's dvc.yaml that are not cached: git keeps them. UserError if there are none."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    if not (folder / "dvc.yaml").is_file():
        raise UserError(f"{folder / 'dvc.yaml'}: absent: run this in the folder of a pipeline")
    try:
        stages = Repo(str(folder)).stage.load_all(str((folder / "dvc.yaml").resolve()))
    except DvcException as error:
        raise UserError(f"{folder / 'dvc.yaml'}: {error}") from error
    outs = [out for stage in stages for out in stage.outs if out.metric and not out.use_cache]
    if not outs:
        raise UserError(f"{folder / 'dvc.yaml'}: no stage has metrics with `cache: false`")
    return [Path(out.fs_path).relative_to(folder.resolve()).as_posix() for out in outs]


def find_commit(folder: Path, rev: str) -> str:
    """The hash of a revision; UserError outside git and for an unknown one."""
    if git(folder, "rev-parse", "--git-dir") is None:
        raise UserError(f"{folder.resolve()}: not in a git repository, so there are no committed figures")
    found = git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
    if found is None:
        raise UserError(f"--rev {rev}: git knows no such commit")
    return found.strip()


def committed(folder: Path, commit: str, file: str) -> dict[str, float] | None:
    """The figures of a file in a commit; None if it has no such file."""
    text = git(folder, "cat-file", "blob", f"{commit}:./{file}")
    if text is None:
        return None
    try:
        return figures_in(json.loads(text))
    except ValueError as error:
        raise UserError(f"{file} of {commit[:7]}: not JSON: {error}") from error

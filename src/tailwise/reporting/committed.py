"""The last committed runs beside the report: ``.logs/committed.js``, which the page reads when it is opened.

A stage's output must follow from its inputs, and a commit is none: with the committed figures inside, the report of
one run would have other bytes after each commit, and DVC could not reuse it. As an input, a tracked file of these
figures would change with each commit, and the report would be out of date at once. So the comparison lies in a script
outside git and DVC, as the log of the stages does. It has each run's commit and date, which the page names: a file that
is out of date is still true. The stage `report` and ``tailwise summary`` write it.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tailwise.core.files import write_text

METRICS = "reports/metrics.json"
MOST = 2
"""Runs in the file: the newest may be the page's own."""
SECONDS = 10
"""Time for one call of git."""


@dataclass(frozen=True)
class CommittedRun:
    """commit: short hash; date: of the commit, yyyy-mm-dd; metrics: its reports/metrics.json"""

    commit: str
    date: str
    metrics: dict[str, Any]


def keep_committed(folder: Path) -> None:
    """Look up the last committed runs of the pipeline in `folder`, for its report."""
    try:
        write_committed(folder, committed_runs(folder))
    except OSError as error:  # a failed log must not fail the stage
        print(f"the last committed run was not looked up: {error.filename}: {error.strerror}", file=sys.stderr)


def write_committed(folder: Path, runs: Sequence[CommittedRun]) -> None:
    """Write ``.logs/committed.js`` in the pipeline's folder.

    The script parses a string: as an object of JavaScript the name ``__proto__`` would be no key.
    """
    text = json.dumps([asdict(run) for run in runs])
    write_text(folder / ".logs/committed.js", f"window.committedRuns = JSON.parse({json.dumps(text)});\n")


def committed_runs(folder: Path) -> list[CommittedRun]:
    """The last MOST versions of reports/metrics.json in git, newest first; none without git or without a commit."""
    listed = _git(
        folder, "log", f"-{MOST}", "--no-show-signature", "--diff-filter=AM", "--format=%h %cs", "--", METRICS
    )
    return [run for line in listed.splitlines() for run in _read(folder, *line.split(maxsplit=1))]


def _read(folder: Path, commit: str, date: str) -> Iterator[CommittedRun]:
    """The run of a commit, unless the file there is no JSON object of finite numbers."""
    with suppress(ValueError, RecursionError):
        metrics = json.loads(_git(folder, "cat-file", "blob", f"{commit}:./{METRICS}"))
        json.dumps(metrics, allow_nan=False)
        if isinstance(metrics, dict):
            yield CommittedRun(commit, date, metrics)


def _git(folder: Path, *arguments: str) -> str:
    """Standard output; empty where git is missing, fails, or takes longer than SECONDS."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout.decode("utf8", errors="replace")

"""Starts and ends a stage: ``python -m tailwise.core.stage SCRIPT [ARGUMENT...]``.

Before the script: check the pinned packages, have the stage die with its parent.
After it: a user error is one line and exit 1, Ctrl-C exits 130, and time and memory go to the untracked logs, see
run_log.py and events.py. Standard library only, so that it can report missing packages.
"""

import atexit
import os
import runpy
import sys
import time
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from tailwise.core.errors import UserError, describe_error, escape_output, print_error
from tailwise.core.stage.events import Events, events_path, rotate, stage_name
from tailwise.core.stage.folders import pipeline_folder
from tailwise.core.stage.requirements import all_pins
from tailwise.core.stage.run_log import Run, add_run, peak_mb
from tailwise.core.system.imports import NO_THREAD, import_shortage, threads_exhausted
from tailwise.core.system.parent import PARENT, die_with_parent, orphaned

ADVICE = "activate the environment first: . .venv/bin/activate (made by `make setup`)"


def check_versions(pins: dict[str, str]) -> None:
    """Raise UserError if no required package is installed, or one has another version than pinned.

    A single missing package fails on import instead: training machines need neither dvc nor decord.
    """
    installed: dict[str, str] = {}
    for name in pins:
        with suppress(metadata.PackageNotFoundError):
            installed[name] = metadata.version(name).split("+")[0]
    if pins and not installed:
        raise UserError(f"{sys.executable} has no package of requirements.txt: {ADVICE}")
    for name, found in installed.items():
        if found != (version := pins[name]):
            raise UserError(f"{sys.executable} has {name} {found}, requirements.txt pins {version}: {ADVICE}")


def run(script: str) -> int:
    """Run a stage script as ``__main__``; the exit status."""
    try:
        check_versions(all_pins())
        if text := import_shortage(script):
            return _say(script, text, 1)
        runpy.run_path(script, run_name="__main__")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "tailwise":
            raise
        return _say(script, f"{sys.executable} has no package {error.name}: {ADVICE}", 1)
    except KeyboardInterrupt:
        return _say(script, NO_THREAD, 1) if threads_exhausted() else _say(script, "interrupted", 130)
    except Exception as error:
        if (text := describe_error(error)) is None:
            raise
        return _say(script, text, 1)
    return 0


def _say(script: str, text: str, status: int) -> int:
    print_error(f"{Path(script).stem}: {text}")
    return status


def main() -> int:
    started = time.perf_counter()
    bind_to_parent()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # required by deterministic cuBLAS
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's sums, whatever the machine; torch has its own threads
    escape_output(sys.stdout)  # printed names come from data files
    sys.argv = sys.argv[1:]
    stage, script, status = stage_name(), sys.argv[0], 1
    events = begin(stage)
    try:
        status = run(script)
    finally:  # a log without this event means that the stage was killed
        seconds = time.perf_counter() - started
        events.log("stage end", status=status, seconds=round(seconds, 2), peak_mb=round(peak_mb(), 1))
    log_run(stage, seconds, events.lost)
    return status


def bind_to_parent() -> None:
    """Make this process die with the dvc process that started it; exit immediately if that is already dead."""
    number = os.environ.pop(PARENT, "")  # not inherited by child processes
    die_with_parent(int(number) if number.isdecimal() else None)
    if "DVC_STAGE" in os.environ and orphaned():
        os._exit(1)


def begin(stage: str) -> Events:
    """The stage's event log, rotated if too long, with a start event."""
    path = events_path(stage)
    rotate(path)
    events = Events(path)
    events.log("stage start", arguments=sys.argv)
    return events


def log_run(stage: str, seconds: float, reported: bool) -> None:
    """Add this run to the untracked run log. reported: whether a failed log was already reported on stderr"""
    try:
        with suppress(MemoryError):  # already reported as the stage's error
            add_run(pipeline_folder() / ".logs", Run(stage, seconds, peak_mb()))
    except OSError as error:  # a failed log must not fail the stage
        if not reported:
            print(f"{stage}: not logged: {error.filename}: {error.strerror}", file=sys.stderr)


class FastExit:
    """Exits this process with `status` after threads and exit handlers, without the teardown of modules.

    The teardown of torch takes half a second. Exit handlers run last in, first out: create this before all others.
    Without a status, after an exception, Python exits as usual.
    """

    def __init__(self):
        self.status: int | None = None
        atexit.register(self._exit)

    def _exit(self) -> None:
        if self.status is None:
            return
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:  # closed pipe
            self.status = self.status or 1
        os._exit(self.status)

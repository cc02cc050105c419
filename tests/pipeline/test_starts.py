"""A stage whose dvc dies during start-up ends too, whichever shell dvc uses."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from killing import events
from support.pipeline.project import Project

pytestmark = pytest.mark.slow

STAGE = "stages/train.py"
SHELLS = [shell for name in ("bash", "dash", "zsh", "fish", "tcsh", "ksh") if (shell := shutil.which(name))]


def child(parent: int) -> tuple[int, str] | None:
    """The stage that a dvc has started, and its command line by now."""
    with suppress(OSError):
        for word in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            line = Path(f"/proc/{word}/cmdline").read_text().replace("\0", " ")
            if STAGE in line:
                return int(word), line
    return None


def killed_alone(project: Project, shell: str, reached: Callable[[str], bool], group: bool) -> int:
    """SIGKILL to a dvc alone, once the command line of its stage is such; the stage's number.

    group: whether dvc has a process group of its own, as in a terminal
    """
    command = ["dvc", "repro", "--force", "--single-item", "train_phase1"]
    env, hush = {**project.env, "SHELL": shell}, {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=project.folder, env=env, start_new_session=group, **hush) as dvc:
        while not ((found := child(dvc.pid)) and reached(found[1])):
            assert dvc.poll() is None
        dvc.kill()
    return found[0]


def ends(process: int) -> bool:
    """Whether it does within a while; it is killed if not."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with suppress(OSError):
            if Path(f"/proc/{process}/cmdline").read_bytes():
                time.sleep(0.02)
                continue
        return True
    os.kill(process, signal.SIGKILL)
    return False


@pytest.mark.parametrize("shell", SHELLS)
def test_a_stage_whose_dvc_is_killed_as_it_appears_ends(project, shell):
    """As a shell, when nothing of it has begun; as the Python after that; and at work, with all imported."""
    project.set("phase1.train.epochs", 1000)
    shutil.rmtree(project / ".resume")
    logged = len(events(project.folder))
    for group in (True, False):
        assert ends(killed_alone(project, shell, lambda line: True, group))
        assert len(events(project.folder)) == logged
    for group in (True, False):
        assert ends(killed_alone(project, shell, lambda line: line.startswith("python3"), group))
    assert ends(killed_alone(project, shell, lambda line: any((project / ".resume").glob("*/lock")), True))

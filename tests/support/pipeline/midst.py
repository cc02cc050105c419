"""A project just before training, with phase 1 long enough to be killed in its middle."""

import time
from dataclasses import dataclass
from pathlib import Path

from killing import Reached, events
from support.pipeline.project import Project
from support.pipeline.terminal import begun, command

LONGER = {"phase1.train.epochs": 12, "phase2.train.epochs": 4, "runtime.save_every": 0.1}


@dataclass(frozen=True)
class Ready:
    """before: all but the training has run; straight: an undisturbed run from there through phase 2

    outputs: what it made
    """

    before: Project
    straight: Project
    outputs: dict[str, str]


def phase1(project: Project) -> str:
    return command(project, "train_phase1")


def states(project: Project, phase: str = "phase1") -> list[Path]:
    return list(project.folder.glob(f".resume/{phase}-*/state.safetensors"))


def saved(project: Project) -> Reached:
    """Whether phase 1 has a new state, on disk for a moment."""
    old = set(states(project))
    return lambda: any(time.time() - state.stat().st_mtime > 0.03 for state in set(states(project)) - old)


def killed(project: Project, line: str = "") -> None:
    """A run of phase 1, by the stage's command or another, that was killed in its midst and left a state."""
    there = saved(project)
    with begun(project, line or phase1(project), lambda process, log: there()):
        pass  # it is killed here
    assert states(project)


def resumed(project: Project, since: int = 0) -> int:
    """How often a phase went on from a state, in the events from the one of that number on."""
    return sum(event["event"] == "resume" for event in events(project.folder)[since:])

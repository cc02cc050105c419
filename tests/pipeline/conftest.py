"""One real run of the whole pipeline with the smoke preset, made once and shared."""

from pathlib import Path

import pytest

from killing import finish, outputs
from support.once import once
from support.pipeline.midst import LONGER, Ready
from support.pipeline.project import Project, new_project


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def finished(tmp_path_factory, home) -> Project:
    """Run to its end and committed. Nobody may change it: take a `project`."""

    def make(folder: Path) -> None:
        made = new_project(folder, home)
        made.repro()
        made.commit("smoke run")

    made = Project(once(tmp_path_factory, "made", make), home)
    return made.copy(tmp_path_factory.getbasetemp() / "finished")


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """The finished run in a folder of its own."""
    return finished.copy(tmp_path / "project")


@pytest.fixture
def fresh(finished, tmp_path) -> Project:
    """A clone of what the finished run began with: nothing run yet."""
    project = Project(tmp_path / "fresh", Path(finished.env["HOME"]))
    finished.run("git", "clone", "--quiet", "--no-local", ".", str(project.folder))
    project.run("git", "reset", "--quiet", "--hard", "HEAD~1")
    return project


@pytest.fixture(scope="session")
def ready(finished, home, tmp_path_factory) -> Ready:
    def make(folder: Path) -> None:
        before = finished.copy(folder / "before")
        for key, value in LONGER.items():
            before.set(key, value)
        before.repro("compute_weights", "choose")
        before.commit("ready to train")
        (before / ".logs").rename(folder / "logs")
        straight = before.copy(folder / "straight")
        finish(straight.folder, straight.env, "train_phase2")

    folder = once(tmp_path_factory, "ready", make)
    before, straight = (Project(folder / name, home) for name in ("before", "straight"))
    return Ready(before, straight, outputs(straight.folder))


@pytest.fixture
def trial(ready, tmp_path) -> Project:
    return ready.before.copy(tmp_path / "trial")

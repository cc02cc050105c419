"""One real run of the whole pipeline with the smoke preset, made once and shared."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from project import Project, new_project


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def finished(tmp_path_factory, home) -> Project:
    """Run to its end and committed, once for all processes that test. Nobody may change it: take a `project`."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with open(shared / "finished.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = Project(shared / "made", home)
        if not (shared / "made.whole").exists():
            shutil.rmtree(made.folder, ignore_errors=True)
            new_project(made.folder, home)
            made.repro()
            made.commit("smoke run")
            (shared / "made.whole").touch()
        return made.copy(own / "finished")


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

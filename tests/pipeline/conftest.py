"""One real run of the whole pipeline with the smoke preset, made once and shared."""

import pytest

from project import Project, new_project


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def finished(tmp_path_factory, home) -> Project:
    """Run to its end and committed. Nobody may change it: take a `project`."""
    project = new_project(tmp_path_factory.mktemp("finished"), home)
    project.repro()
    project.commit("smoke run")
    return project


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """The finished run in a folder of its own."""
    return finished.copy(tmp_path / "project")


@pytest.fixture
def fresh(tmp_path, home) -> Project:
    """Nothing run yet."""
    return new_project(tmp_path / "fresh", home)

"""Git-ignored data, as README advises for SoccerNet: experiments in a copy of the repository find them."""

import shutil

import pytest

from support.pipeline.project import Project, new_project
from tailwise.data.tables.checks.root import UNTRACKED

pytestmark = pytest.mark.slow


@pytest.fixture
def soccernet(finished, home, tmp_path) -> Project:
    """Nothing has run; data/soccernet has the demo's zips, in the official layout."""
    project = new_project(tmp_path / "repository", home)
    shutil.copytree(finished / "data/demo", project / "data/soccernet/mvfouls")
    project.set("data.root", "data/soccernet")
    return project


def by_dvc(project: Project) -> None:
    project.run("dvc", "add", "data/soccernet")
    project.run("git", "add", "data/soccernet.dvc")


def by_absolute_path(project: Project) -> None:
    place = project.folder.parent / "videos"
    (project / "data/soccernet").rename(place)
    project.set("data.root", str(place))


@pytest.mark.parametrize("known", [by_dvc, by_absolute_path])
def test_experiments_in_a_copy_find_the_data(soccernet, known):
    """What they make is what `dvc repro` makes."""
    known(soccernet)
    soccernet.run("dvc", "exp", "run", "--temp", "--name", "temp", "index")
    soccernet.run("dvc", "repro", "index")
    assert soccernet.recorded("data/index") in locked(soccernet, "temp")


def test_an_experiment_of_a_queue_decodes_data_that_dvc_tracks(soccernet):
    by_dvc(soccernet)
    soccernet.run("dvc", "exp", "run", "--queue", "--name", "queue", "decode_clips")
    soccernet.run("dvc", "exp", "run", "--run-all")
    soccernet.run("dvc", "repro", "decode_clips")
    assert soccernet.recorded("data/clips/train") in locked(soccernet, "queue")


def locked(project: Project, experiment: str) -> str:
    """dvc.lock as an experiment left it."""
    (commit,) = project.read("git", "for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/{experiment}").split()
    return project.read("git", "show", f"{commit}:dvc.lock")


@pytest.mark.parametrize("how", ["--temp", "--queue"])
def test_data_that_neither_git_nor_dvc_tracks_is_named_with_what_to_do(soccernet, how):
    """`dvc repro` finds it."""
    said = soccernet.run("dvc", "exp", "run", how, "--name", "mine", "index", fails=how == "--temp")
    if how == "--queue":
        said = soccernet.run("dvc", "exp", "run", "--run-all")
    assert f"check: data/soccernet: is not in this experiment's copy of the repository, {UNTRACKED}\n" in said
    assert "index" in soccernet.repro("index") and (soccernet / "data/index/train.csv").exists()

"""Several pipelines in one DVC repository: from a pipeline's own folder and from the root. Small stages, real DVC."""

import shutil
from pathlib import Path

import pytest
import yaml

from support.pipeline.project import ROOT, Project, ran
from tailwise.core.files import read_json

pytestmark = pytest.mark.slow

STAGES = {
    "first": {"cmd": "cat params.yaml > first.txt", "params": ["rate"], "outs": ["first.txt"]},
    "second": {
        "cmd": """printf '{"length": %d}' $(wc -c < first.txt) > m.json""",
        "deps": ["first.txt"],
        "metrics": [{"m.json": {"cache": False}}],
    },
}
FOLDERS = [".", "pipelines/one", "pipelines/two"]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Project:
    project = Project(tmp_path_factory.mktemp("several"), tmp_path_factory.mktemp("home"))
    for folder in FOLDERS:
        project.write(f"{folder}/dvc.yaml", yaml.safe_dump({"stages": STAGES}))
        project.write(f"{folder}/params.yaml", "rate: 1\n")
    project.run("git", "init", "--quiet")
    project.run("dvc", "init", "--quiet")
    project.run("dvc", "repro", "-P")
    project.commit("run")
    return project


@pytest.fixture
def repository(made, tmp_path) -> Project:
    return made.copy(tmp_path / "repository")


@pytest.fixture
def one(repository) -> Project:
    """Commands are given in the folder of one pipeline."""
    return Project(repository / "pipelines/one", Path(repository.env["HOME"]))


def test_no_pipeline_is_a_repository_of_its_own():
    assert [folder for folder in ROOT.glob("pipelines/*") if (folder / ".dvc").exists()] == []


def test_from_its_folder_a_pipeline_runs_alone(repository, one):
    for rate, folder in enumerate(FOLDERS, start=20):  # of equal ones the second run would come from DVC's run cache
        repository.write(f"{folder}/params.yaml", f"rate: {rate}\n")
    assert ran(one.run("dvc", "repro")) == ["first", "second"]
    assert ran(one.run("dvc", "repro")) == []
    assert ran(repository.run("dvc", "repro")) == ["first", "second"]  # the root's
    assert ran(repository.run("dvc", "repro", "-P")) == [f"pipelines/two/dvc.yaml:{name}" for name in STAGES]


def test_metrics_of_a_pipeline_are_compared_in_its_folder(repository, one):
    one.write("params.yaml", "rate: 200\n")
    one.run("dvc", "repro")
    assert "length" in one.run("dvc", "metrics", "diff")
    assert "pipelines/one/m.json" in repository.run("dvc", "metrics", "diff")


@pytest.mark.parametrize("how", [[], ["--temp"]], ids=["in the workspace", "in a temporary folder"])
def test_an_experiment_from_its_folder_changes_its_params_alone(repository, one, how):
    one.run("dvc", "exp", "run", *how, "--name", "mine", "-S", "rate=300")
    changed = repository.read("git", "diff", "--name-only", "HEAD", reference(repository, "mine")).split()
    assert {f"pipelines/one/{name}" for name in ("params.yaml", "dvc.lock", "m.json")} == set(changed)


def test_queued_experiments_of_a_pipeline_run(repository, one):
    one.run("dvc", "exp", "run", "--queue", "--name", "later", "-S", "rate=4000")
    one.run("dvc", "queue", "start")
    one.run("dvc", "queue", "logs", "--follow", "later")
    repository.run("dvc", "exp", "show", "--json")
    assert "rate: 4000" in repository.read("git", "show", f"{reference(repository, 'later')}:pipelines/one/params.yaml")


def test_pushed_outputs_can_be_pulled_into_a_clone(repository, one, tmp_path):
    repository.run("dvc", "remote", "add", "--default", "--quiet", "here", str(tmp_path / "remote"))
    repository.commit("remote")
    repository.run("dvc", "push")
    clone = Project(tmp_path / "clone", Path(repository.env["HOME"]))
    repository.run("git", "clone", "--quiet", "--no-local", ".", str(clone.folder))
    own = Project(clone / "pipelines/one", Path(repository.env["HOME"]))
    own.run("dvc", "pull", "dvc.yaml")
    assert (own / "first.txt").is_file() and not (clone / "pipelines/two/first.txt").exists()
    clone.run("dvc", "pull")
    assert all((clone / folder / "first.txt").read_text() == "rate: 1\n" for folder in FOLDERS)
    assert read_json(own / "m.json") == {"length": 8}
    shutil.rmtree(tmp_path / "remote")


def reference(repository: Project, experiment: str) -> str:
    """git's name of a commit of an experiment."""
    found = repository.read("git", "for-each-ref", "--format=%(refname)", "refs/exps").split()
    return next(name for name in found if name.endswith(f"/{experiment}"))

"""Killed experiments resume: in the workspace, in a temporary folder, and with two queue workers."""

import os
import signal
import time

import pytest
import yaml

from support.pipeline.midst import killed, resumed, states
from support.pipeline.project import Project
from support.pipeline.terminal import begun, session

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("how", [[], ["--temp"]], ids=["in the workspace", "in a temporary folder"])
def test_a_killed_experiment_resumes_from_its_own_state(ready, trial, how):
    words = ["dvc", "exp", "run", *how, "--name", "mine", "train_phase1"]
    killed(trial, " ".join(["exec", *words]))
    trial.run(*words)
    assert resumed(trial) == 1 and trained(trial, "mine") == hashes_of(ready.straight.lock())


def test_experiments_of_a_queue_resume_from_their_own_states(trial, tmp_path):
    """DVC never takes up a task whose worker was killed: it is queued again."""
    rates = {"one": 1e-3, "two": 2e-3}
    straight = {name: trained_straight(trial.copy(tmp_path / name), rate) for name, rate in rates.items()}
    for dead in (True, False):
        queue(trial, rates)
        enough = (lambda: len(states(trial)) == 2) if dead else (lambda: done(trial, *rates))
        with begun(trial, "dvc queue start -j 2 && sleep 600", lambda process, log, enough=enough: enough()) as process:
            for pid in session(process.pid):
                os.kill(pid, signal.SIGKILL)
    assert resumed(trial) == 2
    assert {name: trained(trial, name) for name in rates} == straight
    assert straight["one"] != straight["two"]


def changed(rate: float) -> dict[str, float]:
    return {"phase1.train.lr": rate, "phase1.train.epochs": 40}


def trained_straight(project: Project, rate: float) -> dict[str, str]:
    """What phase 1 makes where no experiment is, and nobody kills it."""
    for key, value in changed(rate).items():
        project.set(key, value)
    assert project.repro("--single-item", "train_phase1") == ["train_phase1"]
    return hashes_of(project.lock())


def queue(project: Project, rates: dict[str, float]) -> None:
    for name, rate in rates.items():
        set_to = [word for key, value in changed(rate).items() for word in ("-S", f"{key}={value}")]
        project.run("dvc", "exp", "run", "--queue", "--name", name, *set_to, "train_phase1")


def done(project: Project, *experiments: str) -> bool:
    """Asked not all the time: git is slower than a look at a file."""
    time.sleep(0.5)
    return all(found(project, name) for name in experiments)


def found(project: Project, experiment: str) -> str:
    """The commit of an experiment that is done, "" before."""
    return project.read("git", "for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/{experiment}").strip()


def trained(project: Project, experiment: str) -> dict[str, str]:
    """What the experiment trained, read from its dvc.lock."""
    return hashes_of(yaml.safe_load(project.read("git", "show", f"{found(project, experiment)}:dvc.lock"))["stages"])


def hashes_of(lock: dict) -> dict[str, str]:
    """{path: hash} of what phase 1 makes."""
    return {out["path"]: out["md5"] for out in lock["train_phase1"]["outs"]}

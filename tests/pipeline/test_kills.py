"""No run can be lost: killed, interrupted or out of disk, the same command goes on and ends with the same bytes.

`make kills` does the first of these at many more instants.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from killing import Reached, events, finish, in_save, killed_and_resumed, outputs
from once import once
from project import Project
from terminal import begun, command, interrupt, run, session

pytestmark = pytest.mark.slow

PHASE1 = ("data/models/phase1.", "reports/training/phase1/")
LONGER = {"phase1.train.epochs": 12, "phase2.train.epochs": 4, "phase3.train.epochs": 4}
"""Long enough to be met in the midst of phase 1."""


@dataclass(frozen=True)
class Ready:
    """before: all but the training has run; straight: an undisturbed run from there; outputs: what it made"""

    before: Project
    straight: Project
    outputs: dict[str, str]


@pytest.fixture(scope="module")
def ready(finished, home, tmp_path_factory) -> Ready:
    def make(folder: Path) -> None:
        before = finished.copy(folder / "before")
        for key, value in {**LONGER, "runtime.save_every": 0.1}.items():
            before.set(key, value)
        before.repro("compute_weights", "choose")
        before.commit("ready to train")
        (before / ".logs").rename(folder / "logs")
        straight = before.copy(folder / "straight")
        finish(straight.folder, straight.env)

    folder = once(tmp_path_factory, "ready", make)
    before, straight = (Project(folder / name, home) for name in ("before", "straight"))
    return Ready(before, straight, outputs(straight.folder))


@pytest.fixture
def trial(ready, tmp_path) -> Project:
    return ready.before.copy(tmp_path / "trial")


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


def same_end(project: Project, ready: Ready) -> bool:
    """Whether the phase goes on from its state, once, and ends as the undisturbed one."""
    told = len(events(project.folder))
    finish(project.folder, project.env, "train_phase1")
    return resumed(project, told) == 1 and of_phase1(outputs(project.folder)) == of_phase1(ready.outputs)


def of_phase1(found: dict[str, str]) -> dict[str, str]:
    """Of all outputs those that phase 1 writes."""
    kept = {path: digest for path, digest in found.items() if path.startswith(PHASE1)}
    assert all(any(path.startswith(place) for path in kept) for place in PHASE1)
    return kept


@pytest.mark.parametrize(
    ("workers", "stage", "number"),
    [
        (0, "train_phase2", 1),
        (2, "train_phase1", 3),
    ],
    ids=["in the second phase", "with data workers"],
)
def test_a_run_killed_in_a_save_ends_with_the_same_bytes(ready, trial, workers, stage, number):
    trial.set("runtime.workers", workers)
    found = killed_and_resumed(trial.folder, trial.env, in_save(trial.folder, stage, number), ready.outputs)
    assert found.same and found.place in ("saving", "in the steps", "judging") and found.went_on == "a state"


def test_a_phase_that_was_killed_before_dvc_recorded_it_is_not_trained_again(ready, trial):
    """DVC records it after its process has ended; run again by force after that, it is trained again."""

    def written(process, log) -> bool:
        return any(trial.folder.glob(".resume/phase1-*/done.json"))

    with begun(trial, "exec dvc repro train_phase1", written):
        pass  # it is killed here
    assert same_end(trial, ready) and epochs_told(trial) == 12
    trial.run("dvc", "repro", "--force", "--single-item", "train_phase1")
    assert epochs_told(trial) == 24


def epochs_told(project: Project) -> int:
    return sum((event["event"], event["stage"]) == ("epoch", "train_phase1") for event in events(project.folder))


@pytest.mark.parametrize("under_dvc", [False, True], ids=["the stage alone", "under dvc"])
def test_ctrl_c_saves_and_the_same_command_goes_on(ready, trial, under_dvc):
    trial.set("runtime.save_every", 1000)
    line = "exec dvc repro train_phase1" if under_dvc else phase1(trial)
    with begun(trial, line, lambda process, log: "phase1 epoch  2/12" in log.read_text()) as process:
        status, said = interrupt(process)
    assert "train: interrupted\n" in said and "Traceback" not in said
    assert status != 0 if under_dvc else status == 130
    assert len(states(trial)) == 1 and same_end(trial, ready)


def test_a_full_disk_while_saving_leaves_the_state_before(ready, trial):
    """A limit on the size of files stands in for a full disk."""
    killed(trial)
    (state,) = states(trial)
    before = state.read_bytes()
    done = run(trial, ["bash", "-c", f"ulimit -f 200 && {phase1(trial)}"])
    assert done.returncode == 1 and done.stderr == f"train: {state}: File too large\n"
    assert state.read_bytes() == before and sorted(os.listdir(state.parent)) == ["lock", "state.safetensors"]
    assert same_end(trial, ready)


def other_weights(project: Project) -> None:
    project.set("phase1.max_weight", 1.2)
    assert "compute_weights" in project.repro("compute_weights")


CHANGES: dict[str, Callable[[Project], None]] = {
    "a parameter": lambda project: project.set("phase1.train.clip", 0.5),
    "an input": other_weights,
    "code": lambda project: project.edit("src/tailwise/engine/step.py", "One optimizer step:", "An optimizer step:"),
}


def test_after_a_change_no_run_goes_on_and_two_states_are_kept_at_most(trial):
    killed(trial)
    for change in CHANGES.values():
        change(trial)
        told = len(events(trial.folder))
        killed(trial)
        assert not resumed(trial, told) and len(states(trial)) == 2
    trial.run("make", "clean-recovery")
    assert not (trial / ".resume").exists()


def test_a_second_start_of_the_same_run_is_refused_with_the_owners_process(trial):
    trial.set("phase1.train.epochs", 1000)
    with begun(trial, phase1(trial), lambda process, log: states(trial)) as process:
        second = run(trial, ["sh", "-c", phase1(trial)])
        (home,) = (trial / ".resume").iterdir()
        assert second.stderr == f"train: {home}: process {process.pid} is at the same run; wait or end it\n"
        assert second.returncode == 1 and process.poll() is None


def test_a_stage_dies_with_the_dvc_that_started_it(trial):
    trial.set("phase1.train.epochs", 1000)
    line = "exec dvc repro --force --single-item train_phase1"
    with begun(trial, line, lambda process, log: states(trial)) as process:
        stages = [pid for pid, line in session(process.pid).items() if "stages/train.py" in line]
        assert len(stages) == 1
        os.kill(process.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while session(process.pid).get(stages[0]):  # a dead process that nobody waited for has no command line
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize("how", [[], ["--temp"]], ids=["in the workspace", "in a temporary folder"])
def test_a_killed_experiment_goes_on_from_its_own_state(ready, trial, how):
    words = ["dvc", "exp", "run", *how, "--name", "mine", "train_phase1"]
    killed(trial, " ".join(["exec", *words]))
    trial.run(*words)
    assert resumed(trial) == 1 and trained(trial, "mine") == hashes_of(ready.straight.lock())


def test_experiments_of_a_queue_go_on_from_their_own_states(trial, tmp_path):
    """DVC never takes up a task whose worker was killed: it is queued again."""
    rates = {"one": 1e-3, "two": 2e-3}
    straight = {name: trained_straight(trial.copy(tmp_path / name), rate) for name, rate in rates.items()}
    for dead in (True, False):
        queue(trial, rates)
        enough = (lambda: len(states(trial)) == 2) if dead else (lambda: done(trial, *rates))
        with begun(trial, "dvc queue start -j 2 && sleep 600", lambda process, log: enough()) as process:
            for pid in session(process.pid):
                os.kill(pid, signal.SIGKILL)
    assert resumed(trial) == 2
    assert {name: trained(trial, name) for name in rates} == straight
    assert straight["one"] != straight["two"]


def changed(rate: float) -> dict[str, float]:
    return {"phase1.train.lr": rate, "phase1.train.epochs": 60}


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

"""No run can be lost: killed, interrupted or out of disk, the same command goes on and ends with the same bytes.

`make kills` does the first of these at many more instants.
"""

import os
import signal
import time
from collections.abc import Callable

import pytest

from killing import events, finish, in_save, killed_and_resumed, outputs
from support.pipeline.midst import Ready, killed, phase1, resumed, states
from support.pipeline.project import Project
from support.pipeline.terminal import begun, interrupt, run, session

pytestmark = pytest.mark.slow

PHASE1 = ("data/models/phase1.", "reports/training/phase1/")


def same_end(project: Project, ready: Ready) -> bool:
    """Whether the phase goes on from its state, once, and ends as the undisturbed one."""
    reported = len(events(project.folder))
    finish(project.folder, project.env, "train_phase1")
    return resumed(project, reported) == 1 and of_phase1(outputs(project.folder)) == of_phase1(ready.outputs)


def of_phase1(found: dict[str, str]) -> dict[str, str]:
    """Of all outputs those that phase 1 writes."""
    kept = {path: digest for path, digest in found.items() if path.startswith(PHASE1)}
    assert all(any(path.startswith(place) for path in kept) for place in PHASE1)
    return kept


@pytest.mark.parametrize(
    ("workers", "stage", "number"),
    [
        (0, "train_phase2", 1),
        (1, "train_phase1", 3),
    ],
    ids=["in the second phase", "with a data worker"],
)
def test_a_run_killed_in_a_save_ends_with_the_same_bytes(ready, trial, workers, stage, number):
    trial.set("runtime.workers", workers)
    reached = in_save(trial.folder, stage, number)
    found = killed_and_resumed(trial.folder, trial.env, reached, ready.outputs, "train_phase2")
    assert found.same and found.activity in ("saving", "in the steps", "validating") and found.resumed_from == "a state"


def test_a_phase_that_was_killed_before_dvc_recorded_it_is_not_trained_again(ready, trial):
    """DVC records it after its process has ended; run again by force after that, it is trained again."""

    def written(process, log) -> bool:
        return any(trial.folder.glob(".resume/phase1-*/done.json"))

    with begun(trial, "exec dvc repro train_phase1", written):
        pass  # it is killed here
    assert same_end(trial, ready) and epochs_logged(trial) == 12
    trial.run("dvc", "repro", "--force", "--single-item", "train_phase1")
    assert epochs_logged(trial) == 24


def epochs_logged(project: Project) -> int:
    return sum((event["event"], event["stage"]) == ("epoch", "train_phase1") for event in events(project.folder))


def test_ctrl_c_saves_and_the_same_command_resumes(ready, trial):
    """Under DVC; of the stage alone see test_mistakes."""
    trial.set("runtime.save_every", 1000)
    with begun(
        trial, "exec dvc repro train_phase1", lambda process, log: "phase1 epoch  2/12" in log.read_text()
    ) as process:
        status, said = interrupt(process)
    assert "train: interrupted\n" in said and "Traceback" not in said
    assert status != 0
    assert same_end(trial, ready) and epochs_logged(trial) == 12  # no epoch was trained twice


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
    "code": lambda project: project.edit(
        "src/tailwise/engine/train/step.py", "The gradient of one optimizer step,", "The gradient of an optimizer step,"
    ),
}


def test_after_a_change_no_run_resumes_and_two_states_are_kept_at_most(trial):
    killed(trial)
    for change in CHANGES.values():
        change(trial)
        reported = len(events(trial.folder))
        killed(trial)
        assert not resumed(trial, reported) and len(states(trial)) == 2
    trial.run("make", "clean-recovery")
    assert not (trial / ".resume").exists()


def test_a_second_start_of_the_same_run_is_refused_with_the_owners_process(trial):
    trial.set("phase1.train.epochs", 1000)
    with begun(trial, phase1(trial), lambda process, log: states(trial)) as process:
        second = run(trial, ["sh", "-c", phase1(trial)])
        (home,) = (trial / ".resume").iterdir()
        assert (
            second.stderr == f"train: {home}: process {process.pid} is running the same phase; wait for it or stop it\n"
        )
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

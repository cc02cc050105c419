"""Several processes, through the stage that trains: ``runtime.devices``, and the same script under ``torchrun``."""

import fcntl
import json
import os
import signal
import subprocess
import time
from contextlib import suppress

import pytest

from tailwise.core.files import read_csv

pytestmark = pytest.mark.slow

SPLITS = ["--train", "data/clips/train", "--valid", "data/clips/valid"]
TRAIN = ["stages/train.py", "tailwise.recipes.fouls", "phase1", *SPLITS]
SETTINGS = {"model.variant.dropout": 0.0, "phase1.train.epochs": 3, "runtime.save_every": 0}


STAGE = ["python3", "-m", "tailwise.core.stage", *TRAIN]


def losses(project):
    return [float(row["train_loss"]) for row in read_csv(project / "reports/training/phase1/epochs.csv")]


def run_facts(project):
    return json.loads((project / "reports/training/phase1/run.json").read_text())


def prepared(project):
    for key, value in SETTINGS.items():
        project.set(key, value)
    return project


@pytest.fixture
def alone(project):
    """The losses of one process, in float32 and without dropout."""
    prepared(project).run("env", "PYTHONPATH=src", *STAGE)
    assert run_facts(project)["processes"] == 1
    project.run("make", "clean-recovery")  # else the same phase would be found done: DVC has not recorded it
    return losses(project)


def test_two_processes_train_the_model_of_one_and_a_killed_one_is_started_again(project, alone):
    project.set("runtime.devices", 2)
    run = begin(project, stderr=subprocess.STDOUT)
    log = project / ".logs/events/train.jsonl"
    begun = log.read_text().count("\n")
    kill_one(run, lambda: any('"save"' in line for line in log.read_text().splitlines()[begun:]))
    text, _ = run.communicate(timeout=300)
    assert run.returncode == 0, text
    assert "goes on from here" in text
    assert run_facts(project) == {"device": "cpu", "processes": 2, "micro_batch": 16, "simpler": 0}
    assert losses(project) == pytest.approx(alone, abs=1e-3) and losses(project)[0] == pytest.approx(alone[0], abs=1e-5)


def begin(project, stderr=subprocess.PIPE):
    """The stage as a process that hears Ctrl-C, also where the tests do not."""
    return subprocess.Popen(
        STAGE,
        cwd=project.folder,
        env={**project.env, "PYTHONPATH": "src"},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def kill_one(run, ready):
    """SIGKILL one of the processes that train, as soon as it is `ready`."""
    while not ready():
        assert run.poll() is None, run.communicate()[0]
        time.sleep(0.05)
    workers = subprocess.run(["pgrep", "--parent", str(run.pid)], stdout=-1, text=True).stdout.split()
    os.kill(int(workers[-1]), signal.SIGKILL)


def test_ctrl_c_saves_and_what_stands_against_going_on_is_one_line(project):
    prepared(project)
    for key, value in {"runtime.devices": 2, "runtime.save_every": 600, "phase1.train.epochs": 12}.items():
        project.set(key, value)
    run = begin(project)
    while not run.stdout.readline().startswith("phase1 "):  # the line of an epoch
        assert run.poll() is None, run.communicate()
    run.send_signal(signal.SIGINT)  # to the stage alone: what it started has no terminal
    said = run.communicate(timeout=60)[1]
    assert (run.returncode, said) == (130, "train: interrupted\n")

    (state,) = (project / ".resume").glob("phase1-*/state.safetensors")
    with open(state.parent / "lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert refused(project).endswith(" is at the same run; wait or end it")
    whole = state.read_bytes()
    state.write_bytes(whole[:-1])
    assert "state.safetensors: not a whole weights file" in refused(project)
    state.write_bytes(whole)
    assert "goes on from here" in project.run("env", "PYTHONPATH=src", *STAGE)
    assert len(losses(project)) == 12 and run_facts(project)["processes"] == 2


def refused(project) -> str:
    """The one line that a run ends with."""
    run = begin(project)
    said = run.communicate(timeout=120)[1]
    assert run.returncode == 1 and said.count("\n") == 1, said
    return said.strip()


def test_a_full_disk_is_one_line(project):
    """/dev/full takes nothing; the state is first written beside its place, under the number of the process."""
    prepared(project).set("runtime.devices", 2)
    run = begin(project)
    while not (locks := [*(project / ".resume").glob("phase1-*/lock")]) or not locks[0].read_text():
        assert run.poll() is None, run.communicate()
    part = locks[0].with_name(f".state.safetensors.{locks[0].read_text()}")
    while run.poll() is None:  # again and again: a run that begins cleans its folder
        with suppress(FileExistsError):
            part.symlink_to("/dev/full")
        time.sleep(0.005)
    said = run.communicate(timeout=120)[1]
    assert run.returncode == 1 and said.count("\n") == 1
    assert said.startswith("train: ") and said.endswith("/state.safetensors: No space left on device\n")

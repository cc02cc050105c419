"""Several processes, through the stage that trains: ``runtime.devices``, and the same script under ``torchrun``."""

import json
import os
import signal
import subprocess
import time

import pytest

from tailwise.core.files import read_csv

pytestmark = pytest.mark.slow

SPLITS = ["--train", "data/clips/train", "--valid", "data/clips/valid"]
TRAIN = ["stages/train.py", "tailwise.recipes.fouls", "phase1", *SPLITS]
SETTINGS = {"model.variant.dropout": 0.0, "phase1.train.epochs": 3, "runtime.save_every": 0}


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
    prepared(project).run("env", "PYTHONPATH=src", "python3", "-m", "tailwise.core.stage", *TRAIN)
    assert run_facts(project)["processes"] == 1
    return losses(project)


def test_two_processes_train_the_model_of_one_and_a_killed_one_is_started_again(project, alone):
    project.set("runtime.devices", 2)
    env = {**project.env, "PYTHONPATH": "src"}
    run = subprocess.Popen(
        ["python3", "-m", "tailwise.core.stage", *TRAIN], cwd=project.folder, env=env, stdout=-1, stderr=-2, text=True
    )
    log = project / ".logs/events/train.jsonl"
    begun = log.read_text().count("\n")
    kill_one(run, lambda: any('"save"' in line for line in log.read_text().splitlines()[begun:]))
    text, _ = run.communicate(timeout=300)
    assert run.returncode == 0, text
    assert "goes on from here" in text
    assert run_facts(project) == {"device": "cpu", "processes": 2, "micro_batch": 16}
    assert losses(project) == pytest.approx(alone, abs=1e-3) and losses(project)[0] == pytest.approx(alone[0], abs=1e-5)


def kill_one(run, ready):
    """SIGKILL one of the processes that train, as soon as it is `ready`."""
    while not ready():
        assert run.poll() is None, run.communicate()[0]
        time.sleep(0.05)
    workers = subprocess.run(["pgrep", "--parent", str(run.pid)], stdout=-1, text=True).stdout.split()
    os.kill(int(workers[-1]), signal.SIGKILL)


def test_a_mistake_is_told_once_and_not_tried_again(project):
    project.set("runtime.devices", 2)
    project.set("phase1.train.trainable", ["nothing.*"])
    text = project.run("env", "PYTHONPATH=src", "python3", "-m", "tailwise.core.stage", *TRAIN, fails=True)
    assert text.count("trainable: 'nothing.*' names no parameter") == 1 and "Traceback" not in text

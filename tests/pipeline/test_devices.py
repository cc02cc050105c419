"""Several processes, through the stage that trains: ``runtime.devices``, and the same script under ``torchrun``."""

import json
import os
import signal
import subprocess
import time

import pytest
import torch
from safetensors.torch import load_file

pytestmark = pytest.mark.slow

TRAIN = [
    "stages/train.py",
    "tailwise.recipes.fouls",
    "phase1",
    "--train",
    "data/clips/train",
    "--valid",
    "data/clips/valid",
]
SETTINGS = {"model.variant.dropout": 0.0, "phase1.train.epochs": 3, "runtime.save_every": 0}


def weights(project):
    return load_file(project / "data/models/phase1.safetensors")


def run_facts(project):
    return json.loads((project / "reports/training/phase1/run.json").read_text())


def prepared(project):
    for key, value in SETTINGS.items():
        project.set(key, value)
    return project


@pytest.fixture
def alone(project):
    """The weights of one process, in float32 and without dropout."""
    prepared(project).run("env", "PYTHONPATH=src", "python3", "-m", "tailwise.core.stage", *TRAIN)
    assert run_facts(project)["processes"] == 1
    return weights(project)


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
    torch.testing.assert_close(weights(project), alone, rtol=0, atol=1e-4)


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

"""Several processes, through the stage that trains: ``runtime.devices``, and the same script under ``torchrun``."""

import json
import os
import signal
import subprocess
import time

import pytest
import torch

from tailwise.core.files import read_csv

pytestmark = pytest.mark.slow

SPLITS = ["--train", "data/clips/train", "--valid", "data/clips/valid"]
TRAIN = ["stages/train.py", "tailwise.recipes.fouls", "phase1", *SPLITS]
SETTINGS = {
    "model.variant.dropout": 0.0,
    "model.backbone.norm": "group",  # batch norm sees half of a batch in each of two processes
    "phase1.train.epochs": 3,
    "runtime.save_every": 0,
}


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
    """The losses of one process, in float32, without dropout and batch norm."""
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
    assert "resumed" in text
    facts = run_facts(project)
    assert facts.pop("computing")["CPU capability"] == torch.backends.cpu.get_cpu_capability()
    assert facts == {"device": "cpu", "processes": 2, "micro_batch": 16, "fallback": 0}
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


def test_a_mistake_is_reported_once_and_not_tried_again(project):
    project.set("runtime.devices", 2)
    project.set("phase1.train.trainable", ["nothing.*"])
    text = project.run("env", "PYTHONPATH=src", *STAGE, fails=True)
    assert text.count("trainable: 'nothing.*' names no parameter") == 1 and "Traceback" not in text


def test_ctrl_c_saves_and_the_same_command_resumes(project):
    prepared(project)
    for key, value in {"runtime.devices": 2, "runtime.save_every": 600, "phase1.train.epochs": 12}.items():
        project.set(key, value)
    run = begin(project)
    while not run.stdout.readline().startswith("phase1 "):  # the line of an epoch
        assert run.poll() is None, run.communicate()
    run.send_signal(signal.SIGINT)  # to the stage alone: what it started has no terminal
    said = run.communicate(timeout=60)[1]
    assert (run.returncode, said) == (130, "train: interrupted\n")

    text = project.run("env", "PYTHONPATH=src", *STAGE)
    assert "resumed" in text and "phase1 epoch  1/12" not in text
    assert len(losses(project)) == 12 and run_facts(project)["processes"] == 2

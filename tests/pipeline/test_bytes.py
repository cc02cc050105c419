"""The same bytes in every output: in another folder, with workers, killed and resumed, in an experiment."""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress

import pytest
import yaml

from support.pipeline.project import ran

KILLS, SEED = 5, 1
REPRO = "PYTHONPATH=src python3 -m tailwise repair && exec dvc repro"


@pytest.mark.slow
def test_a_temporary_experiment_with_other_workers_gives_the_same_hashes(finished, fresh):
    """It runs from nothing, in a folder of its own, all that has workers."""
    workers = ["-S", "runtime.workers=2", "-S", "runtime.decoders=1"]
    fresh.run("dvc", "exp", "run", "--temp", "--name", "elsewhere", *workers, "evaluate")
    fresh.run("dvc", "exp", "branch", "elsewhere", "elsewhere")
    params = yaml.safe_load(fresh.read("git", "show", "elsewhere:params.yaml"))
    assert (params["runtime"]["workers"], params["runtime"]["decoders"]) == (2, 1)
    stages = yaml.safe_load(fresh.read("git", "show", "elsewhere:dvc.lock"))["stages"]
    assert {"decode_clips", "train_phase1", "train_phase3", "evaluate"} <= set(stages)
    assert stages == {name: of for name, of in finished.lock().items() if name in stages}


@pytest.mark.slow
def test_a_run_killed_at_random_before_training_ends_with_the_same_bytes(finished, fresh):
    """SIGKILL to the whole process group, in each of five seconds once; each start is what `make repro` does.

    In another folder, and with one process that decodes. Training is killed in test_kills.
    """
    rng, target = random.Random(SEED), "compute_weights"
    fresh.set("runtime.decoders", 1)
    for second in rng.sample(range(1, KILLS + 1), KILLS):
        process = start(fresh, target)
        with suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(second, second + 1))
        assert process.poll() in (None, 0), process.communicate()[0]
        kill(process)
    fresh.run("bash", "-c", f"{REPRO} {target}")
    made, all_made = fresh.outputs(), finished.outputs()
    assert made == {path: all_made[path] for path in made} and any(path.startswith("data/weights") for path in made)


@pytest.mark.slow
def test_dvc_files_truncated_by_a_kill_are_rebuilt(finished, project):
    """DVC writes these two in place and refuses to read them empty; what was trained comes from its run cache."""
    (project / ".dvc/tmp/rwlock").write_text("")
    (project / "dvc.lock").write_text("")
    assert not [stage for stage in ran(project.run("bash", "-c", REPRO)) if stage.startswith("train")]
    assert project.outputs() == finished.outputs() and project.lock() == finished.lock()


def test_the_last_phase_killed_after_it_was_saved_resumes_from_there(finished, project):
    """Killed as soon as there is a state, so that it can go on from it for certain."""
    project.set("runtime.save_every", 0.0)
    project.run("make", "clean-recovery")
    alone = "--force --single-item train_phase3"
    process = start(project, alone)
    while not list((project / ".resume").glob("phase3-*/state.safetensors")):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.002)
    kill(process)
    assert ": resumed" in project.run("bash", "-c", f"{REPRO} {alone}")
    assert project.outputs() == finished.outputs()


def start(project, arguments: str = "") -> subprocess.Popen:
    command = ["bash", "-c", f"{REPRO} {arguments}"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=project.folder, env=project.env, start_new_session=True, **pipes)


def kill(process: subprocess.Popen) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()

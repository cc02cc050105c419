"""The cells of a sweep run as processes: with a stand-in for DVC, and with DVC where the tests are slow."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tailwise.compare.git import experiments
from tailwise.compare.sweeps import runs
from tailwise.compare.sweeps.pipeline import Pipeline
from tailwise.compare.sweeps.runs import Runner
from tailwise.compare.sweeps.sweep import Cell

PIPELINE = Pipeline(frozenset({"train"}), frozenset({"train"}))
BASELINE = "ab/" + "0" * 38
LOCK = "stages:\n  train:\n    cmd: train\n    deps: [{path: src, md5: a}]\n    outs: [{path: m, md5: b}]\n"
WORK = f"""
import os, pathlib, signal, subprocess, sys, time
name, how = sys.argv[1:]
tries = len(list(pathlib.Path(".").glob(f"{{name}}.*"))) + 1
pathlib.Path(f"{{name}}.{{tries}}").touch()
print("Running stage 'decode':", flush=True)
if how == "slow":
    time.sleep(0.5)
    pathlib.Path("decoded").touch()
print("Running stage 'train':", flush=True)
if how == "killed" and tries == 1:
    os.kill(os.getpid(), signal.SIGKILL)
if how == "locked" and tries < 3:
    sys.exit("ERROR: Unable to acquire lock")
if how == "fails":
    sys.exit("ERROR: failed to reproduce 'train'")
if how == "shared" and not pathlib.Path("decoded").exists():
    sys.exit("ERROR: began too early")
subprocess.run(["git", "update-ref", f"refs/exps/{BASELINE}/{{name}}", "HEAD"], check=True)
"""


def cell(name: str, seed: int = 1) -> Cell:
    return Cell(name, name, seed, {}, ())


@pytest.fixture
def run(folder, monkeypatch):
    """Runs {name: what happens} with stand-ins; (failures, lines)"""
    monkeypatch.setattr(runs, "PAUSE", 0)
    Path("dvc.lock").write_text(LOCK)
    who = ["-c", "user.name=n", "-c", "user.email=e@x"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "a"]):
        subprocess.run(["git", *who, *words], check=True)

    def start(how: dict[str, str], workers: int = 1):
        said: list[str] = []
        stand_in = lambda cell, target: [sys.executable, "-c", WORK, cell.name, how[cell.name]]  # noqa: E731
        runner = Runner(Path("."), "evaluate", PIPELINE, said.append, stand_in)
        return runner.run_all([cell(name) for name in how], workers), said

    return start


def test_each_cell_becomes_an_experiment_and_its_time_is_logged(run):
    failed, said = run({"one": "works", "two": "works"}, workers=2)
    assert failed == {} and set(experiments(Path("."))) == {"one", "two"}
    assert sorted(said) == ["one, seed 1: done", "two, seed 1: done"]
    assert len(list(Path(".logs/experiments").glob("*.json"))) == 1  # both ran the stage on the same


def test_a_killed_run_is_put_back_and_one_that_found_dvc_locked_too(run):
    failed, said = run({"one": "killed", "two": "locked"})
    assert failed == {} and said[:2] == ["one, seed 1: put back: killed by signal 9", "one, seed 1: done"]
    assert said[2:] == ["two, seed 1: put back: Unable to acquire lock"] * 2 + ["two, seed 1: done"]


def test_a_run_that_fails_is_told_and_the_others_go_on(run):
    failed, said = run({"one": "fails", "two": "works"})
    assert failed == {"one": "failed to reproduce 'train'"} and set(experiments(Path("."))) == {"two"}
    assert not Path("one.2").exists() and "one, seed 1: failed: failed to reproduce 'train'" in said


def test_the_first_run_goes_ahead_until_a_stage_depends_on_the_seed(run):
    assert run({"one": "slow", "two": "shared", "three": "shared"}, workers=3)[0] == {}


def test_an_interrupt_ends_the_runs(run, monkeypatch):
    """Within a few seconds: the runs would take an hour."""
    monkeypatch.setattr(runs.subprocess, "Popen", interrupted(runs.subprocess.Popen))
    with pytest.raises(KeyboardInterrupt):
        run({"one": "works", "two": "works"})
    assert not any(thread.name.startswith("ThreadPool") for thread in threading.enumerate())


def interrupted(popen):
    def start(*arguments, **options):
        raise KeyboardInterrupt

    return start


@pytest.mark.slow
def test_a_sweep_that_was_killed_goes_on_and_runs_nothing_twice(tmp_path):
    """With DVC: killed while its first run is at work, then to the end, then again, when nothing is left to do."""
    from support.compare.toy import make_toy

    toy = make_toy(tmp_path / "toy")
    (toy.folder / "sweep.yaml").write_text("title: kinds\nseeds: 2\nrows: {plain: {}, wide: {model.kind: wide}}\n")
    toy.env["PYTHONPATH"] = str(Path(runs.__file__).parents[3])
    words = [sys.executable, "-m", "tailwise", "compare", "--run", "sweep.yaml", "--workers", "2"]
    with subprocess.Popen(words, cwd=toy.folder, env=toy.env, text=True, stdout=-1) as process:
        next(line for line in process.stdout if "seed 1: done" in line)
        process.kill()
    done = set(experiments(toy.folder))
    assert 1 <= len(done) < 4
    out = toy.run(*words)
    assert f"kinds: {len(done)} of 4 runs are there" in out and out.count(": done") == 4 - len(done)
    assert len(experiments(toy.folder)) == 4 and "wide" in out and "training, s" in out
    again = toy.run(*words)
    assert "4 of 4 runs are there" in again and ": done" not in again

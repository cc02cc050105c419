"""A run that is killed: what was to be had of it, and what becomes of it when it is started again.

`folder` is always a repository of its own, with git and DVC, in which all before the training has run.
"""

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tailwise.core.params.config import read_params

COMMAND = "PYTHONPATH=src python3 -m tailwise repair && exec dvc repro"
"""What `make repro` does."""

Reached = Callable[[], bool]
"""Asked again and again: whether it is time to kill."""

OUTPUTS = ("data/models", "data/weights", "reports/training", "reports/evaluation", "reports/metrics.json")


@dataclass(frozen=True)
class Kill:
    """at_s: seconds after the start of the command; place: what was at work, see `place_of`
    went_on: from "a state" in the midst of the phase, or from "the start" of a stage
    lost_s: seconds of training that were done again
    same: whether the run that was started again ended with the bytes of the straight one
    """

    at_s: float
    stage: str
    place: str
    went_on: str
    lost_s: float
    same: bool


def begin(folder: Path, env: dict[str, str], target: str = "evaluate") -> subprocess.Popen:
    """The command up to a stage, in a process group of its own; what it prints goes to a file beside `folder`."""
    with open(folder.with_suffix(".txt"), "a") as log:
        command = ["bash", "-c", f"{COMMAND} {target}"]
        return subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True)


def finish(folder: Path, env: dict[str, str], target: str = "evaluate") -> None:
    """The command to its end; raises RuntimeError with its status and what it printed."""
    if status := begin(folder, env, target).wait():
        raise RuntimeError(f"exit {status}\n{folder.with_suffix('.txt').read_text(encoding='utf8')[-3000:]}")


def outputs(folder: Path) -> dict[str, str]:
    """{path: SHA-256} of weights, figures and reports; of a state that is not done, too, as none may be left."""
    left = [home for home in folder.glob(".resume/*") if not (home / "done.json").exists()]
    places = [*(folder / name for name in OUTPUTS), *left]
    files = [file for place in places for file in (place.rglob("*") if place.is_dir() else [place]) if file.is_file()]
    return {f.relative_to(folder).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def events(folder: Path) -> list[dict]:
    """Everything that was told, in the order of time, with the time in seconds."""
    lines = [line for log in folder.glob(".logs/events/*.jsonl") for line in log.read_text("utf8").splitlines()]
    found = [json.loads(line) for line in lines]
    for event in found:
        event["time"] = datetime.fromisoformat(event["time"]).timestamp()
    return sorted(found, key=lambda event: event["time"])


def parts(folder: Path, stage: str = "*") -> list[Path]:
    """Files that a save has begun and not yet put in their place."""
    return list(folder.glob(f".resume/{stage.removeprefix('train_')}-*/.state.safetensors.*"))


def after(seconds: float) -> Reached:
    """Whether so much time has gone since now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def in_training(folder: Path, stage: str, seconds: float) -> Reached:
    """Whether so much time has gone since the stage began to train."""
    begun: list[float] = []

    def reached() -> bool:
        if not begun and _homes(folder, stage):
            begun.append(time.monotonic())
        return bool(begun) and time.monotonic() - begun[0] >= seconds

    return reached


def in_save(folder: Path, stage: str, number: int) -> Reached:
    """Whether the stage is at its save of that number, from 0."""
    seen: list[bool] = [False]

    def reached() -> bool:
        if (there := bool(parts(folder, stage))) != seen[-1]:
            seen.append(there)
        return there and seen.count(True) > number

    return reached


def kill_when(reached: Reached, process: subprocess.Popen) -> float | None:
    """SIGKILL to the whole group once `reached` says so; returns the time, None if the run ended before."""
    while not reached():
        if process.poll() is not None:
            return None
        time.sleep(0.0005)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    killed = time.time()
    process.wait()
    return killed


def stage_of(told: list[dict]) -> str:
    """The stage that had begun and not ended, "" between two."""
    bounds = [event for event in told if event["event"] in ("stage start", "stage end")]
    return bounds[-1]["stage"] if bounds and bounds[-1]["event"] == "stage start" else ""


def place_of(folder: Path, told: list[dict], stage: str) -> str:
    """What a killed run was at, from what it left."""
    if not stage.startswith("train_"):
        return "another stage" if stage else "between stages"
    if not _homes(folder, stage):
        return "starting a phase"
    if parts(folder, stage):
        return "saving"
    last = [event["event"] for event in told if event["stage"] == stage and event["event"] != "alert"][-1]
    closed = sum(event["event"] == "epoch" for event in told if event["stage"] == stage)
    judged = sum(event["event"] == "validate" for event in told if event["stage"] == stage)
    if last == "done" or closed == _epochs(folder, stage):
        return "writing the result"
    return "judging" if judged > closed else "in the steps"


def _homes(folder: Path, stage: str) -> list[Path]:
    return list(folder.glob(f".resume/{stage.removeprefix('train_')}-*/lock"))


def _epochs(folder: Path, stage: str) -> int:
    return read_params(folder / "params.yaml")[stage.removeprefix("train_")]["train"]["epochs"]


def saved_until(folder: Path, told: list[dict], stage: str) -> tuple[float, str]:
    """The time up to which training is in the state on disk, and "a state"; its begin and "the start" without one."""
    (lock,) = _homes(folder, stage)
    state = lock.with_name("state.safetensors")
    if not state.exists():
        return lock.stat().st_mtime, "the start"
    taken = [e["time"] - e["seconds"] for e in told if e["stage"] == stage and e["event"] == "save"]
    written = state.stat().st_mtime  # a save may have been killed before it was told
    return (taken[-1] if taken and taken[-1] > written - 0.1 else written), "a state"


def killed_and_resumed(
    folder: Path, env: dict[str, str], reached: Reached, straight: dict[str, str], target: str = "evaluate"
) -> Kill | None:
    """Run the command, kill it, run it again. straight: `outputs` of an undisturbed run; None if it ended before."""
    started, process = time.time(), begin(folder, env, target)
    if (killed := kill_when(reached, process)) is None:
        return None
    told = events(folder)
    stage = stage_of(told)
    place, until, expected = place_of(folder, told, stage), killed, "the start"
    if stage.startswith("train_") and place != "starting a phase":
        until, expected = saved_until(folder, told, stage)
    finish(folder, env, target)
    resumed = [e for e in events(folder)[len(told) :] if (e["stage"], e["event"]) == (stage, "resume")]
    went_on = "a state" if resumed else "the start"
    same = outputs(folder) == straight and went_on == expected
    return Kill(killed - started, stage, place, went_on, max(killed - until, 0.0), same)

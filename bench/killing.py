"""Kill a run, restart it, and compare it with an undisturbed run.

`folder` is always a separate repository with git and DVC, in which all stages before training have run.
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
"""The command of `make repro`."""

Reached = Callable[[], bool]
"""Polled: whether it is time to kill."""

OUTPUTS = ("data/models", "data/weights", "reports/training", "reports/evaluation", "reports/metrics.json")


@dataclass(frozen=True)
class Kill:
    """at_s: seconds after the start of the command; activity: what the run was doing, see `activity_of`
    resumed_from: "a state" within the phase, or "the start" of a stage
    lost_s: seconds of training that were repeated
    same: whether the restarted run ended with the bytes of the undisturbed one
    """

    at_s: float
    stage: str
    activity: str
    resumed_from: str
    lost_s: float
    same: bool


def begin(folder: Path, env: dict[str, str], target: str = "evaluate") -> subprocess.Popen:
    """Start the command up to a stage in its own process group; its output goes to a file beside `folder`."""
    with open(folder.with_suffix(".txt"), "a") as log:
        command = ["bash", "-c", f"{COMMAND} {target}"]
        return subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True)


def finish(folder: Path, env: dict[str, str], target: str = "evaluate") -> None:
    """Run the command to its end; raises RuntimeError with its exit status and output if it fails."""
    if status := begin(folder, env, target).wait():
        raise RuntimeError(f"exit {status}\n{folder.with_suffix('.txt').read_text(encoding='utf8')[-3000:]}")


def outputs(folder: Path) -> dict[str, str]:
    """{path: SHA-256} of weights, metrics and reports, and of unfinished states, of which none may be left."""
    left = [home for home in folder.glob(".resume/*") if not (home / "done.json").exists()]
    places = [*(folder / name for name in OUTPUTS), *left]
    files = [file for place in places for file in (place.rglob("*") if place.is_dir() else [place]) if file.is_file()]
    return {f.relative_to(folder).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def events(folder: Path) -> list[dict]:
    """All logged events in order of time, with the time in seconds."""
    lines = [line for log in folder.glob(".logs/events/*.jsonl") for line in log.read_text("utf8").splitlines()]
    found = [json.loads(line) for line in lines]
    for event in found:
        event["time"] = datetime.fromisoformat(event["time"]).timestamp()
    return sorted(found, key=lambda event: event["time"])


def parts(folder: Path, stage: str = "*") -> list[Path]:
    """Temporary files of a save in progress."""
    return list(folder.glob(f".resume/{stage.removeprefix('train_')}-*/.state.safetensors.*"))


def after(seconds: float) -> Reached:
    """Whether so many seconds have passed from now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def in_training(folder: Path, stage: str, seconds: float) -> Reached:
    """Whether so many seconds have passed since the stage began to train."""
    begun: list[float] = []

    def reached() -> bool:
        if not begun and _homes(folder, stage):
            begun.append(time.monotonic())
        return bool(begun) and time.monotonic() - begun[0] >= seconds

    return reached


def in_save(folder: Path, stage: str, number: int) -> Reached:
    """Whether the stage is in its save of that number, from 0."""
    seen: list[bool] = [False]

    def reached() -> bool:
        if (there := bool(parts(folder, stage))) != seen[-1]:
            seen.append(there)
        return there and seen.count(True) > number

    return reached


def kill_when(reached: Reached, process: subprocess.Popen) -> float | None:
    """Send SIGKILL to the process group once `reached()` is true; returns the time, None if the run ended before."""
    while not reached():
        if process.poll() is not None:
            return None
        time.sleep(0.0005)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    killed = time.time()
    process.wait()
    return killed


def stage_of(logged: list[dict]) -> str:
    """The running stage, "" between two stages."""
    bounds = [event for event in logged if event["event"] in ("stage start", "stage end")]
    return bounds[-1]["stage"] if bounds and bounds[-1]["event"] == "stage start" else ""


def activity_of(folder: Path, logged: list[dict], stage: str) -> str:
    """What a killed run was doing, inferred from its files and events."""
    if not stage.startswith("train_"):
        return "another stage" if stage else "between stages"
    if not _homes(folder, stage):
        return "starting a phase"
    if parts(folder, stage):
        return "saving"
    last = [event["event"] for event in logged if event["stage"] == stage and event["event"] != "alert"][-1]
    closed = sum(event["event"] == "epoch" for event in logged if event["stage"] == stage)
    validated = sum(event["event"] == "validate" for event in logged if event["stage"] == stage)
    if last == "done" or closed == _epochs(folder, stage):
        return "writing the result"
    return "validating" if validated > closed else "in the steps"


def _homes(folder: Path, stage: str) -> list[Path]:
    return list(folder.glob(f".resume/{stage.removeprefix('train_')}-*/lock"))


def _epochs(folder: Path, stage: str) -> int:
    return read_params(folder / "params.yaml")[stage.removeprefix("train_")]["train"]["epochs"]


def saved_until(folder: Path, logged: list[dict], stage: str) -> tuple[float, str]:
    """Time of the training state on disk, and "a state"; without one, the start time and "the start"."""
    (lock,) = _homes(folder, stage)
    state = lock.with_name("state.safetensors")
    if not state.exists():
        return lock.stat().st_mtime, "the start"
    taken = [e["time"] - e["seconds"] for e in logged if e["stage"] == stage and e["event"] == "save"]
    written = state.stat().st_mtime  # a save may have been killed before it was logged
    return (taken[-1] if taken and taken[-1] > written - 0.1 else written), "a state"


def killed_and_resumed(
    folder: Path, env: dict[str, str], reached: Reached, straight: dict[str, str], target: str = "evaluate"
) -> Kill | None:
    """Run the command, kill it, run it again; None if it ended first. straight: `outputs` of the undisturbed run"""
    started, process = time.time(), begin(folder, env, target)
    if (killed := kill_when(reached, process)) is None:
        return None
    logged = events(folder)
    stage = stage_of(logged)
    activity, until, expected = activity_of(folder, logged, stage), killed, "the start"
    if stage.startswith("train_") and activity != "starting a phase":
        until, expected = saved_until(folder, logged, stage)
    finish(folder, env, target)
    resumed = [e for e in events(folder)[len(logged) :] if (e["stage"], e["event"]) == (stage, "resume")]
    resumed_from = "a state" if resumed else "the start"
    same = outputs(folder) == straight and resumed_from == expected
    return Kill(killed - started, stage, activity, resumed_from, max(killed - until, 0.0), same)

"""Stage events: which lines are printed, and a log of valid JSON in all circumstances."""

import json
import mmap
import multiprocessing
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tailwise.core.stage import events as module
from tailwise.core.stage.events import Events, events_path, printed, resident_mb, rotate, stage_name

SOURCES = Path(__file__).parents[3] / "src"


def lines(path: Path) -> list[dict]:
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    return [json.loads(line, parse_constant=refuse) for line in path.read_text(encoding="utf8").splitlines()]


@pytest.mark.parametrize(
    ("event", "detail", "quiet", "normal", "verbose"),
    [
        ("epoch", False, False, True, True),
        ("step", True, False, False, True),
        ("alert", False, True, True, True),
        ("intervention", False, True, True, True),
    ],
)
def test_what_is_printed(event, detail, quiet, normal, verbose):
    kinds = ("quiet", "normal", "verbose")
    assert {kind: printed(event, detail, kind) for kind in kinds} == dict(zip(kinds, (quiet, normal, verbose)))


def test_a_line_on_the_terminal_and_one_in_the_log(folder, capsys, monkeypatch):
    monkeypatch.setenv("DVC_STAGE", "train_phase2")
    tell = Events(folder / "logs/x.jsonl", "normal", phase="phase2").log
    tell("epoch", "epoch 1 of 3", epoch=1, loss=0.5)
    tell("step", "step 7", detail=True, step=7)
    tell("memory", batch=4)
    assert capsys.readouterr().out == "epoch 1 of 3\n"
    first, second, third = lines(folder / "logs/x.jsonl")
    time, mb = datetime.fromisoformat(first.pop("time")), first.pop("mb")
    assert time.utcoffset() == timedelta(0) and 5 < mb < 5000
    assert first == {
        "stage": "train_phase2",
        "event": "epoch",
        "text": "epoch 1 of 3",
        "phase": "phase2",
        "epoch": 1,
        "loss": 0.5,
    }
    assert (second["step"], second["text"], third["text"], third["batch"]) == (7, "step 7", "", 4)


def test_without_a_log_it_only_prints(folder, capsys):
    Events(verbosity="quiet").log("alert", "Dive: 0 recall")
    Events(verbosity="quiet").log("epoch", "epoch 1")
    assert capsys.readouterr().out == "Dive: 0 recall\n" and not list(folder.iterdir())


def test_every_value_is_valid_json(folder):
    facts = {
        "loss": float("nan"),
        "norms": (1.5, -float("inf"), np.float64("inf")),
        "recall": np.array([[0.25, np.nan]]),
        "lr": np.float32(0.5),
        "path": Path("a/b"),
        "of": {"Dive": None, 3: True},
        "name": 'a "b"\n</c> ü \udc80',
    }
    Events(folder / "x.jsonl").log("step", **facts)
    (line,) = lines(folder / "x.jsonl")
    assert {key: line[key] for key in facts} == {
        "loss": "nan",
        "norms": [1.5, "-inf", "inf"],
        "recall": [[0.25, "nan"]],
        "lr": 0.5,
        "path": "a/b",
        "of": {"Dive": None, "3": True},
        "name": 'a "b"\n</c> ü \udc80',
    }


def tell_many(path: Path, name: str) -> None:
    events = Events(path, text_of=name * 5000)
    for i in range(100):
        events.log("line", number=i)


def test_lines_of_several_processes_never_mix(folder):
    path = folder / "x.jsonl"
    context = multiprocessing.get_context("spawn")
    started = [context.Process(target=tell_many, args=(path, name)) for name in "ab"]
    for process in started:
        process.start()
    for process in started:
        process.join()
    found = [(line["text_of"][0], line["number"]) for line in lines(path)]
    assert sorted(found) == [(name, i) for name in "ab" for i in range(100)]


def test_a_log_that_cannot_be_written_is_reported_once(folder, capsys):
    (folder / "file").write_text("")
    events = Events(folder / "file/x.jsonl")
    for _ in range(3):
        events.log("epoch", "epoch")
    reported = capsys.readouterr()
    assert reported.out == "epoch\n" * 3 and events.lost
    assert re.fullmatch(rf"\S+: not logged: {events.path}: [^\n]+\n", reported.err)


def test_a_long_log_gives_way_to_a_new_one(folder, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    path = folder / "x.jsonl"
    rotate(path)
    for text, kept in (("ten bytes.", None), ("eleven byte", "eleven byte"), ("twelve bytes", "twelve bytes")):
        path.write_text(text)
        rotate(path)
        assert path.exists() == (kept is None)
        assert [old.read_text() for old in folder.glob("x.jsonl.1")] == ([kept] if kept else [])


def test_a_log_is_named_after_its_stage_and_stays_in_its_folder(monkeypatch):
    assert events_path("train_phase1") == Path(".logs/events/train_phase1.jsonl")
    monkeypatch.setenv("DVC_ROOT", "/main")
    assert events_path("../cells@plain") == Path("/main/.logs/events/.._cells@plain.jsonl")


@pytest.mark.parametrize("called", ["weigh", "pipelines/tagger/dvc.yaml:weigh", "../../dvc.yaml:weigh"])
def test_a_stage_has_one_name_wherever_dvc_was_started(called, monkeypatch):
    monkeypatch.setenv("DVC_STAGE", called)
    assert stage_name() == "weigh"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_the_memory_is_that_of_now():
    """Pages of their own: what Python has freed before may be held still, and given out again."""
    before = resident_mb()
    with mmap.mmap(-1, 80_000_000) as held:
        held.write(b"x" * len(held))
        assert 60 < resident_mb() - before < 240
    assert resident_mb() - before < 120


@pytest.mark.parametrize(
    ("text", "status"),
    [("", 0), ("raise KeyboardInterrupt", 130), ("open('absent')", 1), ("raise ValueError('odd')", 1)],
)
def test_a_stage_logs_its_start_and_end(folder, text, status):
    (folder / "work.py").write_text(text)
    (folder / "main").mkdir()
    env = {**os.environ, "PYTHONPATH": str(SOURCES), "DVC_STAGE": "weigh", "DVC_ROOT": str(folder / "main")}
    command = [sys.executable, "-m", "tailwise.core.stage", "work.py", "argument"]
    assert subprocess.run(command, env=env, capture_output=True, check=False).returncode == status
    start, end = lines(folder / "main/.logs/events/weigh.jsonl")
    assert (start["event"], start["stage"], start["arguments"]) == ("stage start", "weigh", ["work.py", "argument"])
    assert (end["event"], end["stage"], end["status"]) == ("stage end", "weigh", status)
    assert 0 <= end["seconds"] < 60 and end["peak_mb"] >= end["mb"] > 5

"""The study's cells are computed once each, whatever stops a run; and real ones, end to end."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from study import run, test_split
from study.plan import Cell, Study
from study.progress import run_all
from study.settings import ROOT, Method
from study.summary import summarize
from study.test_split import score_test
from support.study import FOLDER, METHODS, make_place, settings
from tailwise.core.errors import UserError
from tailwise.core.files import read_json, write_json
from tailwise.core.params.config import read_params


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder with tiny splits of pictures, in which the study runs."""
    make_place(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def trained(monkeypatch) -> list[Cell]:
    """The cells that were trained, where training only leaves answers."""
    done: list[Cell] = []

    def train(study: Study, cell: Cell, folder: Path) -> Path:
        if len(done) == 3:
            done.append(cell)
            raise KeyboardInterrupt
        done.append(cell)
        classes = read_json(Path("index/heads.json"))["label"]
        rows = [
            f"{name},{name},{name},{name},{','.join('1.0' if c == name else '0.0' for c in classes)}"
            for name in classes
        ]
        answers = folder / "x/evaluation/label.csv"
        answers.parent.mkdir(parents=True, exist_ok=True)
        answers.write_text("\n".join([f"sample,group,actual,predicted,{','.join(classes)}", *rows]) + "\n")
        write_json(folder / "x/facts.json", {"epochs": [1, 1, 1], "steps": 3, "cpu_seconds": 2.4})
        return folder / "x"

    monkeypatch.setattr(run, "train", train)
    return done


def test_a_run_that_is_stopped_goes_on_and_computes_no_cell_twice(place, trained, capsys):
    with pytest.raises(KeyboardInterrupt):
        run_all(settings(), ["digits"], list(METHODS))
    files = {path: path.read_bytes() for path in Path("results").rglob("*.json")}
    assert len(files) == 3
    assert run_all(settings(), ["digits"], list(METHODS)) == 0
    assert all(path.read_bytes() == content for path, content in files.items())
    stopped = trained[3]
    assert trained.count(stopped) == 2 and all(trained.count(cell) == 1 for cell in trained if cell != stopped)
    assert capsys.readouterr().out.endswith("every cell is done\n")
    before = len(trained)
    assert run_all(settings(), ["digits"], list(METHODS)) == 0 and len(trained) == before
    assert read_json(Path("times/digits/default/1.json")) == {"cpu_seconds": 2}


def test_the_cell_that_chose_the_rate_is_not_trained_again_as_a_seed(place, trained):
    trained += [Cell("", "", 0)] * 4  # never interrupts
    run_all(settings(), ["digits"], ["default", "plain"])
    assert Cell("digits", "plain", 1, 0.5) not in trained and Cell("digits", "plain", 2, 0.5) in trained
    first = read_json(Path("results/digits/plain/1.json"))
    assert (
        first == read_json(Path("results/digits/plain/grid/0.5.json")) and first["params"]["phase1.max_weight"] == 1.0
    )


def test_a_cell_that_fails_stops_no_other(place, trained, monkeypatch, capsys):
    train = run.train

    def failing(study: Study, cell: Cell, folder: Path) -> Path:
        if cell.seed == 2:
            raise UserError("loss spike")
        return train(study, cell, folder)

    trained += [Cell("", "", 0)] * 4
    monkeypatch.setattr(run, "train", failing)
    assert run_all(settings(3), ["digits"], ["default"]) == 1
    assert "digits default seed 2: failed: loss spike" in capsys.readouterr().err
    assert {path.name for path in Path("results/digits/default").glob("*.json")} == {"1.json", "3.json"}


def test_the_test_split_is_scored_once_and_only_at_the_end(place, trained, monkeypatch, capsys):
    trained += [Cell("", "", 0)] * 4
    found = settings()
    asked = replace(found, cells=replace(found.cells, tested=("default",)))
    with pytest.raises(UserError, match="digits default seed 1 is not done"):
        score_test(asked, ["digits"], ["default"])
    run_all(asked, ["digits"], ["default"])
    monkeypatch.setattr(test_split, "answers", lambda study, cell, folder: folder / "evaluation")
    assert score_test(asked, ["digits"], ["default", "plain"]) == 0
    assert capsys.readouterr().out.count("test: macro recall label 1.000") == 2
    scored = read_json(Path("results/digits/default/test/2.json"))
    assert scored["seed"] == 2 and scored["heads"]["label"]["macro_recall"] == 1.0
    assert score_test(asked, ["digits"], ["default"]) == 0 and "test:" not in capsys.readouterr().out
    summary = summarize(Study(asked), "digits", Path("times"))
    assert [row.method for row in summary.tested["label"]] == ["default"] and len(
        summary.tested["label"][0].of_seed
    ) == 2
    write_json(Path("results/digits/default/test/2.json"), {**scored, "made_from": {}})
    with pytest.raises(UserError, match="remove it to score the test split again"):
        score_test(asked, ["digits"], ["default"])


def test_data_that_is_not_there_is_left_out_with_a_line(place, trained, capsys):
    found = settings()
    absent = replace(found.datasets["digits"], clips="nowhere")
    assert run_all(replace(found, datasets={**found.datasets, "fashion": absent}), ["fashion"], ["default"]) == 0
    assert "fashion: left out: nowhere/train: has no manifest.csv" in capsys.readouterr().err


def plain(row: Method) -> dict:
    return {**dataclasses.asdict(row), "taus": list(row.taus[-1:]), "datasets": []}


def script(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tailwise.core.stage", str(FOLDER / "run_cells.py"), *arguments]


@pytest.fixture
def small(place) -> dict[str, str]:
    """params.yaml of a study of tiny cells, and the environment of its commands."""
    params = read_params(FOLDER / "params.yaml")
    dataset = dataclasses.asdict(settings().datasets["digits"])
    rows = {
        name: {key: value for key, value in dataclasses.asdict(row).items() if value} for name, row in METHODS.items()
    }
    rows["post"]["taus"] = list(METHODS["post"].taus)
    cells = {"seeds": 1, "ablation_seeds": 1, "rates": [1.0], "workers": 1}
    Path("params.yaml").write_text(
        yaml.safe_dump({**params, "cells": cells, "datasets": {"digits": dataset}, "methods": rows})
    )
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{FOLDER}"}


@pytest.mark.slow
def test_real_cells_end_to_end_killed_resumed_and_the_same_again(small, place):
    command = script("--method", "default", "--method", "plain", "--method", "post")
    with open("first.log", "w") as log:
        first = subprocess.Popen(command, env=small, stdout=log, stderr=log, start_new_session=True)
    until = time.monotonic() + 300
    while not (done := list(Path("results").rglob("*.json"))) and first.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert done, Path("first.log").read_text()
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in done}
    said = subprocess.run(command, env=small, capture_output=True, text=True)
    assert said.returncode == 0 and "every cell is done" in said.stdout, said.stdout + said.stderr
    assert all((path.read_bytes(), path.stat().st_mtime_ns) == was for path, was in before.items())
    found = read_json(Path("results/digits/plain/1.json"))
    assert found["params"]["phase2.max_weight"] == 1.0 and found["epochs"] == [1, 1, 1] and found["steps"] > 0
    adjusted = read_json(Path("results/digits/post/1.json"))
    assert adjusted["params"]["tau"] in (0.5, 1.0) and adjusted["steps"] == found["steps"]
    said = subprocess.run(script("--check", "1"), env=small, capture_output=True, text=True)
    assert said.returncode == 0 and "the same" in said.stdout, said.stdout + said.stderr
    assert not list(Path("data/scratch").iterdir())

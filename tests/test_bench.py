"""The table of `make bench`: medians with spread, and an honest verdict."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]


def load(name: str):
    """A module of bench/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "bench" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


measure = load("measure")
Figure, Table = measure.Figure, measure.Table


@pytest.mark.parametrize(
    ("values", "limits", "asked"),
    [
        ([1.0, 9.0], {}, ""),
        ([1.0, 1.1, 9.0], {"most": 1.1}, "at most 1.1: kept"),
        ([1.0, 1.11, 1.2], {"most": 1.1}, "at most 1.1: MISSED"),
        ([0.8, 0.9, 1.0], {"least": 0.9}, "at least 0.9: kept"),
        ([0.8, 0.89, 1.0], {"least": 0.9}, "at least 0.9: MISSED"),
        ([0.0], {"most": 0.0}, "at most 0: kept"),
    ],
)
def test_the_median_decides_whether_a_limit_is_kept(values, limits, asked):
    assert Figure("x", values, **limits).asked == asked


def test_a_ratio_is_taken_round_by_round():
    """Both works are slow in the second round: the ratio of their medians would be 20."""
    figure = measure.ratio({"ours": [2.0, 20.0, 40.0], "theirs": [1.0, 10.0, 1.0]}, "ours", "theirs", most=3)
    assert (figure.name, figure.values, figure.asked) == ("ours / theirs", [2.0, 2.0, 40.0], "at most 3: kept")


def test_works_take_turns_and_the_first_round_is_thrown_away():
    done = []
    times = measure.interleave({"a": lambda: done.append("a"), "b": lambda: done.append("b")}, repeats=2)
    assert done == ["a", "b"] * 3 and {name: len(values) for name, values in times.items()} == {"a": 2, "b": 2}


def test_a_table_is_markdown():
    table = Table("Work", [Figure("ours", [2.0, 1.0, 12.0], "s", most=1), Figure("gap", [2e-5])], "A note.")
    assert measure.markdown(table) == (
        "## Work\n\n"
        "|      |  median |  lowest | highest | rounds | asked for         |\n"
        "| ---- | ------: | ------: | ------: | -----: | ----------------- |\n"
        "| ours | 2.000 s | 1.000 s |  12.0 s |      3 | at most 1: MISSED |\n"
        "| gap  | 2.0e-05 | 2.0e-05 | 2.0e-05 |      1 |                   |\n"
        "\nA note.\n"
    )


@pytest.fixture
def curves(monkeypatch):
    """Its neighbours are found beside it, as when it is run."""
    monkeypatch.syspath_prepend(ROOT / "bench")
    return load("curves")


def test_the_results_have_one_row_per_attempt(curves):
    """The second step is tried twice; the third comes to nothing."""
    happened = {
        "steps": 2,
        "losses": [[0, 1.5], [1, None], [1, 2.0], [2, float("nan")]],
        "done": [[1, 2, "out of memory", "micro-batch 8, same step again"], [2, 1, "not finite", "batch skipped"]],
        "recalls": [0.25],
        "ended": "killed",
    }
    run = ["rate x 100", "on"]
    assert curves.rows_of("rate x 100", True, happened) == [
        [*run, 1, 1, "1.5", "", ""],
        [*run, 1, 2, "", "out of memory: micro-batch 8, same step again", ""],
        [*run, 1, 2, "2", "", "0.2500"],
        [*run, 2, 1, "nan", "not finite: batch skipped", ""],
        [*run, "", "", "", "killed", ""],
    ]


@pytest.mark.parametrize(
    ("recalls", "ended", "lost", "verdict"),
    [
        ([0.3, 0.3, 0.4, 0.4, 0.5, 0.5, 0.5], "", "0", "finished"),
        ([0.3, 0.3, 0.4, 0.2, 0.3, 0.4, 0.5], "", "2", "finished"),
        ([0.3, 0.3, 0.4, 0.2, 0.2, 0.2, 0.2], "", "all", "chance"),
        ([0.3, 0.3, 0.4], "epoch 4: loss or gradient is not finite", "-", "not finite"),
    ],
)
def test_epochs_are_lost_until_recall_is_what_it_was_before_the_fault(curves, recalls, ended, lost, verdict):
    """The fault of this name begins once, in epoch 4."""
    rows = [{"epoch": "1", "event": "", "recall": str(recall)} for recall in recalls]
    curve = curves.Curve("rate x 100", "on", rows, ended)
    assert (curve.lost(epochs=7), curve.verdict) == (lost, verdict)


def test_every_bench_can_be_started():
    """Their imports are there; what they measure is shown by running them."""
    names = ", ".join(sorted(path.stem for path in (ROOT / "bench").glob("*.py")))
    code = f"import sys; sys.path.insert(0, 'bench'); import {names}"
    env = {**os.environ, "PYTHONPATH": "src"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("part", ["epoch", "costs", "workers"])
def test_a_bench_of_training_measures_the_committed_settings(part):
    """One round each: what it finds is the machine's, that it runs is promised."""
    code = f"import sys; sys.path.insert(0, 'bench'); import {part}; print([len(t.figures) for t in {part}.tables(1)])"
    env = {**os.environ, "PYTHONPATH": "src"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert all(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def songs(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "bench")
    return load("sections")


def test_padding_is_what_the_longest_of_each_batch_leaves(songs):
    lengths = np.array([1, 3, 2, 2])
    assert songs.padding(lengths, np.arange(4), 2) == pytest.approx(0.2)
    assert songs.padding(lengths, np.array([2, 3, 0, 1, 1]), 2) == pytest.approx(1 - 11 / 13)


def test_the_memory_of_a_script_is_its_own(tmp_path):
    """A parent of 300 MB does not count for a script that does nothing, and a script's own 200 MB do."""
    small, large, fails = (tmp_path / f"{name}.py" for name in ("small", "large", "fails"))
    small.write_text("")
    large.write_text("data = b'x' * 200_000_000")
    fails.write_text("raise SystemExit(3)")
    held = b"x" * 300_000_000
    cost = load("child").cost
    assert len(held) and cost(str(small))[1] < 60 and 190 < cost(str(large))[1] < 250
    with pytest.raises(SystemExit, match="fails.py failed"):
        cost(str(fails))


def test_made_songs_of_vectors_are_read_and_prepared(tmp_path, monkeypatch):
    many = load("many_songs")
    monkeypatch.setattr(many, "LINES", 40)
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs/songs.txt").write_text("made in memory")
    source = many.Source(str(tmp_path / "songs"), many.Made(20))
    many.index(tmp_path, source)
    many.prepared(tmp_path, source)
    many.lyrics(many.Source(str(tmp_path / "songs"), many.Made(1)))
    assert len((tmp_path / "prepared/train/manifest.csv").read_text().splitlines()) > 10


def test_made_songs_are_of_one_length_and_repeat_their_chorus():
    lines, labels = load("many_songs").made(np.random.default_rng(0))
    assert len(lines) == len(labels) == 400 and labels.count("chorus") == 200
    assert lines[20:40] == lines[60:80] == lines[380:400] and lines[:20] != lines[40:60]

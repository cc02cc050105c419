"""The log of stages: one line per run; the last run of each stage for the report and the table."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tailwise.core.stage.run_log import Run, add_run, last_runs

ROOT = Path(__file__).parents[3]


def test_the_last_run_of_a_stage_counts(folder):
    for run in (Run("index", 2.0, 50.0), Run("train", 60.5, 800.0), Run("index", 1.25, 60.0)):
        add_run(folder / ".logs", run)
    assert last_runs(folder / ".logs/stages.csv") == [Run("index", 1.25, 60.0), Run("train", 60.5, 800.0)]
    assert len((folder / ".logs/stages.csv").read_text().splitlines()) == 3


def test_the_script_is_one_assignment_of_json_whatever_a_stage_is_called(folder):
    add_run(folder, Run('a, "b"\n</script>', 1.0, 2.0))
    start, _, value = (folder / "stages.js").read_text().partition(" = ")
    assert start == "window.stageLog" and value.endswith(";\n")
    assert json.loads(value[:-2]) == [{"stage": 'a, "b"\n</script>', "seconds": 1.0, "mb": 2.0}]


def test_lines_of_two_columns_and_lines_cut_short_break_nothing(folder):
    (folder / "stages.csv").write_text("index,2.50\ntrain,60.5,800.0\n\ntra\ntrain,\n")
    assert last_runs(folder / "stages.csv") == [Run("index", 2.5, None), Run("train", 60.5, 800.0)]
    add_run(folder, Run("index", 3.0, 40.0))
    assert last_runs(folder / "stages.csv")[0] == Run("index", 3.0, 40.0)


def test_the_table_of_times_reads_it(folder):
    (folder / ".logs").mkdir()
    (folder / ".logs/stages.csv").write_text("index,2.50\ntrain,60.5,812.6\n")
    command = [sys.executable, ROOT / "bench/times.py"]
    text = subprocess.check_output(command, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, text=True)
    lines = [line.split() for line in text.splitlines() if line.startswith("  ")]
    assert lines == [["index", "2.5", "s"], ["train", "60.5", "s", "813", "MB"], ["all", "63.0", "s"]]

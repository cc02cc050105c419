"""Stages on a processor with other instructions than in their last run."""

import json

import pytest
import torch

from tailwise.core.files import read_json

CAPABILITY = torch.backends.cpu.get_cpu_capability()
OTHER = ["env", "ATEN_CPU_CAPABILITY=default"]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CAPABILITY == "DEFAULT", reason="the processor has no others")]


def said(text):
    return [line for line in text.splitlines() if line.startswith("computing with ")]


def line(now, before):
    had = f"where the recorded run had CPU capability {before}"
    return f"computing with CPU capability {now} {had}: weights and figures may differ in their bytes"


def recorded(project):
    return read_json(project / "reports/training/phase1/run.json")["computing"]["CPU capability"]


@pytest.mark.parametrize("stage", ["train_phase1", "evaluate"])  # of training, and of a trained model
def test_a_stage_says_what_it_computes_with_where_that_has_changed(project, stage):
    again = ["dvc", "repro", "--force", "--single-item", stage]
    assert said(project.run(*again)) == []
    assert said(project.run(*OTHER, *again)) == [line("DEFAULT", CAPABILITY)]
    log = (project / f".logs/events/{stage}.jsonl").read_text().splitlines()
    *_, row = [row for row in map(json.loads, log) if row["event"] == "computing"]  # one before is of the committed run
    assert (row["now"]["CPU capability"], row["before"]["CPU capability"]) == ("DEFAULT", CAPABILITY)
    assert said(project.run(*OTHER, *again)) == []
    assert said(project.run(*again)) == [line(CAPABILITY, "DEFAULT")]


def test_the_record_has_it_and_a_state_saved_with_another_is_not_continued(project):
    stage = ["env", "PYTHONPATH=src", "python3", "-m", "tailwise.core.stage", "stages/train.py"]
    train = [*stage, "tailwise.recipes.fouls", "phase1", "--train", "data/clips/train", "--valid", "data/clips/valid"]
    project.set("phase1.train.epochs", 2)
    project.run(*train)
    assert recorded(project) == CAPABILITY
    assert "already finished" in project.run(*train)
    other = project.run(*OTHER, *train)
    assert "trained to its end" not in other and "resumed" not in other and "phase1 epoch  1/2" in other
    assert recorded(project) == "DEFAULT"

"""The stage `select_model` where params.yaml names one candidate; all of them: the pipelines' own tests."""

import runpy
import sys
from pathlib import Path

import pytest

from tailwise.core.files import read_json, write_text

STAGE = Path(__file__).parents[2] / "stages/select_model.py"
ARGUMENTS = ["tailwise.recipes.fouls", "data/clips/valid", "data/models/selected.safetensors", "selection.json"]


@pytest.mark.parametrize("phase", ["phase1", "phase3"])
def test_the_only_candidate_is_copied_and_nothing_is_measured(folder, monkeypatch, capsys, phase):
    """There is neither a split nor a model to load."""
    for name in ("phase1", "phase2", "phase3"):
        write_text(Path(f"data/models/{name}.safetensors"), f"weights of {name}")
    write_text(Path("params.yaml"), f"selection: {{candidates: [{phase}]}}\n")
    monkeypatch.setattr(sys, "argv", [STAGE.name, *ARGUMENTS, "phase3", "phase2", "phase1"])
    runpy.run_path(str(STAGE), run_name="__main__")
    assert Path("data/models/selected.safetensors").read_text() == f"weights of {phase}"
    selection = read_json(Path("selection.json"))
    assert selection["chosen"] == phase and selection["candidates"] == []
    assert capsys.readouterr().out == f"chosen: {phase}: the only candidate.\n"

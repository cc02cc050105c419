"""Targets by name are checked before training."""

import runpy
import sys
from pathlib import Path

import pytest
import yaml

from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params, section
from tailwise.recipes.sections.recipe import RECIPE
from tailwise.recipes.sections.source import Source

ROOT = Path(__file__).parents[3]
PIPELINE = ROOT / "pipelines/sections"
SECONDS = {"kind": "billboard", "window": 0.5, "classes": {"verse": ["verse"], "chorus": ["chorus"]}}


def known(reader: dict) -> list[str] | None:
    params = read_params(PIPELINE / "params.yaml")
    data = section({"data": {**params["data"], "root": "data/own", "reader": reader}}, "data", Source)
    return RECIPE.figure_names(type("Params", (), {"data": data}))


def test_all_figures_of_a_run_are_known_before_it():
    """Of lyrics by positions, of audio by seconds; those that the committed run has."""
    names = known(read_params(PIPELINE / "params.yaml")["data"]["reader"])
    assert {"boundaries.f1_1", "section.recall.chorus", "calibration.above_95", "structure.section_f1"} < set(names)
    timed = known(SECONDS)
    assert "boundaries.song_f1_0.5s" in timed and "boundaries.f1_1" not in timed
    assert known({"kind": "jams", "window": 0.5, "split": None}) is None, "its classes are known with the songs"


@pytest.mark.parametrize(("bound", "name"), [("above", "boundaries.f1_3"), ("below", "calibration.above_96")])
def test_a_target_on_a_figure_that_there_is_not_is_refused_by_check(tmp_path, monkeypatch, bound, name):
    params = read_params(PIPELINE / "params.yaml")
    params["certificate"][bound] = {name: 0.5}
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    monkeypatch.setattr(sys, "argv", ["check.py", "tailwise.recipes.sections"])
    with pytest.raises(UserError) as refused:
        runpy.run_path(str(ROOT / "stages/check.py"), run_name="__main__")
    said = str(refused.value)
    assert said.startswith(f"certificate.{bound}: the pipeline has no figure {name!r}; did you mean ")
    assert "section.macro_recall" in said and "\n" not in said and not Path("data").exists()

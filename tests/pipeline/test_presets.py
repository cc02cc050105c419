"""A preset applies to the committed params, and gives a pipeline that DVC can read."""

import re

import pytest

from support.pipeline.project import ROOT, STAGES, new_project
from support.pipeline.terminal import command, run
from tailwise.core.params.config import read_params
from tailwise.engine.checkpoint.weights import read_tensors, write_weights

PRESETS = ["frozen", "heads", "soccernet"]
"""Two that ask for stages of features, and one that asks for none."""


def params_of(project) -> dict:
    return read_params(project / "params.yaml")


def test_no_other_preset_asks_for_stages():
    asking = [path.stem for path in (ROOT / "presets").glob("*.yaml") if "features" in read_params(path)]
    assert sorted(asking) == PRESETS[:2]


@pytest.mark.slow  # that the params of all are valid: cli/test_preset
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_passes_the_check_and_its_graph_resolves(name, home, tmp_path):
    project = new_project(tmp_path / "project", home)
    project.write("params.yaml", (ROOT / "params.yaml").read_text(encoding="utf8"))
    project.preset(name)
    project.write(f"{params_of(project)['data']['root']}/README", "clips go here")
    assert project.repro("check") == ["check"]
    listed = project.read("dvc", "stage", "list", "--name-only").split()
    asked = [f"extract_{key}@{of}" for key in ("start", "after") for of in params_of(project)["features"][key]]
    assert [stage for stage in listed if "@" not in stage] == STAGES and set(listed) - set(STAGES) == set(asked)
    graph = project.read("dvc", "dag", "--dot", "report")
    assert '"index" -> "decode_clips"' in graph


@pytest.mark.slow
def test_a_phase_after_a_simpler_model_took_over_trains_that_one_whole(project):
    """What the phase names is of the progressive model, whose second level the simplified one does not have."""
    project.preset("progressive")
    weights = project / "data/models/phase1.safetensors"
    tensors, spec = read_tensors(weights)
    asked = {**spec, "model": {**spec["model"], "variant": {"kind": "progressive", "dropout": 0.3}}}
    write_weights(weights, tensors, spec, asked)
    done = run(project, ["sh", "-c", command(project, "train_phase2")])
    assert done.returncode == 0, done.stderr
    assert re.search(r"fusion +([\d,]+) parameters, \1 trainable", done.stdout)
    _, found = read_tensors(project / "data/models/phase2.safetensors")
    assert found == {**spec, "instead_of": asked}

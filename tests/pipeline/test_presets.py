"""Every preset can be applied to the params as they are committed, and gives a pipeline that DVC can read."""

import pytest

from project import ROOT, STAGES, new_project
from tailwise.core.config import read_params

pytestmark = pytest.mark.slow
PRESETS = sorted(path.stem for path in (ROOT / "presets").glob("*.yaml"))


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_passes_the_check_and_its_graph_resolves(name, home, tmp_path):
    project = new_project(tmp_path / "project", home)
    project.write("params.yaml", (ROOT / "params.yaml").read_text(encoding="utf8"))
    project.preset(name)
    project.write(f"{read_params(project / 'params.yaml')['data']['root']}/README", "clips go here")
    assert project.repro("check") == ["check"]
    assert project.read("dvc", "stage", "list", "--name-only").split() == STAGES
    graph = project.read("dvc", "dag", "--dot", "report")
    assert '"index_clips" -> "decode_clips"' in graph

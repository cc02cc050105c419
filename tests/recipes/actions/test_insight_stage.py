"""The stage `insight` on a small split, and the section of the report that shows what it wrote."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import yaml

from support.params import with_values
from support.video.actions import CLASSES, HEAD, STREAMS, write_tokens
from tailwise.core.files import read_json, write_json
from tailwise.core.params.config import read_params, sections
from tailwise.engine.checkpoint.weights import write_weights
from tailwise.recipes.actions.report.page import ActionsPage
from tailwise.recipes.actions.task import Config, build
from tailwise.reporting.render import environment

FOLDER = Path(__file__).parents[3] / "pipelines/actions"
SMALL = {"streams.motion.width": 8, "model.width": 16, "model.fusion.heads": 2, "training.threads": 1}


@pytest.fixture
def written(tmp_path, monkeypatch) -> dict:
    """reports/insight.json of an untrained model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    params = with_values(read_params(FOLDER / "params.yaml"), SMALL)
    Path("params.yaml").write_text(yaml.safe_dump(params))
    torch.manual_seed(1)
    config = sections(params, Config)
    streams = config.model.build(config.streams, (HEAD,), (4, 2)).streams
    origins = {name: streams.origin(name) for name in STREAMS.dims}
    for split, clips, flipped in (("train", 24, (False, True)), ("valid", 9, (False,))):
        write_tokens(Path("data/features", split), clips, flipped, origins)
    write_json(Path("data/index/heads.json"), {HEAD.name: list(CLASSES)})
    task = build(config, (HEAD,), None, Path("data/features/valid"), seed=1)
    write_weights(Path("weights.safetensors"), task.model.state_dict(), task.spec, task.spec)
    spec = importlib.util.spec_from_file_location("actions_insight", FOLDER / "insight.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["insight.py", "weights.safetensors", "reports/insight.json"])
    module.main()
    return read_json(Path("reports/insight.json"))


def test_it_has_both_streams_and_the_report_shows_them(written):
    found = written["action"]
    assert found["quality"]["motion"]["linear"] == 1 and found["quality"]["semantic"]["width"] == 1280
    assert list(found["classes"]) == sorted(CLASSES, key=CLASSES.index) and found["clips"] == 9
    own = {"insight": {"action": found}}
    html = environment(ActionsPage()).get_template("own/streams.html").render(own=SimpleNamespace(**own))
    assert html.count("<tr data-label=") == len(CLASSES) and html.count("<td>motion</td>") == 2
    assert ActionsPage().payload(own)["insight"] == own["insight"]

"""The stage that certifies a model, on a few fouls."""

import runpy
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from helpers import make_run
from tailwise import metrics
from tailwise.core.config import read_params
from tailwise.core.files import read_json, write_json
from tailwise.engine.evaluate import answer
from tailwise.engine.weights import read_tensors, write_weights
from tailwise.models.variants import Dual
from trained import CONFIG, HEADS, film_split, store_of, trained

ROOT = Path(__file__).parents[2]
VIEWS = {str(number): 1 + number % 2 for number in range(4)}
WEIGHTS = Path("w.safetensors")


@pytest.fixture
def task(folder):
    """A working folder with what `certify` reads: 4 fouls of one match, all of them dives and red cards."""
    store_of(film_split(folder / "raw", VIEWS), VIEWS, folder / "data/clips/test")
    write_json(folder / "data/index/heads.json", {head.name: list(head.classes) for head in HEADS})
    for name in ("requirements.txt", "reports/config.yaml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("")
    return trained(folder / "data/clips/test", folder / WEIGHTS)


def certified(monkeypatch, model):
    """The certificate, with params that ask for this model."""
    params = {**read_params(ROOT / "params.yaml"), "model": asdict(model)}
    params["training"]["threads"] = 1
    Path("params.yaml").write_text(yaml.safe_dump(params))
    monkeypatch.setattr(
        sys, "argv", ["certify.py", "tailwise.recipes.fouls", str(WEIGHTS), "data/clips/test", "c.json"]
    )
    runpy.run_path(str(ROOT / "stages/certify.py"), run_name="__main__")
    return read_json(Path("c.json"))


def test_a_certificate_has_the_figures_of_the_split_and_what_they_cannot_tell(task, monkeypatch):
    made = certified(monkeypatch, CONFIG.model)
    recalls = {name: metrics.recall(of_head.matrix) for name, of_head in answer(task, make_run()).items()}
    assert made["figures"]["leaderboard"] == pytest.approx(100 * np.mean([metrics.macro(r) for r in recalls.values()]))
    verdicts = {row["figure"]: row["verdict"] for row in made["targets"] if row["head"] == "action"}
    assert len(verdicts) == 3 + len(HEADS[0].classes) and set(verdicts.values()) - {"undecided"} <= {verdicts["loss"]}
    assert "Only 1 group(s): too few for intervals to mean anything." in made["limits"]
    assert "action: 4 samples of Dive: not a measurement." in made["limits"]
    assert made["bootstrap"]["groups"] == 1 and list(made["hashes"]) == ["data", "params", "code", "weights"]
    assert not any("simpler" in limit for limit in made["limits"])


def test_it_tells_that_a_simpler_model_took_over(task, monkeypatch):
    model = replace(CONFIG.model, variant=Dual(0.0, "dual"))
    tensors, spec = read_tensors(WEIGHTS)
    write_weights(WEIGHTS, tensors, spec, {**spec, "model": asdict(replace(model, backbone=model.backbone.bare()))})
    told = "A simpler model took over in training from the one that was asked for: "
    assert f"{told}model.variant.kind is simplified, not dual." in certified(monkeypatch, model)["limits"]

"""The stage predict_teacher on a tiny split of each pipeline: what it keeps, in the same bytes, and what it refuses."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from support.exported_splits import ROOT, SMALL, WEIGHTS, write_pipeline
from support.helpers import make_phase, make_run
from tailwise.core.errors import UserError
from tailwise.core.files import write_json
from tailwise.core.params.config import read_params, sections
from tailwise.engine.checkpoint.weights import read_tensors, write_weights
from tailwise.engine.evaluate.inputs import read_heads
from tailwise.engine.evaluate.teacher import FILE, read_answers
from tailwise.engine.train.loop import train_phase
from tailwise.ensemble.members import Member
from tailwise.ensemble.write import write_ensemble
from tailwise.losses.head.distil import Distil, softened_divergence
from tailwise.recipes.fouls.loss import view_logits
from tailwise.recipes.recipe import load_recipe

HEADS = Path("data/index/heads.json")


@pytest.fixture
def pipeline(folder):
    """(name) -> its tiny split, with everything that the stage reads in the working folder."""

    def make(name: str) -> Path:
        write_json(HEADS, {head.name: list(head.classes) for head in SMALL[name][2]})
        return write_pipeline(name)

    return make


def asked(monkeypatch, name: str, split: Path, out: str, teacher: Path = WEIGHTS) -> bytes:
    monkeypatch.setattr(sys, "argv", ["ask", f"tailwise.recipes.{name}", str(teacher), str(split), out])
    runpy.run_path(str(ROOT / "stages/predict_teacher.py"), run_name="__main__")
    return (Path(out) / FILE).read_bytes()


def task_of(name: str, split: Path):
    recipe = load_recipe(f"tailwise.recipes.{name}")
    return recipe.build(sections(read_params(), recipe.config()), read_heads(HEADS), None, split, 1)


def changed(key: str, value) -> None:
    """Another value in params.yaml."""
    params = yaml.safe_load(Path("params.yaml").read_text())
    *parents, last = key.split(".")
    place = params
    for each in parents:
        place = place[each]
    place[last] = value
    Path("params.yaml").write_text(yaml.safe_dump(params))


@pytest.mark.parametrize("name", [name for name in SMALL if name != "actions"])
def test_the_same_teacher_gives_the_same_bytes_and_they_are_its_answers(pipeline, monkeypatch, name):
    split = pipeline(name)
    assert asked(monkeypatch, name, split, "one") == asked(monkeypatch, name, split, "two")
    task = task_of(name, split)
    task.model.load_state_dict(read_tensors(WEIGHTS)[0])
    task.model.eval()
    found = read_answers(Path("one"), task.heads, task.valid)
    batch = task.valid.collate([task.valid[i] for i in range(3)])
    with torch.no_grad():
        outputs = task.model(**batch.inputs)
    for head in task.heads:
        logits = outputs[head.name]
        positions = logits.shape[1] if logits.ndim > 2 else None
        wanted, rows = logits.log_softmax(-1), found[head.name].of(torch.arange(3), positions)
        labelled = batch.targets[head.name] >= 0 if positions else torch.ones(3, dtype=torch.bool)
        assert torch.allclose(rows[labelled], wanted[labelled], atol=1e-4)


def test_features_of_other_streams_than_the_teachers_are_refused(pipeline, monkeypatch):
    """Those of this split are of no streams at all."""
    with pytest.raises(UserError, match="features of other streams than this model's"):
        asked(monkeypatch, "actions", pipeline("actions"), "out")


def test_an_ensemble_is_a_teacher_and_so_is_a_larger_model(pipeline, monkeypatch):
    split = pipeline("fouls")
    alone = asked(monkeypatch, "fouls", split, "alone")
    changed("model.backbone.width", 24)
    larger = task_of("fouls", split)
    write_weights(Path("larger.safetensors"), larger.model.state_dict(), larger.spec, larger.spec)
    changed("model.backbone.width", 8)  # of the student
    members = [
        Member(name, None, {}, str(file), file) for name, file in (("a", WEIGHTS), ("b", Path("larger.safetensors")))
    ]
    write_ensemble(Path("e/ensemble.json"), members, np.array([0.25, 0.75]), {})
    found = asked(monkeypatch, "fouls", split, "larger", Path("larger.safetensors"))
    both = asked(monkeypatch, "fouls", split, "both", Path("e/ensemble.json"))
    assert len({alone, found, both}) == 3
    names, every = task_of("fouls", split), torch.arange(12)
    one, two, mean = (read_answers(Path(out), names.heads, names.valid) for out in ("alone", "larger", "both"))
    for head in ("action", "severity"):
        p, q, r = (of[head].of(every, None).double().exp() for of in (one, two, mean))
        assert torch.allclose(r, 0.25 * p + 0.75 * q, atol=1e-6)
    write_weights(Path("e/member-2.safetensors"), names.model.state_dict(), names.spec, names.spec)
    with pytest.raises(
        UserError, match="member-2.safetensors: is not the file that e/ensemble.json names by its sha256"
    ):
        asked(monkeypatch, "fouls", split, "again", Path("e/ensemble.json"))


def test_a_foul_and_its_views_move_towards_the_teachers_answers(pipeline, monkeypatch):
    """After a phase that learns from the teacher alone: the whole fouls, or nothing but their views."""
    split = pipeline("fouls")
    asked(monkeypatch, "fouls", split, "teacher")
    recipe = load_recipe("tailwise.recipes.fouls")

    def distances(how, **weights: float) -> tuple[float, float]:
        """Mean divergence from the teacher's answers, of the fouls and of their views, in training."""
        task = recipe.build(sections(read_params(), recipe.config()), read_heads(HEADS), split, split, 1)
        answers = read_answers(Path("teacher"), task.heads, task.samples)
        phase = make_phase(epochs=6, lr=5e-3, distil=how, loss_weights=weights, hand_over="last")
        train_phase(task, phase, range(12), {}, make_run(batch_size=4), answers=answers)
        task.model.train()
        batch, rows = task.samples.collate([task.samples[i] for i in range(12)]), answers["action"]
        batch = task.prepare(batch, 0.0, np.zeros((12, 4), np.int64))
        with torch.no_grad():
            outputs = task.model(**batch.inputs)
        (alone,) = [part for part in view_logits(outputs, batch) if part.head == "action"]
        of_fouls = softened_divergence(outputs["action"], rows.of(torch.arange(12), None), 1.0)
        return of_fouls.mean().item(), softened_divergence(alone.logits, rows.of(alone.sample, None), 1.0).mean().item()

    labels, fouls = distances(None, per_view=0.5), distances(Distil(1.0))
    views = distances(Distil(1.0), action=0.0, severity=0.0, per_view=1.0)  # nothing else is learned
    assert fouls[0] < labels[0] / 2 and views[1] < labels[1] / 2


def test_a_teacher_of_another_window_is_refused(pipeline, monkeypatch):
    split = pipeline("fouls")
    tensors, spec = read_tensors(WEIGHTS)
    write_weights(WEIGHTS, tensors, {**spec, "window": {**spec["window"], "centre": 3}}, spec)
    with pytest.raises(UserError, match="a teacher of another window than this pipeline's"):
        asked(monkeypatch, "fouls", split, "out")
    assert not Path("out").exists()


def test_a_teacher_of_other_classes_or_of_another_pipeline_is_one_line(pipeline, monkeypatch):
    split = pipeline("fouls")
    write_json(HEADS, {head.name: [*head.classes, "new"] for head in SMALL["fouls"][2]})
    with pytest.raises(
        UserError, match="a teacher of other classes of action: Holding, Dive there, Holding, Dive, new"
    ):
        asked(monkeypatch, "fouls", split, "out")
    tensors, spec = read_tensors(WEIGHTS)
    write_weights(WEIGHTS, tensors, {**spec, "recipe": "logos"}, {**spec, "recipe": "logos"})
    command = [sys.executable, "-m", "tailwise.core.stage", str(ROOT / "stages/predict_teacher.py")]
    given = ["tailwise.recipes.fouls", str(WEIGHTS), str(split), "out"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([*command, *given], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert f"{WEIGHTS}: a teacher of another recipe than this pipeline's" in done.stderr


def test_a_teacher_that_needs_what_the_samples_do_not_have_is_refused(pipeline, monkeypatch):
    split = pipeline("fouls")
    spec = read_tensors(WEIGHTS)[1]
    spec = {**spec, "model": {**spec["model"], "metadata": ["camera"]}}
    asking, _ = load_recipe("tailwise.recipes.fouls").from_specification(spec)
    write_weights(Path("asks.safetensors"), asking.state_dict(), spec, spec)
    with pytest.raises(UserError, match="the teacher cannot take the samples as this pipeline reads them: .* metadata"):
        asked(monkeypatch, "fouls", split, "out", Path("asks.safetensors"))


def test_where_weights_alone_make_no_model_the_teacher_is_the_model_of_params(pipeline, monkeypatch):
    """As in a pipeline of its own that cannot predict from files."""
    from tailwise.recipes.fouls.recipe import Fouls
    from tailwise.recipes.recipe import Recipe

    split = pipeline("fouls")
    whole = asked(monkeypatch, "fouls", split, "whole")
    monkeypatch.delattr(Fouls, "from_specification")
    assert Fouls.from_specification is Recipe.from_specification
    assert asked(monkeypatch, "fouls", split, "own") == whole
    changed("model.backbone.width", 24)
    with pytest.raises(UserError, match="weights of another model: model.backbone.width is 8 there, 24 here"):
        asked(monkeypatch, "fouls", split, "own")

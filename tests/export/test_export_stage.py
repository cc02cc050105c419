"""The stage `export`: the same inputs give the same bytes, and params.yaml is checked before anything is trained."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from support.exported_splits import ROOT, SMALL, WEIGHTS, write_pipeline
from support.exporting import differing
from support.params import with_values
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params, section
from tailwise.evaluation.calibration.fitted import Temperature, write_calibration
from tailwise.recipes import exports
from tailwise.recipes.recipe import load_recipe

STAGE = ROOT / "stages/export.py"
FORMS = ["onnx", *(pytest.param(form, marks=pytest.mark.slow) for form in ("onnx-int8", "torchscript", "torch-export"))]


def run_stage(name, split, form, out, *more) -> subprocess.CompletedProcess:
    """In a process of its own, as DVC runs it."""
    given = [f"tailwise.recipes.{name}", str(WEIGHTS), str(split), form, out, *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "tailwise.core.stage", str(STAGE), *given]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def contents(model: Path) -> list[bytes]:
    """Of a file, or of those in it where it is a zip."""
    if not zipfile.is_zipfile(model):
        return [model.read_bytes()]
    with zipfile.ZipFile(model) as files:
        return [files.read(name) for name in files.namelist()]


@pytest.mark.parametrize("form", FORMS)
def test_it_writes_the_same_bytes_twice_without_paths_or_times(folder, form):
    plain, precision = exports.parts_of(form)
    for needed in exports.PACKAGES[plain]:
        pytest.importorskip(needed, reason="needs requirements-export.txt")
    split = write_pipeline("logos")
    write_calibration(Path("c.json"), {"kind": Temperature("temperature", SMALL["logos"][2][0].classes, 2.0)})
    for out in ("one", "two"):
        done = run_stage("logos", split, form, out, "--calibration", "c.json")
        assert done.returncode == 0, done.stderr
        assert "split valid: 14 samples" in done.stdout
    assert list(differing(Path("one"), Path("two"))) == []
    card = json.loads(Path("one/card.json").read_text())
    assert (card["format"], card["precision"]) == (plain, precision)
    assert card["calibration"]["kind"]["temperature"] == 2 and card["parity"]["samples"] == 14
    places = [str(path).encode() for path in (folder, ROOT)]
    assert not any(place in content for content in contents(Path("one") / card["file"]) for place in places)
    texts = [file.read_text() for file in Path("one").iterdir() if file.suffix in (".json", ".md", ".py")]
    assert not any(str(folder) in text or str(ROOT) in text or " ms" in text for text in texts)


def test_a_clip_store_without_samples_is_one_line(folder):
    split = write_pipeline("logos")
    lines = (split / "manifest.csv").read_text().splitlines()
    (split / "manifest.csv").write_text(lines[0] + "\n")
    done = run_stage("logos", split, "torchscript", "out")
    assert done.returncode == 1 and not Path("out").exists()
    assert "the split valid has no samples" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", SMALL)
def test_every_pipeline_exports_its_selected_model_where_formats_ask_for_it(name):
    place = ROOT / SMALL[name][0]
    stage = yaml.safe_load((place / "dvc.yaml").read_text())["stages"]["export"]
    assert stage["matrix"] == {"format": "${export.formats}"} and str(WEIGHTS) in stage["deps"]
    assert stage["outs"] == ["data/exported/${item.format}"]
    assert read_params(place / "params.yaml")["export"] == {"formats": []}


def read(name, formats):
    params = with_values(read_params(ROOT / SMALL[name][0] / "params.yaml"), {"export.formats": formats})
    return section(params, "", load_recipe(f"tailwise.recipes.{name}").params())


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(
    ("formats", "said"),
    [
        (
            ["onnx", "tensorflow"],
            "'tensorflow' is unknown; there are onnx, torchscript, torch-export, onnx-fp16",
        ),
        (["onnx", "onnx"], "formats names a format twice"),
        ("onnx", "export.formats"),
    ],
)
def test_wrong_formats_are_one_line(name, formats, said):
    with pytest.raises(UserError, match="params.yaml: .*export") as found:
        read(name, formats)
    assert said in str(found.value) and "\n" not in str(found.value)


@pytest.mark.parametrize("name", SMALL)
def test_absent_packages_are_named_before_anything_is_trained(name, monkeypatch):
    monkeypatch.setattr(exports, "find_spec", lambda package: None)
    recipe, plain = load_recipe(f"tailwise.recipes.{name}"), read(name, [])
    recipe.check_inputs(plain)
    with pytest.raises(UserError, match="export.formats onnx needs the package onnx, which is absent: python3 -m pip"):
        recipe.check_inputs(read(name, ["onnx"]))
    recipe.check_inputs(read(name, ["torchscript"]))

"""The card that the stage `export` writes tells what the stage depends on, and is the one of `tailwise export`."""

import gzip
import json
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from support.exported_splits import ROOT, SMALL, WEIGHTS, write_pipeline
from support.exporting import differing
from support.pipeline.project import Project, ran
from tailwise.core.files import write_json
from tailwise.evaluation.calibration.fitted import Temperature, write_calibration
from tailwise.export.write.provenance import entries, is_data, made, read_stages

CODE = ("src/", "stages/", "requirements", "../")
CALIBRATION, CERTIFICATE = "data/calibration.json", "reports/certificate.json"
FIGURES = {"verdicts": {"pass": 1, "fail": 0}, "targets": [{"head": "kind", "figure": "macro_recall", "value": 0.9}]}
TRAINED = Path("data/models/phase1.safetensors")


def defined(place: Path) -> dict:
    return yaml.safe_load((ROOT / place / "dvc.yaml").read_text())


def card_deps(stage: dict) -> set[str]:
    """What a stage depends on besides code, requirements and raw data."""
    return {dep for dep in stage["deps"] if not dep.startswith((*CODE, "${"))}


@pytest.mark.parametrize("name", SMALL)
def test_the_stage_depends_on_what_its_card_tells_and_on_the_split(name):
    """Whichever phase was selected: the data that the dvc.lock has of it are the same paths."""
    place = Path(SMALL[name][0])
    stages, stage = read_stages(ROOT / place / "dvc.lock"), defined(place)["stages"]["export"]
    phases = [of for name, of in stages.items() if re.fullmatch("train_phase[0-9]", name)]
    read = [{path for path in entries(of, "deps") if is_data(path)} for of in phases]
    assert len(read) >= 3 and all(paths == read[0] for paths in read)
    assert card_deps(stage) == read[0] | {str(WEIGHTS), CALIBRATION, CERTIFICATE}
    assert "--calibration data/calibration.json --lock dvc.lock" in " ".join(stage["cmd"].split())


def test_a_teacher_is_no_training_data():
    assert is_data("data/clips/train") and not is_data("data/teachers/none")


@pytest.mark.parametrize("name", SMALL)
def test_the_selected_model_has_a_stage_that_wrote_it(name):
    stages = read_stages(ROOT / SMALL[name][0] / "dvc.lock")
    [digest] = [entries(of, "outs")[str(WEIGHTS)] for of in stages.values() if str(WEIGHTS) in entries(of, "outs")]
    assert [name for name, of in stages.items() if made(of, digest)]


@pytest.fixture
def pipeline(folder, monkeypatch) -> Project:
    """The stage `export` of logos as it is, without its code, after stubs of the stages that it depends on."""
    monkeypatch.chdir(folder)
    split = write_pipeline("logos")
    shutil.copytree(split, split.with_name("train"))
    Path("trained.gz").write_bytes(gzip.compress(WEIGHTS.read_bytes()))
    write_json(Path("data/index/heads.json"), {"kind": ["a"]})
    write_json(Path("figures.json"), FIGURES)
    write_calibration(Path(CALIBRATION), {"kind": Temperature("temperature", SMALL["logos"][2][0].classes, 2.0)})
    stage = dict(defined(Path(SMALL["logos"][0]))["stages"]["export"])
    stage["cmd"] = stage["cmd"].replace("../../stages", str(ROOT / "stages"))
    stage["deps"] = sorted(card_deps(stage))
    data = [str(split), str(split.with_name("train")), "data/index/heads.json"]
    stages = {
        "train_phase1": {
            "cmd": f"gunzip -c trained.gz > {TRAINED}",
            "deps": ["trained.gz", *data],
            "outs": [str(TRAINED)],
        },
        "select_model": {"cmd": f"cp {TRAINED} {WEIGHTS}", "deps": [str(TRAINED)], "outs": [str(WEIGHTS)]},
        "certify": {
            "cmd": f"cp figures.json {CERTIFICATE}",
            "deps": ["figures.json", str(WEIGHTS)],
            "outs": [{CERTIFICATE: {"cache": False}}],
        },
        "export": stage,
    }
    run = f"env PYTHONPATH={ROOT / 'src'} {sys.executable} -m tailwise.core.stage"
    variables = [{"run": run, "recipe": "tailwise.recipes.logos"}]
    Path("dvc.yaml").write_text(yaml.safe_dump({"vars": variables, "stages": stages}, width=1000))
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["export"] = {"formats": ["torchscript"]}
    Path("params.yaml").write_text(yaml.safe_dump(params))
    WEIGHTS.unlink()
    Path("reports").mkdir(exist_ok=True)
    made = Project(folder, folder / "home")
    made.run("dvc", "init", "--no-scm", "--quiet")
    return made


@pytest.mark.slow
def test_the_stage_runs_again_for_what_its_card_tells_and_tells_what_the_command_tells(pipeline):
    assert ran(pipeline.run("dvc", "repro"))[-1] == "export@torchscript"
    card = json.loads(Path("data/exported/torchscript/card.json").read_text())
    assert card["certificate"] == FIGURES and card["calibration"]["kind"]["temperature"] == 2
    lock = pipeline.lock()["train_phase1"]["deps"]
    data = {dep["path"]: dep["md5"] for dep in lock if dep["path"] != "trained.gz"}
    assert len(data) == 3 and card["training"] == {"stage": "train_phase1", "data_md5": data}
    assert ran(pipeline.run("dvc", "repro")) == []

    same_as_command(pipeline)
    write_json(Path("figures.json"), {**FIGURES, "verdicts": {"pass": 0, "fail": 1}})
    assert ran(pipeline.run("dvc", "repro")) == ["certify", "export@torchscript"]
    same_as_command(pipeline)
    assert json.loads(Path("data/exported/torchscript/card.json").read_text())["certificate"]["verdicts"]["fail"] == 1

    write_json(Path("data/index/heads.json"), {"kind": ["b"]})  # the same weights of other data
    assert ran(pipeline.run("dvc", "repro")) == ["train_phase1", "export@torchscript"]
    found = json.loads(Path("data/exported/torchscript/card.json").read_text())["training"]["data_md5"]
    assert {path for path in data if found[path] != data[path]} == {"data/index/heads.json"}


def same_as_command(pipeline: Project) -> None:
    """`tailwise export` with the same split and calibration writes the same files."""
    given = ["--weights", str(WEIGHTS), "--to", "torchscript", "--out", "out", "--calibration", CALIBRATION]
    python = ["env", f"PYTHONPATH={ROOT / 'src'}", sys.executable, "-m", "tailwise"]
    pipeline.run(*python, "export", *given, "--check", "data/prepared/valid")
    assert list(differing(Path("out"), Path("data/exported/torchscript"))) == []

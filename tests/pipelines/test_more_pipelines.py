"""Pipelines by shared stages alone: a contrastive one without heads, and what `make new-pipeline` writes."""

import sys
from pathlib import Path

import pytest

from support.once import once
from support.pipelines import ROOT, call, start, started
from tailwise.core.files import read_csv, read_json

sys.path.insert(0, str(ROOT / "tools"))
from new_pipeline import check_name, named, write_pipeline  # noqa: E402

CONTRAST, SHAPES = "pipelines/contrast", "pipelines/shape_finder"


@pytest.mark.slow
def test_a_phase_without_heads_labels_or_boost_trains_and_is_evaluated(tmp_path):
    start(tmp_path, "tests/pipelines/contrast", CONTRAST)
    stages = ["check", "make_demo", "index", "train_phase1", "evaluate"]
    assert started(call("dvc", "repro", cwd=tmp_path / CONTRAST)) == stages
    assert read_json(tmp_path / CONTRAST / "data/index/heads.json") == {}
    assert read_json(tmp_path / CONTRAST / "reports/metrics.json")["retrieval"] > 0.9
    assert started(call("dvc", "repro", cwd=tmp_path / CONTRAST)) == []


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A repository with a new pipeline, reproduced as its new owner would; said.txt: what the commands printed"""

    def make(folder: Path) -> None:
        start(folder)
        (folder / ".venv").mkdir()
        (folder / ".venv/ready").touch()  # `make setup` has been run
        said = call("make", "new-pipeline", "NAME=shape_finder", cwd=folder)
        params = folder / SHAPES / "params.yaml"
        params.write_text(params.read_text().replace("formats: []", "formats: [torchscript]"))
        (folder / "said.txt").write_text(said + call("dvc", "repro", cwd=folder / SHAPES))

    return once(tmp_path_factory, "new_pipeline", make)


@pytest.mark.slow
def test_a_new_pipeline_runs_to_its_report_and_learns(made):
    said = (made / "said.txt").read_text()
    assert "next: . .venv/bin/activate && cd pipelines/shape_finder && dvc repro" in said
    assert {"train_phase1", "intervals", "certify", "report"} <= set(started(said))
    assert read_json(made / SHAPES / "reports/metrics.json")["shape"]["macro_recall"] > 0.9
    assert (made / SHAPES / "reports/report.html").stat().st_size > 10_000
    assert read_json(made / SHAPES / "reports/certificate.json")["verdicts"]["fail"] == 0


@pytest.mark.slow
def test_a_new_pipeline_weighs_the_classes_of_its_table(made):
    rows = read_csv(made / SHAPES / "data/images/train/manifest.csv")
    counts = read_json(made / SHAPES / "reports/classes.json")["train"]["shape"]
    assert counts == {name: sum(row["shape"] == name for row in rows) for name in ("bar", "dot", "pole")}


@pytest.mark.slow
def test_a_new_pipeline_exports_its_model_with_data_and_certificate_in_the_card(made):
    assert "export@torchscript" in started((made / "said.txt").read_text())
    card = read_json(made / SHAPES / "data/exported/torchscript/card.json")
    assert card["package"] == card["recipe"] == "shape_finder" and card["training"]["stage"] == "train_phase1"
    assert set(card["training"]["data_md5"]) == {
        *("data/images/train", "data/images/valid", "data/index/heads.json", "data/raw"),
    }
    assert card["certificate"]["targets"] == read_json(made / SHAPES / "reports/certificate.json")["targets"]
    heads = card["parity"]["heads"]
    assert card["parity"]["samples"] == 100 and heads["shape"]["differing"] == heads["shape"]["ties"]


@pytest.mark.slow
def test_its_own_test_passes(made):
    env = ["env", "PYTHONPATH=../../src", "python3", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    assert "3 passed" in call(*env, "test_shape_finder.py", cwd=made / SHAPES)


def test_nothing_of_the_template_is_left_in_it(tmp_path):
    files = write_pipeline("song_tags", tmp_path)
    assert (tmp_path / "song_tags/song_tags/recipe.py") in files and len(files) >= 8
    for file in files:
        assert "template" not in file.read_text().lower() and "template" not in file.relative_to(tmp_path).as_posix()
    assert "class SongTags(Recipe)" in (tmp_path / "song_tags/song_tags/recipe.py").read_text()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Songs", "lower-case letters"),
        ("2d", "lower-case letters"),
        ("class", "lower-case letters"),
        ("../x", "lower-case letters"),
        ("taken", "exists already"),
        ("json", "installed package"),
        ("torch", "installed package"),
        ("tailwise", "installed package"),
    ],
)
def test_a_name_that_cannot_be_is_refused(name, said, tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(ValueError, match=said):
        check_name(name, tmp_path)


def test_texts_are_renamed_in_both_spellings():
    assert named("class Template: template.images", "song_tags") == "class SongTags: song_tags.images"

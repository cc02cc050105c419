"""``tailwise export --check``: every sample of a prepared split is answered by both models, for each pipeline."""

import json
from pathlib import Path

import numpy as np
import pytest

from support.exported_splits import WEIGHTS, write_pipeline
from tailwise.cli.main import main
from tailwise.export.write import export as writing

for needed in ("onnxscript", "onnxruntime"):
    pytest.importorskip(needed, reason="needs requirements-export.txt")

COUNTS = {"fouls": (12, 12), "sections": (9, None), "logos": (14, 14), "actions": (10, 10)}
"""{pipeline: (samples, answers of a head, None for one a position)}"""
QUICK = ("sections", "logos")


def export(split, *more, to="onnx", out="out") -> int:
    return main(["export", "--weights", str(WEIGHTS), "--to", to, "--out", out, "--check", str(split), *more])


@pytest.mark.parametrize("to", ["onnx", pytest.param("torchscript", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in COUNTS]
)
def test_all_samples_of_the_split_get_the_same_answers(folder, capsys, name, to):
    split = write_pipeline(name)
    assert export(split, to=to) == 0
    printed, card = capsys.readouterr().out, json.loads(Path("out/card.json").read_text())
    samples, answers = COUNTS[name]
    parity = card["parity"]
    assert parity["split"] == "valid" and parity["samples"] == samples and parity["largest_difference"] < 1e-4
    assert set(parity["heads"]) == {head["name"] for head in card["heads"]}
    for head, found in parity["heads"].items():
        assert found["differing"] == found["ties"] == 0 and found["answers"] > 0
        assert answers is None or found["answers"] == answers
        assert found["trained"] == found["exported"] and 0 <= found["trained"]["macro_recall"] <= 1
        assert f"{head}: 0 of {found['answers']:,} answers differ, 0 of them ties" in printed
    assert f"split valid: {samples} samples, largest difference of an output" in printed
    assert f"On the split valid, {samples} samples" in Path("out/README.md").read_text()


def test_the_figures_are_those_of_the_labels(folder):
    """Counted here by hand, from the model that predicts new samples."""
    from support.logos.pictures import make_pictures
    from tailwise.export.run.folder import open_folder

    assert export(write_pipeline("logos")) == 0
    pictures, ids = make_pictures(14)
    _, run = open_folder(Path("out"))
    answers = run({"image": np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))})["kind"].argmax(axis=1)
    found = json.loads(Path("out/card.json").read_text())["parity"]["heads"]["kind"]["exported"]
    assert found["accuracy"] == pytest.approx((answers == ids).mean())
    assert found["macro_recall"] == pytest.approx(
        np.mean([(answers == ids)[ids == label].mean() for label in range(4)])
    )


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_a_smaller_model_says_what_it_costs(folder, capsys, precision):
    assert export(write_pipeline("sections"), "--precision", precision) == 0
    printed, card = capsys.readouterr().out, json.loads(Path("out/card.json").read_text())
    assert "section: " in printed and "accuracy" in printed and "macro recall" in printed and "in fp32: " in printed
    assert card["parity"]["largest_difference"] > 0 and f"{card['bytes']['fp32']:,} bytes" in printed
    assert precision == "int8" or card["bytes"]["model"] < card["bytes"]["fp32"]  # this model is too small to gain
    assert "ms" not in json.dumps(card["parity"]) and " ms" not in Path("out/README.md").read_text()


def test_a_model_that_differs_on_the_split_leaves_nothing(folder, monkeypatch, capsys):
    """The made-up batches agree; the pictures of the split do not."""
    split, original = write_pipeline("logos"), writing.runner

    def wrong(exported, content, form):
        run = original(exported, content, form)
        made_up = {batch["image"].tobytes() for batch in exported.batches}
        off = lambda batch: 0.0 if batch["image"].tobytes() in made_up else 0.01  # noqa: E731
        return lambda batch: {name: value + off(batch) for name, value in run(batch).items()}

    monkeypatch.setattr(writing, "runner", wrong)
    assert export(split) == 1
    error = capsys.readouterr().err
    assert "on the split valid, the model exported to onnx in fp32 differs from the trained one by 0.01" in error
    assert error.count("\n") == 1 and not Path("out").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda split: Path("params.yaml").unlink(), "--check reads params.yaml of the pipeline"),
        (lambda split: (split / "manifest.csv").unlink(), "no prepared split: give a folder with manifest.csv"),
        (lambda split: Path("params.yaml").write_text("model: 3\n"), "params.yaml: "),
    ],
)
def test_what_cannot_be_compared_is_one_line(folder, capsys, change, said):
    split = write_pipeline("logos")
    change(split)
    assert export(split) == 1
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and not Path("out").exists()


@pytest.mark.slow
def test_a_clip_that_is_gone_is_named(folder, capsys):
    split = write_pipeline("actions")
    Path("data/demo/c3.mp4").unlink()
    assert export(split) == 1
    error = capsys.readouterr().err
    assert "data/demo/c3.mp4" in error and error.count("\n") == 1 and not Path("out").exists()

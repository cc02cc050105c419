"""`auto` in the real stages: chosen values are used, and can be pasted back."""

import pytest

from tailwise.balance.subset import balanced_subset
from tailwise.core.files import read_csv, read_json
from tailwise.data.tables.manifest import read_labels

WEIGHTS, MODEL = "data/weights/phase1", "data/models/phase1.safetensors"


def test_without_auto_values_nothing_is_chosen(finished):
    assert [read_json(finished / f"data/chosen/phase{number}.json") for number in (1, 2, 3)] == [{}, {}, {}]


@pytest.mark.slow
def test_chosen_values_are_used_and_the_same_numbers_give_the_same_bytes(project):
    before, trained = project.recorded("data/chosen/phase2.json"), project.recorded(MODEL)
    project.set("phase1.samples", {"kind": "balanced", "max_ratio": "auto"})
    project.set("phase1.max_weight", 1.5)
    for key in ("train.epochs", "train.lr"):
        project.set(f"phase1.{key}", "auto")
    printed = project.run("dvc", "repro", "train_phase1")
    chosen = read_json(project / "data/chosen/phase1.json")
    assert f"phase1.train.epochs: auto is {chosen['train.epochs']}: " in printed
    assert f"-S phase1.samples.max_ratio={chosen['samples.max_ratio']:g}" in printed

    epochs = read_csv(project / "reports/training/phase1/epochs.csv")
    assert len(epochs) == chosen["train.epochs"] > 2
    assert 0.5 * chosen["train.lr"] < max(float(row["lr"]) for row in epochs) <= chosen["train.lr"]
    names, labels = read_labels(project / "data/clips/train/manifest.csv", ["action", "severity"])
    drawn = [row["sample"] for row in read_csv(project / WEIGHTS / "samples.csv")]
    assert drawn == [names[i] for i in balanced_subset(labels, chosen["samples.max_ratio"])]

    outputs = {path: project.recorded(path) for path in (WEIGHTS, MODEL)}
    assert outputs[MODEL] != trained and project.recorded("data/chosen/phase2.json") == before
    for key, value in chosen.items():
        project.set(f"phase1.{key}", value)
    assert "train_phase1" in project.repro("train_phase1")
    assert {path: project.recorded(path) for path in outputs} == outputs
    assert read_json(project / "data/chosen/phase1.json") == {}


def test_a_phase_left_to_auto_trains_no_other_phase(project):
    boosts = project.recorded("data/weights/phase3")
    project.set("phase3.train.lr", "auto")
    assert project.repro("train_phase2", "target_weak_classes") == ["check", "choose", "target_weak_classes"]
    assert project.recorded("data/weights/phase3") == boosts
    assert read_json(project / "data/chosen/phase3.json") == {"train.lr": 2e-3}

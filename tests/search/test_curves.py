"""Figures by epoch of a running trial: of this run's files alone, and from DVC's copy of the workspace."""

import json
from pathlib import Path

import pytest

from tailwise.search.curves import Curve, column_of, find_copy, read_curve, remove_copies, training_curves

ROOT = Path(__file__).parents[2]
CURVES = [Curve("one", "reports/training/a/epochs.csv"), Curve("two", "reports/training/b/epochs.csv")]


def write(folder: Path, name: str, *scores: str) -> None:
    file = folder / f"reports/training/{name}/epochs.csv"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(["epoch,score", *(f"{epoch},{score}" for epoch, score in enumerate(scores, 1))]) + "\n")


def test_epochs_are_counted_over_all_phases_and_older_files_are_not_read(folder):
    write(folder, "a", "0.1", "", "0.3")
    write(folder, "b", "0.4", "0.5")
    assert read_curve(folder, CURVES, {"one", "two"}, "score") == [0.1, None, 0.3, 0.4, 0.5]
    assert read_curve(folder, CURVES, {"one"}, "score") == [0.1, None, 0.3]  # of b: from before this run
    assert read_curve(folder, [*CURVES, Curve("three", "none.csv")], {"three"}, "score") == []


def test_what_is_no_number_is_undefined():
    assert column_of("epoch,x\n1,nan\n2,inf\n3,word\n4,-1e-3\n5\n", "x") == [None, None, None, -0.001]
    assert column_of("epoch,x\n1,2\n", "y") == [] == column_of("", "x")


@pytest.mark.parametrize("place", ["", "pipelines/logos", "pipelines/sections", "pipelines/actions"])
def test_the_curves_of_all_phases_are_known(place):
    found = training_curves(ROOT / place / "dvc.yaml")
    assert [each for each in found if each.stage == "train_phase1"] == [
        Curve("train_phase1", "reports/training/phase1/epochs.csv")
    ]
    assert [each.stage for each in found if "phase" in each.stage][:3] == [
        "train_phase1",
        "train_phase2",
        "train_phase3",
    ]


@pytest.fixture
def copies(folder):
    """A repository with a pipeline below it; makes a copy as DVC does."""
    (folder / "repository/.dvc").mkdir(parents=True)
    pipeline = folder / "repository/pipelines/x"
    pipeline.mkdir(parents=True)

    def make(name: str, place: str, root: Path | None = None) -> Path:
        standalone = folder / "repository/.dvc/tmp/exps/standalone"
        copy = root or standalone / place
        (copy / "pipelines/x").mkdir(parents=True)
        info = standalone / f"run/{place}/{place}.run"
        info.parent.mkdir(parents=True)
        info.write_text(json.dumps({"name": name, "root_dir": str(copy)}))
        return copy

    return pipeline, make


def test_the_copy_of_an_experiment_is_found_and_what_a_kill_left_is_removed(copies):
    pipeline, make = copies
    assert find_copy(pipeline, "t-trial-001") is None
    mine, other = make("t-trial-001", "tmp1"), make("t-trial-002", "tmp2")
    assert find_copy(pipeline, "t-trial-001") == mine / "pipelines/x"
    remove_copies(pipeline, "t-trial-001")
    assert find_copy(pipeline, "t-trial-001") is None and not mine.exists() and other.is_dir()


def test_nothing_outside_of_dvcs_folder_of_copies_is_removed(copies, folder):
    pipeline, make = copies
    mine = make("t-trial-001", "tmp1", folder / "precious")
    remove_copies(pipeline, "t-trial-001")
    assert mine.is_dir() and find_copy(pipeline, "t-trial-001") is None

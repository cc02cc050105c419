"""The heads trained alone, as `make preset NAME=heads` has it: what DVC runs, and what is in the files."""

import pytest
import torch

from support.pipeline.project import new_project
from tailwise.engine.checkpoint.weights import read_tensors

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory, home):
    project = new_project(tmp_path_factory.mktemp("heads"), home)
    project.preset("heads")
    project.commit("heads alone")
    project.ran = project.repro("train_phase3", "evaluate")
    return project


def test_features_are_computed_between_the_phases(trained):
    order = ["train_phase2", "extract_after@phase2", "train_phase3", "evaluate"]
    assert [stage for stage in trained.ran if stage in order] == order
    lock = trained.lock()
    assert "data/features/phase2/train" in [dep["path"] for dep in lock["train_phase3"]["deps"]]
    assert [out["path"] for out in lock["extract_after@phase2"]["outs"]] == ["data/features/phase2"]


def test_phase_3_leaves_a_whole_model_whose_backbone_is_that_of_phase_2(trained):
    before, after = (read_tensors(trained / f"data/models/phase{n}.safetensors") for n in (2, 3))
    assert before[1] == after[1] and before[0].keys() == after[0].keys()
    for name, tensor in before[0].items():
        assert torch.equal(tensor, after[0][name]) or not name.startswith("backbone.")
    assert not torch.equal(before[0]["fusion.heads.0.weight"], after[0]["fusion.heads.0.weight"])


def test_another_rate_of_phase_3_reruns_neither_features_nor_the_phases_before(trained, tmp_path):
    project = trained.copy(tmp_path / "project")
    project.set("phase3.train.clip", 2.0)
    ran = project.repro("train_phase3")
    assert "train_phase3" in ran and not {"extract_after@phase2", "train_phase2"} & set(ran)


def test_back_on_clips_nothing_asks_for_the_features(trained, tmp_path):
    project = trained.copy(tmp_path / "project")
    project.set("phase3.inputs", "clips")
    assert "no effect: no phase has inputs: features/phase2" in project.run("dvc", "repro", "check", fails=True)
    project.set("features.after", [])
    project.run("dvc", "repro", "check")
    assert "extract_after" not in project.run("dvc", "repro", "--dry", "train_phase3")

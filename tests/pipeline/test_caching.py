"""Stages are not rerun without need: the real stages, after one small change."""

import shutil

import pytest

from support.pipeline.decisions import resolved
from support.pipeline.project import DEFINED, STAGES, hashes
from tailwise.core.files import read_csv, read_json, write_json
from tailwise.core.params.config import read_params


@pytest.mark.slow
def test_a_cap_that_binds_retrains_its_phase_and_not_the_one_before(project):
    """Those after it follow, see test_granular."""
    phase1 = project.recorded("data/weights/phase1")
    project.set("phase2.max_weight", 2.5)
    assert project.repro("train_phase2") == ["check", "compute_weights", "plan_curriculum", "train_phase2"]
    assert project.recorded("data/weights/phase1") == phase1


def test_a_cap_that_does_not_bind_retrains_nothing(project):
    """Both caps are above the largest ratio of class counts, so the boosts stay."""
    project.set("phase2.max_weight", 30.0)
    project.repro("compute_weights")
    boost = project.recorded("data/weights/phase2")
    project.set("phase2.max_weight", 35.0)
    assert project.repro("compute_weights") == ["check", "compute_weights"]
    assert project.recorded("data/weights/phase2") == boost


def test_a_docstring_of_the_report_retrains_nothing(project):
    project.edit("src/tailwise/reporting/page.py", '"""The report of', '"""The  report of')
    assert project.repro() == ["report"]


def test_workers_and_device_rerun_nothing(project):
    project.set("runtime.workers", 2)
    project.set("runtime.device", "cpu")
    assert project.repro() == []


@pytest.mark.slow
def test_one_new_clip_redoes_one_shard(project):
    """A test clip, so that what is trained can stay: one more view of the first foul, copied from another."""
    for split in ("Train", "Valid", "Test"):
        shutil.unpack_archive(project / f"data/demo/{split}.zip", project / f"data/raw/{split}")
    project.set("data.root", "data/raw")
    project.repro("decode_clips")
    later = [stage for stage in STAGES if stage not in ("index", "decode_clips")]
    before = {stage: read_by(project, stage) for stage in later}
    file = project / "data/raw/Test/annotations.json"
    annotations = read_json(file)
    clips = annotations["Actions"]["0"]["Clips"]
    clips.append({**clips[0], "Url": clips[0]["Url"].replace("clip_0", "clip_9")})
    write_json(file, annotations)
    folder = project / "data/raw/Test/action_0"
    shutil.copy(folder / "clip_0.mp4", folder / "clip_9.mp4")
    printed = project.run("dvc", "repro", "decode_clips")
    assert "1 of them decoded now" in line(printed, "test: ", "decoded now")
    assert all("0 of them decoded now" in line(printed, f"{split}: ", "decoded now") for split in ("train", "valid"))
    assert len(read_csv(project / "data/clips/test/manifest.csv")) == int(line(printed, "test: ", "clips").split()[1])
    assert [stage for stage in later if read_by(project, stage) != before[stage]] == ["certify", "report"]


def read_by(project, stage: str) -> dict[str, str]:
    """{file: hash} of all that the stage depends on, by which DVC decides."""
    values = read_params(project / "params.yaml")
    deps = [resolved(dep, values) for dep in DEFINED["stages"][stage]["deps"]]
    return {file: digest for dep in deps for file, digest in hashes(project.folder, dep).items()}


def line(printed: str, start: str, part: str) -> str:
    return next(text for text in printed.splitlines() if text.startswith(start) and part in text)

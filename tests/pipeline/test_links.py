"""Symbolic links below the data root: DVC's behaviour, and refusal of those it does not track."""

import subprocess

import pytest

from support.pipeline.project import Project, new_project

TABLE = """\
sample,split,path,kind
s0,train,clips/0.mp4,a
s1,train,clips/1.mp4,b
s2,valid,clips/2.mp4,a
s3,test,clips/3.mp4,b
"""
STAGE = """\
stages:
  read:
    cmd: find -L {root} -type f | xargs cat > read.txt
    deps: ["{root}"]
    outs: [read.txt]
"""


@pytest.fixture
def bare(tmp_path, home) -> Project:
    """A repository with git and DVC, beside a folder `real` with a clip."""
    (tmp_path / "repository").mkdir()
    (tmp_path / "real/sub").mkdir(parents=True)
    (tmp_path / "real/sub/1.mp4").write_text("a clip")
    project = Project(tmp_path / "repository", home)
    project.run("git", "init", "--quiet")
    project.run("dvc", "init", "--quiet")
    return project


def notices(bare: Project, root: str) -> bool:
    """Whether DVC sees that a clip has changed which a stage has read."""
    bare.write("dvc.yaml", STAGE.replace("{root}", root))
    bare.run("dvc", "repro")
    assert (bare / "read.txt").read_text() == "a clip"
    (bare.folder.parent / "real/sub/1.mp4").write_text("another")
    return "modified" in bare.run("dvc", "status")


def test_dvc_does_not_notice_a_changed_clip_behind_a_link_to_a_folder(bare):
    """Why such a link is refused."""
    (bare / "raw").mkdir()
    (bare / "raw/sub").symlink_to("../../real/sub")
    assert not notices(bare, "raw")


@pytest.mark.slow
def test_nor_below_an_absolute_root_outside_the_repository(bare):
    outside = bare.folder.parent / "outside"
    outside.mkdir()
    (outside / "sub").symlink_to("../real/sub")
    assert not notices(bare, str(outside))


@pytest.mark.slow
def test_it_does_behind_a_link_to_a_file(bare):
    (bare / "raw").mkdir()
    (bare / "raw/1.mp4").symlink_to("../../real/sub/1.mp4")
    assert notices(bare, "raw")


@pytest.mark.slow
def test_it_does_where_the_root_is_a_link(bare):
    (bare / "raw").symlink_to("../real")
    assert notices(bare, "raw")


@pytest.mark.slow
def test_it_stops_at_a_link_to_nothing_and_waits_at_a_pipe(bare):
    (bare / "raw").mkdir()
    (bare / "raw/1.mp4").symlink_to("nothing")
    bare.write("dvc.yaml", STAGE.replace("{root}", "raw"))
    assert "No such file or directory" in bare.run("dvc", "repro", fails=True)
    (bare / "raw/1.mp4").unlink()
    bare.run("mkfifo", "raw/1.mp4")
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(["dvc", "repro"], cwd=bare.folder, env=bare.env, capture_output=True, timeout=10)


@pytest.mark.slow
def test_the_pipeline_refuses_the_link_by_name_and_takes_the_folder_itself(tmp_path, home):
    project = new_project(tmp_path / "repository", home)
    for place in range(4):
        (tmp_path / "clips").mkdir(exist_ok=True)
        (tmp_path / f"clips/{place}.mp4").write_bytes(bytes([place]) * 600)
    project.write("data/own/labels.csv", TABLE)
    (project / "data/own/clips").symlink_to("../../../clips")
    reader = {"kind": "table", "file": "labels.csv", "heads": ["kind"], "split": None}
    project.set("data", {"root": "data/own", "leaks": "refuse", "reader": reader})
    said = "data/own/clips: is a link to the folder '../../../clips', and DVC does not descend into it"
    printed = project.run("dvc", "repro", "index", fails=True)
    (line,) = [line for line in printed.splitlines() if line.startswith("check: ")]
    assert line.startswith(f"check: {said}") and "Traceback" not in printed
    (project / "data/own/clips").unlink()
    (tmp_path / "clips").rename(project / "data/own/clips")
    assert "index" in project.repro("index")
    (project / "data/own/clips").rename(tmp_path / "clips")
    (project / "data/own/clips").symlink_to("../../../clips")
    printed = project.run("dvc", "repro", "index", fails=True)
    assert f"index: {said}" in printed, "params and code are as before, so that `check` did not run"

"""Where a pipeline keeps untracked files: in its own folder of the main repository."""

from pathlib import Path

import pytest

from tailwise.core.stage.folders import below_repository, pipeline_folder


@pytest.mark.parametrize(
    ("here", "expected"),
    [
        ("main", "main"),
        ("main/pipelines/tagger", "main/pipelines/tagger"),
        ("main/.dvc/tmp/exps/tmpx1", "main"),
        ("main/.dvc/tmp/exps/tmpx1/pipelines/tagger", "main/pipelines/tagger"),
        ("elsewhere", "main"),
    ],
)
def test_a_copy_that_dvc_made_keeps_it_in_the_main_repository(folder, monkeypatch, here, expected):
    for repository in ("main", "main/.dvc/tmp/exps/tmpx1"):
        (folder / repository / ".dvc").mkdir(parents=True)
    (folder / here).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(folder / here)
    monkeypatch.setenv("DVC_ROOT", str(folder / "main"))
    assert pipeline_folder() == folder / expected


def test_without_dvc_it_is_the_working_folder(folder):
    (folder / ".dvc").mkdir()
    assert pipeline_folder() == Path()


def test_a_folder_that_no_repository_is_around_is_its_own(folder):
    assert below_repository(folder) == Path()

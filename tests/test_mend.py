"""After a kill DVC can start again."""

import pytest
import zc.lockfile

from tailwise.mend import mend

WHOLE = "schema: '2.0'\nstages:\n  check:\n    cmd: python3 check.py\n"


@pytest.fixture
def project(folder):
    (folder / ".dvc/tmp").mkdir(parents=True)
    for name in ("lock", "rwlock.lock"):
        (folder / ".dvc/tmp" / name).write_text("")
    (folder / ".dvc/tmp/rwlock").write_text('{"write": {}, "read": {}}')
    (folder / "dvc.lock").write_text(WHOLE)
    return folder


def test_what_is_whole_stays(project):
    assert mend(project) == []
    assert (project / "dvc.lock").read_text() == WHOLE and (project / ".dvc/tmp/rwlock").exists()


def test_a_project_that_never_ran_is_left_alone(folder):
    assert mend(folder) == []


@pytest.mark.parametrize("name", [".dvc/tmp/rwlock", "dvc.lock"])
def test_an_emptied_file_goes(project, name):
    (project / name).write_text("")
    assert mend(project) == [f"{name} was cut off by a kill and is made anew"]
    assert not (project / name).exists()


def test_a_lock_file_cut_off_within_a_word_goes(project):
    (project / "dvc.lock").write_text(WHOLE + "  make_de")
    assert len(mend(project)) == 1 and not (project / "dvc.lock").exists()


def test_a_conflict_is_left_for_a_person(project):
    (project / "dvc.lock").write_text(f"<<<<<<< HEAD\n{WHOLE}=======\n>>>>>>> other\n")
    assert mend(project) == [] and (project / "dvc.lock").exists()


def test_a_dvc_at_work_is_left_alone(project):
    (project / ".dvc/tmp/rwlock").write_text("")
    held = zc.lockfile.LockFile(str(project / ".dvc/tmp/rwlock.lock"))
    assert mend(project) == []
    held.close()

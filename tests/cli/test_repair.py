"""After a kill DVC can start again, and nothing is lost."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest
import zc.lockfile

from tailwise.cli.repair import INDEX, TRUNCATED, index_of, repair

WHOLE = "schema: '2.0'\nstages:\n  check:\n    cmd: python3 check.py\n"


@pytest.fixture
def project(folder):
    (folder / ".dvc/tmp").mkdir(parents=True)
    for name in ("lock", "rwlock.lock"):
        (folder / ".dvc/tmp" / name).write_text("")
    (folder / ".dvc/tmp/rwlock").write_text('{"write": {}, "read": {}}')
    (folder / "dvc.lock").write_text(WHOLE)
    return folder


def test_intact_files_stay(project):
    assert repair(project) == []
    assert (project / "dvc.lock").read_text() == WHOLE and (project / ".dvc/tmp/rwlock").exists()


def test_a_project_that_never_ran_is_left_alone(folder):
    assert repair(folder) == []


@pytest.mark.parametrize("name", [".dvc/tmp/rwlock", "dvc.lock"])
def test_an_emptied_file_goes(project, name):
    (project / name).write_text("")
    assert repair(project) == [f"{name} was truncated by a kill and is removed; DVC writes it again"]
    assert not (project / name).exists()


def test_a_lock_file_cut_off_within_a_word_goes(project):
    (project / "dvc.lock").write_text(WHOLE + "  make_de")
    assert len(repair(project)) == 1 and not (project / "dvc.lock").exists()


def test_a_conflict_is_left_for_a_person(project):
    (project / "dvc.lock").write_text(f"<<<<<<< HEAD\n{WHOLE}=======\n>>>>>>> other\n")
    assert repair(project) == [] and (project / "dvc.lock").exists()


def test_a_dvc_at_work_is_left_alone(project):
    (project / ".dvc/tmp/rwlock").write_text("")
    held = zc.lockfile.LockFile(str(project / ".dvc/tmp/rwlock.lock"))
    assert repair(project) == []
    held.close()


@pytest.mark.parametrize("name", ["dvc.lock", "pipelines/tagger/dvc.lock"])
def test_the_lock_file_of_every_pipeline_is_repaired(project, name):
    (project / "pipelines/tagger").mkdir(parents=True)
    (project / "pipelines/tagger/dvc.lock").write_text(WHOLE)
    (project / name).write_text(WHOLE + "  make_de")
    assert repair(project) == [f"{name} was truncated by a kill and is removed; DVC writes it again"]


OUTS = [*(f"data/{i}/out" for i in range(8)), *(f"reports/deep/{i}" for i in range(8))]
STAGES = f"""
stages:
  make:
    cmd: mkdir -p {" ".join(OUTS)} && for folder in data/*/out reports/deep/*; do echo $folder > $folder/file; done
    outs: {OUTS}
"""
KILLED = """
import os, signal, sys
from dvc.cli import main
from sqltrie import SQLiteTrie
steps, traverse = iter(range(int(sys.argv[1]))), SQLiteTrie._traverse
def counted(self, key):
    found = traverse(self, key)
    if next(steps, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
    return found
SQLiteTrie._traverse = counted
sys.exit(main(["checkout"]))
"""
"""`dvc checkout`, killed after so many of the steps in which DVC writes its index."""


@pytest.fixture
def repository(folder, monkeypatch):
    """A pipeline that makes sixteen folders and has run, below git and DVC."""
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(folder / "site"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    (folder / "repository").mkdir()
    monkeypatch.chdir(folder / "repository")
    Path("dvc.yaml").write_text(STAGES)
    for command in ("git init --quiet", "dvc init --quiet", "dvc repro --quiet"):
        subprocess.run(command.split(), check=True)
    return folder / "repository"


def there() -> list[str]:
    return [path for path in OUTS if Path(path, "file").exists()]


def cut_off(index: Path) -> bool:
    """Whether the index is there in part, as another process sees it."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(index, timeout=0)) as found:
        return bool(index.exists() and found.execute(TRUNCATED).fetchone()[0])
    return False


def killed_checkout(index: Path, step: int) -> None:
    """With no index and only a part of the outputs."""
    shutil.rmtree(index.parent, ignore_errors=True)
    shutil.rmtree("data", ignore_errors=True)
    assert subprocess.run([sys.executable, "-c", KILLED, str(step)]).returncode == -signal.SIGKILL


def checkout() -> None:
    subprocess.run(["dvc", "checkout", "--quiet"], check=True)


@pytest.mark.slow
def test_after_a_killed_checkout_the_next_one_brings_everything_back(repository):
    """Else each later `dvc checkout` would remove what the index lacks: at these steps between 15 outputs and one."""
    index, cut = index_of(repository), {}
    for step in (1, 2, 6, 9, 40, 80, 83, 85, 95):
        killed_checkout(index, step)
        cut[step] = cut_off(index)
        assert repair(repository) == ([INDEX] if cut[step] else []) and not cut_off(index)
        checkout()
        assert there() == OUTS
    assert sum(cut.values()) > 3 and not all(cut.values())


@pytest.mark.slow
def test_files_removed_by_a_checkout_after_a_killed_one_are_restored(repository):
    killed_checkout(index_of(repository), 2)
    for _ in range(2):
        checkout()
        assert len(there()) < 8
    assert repair(repository) == [INDEX]
    checkout()
    assert there() == OUTS


@pytest.mark.slow
def test_a_whole_index_stays_and_one_in_use_is_left_alone(repository):
    index = index_of(repository)
    checkout()
    assert repair(repository) == [] and asked(index, "SELECT count(*) FROM nodes")[0] > 16
    asked(index, "UPDATE nodes SET has_value = NULL WHERE name = 'deep' RETURNING 0")
    holding = "import sqlite3, sys\nfound = sqlite3.connect(sys.argv[1])\nfound.execute('SELECT 1 FROM nodes')\n"
    command = [sys.executable, "-u", "-c", f"{holding}print('open')\ninput()", index]
    with subprocess.Popen(command, stdin=-1, stdout=-1) as other:
        assert other.stdout.readline() == b"open\n"
        assert repair(repository) == []
        other.communicate(b"\n")
    assert len(repair(repository)) == 1 and asked(index, "SELECT count(*) FROM nodes") == (1,)


def asked(index: Path, sql: str) -> tuple:
    with closing(sqlite3.connect(index)) as found:
        row = found.execute(sql).fetchone()
        found.commit()
    return row


def test_an_index_is_left_alone_while_dvc_is_at_work(project):
    (project / ".dvc/tmp/lock").write_text("")
    (project / "dvc.lock").write_text("")
    held = zc.lockfile.LockFile(str(project / ".dvc/tmp/lock"))
    assert repair(project) == []
    held.close()
    assert len(repair(project)) == 1


def test_leftovers_of_killed_stages_are_removed_from_every_pipeline_and_those_of_running_ones_stay(project):
    with subprocess.Popen(["sleep", "0"]) as dead:
        pass
    left = [f"{place}/.x.json.{dead.pid}" for place in ("reports/training", ".logs", ".resume/phase1-1", "data/models")]
    left += [f"pipelines/tagger/{path}" for path in left]
    kept = [f"reports/.x.json.{os.getpid()}", f"data/own/.backup.{dead.pid}", "reports/.gitignore", "reports/.x.json"]
    for path in (*left, *kept):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text("half")
    assert sorted(repair(project)) == sorted(f"{path} was left by a killed stage and is removed" for path in left)
    assert all((project / path).exists() for path in kept) and not any((project / path).exists() for path in left)

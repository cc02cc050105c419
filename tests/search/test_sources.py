"""What tells trials of other code or data apart."""

from pathlib import Path

import pytest

from support.compare.toy import Toy
from tailwise.search.sources import sources_of

LOCK = """\
stages:
  prepare:
    deps: [{path: data/raw, md5: RAW}, {path: src, md5: old}]
    outs: [{path: data/clips, md5: c}]
  evaluate:
    deps: [{path: data/clips, md5: c}, {path: one.py, md5: old}]
    outs: [{path: reports/metrics.json, md5: m}]
"""


@pytest.fixture
def pipeline(folder) -> dict[str, str]:
    for name in ("data/raw/a", "src/b.py", "one.py", "other.py"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name)
    Path(".gitignore").write_text("/data\n*.pyc\n")
    Path("dvc.lock").write_text(LOCK)
    Toy(folder).run("git", "init", "--quiet")
    return sources_of(Path("."))


def differing(before: dict[str, str]) -> set[str]:
    now = sources_of(Path("."))
    assert now.keys() == before.keys() == {"data/raw", "src", "one.py"}
    return {path for path in now if now[path] != before[path]}


@pytest.mark.parametrize(
    ("file", "changed"),
    [("src/b.py", {"src"}), ("src/new.py", {"src"}), ("one.py", {"one.py"}), ("other.py", set()), ("src/b.pyc", set())],
)
def test_code_is_told_by_what_it_is_now(pipeline, file, changed):
    Path(file).write_text("changed")
    assert differing(pipeline) == changed


def test_code_that_was_removed_is_other_code(pipeline):
    Path("src/b.py").unlink()
    assert differing(pipeline) == {"src"}


def test_data_that_git_ignores_is_told_by_what_dvc_recorded(pipeline):
    Path("dvc.lock").write_text(LOCK.replace("RAW", "other"))
    assert differing(pipeline) == {"data/raw"}


def test_without_a_lock_nothing_is_told_apart(pipeline):
    Path("dvc.lock").unlink()
    assert sources_of(Path(".")) == {}

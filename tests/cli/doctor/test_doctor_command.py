"""`tailwise doctor` as a command: a line a check, JSON, exit status; no fault ends it."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tailwise.cli.doctor import command
from tailwise.cli.doctor.finding import Finding, as_json, findings, worst
from tailwise.cli.main import main

ROOT = Path(__file__).parents[3]
GOOD, BAD = Finding("a", "ok", "fine"), Finding("b", "problem", "a fault", "mend it")


def broken():
    yield GOOD
    raise RuntimeError("no such\nthing")


def test_a_check_that_raises_is_a_problem_and_the_others_go_on():
    found = list(findings({"first": broken, "second": lambda: [BAD]}))
    assert [one.check for one in found] == ["a", "first", "b"]
    assert str(found[1]).startswith("problem  first: this check failed: RuntimeError: no such thing -> mend")
    assert worst(found) == "problem" and worst([GOOD]) == worst([]) == "ok"


@pytest.mark.parametrize(
    ("status", "code"), [("ok", 0), ("warning", 0), ("problem", 1)], ids=["ok", "warning", "problem"]
)
def test_only_a_problem_fails_the_command(monkeypatch, capsys, status, code):
    one = Finding("disk", status, "text", "remedy")
    monkeypatch.setattr(command, "checks", lambda root, free_gib: {"disk": lambda: [GOOD, one]})
    assert main(["doctor"]) == code
    out, err = capsys.readouterr()
    assert out.splitlines() == ["ok       a: fine", f"{status:<8} disk: text -> remedy"]
    assert err == ("tailwise: 1 of 2 checks found a problem: disk\n" if code else "")


def test_json_has_the_same_findings(monkeypatch, capsys):
    monkeypatch.setattr(command, "checks", lambda root, free_gib: {"a": lambda: [GOOD, BAD]})
    assert main(["doctor", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found == as_json([GOOD, BAD])
    assert found["status"] == "problem" and found["checks"][1]["remedy"] == "mend it"


def test_a_wrong_limit_is_one_line(capsys):
    assert main(["doctor", "--free-gib", "-1"]) == 1
    assert capsys.readouterr().err == "tailwise: --free-gib must be 0 or more, found -1\n"


def test_the_project_is_found_from_a_pipelines_folder():
    assert command.project(ROOT / "pipelines" / "logos") == ROOT


def run(python: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    given = [python, "-m", "tailwise", "doctor", "--json", *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(given, cwd=folder, env=env, capture_output=True, text=True)


def test_a_python_without_any_package_is_reported_without_a_traceback(tmp_path):
    venv.create(tmp_path / "bare", symlinks=True)
    for name in ("requirements", "constraints.txt", "requirements-serve.txt"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    done = run(str(tmp_path / "bare/bin/python3"), tmp_path)
    found = json.loads(done.stdout)["checks"]
    problems = {one["check"]: one["text"] for one in found if one["status"] == "problem"}
    assert done.returncode == 1 and "Traceback" not in done.stderr and done.stderr.count("\n") == 1
    assert problems.keys() == {"packages", "dvc", "pyav", "decord", "torch"}
    assert problems["torch"] == "cannot be used: ModuleNotFoundError: No module named 'torch'"
    assert all(one["remedy"] for one in found if one["status"] != "ok")


@pytest.mark.slow
def test_this_machine_is_checked_for_real():
    found = json.loads(run(sys.executable, ROOT, "--free-gib", "0").stdout)["checks"]
    assert {one["check"] for one in found} >= {"python", "packages", "dvc link type", "pyav", "decord", "torch", "gpu"}
    failed = {one["check"] for one in found if one["text"].startswith("this check failed")}
    assert not failed
    works = {"python", "file locks", "pyav", "decord", "torch", "dvc link type", "writable folders"}
    assert {one["check"] for one in found if one["status"] == "ok"} >= works

"""Checks of data.root and export.formats before DVC starts."""

import subprocess
import sys
from pathlib import Path

import pytest

from tailwise.cli.preflight import check
from tailwise.core.errors import UserError

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "params.yaml").read_text(encoding="utf8")
LINE = next(line for line in TEXT.splitlines() if line.startswith("  root: "))


def preflight(folder: Path, line: str) -> tuple[int, str]:
    """(exit status, stderr) with another line for data.root."""
    (folder / "params.yaml").write_text(TEXT.replace(LINE, line), encoding="utf8")
    command, env = [sys.executable, "-m", "tailwise", "preflight"], {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.stdout == ""
    return done.returncode, done.stderr


def write_pipeline(folder: Path, stage: str, section: str) -> None:
    """A dvc.yaml of one stage, and a params.yaml with a data.root that is there and one more section."""
    (folder / "raw").mkdir()
    (folder / "dvc.yaml").write_text(f"stages: {{{stage}}}\n")
    (folder / "params.yaml").write_text(f"data: {{root: raw}}\n{section}\n")


@pytest.mark.parametrize("line", [LINE, "  root: gone", "  root: raw"])
def test_nothing_is_said_of_a_folder(tmp_path, line):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/a.mp4").write_text("")
    assert preflight(tmp_path, line) == (0, "")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  root: null", "must name a folder, found None: put the raw files"),
        ("  root:", "must name a folder, found None"),
        ("", "must name a folder, found None"),
        ("  root: [a, b]", "must name a folder, found ['a', 'b']"),
        ("  root: 5", "must name a folder, found 5"),
        ("  root: s3://bucket/clips", "must name a folder, found the URL 's3://bucket/clips'"),
    ],
)
def test_a_value_that_crashes_dvc_is_refused_in_one_line(tmp_path, line, said):
    status, text = preflight(tmp_path, line)
    assert status == 1 and text.startswith(f"tailwise: params.yaml: data.root {said}") and text.count("\n") == 1


def test_a_link_that_dvc_would_not_see_is_named(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/clips").symlink_to("/")
    status, text = preflight(tmp_path, "  root: raw")
    assert status == 1 and text.startswith("tailwise: raw/clips: is a link to the folder '/'") and text.count("\n") == 1


@pytest.mark.parametrize(
    ("section", "found"),
    [
        ("export: {formats: onnx}", "found 'onnx'"),
        ("export: {formats: null}", "found None"),
        ("export: {formats: {a: 1}}", "found {'a': 1}"),
        ("export: 3", "found None"),
        ("", "found None"),
    ],
)
def test_formats_that_crash_dvc_are_refused_in_one_line(tmp_path, section, found):
    write_pipeline(tmp_path, "export: {matrix: {format: '${export.formats}'}}", section)
    command, env = [sys.executable, "-m", "tailwise", "preflight"], {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    said = f"tailwise: params.yaml: export.formats must be a list, as [] or [onnx], {found}\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.parametrize(
    ("section", "found"),
    [
        ("distillation: {teachers: [large]}", "found ['large']"),
        ("distillation: {teachers: large.safetensors}", "found 'large.safetensors'"),
        ("distillation: {}", "found None"),
        ("", "found None"),
    ],
)
def test_teachers_that_crash_dvc_are_refused_in_one_line(tmp_path, section, found):
    write_pipeline(tmp_path, "predict_teacher: {foreach: '${distillation.teachers}', do: {cmd: ls}}", section)
    with pytest.raises(UserError) as raised:
        check(tmp_path / "params.yaml")
    wanted = "distillation.teachers must be a mapping, as {} or {large: teachers/large.safetensors}"
    assert str(raised.value) == f"{tmp_path}/params.yaml: {wanted}, {found}"


def test_a_key_that_dvc_would_not_find_is_named(tmp_path):
    write_pipeline(tmp_path, "a: {foreach: [], do: {cmd: 'ls ${item.name} ${phase1.teacher}'}}", "phase1: {train: {}}")
    with pytest.raises(UserError, match=r"params.yaml: has no phase1.teacher, which dvc.yaml reads: add it"):
        check(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("data: {root: raw}\nphase1: {teacher: none}\n")
    check(tmp_path / "params.yaml")


@pytest.mark.parametrize("text", ["data: 5", "a: [", ""])
def test_params_that_cannot_be_read_are_one_line(tmp_path, text):
    (tmp_path / "params.yaml").write_text(text)
    command, env = [sys.executable, "-m", "tailwise", "preflight"], {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("tailwise: params.yaml: ") and done.stderr.count("\n") == 1


def test_make_repro_starts_it_before_dvc():
    made = subprocess.run(["make", "-n", "repro"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert made.index("tailwise preflight") < made.index("dvc repro")


def test_params_of_the_last_version_are_refused_with_the_command_that_helps(tmp_path):
    status, said = preflight(tmp_path, LINE + "\n  acts: loss")
    assert status == 1 and said.count("\n") == 1
    assert "of an earlier version (data.acts: loss -> apply_as: weight): run `python3 -m tailwise preset" in said

"""Tracked files are written atomically, rounded, and with the same bytes each time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, read_json, rounded, write_bytes, write_csv, write_json, write_text


def test_floats_are_rounded_at_every_depth():
    value = {"a": 0.12345678, "b": [1 / 3, {"c": (2 / 3, 1)}], "d": "0.12345678", "e": True}
    assert rounded(value) == {"a": 0.123457, "b": [0.333333, {"c": [0.666667, 1]}], "d": "0.12345678", "e": True}


def test_json_is_read_back_and_names_stay_readable(tmp_path):
    write_json(tmp_path / "new" / "x.json", {"b": 1 / 3, "a": "é"})
    text = (tmp_path / "new" / "x.json").read_text(encoding="utf8")
    assert text == '{\n  "b": 0.333333,\n  "a": "é"\n}\n'
    assert read_json(tmp_path / "new" / "x.json") == {"b": 0.333333, "a": "é"}


def test_csv_is_read_back(tmp_path):
    write_csv(tmp_path / "x.csv", ["name", "value"], [["a,b", 1 / 3], ['quote"', None]])
    assert (tmp_path / "x.csv").read_bytes() == b'name,value\n"a,b",0.333333\n"quote""",\n'
    assert read_csv(tmp_path / "x.csv") == [{"name": "a,b", "value": "0.333333"}, {"name": 'quote"', "value": ""}]


@pytest.mark.parametrize("cell", ["a\rb", "a\nb", "\r\n", "\r", " a ", "a,b", '"', "é", ""])
def test_any_cell_comes_back_from_csv(tmp_path, cell):
    write_csv(tmp_path / "x.csv", ["name", "value"], [[cell, 1], ["b", 2]])
    assert read_csv(tmp_path / "x.csv") == [{"name": cell, "value": "1"}, {"name": "b", "value": "2"}]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x"
    write_text(path, "old")

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=f"No space left on device: '{path}'"):
        write_text(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_file_linked_elsewhere_is_not_written_through(tmp_path):
    write_bytes(tmp_path / "cache", b"old")
    os.link(tmp_path / "cache", tmp_path / "out")
    write_bytes(tmp_path / "out", b"new")
    assert ((tmp_path / "cache").read_bytes(), (tmp_path / "out").read_bytes()) == (b"old", b"new")


def test_nothing_stays_beside_a_written_file(tmp_path):
    write_text(tmp_path / "x", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


SOURCES = Path(__file__).parents[2] / "src"
WRITER = """
import os, signal, sys, time
from pathlib import Path
from tailwise.core.files import write_text
def late(number):
    print("writes", flush=True)
    time.sleep(600)
os.fsync = late
write_text(Path(sys.argv[1]), "half")
"""


def writer(path: Path) -> subprocess.Popen:
    """A process in the midst of writing the file."""
    command = [sys.executable, "-c", WRITER, path]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(SOURCES)}, stdout=-1)
    assert process.stdout.readline() == b"writes\n"
    return process


def test_the_next_write_removes_partial_files_of_killed_writers_and_keeps_those_of_running_ones(tmp_path):
    killed, other, alive = writer(tmp_path / "x[1].json"), writer(tmp_path / "y.json"), writer(tmp_path / "x[1].json")
    for process in (killed, other):
        process.kill()
        process.communicate()
    (tmp_path / ".x[1].json.old").write_text("a person's")
    (tmp_path / ".x[1].json.999999999999999999999").mkdir()
    before = {path.name for path in tmp_path.iterdir()}
    write_text(tmp_path / "x[1].json", "whole")
    assert {path.name for path in tmp_path.iterdir()} == before - {f".x[1].json.{killed.pid}"} | {"x[1].json"}
    alive.kill()
    alive.communicate()


@pytest.mark.parametrize("read", [read_csv, read_json])
def test_an_absent_file_is_named(tmp_path, read):
    with pytest.raises(UserError, match="absent: No such file"):
        read(tmp_path / "absent")


def test_malformed_json_is_named_with_its_line(tmp_path):
    write_text(tmp_path / "x.json", '{"a": 1,\n "b": }')
    with pytest.raises(UserError, match="x.json: not JSON: .*line 2"):
        read_json(tmp_path / "x.json")


def test_not_a_number_never_reaches_json(tmp_path):
    """Python's NaN is no JSON, and no other reader takes it."""
    with pytest.raises(ValueError):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert not (tmp_path / "x.json").exists()

"""The stages of a dvc.yaml in a folder of their own."""

from pathlib import Path

import pytest

from tailwise.core.errors import UserError
from tailwise.core.stage.chain import Chain, needed_by, outputs

SOURCES = Path(__file__).parents[3] / "src"
DVC = """
vars:
  - run: exec python
stages:
  raw:
    cmd: ${run} scripts/write.py raw
    outs: [data/raw]
  first:
    cmd: ${run} scripts/write.py ${recipe} data/first ${phase.size}
    deps: [data/raw]
    outs: [data/first]
  other:
    cmd: ${run} scripts/write.py ${recipe} data/other 0
    outs: [data/other]
  last:
    cmd: ${run} scripts/write.py ${recipe} "data/last of all" 3
    deps: [data/first, scripts/write.py]
    metrics: [data/last of all: {cache: false}]
"""
SCRIPT = """
import os, sys
from pathlib import Path
name, path, size = sys.argv[1:]
if size == "bad":
    print("before")
    sys.exit("x: the size is bad")
block = b"x" * (10**6 * int(size))
Path(path).parent.mkdir(exist_ok=True)
Path(path).write_text(f"{name} {os.environ.get('DVC_STAGE')} {os.environ['PYTHONPATH']}")
"""


@pytest.fixture
def chain(tmp_path) -> Chain:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "dvc.yaml").write_text(DVC)
    (tmp_path / "scripts/write.py").write_text(SCRIPT)
    values = {"recipe": "songs", "phase": {"size": 80}}
    return Chain(tmp_path / "dvc.yaml", values, ("data/raw",), "last", (SOURCES,))


@pytest.fixture
def place(tmp_path) -> Path:
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def test_commands_are_those_that_the_last_stage_needs_with_their_values(chain):
    assert chain.commands() == [
        ["scripts/write.py", "songs", "data/first", "80"],
        ["scripts/write.py", "songs", "data/last of all", "3"],
    ]


def test_a_file_of_a_folder_that_a_stage_makes_needs_that_stage(chain):
    text = DVC.replace("deps: [data/first, scripts/write.py]", "deps: [data/first/rows.csv, data/other-one]")
    chain.file.write_text(text)
    assert [words[2] for words in chain.commands()] == ["data/first", "data/last of all"]


def test_without_anything_given_the_first_stage_is_needed():
    stages = {"a": {"outs": [{"x": {"cache": False}}]}, "b": {"deps": ["x"], "metrics": ["y"]}, "c": {"deps": ["y"]}}
    assert needed_by(stages, "c") == {"a", "b", "c"} and needed_by(stages, "c", ("y",)) == {"c"}
    assert outputs(stages["a"]) == ["x"] and outputs(stages["c"]) == []


def test_all_run_in_the_folder_and_their_use_is_known(chain, place, monkeypatch):
    monkeypatch.setenv("DVC_STAGE", "outer")
    used = chain.run(place)
    assert (place / "data/last of all").read_text() == f"songs None {SOURCES}"
    assert 0 < used.seconds < 60 and used.mb > 80, "the first stage holds 80 MB"
    assert chain.run_stage(place, chain.commands()[1]).mb < used.mb


def test_a_stage_that_fails_is_told_by_its_last_line(chain, place):
    bad = Chain(chain.file, {"recipe": "songs", "phase": {"size": "bad"}}, chain.given, chain.last, chain.code)
    with pytest.raises(UserError, match="scripts/write.py data/first: .*x: the size is bad"):
        bad.run(place)
    assert not (place / "data").exists()

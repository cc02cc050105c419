"""Corrupted parameters: `check` accepts them, or refuses in one line that names the file or the key."""

from copy import deepcopy
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from spoil import ROOT, broken, check_one_line, run_stage, spoiled

from tailwise.cli.preset import apply
from tailwise.core.params.config import read_params

FILE = (ROOT / "params.yaml").read_bytes()
PRESETS = sorted((ROOT / "presets").glob("*.yaml"))
TABLE = {"kind": "table", "file": "labels.csv", "heads": ["outcome"], "split": {"valid": 0.2, "test": 0.2, "seed": 1}}


def with_preset(path: Path | None) -> dict:
    params = read_params(ROOT / "params.yaml")
    if path:
        apply(params, read_params(path))
    return params


FILES = {"params": with_preset(None), **{path.stem: with_preset(path) for path in PRESETS}}
FILES["table"] = deepcopy(FILES["params"])
FILES["table"]["data"] |= {"root": "data/soccernet", "reader": TABLE}


def check(content: bytes) -> tuple[int, str]:
    """`check` on this file, in a folder that has the data roots."""

    def fill():
        for root in ("data/demo", "data/soccernet"):
            Path(root).mkdir(parents=True)
            (Path(root) / "clip.mp4").touch()
        Path("params.yaml").write_bytes(content)

    return run_stage("check.py", "tailwise.recipes.fouls", fill=fill)


def dumped(params: dict) -> bytes:
    return yaml.safe_dump(params, allow_unicode=False, sort_keys=False).encode("utf8")


@pytest.mark.parametrize("name", FILES)
def test_the_intact_file_is_accepted(name):
    assert check(dumped(FILES[name])) == (0, "")


@given(st.sampled_from(sorted(FILES)).flatmap(lambda name: spoiled(FILES[name])))
def test_corrupted_keys(params):
    check_one_line(*check(dumped(params)), ("params.yaml", "data.root"))


@given(broken(FILE))
def test_a_broken_file(content):
    check_one_line(*check(content), ("params.yaml", "data.root"))
